//! One entry of a layer, before it becomes bytes.

use crate::MTIME;

/// How long names and large numbers are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// ustar while everything fits; else PAX, or GNU for names that are not UTF-8.
    #[default]
    Auto,
    /// ustar only; a value that doesn't fit is a mistake of the caller's.
    Ustar,
    /// PAX records for path, link target and time, even when ustar would do.
    Pax,
    /// GNU magic, `@LongLink` names and base-256 numbers.
    Gnu,
}

/// How the holes of a sparse file are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SparseForm {
    /// Type flag `S`, the map in the header and its extensions (GNU tar's old format).
    Gnu,
    /// `GNU.sparse.*` PAX records, the map before the data (GNU tar's format 1.0).
    Pax,
}

/// What an entry is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file with its content.
    File(Vec<u8>),
    /// A regular file of which only `parts` (offset, bytes) are stored; the rest reads as zeros.
    Sparse {
        /// Length of the file in bytes.
        size: u64,
        /// What is stored, by offset, in order and without overlap.
        parts: Vec<(u64, Vec<u8>)>,
        /// How it is written.
        form: SparseForm,
    },
    /// A directory.
    Directory,
    /// A symbolic link with its target.
    Symlink(Vec<u8>),
    /// A hard link to the entry of that name.
    Hardlink(Vec<u8>),
    /// A character device: major, minor.
    CharDevice(u32, u32),
    /// A block device: major, minor.
    BlockDevice(u32, u32),
    /// A named pipe.
    Fifo,
    /// Any type flag, with content; for types that readers should refuse.
    Other(u8, Vec<u8>),
}

/// One entry of a layer with its metadata.
///
/// Paths are bytes and are written as given: nothing is normalised or checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub(crate) path: Vec<u8>,
    pub(crate) kind: Kind,
    pub(crate) mode: u32,
    pub(crate) uid: u64,
    pub(crate) gid: u64,
    pub(crate) mtime: (i64, u32),
    pub(crate) names: (String, String),
    pub(crate) records: Vec<(Vec<u8>, Vec<u8>)>,
    pub(crate) format: Format,
}

impl Entry {
    /// An entry of any kind, mode 0644 (directories 0755, links 0777), owner 0:0.
    pub fn new(path: impl AsRef<[u8]>, kind: Kind) -> Self {
        let mode = match kind {
            Kind::Directory => 0o755,
            Kind::Symlink(_) => 0o777,
            _ => 0o644,
        };
        Self {
            path: path.as_ref().to_vec(),
            kind,
            mode,
            uid: 0,
            gid: 0,
            mtime: (MTIME, 0),
            names: Default::default(),
            records: Vec::new(),
            format: Format::Auto,
        }
    }

    /// A regular file.
    pub fn file(path: impl AsRef<[u8]>, content: impl AsRef<[u8]>) -> Self {
        Self::new(path, Kind::File(content.as_ref().to_vec()))
    }

    /// A directory; the trailing slash is added.
    pub fn dir(path: impl AsRef<[u8]>) -> Self {
        let mut path = path.as_ref().to_vec();
        if path.last() != Some(&b'/') {
            path.push(b'/');
        }
        Self::new(path, Kind::Directory)
    }

    /// A symbolic link at `path` that points to `target`.
    pub fn symlink(path: impl AsRef<[u8]>, target: impl AsRef<[u8]>) -> Self {
        Self::new(path, Kind::Symlink(target.as_ref().to_vec()))
    }

    /// A hard link at `path` to the earlier entry `target`.
    pub fn hardlink(path: impl AsRef<[u8]>, target: impl AsRef<[u8]>) -> Self {
        Self::new(path, Kind::Hardlink(target.as_ref().to_vec()))
    }

    /// Permission bits, with setuid, setgid and sticky.
    pub fn mode(mut self, mode: u32) -> Self {
        self.mode = mode;
        self
    }

    /// Numeric owner and group.
    pub fn owner(mut self, uid: u64, gid: u64) -> Self {
        (self.uid, self.gid) = (uid, gid);
        self
    }

    /// Names of owner and group (at most 31 bytes each).
    pub fn owner_names(mut self, user: &str, group: &str) -> Self {
        self.names = (user.into(), group.into());
        self
    }

    /// Modification time in seconds since 1970, negative before.
    pub fn mtime(mut self, seconds: i64) -> Self {
        self.mtime = (seconds, 0);
        self
    }

    /// Modification time with nanoseconds; a part of a second needs a PAX record.
    pub fn mtime_nanos(mut self, seconds: i64, nanos: u32) -> Self {
        self.mtime = (seconds, nanos);
        self
    }

    /// An extended attribute, for example `user.note` or `security.capability`.
    pub fn xattr(self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.record(format!("SCHILY.xattr.{name}"), value)
    }

    /// Any PAX record.
    pub fn record(mut self, key: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Self {
        self.records.push((key.as_ref().to_vec(), value.as_ref().to_vec()));
        self
    }

    /// How names and numbers are written.
    pub fn format(mut self, format: Format) -> Self {
        self.format = format;
        self
    }
}
