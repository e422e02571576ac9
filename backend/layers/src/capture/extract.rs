//! `docker cp` into a container, and what a build copies into an image.

use std::{
    fs::File,
    io::{Read, Seek as _, Write as _},
    os::fd::{AsRawFd as _, OwnedFd},
    path::Path,
};

use rustix::{
    fs::{self, AtFlags, FileType, Gid, Mode, OFlags, Timespec, Timestamps, Uid, XattrFlags},
    io::Errno,
};
use strata_layer::{Entry, Kind, LayerPath, Limits, ReadError, Sink, read_layer};

use super::{
    ArchiveError, Marks, Tree,
    inside::Inside,
    owners::given,
    scan::scan,
    xattrs::{is_overlays, place},
};
use crate::walk::FOLDER;

/// How an archive is extracted.
#[derive(Clone, Debug, Default)]
pub struct ExtractOptions {
    /// Fail rather than put a file in place of a directory or the other way round.
    pub keep_kinds: bool,
    /// Who owns all of it; else who the archive says.
    pub owner: Option<(u32, u32)>,
    /// Whether files lose their set-user-id and set-group-id bits, as by a chown(2) afterwards.
    pub drop_set_ids: bool,
    /// The permissions of all of it but symlinks; else those that the archive says.
    pub mode: Option<u32>,
    /// Fail rather than make a device.
    pub no_devices: bool,
    /// What is accepted.
    pub limits: Limits,
}

/// Extracts an uncompressed tar to the directory `folder` inside of `root`. Directories merge, all else replaces what
/// is there. On an error what was extracted stays, as with docker.
pub fn extract(
    root: &Path,
    folder: &[u8],
    mut tar: impl Read,
    options: &ExtractOptions,
) -> Result<(), ArchiveError> {
    let mut extraction = Extraction::new(root, folder, options)?;
    match read_layer(&mut tar, &options.limits, &mut extraction) {
        Ok(_) => extraction.finish(),
        Err(ReadError::Sink(error)) => Err(error),
        Err(ReadError::Refused(refusal)) => Err(ArchiveError::Refused(refusal)),
        Err(ReadError::Io { source, .. }) => Err(ArchiveError::Input(source)),
    }
}

/// Puts entries in the directory `folder` inside of `root`, as if they came out of a tar: `give` hands them on, parents first,
/// each path once and none through a symlink of another.
pub fn fill(
    root: &Path,
    folder: &[u8],
    options: &ExtractOptions,
    give: impl FnOnce(&mut dyn Sink<Error = ArchiveError>) -> Result<(), ArchiveError>,
) -> Result<(), ArchiveError> {
    let mut extraction = Extraction::new(root, folder, options)?;
    give(&mut extraction)?;
    extraction.finish()
}

struct Extraction<'a> {
    inside: Inside,
    /// Where to, from the root.
    base: Vec<u8>,
    options: &'a ExtractOptions,
    /// Directories, whose times change until all is there.
    times: Vec<(LayerPath, Timespec)>,
    /// The directory that the last entry was in.
    parent: Option<(LayerPath, Folder)>,
    buffer: Vec<u8>,
    /// User and group of this process.
    own: (Uid, Gid),
}

/// A directory that files are put in, and what its files were seen to get without being given it: owners depend on its
/// set-group-id bit and how it is mounted, permissions on the umask and its default ACL.
struct Folder {
    file: OwnedFd,
    given: Option<(Uid, Gid)>,
    /// Permissions that files got when they were asked for.
    granted: u32,
}

const NEW: OFlags =
    OFlags::WRONLY.union(OFlags::CREATE).union(OFlags::EXCL).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

