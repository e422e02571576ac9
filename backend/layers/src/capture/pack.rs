//! Things of a tree → members of an archive.

use std::{collections::HashMap, fs::File, io::Write, os::fd::OwnedFd};

use rustix::{
    fs::{self, FileType, Mode, OFlags, Stat},
    io::Errno,
};
use strata_layer::{LayerPath, Xattr};

use super::{
    CaptureError,
    owners::in_containers,
    tar::{Failure, Map, Member, Type, Writer, xattr_fits},
    xattrs::{mtime, xattrs, xattrs_of},
};

/// An archive that is being made of a tree.
pub(crate) struct Pack<W> {
    pub(super) writer: Writer<W>,
    /// Files with several names, by device and inode: the name that came first.
    links: HashMap<(u64, u64), Vec<u8>>,
    pub(super) members: u64,
}

/// Whether something is in the archive now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packed {
    Yes,
    /// It was gone before it could be read.
    Gone,
    /// A socket: archives have none.
    Socket,
}

impl<W: Write> Pack<W> {
    pub(crate) fn new(out: W) -> Self {
        Self { writer: Writer::new(out), links: HashMap::new(), members: 0 }
    }

    /// Adds `name` in `folder` under the name `shown`. `path` is for errors.
    pub(crate) fn add(
        &mut self,
        folder: &OwnedFd,
        name: &[u8],
        stat: &Stat,
        shown: &[u8],
        path: &LayerPath,
    ) -> Result<Packed, CaptureError> {
        let kind = match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => Type::File,
            FileType::Directory => Type::Directory,
            FileType::Symlink => Type::Symlink,
            FileType::CharacterDevice => Type::CharDevice,
            FileType::BlockDevice => Type::BlockDevice,
            FileType::Fifo => Type::Fifo,
            _ => return Ok(Packed::Socket),
        };
        if let Some(first) = self.first_name(stat, kind, shown) {
            let member = Member { link: &first, ..member(Type::Hardlink, shown, stat) };
            return self.write(|writer| writer.member(&member));
        }
        if kind == Type::File {
            return self.file(folder, name, &member(kind, shown, stat), path);
        }
        let attributes = match xattrs(folder, name) {
            Ok(found) => fitting(found),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Packed::Gone),
            Err(error) => return Err(CaptureError::io("read the attributes of", path)(error)),
        };
        let member = Member { xattrs: &attributes, ..member(kind, shown, stat) };
        match kind {
            Type::Symlink => match fs::readlinkat(folder, name, Vec::new()) {
                Ok(target) => {
                    let member = Member { link: target.as_bytes(), ..member };
                    self.write(|writer| writer.member(&member))
                }
                Err(Errno::NOENT | Errno::INVAL) => Ok(Packed::Gone),
                Err(error) => Err(CaptureError::io("read", path)(error)),
            },
            _ => self.write(|writer| writer.member(&member)),
        }
    }

    /// Adds an empty file that means something by its name.
    pub(crate) fn mark(&mut self, shown: &[u8]) -> Result<(), CaptureError> {
        self.write(|writer| writer.mark(shown)).map(drop)
    }

    /// The name under which a file with several is in the archive already.
    fn first_name(&mut self, stat: &Stat, kind: Type, shown: &[u8]) -> Option<Vec<u8>> {
        if stat.st_nlink < 2 || kind == Type::Directory {
            return None;
        }
        let inode = (stat.st_dev, stat.st_ino);
        let known = self.links.get(&inode).cloned();
        if known.is_none() {
            self.links.insert(inode, shown.to_vec());
        }
        known
    }

    fn file(
        &mut self,
        folder: &OwnedFd,
        name: &[u8],
        member: &Member<'_>,
        path: &LayerPath,
    ) -> Result<Packed, CaptureError> {
        let gone = |links: &mut HashMap<_, Vec<u8>>| {
            links.retain(|_, first| first != member.name);
            Ok(Packed::Gone)
        };
        // Should it have become a pipe meanwhile, opening must not wait for its other end.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = match fs::openat(folder, name, flags, Mode::empty()) {
            Ok(file) => File::from(file),
            Err(Errno::NOENT | Errno::LOOP | Errno::NXIO) => return gone(&mut self.links),
            Err(error) => return Err(CaptureError::io("open", path)(error)),
        };
        let stat = fs::fstat(&file).map_err(CaptureError::io("look at", path))?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return gone(&mut self.links);
        }
        let size = u64::try_from(stat.st_size).unwrap_or(0);
        let attributes = xattrs_of(&file).map_err(CaptureError::io("read the attributes of", path))?;
        let attributes = fitting(attributes);
        let member = Member { size, mtime: mtime(&stat), xattrs: &attributes, ..member.clone() };
        let blocks = u64::try_from(stat.st_blocks).unwrap_or(0);
        let map = Map::of(&file, size, blocks).map_err(CaptureError::io("read", path))?;
        let written = match map {
            Some(map) => self.writer.sparse_file(&member, &map, &file),
            None => self.writer.file(&member, &mut &file),
        };
        written.map_err(|failure| match failure {
            Failure::Content(error) => CaptureError::io("read", path)(error),
            Failure::Output(error) => CaptureError::Output(error),
        })?;
        self.members += 1;
        Ok(Packed::Yes)
    }

    fn write(
        &mut self,
        member: impl FnOnce(&mut Writer<W>) -> std::io::Result<()>,
    ) -> Result<Packed, CaptureError> {
        member(&mut self.writer).map_err(CaptureError::Output)?;
        self.members += 1;
        Ok(Packed::Yes)
    }
}

/// The attributes that an archive can hold.
fn fitting(mut attributes: Vec<Xattr>) -> Vec<Xattr> {
    attributes.retain(xattr_fits);
    attributes
}

/// What all kinds of members have.
fn member<'a>(kind: Type, name: &'a [u8], stat: &Stat) -> Member<'a> {
    let device = match kind {
        Type::CharDevice | Type::BlockDevice => (fs::major(stat.st_rdev), fs::minor(stat.st_rdev)),
        _ => (0, 0),
    };
    let (uid, gid) = in_containers(stat);
    Member {
        kind,
        name,
        mode: stat.st_mode & 0o7777,
        uid,
        gid,
        mtime: mtime(stat),
        size: 0,
        link: b"",
        device,
        xattrs: &[],
    }
}
