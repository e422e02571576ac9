//! A container's writable layer as its live stream tells it.
//!
//! Batches are folded into a row per path. What a row is called follows from what the layer has there now, not from
//! which event came last, so that a page that looks in late shows the same.

use std::collections::BTreeMap;

use strata_api::{
    explorer::Change,
    live::{Batch, Deed, UpperEntry},
    path,
};

/// What the writable layer did to a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Did {
    /// Something new.
    Created,
    /// Something that had another path before.
    Renamed,
    /// A file from below, copied because it changed.
    CopiedUp,
    /// What is below was replaced without being copied.
    Replaced,
    /// Mode, owner, time or extended attributes only.
    Attributes,
    /// Copied, and still as it is below.
    Same,
    /// A directory that hides everything below it.
    MadeOpaque,
    /// Deleted: a whiteout stands for it.
    WhitedOut,
}

impl Did {
    /// The word that tests look for: the wire's name of the deed.
    pub fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Renamed => "renamed",
            Self::CopiedUp | Self::Same => "copied_up",
            Self::Replaced => "modified",
            Self::Attributes => "attributes",
            Self::MadeOpaque => "made_opaque",
            Self::WhitedOut => "whited_out",
        }
    }

    /// The sign before the path.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Created => "+",
            Self::Renamed => "→",
            Self::CopiedUp | Self::Same => "↥",
            Self::Replaced => "⇄",
            Self::Attributes => "~",
            Self::MadeOpaque => "▣",
            Self::WhitedOut => "✕",
        }
    }

    /// `docker diff`'s letter.
    pub fn letter(self, entry: &UpperEntry) -> char {
        match self {
            Self::WhitedOut => 'D',
            _ if entry.change == Change::Added => 'A',
            _ => 'C',
        }
    }
}

/// A path of the writable layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The path, without a leading slash.
    pub path: Vec<u8>,
    /// What the layer has there.
    pub entry: UpperEntry,
    /// What that is.
    pub did: Did,
    /// Counts appearances: a later one is higher.
    pub born: u64,
    /// Counts events: changes with each that the path has.
    pub touched: u64,
    /// The event that touched it last; none if it was there when the page came.
    pub deed: Option<Deed>,
}

impl Row {
    /// `docker diff`'s letter.
    pub fn letter(&self) -> char {
        self.did.letter(&self.entry)
    }
}

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
    /// Bytes that changed, as far as sizes tell.
    pub changed: u64,
    /// Whether more may have changed: a file that was written to in place says no more than how its size changed.
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
            let did = did(&entry, event.deed, old);
            let same = old.is_some_and(|old| old.did == did);
            self.count += 1;
            let unchanged = batch.reset && old.is_some_and(|old| old.entry == entry);
            let row = Row {
                born: old.filter(|_| same).map_or(self.count, |old| old.born),
                touched: old.filter(|_| unchanged).map_or(self.count, |old| old.touched),
                deed: if unchanged { old.and_then(|old| old.deed) } else { Some(event.deed) },
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
            totals.copied += entry.copied;
            totals.held += entry.size;
            match entry.change {
                Change::Added => totals.changed += entry.size,
                Change::Modified if entry.copied == 0 => totals.changed += entry.size,
                Change::Modified => {
                    totals.changed += entry.size.abs_diff(entry.copied);
                    totals.at_least = true;
                }
                Change::Metadata | Change::Same | Change::Deleted => {}
            }
        }
        totals
    }
}

fn did(entry: &UpperEntry, deed: Deed, old: Option<&Row>) -> Did {
    let renamed = deed == Deed::Renamed || old.is_some_and(|old| old.did == Did::Renamed);
    match entry.change {
        _ if entry.kind == 'w' => Did::WhitedOut,
        Change::Deleted => Did::WhitedOut,
        _ if entry.opaque && entry.from.is_some() => Did::MadeOpaque,
        _ if renamed => Did::Renamed,
        Change::Added => Did::Created,
        Change::Metadata => Did::Attributes,
        Change::Same => Did::Same,
        Change::Modified if entry.copied > 0 || deed == Deed::CopiedUp => Did::CopiedUp,
        // Written to and still counted as copied while the page looks: not what a replacement is.
        Change::Modified if old.is_some_and(|old| old.did == Did::CopiedUp) => Did::CopiedUp,
        Change::Modified => Did::Replaced,
    }
}

