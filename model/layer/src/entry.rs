//! One entry of a layer as it passes from an archive to a [`crate::Sink`].

use crate::LayerPath;

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Kind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// Another name of an earlier entry of the same layer.
    Hardlink,
    /// A character device.
    CharDevice,
    /// A block device.
    BlockDevice,
    /// A named pipe.
    Fifo,
    /// Not a file: the mark that a path of the layers below is deleted.
    Whiteout,
}

impl Kind {
    /// Every kind, in the order of their numbers.
    pub const ALL: [Self; 8] = [
        Self::File,
        Self::Directory,
        Self::Symlink,
        Self::Hardlink,
        Self::CharDevice,
        Self::BlockDevice,
        Self::Fifo,
        Self::Whiteout,
    ];

    /// The letter that `ls -l` starts a line with; `h` for a hard link, `w` for a whiteout.
    pub fn letter(self) -> char {
        match self {
            Self::File => '-',
            Self::Directory => 'd',
            Self::Symlink => 'l',
            Self::Hardlink => 'h',
            Self::CharDevice => 'c',
            Self::BlockDevice => 'b',
            Self::Fifo => 'p',
            Self::Whiteout => 'w',
        }
    }
}

/// A moment: seconds since 1970, may be negative, and nanoseconds after that second, below 1,000,000,000.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    /// Whole seconds, rounded down.
    pub seconds: i64,
    /// What is left, 0 to 999,999,999.
    pub nanos: u32,
}

/// A device's number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Device {
    /// The driver.
    pub major: u32,
    /// The driver's own number.
    pub minor: u32,
}

/// An extended attribute. Names and values are bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Xattr {
    /// With its namespace: `security.capability`.
    pub name: Box<[u8]>,
    /// Any bytes, zeros too.
    pub value: Box<[u8]>,
}

impl Xattr {
    /// Sorts by name; of several with one name the last stays.
    pub(crate) fn keep_last(xattrs: &mut Vec<Self>) {
        xattrs.sort_by(|a, b| a.name.cmp(&b.name));
        xattrs.reverse();
        xattrs.dedup_by(|earlier, later| earlier.name == later.name);
        xattrs.reverse();
    }

    pub(crate) fn bytes(xattrs: &[Self]) -> usize {
        xattrs.iter().map(|xattr| xattr.name.len() + xattr.value.len()).sum()
    }
}

/// A run of data in a sparse file; between runs there are zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Where it starts in the file.
    pub start: u64,
    /// Its bytes.
    pub len: u64,
}

/// An accepted entry of a layer. Its path and, for a hard link, its target are safe; nothing else is checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where it goes. For a whiteout, what it deletes: the `.wh.` is gone.
    pub path: LayerPath,
    /// What it is.
    pub kind: Kind,
    /// Permissions with setuid, setgid and sticky: at most `0o7777`.
    pub mode: u16,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Time of modification; 1970 for an implied directory.
    pub mtime: Timestamp,
    /// Bytes of content to be read: the unpacked size of a file, 0 for all else.
    pub size: u64,
    /// Where the content starts in the uncompressed tar.
    pub offset: u64,
    /// A symlink's target as it stands; the path of what a hard link names; empty for all else.
    pub link: Box<[u8]>,
    /// A device's number; zero for all else.
    pub device: Device,
    /// Extended attributes sorted by name, each name once. For hard links they are its header's.
    pub xattrs: Vec<Xattr>,
    /// For a sparse file, its data; nothing for a plain file.
    pub sparse: Option<Box<[Segment]>>,
    /// A directory that the archive needs but does not list: 0755, owned by root.
    pub implied: bool,
    /// A directory known to hide all that the layers below have in it. What this layer has in it stays. The mark may
    /// also come later: see [`crate::Sink::opaque`].
    pub opaque: bool,
    /// What this layer had at the path already. Directory over directory keeps what is in it; in all other cases
    /// the earlier one, with all below it, is gone and this one takes its place.
    pub replaces: Option<Kind>,
}

impl Entry {
    /// The path that a hard link names; nothing for all else.
    pub fn target(&self) -> Option<LayerPath> {
        (self.kind == Kind::Hardlink).then(|| LayerPath::trusted(&self.link))
    }
}
