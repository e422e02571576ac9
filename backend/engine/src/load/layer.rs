//! A file of the archive that may be a layer.

use std::{
    io::{self, Read},
    sync::mpsc::{self, Receiver, SyncSender},
    thread,
};

use bytes::Bytes;
use strata_blobs::{BlobStore as _, DiskBlobs, DiskStaged};
use strata_catalog::{Blob, Catalog as _, Layer};
use strata_layer::Entry;
use strata_layers::{Expected, IntakeError, Packing, Source, Staged, Watch};
use strata_oci::{Compression, Descriptor, DiffId, Digest, MediaType};

use super::members::{LayerMember, Member, Members, altered, cut};
use crate::{Error, Kind, progress};

type Writer = <DiskBlobs as strata_blobs::BlobStore>::Writer;

/// Bytes read of a member at once.
const PIECE: usize = 256 << 10;
/// Pieces that wait for the intake.
const WAITING: usize = 4;
/// Bytes between two figures.
const FIGURE: u64 = 4 << 20;

impl Members<'_> {
    /// The layer that the catalog has for a blob of this digest, or whose plain tar has it; held from now on.
    pub(super) fn here(&self, digest: &Digest) -> Result<Option<LayerMember>, Error> {
        let catalog = &self.inner.catalog;
        let known = match catalog.layer_of_blob(digest)? {
            Some(layer) => Some(layer),
            None => catalog.layer(&DiffId(digest.clone()))?,
        };
        let Some(layer) = known else { return Ok(None) };
        let blobs: Vec<Digest> = layer.blobs.iter().map(|blob| blob.digest.clone()).collect();
        catalog.hold_blobs(self.lease, &blobs)?;
        // Only what is still here after it was held stays.
        let held = catalog.hold_layers(self.lease, std::slice::from_ref(&layer.diff_id))?.pop();
        Ok(held.map(|record| LayerMember { diff_id: record.diff_id.clone(), record }))
    }

    /// Takes a member in as a layer. What turns out to be none is an error only if an image wants it.
    pub(super) fn take_layer(
        &mut self,
        entry: &Entry,
        digest: Option<Digest>,
        start: Vec<u8>,
        content: &mut dyn Read,
    ) -> Result<Member, Error> {
        // What a registry can be sent is kept as it is: its digest is what registries know. bzip2 and xz have no name there.
        let packed = Packing::of(&start).of_layer().filter(|compression| *compression != Compression::None);
        let kept = digest.as_ref().and(packed);
        if let Some(digest) = &digest {
            self.inner.catalog.hold_blobs(self.lease, std::slice::from_ref(digest))?;
        }
        let (staged, fed) = self.feed(entry, digest.as_ref(), kept, start, content);
        fed?;
        let staged = match staged {
            Ok(staged) => staged,
            Err(IntakeError::Verify(strata_oci::VerifyError::Digest { actual, .. })) => {
                return Err(altered(&entry.path, &actual));
            }
            Err(error) => {
                let kind = if error.is_local() { Kind::Internal } else { Kind::InvalidArgument };
                return Ok(Member::Failed(no_layer(entry, Error::chain(kind, &error))));
            }
        };
        let taken = staged.taken();
        let blobs = digest.zip(kept).map(|(digest, compression)| Blob {
            digest,
            size: entry.size,
            media_type: media_type(compression),
        });
        let record = Layer {
            diff_id: taken.diff_id.clone(),
            unpacked: taken.totals.on_disk(),
            entries: taken.totals.entries,
            blobs: blobs.into_iter().collect(),
        };
        let diff_id = record.diff_id.clone();
        self.inner.catalog.hold_layers(self.lease, std::slice::from_ref(&diff_id))?;
        self.staged.push((diff_id.clone(), staged));
        Ok(Member::Layer(LayerMember { diff_id, record }))
    }

    /// Runs the intake on a thread of its own and feeds it; the blob is kept if `kept` says what it is compressed with.
    fn feed(
        &self,
        entry: &Entry,
        digest: Option<&Digest>,
        kept: Option<Compression>,
        start: Vec<u8>,
        content: &mut dyn Read,
    ) -> (Result<Staged<DiskStaged>, IntakeError>, Result<(), Error>) {
        let expected = digest.map(|digest| Expected {
            blob: Descriptor::new(media_type(kept.unwrap_or(Compression::None)), digest.clone(), entry.size),
            diff_id: None,
        });
        let (sender, receiver) = mpsc::sync_channel(WAITING);
        let watch = Watch::default();
        thread::scope(|scope| {
            let taking = scope.spawn(|| {
                let source = Pieces(receiver);
                match &expected {
                    Some(expected) if kept.is_some() => {
                        let blob = &expected.blob;
                        let writer = self.inner.blobs.ingest(&blob.digest, Some(blob.size));
                        let writer = writer.map_err(|error| IntakeError::Source(io::Error::other(error)))?;
                        self.inner.layers.intake(source, Some(writer), expected, &watch)
                    }
                    expected => {
                        self.inner.layers.intake_unkept::<_, Writer>(source, expected.as_ref(), &watch)
                    }
                }
            });
            let fed = self.send(entry, start, content, &sender);
            if fed.is_err() {
                let _ = sender.send(Err(io::ErrorKind::UnexpectedEof.into()));
            }
            drop(sender);
            let taken = taking.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            (taken, fed)
        })
    }

    fn send(
        &self,
        entry: &Entry,
        start: Vec<u8>,
        content: &mut dyn Read,
        sender: &SyncSender<io::Result<Bytes>>,
    ) -> Result<(), Error> {
        let name = entry.path.to_string();
        let id: String = shown(&name).chars().take(12).collect();
        let mut sent = start.len() as u64;
        let mut told = 0;
        // An intake that ended early says why itself; the rest of the member is passed over.
        let mut open = sender.send(Ok(start.into())).is_ok();
        loop {
            let mut piece = Vec::with_capacity(PIECE);
            let length = Read::take(&mut *content, PIECE as u64).read_to_end(&mut piece).map_err(cut)?;
            if length == 0 {
                break;
            }
            sent += length as u64;
            open = open && sender.send(Ok(piece.into())).is_ok();
            if sent - told >= FIGURE {
                told = sent;
                self.teller.mention(progress::figures(&id, "Loading layer", sent, entry.size));
            }
        }
        self.teller.tell(progress::figures(&id, "Loading layer", entry.size, entry.size));
        Ok(())
    }
}

/// What a layer is called while it is loaded: its blob's digest or its directory's name.
fn shown(path: &str) -> &str {
    match path.strip_prefix("blobs/") {
        Some(blob) => blob.rsplit('/').next().unwrap_or(blob),
        None => path.split(['/', '.']).next().unwrap_or(path),
    }
}

fn no_layer(entry: &Entry, error: Error) -> Error {
    Error::new(error.kind, format!("{} in the archive is not a layer: {}", entry.path, error.message))
}

fn media_type(compression: Compression) -> MediaType {
    match compression {
        Compression::None => MediaType::OCI_LAYER.into(),
        Compression::Gzip => MediaType::DOCKER_LAYER.into(),
        Compression::Zstd => format!("{}+zstd", MediaType::OCI_LAYER).as_str().into(),
    }
}

/// What is fed, piece by piece.
struct Pieces(Receiver<io::Result<Bytes>>);

impl Source for Pieces {
    fn next(&mut self) -> io::Result<Option<Bytes>> {
        self.0.recv().ok().transpose()
    }
}
