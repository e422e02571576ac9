//! A file of the archive that may be a layer.

use std::{
    io::{self, Read},
    sync::mpsc::{self, Receiver},
    thread,
};

use bytes::Bytes;
use strata_blobs::{BlobError, BlobStore as _, DiskStaged, DiskWriter};
use strata_catalog::{Blob, Catalog as _, Layer};
use strata_layer::{Entry, LayerPath};
use strata_layers::{Expected, IntakeError, Packing, Source, Staged, Watch};
use strata_oci::{Compression, Descriptor, DiffId, Digest, MediaType, VerifyError};

use super::{
    intakes::Intake,
    members::{LayerMember, Member, Members, altered, cut},
    spool::Spool,
};
use crate::{Error, Kind, progress};

/// Bytes read of a member at once.
const PIECE: usize = 256 << 10;
/// Pieces that wait for an intake that reads no blob.
const WAITING: usize = 4;
/// Bytes between two figures.
const FIGURE: u64 = 4 << 20;

/// A layer that is being taken in, and its blob.
pub(super) struct Taking {
    intake: Intake,
    blob: Blob,
}

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
    ///
    /// A blob that is kept is only written here; it is unpacked [beside](super::intakes) what comes after it.
    pub(super) fn take_layer(
        &mut self,
        entry: &Entry,
        digest: Option<Digest>,
        start: Vec<u8>,
        content: &mut dyn Read,
    ) -> Result<Member, Error> {
        if let Some(digest) = &digest {
            self.inner.catalog.hold_blobs(self.lease, std::slice::from_ref(digest))?;
        }
        // What a registry can be sent is kept as it is: its digest is what registries know. bzip2 and xz have no name there.
        let packed = Packing::of(&start).of_layer().filter(|compression| *compression != Compression::None);
        match (digest, packed) {
            (Some(digest), Some(compression)) => {
                let blob = Descriptor::new(media_type(compression), digest, entry.size);
                self.take_kept(entry, blob, start, content)
            }
            (digest, _) => {
                let plain = |digest| Descriptor::new(media_type(Compression::None), digest, entry.size);
                let expected = digest.map(|digest| Expected { blob: plain(digest), diff_id: None });
                let staged = self.feed(entry, expected.as_ref(), start, content)?;
                self.taken(&entry.path, None, staged)
            }
        }
    }

    /// Begins to take in a layer whose blob is kept.
    fn take_kept(
        &self,
        entry: &Entry,
        blob: Descriptor,
        start: Vec<u8>,
        content: &mut dyn Read,
    ) -> Result<Member, Error> {
        let writer = self.inner.blobs.ingest(&blob.digest, Some(blob.size))?;
        let (mut spool, source, handed) = Spool::new(writer)?;
        let (layers, expected) = (self.inner.layers.clone(), Expected { blob: blob.clone(), diff_id: None });
        let intake = self.intakes.begin(move |watch| layers.intake(source, Some(handed), &expected, watch));
        self.send(entry, start, content, |piece| {
            spool.write(&piece)?;
            Ok(true)
        })?;
        spool.finish().map_err(|error| match error {
            BlobError::Verify(VerifyError::Digest { actual, .. }) => altered(&entry.path, &actual),
            error => error.into(),
        })?;
        let size = blob.size;
        Ok(Member::Taking(Taking {
            intake,
            blob: Blob { digest: blob.digest, size, media_type: blob.media_type },
        }))
    }

    /// Waits for the layers that are being taken in.
    pub(super) fn settle(&mut self) -> Result<(), Error> {
        let mut files = std::mem::take(&mut self.files);
        for (path, member) in &mut files {
            if let Member::Taking(_) = member
                && let Member::Taking(taking) = std::mem::replace(member, Member::Link(None))
            {
                *member = self.taken(path, Some(taking.blob), taking.intake.finish())?;
            }
        }
        self.files = files;
        Ok(())
    }

    /// What came of an intake.
    fn taken(
        &mut self,
        path: &LayerPath,
        blob: Option<Blob>,
        staged: Result<Staged<DiskStaged>, IntakeError>,
    ) -> Result<Member, Error> {
        let staged = match staged {
            Ok(staged) => staged,
            Err(IntakeError::Verify(VerifyError::Digest { actual, .. })) => {
                return Err(altered(path, &actual));
            }
            Err(error) => {
                let kind = if error.is_local() { Kind::Internal } else { Kind::InvalidArgument };
                return Ok(Member::Failed(no_layer(path, Error::chain(kind, &error))));
            }
        };
        let taken = staged.taken();
        let record = Layer {
            diff_id: taken.diff_id.clone(),
            unpacked: taken.totals.on_disk(),
            entries: taken.totals.entries,
            blobs: blob.into_iter().collect(),
        };
        let diff_id = record.diff_id.clone();
        self.inner.catalog.hold_layers(self.lease, std::slice::from_ref(&diff_id))?;
        self.staged.push((diff_id.clone(), staged));
        Ok(Member::Layer(LayerMember { diff_id, record }))
    }

    /// Runs the intake of a layer whose blob is not kept on a thread of its own and feeds it.
    fn feed(
        &self,
        entry: &Entry,
        expected: Option<&Expected>,
        start: Vec<u8>,
        content: &mut dyn Read,
    ) -> Result<Result<Staged<DiskStaged>, IntakeError>, Error> {
        let (sender, receiver) = mpsc::sync_channel(WAITING);
        let watch = Watch::default();
        thread::scope(|scope| {
            let taking = scope.spawn(|| {
                self.inner.layers.intake_unkept::<_, DiskWriter>(Pieces(receiver), expected, &watch)
            });
            // An intake that ended early says why itself; the rest of the member is passed over.
            let fed = self.send(entry, start, content, |piece| Ok(sender.send(Ok(piece)).is_ok()));
            if fed.is_err() {
                let _ = sender.send(Err(io::ErrorKind::UnexpectedEof.into()));
            }
            drop(sender);
            let taken = taking.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            fed.map(|()| taken)
        })
    }

    /// Reads a member and hands it on, until that gives `false`.
    fn send(
        &self,
        entry: &Entry,
        start: Vec<u8>,
        content: &mut dyn Read,
        mut hand_on: impl FnMut(Bytes) -> Result<bool, Error>,
    ) -> Result<(), Error> {
        let name = entry.path.to_string();
        let id: String = shown(&name).chars().take(12).collect();
        let mut sent = start.len() as u64;
        let mut told = 0;
        let mut open = hand_on(start.into())?;
        loop {
            let mut piece = Vec::with_capacity(PIECE);
            let length = Read::take(&mut *content, PIECE as u64).read_to_end(&mut piece).map_err(cut)?;
            if length == 0 {
                break;
            }
            sent += length as u64;
            open = open && hand_on(piece.into())?;
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

fn no_layer(path: &LayerPath, error: Error) -> Error {
    Error::new(error.kind, format!("{path} in the archive is not a layer: {}", error.message))
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
