//! Uploads of blobs: begun, continued, finished; also after the server was restarted.

use std::{
    collections::HashMap,
    io::{self, Read, Write as _},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use strata_blobs::{BlobError, BlobStore as _, StagedBlob as _, Upload};
use strata_catalog::{Blob, Catalog as _, RegistryCatalog as _, RegistryPath};
use strata_oci::{Digest, MediaType};
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

use crate::{Engine, Error, Kind, engine::Inner, registry::path};

/// Uploads that may be under way at once.
const OPEN: usize = 1000;
/// A blob may not be larger: 128 GiB.
const LARGEST: u64 = 128 << 30;
/// How long a request waits for another one to the same upload, which may be one whose client is gone.
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes copied at once.
const BUFFER: usize = 256 << 10;
/// A link that is younger is not renewed.
const FRESH: Duration = Duration::from_secs(600);

/// What a request adds to an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Where it begins, if the request says so: it must be where the upload ends.
    pub start: Option<u64>,
    /// How many bytes it has, if the request says so.
    pub length: Option<u64>,
}

/// The uploads under way in this process.
#[derive(Default)]
pub(crate) struct Uploads {
    open: Mutex<HashMap<String, Arc<AsyncMutex<Option<Upload>>>>>,
    swept: Mutex<Option<Instant>>,
}

impl Uploads {
    /// Whether it is time to sweep again.
    pub(super) fn due(&self, every: Duration) -> bool {
        let mut swept = self.swept.lock().unwrap_or_else(PoisonError::into_inner);
        let due = swept.is_none_or(|at| at.elapsed() >= every);
        if due {
            *swept = Some(Instant::now());
        }
        due
    }

    /// Lets go of an upload.
    pub(super) fn forget(&self, id: &str) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }

    /// Lets all uploads be, to be taken up by the next process.
    pub(crate) fn keep(&self) {
        for (_, upload) in self.open.lock().unwrap_or_else(PoisonError::into_inner).drain() {
            if let Ok(mut upload) = upload.try_lock()
                && let Some(upload) = upload.take()
            {
                upload.keep();
            }
        }
    }
}

impl Engine {
    /// Begins an upload to the repository `name`; returns its id.
    pub async fn registry_begin(&self, name: &str) -> Result<String, Error> {
        let repository = path(name)?;
        self.sweep_registry();
        self.blocking(move |inner| {
            let id = new_id(&repository)?;
            let upload = inner.blobs.begin_upload(&id)?;
            let mut open = inner.uploads.open.lock().unwrap_or_else(PoisonError::into_inner);
            if open.len() >= OPEN {
                let message = format!("{OPEN} uploads are under way: finish or cancel some first");
                return Err(Error::new(Kind::Unavailable, message));
            }
            open.insert(id.clone(), Arc::new(AsyncMutex::new(Some(upload))));
            Ok(id)
        })
        .await
    }

    /// Adds a chunk to an upload; returns how many bytes it has now. What arrived before a failure stays.
    pub async fn registry_append(
        &self,
        name: &str,
        id: &str,
        chunk: Chunk,
        bytes: impl Read + Send + 'static,
    ) -> Result<u64, Error> {
        let mut upload = self.upload(name, id).await?;
        self.blocking(move |_| {
            let upload = upload.as_mut().ok_or_else(unknown)?;
            append(upload, chunk, bytes)?;
            Ok(upload.length())
        })
        .await
    }

    /// How many bytes an upload has.
    pub async fn registry_upload_length(&self, name: &str, id: &str) -> Result<u64, Error> {
        let upload = self.upload(name, id).await?;
        upload.as_ref().map(Upload::length).ok_or_else(unknown)
    }

    /// Drops an upload.
    pub async fn registry_cancel(&self, name: &str, id: &str) -> Result<(), Error> {
        let mut upload = self.upload(name, id).await?;
        self.inner().uploads.forget(id);
        // Dropped it removes its file.
        upload.take().map(drop).ok_or_else(unknown)
    }

    /// Adds the last chunk, checks all of it against `digest` and makes it a blob of the repository.
    pub async fn registry_finish(
        &self,
        name: &str,
        id: &str,
        chunk: Chunk,
        bytes: impl Read + Send + 'static,
        digest: &Digest,
    ) -> Result<(), Error> {
        let repository = path(name)?;
        let mut upload = self.upload(name, id).await?;
        let (digest, id) = (digest.clone(), id.to_owned());
        self.blocking(move |inner| {
            let mut taken = upload.take().ok_or_else(unknown)?;
            if let Err(error) = append(&mut taken, chunk, bytes) {
                *upload = Some(taken);
                return Err(error);
            }
            inner.uploads.forget(&id);
            inner.link_upload(&repository, taken, &digest)
        })
        .await
    }

    /// Links a blob that the repository `from` has, or any if none is named, to the repository `name`; `false` if there is none.
    pub async fn registry_mount(
        &self,
        name: &str,
        digest: &Digest,
        from: Option<&str>,
    ) -> Result<bool, Error> {
        let repository = path(name)?;
        // A name that is none has nothing.
        let Some(from) = from.map(path).transpose().ok().flatten() else { return Ok(false) };
        let digest = digest.clone();
        self.blocking(move |inner| {
            let lease = inner.catalog.lease("mount")?;
            let mounted = (|| {
                inner.catalog.hold_blobs(lease, std::slice::from_ref(&digest))?;
                let Some(blob) = inner.catalog.registry_blob(&from, &digest)? else { return Ok(false) };
                inner.catalog.registry_link(&repository, &blob)?;
                Ok(true)
            })();
            inner.catalog.release(lease)?;
            mounted
        })
        .await
    }