impl Sink for Extraction<'_> {
    type Error = ArchiveError;

    fn entry(&mut self, entry: &Entry, content: &mut dyn Read) -> Result<(), ArchiveError> {
        if entry.kind == Kind::Whiteout {
            return Err(ArchiveError::Mark(entry.path.as_bytes().to_vec()));
        }
        // The directory that is extracted to stays as it is.
        let (Some(parent), Some(name)) = (entry.path.parent(), entry.path.name()) else { return Ok(()) };
        let mut folder = match self.parent.take() {
            Some((path, folder)) if path == parent => folder,
            _ => Folder { file: self.open(&parent)?, given: None, granted: 0 },
        };
        self.put(entry, &mut folder, name, content)?;
        // What it was may have been replaced by anything else.
        if entry.kind == Kind::File {
            self.parent = Some((parent, folder));
        }
        Ok(())
    }

    fn opaque(&mut self, directory: &LayerPath) -> Result<(), ArchiveError> {
        Err(ArchiveError::Mark(directory.as_bytes().to_vec()))
    }
}

impl<'a> Extraction<'a> {
    fn new(root: &Path, folder: &[u8], options: &'a ExtractOptions) -> Result<Self, ArchiveError> {
        let inside = Inside::open(root)?;
        // The slash at the end: a symlink to a directory is followed.
        let base = inside.find(&[folder, b"/"].concat())?;
        let base = inside.path_of(&base.folder).map_err(ArchiveError::io("find", folder))?;
        let own = (rustix::process::geteuid(), rustix::process::getegid());
        Ok(Self { inside, base, options, times: Vec::new(), parent: None, buffer: Vec::new(), own })
    }

    /// Opens a directory of the archive where it is extracted; symlinks of the container are followed inside.
    fn open(&self, path: &LayerPath) -> Result<OwnedFd, ArchiveError> {
        let full = [&self.base[..], b"/", path.as_bytes()].concat();
        self.inside
            .resolve(&full, OFlags::RDONLY | OFlags::DIRECTORY)
            .map_err(|error| ArchiveError::from_errno("open", &full, error))
    }

    fn put(
        &mut self,
        entry: &Entry,
        folder: &mut Folder,
        name: &[u8],
        content: &mut dyn Read,
    ) -> Result<(), ArchiveError> {
        let path = entry.path.as_bytes();
        match entry.kind {
            Kind::File => return self.file(entry, folder, name, content),
            Kind::Directory => return self.directory(entry, &folder.file, name),
            _ => {}
        }
        let folder = &folder.file;
        self.make_room(path, folder, name)?;
        let fail = || ArchiveError::io("create", path);
        match entry.kind {
            Kind::Hardlink => {
                let target = entry.target().expect("a hard link has a target");
                let from = self.open(&target.parent().unwrap_or_default())?;
                let old = target.name().unwrap_or_default();
                fs::linkat(&from, old, folder, name, AtFlags::empty()).map_err(|error| fail()(error.into()))
            }
            Kind::Symlink => {
                fs::symlinkat(&*entry.link, folder, name).map_err(|error| fail()(error.into()))?;
                self.dress_symlink(entry, folder, name).map_err(|error| fail()(error))
            }
            _ => self.node(entry, folder, name).map_err(|error| fail()(error)),
        }
    }

    /// A file. What it was made with is not asked for again.
    fn file(
        &mut self,
        entry: &Entry,
        folder: &mut Folder,
        name: &[u8],
        content: &mut dyn Read,
    ) -> Result<(), ArchiveError> {
        let path = entry.path.as_bytes();
        let fail = || ArchiveError::io::<std::io::Error>("create", path);
        let (owner, mode) = (self.owner(entry), self.mode(entry));
        // Until it is its owner's nobody else may have it.
        let asked = if owner == self.own { mode & 0o777 } else { 0o600 };
        let create = || fs::openat(&folder.file, name, NEW, Mode::from(asked));
        let file = match create() {
            Err(Errno::EXIST) => {
                self.make_room(path, &folder.file, name)?;
                create()
            }
            other => other,
        };
        let mut file = File::from(file.map_err(|error| fail()(error.into()))?);
        self.content(entry, content, &mut file).map_err(|error| fail()(error))?;
        let file = OwnedFd::from(file);
        if folder.given == Some(owner) && asked == mode && asked & !folder.granted == 0 {
            return self.date(entry, &file).map_err(|error| fail()(error));
        }
        let made = fs::fstat(&file).map_err(|error| fail()(error.into()))?;
        folder.given = Some((Uid::from_raw(made.st_uid), Gid::from_raw(made.st_gid)));
        folder.granted |= made.st_mode & asked;
        self.dress(entry, &file).map_err(|error| fail()(error))
    }

