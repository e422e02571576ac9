//! One pass over a layer: from a source of compressed bytes to a staged blob, tree and index.
//!
//! ```text
//!   thread 1:  source → verify, write blob
//!                │ the pieces
//!   thread 2:    └→ decompress
//!                     │ a few 256 KiB buffers
//!   thread 3:         └→ hash (diff id), parse → index, apply to the tree
//! ```
//!
//! Inflating is the slowest step for large files and has a thread to itself; creating files is the slowest for many
//! small ones. Measured on 1.8 GB of files in a gzip of 730 MB: 5 s of inflating, 2.7 s of hashing and creating
//! files, 1.1 s of verifying and writing the blob.

mod ahead;
mod error;
mod inflow;
mod pump;
mod receive;

use std::{
    cell::RefCell,
    panic,
    thread::{self, ScopedJoinHandle},
};

pub use error::IntakeError;
use rustix::fs::{Mode, fchmod, fstat};
use strata_blobs::BlobWriter;
use strata_layer::{LayerIndex, ReadError, Sink, Totals, read_layer};
use strata_oci::{Algorithm, Descriptor, DiffId};

use self::{ahead::ahead, inflow::inflow, pump::pump, receive::Receive};
use crate::{
    ApplyError, Layers, LayersError, Limits, Source, Watch,
    apply::Applier,
    folder::Folder,
    index_file,
    recipe::{self, Noting, Recorder, Tap},
};

/// What a layer must turn out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// Its blob: digest and size are verified. The media type is not believed.
    pub blob: Descriptor,
    /// Its diff id from the image's config; `None` takes what comes.
    pub diff_id: Option<DiffId>,
}

/// What a layer turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Digest of its uncompressed tar.
    pub diff_id: DiffId,
    /// Bytes of its uncompressed tar.
    pub tar: u64,
    /// Its entries and bytes of files.
    pub totals: Totals,
}

/// A layer that was taken in whole, but is neither durable nor visible: [`Layers::publish`] makes it so. Dropped it
/// is gone.
#[derive(Debug)]
pub struct Staged<B> {
    pub(crate) taken: Taken,
    pub(crate) blob: Option<B>,
    pub(crate) folder: Folder,
    /// How many flushes had failed when it was begun.
    pub(crate) failures: u64,
}

impl<B> Staged<B> {
    /// What the layer turned out to be.
    pub fn taken(&self) -> &Taken {
        &self.taken
    }
}

/// What the tar can be had from later.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keep {
    /// The blob.
    Blob,
    /// A recipe.
    Recipe,
    /// A recipe; it comes from this machine, as fast as it is read.
    Made,
}

impl Layers {
    /// Takes a layer in.
    ///
    /// `blob` gets the compressed bytes; `None` if they come from the blob store already. The call blocks until all is
    /// done and uses two more threads. To stop it, call [`Watch::stop`] and drop what feeds the source.
    pub fn intake<S: Source, W: BlobWriter>(
        &self,
        source: S,
        blob: Option<W>,
        expected: &Expected,
        watch: &Watch,
    ) -> Result<Staged<W::Staged>, IntakeError> {
        self.take(source, blob, Some(expected), Keep::Blob, watch)
    }

    /// Takes in the tar of a layer that was made here: it has no blob yet, and its diff id is what comes.
    pub fn intake_made<S: Source, W: BlobWriter>(
        &self,
        tar: S,
        watch: &Watch,
    ) -> Result<Staged<W::Staged>, IntakeError> {
        self.take(tar, None::<W>, None, Keep::Made, watch)
    }

    /// Takes in a layer whose blob is not kept: [`Layers::write_tar`] gives its tar, uncompressed, from the directory.
    pub fn intake_unkept<S: Source, W: BlobWriter>(
        &self,
        source: S,
        expected: Option<&Expected>,
        watch: &Watch,
    ) -> Result<Staged<W::Staged>, IntakeError> {
        self.take(source, None::<W>, expected, Keep::Recipe, watch)
    }

    fn take<S: Source, W: BlobWriter>(
        &self,
        source: S,
        blob: Option<W>,
        expected: Option<&Expected>,
        keep: Keep,
        watch: &Watch,
    ) -> Result<Staged<W::Staged>, IntakeError> {
        let failures = self.shared.write_back.file_system().failures();
        let _busy = self.shared.write_back.busy();
        let folder = Folder::create(self.temporary())?;
        // With all bits, to see which ones the umask takes: the process may change it between two intakes.
        let tree = Folder::create_as(folder.path().join("fs"), 0o777)?;
        let (scratch, root) = (folder.open()?, tree.open()?);
        let made = fstat(&root).map_err(LayersError::new("look at", tree.path()))?;
        // As docker has it for a layer that does not list its root.
        fchmod(&root, Mode::from(0o755)).map_err(LayersError::new("set the mode of", tree.path()))?;
        // From here on it is removed with `folder`.
        tree.keep();
        let mut applier = Applier::new(root, &scratch, self.powers(), 0o777 & !made.st_mode, watch);
        // What was made here comes faster than files are created: the disk can have the first half meanwhile. A failure is
        // remembered there.
        let received = || {
            if keep == Keep::Made {
                let _ = self.shared.write_back.file_system().flush();
            }
        };
        let recorder = match keep != Keep::Blob {
            true => Some(RefCell::new(Recorder::create(folder.path().join(recipe::NAME))?)),
            false => None,
        };
        let incoming = Incoming { source, blob, expected, limits: &self.shared.limits, watch };
        let outcome = run(incoming, &mut applier, recorder.as_ref(), received)?;
        if let Some(recorder) = recorder {
            recorder.into_inner().finish()?;
        }
        applier.finish().map_err(IntakeError::Apply)?;
        index_file::write(&folder.path().join("index"), &outcome.index)?;
        let taken = Taken { diff_id: outcome.diff_id, tar: outcome.tar, totals: outcome.index.totals() };
        Ok(Staged { taken, blob: outcome.blob, folder, failures })
    }

