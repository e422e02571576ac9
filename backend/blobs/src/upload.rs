//! Blobs whose digest is not known before all of their bytes are here.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use strata_oci::{Algorithm, Digest, Hasher, Verifier, VerifyError};

use crate::{
    BlobError, DiskBlobs, DiskStaged,
    writer::{Disk, Temporary},
};

const BUFFER: usize = 256 << 10;

/// Bytes on their way to a blob. Dropped they are gone, unless they were [kept](Self::keep).
pub struct Upload {
    file: File,
    temporary: Temporary,
    hasher: Hasher,
    length: u64,
    disk: Disk,
    blobs: DiskBlobs,
}

impl DiskBlobs {
    /// Begins a blob of unknown digest.
    pub fn begin(&self) -> Result<Upload, BlobError> {
        self.begin_at(self.temporary())
    }

    /// Begins a blob of unknown digest that can be taken up again as `name` after it was kept, also by another process.
    ///
    /// `name` must be a plain file name.
    pub fn begin_upload(&self, name: &str) -> Result<Upload, BlobError> {
        self.begin_at(self.upload(name))
    }

    fn begin_at(&self, path: PathBuf) -> Result<Upload, BlobError> {
        let disk = Disk::now(self.file_system());
        let opened = OpenOptions::new().write(true).read(true).create_new(true).mode(0o600).open(&path);
        let file = opened.map_err(BlobError::io("create", &path))?;
        let temporary = Temporary::new(path);
        Ok(Upload {
            file,
            temporary,
            hasher: Hasher::new(Algorithm::Sha256),
            length: 0,
            disk,
            blobs: self.clone(),
        })
    }

    /// Takes up what was kept as `name`: reads all of it, since nothing else is known of it any more. `None` if there is none.
    pub fn resume_upload(&self, name: &str) -> Result<Option<Upload>, BlobError> {
        let path = self.upload(name);
        let disk = Disk::now(self.file_system());
        let mut file = match OpenOptions::new().read(true).append(true).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(BlobError::io("open", &path))?,
        };
        let mut hasher = Hasher::new(Algorithm::Sha256);
        let length = read(&mut file, &path, |bytes| hasher.update(bytes))?;
        Ok(Some(Upload { file, temporary: Temporary::new(path), hasher, length, disk, blobs: self.clone() }))
    }

    /// The uploads that were kept: their names, their lengths in bytes, and when they last grew.
    pub fn uploads(&self) -> Result<Vec<(String, u64, std::time::SystemTime)>, BlobError> {
        let folder = self.upload("");
        let mut found = Vec::new();
        for entry in fs::read_dir(&folder).map_err(BlobError::io("list", &folder))? {
            let entry = entry.map_err(BlobError::io("list", &folder))?;
            let (Ok(name), Ok(metadata)) = (entry.file_name().into_string(), entry.metadata()) else {
                continue;
            };
            let grew = metadata.modified().unwrap_or(std::time::SystemTime::UNIX_EPOCH);
            found.push((name, metadata.len(), grew));
        }
        Ok(found)
    }

    /// Removes what was kept as `name`; `false` if there is none.
    pub fn remove_upload(&self, name: &str) -> Result<bool, BlobError> {
        let path = self.upload(name);
        match fs::remove_file(&path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(BlobError::io("remove", path)(error)),
        }
    }
}

impl Upload {
    /// How many bytes are here.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Waits until the bytes are on the disk.
    pub fn sync(&self) -> Result<(), BlobError> {
        self.file.sync_data().map_err(BlobError::io("sync", self.temporary.path()))
    }

    /// Lets the bytes be: [`DiskBlobs::resume_upload`] takes them up.
    pub fn keep(self) {
        self.temporary.keep();
    }

    /// Checks the bytes against a digest, if one is given; they are then a blob that is not visible yet.
    ///
    /// If they are not the right ones they are gone.
    pub fn stage(mut self, expected: Option<&Digest>) -> Result<DiskStaged, BlobError> {
        let own = self.hasher.finish();
        let digest = match expected {
            Some(expected) if expected.algorithm() != own.algorithm() => {
                let mut verifier = Verifier::new(expected.clone(), Some(self.length));
                let path = self.temporary.path().to_owned();
                io::Seek::rewind(&mut self.file).map_err(BlobError::io("read", &path))?;
                let mut failed = Ok(());
                read(&mut self.file, &path, |bytes| {
                    if failed.is_ok() {
                        failed = verifier.update(bytes);
                    }
                })?;
                failed?;
                verifier.finish()?;
                expected.clone()
            }
            Some(expected) if *expected != own => {
                return Err(VerifyError::Digest { actual: own, expected: expected.clone() }.into());
            }
            _ => own,
        };
        let target = self.blobs.path(&digest);
        Ok(DiskStaged::new(self.temporary, target, digest, self.length, self.disk))
    }
}

impl Write for Upload {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write_all(bytes)?;
        self.hasher.update(bytes);
        self.length += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn read(file: &mut File, path: &Path, mut take: impl FnMut(&[u8])) -> Result<u64, BlobError> {
    let mut buffer = vec![0; BUFFER];
    let mut total = 0;
    loop {
        match file.read(&mut buffer).map_err(BlobError::io("read", path))? {
            0 => return Ok(total),
            length => take(&buffer[..length]),
        }
        total = io::Seek::stream_position(file).map_err(BlobError::io("read", path))?;
    }
}