    fn directory(&mut self, entry: &Entry, folder: &OwnedFd, name: &[u8]) -> Result<(), ArchiveError> {
        let path = entry.path.as_bytes();
        let fail = || ArchiveError::io::<std::io::Error>("create", path);
        match fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            // What the archive does not list but needs may be a symlink to a directory, too.
            Ok(_) if entry.implied => return Ok(()),
            Ok(found) if FileType::from_raw_mode(found.st_mode) == FileType::Directory => {}
            Ok(_) if self.options.keep_kinds => return Err(ArchiveError::OverFile(path.to_vec())),
            found => {
                if found.is_ok() {
                    fs::unlinkat(folder, name, AtFlags::empty()).map_err(|error| fail()(error.into()))?;
                }
                fs::mkdirat(folder, name, Mode::RWXU).map_err(|error| fail()(error.into()))?;
            }
        }
        let made = fs::openat(folder, name, FOLDER, Mode::empty()).map_err(|error| fail()(error.into()))?;
        self.dress(entry, &made).map_err(|error| fail()(error))?;
        if !entry.implied {
            self.times.push((entry.path.clone(), time(entry)));
        }
        Ok(())
    }

    fn make_room(&self, path: &[u8], folder: &OwnedFd, name: &[u8]) -> Result<(), ArchiveError> {
        let fail = || ArchiveError::io::<std::io::Error>("replace", path);
        let found = match fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(found) => FileType::from_raw_mode(found.st_mode),
            Err(Errno::NOENT) => return Ok(()),
            Err(error) => return Err(fail()(error.into())),
        };
        if found != FileType::Directory {
            return fs::unlinkat(folder, name, AtFlags::empty()).map_err(|error| fail()(error.into()));
        }
        if self.options.keep_kinds {
            return Err(ArchiveError::OverDirectory(path.to_vec()));
        }
        let doomed = fs::openat(folder, name, FOLDER, Mode::empty()).map_err(|error| fail()(error.into()))?;
        empty(doomed)?;
        fs::unlinkat(folder, name, AtFlags::REMOVEDIR).map_err(|error| fail()(error.into()))
    }

    fn content(&mut self, entry: &Entry, content: &mut dyn Read, file: &mut File) -> std::io::Result<()> {
        self.buffer.resize(256 << 10, 0);
        loop {
            match content.read(&mut self.buffer)? {
                0 => break,
                length if entry.sparse.is_some() && self.buffer[..length].iter().all(|byte| *byte == 0) => {
                    file.seek_relative(length as i64)?;
                }
                length => file.write_all(&self.buffer[..length])?,
            }
        }
        if entry.sparse.is_some() { file.set_len(entry.size) } else { Ok(()) }
    }

    /// A device or a pipe.
    fn node(&self, entry: &Entry, folder: &OwnedFd, name: &[u8]) -> std::io::Result<()> {
        if self.options.no_devices && entry.kind != Kind::Fifo {
            return Err(std::io::Error::other("devices are not accepted here"));
        }
        let kind = match entry.kind {
            Kind::CharDevice => FileType::CharacterDevice,
            Kind::BlockDevice => FileType::BlockDevice,
            _ => FileType::Fifo,
        };
        let device = fs::makedev(entry.device.major, entry.device.minor);
        fs::mknodat(folder, name, kind, Mode::RUSR | Mode::WUSR, device)?;
        let made =
            fs::openat(folder, name, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?;
        if FileType::from_raw_mode(fs::fstat(&made)?.st_mode) != kind {
            return Err(std::io::Error::other("somebody put something else in its place"));
        }
        let (uid, gid) = self.owner(entry);
        given(fs::chownat(&made, "", Some(uid), Some(gid), AtFlags::EMPTY_PATH))?;
        // By its name a symlink put in its place meanwhile would be followed, out of the container.
        fs::chmod(format!("/proc/self/fd/{}", made.as_raw_fd()), Mode::from(self.mode(entry)))?;
        Ok(fs::utimensat(folder, name, &times(time(entry)), AtFlags::SYMLINK_NOFOLLOW)?)
    }

    /// Owner, mode, attributes and time of what is open.
    fn dress(&self, entry: &Entry, file: &OwnedFd) -> std::io::Result<()> {
        let (uid, gid) = self.owner(entry);
        given(fs::fchown(file, Some(uid), Some(gid)))?;
        fs::fchmod(file, Mode::from(self.mode(entry)))?;
        self.date(entry, file)
    }

    /// Attributes and time of what is open.
    fn date(&self, entry: &Entry, file: &OwnedFd) -> std::io::Result<()> {
        for xattr in entry.xattrs.iter().filter(|xattr| !is_overlays(&xattr.name)) {
            tolerate(fs::fsetxattr(file, &*xattr.name, &xattr.value, XattrFlags::empty()))?;
        }
        Ok(fs::futimens(file, &times(time(entry)))?)
    }

    fn dress_symlink(&self, entry: &Entry, folder: &OwnedFd, name: &[u8]) -> std::io::Result<()> {
        let (uid, gid) = self.owner(entry);
        given(fs::chownat(folder, name, Some(uid), Some(gid), AtFlags::SYMLINK_NOFOLLOW))?;
        for xattr in entry.xattrs.iter().filter(|xattr| !is_overlays(&xattr.name)) {
            let set = fs::lsetxattr(place(folder, name), &*xattr.name, &xattr.value, XattrFlags::empty());
            tolerate(set)?;
        }
        Ok(fs::utimensat(folder, name, &times(time(entry)), AtFlags::SYMLINK_NOFOLLOW)?)
    }

    fn mode(&self, entry: &Entry) -> u32 {
        let mode = u32::from(entry.mode);
        match self.options.mode {
            Some(mode) => mode,
            None if self.options.drop_set_ids && entry.kind == Kind::File => {
                // Without the group's right to run it, the bit means something else and stays.
                mode & !if mode & 0o010 == 0 { 0o4000 } else { 0o6000 }
            }
            None => mode,
        }
    }

    fn owner(&self, entry: &Entry) -> (Uid, Gid) {
        let (uid, gid) = self.options.owner.unwrap_or((entry.uid, entry.gid));
        (Uid::from_raw(uid), Gid::from_raw(gid))
    }

    /// Sets what had to wait, deepest first.
    fn finish(mut self) -> Result<(), ArchiveError> {
        for (path, time) in std::mem::take(&mut self.times).into_iter().rev() {
            let fail = ArchiveError::io("set the time of", path.as_bytes());
            fs::futimens(self.open(&path)?, &times(time)).map_err(fail)?;
        }
        Ok(())
    }
}

