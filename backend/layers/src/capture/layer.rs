//! What was written → a layer.

use std::{collections::BTreeMap, io::Write};

use rustix::fs::FileType;
use strata_layer::LayerPath;
use strata_oci::DiffId;

use super::{
    Below, CaptureError, ChangeKind, Mark, Marks, Tree, Written, changes,
    marks::{PREFIX, opaque_name, whiteout_name},
    pack::{Pack, Packed},
    scan::{Item, scan},
    xattrs::xattrs,
};

/// A layer that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Captured {
    /// Digest of the tar.
    pub diff_id: DiffId,
    /// Bytes of the tar.
    pub size: u64,
    /// How many entries it has, whiteouts included.
    pub entries: u64,
    /// What a layer cannot hold and this one lacks: names that start with `.wh.`, which layers take for deletions,
    /// and devices 0:0. Sockets, which mean nothing without the program that made them, are not told.
    pub left_out: Vec<LayerPath>,
    /// Whether there was a socket.
    pub sockets: bool,
}

/// Writes what differs from the layers below as an uncompressed OCI layer. Applied to them it gives the container's
/// tree.
///
/// The same writable directory gives the same bytes: entries in the order of a tree, times as they are, nothing else
/// of the host. Directories on the way to a change are in it with their metadata, as in docker's; the root only if
/// its mode, owner or attributes differ from the one below. A program may go on writing meanwhile; then a file may
/// be caught half written, as with docker.
pub fn capture(written: &Written<'_>, out: impl Write) -> Result<Captured, CaptureError> {
    let tree = Tree::open(written.upper)?;
    let below = Below::open(written.lowers, written.marks)?;
    let mut capture = Capture { pack: Pack::new(out), below, left_out: Vec::new(), sockets: false };
    capture.root(&tree)?;
    match written.marks {
        Marks::Copy => capture.compared(&tree, written)?,
        marks => scan(&tree, marks, &LayerPath::root(), false, &mut |item| capture.take(item))?,
    }
    let entries = capture.pack.members;
    let (size, diff_id) = capture.pack.writer.finish().map_err(CaptureError::Output)?;
    Ok(Captured { diff_id, size, entries, left_out: capture.left_out, sockets: capture.sockets })
}

struct Capture<W> {
    pack: Pack<W>,
    below: Below,
    left_out: Vec<LayerPath>,
    sockets: bool,
}

impl<W: Write> Capture<W> {
    fn root(&mut self, tree: &Tree) -> Result<(), CaptureError> {
        let path = LayerPath::root();
        let stat = rustix::fs::fstat(tree.root()).map_err(CaptureError::io("look at", &path))?;
        if let Some(old) = self.below.find(&path)? {
            let place = self.below.place(&old, &path)?;
            let read = |folder, name| {
                xattrs(folder, name).map_err(CaptureError::io("read the attributes of", &path))
            };
            let same = old.stat.st_mode == stat.st_mode
                && (old.stat.st_uid, old.stat.st_gid) == (stat.st_uid, stat.st_gid)
                && read(&place.folder, &place.name)? == read(tree.root(), b".")?;
            if same {
                return Ok(());
            }
        }
        self.pack.add(tree.root(), b".", &stat, b".", &path).map(drop)
    }

    /// Takes something of a writable directory; says whether to enter it.
    fn take(&mut self, item: &Item<'_>) -> Result<bool, CaptureError> {
        if item.mark == Mark::Whiteout {
            self.delete(item)?;
            return Ok(false);
        }
        if self.cannot_hold(item.path, item.kind(), item.stat.st_rdev) {
            self.delete(item)?;
            return Ok(false);
        }
        match self.pack.add(item.folder, item.name, &item.stat, item.path.as_bytes(), item.path)? {
            Packed::Yes => {}
            Packed::Socket => {
                self.sockets = true;
                self.delete(item)?;
                return Ok(false);
            }
            Packed::Gone => return Ok(false),
        }
        if item.mark == Mark::Opaque && self.is_below(item)? {
            self.pack.mark(&opaque_name(item.path))?;
        }
        Ok(true)
    }

    /// Says that what is below is not seen, if anything is.
    fn delete(&mut self, item: &Item<'_>) -> Result<(), CaptureError> {
        if self.is_below(item)? {
            self.whiteout(item.path)?;
        }
        Ok(())
    }

    fn is_below(&mut self, item: &Item<'_>) -> Result<bool, CaptureError> {
        Ok(!item.hidden && self.below.find(item.path)?.is_some())
    }

    fn whiteout(&mut self, path: &LayerPath) -> Result<(), CaptureError> {
        self.pack.mark(&whiteout_name(path))
    }

    /// Whether a layer would take something for what it is not; remembers it.
    fn cannot_hold(&mut self, path: &LayerPath, kind: FileType, device: u64) -> bool {
        let name = path.name().unwrap_or_default();
        let refused = name.starts_with(PREFIX) || (kind == FileType::CharacterDevice && device == 0);
        if refused {
            self.left_out.push(path.clone());
        }
        refused
    }

    /// Takes what differs of a copy of the whole tree.
    fn compared(&mut self, tree: &Tree, written: &Written<'_>) -> Result<(), CaptureError> {
        let mut differing: BTreeMap<_, _> =
            changes(written)?.into_iter().map(|change| (change.path, change.kind)).collect();
        // What docker does not list, but a writable directory would have.
        scan(tree, written.marks, &LayerPath::root(), true, &mut |item| {
            if !differing.contains_key(item.path) && self.differs_in_detail(item)? {
                differing.insert(item.path.clone(), ChangeKind::Modified);
            }
            Ok(true)
        })?;
        for (path, kind) in &differing {
            if *kind == ChangeKind::Deleted {
                self.whiteout(path)?;
                continue;
            }
            let inside = |name: &[u8]| name.starts_with(PREFIX);
            if path.parent().is_some_and(|folder| folder.components().any(inside)) {
                continue;
            }
            let Ok(place) = tree.place(path) else { continue };
            let Some(stat) = place.stat().map_err(CaptureError::io("look at", path))? else { continue };
            let file_type = FileType::from_raw_mode(stat.st_mode);
            self.sockets |= file_type == FileType::Socket;
            let refused = self.cannot_hold(path, file_type, stat.st_rdev)
                || self.pack.add(&place.folder, &place.name, &stat, path.as_bytes(), path)? == Packed::Socket;
            if refused && *kind == ChangeKind::Modified {
                self.whiteout(path)?;
            }
        }
        Ok(())
    }

    /// Whether something has other attributes than below, or a directory another time.
    fn differs_in_detail(&mut self, item: &Item<'_>) -> Result<bool, CaptureError> {
        let Some(old) = self.below.find(item.path)? else { return Ok(false) };
        let time = |stat: &rustix::fs::Stat| (stat.st_mtime, stat.st_mtime_nsec);
        if time(&old.stat) != time(&item.stat) {
            return Ok(true);
        }
        let place = self.below.place(&old, item.path)?;
        let read = |folder, name: &[u8]| {
            xattrs(folder, name).map_err(CaptureError::io("read the attributes of", item.path))
        };
        Ok(read(&place.folder, &place.name)? != read(item.folder, item.name)?)
    }
}
