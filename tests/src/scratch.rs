//! A directory for a test.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

use rustix::mount::{UnmountFlags, unmount};

use crate::janitor;

/// A new empty directory, removed with everything mounted below it on drop.
pub struct Scratch {
    path: PathBuf,
}

impl Scratch {
    /// Makes one; `label` becomes part of its name.
    pub fn new(label: &str) -> Self {
        Self::below(&std::env::temp_dir(), label)
    }

    /// Makes one in another directory than that of temporary files.
    pub fn below(dir: &Path, label: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        // Short: a unix socket's path has at most 107 bytes.
        let path = dir.join(format!("st-{}-{number}-{label}", std::process::id()));
        fs::create_dir_all(&path).unwrap_or_else(|e| panic!("cannot make {}: {e}", path.display()));
        janitor::directory(&path);
        Self { path }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A path in it.
    pub fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.path.join(name)
    }

    /// A new directory in it.
    pub fn dir(&self, name: &str) -> PathBuf {
        let path = self.join(name);
        fs::create_dir_all(&path).unwrap_or_else(|e| panic!("cannot make {}: {e}", path.display()));
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        unmount_below(&self.path);
        match fs::remove_dir_all(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                eprintln!("left behind: {}: {error}", self.path.display());
            }
            _ => janitor::removed(&self.path),
        }
    }
}

/// Unmounts all that is mounted below `dir`, innermost first.
pub fn unmount_below(dir: &Path) {
    let Ok(mounts) = fs::read_to_string("/proc/self/mounts") else { return };
    let below = |at: &&str| Path::new(at).starts_with(dir);
    let mut points: Vec<&str> =
        mounts.lines().filter_map(|line| line.split(' ').nth(1)).filter(below).collect();
    points.sort_by(|a, b| b.cmp(a));
    for point in points {
        // Lazily: a process that is just ending may still have its working directory there.
        if let Err(error) = unmount(point, UnmountFlags::DETACH) {
            eprintln!("cannot unmount {point}: {error}");
        }
    }
}