#[cfg(test)]
mod tests {
    use strata_api::live::CowEvent;

    use super::*;

    fn entry(change: Change, kind: char, from: Option<usize>) -> UpperEntry {
        let copied = if matches!(change, Change::Modified | Change::Metadata) { 100 } else { 0 };
        let size = if matches!(kind, 'f') { 104 } else { 0 };
        UpperEntry { change, kind, size, from, copied, opaque: false }
    }

    fn event(path: &str, deed: Deed, entry: Option<UpperEntry>) -> CowEvent {
        CowEvent { at: 0, path: path.into(), deed, entry }
    }

    fn batch(reset: bool, events: Vec<CowEvent>) -> Batch {
        Batch { reset, events }
    }

    fn added(kind: char) -> Option<UpperEntry> {
        Some(entry(Change::Added, kind, None))
    }

    /// The line of the issue: each effect in its place.
    fn story() -> Vec<CowEvent> {
        let modified = |change, from| Some(entry(change, 'f', Some(from)));
        vec![
            event("etc", Deed::CopiedUp, Some(entry(Change::Metadata, 'd', Some(0)))),
            event("etc/hello", Deed::Created, added('f')),
            event("bin", Deed::CopiedUp, Some(entry(Change::Metadata, 'd', Some(0)))),
            event("bin/vi", Deed::WhitedOut, Some(entry(Change::Deleted, 'w', Some(0)))),
            event("etc/passwd", Deed::CopiedUp, modified(Change::Same, 1)),
            event("etc/passwd", Deed::Attributes, modified(Change::Metadata, 1)),
            event("etc/new", Deed::Created, added('d')),
            event("etc/group", Deed::WhitedOut, Some(entry(Change::Deleted, 'w', Some(1)))),
            event("etc/g2", Deed::Renamed, added('f')),
        ]
    }

    fn told(upper: &Upper) -> Vec<(String, &'static str, char)> {
        let (rows, _) = upper.sheet(100);
        let mut rows: Vec<_> = rows
            .iter()
            .map(|row| (String::from_utf8_lossy(&row.path).into_owned(), row.did.name(), row.letter()))
            .collect();
        rows.sort();
        rows
    }

    #[test]
    fn every_deed_is_in_its_place() {
        let mut upper = Upper::default();
        assert!(!upper.is_known());
        assert_eq!(upper.take(batch(true, Vec::new())), []);
        assert!(upper.is_known());
        let motions = upper.take(batch(false, story()));
        let lifts: Vec<_> =
            motions.iter().filter_map(|m| Some((String::from_utf8_lossy(&m.path), m.from?))).collect();
        assert_eq!(lifts, [("etc".into(), 0), ("bin".into(), 0), ("etc/passwd".into(), 1)]);
        let expected = [
            ("bin/vi", "whited_out", 'D'),
            ("etc/g2", "renamed", 'A'),
            ("etc/group", "whited_out", 'D'),
            ("etc/hello", "created", 'A'),
            ("etc/new", "created", 'A'),
            ("etc/passwd", "attributes", 'C'),
        ];
        assert_eq!(told(&upper), expected.map(|(path, did, letter)| (path.to_owned(), did, letter)));
        assert_eq!((upper.len(), upper.covered(2)), (8, vec![1, 2]));
    }

    #[test]
    fn a_page_that_comes_late_sees_the_same() {
        let mut live = Upper::default();
        live.take(batch(true, Vec::new()));
        live.take(batch(false, story()));
        let whole = live
            .rows()
            .map(|row| {
                let path = String::from_utf8_lossy(&row.path).into_owned();
                event(&path, row.deed.unwrap_or(Deed::Created), Some(row.entry.clone()))
            })
            .collect::<Vec<_>>();
        let mut late = Upper::default();
        assert_eq!(late.take(batch(true, whole.clone())), []);
        assert_eq!(told(&late), told(&live));
        assert_eq!(live.take(batch(true, whole)), [], "nothing new, so nothing moves");
    }

