//! A context that is still its archive.
//!
//! Most builds find all that they want of a context in its list of files, with their digests: a file need only be made where it
//! is copied to. So an archive of nothing but directories, files and symlinks stays as it is. What the list can't answer
//! (a path through a symlink, a mount) takes the files themselves: [`super::Context::lay_out`].

use std::{
    io::{self, BufReader, Read},
    path::Path,
};

use strata_dockerfile::ignore::Ignore;
use strata_layer::{Entry, Kind, LayerPath, Limits, ReadError, Sink, Timestamp, read_layer};
use strata_layers::ArchiveError;
use strata_oci::{Algorithm, Digest, Hasher};

use super::{
    archive::{Archive, Keeping},
    unpack::decode,
};

/// The longest name that a file may have.
const NAME: usize = 255;

/// An archive and what is in it.
#[derive(Debug)]
pub(crate) struct Packed {
    archive: Archive,
    /// As directories are walked.
    items: Vec<Item>,
}

/// A directory, file or symlink of an archive.
#[derive(Debug)]
pub(crate) struct Item {
    pub path: LayerPath,
    pub kind: Kind,
    pub mode: u16,
    /// Bytes of a file.
    pub size: u64,
    /// Where a symlink leads.
    pub link: Box<[u8]>,
    /// Of what is in a file.
    pub digest: Option<Digest>,
    mtime: Timestamp,
    offset: u64,
}

impl Item {
    /// What lstat(2) would say is its size, which of a symlink is its target's.
    pub(crate) fn bytes(&self) -> u64 {
        self.size.max(self.link.len() as u64)
    }
}

/// What a list knows of a path.
#[derive(Debug)]
pub(crate) enum Spot<'a> {
    /// The context itself.
    Root,
    /// This.
    Here(&'a Item),
    /// Nothing is there.
    Absent,
    /// The path leads through a symlink or upwards: only the files tell.
    Unclear,
}

/// An archive that was received.
pub(super) enum Received {
    /// All of it is in a list.
    Packed(Packed),
    /// It has to be unpacked.
    Archive(Archive),
}

/// Receives an archive, compressed or not; if it is too large for memory, in a file that is made at `path` and has no name after.
pub(super) fn receive(
    input: impl Read + Send,
    path: &Path,
    limits: &Limits,
) -> Result<Received, ArchiveError> {
    let decoded = decode(BufReader::with_capacity(256 << 10, input)).map_err(ArchiveError::Input)?;
    let mut keeping = Keeping::new(decoded, path);
    let mut list = List { items: Vec::new(), plain: true, buffer: vec![0; 64 << 10] };
    match read_layer(&mut keeping, limits, &mut list) {
        Ok(_) => {}
        Err(ReadError::Sink(error) | ReadError::Io { source: error, .. }) => {
            return Err(ArchiveError::Input(error));
        }
        Err(ReadError::Refused(refusal)) => return Err(ArchiveError::Refused(refusal)),
    }
    let (archive, mut items) = (keeping.finish(), list.items);
    if !list.plain {
        return Ok(Received::Archive(archive));
    }
    items.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(Received::Packed(Packed { archive, items }))
}

/// Lists entries as long as they are plain.
struct List {
    items: Vec<Item>,
    plain: bool,
    buffer: Vec<u8>,
}

impl Sink for List {
    type Error = io::Error;

    fn entry(&mut self, entry: &Entry, content: &mut dyn Read) -> io::Result<()> {
        // The context's own directory stays as it is.
        let Some(name) = entry.path.name().filter(|_| self.plain) else { return Ok(()) };
        let known = matches!(entry.kind, Kind::File | Kind::Directory | Kind::Symlink);
        // An implied directory has the time when it is made.
        let odd = entry.implied || entry.replaces.is_some() || entry.sparse.is_some();
        if !known || odd || !entry.xattrs.is_empty() || name.len() > NAME {
            (self.plain, self.items) = (false, Vec::new());
            return Ok(());
        }
        let digest = match entry.kind {
            Kind::File => {
                let mut hasher = Hasher::new(Algorithm::Sha256);
                loop {
                    match content.read(&mut self.buffer)? {
                        0 => break Some(hasher.finish()),
                        length => hasher.update(&self.buffer[..length]),
                    }
                }
            }
            _ => None,
        };
        self.items.push(Item {
            path: entry.path.clone(),
            kind: entry.kind,
            mode: entry.mode,
            size: entry.size,
            link: entry.link.clone(),
            digest,
            mtime: entry.mtime,
            offset: entry.offset,
        });
        Ok(())
    }

    fn opaque(&mut self, _: &LayerPath) -> io::Result<()> {
        self.plain = false;
        Ok(())
    }
}

impl Packed {
    /// Everything, as directories are walked.
    pub(crate) fn items(&self) -> &[Item] {
        &self.items
    }

    /// Looks for a path.
    pub(crate) fn find(&self, path: &[u8]) -> Spot<'_> {
        let names: Vec<&[u8]> =
            path.split(|byte| *byte == b'/').filter(|name| !matches!(*name, b"" | b".")).collect();
        // A path that goes up must not depend on what isn't there.
        if names.contains(&&b".."[..]) {
            return Spot::Unclear;
        }
        let mut spot = Spot::Root;
        for end in 1..=names.len() {
            if matches!(spot, Spot::Here(item) if item.kind != Kind::Directory) {
                return Spot::Absent;
            }
            let names = &names[..end];
            match self.items.binary_search_by(|item| item.path.components().cmp(names.iter().copied())) {
                Ok(at) if self.items[at].kind == Kind::Symlink => return Spot::Unclear,
                Ok(at) => spot = Spot::Here(&self.items[at]),
                Err(_) => return Spot::Absent,
            }
        }
        spot
    }

    /// Everything below a directory of the list.
    pub(crate) fn below(&self, directory: &LayerPath) -> &[Item] {
        let start = self.items.partition_point(|item| item.path <= *directory);
        let length = self.items[start..].iter().take_while(|item| item.path.is_below(directory)).count();
        &self.items[start..start + length]
    }

    /// What is in a file of the list.
    pub(crate) fn read(&self, item: &Item) -> impl Read + Send + use<'_> {
        self.archive.section(item.offset, item.size)
    }

    /// An item as an archive would have it under another path.
    pub(crate) fn entry(&self, item: &Item, path: LayerPath) -> Entry {
        Entry {
            path,
            kind: item.kind,
            mode: item.mode,
            uid: 0,
            gid: 0,
            mtime: item.mtime,
            size: item.size,
            offset: item.offset,
            link: item.link.clone(),
            device: strata_layer::Device::default(),
            xattrs: Vec::new(),
            sparse: None,
            implied: false,
            opaque: false,
            replaces: None,
        }
    }

    /// Takes what is ignored off the list, but not a directory in which something stays.
    pub(super) fn thin_out(&mut self, ignore: &Ignore) {
        if ignore.is_empty() {
            return;
        }
        let mut kept: Vec<Item> = Vec::with_capacity(self.items.len());
        for item in std::mem::take(&mut self.items).into_iter().rev() {
            let holds = kept.last().is_some_and(|last| last.path.is_below(&item.path));
            if holds || !ignore.ignores(&String::from_utf8_lossy(item.path.as_bytes())) {
                kept.push(item);
            }
        }
        kept.reverse();
        self.items = kept;
    }

    /// The archive, to be unpacked.
    pub(super) fn archive(&self) -> &Archive {
        &self.archive
    }
}
