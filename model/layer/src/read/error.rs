//! Why a layer was not read.

use std::{fmt, io};

use thiserror::Error;

use crate::{Escaped, Kind, PathError};

/// Reading a layer failed.
#[derive(Debug)]
pub enum ReadError<E> {
    /// The source failed.
    Io {
        /// Bytes of the uncompressed tar that were read before.
        offset: u64,
        /// What the source said.
        source: io::Error,
    },
    /// The tar is damaged, hostile or beyond a limit.
    Refused(Refusal),
    /// The sink failed.
    Sink(E),
}

/// What in a tar was refused, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Where the entry's first header starts in the uncompressed tar.
    pub offset: u64,
    /// The entry's name as it stands in the tar, if it was read.
    pub path: Option<Box<[u8]>>,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong with an entry of a tar.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Problem {
    /// The tar ends inside an entry.
    #[error("the archive ends in the middle of the entry")]
    Truncated,
    /// A header's checksum is not that of its bytes.
    #[error("the header's checksum is {actual}: its bytes sum to {expected}")]
    Checksum {
        /// What the header says.
        actual: u64,
        /// The sum of its bytes.
        expected: u64,
    },
    /// A block of zeros that is not the end.
    #[error("a single block of zeros stands between two entries")]
    LoneZeroBlock,
    /// A field is not a number, or one out of range.
    #[error("the {field} is not a number in range")]
    Number {
        /// Which field.
        field: &'static str,
    },
    /// A PAX header is not a list of `length key=value` records.
    #[error("the PAX header is malformed")]
    Pax,
    /// A name or PAX header that belongs to no entry.
    #[error("the extension header is not followed by an entry")]
    Dangling,
    /// A sparse map overlaps, runs past the end, or does not fit the data.
    #[error("the map of the sparse file is malformed")]
    Sparse,
    /// A type of entry that layers do not have.
    #[error("entries of type {:?} are not supported", char::from(*.flag))]
    Type {
        /// The type flag in its header.
        flag: u8,
    },
    /// The name cannot be a path inside a layer.
    #[error(transparent)]
    Path(#[from] PathError),
    /// The root is not a directory.
    #[error("the layer's root is not a directory")]
    Root,
    /// A component above the entry is neither a directory nor a symlink to one.
    #[error("{} is not a directory", Escaped(.0))]
    Parent(Box<[u8]>),
    /// Symlinks above the entry lead in a circle.
    #[error("too many symlinks lead to the entry")]
    Loop,
    /// A symlink with a target that is empty, too long or has a zero byte.
    #[error("the symlink's target is not a path")]
    SymlinkTarget,
    /// A hard link to nothing that stands earlier in the layer.
    #[error("the hard link's target {} is not an earlier file of the layer", Escaped(.0))]
    MissingTarget(Box<[u8]>),
    /// A hard link to something that cannot have two names.
    #[error("the hard link's target {} is a {kind:?}", Escaped(.path))]
    Target {
        /// Its path.
        path: Box<[u8]>,
        /// What it is.
        kind: Kind,
    },
    /// `.wh.` without a name, `.wh..`, `.wh...` or something below a whiteout.
    #[error("the name is not that of a whiteout")]
    Whiteout,
    /// More of something than the limits allow.
    #[error("the layer has more than {allowed} {what}")]
    Limit {
        /// Of what.
        what: &'static str,
        /// How much is allowed.
        allowed: u64,
    },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.path {
            Some(path) => {
                write!(f, "entry {} at byte {} of the layer: {}", Escaped(path), self.offset, self.problem)
            }
            None => write!(f, "byte {} of the layer: {}", self.offset, self.problem),
        }
    }
}

impl std::error::Error for Refusal {}

impl<E: fmt::Display> fmt::Display for ReadError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { offset, .. } => write!(f, "cannot read the layer after byte {offset}"),
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Sink(error) => error.fmt(f),
        }
    }
}

impl<E: std::error::Error> std::error::Error for ReadError<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            Self::Refused(_) => None,
            Self::Sink(error) => error.source(),
        }
    }
}

impl<E> From<Refusal> for ReadError<E> {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}
