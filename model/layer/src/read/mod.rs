//! An uncompressed tar → entries for a [`Sink`] and a [`LayerIndex`], in one pass.
//!
//! What the names in an archive mean:
//!
//! | last component | meaning |
//! | --- | --- |
//! | `.wh..wh..opq` | the directory is opaque |
//! | `.wh..wh.…`, also above the last | metadata of aufs, ignored |
//! | `.wh.NAME` | NAME is deleted |
//! | any other | an entry |
//!
//! A character device 0:0 is what overlayfs keeps as a whiteout, so it is one here, whatever its name.

mod error;
mod sink;

use std::io::Read;

pub use error::{Problem, ReadError, Refusal};
pub use sink::Sink;
use xxhash_rust::xxh3::{Xxh3, xxh3_128};

use crate::{
    Entry, Kind, LayerBuilder, LayerIndex, LayerPath, Limits, Timestamp,
    index::{Implied, Leftover, WHITEOUT_PREFIX},
    path,
    tar::{Archive, Content, Fault, Member, WHOLE},
};

/// What the name of aufs's own files starts with.
const META_PREFIX: &[u8] = b".wh..wh.";
const OPAQUE: &[u8] = b".wh..wh..opq";
/// Names that dive drops.
const DROPPED_BY_DIVE: &[u8] = b".wh..wh..";

/// Reads a layer to the end of its source, trailing bytes after the archive's end included, so that whoever hashes
/// the source sees all of it.
pub fn read_layer<R: Read, S: Sink>(
    tar: R,
    limits: &Limits,
    sink: &mut S,
) -> Result<LayerIndex, ReadError<S::Error>> {
    let mut archive = Archive::new(tar, limits.header);
    let mut layer = Layer { builder: LayerBuilder::new(limits), hash: Xxh3::new(), path: Vec::new(), sink };
    loop {
        let member = match archive.next() {
            Ok(Some(member)) => member,
            Ok(None) => break,
            Err(fault) => return Err(explain(fault, &archive, None)),
        };
        match layer.take(&member, &mut archive) {
            Ok(()) => {}
            Err(Stop::Fault(fault)) => return Err(explain(fault, &archive, Some(&member.name))),
            Err(Stop::Sink(error)) => return Err(ReadError::Sink(error)),
        }
    }
    archive.drain().map_err(|fault| explain(fault, &archive, None))?;
    Ok(layer.builder.finish())
}

struct Layer<'a, S> {
    builder: LayerBuilder,
    hash: Xxh3,
    path: Vec<u8>,
    sink: &'a mut S,
}

enum Stop<E> {
    Fault(Fault),
    Sink(E),
}

impl<E> From<Problem> for Stop<E> {
    fn from(problem: Problem) -> Self {
        Self::Fault(problem.into())
    }
}

/// What a name in an archive means.
enum Meaning {
    Entry,
    Whiteout,
    Opaque,
    Ignored,
}

