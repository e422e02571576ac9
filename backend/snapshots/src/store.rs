//! The directory of all snapshots.

use std::{
    fs,
    io::ErrorKind,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::{Choice, Driver, Plan, SnapshotError, SnapshotId, mount, probe, remove};

/// How snapshots are to be mounted.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// This way only; else the best that works.
    pub driver: Option<Driver>,
}

/// Snapshots on a local disk; cloning shares them. One process at a time opens a root.
#[derive(Clone, Debug)]
pub struct Snapshots {
    pub(crate) shared: Arc<Shared>,
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) root: PathBuf,
    choice: Choice,
    next: AtomicU64,
    /// Two who mount the same would mount it twice.
    mounting: Mutex<()>,
}

/// Where a snapshot's directories are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    /// The snapshot's own directory, with all others in it.
    pub folder: PathBuf,
    /// The topmost lower.
    pub init: PathBuf,
    /// What is written.
    pub upper: PathBuf,
    /// The union file system's own.
    pub work: PathBuf,
    /// Where it is mounted.
    pub merged: PathBuf,
    /// Its plan.
    pub plan: PathBuf,
}

impl Snapshots {
    /// Opens the snapshots at `root`, creates it when absent, finds out how to mount, and removes what an earlier
    /// process left unfinished. Mounted snapshots stay mounted.
    pub fn open(root: &Path) -> Result<Self, SnapshotError> {
        Self::open_with(root, &Options::default())
    }

    /// As [`Self::open`], with options.
    pub fn open_with(root: &Path, options: &Options) -> Result<Self, SnapshotError> {
        let tmp = root.join(TMP);
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(root)
            .map_err(SnapshotError::io("create", root))?;
        let root = root.canonicalize().map_err(SnapshotError::io("find", root))?;
        // A server that was killed while it tried out how to mount may have left its try mounted.
        mount::take_down(&probe::paths(&tmp).merged)?;
        remove::remove_all(&tmp)?;
        fs::DirBuilder::new().mode(0o700).create(&tmp).map_err(SnapshotError::io("create", &tmp))?;
        let choice = probe::choose(&tmp, options.driver)?;
        tracing::info!(%choice, "snapshots are mounted");
        let shared = Shared { root, choice, next: AtomicU64::new(0), mounting: Mutex::default() };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// How new snapshots are mounted, and why.
    pub fn driver(&self) -> &Choice {
        &self.shared.choice
    }

    /// Where a snapshot's directories are, whether it is there or not.
    pub fn paths(&self, id: &SnapshotId) -> Paths {
        Paths::of(&self.shared.root.join(id.as_str()))
    }

    /// How a snapshot is mounted.
    pub fn plan(&self, id: &SnapshotId) -> Result<Plan, SnapshotError> {
        let path = self.paths(id).plan;
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(SnapshotError::NotFound(id.clone()));
            }
            Err(error) => return Err(SnapshotError::io("read", path)(error)),
        };
        serde_json::from_slice(&text).map_err(|source| SnapshotError::Plan { path, source })
    }

    /// Whether a snapshot is there.
    pub fn contains(&self, id: &SnapshotId) -> bool {
        self.paths(id).plan.exists()
    }

    /// The ids of all snapshots, in order.
    pub fn list(&self) -> Result<Vec<SnapshotId>, SnapshotError> {
        let root = &self.shared.root;
        let fail = || SnapshotError::io("list", root);
        let mut found = Vec::new();
        for entry in fs::read_dir(root).map_err(fail())? {
            let name = entry.map_err(fail())?.file_name();
            found.extend(name.to_str().and_then(|name| name.parse().ok()));
        }
        found.sort();
        Ok(found)
    }

    pub(crate) fn mounting(&self) -> MutexGuard<'_, ()> {
        self.shared.mounting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A path for something unfinished, never given twice.
    pub(crate) fn temporary(&self) -> PathBuf {
        let number = self.shared.next.fetch_add(1, Ordering::Relaxed);
        self.shared.root.join(TMP).join(number.to_string())
    }
}

const TMP: &str = "tmp";

impl Paths {
    pub(crate) fn of(folder: &Path) -> Self {
        let path = |name: &str| folder.join(name);
        Self {
            folder: folder.into(),
            init: path("init"),
            upper: path("upper"),
            work: path("work"),
            merged: path("merged"),
            plan: path("plan.json"),
        }
    }
}
