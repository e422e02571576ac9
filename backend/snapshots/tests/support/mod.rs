//! Snapshots in a temporary directory, unmounted whatever happens.

#![allow(dead_code, reason = "each test file uses some of it")]

use std::{
    fs,
    path::{Path, PathBuf},
};

use strata_layer::LayerPath;
use strata_snapshots::{Driver, Options, SnapshotId, Snapshots};

pub const OVERLAY: Driver = Driver::Overlay { fsopen: true, userxattr: false };

/// A directory with layers and snapshots.
pub struct Place {
    pub snapshots: Snapshots,
    pub dir: tempfile::TempDir,
}

impl Place {
    /// One with overlay, if it can be mounted here.
    pub fn new() -> Option<Self> {
        Self::with(OVERLAY)
    }

    /// One with a driver, if it works here. Says so when a test is left out; with `STRATA_TESTS_STRICT` it fails.
    pub fn with(driver: Driver) -> Option<Self> {
        let dir = tempfile::tempdir().expect("a directory");
        let options = Options { driver: Some(driver) };
        match Snapshots::open_with(&dir.path().join("snapshots"), &options) {
            Ok(snapshots) => Some(Self { snapshots, dir }),
            Err(error) if std::env::var_os("STRATA_TESTS_STRICT").is_none() => {
                eprintln!("LEFT OUT: {error}");
                None
            }
            Err(error) => panic!("{error}"),
        }
    }

    /// A layer's directory, filled.
    pub fn layer(&self, name: &str, fill: impl FnOnce(&Path)) -> PathBuf {
        let path = self.dir.path().join("layers").join(name);
        fs::create_dir_all(&path).expect("creates");
        fill(&path);
        path
    }

    /// Prepares and mounts a snapshot; where it is mounted.
    pub fn mount(&self, id: &str, lowers: &[PathBuf]) -> PathBuf {
        self.snapshots.prepare(&sid(id), lowers, &[], true).expect("prepares");
        self.snapshots.mount(&sid(id)).expect("mounts").merged
    }

    /// What `docker diff` would print.
    pub fn diff(&self, id: &str) -> Vec<String> {
        let changes = self.snapshots.changes(&sid(id)).expect("compares");
        changes.iter().map(|change| format!("{} /{}", change.kind.letter(), change.path)).collect()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        for id in self.snapshots.list().unwrap_or_default() {
            if let Err(error) = self.snapshots.unmount(&id) {
                eprintln!("{id} stays mounted: {error}");
            }
        }
    }
}

pub fn sid(text: &str) -> SnapshotId {
    text.parse().expect("an id")
}

pub fn path(text: &str) -> LayerPath {
    LayerPath::parse(text.as_bytes()).expect("a path")
}

/// Writes a file and the directories that it is in.
pub fn put(root: &Path, name: &str, content: &str) {
    let at = root.join(name);
    fs::create_dir_all(at.parent().expect("is below")).expect("creates");
    fs::write(at, content).expect("writes");
}
