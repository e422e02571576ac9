//! Which files are read, and from which layer: told when asked for, because it costs a little.

mod sys;

use std::{
    collections::HashSet,
    os::{
        fd::{AsRawFd as _, OwnedFd},
        unix::ffi::OsStringExt as _,
    },
    path::PathBuf,
    time::Duration,
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fs::{CWD, Mode, OFlags, openat},
    io::Errno,
};
use strata_layer::LayerPath;
use strata_layers::{Below, Mark, Marks, Tree, Written};

use crate::{SnapshotError, SnapshotId, Snapshots};

/// Files that are told of. Then nothing new is told.
const MOST: usize = 200_000;

/// A file that was read or executed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// Which.
    pub path: LayerPath,
    /// The layer that it is from, by its place in the plan, 0 at the bottom; nothing for the writable directory.
    pub layer: Option<usize>,
}

/// Follows which files of a mounted snapshot are read, each told once.
///
/// The kernel keeps the events, at most 16,384, and drops what is more: no program waits for us.
#[derive(Debug)]
pub struct Reads {
    queue: OwnedFd,
    merged: PathBuf,
    upper: Tree,
    below: Below,
    marks: Marks,
    told: HashSet<(LayerPath, Option<usize>)>,
}

impl Snapshots {
    /// Follows which files of a snapshot are read from now on. It must be mounted by overlay, and we be root.
    pub fn reads(&self, id: &SnapshotId) -> Result<Reads, SnapshotError> {
        let merged = self.paths(id).merged;
        if !self.is_mounted(id)? {
            let unmounted = std::io::Error::other("the snapshot is not mounted");
            return Err(SnapshotError::io("watch", merged)(unmounted));
        }
        let queue = openat(CWD, &merged, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
            .map_err(Into::into)
            .and_then(|folder| sys::open(&folder))
            .map_err(SnapshotError::io("watch", &merged))?;
        self.written(id, |Written { upper, lowers, marks }| {
            let (upper, below) = (Tree::open(upper)?, Below::open(lowers, marks)?);
            Ok(Reads { queue, merged, upper, below, marks, told: HashSet::new() })
        })
    }
}

impl Reads {
    /// Files that were read and not told of yet; waits for one, at most so long.
    pub fn next(&mut self, timeout: Duration) -> Result<Vec<Read>, SnapshotError> {
        let limit = Timespec { tv_sec: timeout.as_secs() as i64, tv_nsec: timeout.subsec_nanos().into() };
        match poll(&mut [PollFd::new(&self.queue, PollFlags::IN)], Some(&limit)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(SnapshotError::io("watch", &self.merged)(error)),
        }
        let mut reads = Vec::new();
        loop {
            let files = sys::take(&self.queue).map_err(SnapshotError::io("watch", &self.merged))?;
            if files.is_empty() {
                return Ok(reads);
            }
            for file in files {
                // Once is enough. If it cannot be ignored it is told of again, and not again by us.
                let _ = sys::ignore(&self.queue, &file);
                reads.extend(self.identify(&file)?);
            }
        }
    }

    /// What a file is; nothing if it was told of, or is gone.
    fn identify(&mut self, file: &OwnedFd) -> Result<Option<Read>, SnapshotError> {
        let Ok(link) = std::fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd())) else {
            return Ok(None);
        };
        // A container has its own mount of it, in which this is the whole path.
        let inside = link.strip_prefix(&self.merged).unwrap_or(&link).to_path_buf();
        let Ok(path) = LayerPath::parse(&inside.into_os_string().into_vec()) else { return Ok(None) };
        let upper = self.marks.look(&self.upper, &path).unwrap_or(None);
        let layer = match upper.filter(|(_, mark)| *mark != Mark::Whiteout) {
            Some(_) => None,
            None => match self.below.find(&path)? {
                Some(found) if !found.is_directory() => Some(found.layer),
                _ => return Ok(None),
            },
        };
        let fresh = self.told.len() < MOST && self.told.insert((path.clone(), layer));
        Ok(fresh.then_some(Read { path, layer }))
    }
}
