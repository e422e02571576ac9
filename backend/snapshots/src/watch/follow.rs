//! Following a writable directory.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use rustix::{
    event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll},
    io::Errno,
};
use strata_layer::LayerPath;
use strata_layers::{Below, CaptureError, Marks, Tree, Written};

use super::{
    Batch, Deed, Entry, EntryKind, Stopper,
    deed::{Hint, deeds},
    hints::Hints,
    inotify::{Inotify, below, rebase},
    seen::Seen,
    whole::Told,
};
use crate::{SnapshotError, SnapshotId, Snapshots};

/// After the first hint, for those that come with it.
const GATHER: Duration = Duration::from_millis(10);
/// Between two looks at everything, where the kernel gives no hints.
const PAUSE: Duration = Duration::from_millis(500);

/// Follows what is written to a snapshot. Whoever wants to know asks, by [`Watch::next`]; in between nothing runs.
///
/// Keeps a descriptor per layer and what the writable directory has in it, in memory.
#[derive(Debug)]
pub struct Watch {
    pub(super) tree: Tree,
    pub(super) marks: Marks,
    pub(super) below: Below,
    pub(super) upper: PathBuf,
    pub(super) lowers: Vec<PathBuf>,
    /// Nothing where the kernel gives no more watches, and for copies: then everything is looked at now and then.
    pub(super) inotify: Option<Inotify>,
    pub(super) known: BTreeMap<LayerPath, Seen>,
    /// What was deleted from the layers, by what it is there: where a file that turns up elsewhere was moved from.
    pub(super) left: HashMap<(u64, u64), LayerPath>,
    /// What comes next is everything.
    reset: bool,
    pub(super) looked: Instant,
    stop: Arc<rustix::fd::OwnedFd>,
}

impl Snapshots {
    /// Follows what is written to a snapshot from now on, mounted or not.
    pub fn watch(&self, id: &SnapshotId) -> Result<Watch, SnapshotError> {
        let fail = || SnapshotError::io("watch", self.paths(id).folder);
        self.written(id, |Written { upper, lowers, marks }| {
            Ok(Watch {
                tree: Tree::open(upper)?,
                marks,
                below: Below::open(lowers, marks)?,
                upper: upper.into(),
                lowers: lowers.into(),
                inotify: if marks == Marks::Copy { None } else { Inotify::new().ok() },
                known: BTreeMap::new(),
                left: HashMap::new(),
                reset: true,
                looked: Instant::now(),
                stop: Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).map_err(fail())?),
            })
        })
    }
}

