//! One blob on its way to the disk.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use strata_oci::{Digest, Verifier, VerifyError};

use crate::{BlobError, BlobWriter, FileSystem, StagedBlob, disk::sync_folder};

/// Writes a blob to a temporary file of [`crate::DiskBlobs`].
pub struct DiskWriter {
    file: File,
    temporary: Temporary,
    target: PathBuf,
    digest: Digest,
    verifier: Verifier,
    disk: Disk,
}

/// A checked blob in a temporary file of [`crate::DiskBlobs`].
#[derive(Debug)]
pub struct DiskStaged {
    temporary: Temporary,
    target: PathBuf,
    digest: Digest,
    size: u64,
    disk: Disk,
}

/// What the disk had failed at when the blob was begun.
#[derive(Debug)]
pub(crate) struct Disk {
    file_system: FileSystem,
    failures: u64,
}

impl Disk {
    pub(crate) fn now(file_system: &FileSystem) -> Self {
        Self { file_system: file_system.clone(), failures: file_system.failures() }
    }
}

/// A file that is unlinked when this is dropped, unless it was renamed.
#[derive(Debug)]
pub(crate) struct Temporary(Option<PathBuf>);

impl DiskStaged {
    pub(crate) fn new(temporary: Temporary, target: PathBuf, digest: Digest, size: u64, disk: Disk) -> Self {
        Self { temporary, target, digest, size, disk }
    }
}

impl DiskWriter {
    pub(crate) fn create(
        temporary: PathBuf,
        target: PathBuf,
        digest: &Digest,
        size: Option<u64>,
        file_system: &FileSystem,
    ) -> Result<Self, BlobError> {
        let disk = Disk::now(file_system);
        let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary);
        let file = opened.map_err(BlobError::io("create", &temporary))?;
        let verifier = Verifier::new(digest.clone(), size);
        let (temporary, digest) = (Temporary(Some(temporary)), digest.clone());
        Ok(Self { file, temporary, target, digest, verifier, disk })
    }

    /// Opens what is being written, at its first byte: whoever knows how many bytes were written can read those meanwhile.
    pub fn reader(&self) -> Result<File, BlobError> {
        let path = self.temporary.path();
        File::open(path).map_err(BlobError::io("open", path))
    }

    fn add(&mut self, bytes: &[u8]) -> Result<(), AddError> {
        self.verifier.update(bytes)?;
        Ok(self.file.write_all(bytes)?)
    }
}

/// Why bytes could not be added.
#[derive(Debug, thiserror::Error)]
enum AddError {
    #[error(transparent)]
    Verify(#[from] VerifyError),
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Write for DiskWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.add(bytes) {
            Ok(()) => Ok(bytes.len()),
            Err(AddError::Verify(error)) => Err(io::Error::new(io::ErrorKind::InvalidData, error)),
            Err(AddError::Io(error)) => Err(error),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl BlobWriter for DiskWriter {
    type Staged = DiskStaged;

    fn with(mut self, bytes: &[u8]) -> Result<Self, BlobError> {
        match self.add(bytes) {
            Ok(()) => Ok(self),
            Err(AddError::Verify(error)) => Err(error.into()),
            Err(AddError::Io(error)) => Err(BlobError::io("write", self.temporary.path())(error)),
        }
    }

    fn commit(self) -> Result<(), BlobError> {
        let Self { file, temporary, target, verifier, .. } = self;
        verifier.finish()?;
        // The size is new, so fdatasync writes the inode too; times may wait.
        file.sync_data().map_err(BlobError::io("sync", temporary.path()))?;
        temporary.rename(&target)?;
        sync_folder(target.parent().expect("a blob's path has a directory"))
    }

    fn stage(self) -> Result<DiskStaged, BlobError> {
        let Self { temporary, target, digest, verifier, disk, .. } = self;
        let size = verifier.finish()?;
        Ok(DiskStaged { temporary, target, digest, size, disk })
    }
}

impl StagedBlob for DiskStaged {
    fn digest(&self) -> &Digest {
        &self.digest
    }

    fn size(&self) -> u64 {
        self.size
    }

    fn publish(self) -> Result<(), BlobError> {
        let whole = self.disk.file_system.check(self.disk.failures);
        whole.map_err(BlobError::io("sync", self.temporary.path()))?;
        self.temporary.rename(&self.target)
    }
}

impl Temporary {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self(Some(path))
    }

    /// Lets the file be.
    pub(crate) fn keep(mut self) {
        self.0 = None;
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.as_deref().expect("taken only by rename, which consumes self")
    }

    /// An existing target is replaced: it has the same bytes, unless the disk damaged it.
    fn rename(mut self, target: &Path) -> Result<(), BlobError> {
        fs::rename(self.path(), target).map_err(BlobError::io("rename to", target))?;
        self.0 = None;
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let Some(path) = &self.0 else { return };
        if let Err(error) = fs::remove_file(path) {
            tracing::warn!(path = %path.display(), %error, "cannot remove a half-written blob; the next start will");
        }
    }
}