impl<S: Sink> Layer<'_, S> {
    fn take<R: Read>(&mut self, member: &Member, archive: &mut Archive<R>) -> Result<(), Stop<S::Error>> {
        let mut path = std::mem::take(&mut self.path);
        path.clear();
        path::normalise(&member.name, &mut path).map_err(Problem::from)?;
        match meaning(&path)? {
            Meaning::Entry if !path.is_empty() && member.is_overlay_whiteout() => {
                self.whiteout(&path, &path, member)?
            }
            Meaning::Entry => self.entry(&path, member, archive)?,
            Meaning::Whiteout => self.whiteout(&path, &deleted_by(&path), member)?,
            Meaning::Opaque => self.opaque(&path, member)?,
            Meaning::Ignored => self.ignored(&path, member)?,
        }
        self.path = path;
        Ok(())
    }

    fn entry<R: Read>(
        &mut self,
        path: &[u8],
        member: &Member,
        archive: &mut Archive<R>,
    ) -> Result<(), Stop<S::Error>> {
        let mut implied = Vec::new();
        let spot = self.builder.spot(path, &mut implied)?;
        self.implied(implied)?;
        let content = member.kind == Kind::File;
        let mut entry = Entry {
            path: spot.path.clone(),
            kind: member.kind,
            mode: member.mode,
            uid: member.uid,
            gid: member.gid,
            mtime: member.mtime,
            size: if content { member.size } else { 0 },
            offset: if content { member.offset } else { 0 },
            link: match member.kind {
                Kind::Symlink | Kind::Hardlink => member.link.as_slice().into(),
                _ => Box::default(),
            },
            device: member.device,
            xattrs: member.xattrs.clone(),
            sparse: member.sparse.clone(),
            implied: false,
            opaque: false,
            replaces: self.builder.kind_at(&spot),
        };
        let target_fits = (1..=path::MAX_PATH).contains(&entry.link.len()) && !entry.link.contains(&0);
        if entry.kind == Kind::Symlink && !target_fits {
            return Err(Problem::SymlinkTarget.into());
        }
        self.builder.check(&spot, &mut entry)?;
        entry.opaque = entry.kind == Kind::Directory && self.builder.hides_at(&spot);
        let hash = self.deliver(&entry, archive)?;
        self.builder.place(&spot, &entry, hash)?;
        if !spot.path.is_root() {
            self.builder.claim(member.size, (!content).then_some(&spot));
        }
        Ok(())
    }

    /// Hands an entry to the sink; the hash of its content.
    fn deliver<R: Read>(&mut self, entry: &Entry, archive: &mut Archive<R>) -> Result<u128, Stop<S::Error>> {
        if entry.size == 0 {
            return self.sink.entry(entry, &mut std::io::empty()).map(|()| 0).map_err(Stop::Sink);
        }
        if entry.sparse.is_none() && entry.size <= WHOLE as u64 {
            let content = archive.whole().map_err(Stop::Fault)?;
            let hash = xxh3_128(content);
            self.sink.entry(entry, &mut &*content).map_err(Stop::Sink)?;
            return Ok(hash);
        }
        self.hash.reset();
        let mut content = Content::new(archive, entry.sparse.as_deref(), entry.size, &mut self.hash);
        if let Err(error) = self.sink.entry(entry, &mut content) {
            return Err(content.fault().map_or(Stop::Sink(error), Stop::Fault));
        }
        content.finish().map_err(Stop::Fault)
    }

    /// The member at `path` says that `target` is deleted.
    fn whiteout(&mut self, path: &[u8], target: &[u8], member: &Member) -> Result<(), Stop<S::Error>> {
        let mut implied = Vec::new();
        let spot = self.builder.spot(target, &mut implied)?;
        self.implied(implied)?;
        let kind = self.builder.kind_at(&spot);
        if self.builder.whiteout(&spot)? {
            let entry = bare(spot.path.clone(), Kind::Whiteout, 0, member.mtime);
            self.sink.entry(&entry, &mut std::io::empty()).map_err(Stop::Sink)?;
        } else if kind == Some(Kind::Directory) {
            self.sink.opaque(&spot.path).map_err(Stop::Sink)?;
        }
        self.builder.claim(member.size, None);
        if member.size > 0 || member.kind == Kind::Directory {
            self.leftover(path, member)?;
        }
        Ok(())
    }

    fn opaque(&mut self, path: &[u8], member: &Member) -> Result<(), Stop<S::Error>> {
        let directory = &path[..path.iter().rposition(|byte| *byte == b'/').unwrap_or(0)];
        let mut implied = Vec::new();
        let id = self.builder.directory(directory, &mut implied)?;
        self.implied(implied)?;
        self.builder.mark_opaque(id);
        self.builder.claim(member.size, None);
        let resolved = LayerPath::trusted(&self.builder.path(id));
        self.sink.opaque(&resolved).map_err(Stop::Sink)
    }

    fn ignored(&mut self, path: &[u8], member: &Member) -> Result<(), Stop<S::Error>> {
        self.builder.claim(member.size, None);
        let mut end = 0;
        for name in path::components(path) {
            if name.starts_with(DROPPED_BY_DIVE) {
                let path = &path[..end];
                if !path.is_empty() {
                    let leftover = Leftover { path: path.into(), size: 0, directory: false, listed: false };
                    self.builder.leftover(leftover)?;
                }
                return Ok(());
            }
            end += name.len() + usize::from(end > 0);
        }
        self.leftover(path, member)
    }

    fn leftover(&mut self, path: &[u8], member: &Member) -> Result<(), Stop<S::Error>> {
        let directory = member.kind == Kind::Directory;
        let leftover = Leftover { path: path.into(), size: member.size, directory, listed: true };
        Ok(self.builder.leftover(leftover)?)
    }

    fn implied(&mut self, directories: Vec<Implied>) -> Result<(), Stop<S::Error>> {
        for Implied { path, over_whiteout } in directories {
            let mut entry = bare(path, Kind::Directory, 0o755, Timestamp::default());
            (entry.implied, entry.opaque) = (true, over_whiteout);
            entry.replaces = over_whiteout.then_some(Kind::Whiteout);
            self.sink.entry(&entry, &mut std::io::empty()).map_err(Stop::Sink)?;
        }
        Ok(())
    }
}

fn meaning(path: &[u8]) -> Result<Meaning, Problem> {
    if !path.windows(WHITEOUT_PREFIX.len()).any(|window| window == WHITEOUT_PREFIX) {
        return Ok(Meaning::Entry);
    }
    let mut names = path::components(path);
    let last = names.next_back().unwrap_or(b"");
    let (mut meta, mut whiteout) = (false, false);
    for name in names {
        meta |= name.starts_with(META_PREFIX);
        whiteout |= name.starts_with(WHITEOUT_PREFIX);
    }
    match last.strip_prefix(WHITEOUT_PREFIX) {
        _ if meta => Ok(Meaning::Ignored),
        _ if whiteout => Err(Problem::Whiteout),
        _ if last == OPAQUE => Ok(Meaning::Opaque),
        _ if last.starts_with(META_PREFIX) => Ok(Meaning::Ignored),
        Some(b"" | b"." | b"..") => Err(Problem::Whiteout),
        Some(_) => Ok(Meaning::Whiteout),
        None => Ok(Meaning::Entry),
    }
}

/// What a whiteout deletes: its path without the prefix of the last name.
fn deleted_by(path: &[u8]) -> Vec<u8> {
    let name = path.iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1);
    [&path[..name], &path[name + WHITEOUT_PREFIX.len()..]].concat()
}

/// An entry without owner, content and attributes.
fn bare(path: LayerPath, kind: Kind, mode: u16, mtime: Timestamp) -> Entry {
    Entry {
        path,
        kind,
        mode,
        uid: 0,
        gid: 0,
        mtime,
        size: 0,
        offset: 0,
        link: Box::default(),
        device: crate::Device::default(),
        xattrs: Vec::new(),
        sparse: None,
        implied: false,
        opaque: false,
        replaces: None,
    }
}

fn explain<R: Read, E>(fault: Fault, archive: &Archive<R>, path: Option<&[u8]>) -> ReadError<E> {
    match fault {
        Fault::Io(source) => ReadError::Io { offset: archive.position(), source },
        Fault::Problem(problem) => {
            Refusal { offset: archive.start(), path: path.map(Box::from), problem }.into()
        }
    }
}
