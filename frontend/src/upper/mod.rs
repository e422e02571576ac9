//! A container's writable layer as its live stream tells it.
//!
//! Batches are folded into a row per path. What a row is called follows from what the layer has there now, not from
//! which event came last, so that a page that looks in late shows the same.

mod row;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use strata_api::{
    explorer::Change,
    live::{Batch, Deed},
    path,
};

use row::did;
pub use row::{Changed, Did, Row};

/// A line of the tree of changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Branch<'a> {
    /// How many directories it lies in.
    pub depth: usize,
    /// Its last component.
    pub name: Vec<u8>,
    /// Its whole path.
    pub path: Vec<u8>,
    /// What the layer has there; nothing for a directory that only holds changes.
    pub row: Option<&'a Row>,
}

/// Something that just happened and is worth drawing.
#[derive(Clone, Debug, PartialEq)]
pub struct Motion {
    /// Where.
    pub path: Vec<u8>,
    /// The layer that a tile lifts from; none if the row appears where it is.
    pub from: Option<usize>,
}

/// What the writable layer adds up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Bytes that were copied up.
    pub copied: u64,
    /// Bytes that changed.
    pub changed: u64,
    /// Whether more may have changed: of files that were not compared yet, or not whole.
    pub at_least: bool,
    /// Paths of each of docker's letters.
    pub added: usize,
    /// …
    pub modified: usize,
    /// …
    pub deleted: usize,
    /// Bytes that the layer holds.
    pub held: u64,
}

/// The writable layer.
#[derive(Clone, Debug, Default)]
pub struct Upper {
    rows: BTreeMap<Vec<u8>, Row>,
    count: u64,
    known: bool,
}

impl Upper {
    /// Whether a first batch has come.
    pub fn is_known(&self) -> bool {
        self.known
    }

    /// Every path in order.
    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.rows.values()
    }

    /// How many paths there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether the layer has nothing.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// One path.
    pub fn row(&self, path: &[u8]) -> Option<&Row> {
        self.rows.get(path)
    }

    /// Takes the next batch; gives what is worth drawing. What a first batch tells was there before.
    pub fn take(&mut self, batch: Batch) -> Vec<Motion> {
        let before = batch.reset.then(|| std::mem::take(&mut self.rows));
        let mut motions: Vec<Motion> = Vec::new();
        for event in batch.events {
            let at = path::decode(&event.path);
            let old = before.as_ref().unwrap_or(&self.rows).get(&at).cloned();
            let old = old.as_ref();
            let Some(entry) = event.entry else {
                self.forget(&at, true);
                continue;
            };
            if !batch.reset && entry.kind != 'd' {
                self.forget(&at, false);
            }
            let did = did(&entry, &event.deed, old);
            let same = old.is_some_and(|old| old.did == did);
            self.count += 1;
            let unchanged = batch.reset && old.is_some_and(|old| old.entry == entry);
            let row = Row {
                born: old.filter(|_| same).map_or(self.count, |old| old.born),
                touched: old.filter(|_| unchanged).map_or(self.count, |old| old.touched),
                from: match &event.deed {
                    Deed::Renamed { from } => Some(path::decode(from)),
                    _ => old.filter(|_| same).and_then(|old| old.from.clone()),
                },
                // What was measured holds until it is measured again; for another file it says nothing.
                changed: old.filter(|old| old.entry.copied == entry.copied).and_then(|old| old.changed),
                deed: if unchanged { old.and_then(|old| old.deed.clone()) } else { Some(event.deed) },
                path: at.clone(),
                entry,
                did,
            };
            if self.known && !unchanged {
                let lifted = matches!(did, Did::CopiedUp | Did::Attributes | Did::Same) && !same;
                motions.retain(|motion| motion.path != at);
                motions.push(Motion { path: at.clone(), from: row.entry.from.filter(|_| lifted) });
            }
            self.rows.insert(at, row);
        }
        for measured in batch.measured {
            if let Some(row) = self.rows.get_mut(&path::decode(&measured.path)) {
                row.changed = Some(Changed { bytes: measured.changed, whole: measured.whole });
            }
        }
        self.known = true;
        motions.retain(|motion| self.rows.contains_key(&motion.path));
        motions
    }

    /// Drops what was below a path, and the path itself if asked to: without its directory nothing of it is left.
    fn forget(&mut self, path: &[u8], itself: bool) {
        let mut below = path.to_vec();
        below.push(b'/');
        let gone: Vec<_> = self
            .rows
            .range(below.clone()..)
            .map(|(path, _)| path)
            .take_while(|path| path.starts_with(&below))
            .cloned()
            .collect();
        for path in gone {
            self.rows.remove(&path);
        }
        if itself {
            self.rows.remove(path);
        }
    }

    /// Whether a row is a directory that is there only because something in it changed.
    pub fn is_implied(&self, row: &Row) -> bool {
        let entry = &row.entry;
        let plain = entry.kind == 'd' && entry.change != Change::Added && !entry.opaque;
        let told = matches!(row.deed, Some(Deed::Attributes));
        plain && !told && self.has_below(&row.path)
    }

    fn has_below(&self, path: &[u8]) -> bool {
        let mut below = path.to_vec();
        below.push(b'/');
        self.rows.range(below.clone()..).next().is_some_and(|(path, _)| path.starts_with(&below))
    }

    /// What is drawn in the sheet, the newest first, at most `most`; and how many there are without that limit.
    pub fn sheet(&self, most: usize) -> (Vec<&Row>, usize) {
        let mut rows: Vec<&Row> = self.rows.values().filter(|row| !self.is_implied(row)).collect();
        let all = rows.len();
        rows.sort_by_key(|row| std::cmp::Reverse(row.born));
        rows.truncate(most);
        (rows, all)
    }

    /// Every path as a tree: each below the directories that it lies in, also those that the layer doesn't have.
    pub fn tree(&self) -> Vec<Branch<'_>> {
        let mut paths: Vec<Vec<&[u8]>> =
            self.rows.keys().map(|path| path.split(|b| *b == b'/').collect()).collect();
        paths.sort();
        let mut tree: Vec<Branch<'_>> = Vec::with_capacity(paths.len());
        let mut last: Vec<&[u8]> = Vec::new();
        for path in paths {
            let common = path.iter().zip(&last).take_while(|(a, b)| a == b).count();
            for depth in common..path.len() {
                let whole = path[..=depth].join(&b'/');
                let row = self.rows.get(&whole);
                tree.push(Branch { depth, name: path[depth].to_vec(), path: whole, row });
            }
            last = path;
        }
        tree
    }

    /// How many paths of each layer below the writable one hides or deletes.
    pub fn covered(&self, layers: usize) -> Vec<usize> {
        let mut covered = vec![0; layers];
        for row in self.rows.values().filter(|row| row.entry.kind != 'd' || row.entry.opaque) {
            if let Some(count) = row.entry.from.and_then(|from| covered.get_mut(from)) {
                *count += 1;
            }
        }
        covered
    }

    /// Adds it all up.
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for row in self.rows.values() {
            let entry = &row.entry;
            match row.letter() {
                'A' => totals.added += 1,
                'D' => totals.deleted += 1,
                _ => totals.modified += 1,
            }
            if !matches!(entry.kind, 'f' | 'l') {
                continue;
            }
            let changed = row.changed();
            totals.copied += entry.copied;
            totals.held += entry.size;
            totals.changed += changed.bytes;
            totals.at_least |= !changed.whole;
        }
        totals
    }
}
