//! Which files are read, and from which layer: told when asked for, because it costs a little.

mod sys;

use std::{
    collections::HashMap,
    io,
    os::{
        fd::{AsRawFd as _, OwnedFd},
        unix::ffi::OsStringExt as _,
    },
    path::PathBuf,
    time::Duration,
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fs::{
        CWD, Mode, OFlags, fstat,
        inotify::{self, CreateFlags, WatchFlags},
        openat,
    },
    io::Errno,
};
use strata_layer::LayerPath;
use strata_layers::{Below, Mark, Marks, Tree, Written};

use crate::{Driver, SnapshotError, SnapshotId, Snapshots};

/// Files that are told of. Then nothing new is told.
const MOST: usize = 200_000;
/// Files told at a time; what is more waits in the kernel.
const BATCH: usize = 1024;
/// After the first event, for those that come with it.
const GATHER: Duration = Duration::from_millis(20);

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// Which.
    pub path: LayerPath,
    /// The layer that it is from, by its place in the plan, 0 at the bottom; nothing for the writable directory.
    pub layer: Option<usize>,
    /// What was done with it.
    pub how: How,
    /// Bytes of the whole file: how many of them were read is not known.
    pub size: u64,
}

/// What was done with a file, the more it says the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum How {
    /// It was opened; whoever maps it into memory reads it without another word. Not told of the writable directory,
    /// whose files are opened to be written to.
    Opened,
    /// Some of it was read.
    Read,
    /// It was started as a program.
    Executed,
}

/// What was read since the last time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadBatch {
    /// Files, each when it is read first, and again when more is done with it.
    pub reads: Vec<Read>,
    /// More was read than can be told: the kernel keeps 16,384 events, and we tell of 200,000 files.
    pub lost: bool,
}

/// Follows which files of a mounted snapshot are read, each told once. What this process reads itself is not told.
///
/// The kernel keeps the events, at most 16,384, and drops what is more: no program waits for us.
#[derive(Debug)]
pub struct Reads {
    queue: OwnedFd,
    /// Is told when the file system is gone.
    end: OwnedFd,
    merged: PathBuf,
    upper: Tree,
    below: Below,
    marks: Marks,
    told: HashMap<(LayerPath, Option<usize>), How>,
}

impl Snapshots {
    /// Follows which files of a snapshot are read from now on.
    ///
    /// # Errors
    /// [`SnapshotError::NoReads`] unless it is mounted, has a file system of its own, and we are root.
    pub fn reads(&self, id: &SnapshotId) -> Result<Reads, SnapshotError> {
        let merged = self.paths(id).merged;
        let cannot = |why: &str| Err(SnapshotError::NoReads(why.to_owned()));
        // Its files are in the file system of everything else on this machine.
        if self.plan(id)?.driver == Driver::Copy {
            return cannot("it is a copy of its layers, in one file system with all else");
        }
        if !self.is_mounted(id)? {
            return cannot("it is not mounted");
        }
        let fail = |error: io::Error| SnapshotError::io("follow what is read in", &merged)(error);
        let folder =
            openat(CWD, &merged, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty());
        let folder = folder.map_err(|error| fail(error.into()))?;
        let queue = match sys::open(&folder) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                return cannot("the kernel tells it root only (fanotify needs CAP_SYS_ADMIN)");
            }
            opened => opened.map_err(fail)?,
        };
        // Of the directory itself; that its file system is unmounted is told in any case.
        let at = format!("/proc/self/fd/{}", folder.as_raw_fd());
        let end = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).and_then(|end| {
            inotify::add_watch(&end, at, WatchFlags::DELETE_SELF | WatchFlags::ONLYDIR).map(|_| end)
        });
        let end = end.map_err(|error| fail(error.into()))?;
        self.written(id, |Written { upper, lowers, marks }| {
            let (upper, below) = (Tree::open(upper)?, Below::open(lowers, marks)?);
            Ok(Reads { queue, end, merged: merged.clone(), upper, below, marks, told: HashMap::new() })
        })
    }
}

impl Reads {
    /// What was read and not told of yet; waits for something, at most so long. Nothing when the snapshot is not
    /// mounted any more.
    pub fn next(&mut self, timeout: Duration) -> Result<Option<ReadBatch>, SnapshotError> {
        let limit = Timespec { tv_sec: timeout.as_secs() as i64, tv_nsec: timeout.subsec_nanos().into() };
        let mut asked = [PollFd::new(&self.queue, PollFlags::IN), PollFd::new(&self.end, PollFlags::IN)];
        match poll(&mut asked, Some(&limit)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(SnapshotError::io("follow what is read in", &self.merged)(error)),
        }
        let [some, over] = asked.map(|asked| !asked.revents().is_empty());
        if some {
            std::thread::sleep(GATHER);
        }
        let mut batch = ReadBatch::default();
        while batch.reads.len() < BATCH {
            let events =
                sys::take(&self.queue).map_err(SnapshotError::io("follow what is read in", &self.merged))?;
            if events.is_empty() {
                break;
            }
            for event in events {
                self.take(&event, &mut batch)?;
            }
        }
        let ended = over && batch == ReadBatch::default();
        Ok((!ended).then_some(batch))
    }

    fn take(&mut self, event: &sys::Event, batch: &mut ReadBatch) -> Result<(), SnapshotError> {
        let Some(file) = &event.file else {
            batch.lost = true;
            return Ok(());
        };
        if event.process == std::process::id().cast_signed() {
            return Ok(());
        }
        // Once is enough. If it cannot be ignored it is told of again, and not again by us.
        let _ = sys::ignore(&self.queue, file, event.what);
        let Some((path, layer)) = self.identify(file)? else { return Ok(()) };
        let how = event.how();
        if layer.is_none() && how == How::Opened {
            return Ok(());
        }
        let key = (path, layer);
        if self.told.get(&key).is_some_and(|told| *told >= how) {
            return Ok(());
        }
        if self.told.len() >= MOST && !self.told.contains_key(&key) {
            batch.lost = true;
            return Ok(());
        }
        let size = fstat(file).map_or(0, |stat| u64::try_from(stat.st_size).unwrap_or(0));
        batch.reads.push(Read { path: key.0.clone(), layer, how, size });
        self.told.insert(key, how);
        Ok(())
    }

    /// Which file it is, and whose; nothing if it is gone.
    fn identify(&mut self, file: &OwnedFd) -> Result<Option<(LayerPath, Option<usize>)>, SnapshotError> {
        let Ok(link) = std::fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd())) else {
            return Ok(None);
        };
        // A container has its own mount of it, in which this is the whole path.
        let inside = link.strip_prefix(&self.merged).unwrap_or(&link).to_path_buf();
        let Ok(path) = LayerPath::parse(&inside.into_os_string().into_vec()) else { return Ok(None) };
        let upper = self.marks.look(&self.upper, &path).unwrap_or(None);
        if upper.is_some_and(|(_, mark)| mark != Mark::Whiteout) {
            return Ok(Some((path, None)));
        }
        let found = self.below.find(&path)?.filter(|found| !found.is_directory());
        Ok(found.map(|found| (path, Some(found.layer))))
    }
}
