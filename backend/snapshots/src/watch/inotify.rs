//! Hints from the kernel.

use std::{
    collections::{BTreeMap, HashMap},
    mem::MaybeUninit,
    os::fd::{AsRawFd as _, OwnedFd},
};

use rustix::{
    fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags},
    io::Errno,
};
use strata_layer::LayerPath;
use strata_layers::{Marks, Tree, join};

use super::hints::Hints;

/// Hints taken at a time; what is left waits in the kernel.
const MOST: usize = 8192;

const WATCHED: WatchFlags = WatchFlags::CREATE
    .union(WatchFlags::DELETE)
    .union(WatchFlags::MOVED_FROM)
    .union(WatchFlags::MOVED_TO)
    .union(WatchFlags::MODIFY)
    .union(WatchFlags::CLOSE_WRITE)
    .union(WatchFlags::ATTRIB)
    .union(WatchFlags::ONLYDIR);

/// Watches on the directories of a tree.
#[derive(Debug)]
pub(super) struct Inotify {
    queue: OwnedFd,
    folders: HashMap<i32, LayerPath>,
    /// The other way round, in the order of a tree.
    watches: BTreeMap<LayerPath, i32>,
}

impl Inotify {
    pub(super) fn new() -> Result<Self, Errno> {
        let queue = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
        Ok(Self { queue, folders: HashMap::new(), watches: BTreeMap::new() })
    }

    pub(super) fn queue(&self) -> &OwnedFd {
        &self.queue
    }

    /// Watches a directory. That it is gone, or became something else, is fine: its directory tells.
    pub(super) fn add(&mut self, tree: &Tree, path: &LayerPath) -> Result<(), Errno> {
        let folder = match tree.folder(path) {
            Ok(folder) => folder,
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => return Ok(()),
            Err(error) => return Err(error),
        };
        let watch =
            inotify::add_watch(&self.queue, format!("/proc/self/fd/{}", folder.as_raw_fd()), WATCHED)?;
        if let Some(old) = self.folders.insert(watch, path.clone())
            && old != *path
            && self.watches.get(&old) == Some(&watch)
        {
            self.watches.remove(&old);
        }
        self.watches.insert(path.clone(), watch);
        Ok(())
    }

    /// Takes what the kernel has, without waiting.
    pub(super) fn read(&mut self, marks: Marks, hints: &mut Hints) -> Result<(), Errno> {
        let mut buffer = [MaybeUninit::uninit(); 16 << 10];
        let queue = self.queue.try_clone().map_err(|_| Errno::MFILE)?;
        let mut reader = Reader::new(queue, &mut buffer);
        loop {
            // What was read with others of its kind must be taken with them.
            if reader.is_buffer_empty() && hints.len() >= MOST {
                return Ok(());
            }
            let event = match reader.next() {
                Ok(event) => event,
                Err(Errno::WOULDBLOCK) => return Ok(()),
                Err(Errno::INTR) => continue,
                Err(error) => return Err(error),
            };
            let name = event.file_name().map(std::ffi::CStr::to_bytes);
            self.take(marks, hints, event.wd(), event.events(), event.cookie(), name);
        }
    }

    fn take(
        &mut self,
        marks: Marks,
        hints: &mut Hints,
        watch: i32,
        what: ReadFlags,
        cookie: u32,
        name: Option<&[u8]>,
    ) {
        if what.contains(ReadFlags::QUEUE_OVERFLOW) {
            hints.lost = true;
            return;
        }
        if what.contains(ReadFlags::IGNORED) {
            if let Some(path) = self.folders.remove(&watch)
                && self.watches.get(&path) == Some(&watch)
            {
                self.watches.remove(&path);
            }
            return;
        }
        let Some(folder) = self.folders.get(&watch) else { return };
        let path = match name.and_then(|name| marks.subject(name)) {
            None => folder.clone(),
            // One without a path cannot be told of; whoever scans the directory fails and says so.
            Some(name) => match join(folder, name) {
                Ok(path) => path,
                Err(_) => return hints.lost = true,
            },
        };
        if what.contains(ReadFlags::MOVED_FROM) {
            return hints.moved_away(cookie, path);
        }
        if what.contains(ReadFlags::MOVED_TO) {
            let from = hints.arrived(cookie, path.clone());
            if let Some(from) = from.filter(|_| what.contains(ReadFlags::ISDIR)) {
                self.relocate(&from, &path);
            }
            return;
        }
        let written = what.intersects(ReadFlags::MODIFY | ReadFlags::CLOSE_WRITE);
        let hint = hints.at(path);
        hint.written |= written;
        if what.intersects(ReadFlags::CREATE | ReadFlags::DELETE) {
            hint.from = None;
        }
        hint.made |= what.contains(ReadFlags::CREATE);
    }

    /// A directory that we watch has another path now, with all that is in it.
    fn relocate(&mut self, from: &LayerPath, to: &LayerPath) {
        for (old, watch) in below(&self.watches, from) {
            let Some(new) = rebase(&old, from, to) else { continue };
            self.watches.remove(&old);
            self.folders.insert(watch, new.clone());
            self.watches.insert(new, watch);
        }
    }
}

/// A path and all below it in a map.
pub(super) fn below<T: Clone>(map: &BTreeMap<LayerPath, T>, from: &LayerPath) -> Vec<(LayerPath, T)> {
    let inside = |path: &LayerPath| {
        let mut names = path.components();
        from.components().all(|name| names.next() == Some(name))
    };
    map.range(from.clone()..)
        .take_while(|(path, _)| inside(path))
        .map(|(path, of)| (path.clone(), of.clone()))
        .collect()
}

/// The path of something below `from` once that is `to`.
pub(super) fn rebase(path: &LayerPath, from: &LayerPath, to: &LayerPath) -> Option<LayerPath> {
    let rest = path.as_bytes().strip_prefix(from.as_bytes())?;
    LayerPath::parse(&[to.as_bytes(), b"/", rest].concat()).ok()
}
