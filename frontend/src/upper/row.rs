//! A path of the writable layer, and what it is called.

use strata_api::{
    explorer::Change,
    live::{Deed, UpperEntry},
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

/// How much of a file is other than below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Changed {
    /// Bytes.
    pub bytes: u64,
    /// Whether it is so many, or at least so many.
    pub whole: bool,
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
    /// Where it was before it was moved.
    pub from: Option<Vec<u8>>,
    /// How much of it is other than what it was copied from, once that was found out.
    pub changed: Option<Changed>,
    /// The event that touched it last; none if it was there when the page came.
    pub deed: Option<Deed>,
}

impl Row {
    /// `docker diff`'s letter.
    pub fn letter(&self) -> char {
        self.did.letter(&self.entry)
    }

    /// How much of it is other than below: measured, or what its size and attributes tell.
    pub fn changed(&self) -> Changed {
        let exact = |bytes| Changed { bytes, whole: true };
        let UpperEntry { change, size, copied, .. } = self.entry;
        match change {
            Change::Deleted => exact(0),
            _ if copied > 0 && self.changed.is_some() => self.changed.unwrap_or(exact(0)),
            Change::Metadata | Change::Same => exact(0),
            Change::Added | Change::Modified if copied == 0 => exact(size),
            Change::Added | Change::Modified => Changed { bytes: size.abs_diff(copied), whole: false },
        }
    }
}

/// What a layer that has `entry` did, after `deed`; `old` is what it had there before.
pub(super) fn did(entry: &UpperEntry, deed: &Deed, old: Option<&Row>) -> Did {
    let renamed = matches!(deed, Deed::Renamed { .. }) || old.is_some_and(|old| old.did == Did::Renamed);
    match entry.change {
        _ if entry.kind == 'w' => Did::WhitedOut,
        Change::Deleted => Did::WhitedOut,
        _ if entry.opaque && entry.from.is_some() => Did::MadeOpaque,
        _ if renamed => Did::Renamed,
        Change::Added => Did::Created,
        Change::Metadata => Did::Attributes,
        Change::Same => Did::Same,
        Change::Modified if entry.copied > 0 || *deed == Deed::CopiedUp => Did::CopiedUp,
        // Written to and still counted as copied while the page looks: not what a replacement is.
        Change::Modified if old.is_some_and(|old| old.did == Did::CopiedUp) => Did::CopiedUp,
        Change::Modified => Did::Replaced,
    }
}
