//! What is known of a path.

use rustix::fs::{FileType, Stat};
use strata_layer::{Change, LayerPath};
use strata_layers::{Below, CaptureError, Found, Mark, Marks, Tree, difference};

use super::{Entry, EntryKind, origin};

/// What a writable directory has at a path, and what is below.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub stat: Stat,
    pub mark: Mark,
    pub below: Option<Found>,
    /// Whether it came from below, under this name or another.
    pub copied_up: bool,
    /// The file of a layer that it was copied from, as far as overlay noted it.
    pub origin: Option<Stat>,
}

impl Seen {
    /// Looks at what the directory has at `path`. A whiteout of nothing is nothing.
    pub(super) fn of(
        path: &LayerPath,
        (stat, mark): (Stat, Mark),
        tree: &Tree,
        marks: Marks,
        below: &mut Below,
    ) -> Result<Option<Self>, CaptureError> {
        let found = below.find(path)?;
        if mark == Mark::Whiteout && found.is_none() {
            return Ok(None);
        }
        let noted = if mark == Mark::Whiteout { None } else { marks.origin(tree, path) };
        let copied_up = mark != Mark::Whiteout
            && found.is_some_and(|found| marks.is_copied_up(noted.as_deref(), &stat, &found.stat));
        let is_file = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
        let origin = noted.filter(|_| is_file).and_then(|note| origin::find(below, &note));
        Ok(Some(Self { stat, mark, below: found, copied_up, origin }))
    }

    /// Bytes that were copied for it: the size of what it was copied from. It says the same whenever it is asked,
    /// whatever was seen before. (A file that was opened to be emptied is copied without its content, and nothing tells.)
    pub(super) fn copied(&self) -> u64 {
        match (&self.origin, &self.below) {
            (Some(origin), _) => content(origin),
            (None, Some(found)) if self.copied_up => content(&found.stat),
            _ => 0,
        }
    }

    /// What it deletes, by its device and inode.
    pub(super) fn deleted(&self) -> Option<(u64, u64)> {
        let found = self.below.filter(|_| self.mark == Mark::Whiteout)?;
        Some((found.stat.st_dev, found.stat.st_ino))
    }

    pub(super) fn is_directory(&self) -> bool {
        self.kind() == EntryKind::Directory
    }

    pub(super) fn kind(&self) -> EntryKind {
        if self.mark == Mark::Whiteout {
            return EntryKind::Whiteout;
        }
        match FileType::from_raw_mode(self.stat.st_mode) {
            FileType::Directory => EntryKind::Directory,
            FileType::Symlink => EntryKind::Symlink,
            FileType::CharacterDevice => EntryKind::CharDevice,
            FileType::BlockDevice => EntryKind::BlockDevice,
            FileType::Fifo => EntryKind::Fifo,
            FileType::Socket => EntryKind::Socket,
            _ => EntryKind::File,
        }
    }

    pub(super) fn change(&self) -> Change {
        match &self.below {
            _ if self.mark == Mark::Whiteout => Change::Deleted,
            None => Change::Added,
            Some(found) => difference(&found.stat, &self.stat),
        }
    }

    pub(super) fn entry(&self) -> Entry {
        Entry {
            change: self.change(),
            kind: self.kind(),
            size: if self.mark == Mark::Whiteout { 0 } else { content(&self.stat) },
            from: self.below.map(|found| found.layer),
            copied: self.copied(),
            opaque: self.mark == Mark::Opaque,
        }
    }
}

/// Bytes of a file's content; 0 for all else.
pub(super) fn content(stat: &Stat) -> u64 {
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => u64::try_from(stat.st_size).unwrap_or(0),
        _ => 0,
    }
}
