//! What a blob store promises, whatever keeps the bytes.

use std::io::{Read, Seek, Write};

use strata_oci::Digest;

use crate::BlobError;

/// Keeps blobs by digest. All operations block; none holds a lock over another blob's bytes.
pub trait BlobStore: Send + Sync {
    /// Takes the bytes of one blob.
    type Writer: BlobWriter;
    /// Gives the bytes of one blob.
    type Reader: Read + Seek + Send;

    /// Starts a blob that is expected to have `digest` and, when known, `size` bytes.
    fn ingest(&self, digest: &Digest, size: Option<u64>) -> Result<Self::Writer, BlobError>;

    /// Opens a blob at its first byte. The blob may be removed while it is read.
    fn open(&self, digest: &Digest) -> Result<Self::Reader, BlobError>;

    /// The size in bytes, `None` if there is no such blob.
    fn size(&self, digest: &Digest) -> Result<Option<u64>, BlobError>;

    /// Whether there is such a blob.
    fn contains(&self, digest: &Digest) -> Result<bool, BlobError> {
        Ok(self.size(digest)?.is_some())
    }

    /// Removes a blob; `false` if there was none.
    fn remove(&self, digest: &Digest) -> Result<bool, BlobError>;

    /// Every visible blob with its size in bytes, in no order.
    fn list(&self) -> Result<Vec<(Digest, u64)>, BlobError>;

    /// Makes everything staged so far durable. Must come before [`StagedBlob::publish`].
    fn flush(&self) -> Result<(), BlobError>;

    /// Makes the names of everything published so far durable. Must come before the catalog's transaction.
    fn settle(&self) -> Result<(), BlobError>;

    /// Removes every visible blob that `keep` refuses: at start, what the catalog does not know.
    fn sweep(&self, keep: &dyn Fn(&Digest) -> bool) -> Result<Swept, BlobError> {
        let mut swept = Swept::default();
        for (digest, size) in self.list()? {
            if !keep(&digest) && self.remove(&digest)? {
                swept.blobs += 1;
                swept.bytes += size;
            }
        }
        Ok(swept)
    }

    /// Stores bytes that are at hand, durably: a manifest or config.
    fn put(&self, digest: &Digest, bytes: &[u8]) -> Result<(), BlobError> {
        self.ingest(digest, Some(bytes.len() as u64))?.with(bytes)?.commit()
    }

    /// Stages bytes that are at hand.
    fn stage(
        &self,
        digest: &Digest,
        bytes: &[u8],
    ) -> Result<<Self::Writer as BlobWriter>::Staged, BlobError> {
        self.ingest(digest, Some(bytes.len() as u64))?.with(bytes)?.stage()
    }

    /// Reads a whole blob of at most `limit` bytes; a longer one is an error.
    fn read(&self, digest: &Digest, limit: u64) -> Result<Vec<u8>, BlobError> {
        let fail = || BlobError::io("read", digest.to_string());
        let mut bytes = Vec::new();
        self.open(digest)?.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(fail())?;
        if bytes.len() as u64 > limit {
            let message = format!("blob has more than the {limit} bytes that are allowed here");
            return Err(fail()(std::io::Error::other(message)));
        }
        Ok(bytes)
    }
}

/// A blob being written. Dropped without [`commit`](Self::commit) or [`stage`](Self::stage) it is gone.
///
/// [`Write::write`] fails with [`std::io::ErrorKind::InvalidData`] at the first byte beyond the expected size; the
/// inner error is the [`strata_oci::VerifyError`].
pub trait BlobWriter: Write + Send + Sized {
    /// A checked blob that is not visible yet.
    type Staged: StagedBlob;

    /// Adds bytes, with a typed error.
    fn with(self, bytes: &[u8]) -> Result<Self, BlobError>;

    /// Checks size and digest and makes the blob durable and visible.
    fn commit(self) -> Result<(), BlobError>;

    /// Checks size and digest; [`BlobStore::flush`] and [`StagedBlob::publish`] must follow.
    fn stage(self) -> Result<Self::Staged, BlobError>;
}

/// A checked blob that is not visible yet. Dropped it is gone.
pub trait StagedBlob: Send {
    /// Its digest.
    fn digest(&self) -> &Digest;

    /// Its size in bytes.
    fn size(&self) -> u64;

    /// Makes it visible. Only after a [`BlobStore::flush`] that began after it was staged.
    fn publish(self) -> Result<(), BlobError>;
}

/// What a sweep removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// How many blobs.
    pub blobs: u64,
    /// Their bytes.
    pub bytes: u64,
}