/// Removes everything in a directory that others may be busy in: each thing is looked up from the top again, so
/// what was moved away is not followed.
fn empty(folder: OwnedFd) -> Result<(), ArchiveError> {
    let tree = Tree::of(folder, Path::new(""));
    let mut doomed = Vec::new();
    scan(&tree, Marks::Copy, &LayerPath::root(), false, &mut |item| {
        doomed.push((item.path.clone(), item.is_directory()));
        Ok(true)
    })?;
    for (path, directory) in doomed.into_iter().rev() {
        let flags = if directory { AtFlags::REMOVEDIR } else { AtFlags::empty() };
        let removed = tree.place(&path).and_then(|at| fs::unlinkat(&at.folder, &at.name[..], flags));
        match removed {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(error) => return Err(ArchiveError::io("remove", path.as_bytes())(error)),
        }
    }
    Ok(())
}

fn tolerate(set: Result<(), Errno>) -> std::io::Result<()> {
    match set {
        Err(Errno::NOTSUP | Errno::PERM) => Ok(()),
        other => Ok(other?),
    }
}

fn time(entry: &Entry) -> Timespec {
    Timespec { tv_sec: entry.mtime.seconds, tv_nsec: i64::from(entry.mtime.nanos) }
}

fn times(time: Timespec) -> Timestamps {
    Timestamps { last_access: time, last_modification: time }
}
