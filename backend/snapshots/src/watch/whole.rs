//! A writable directory whole: at first, after hints were lost, and where there are none.

use std::{
    collections::BTreeMap,
    time::{Instant, SystemTime},
};

use strata_layer::LayerPath;
use strata_layers::{CaptureError, ChangeKind, Mark, Marks, Tree, Written, changes, scan};

use super::{
    Batch, Deed, Event, Watch,
    deed::{Hint, deeds},
    hints::Hints,
    inotify::Inotify,
    seen::Seen,
};
use crate::SnapshotError;

/// Paths that are followed. A program that makes more loses its audience, and we not our memory.
const MOST: usize = 1_000_000;

impl Watch {
    /// All that is below a directory, which is watched with its directories before it is listed: what is made
    /// meanwhile is listed or hinted at, or both.
    pub(super) fn gather(&mut self, folder: &LayerPath) -> Result<BTreeMap<LayerPath, Seen>, SnapshotError> {
        let mut found = BTreeMap::new();
        let Self { tree, marks, below, inotify, .. } = self;
        watch_folder(inotify, tree, folder);
        scan(tree, *marks, folder, false, &mut |item| {
            if item.is_directory() {
                watch_folder(inotify, tree, item.path);
            }
            if let Some(seen) = Seen::of(item.path, (item.stat, item.mark), tree, *marks, below)? {
                found.insert(item.path.clone(), seen);
            }
            if found.len() > MOST {
                let source = std::io::Error::other(format!("more than {MOST} paths were written"));
                return Err(CaptureError::Io { action: "follow", path: item.path.clone(), source });
            }
            Ok(true)
        })?;
        Ok(found)
    }

    /// All of a writable directory; of a copy, what differs.
    fn everything(&mut self) -> Result<BTreeMap<LayerPath, Seen>, SnapshotError> {
        self.looked = Instant::now();
        if self.marks != Marks::Copy {
            return self.gather(&LayerPath::root());
        }
        let mut found = BTreeMap::new();
        for change in changes(&Written { upper: &self.upper, lowers: &self.lowers, marks: self.marks })? {
            let seen = match (change.kind, self.below.find(&change.path)?) {
                (ChangeKind::Deleted, Some(below)) => Some(Seen {
                    stat: below.stat,
                    mark: Mark::Whiteout,
                    below: Some(below),
                    copied_up: false,
                    origin: None,
                }),
                _ => self.see(&change.path)?,
            };
            found.extend(seen.map(|seen| (change.path, seen)));
        }
        Ok(found)
    }

    pub(super) fn start_over(&mut self) -> Result<Batch, SnapshotError> {
        let mut told = Told::new();
        if let Some(inotify) = &mut self.inotify {
            // What it hints at is looked at anyway.
            let mut hints = Hints::default();
            inotify.read(self.marks, &mut hints).map_err(SnapshotError::io("watch", &self.upper))?;
        }
        self.known = self.everything()?;
        let deleted = self.known.iter();
        self.left = deleted.filter_map(|(path, seen)| Some((seen.deleted()?, path.clone()))).collect();
        for (path, seen) in &self.known {
            // Who comes late is told of a move too.
            let hint = Hint { from: self.moved_from(seen), ..Hint::default() };
            told.tell(path, deeds(None, Some(seen), &hint), Some(seen));
        }
        Ok(Batch { reset: true, events: told.events })
    }

    /// Looks at everything and tells the difference.
    pub(super) fn compare(&mut self) -> Result<Batch, SnapshotError> {
        let mut told = Told::new();
        let found = self.everything()?;
        let gone: Vec<_> = self.known.keys().filter(|path| !found.contains_key(path)).cloned().collect();
        for path in gone.into_iter().rev() {
            self.settle(&path, None, &Hint::default(), &mut told);
        }
        for (path, seen) in found {
            // Whatever changed a file's time wrote to it, as far as can be told.
            self.settle(&path, Some(seen), &Hint { written: true, ..Hint::default() }, &mut told);
        }
        Ok(Batch { reset: false, events: told.events })
    }
}

/// Events of a batch.
pub(super) struct Told {
    at: SystemTime,
    pub(super) events: Vec<Event>,
}

impl Told {
    pub(super) fn new() -> Self {
        Self { at: SystemTime::now(), events: Vec::new() }
    }

    pub(super) fn tell(&mut self, path: &LayerPath, deeds: Vec<Deed>, now: Option<&Seen>) {
        let entry = now.map(Seen::entry);
        let event = |deed| Event { at: self.at, path: path.clone(), deed, entry };
        self.events.extend(deeds.into_iter().map(event));
    }
}

/// Watches a directory; when the kernel has no more watches to give, none are used.
fn watch_folder(inotify: &mut Option<Inotify>, tree: &Tree, path: &LayerPath) {
    let Some(watches) = inotify else { return };
    if let Err(error) = watches.add(tree, path) {
        tracing::warn!(%path, %error, "too many directories to watch: looking at everything now and then");
        *inotify = None;
    }
}
