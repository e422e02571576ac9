//! The directory of all layers.

use std::{
    fs,
    io::ErrorKind,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use strata_blobs::FileSystem;
use strata_oci::DiffId;

use crate::{
    Doomed, LayersError, Limits, Powers,
    folder::Folder,
    remove::{remove_tree, sync_folder},
    write_back::{Busy, WriteBack},
};

const TMP: &str = "tmp";

/// Layers on a local disk; cloning shares them. One process at a time opens a root: the catalog's lock sees to that.
#[derive(Clone, Debug)]
pub struct Layers {
    pub(crate) shared: Arc<Shared>,
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) root: PathBuf,
    pub(crate) limits: Limits,
    pub(crate) powers: Powers,
    pub(crate) write_back: WriteBack,
    next: AtomicU64,
}

impl Layers {
    /// Opens the layers at `root`, creates it when absent, and removes what an earlier process left unfinished.
    ///
    /// Nobody else may enter `root`: set-user-id programs of images lie in it.
    pub fn open(root: &Path, limits: Limits) -> Result<Self, LayersError> {
        let tmp = root.join(TMP);
        remove_tree(&tmp)?;
        for path in [root, &tmp] {
            let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
            made.map_err(LayersError::new("create", path))?;
        }
        let scratch = Folder::create(tmp.join("probe"))?;
        let powers = Powers::probe(scratch.open()?).map_err(LayersError::new("try out", scratch.path()))?;
        drop(scratch);
        sync_folder(root)?;
        let file_system = FileSystem::of(root).map_err(LayersError::new("open", root))?;
        let write_back = WriteBack::new(file_system);
        let shared = Shared { root: root.into(), limits, powers, write_back, next: AtomicU64::new(0) };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// What this process may do here.
    pub fn powers(&self) -> Powers {
        self.shared.powers
    }

    /// The directory of a layer's files, whether it is there or not: an overlay lower.
    pub fn tree(&self, diff_id: &DiffId) -> PathBuf {
        self.place(diff_id).join("fs")
    }

    /// Whether a layer is there.
    pub fn contains(&self, diff_id: &DiffId) -> bool {
        self.place(diff_id).join("index").exists()
    }

    /// The diff ids of all layers that are there, in no order.
    pub fn list(&self) -> Result<Vec<DiffId>, LayersError> {
        let root = &self.shared.root;
        let fail = || LayersError::new("list", root);
        let mut found = Vec::new();
        for entry in fs::read_dir(root).map_err(fail())? {
            let name = entry.map_err(fail())?.file_name();
            found.extend(name.to_str().and_then(diff_id));
        }
        Ok(found)
    }

    /// Makes a layer invisible at once; its files go when the answer is deleted. `None` if it is not there.
    pub fn detach(&self, diff_id: &DiffId) -> Result<Option<Doomed>, LayersError> {
        let (from, to) = (self.place(diff_id), self.temporary());
        match fs::rename(&from, &to) {
            Ok(()) => Ok(Some(Doomed(Folder::adopt(to)))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(LayersError::new("detach", from)(error)),
        }
    }

    /// Removes a layer; `false` if it is not there.
    pub fn remove(&self, diff_id: &DiffId) -> Result<bool, LayersError> {
        match self.detach(diff_id)? {
            Some(doomed) => doomed.delete().map(|()| true),
            None => Ok(false),
        }
    }

    /// Removes every layer that `keep` refuses: at start, what the catalog does not know. Returns how many.
    pub fn sweep(&self, keep: &dyn Fn(&DiffId) -> bool) -> Result<u64, LayersError> {
        let mut swept = 0;
        for diff_id in self.list()? {
            if !keep(&diff_id) && self.remove(&diff_id)? {
                swept += 1;
            }
        }
        Ok(swept)
    }

    pub(crate) fn place(&self, diff_id: &DiffId) -> PathBuf {
        self.shared.root.join(diff_id.0.hex())
    }

    /// Lets the disk have what is written beside the store, a snapshot's files, while it is still being written.
    pub fn write_behind(&self) -> Busy {
        self.shared.write_back.busy()
    }

    /// A path for something unfinished, never given twice.
    pub(crate) fn temporary(&self) -> PathBuf {
        let number = self.shared.next.fetch_add(1, Ordering::Relaxed);
        self.shared.root.join(TMP).join(number.to_string())
    }
}

/// The length of the hex digits tells the algorithm.
pub(crate) fn diff_id(name: &str) -> Option<DiffId> {
    ["sha256", "sha512"].iter().find_map(|algorithm| format!("{algorithm}:{name}").parse().ok())
}
