//! A writable directory becomes a layer's directory as it is.
//!
//! What a container wrote lies in the form that a lower of overlay has, so it needs no copy: it is archived once, to
//! know its diff id and its index, and then moved. Where the marks of the two are spelled differently, or something is in
//! it that a layer can't have, it is taken in like any other archive.

use std::{
    cell::RefCell,
    fs,
    io::{self, Read},
    thread,
};

use strata_blobs::{BlobWriter, DiskWriter};
use strata_layer::{Entry, LayerPath, Sink, read_layer};

use crate::{
    CaptureError, Captured, FromRead, IntakeError, Layers, LayersError, Marks, Staged, Taken, Watch, Written,
    capture,
    folder::Folder,
    index_file,
    recipe::{self, Noting, Recorder, Tap},
    relay::{RelayReader, relay},
};

/// A layer that was made here: it has no blob yet.
pub type StagedLayer = Staged<<DiskWriter as BlobWriter>::Staged>;

/// Why a writable directory did not become a layer.
#[derive(Debug, thiserror::Error)]
pub enum AdoptError {
    /// It could not be archived.
    #[error(transparent)]
    Capture(#[from] CaptureError),
    /// What was archived could not be taken in.
    #[error(transparent)]
    Intake(#[from] IntakeError),
    /// The layer's own directory.
    #[error(transparent)]
    Layer(#[from] LayersError),
}

impl Layers {
    /// Makes a layer of what was written. With `keep` the writable directory stays as it is and is copied; else it is taken
    /// away, and nobody may be writing to it or have it mounted.
    ///
    /// Both must be on one file system. On an error the writable directory is still there.
    pub fn adopt(&self, written: &Written<'_>, keep: bool, watch: &Watch) -> Result<StagedLayer, AdoptError> {
        if keep || !self.can_move(written.marks) {
            return self.copy_in(written, watch);
        }
        let failures = self.shared.write_back.file_system().failures();
        let _busy = self.write_behind();
        let folder = Folder::create(self.temporary())?;
        let recorder = RefCell::new(Recorder::create(folder.path().join(recipe::NAME))?);
        let recording = Some(&recorder);
        let (captured, index) = read_back(written, |archive| {
            let tap = Tap { inner: archive, recorder: recording };
            let mut noting = Noting { sink: &mut Nothing, recorder: recording };
            let index = read_layer(tap, &self.shared.limits.archive, &mut noting);
            index.map_err(|error| IntakeError::Source(io::Error::other(error.to_string())))
        })?;
        // No archive has a socket: then what is in the directory is not what the layer says.
        if !captured.left_out.is_empty() || captured.sockets {
            drop(folder);
            return self.copy_in(written, watch);
        }
        recorder.into_inner().finish()?;
        index_file::write(&folder.path().join("index"), &index).map_err(IntakeError::from)?;
        let tree = folder.path().join("fs");
        fs::rename(written.upper, &tree).map_err(LayersError::new("rename to", &tree))?;
        let taken = Taken { diff_id: captured.diff_id, tar: captured.size, totals: index.totals() };
        Ok(Staged { taken, blob: None, folder, failures })
    }

    /// Whether a writable directory with such marks is a layer's directory here.
    fn can_move(&self, marks: Marks) -> bool {
        let powers = self.powers();
        powers.owners && powers.devices && powers.trusted && powers.whiteouts && marks == Marks::Trusted
    }

    fn copy_in(&self, written: &Written<'_>, watch: &Watch) -> Result<StagedLayer, AdoptError> {
        read_back(written, |archive| self.intake_made::<_, DiskWriter>(FromRead(archive), watch))
            .map(|(_, staged)| staged)
    }
}

/// A sink that takes nothing: only the index is wanted.
struct Nothing;

impl Sink for Nothing {
    type Error = std::convert::Infallible;

    fn entry(&mut self, _: &Entry, _: &mut dyn Read) -> Result<(), Self::Error> {
        Ok(())
    }

    fn opaque(&mut self, _: &LayerPath) -> Result<(), Self::Error> {
        Ok(())
    }
}

/// Archives what was written and has `read` take the archive as it comes.
fn read_back<T>(
    written: &Written<'_>,
    read: impl FnOnce(RelayReader) -> Result<T, IntakeError>,
) -> Result<(Captured, T), AdoptError> {
    let (writer, reader) = relay();
    thread::scope(|scope| {
        // Dropping the writer at the end, or on failure, is the end of the archive.
        let capturing = scope.spawn(move || capture(written, writer));
        let taken = read(reader);
        let captured = capturing.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        // What the reader refuses makes the writer fail too; an archive that ends early is the writer's fault.
        match (captured, taken) {
            (Ok(captured), Ok(taken)) => Ok((captured, taken)),
            (Err(CaptureError::Output(_)), Err(error)) => Err(error.into()),
            (Err(error), _) => Err(error.into()),
            (Ok(_), Err(error)) => Err(error.into()),
        }
    })
}