    #[test]
    fn what_is_gone_takes_what_it_held_along() {
        let mut upper = Upper::default();
        upper.take(batch(true, Vec::new()));
        let made = ["a", "a/b", "a/b/c", "a-side"];
        let made =
            made.map(|path| event(path, Deed::Created, added(if path == "a-side" { 'f' } else { 'd' })));
        upper.take(batch(false, made.into()));
        let motions = upper.take(batch(
            false,
            vec![
                event("x", Deed::Created, added('f')),
                event("x", Deed::Gone, None),
                event("a", Deed::Gone, None),
            ],
        ));
        assert_eq!(motions, []);
        assert_eq!(upper.rows().map(|row| row.path.as_slice()).collect::<Vec<_>>(), [b"a-side"]);
        let out = entry(Change::Deleted, 'w', Some(0));
        upper.take(batch(false, vec![event("d/e", Deed::Created, added('f'))]));
        upper.take(batch(false, vec![event("d", Deed::WhitedOut, Some(out))]));
        assert_eq!(upper.len(), 2);
    }

    #[test]
    fn bytes_copied_against_bytes_changed() {
        let mut upper = Upper::default();
        upper.take(batch(true, story()));
        let totals = upper.totals();
        assert_eq!((totals.added, totals.modified, totals.deleted), (3, 3, 2));
        assert_eq!((totals.copied, totals.changed, totals.at_least), (100, 208, false));
        let written = entry(Change::Modified, 'f', Some(0));
        upper.take(batch(false, vec![event("etc/passwd", Deed::Modified, Some(written))]));
        let totals = upper.totals();
        assert_eq!((totals.copied, totals.changed, totals.at_least), (100, 212, true));
    }

    #[test]
    fn the_tree_has_the_directories_between() {
        let mut upper = Upper::default();
        let made = ["a/b/c", "a-b", "a/b", "d"].map(|path| event(path, Deed::Created, added('f')));
        upper.take(batch(true, Vec::new()));
        for event in made {
            upper.rows.insert(
                path::decode(&event.path),
                Row {
                    path: path::decode(&event.path),
                    entry: event.entry.expect("has one"),
                    did: Did::Created,
                    born: 0,
                    touched: 0,
                    deed: None,
                },
            );
        }
        let tree: Vec<_> = upper
            .tree()
            .into_iter()
            .map(|line| (line.depth, String::from_utf8_lossy(&line.name).into_owned(), line.row.is_some()))
            .collect();
        let expected = [(0, "a", false), (1, "b", true), (2, "c", true), (0, "a-b", true), (0, "d", true)];
        assert_eq!(tree, expected.map(|(depth, name, has)| (depth, name.to_owned(), has)));
    }

    #[test]
    fn names_are_bytes() {
        let mut upper = Upper::default();
        upper.take(batch(true, vec![event("a%FF%20b", Deed::Created, added('f'))]));
        assert!(upper.row(b"a\xff b").is_some());
    }

    #[test]
    fn a_row_keeps_its_place_while_it_is_written_to() {
        let mut upper = Upper::default();
        upper.take(batch(true, Vec::new()));
        upper.take(batch(
            false,
            vec![event("a", Deed::Created, added('f')), event("b", Deed::Created, added('f'))],
        ));
        let before = upper.row(b"a").map(|row| (row.born, row.touched));
        upper.take(batch(false, vec![event("a", Deed::Modified, added('f'))]));
        let after = upper.row(b"a").map(|row| (row.born, row.touched));
        assert_eq!(before.map(|b| b.0), after.map(|a| a.0));
        assert!(before < after);
        assert_eq!(upper.sheet(1).0[0].path, b"b");
        assert_eq!(upper.sheet(1).1, 2);
    }
}