impl Watch {
    /// What happened since the last call; waits for something to happen, at most so long. The first call tells what
    /// is there already, at once. Nothing if nothing happened.
    pub fn next(&mut self, timeout: Duration) -> Result<Option<Batch>, SnapshotError> {
        if std::mem::take(&mut self.reset) {
            return Ok(Some(self.start_over()?));
        }
        let deadline = Instant::now() + timeout;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let woken = self.wait(left)?;
            let batch = match self.inotify {
                Some(_) => self.follow()?,
                None if self.looked.elapsed() >= PAUSE => self.compare()?,
                None => Batch { reset: false, events: Vec::new() },
            };
            if batch.reset || !batch.events.is_empty() {
                return Ok(Some(batch));
            }
            if woken == Woken::Stopped || left.is_zero() {
                return Ok(None);
            }
        }
    }

    /// What the writable directory has, as of the last batch.
    pub fn entries(&self) -> impl Iterator<Item = (&LayerPath, Entry)> {
        self.known.iter().map(|(path, seen)| (path, seen.entry()))
    }

    /// For ending the waiting from another thread.
    pub fn stopper(&self) -> Stopper {
        Stopper(Arc::clone(&self.stop))
    }

    fn wait(&self, left: Duration) -> Result<Woken, SnapshotError> {
        let left = match self.inotify {
            Some(_) => left,
            None => left.min(PAUSE.saturating_sub(self.looked.elapsed())),
        };
        let timeout = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: left.subsec_nanos().into() };
        let mut asked = vec![PollFd::new(&*self.stop, PollFlags::IN)];
        asked.extend(self.inotify.as_ref().map(|inotify| PollFd::new(inotify.queue(), PollFlags::IN)));
        match poll(&mut asked, Some(&timeout)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(SnapshotError::io("watch", &self.upper)(error)),
        }
        let stopped = !asked[0].revents().is_empty();
        let hinted = asked.get(1).is_some_and(|asked| !asked.revents().is_empty());
        if hinted && !stopped {
            std::thread::sleep(GATHER);
        }
        Ok(if stopped { Woken::Stopped } else { Woken::Perhaps })
    }

    /// Looks where the kernel hints at.
    fn follow(&mut self) -> Result<Batch, SnapshotError> {
        let mut hints = Hints::default();
        if let Some(inotify) = &mut self.inotify {
            inotify.read(self.marks, &mut hints).map_err(SnapshotError::io("watch", &self.upper))?;
        }
        if hints.lost {
            return self.start_over();
        }
        let mut told = Told::new();
        if !hints.is_empty() {
            let taken = hints.take();
            for (path, hint) in &taken {
                self.look(path, hint, &mut told)?;
            }
            for path in self.other_names(&taken) {
                self.look(&path, &Hint { written: true, ..Hint::default() }, &mut told)?;
            }
        }
        Ok(Batch { reset: false, events: told.events })
    }

    /// Other names of files that something happened to: the kernel hints only at the one that was used.
    fn other_names(&self, looked_at: &[(LayerPath, Hint)]) -> Vec<LayerPath> {
        let several = |seen: &&Seen| seen.kind() == EntryKind::File && seen.stat.st_nlink > 1;
        let seen = looked_at.iter().filter_map(|(path, _)| self.known.get(path));
        let files: HashSet<u64> = seen.filter(several).map(|seen| seen.stat.st_ino).collect();
        if files.is_empty() {
            return Vec::new();
        }
        let named = self.known.iter().filter(|(_, seen)| files.contains(&seen.stat.st_ino));
        named.map(|(path, _)| path.clone()).collect()
    }

    /// Finds out what happened to a path, and to all below it if it is a directory that was not there.
    fn look(&mut self, path: &LayerPath, hint: &Hint, told: &mut Told) -> Result<(), SnapshotError> {
        if path.is_root() {
            return Ok(());
        }
        let now = self.see(path)?;
        // It moved on meanwhile, or never was seen: what came here is something else.
        let known = self.known.get(path).copied();
        if let Some(from) = &hint.from
            && let Some(seen) = &now
            && known.is_none_or(|known| known.stat.st_ino != seen.stat.st_ino)
        {
            return self.moved(from, path, *seen, told);
        }
        self.settle(path, now, hint, told);
        match (known, now) {
            (known, Some(now)) if now.is_directory() => {
                let same =
                    known.is_some_and(|known| known.is_directory() && known.stat.st_ino == now.stat.st_ino);
                if same { Ok(()) } else { self.enter(path, told) }
            }
            (Some(known), _) if known.is_directory() => {
                self.forget_below(path, told);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    pub(super) fn see(&mut self, path: &LayerPath) -> Result<Option<Seen>, SnapshotError> {
        let fail = |error: Errno| {
            SnapshotError::from(CaptureError::Io {
                action: "look at",
                path: path.clone(),
                source: error.into(),
            })
        };
        match self.marks.look(&self.tree, path).map_err(fail)? {
            Some(found) => Ok(Seen::of(path, found, &self.tree, self.marks, &mut self.below)?),
            None => Ok(None),
        }
    }

    /// Takes note of what a path has now.
    pub(super) fn settle(&mut self, path: &LayerPath, now: Option<Seen>, hint: &Hint, told: &mut Told) {
        let before = self.known.get(path);
        let from = hint.from.clone().or_else(|| self.moved_from(now.as_ref()?));
        told.tell(path, deeds(before, now.as_ref(), &Hint { from, ..hint.clone() }), now.as_ref());
        self.remember(path, now);
    }

    /// Where something was before that nobody saw move: it is from a layer, and gone from where it was.
    pub(super) fn moved_from(&self, now: &Seen) -> Option<LayerPath> {
        let origin = now.origin.filter(|_| now.below.is_none())?;
        self.left.get(&(origin.st_dev, origin.st_ino)).cloned()
    }

    /// Takes down what a path has, or that it has nothing.
    pub(super) fn remember(&mut self, path: &LayerPath, now: Option<Seen>) {
        let before = match now {
            Some(now) => self.known.insert(path.clone(), now),
            None => self.known.remove(path),
        };
        if let Some(was) = before.and_then(|before| before.deleted())
            && self.left.get(&was) == Some(path)
        {
            self.left.remove(&was);
        }
        if let Some(is) = now.and_then(|now| now.deleted()) {
            self.left.insert(is, path.clone());
        }
    }

    /// Something came here from another path, which has a hint of its own.
    fn moved(
        &mut self,
        from: &LayerPath,
        path: &LayerPath,
        now: Seen,
        told: &mut Told,
    ) -> Result<(), SnapshotError> {
        let known = self.known.get(from).is_some_and(|source| source.stat.st_ino == now.stat.st_ino);
        self.forget_below(path, told);
        let hint = Hint { from: Some(from.clone()), ..Hint::default() };
        told.tell(path, deeds(None, Some(&now), &hint), Some(&now));
        self.remember(path, Some(now));
        if !now.is_directory() {
            return Ok(());
        }
        // What is in it moved with it; the rest of it is found by looking.
        let inside = if known { below(&self.known, from) } else { Vec::new() };
        for (old, _) in inside.into_iter().filter(|(old, _)| old != from) {
            let Some(new) = rebase(&old, from, path) else { continue };
            self.remember(&old, None);
            told.tell(&old, vec![Deed::Gone], None);
            let Some(seen) = self.see(&new)? else { continue };
            told.tell(&new, vec![Deed::Renamed { from: old }], Some(&seen));
            self.remember(&new, Some(seen));
        }
        self.enter(path, told)
    }

    /// Watches a directory and looks at all that is in it.
    fn enter(&mut self, folder: &LayerPath, told: &mut Told) -> Result<(), SnapshotError> {
        let found = self.gather(folder)?;
        let gone: Vec<_> = below(&self.known, folder)
            .into_iter()
            .map(|(path, _)| path)
            .filter(|path| path != folder && !found.contains_key(path))
            .collect();
        for path in gone.into_iter().rev() {
            self.settle(&path, None, &Hint::default(), told);
        }
        // Deletions first: what else there is may be what was moved from there.
        let (gone, rest): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|(_, seen)| seen.deleted().is_some());
        for (path, seen) in gone.into_iter().chain(rest) {
            self.settle(&path, Some(seen), &Hint::default(), told);
        }
        Ok(())
    }

    /// A directory is gone with all that was in it.
    fn forget_below(&mut self, folder: &LayerPath, told: &mut Told) {
        for (path, _) in below(&self.known, folder).into_iter().rev().filter(|(path, _)| path != folder) {
            self.settle(&path, None, &Hint::default(), told);
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Woken {
    Stopped,
    Perhaps,
}
