//! Blobs as files of one directory.

use std::{
    fs::{self, File},
    io::ErrorKind,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use strata_oci::{Algorithm, Digest};

use crate::{BlobError, BlobStore, DiskWriter, FileSystem};

const UPLOADS: &str = "uploads";
const ALGORITHMS: [Algorithm; 2] = [Algorithm::Sha256, Algorithm::Sha512];

/// Blobs on a local disk.
///
/// ```text
/// <root>/sha256/<64 hex digits>    visible blobs
/// <root>/sha512/<128 hex digits>
/// <root>/tmp/<number>              being written; emptied when the store is opened
/// <root>/uploads/<name>            uploads that outlive the process
/// ```
///
/// One process at a time opens a root: the catalog's lock sees to that.
#[derive(Clone, Debug)]
pub struct DiskBlobs {
    root: Arc<PathBuf>,
    next: Arc<AtomicU64>,
    file_system: FileSystem,
}

impl DiskBlobs {
    /// Opens the store at `root`, creates it when absent, and removes what an earlier process left half-written.
    pub fn open(root: &Path) -> Result<Self, BlobError> {
        let tmp = root.join("tmp");
        match fs::remove_dir_all(&tmp) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(BlobError::io("empty", tmp)(error));
            }
            _ => {}
        }
        let folders = ALGORITHMS.map(|algorithm| root.join(algorithm.name()));
        for folder in folders.iter().chain([&tmp, &root.join(UPLOADS)]) {
            let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
            made.map_err(BlobError::io("create", folder))?;
        }
        let file_system = FileSystem::of(root).map_err(BlobError::io("open", root))?;
        let store = Self { root: Arc::new(root.into()), next: Arc::default(), file_system };
        store.settle()?;
        Ok(store)
    }

    /// The path of a blob, whether it exists or not: for handing an open file to the kernel or another process.
    pub fn path(&self, digest: &Digest) -> PathBuf {
        self.root.join(digest.algorithm().name()).join(digest.hex())
    }

    pub(crate) fn upload(&self, name: &str) -> PathBuf {
        self.root.join(UPLOADS).join(name)
    }

    pub(crate) fn file_system(&self) -> &FileSystem {
        &self.file_system
    }

    pub(crate) fn temporary(&self) -> PathBuf {
        self.root.join("tmp").join(self.next.fetch_add(1, Ordering::Relaxed).to_string())
    }
}

impl BlobStore for DiskBlobs {
    type Writer = DiskWriter;
    type Reader = File;

    fn ingest(&self, digest: &Digest, size: Option<u64>) -> Result<DiskWriter, BlobError> {
        DiskWriter::create(self.temporary(), self.path(digest), digest, size, &self.file_system)
    }

    fn open(&self, digest: &Digest) -> Result<File, BlobError> {
        let path = self.path(digest);
        File::open(&path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => BlobError::NotFound(digest.clone()),
            _ => BlobError::io("open", path)(error),
        })
    }

    fn size(&self, digest: &Digest) -> Result<Option<u64>, BlobError> {
        let path = self.path(digest);
        match fs::metadata(&path) {
            Ok(metadata) => Ok(Some(metadata.len())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(BlobError::io("look at", path)(error)),
        }
    }

    fn remove(&self, digest: &Digest) -> Result<bool, BlobError> {
        let path = self.path(digest);
        match fs::remove_file(&path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(BlobError::io("remove", path)(error)),
        }
    }

    fn list(&self) -> Result<Vec<(Digest, u64)>, BlobError> {
        let mut found = Vec::new();
        for algorithm in ALGORITHMS {
            let folder = self.root.join(algorithm.name());
            for entry in fs::read_dir(&folder).map_err(BlobError::io("list", &folder))? {
                let entry = entry.map_err(BlobError::io("list", &folder))?;
                let name = entry.file_name();
                // A file that somebody else put here is not ours to count or remove.
                let Some(digest) =
                    name.to_str().and_then(|hex| format!("{}:{hex}", algorithm.name()).parse().ok())
                else {
                    continue;
                };
                match entry.metadata() {
                    Ok(metadata) => found.push((digest, metadata.len())),
                    Err(error) if error.kind() == ErrorKind::NotFound => {}
                    Err(error) => return Err(BlobError::io("look at", entry.path())(error)),
                }
            }
        }
        Ok(found)
    }

    fn flush(&self) -> Result<(), BlobError> {
        self.file_system.flush().map_err(BlobError::io("sync", self.root.as_path()))
    }

    fn settle(&self) -> Result<(), BlobError> {
        ALGORITHMS.iter().try_for_each(|algorithm| sync_folder(&self.root.join(algorithm.name())))
    }
}

/// Makes the names in a directory durable.
pub(crate) fn sync_folder(path: &Path) -> Result<(), BlobError> {
    let folder = File::open(path).map_err(BlobError::io("open", path))?;
    folder.sync_all().map_err(BlobError::io("sync", path))
}
