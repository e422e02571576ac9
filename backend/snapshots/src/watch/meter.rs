//! How much of a copied file is other than what it was copied from.

use std::{collections::HashMap, fs::File, io::Read as _, os::fd::OwnedFd};

use rustix::{
    fs::{FileType, OFlags, Stat, fstat},
    io::Errno,
};
use strata_layer::LayerPath;
use strata_layers::{Below, Mark, Marks, Tree, Written};

use super::origin;
use crate::{SnapshotError, SnapshotId, Snapshots};

/// Bytes of a file that are compared; of what follows only the length is.
const MOST: u64 = 64 << 20;
/// Bytes compared at a time.
const BLOCK: usize = 128 << 10;
/// Files whose answer is remembered.
const REMEMBERED: usize = 100_000;

/// How many bytes of a file are other than what it was copied from, place by place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measured {
    /// Bytes that differ, and those that the longer one has more.
    pub changed: u64,
    /// Whether all of it was compared; else more may have changed: only the first 64 MiB are compared.
    pub whole: bool,
}

/// Compares files of a writable directory with what they were copied from. It reads them, so it is nothing for a
/// thread that has to keep up with what happens.
#[derive(Debug)]
pub struct Meter {
    tree: Tree,
    below: Below,
    marks: Marks,
    known: HashMap<LayerPath, (Stamp, Measured)>,
}

/// What changes when a file is written to.
type Stamp = (u64, i64, i64, i64);

impl Snapshots {
    /// Measures the files of a snapshot, mounted or not.
    pub fn meter(&self, id: &SnapshotId) -> Result<Meter, SnapshotError> {
        self.written(id, |Written { upper, lowers, marks }| {
            let (tree, below) = (Tree::open(upper)?, Below::open(lowers, marks)?);
            Ok(Meter { tree, below, marks, known: HashMap::new() })
        })
    }
}

impl Meter {
    /// Measures a file, unless it is as it was; nothing if it is no regular file or was not copied.
    pub fn measure(&mut self, path: &LayerPath) -> Result<Option<Measured>, SnapshotError> {
        let Some((now, stat)) = self.now(path)? else { return Ok(None) };
        let stamp = (stat.st_ino, stat.st_size, stat.st_mtime, stat.st_mtime_nsec as i64);
        if let Some((then, measured)) = self.known.get(path)
            && *then == stamp
        {
            return Ok(Some(*measured));
        }
        let Some((before, below)) = self.before(path, &stat)? else { return Ok(None) };
        let lengths = [&stat, &below].map(|stat| u64::try_from(stat.st_size).unwrap_or(0));
        let fail = SnapshotError::io("compare", path.to_string());
        let differ = differ(&mut File::from(now), &mut File::from(before)).map_err(fail)?;
        let longer = lengths[0].abs_diff(lengths[1]);
        let measured = Measured { changed: differ + longer, whole: lengths[0].min(lengths[1]) <= MOST };
        if self.known.len() >= REMEMBERED {
            self.known.clear();
        }
        self.known.insert(path.clone(), (stamp, measured));
        Ok(Some(measured))
    }

    /// The file, opened.
    fn now(&self, path: &LayerPath) -> Result<Option<(OwnedFd, Stat)>, SnapshotError> {
        // Without waiting: a program may put a pipe there.
        let file = match self.tree.open_at(path, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY) {
            Ok(file) => file,
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::NXIO | Errno::ACCESS) => return Ok(None),
            Err(error) => return Err(SnapshotError::io("compare", path.to_string())(error)),
        };
        let stat = fstat(&file).map_err(SnapshotError::io("compare", path.to_string()))?;
        Ok((FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile).then_some((file, stat)))
    }

    /// What it was copied from, opened.
    fn before(&mut self, path: &LayerPath, now: &Stat) -> Result<Option<(OwnedFd, Stat)>, SnapshotError> {
        let note = self.marks.origin(&self.tree, path);
        if let Some(opened) = note.as_deref().and_then(|note| origin::read(&self.below, note)) {
            return Ok(Some(opened));
        }
        let Some(found) = self.below.find(path)? else { return Ok(None) };
        let is_file = FileType::from_raw_mode(found.stat.st_mode) == FileType::RegularFile;
        let gone = !matches!(self.marks.look(&self.tree, path), Ok(Some((_, Mark::None))));
        if gone || !is_file || !self.marks.is_copied_up(note.as_deref(), now, &found.stat) {
            return Ok(None);
        }
        let layer = self.below.layer(found.layer);
        let opened = layer.open_at(path, OFlags::RDONLY | OFlags::NONBLOCK);
        let opened = opened.map_err(SnapshotError::io("compare", layer.path()))?;
        Ok(Some((opened, found.stat)))
    }
}

/// How many bytes differ, as far as both go and as far as we look.
fn differ(one: &mut File, other: &mut File) -> std::io::Result<u64> {
    let (mut a, mut b) = (Vec::with_capacity(BLOCK), Vec::with_capacity(BLOCK));
    let (mut differ, mut compared) = (0, 0);
    while compared < MOST {
        let length = fill(one, &mut a)?.min(fill(other, &mut b)?);
        let (a, b) = (&a[..length], &b[..length]);
        if a != b {
            differ += a.iter().zip(b).filter(|(a, b)| a != b).count() as u64;
        }
        compared += length as u64;
        if length < BLOCK {
            break;
        }
    }
    Ok(differ)
}

/// Reads as much as is compared at a time, or what the file still has.
fn fill(file: &mut File, buffer: &mut Vec<u8>) -> std::io::Result<usize> {
    buffer.clear();
    file.take(BLOCK as u64).read_to_end(buffer)
}
