//! What is known of a path.

use rustix::fs::{FileType, Stat};
use strata_layer::{Change, LayerPath};
use strata_layers::{Below, CaptureError, Found, Mark, Marks, Tree, difference};

use super::{Entry, EntryKind};

/// What a writable directory has at a path, and what is below.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub stat: Stat,
    pub mark: Mark,
    pub below: Option<Found>,
    /// Whether it came from below, under this name or another.
    pub copied_up: bool,
    /// Bytes that were copied for it.
    pub copied: u64,
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
        let copied_up = mark != Mark::Whiteout
            && found.is_some_and(|found| marks.is_copied_up(tree, path, &stat, &found.stat));
        let copied = match found {
            Some(found) if copied_up => content(&found.stat),
            _ => 0,
        };
        Ok(Some(Self { stat, mark, below: found, copied_up, copied }))
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
            copied: self.copied,
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
