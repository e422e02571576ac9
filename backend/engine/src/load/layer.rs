//! A file of the archive that may be a layer.

use std::io::Read;

use strata_blobs::{BlobError, BlobStore as _, DiskStaged, DiskWriter};
use strata_catalog::{Blob, Catalog as _, Layer};
use strata_layer::{Entry, LayerPath};
use strata_layers::{Expected, IntakeError, Packing, Staged, Watch};
use strata_oci::{Compression, Descriptor, DiffId, Digest, MediaType, VerifyError};

use super::{
    intakes::Intake,
    members::{LayerMember, Member, Members, altered, cut},
    spool::Spool,
};
use crate::{Error, Kind, progress};

/// Bytes read of a member at once.
const PIECE: usize = 256 << 10;
/// Bytes between two figures.
const FIGURE: u64 = 4 << 20;

/// A layer that is being taken in, and its blob.
pub(super) struct Taking {
    intake: Intake,
    /// None if its bytes are not kept.
    blob: Option<Blob>,
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

    /// Begins to take a member in as a layer: it is only written here, and unpacked [beside](super::intakes) what comes after it.
    /// What turns out to be none is an error only if an image wants it.
    pub(super) fn take_layer(
        &self,
        entry: &Entry,
        digest: Option<Digest>,
        start: Vec<u8>,
        content: &mut dyn Read,
    ) -> Result<Member, Error> {
        if let Some(digest) = &digest {
            self.inner.catalog.hold_blobs(self.lease, std::slice::from_ref(digest))?;
        }
        let layers = self.inner.layers.clone();
        // What a registry can be sent is kept as it is: its digest is what registries know. bzip2 and xz have no name there.
        let packed = Packing::of(&start).of_layer().filter(|compression| *compression != Compression::None);
        let blob = |digest, compression| Descriptor::new(media_type(compression), digest, entry.size);
        let (spool, intake, kept) = match (digest, packed) {
            (Some(digest), Some(compression)) => {
                let blob = blob(digest, compression);
                let writer = self.inner.blobs.ingest(&blob.digest, Some(blob.size))?;
                let (spool, source, handed) = Spool::blob(writer)?;
                let expected = Expected { blob: blob.clone(), diff_id: None };
                let intake = move |watch: &Watch| layers.intake(source, Some(handed), &expected, watch);
                (spool, self.intakes.begin(intake), Some(blob))
            }
            (digest, _) => {
                let expected =
                    digest.map(|digest| Expected { blob: blob(digest, Compression::None), diff_id: None });
                let (spool, source) = Spool::scratch(layers.scratch()?).map_err(Error::internal)?;
                let intake = move |watch: &Watch| {
                    layers.intake_unkept::<_, DiskWriter>(source, expected.as_ref(), watch)
                };
                (spool, self.intakes.begin(intake), None)
            }
        };
        self.spool(entry, start, content, spool)?;
        let blob = kept.map(|Descriptor { digest, size, media_type, .. }| Blob { digest, size, media_type });
        Ok(Member::Taking(Taking { intake, blob }))
    }

    /// Waits for the layers that are being taken in.
    pub(super) fn settle(&mut self) -> Result<(), Error> {
        let mut files = std::mem::take(&mut self.files);
        for (path, member) in &mut files {
            if let Member::Taking(_) = member
                && let Member::Taking(taking) = std::mem::replace(member, Member::Link(None))
            {
                *member = self.taken(path, taking.blob, taking.intake.finish())?;
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

    /// Reads a member to its end.
    fn spool(
        &self,
        entry: &Entry,
        start: Vec<u8>,
        content: &mut dyn Read,
        mut spool: Spool,
    ) -> Result<(), Error> {
        let name = entry.path.to_string();
        let id: String = shown(&name).chars().take(12).collect();
        let mut sent = start.len() as u64;
        let mut told = 0;
        spool.write(&start)?;
        let mut piece = Vec::with_capacity(PIECE);
        loop {
            piece.clear();
            let length = Read::take(&mut *content, PIECE as u64).read_to_end(&mut piece).map_err(cut)?;
            if length == 0 {
                break;
            }
            sent += length as u64;
            spool.write(&piece)?;
            if sent - told >= FIGURE {
                told = sent;
                self.teller.mention(progress::figures(&id, "Loading layer", sent, entry.size));
            }
        }
        self.teller.tell(progress::figures(&id, "Loading layer", entry.size, entry.size));
        spool.finish().map_err(|error| match error {
            BlobError::Verify(VerifyError::Digest { actual, .. }) => altered(&entry.path, &actual),
            error => error.into(),
        })
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