    /// Keeps a blob of the repository from being collected for a while: somebody asked whether it is there, and will not send it
    /// again.
    pub async fn registry_promise(&self, name: &str, digest: &Digest) -> Result<(), Error> {
        let (repository, digest) = (path(name)?, digest.clone());
        self.blocking(move |inner| {
            let linked = inner.catalog.registry_linked(&repository, &digest)?;
            let fresh = linked
                .and_then(|at| SystemTime::now().duration_since(at).ok())
                .is_some_and(|age| age < FRESH);
            if !fresh && let Some(blob) = inner.catalog.registry_blob(&repository, &digest)? {
                inner.catalog.registry_link(&repository, &blob)?;
            }
            Ok(())
        })
        .await
    }

    /// The upload, once nobody else is at it.
    async fn upload(&self, name: &str, id: &str) -> Result<OwnedMutexGuard<Option<Upload>>, Error> {
        let repository = path(name)?;
        if !belongs(id, &repository) {
            return Err(unknown());
        }
        let uploads = &self.inner().uploads;
        let known = uploads.open.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned();
        let slot = match known {
            Some(slot) => slot,
            None => {
                let wanted = id.to_owned();
                let kept = self.blocking(move |inner| Ok(inner.blobs.resume_upload(&wanted)?)).await?;
                let kept = kept.ok_or_else(unknown)?;
                let mut open = uploads.open.lock().unwrap_or_else(PoisonError::into_inner);
                match open.get(id) {
                    // Two asked at once: there must be one only, and this one must not remove its file.
                    Some(slot) => {
                        kept.keep();
                        slot.clone()
                    }
                    None => {
                        open.entry(id.to_owned()).or_insert(Arc::new(AsyncMutex::new(Some(kept)))).clone()
                    }
                }
            }
        };
        tokio::time::timeout(PATIENCE, slot.lock_owned()).await.map_err(|_| {
            Error::new(
                Kind::Conflict,
                "another request is sending to this upload: try again when it has ended",
            )
        })
    }
}

impl Inner {
    /// Makes what was uploaded a blob of the repository; one that is here already is not stored again.
    fn link_upload(&self, repository: &RegistryPath, upload: Upload, digest: &Digest) -> Result<(), Error> {
        let size = upload.length();
        self.check_quota(size)?;
        let lease = self.catalog.lease("upload")?;
        let linked = (|| {
            let here = !self.catalog.hold_blobs(lease, std::slice::from_ref(digest))?.is_empty();
            if !here {
                upload.sync()?;
            }
            let staged = upload.stage(Some(digest)).map_err(|error| match error {
                BlobError::Verify(error) => Error::chain(Kind::InvalidArgument, &error),
                error => error.into(),
            })?;
            let media_type = MediaType::from("application/octet-stream");
            let blob = Blob { digest: digest.clone(), size, media_type };
            let _alone = self.publishing.lock().unwrap_or_else(PoisonError::into_inner);
            if here && self.blobs.contains(digest)? {
                drop(staged);
            } else {
                staged.publish()?;
                self.blobs.settle()?;
            }
            let recorded = self.catalog.registry_link(repository, &blob);
            if recorded.is_err() {
                self.withdraw();
            }
            Ok(recorded?)
        })();
        self.catalog.release(lease)?;
        linked
    }

    pub(super) fn check_quota(&self, more: u64) -> Result<(), Error> {
        let Some(quota) = self.options.registry_quota else { return Ok(()) };
        let used = self.catalog.registry_size()?;
        if used.saturating_add(more) <= quota {
            return Ok(());
        }
        let message = format!(
            "the registry holds {used} bytes, and may hold {quota}: there is no room for {more} more"
        );
        Err(Error::new(Kind::Forbidden, message))
    }
}

fn append(upload: &mut Upload, chunk: Chunk, mut bytes: impl Read) -> Result<(), Error> {
    let at = upload.length();
    if let Some(start) = chunk.start.filter(|start| *start != at) {
        let message = format!("the chunk begins at byte {start}: the upload has {at} bytes");
        return Err(Error::new(Kind::OutOfRange, message));
    }
    let mut buffer = vec![0; BUFFER];
    loop {
        let length = match bytes.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => {
                return Err(Error::new(Kind::Cancelled, format!("the upload was cut off: {error}")));
            }
        };
        if upload.length() + length as u64 > LARGEST {
            let message = format!("a blob may have {LARGEST} bytes at most");
            return Err(Error::new(Kind::InvalidArgument, message));
        }
        upload
            .write_all(&buffer[..length])
            .map_err(|error| Error::new(Kind::Internal, format!("cannot write the upload: {error}")))?;
    }
    let received = upload.length() - at;
    match chunk.length {
        Some(length) if length != received => {
            let message = format!("the chunk has {received} bytes: {length} were announced");
            Err(Error::new(Kind::InvalidArgument, message))
        }
        _ => Ok(()),
    }
}

fn unknown() -> Error {
    Error::new(Kind::NotFound, "no such upload: it was finished, cancelled or dropped")
}

/// An id that can't be guessed, and that says which repository it is for.
fn new_id(repository: &RegistryPath) -> Result<String, Error> {
    let random = std::fs::read_to_string("/proc/sys/kernel/random/uuid").map_err(Error::internal)?;
    Ok(format!("{}-{}", mark(repository), random.trim()))
}

fn belongs(id: &str, repository: &RegistryPath) -> bool {
    let plain = id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    plain && id.len() == 53 && id.starts_with(&mark(repository))
}

fn mark(repository: &RegistryPath) -> String {
    Digest::of(repository.as_str().as_bytes()).hex()[..16].to_owned()
}