    /// Reads a layer and verifies all of it, but keeps only the index.
    pub(crate) fn read_only<S: Source, W: BlobWriter>(
        &self,
        source: S,
        expected: &Expected,
        watch: &Watch,
    ) -> Result<LayerIndex, IntakeError> {
        let (expected, limits) = (Some(expected), &self.shared.limits);
        let incoming = Incoming { source, blob: None::<W>, expected, limits, watch };
        Ok(run(incoming, &mut Nothing, None, || {})?.index)
    }
}

/// A sink that takes nothing, with the error of one that does.
struct Nothing;

impl Sink for Nothing {
    type Error = ApplyError;

    fn entry(&mut self, _: &strata_layer::Entry, _: &mut dyn std::io::Read) -> Result<(), ApplyError> {
        Ok(())
    }

    fn opaque(&mut self, _: &strata_layer::LayerPath) -> Result<(), ApplyError> {
        Ok(())
    }
}

struct Outcome<B> {
    index: LayerIndex,
    diff_id: DiffId,
    /// Bytes.
    tar: u64,
    blob: Option<B>,
}

/// What comes, and what must be true of it.
struct Incoming<'a, S, W> {
    source: S,
    /// Where its bytes are kept, if they are.
    blob: Option<W>,
    expected: Option<&'a Expected>,
    limits: &'a Limits,
    watch: &'a Watch,
}

/// Takes in what comes; `received` is called when all of it has come, before all of it is applied.
fn run<S: Source, W: BlobWriter>(
    incoming: Incoming<'_, S, W>,
    sink: &mut impl Sink<Error = ApplyError>,
    recorder: Option<&RefCell<Recorder>>,
    received: impl FnOnce() + Send,
) -> Result<Outcome<W::Staged>, IntakeError> {
    let Incoming { source, blob, expected, limits, watch } = incoming;
    let wanted = expected.and_then(|expected| expected.diff_id.as_ref());
    let algorithm = wanted.map_or(Algorithm::Sha256, |diff_id| diff_id.0.algorithm());
    let mut receive = Receive::new(source, blob, expected.map(|expected| &expected.blob), watch);
    let (received, pumped, read) = thread::scope(|scope| {
        let (onward, inflow) = inflow();
        let (filler, mut ahead) = ahead(algorithm);
        let receive = &mut receive;
        let receiving = scope.spawn(move || receive.hand_on(onward).inspect(|()| received()));
        let pumping = scope.spawn(move || pump(inflow, &filler, limits, watch));
        // A failure, or a panic, lets go of `ahead`: the earlier stages then end instead of waiting for a reader.
        let tap = Tap { inner: &mut ahead, recorder };
        let read = match read_layer(tap, &limits.archive, &mut Noting { sink, recorder }) {
            Ok(index) => Ok((index, ahead.diff_id())),
            Err(error) => {
                drop(ahead);
                Err(error)
            }
        };
        (join(receiving), join(pumping), read)
    });
    // What made an earlier stage fail is nearer to the cause than how the later ones saw the stream end.
    let judged = match (received, pumped, read) {
        (Err(error), ..) => Err(error),
        (Ok(()), Err(error), _) => Err(IntakeError::Compression(error)),
        (Ok(()), Ok(_), Err(error)) => Err(from_read(error)),
        (Ok(()), Ok(None), Ok(_)) => unreachable!("the reader reads to the end when it succeeds"),
        (Ok(()), Ok(Some(tar)), Ok((index, diff_id))) => Ok((tar, index, diff_id)),
    };
    match judged {
        Err(error) if error.blames_bytes() => match receive.finish() {
            Err(wrong @ IntakeError::Verify(_)) => Err(wrong),
            _ => Err(error),
        },
        Err(error) => Err(error),
        Ok((tar, index, diff_id)) => {
            let blob = receive.finish()?;
            match wanted {
                Some(expected) if *expected != diff_id => {
                    Err(IntakeError::DiffId { actual: diff_id, expected: expected.clone() })
                }
                _ => Ok(Outcome { index, diff_id, tar, blob }),
            }
        }
    }
}

fn join<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| panic::resume_unwind(panic))
}

fn from_read(error: ReadError<ApplyError>) -> IntakeError {
    match error {
        // The pump's buffers do not fail; it would have said so itself.
        ReadError::Io { source, .. } => IntakeError::Source(source),
        ReadError::Refused(refusal) => IntakeError::Archive(refusal),
        ReadError::Sink(ApplyError::Stopped) => IntakeError::Stopped,
        ReadError::Sink(error) => IntakeError::Apply(error),
    }
}
