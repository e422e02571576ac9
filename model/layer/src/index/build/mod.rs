//! Entries in any order → index.

mod finish;
mod locate;
mod tables;

use std::{cell::Cell, collections::HashMap};

use hashbrown::HashTable;

use super::{EntryId, Flags};
use crate::{Device, Entry, Kind, LayerPath, Limits, Problem, Xattr};

/// Makes a [`LayerIndex`] of entries in any order, by the rules of [`crate::read_layer`]: the last of several
/// entries at a path counts, what is needed and not listed is implied, whiteouts and opaque marks hide only what
/// other layers have.
pub struct LayerBuilder {
    limits: Limits,
    seed: u64,
    /// Live entries by parent and name. What is below a replaced directory stays in it, out of reach.
    table: HashTable<EntryId>,
    /// Parents stand before their children; entry 0 is the root.
    pub(super) records: Vec<Record>,
    pub(super) names: Vec<u8>,
    pub(super) symlinks: HashMap<EntryId, Box<[u8]>>,
    /// The file, symlink or device, never itself a hard link, that a hard link names.
    pub(super) hardlinks: HashMap<EntryId, EntryId>,
    pub(super) devices: HashMap<EntryId, Device>,
    pub(super) xattrs: HashMap<EntryId, u32>,
    pub(super) claimed: HashMap<EntryId, u64>,
    pub(super) owner_table: Vec<(u32, u32)>,
    owner_of: HashMap<(u32, u32), u32>,
    pub(super) xattr_table: Vec<Box<[Xattr]>>,
    xattr_of: HashMap<Box<[Xattr]>, u32>,
    pub(super) leftovers: Vec<Leftover>,
    pub(super) claimed_total: u64,
    xattr_bytes: usize,
    name_bytes: usize,
    unpacked: u64,
    /// Steps taken beyond symlinks.
    detours: Cell<usize>,
    /// The directory that the last entry was put in and those above it, with where their names end in `trail_path`.
    trail: Vec<(usize, EntryId)>,
    trail_path: Vec<u8>,
}

/// An entry while the index grows.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) name_start: u32,
    pub(super) name_len: u8,
    pub(super) flags: Flags,
    pub(super) mode: u16,
    pub(super) parent: EntryId,
    pub(super) owner: u32,
    pub(super) nanos: u32,
    pub(super) seconds: i64,
    pub(super) size: u64,
    pub(super) offset: u64,
    pub(super) hash: [u64; 2],
    /// Another entry took its place.
    pub(super) replaced: bool,
}

/// A name in the archive that is no entry of the layer, but that dive counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Leftover {
    /// Its whole path as the archive has it, normalised, `.wh.` prefixes included.
    pub(crate) path: Box<[u8]>,
    /// The size in its header.
    pub(crate) size: u64,
    /// Whether its header says that it is a directory.
    pub(crate) directory: bool,
    /// Whether it has a header at all; else it is a directory on the way to something.
    pub(crate) listed: bool,
}

/// A directory that came into being because something is in it.
pub(crate) struct Implied {
    pub(crate) path: LayerPath,
    pub(crate) over_whiteout: bool,
}

/// Where an entry goes: a directory and a name in it.
pub(crate) struct Spot {
    parent: EntryId,
    /// The whole path, symlinks above the entry resolved.
    pub(crate) path: LayerPath,
    existing: Option<EntryId>,
}

impl LayerBuilder {
    /// A builder of a layer that has only its root.
    pub fn new(limits: &Limits) -> Self {
        use std::hash::BuildHasher as _;
        let root = Record {
            name_start: 0,
            name_len: 0,
            flags: Flags::new(Kind::Directory).with(Flags::IMPLIED, true),
            mode: 0o755,
            parent: 0,
            owner: 0,
            nanos: 0,
            seconds: 0,
            size: 0,
            offset: 0,
            hash: [0; 2],
            replaced: false,
        };
        Self {
            limits: limits.clone(),
            seed: std::hash::RandomState::new().hash_one(0_u8),
            table: HashTable::new(),
            records: vec![root],
            names: Vec::new(),
            symlinks: HashMap::new(),
            hardlinks: HashMap::new(),
            devices: HashMap::new(),
            xattrs: HashMap::new(),
            claimed: HashMap::new(),
            owner_table: vec![(0, 0)],
            owner_of: HashMap::from([((0, 0), 0)]),
            xattr_table: Vec::new(),
            xattr_of: HashMap::new(),
            leftovers: Vec::new(),
            claimed_total: 0,
            xattr_bytes: 0,
            name_bytes: 0,
            unpacked: 0,
            detours: Cell::new(0),
            trail: vec![(0, 0)],
            trail_path: Vec::new(),
        }
    }

    /// Adds an entry with the hash of its content. What `entry` says of implication and replacement is not looked at.
    pub fn put(&mut self, entry: &Entry, hash: u128) -> Result<(), Problem> {
        let mut implied = Vec::new();
        let spot = self.spot(entry.path.as_bytes(), &mut implied)?;
        match entry.kind {
            Kind::Whiteout => self.whiteout(&spot).map(drop),
            _ => {
                let mut placed = entry.clone();
                placed.path = spot.path.clone();
                self.check(&spot, &mut placed)?;
                self.claim(entry.size, None);
                self.place(&spot, &placed, hash)
            }
        }
    }

    /// Marks a directory as opaque.
    pub fn opaque(&mut self, directory: &LayerPath) -> Result<(), Problem> {
        let id = self.directory(directory.as_bytes(), &mut Vec::new())?;
        self.mark_opaque(id);
        Ok(())
    }

    /// Whether a real entry or a whiteout stands at a spot, and what it is.
    pub(crate) fn kind_at(&self, spot: &Spot) -> Option<Kind> {
        spot.existing.map(|id| self.records[id as usize].flags.kind())
    }

    /// Whether a directory that goes to a spot hides what the layers below have in it.
    pub(crate) fn hides_at(&self, spot: &Spot) -> bool {
        spot.existing.is_some_and(|id| {
            let flags = self.records[id as usize].flags;
            flags.kind() == Kind::Whiteout || flags.has(Flags::HIDES) || flags.has(Flags::OPAQUE)
        })
    }

    /// Makes sure that an entry, not a whiteout, may go to a spot; resolves the target of a hard link.
    pub(crate) fn check(&mut self, spot: &Spot, entry: &mut Entry) -> Result<(), Problem> {
        if spot.path.is_root() && entry.kind != Kind::Directory {
            return Err(Problem::Root);
        }
        self.unpacked = self.unpacked.saturating_add(entry.size);
        if self.unpacked > self.limits.unpacked {
            return Err(Problem::Limit { what: "bytes of files", allowed: self.limits.unpacked });
        }
        self.check_xattrs(&entry.xattrs)?;
        if entry.kind == Kind::Hardlink {
            let (id, _) = self.target(&entry.link, spot)?;
            entry.link = self.path(id).into();
        }
        Ok(())
    }

    /// Puts a checked entry, not a whiteout, at its spot. Its content, if it has some, has been read.
    pub(crate) fn place(&mut self, spot: &Spot, entry: &Entry, hash: u128) -> Result<(), Problem> {
        let old = spot.existing.map(|id| self.records[id as usize].flags);
        let merges = entry.kind == Kind::Directory && old.is_some_and(|old| old.kind() == Kind::Directory);
        let hides = old.is_some_and(|old| old.kind() == Kind::Whiteout || old.has(Flags::HIDES));
        let mut flags = Flags::new(entry.kind).with(Flags::IMPLIED, entry.implied);
        flags = flags.with(Flags::SPARSE, entry.sparse.is_some()).with(Flags::HIDES, hides);
        let opaque = hides || merges && old.is_some_and(|old| old.has(Flags::OPAQUE));
        flags = flags.with(Flags::OPAQUE, opaque && entry.kind == Kind::Directory);
        // Looked up before the old entry is gone: they may be one.
        let target = match entry.kind {
            Kind::Hardlink => Some(self.target(&entry.link, spot)?.1),
            _ => None,
        };
        let record = Record {
            name_start: 0,
            name_len: 0,
            flags,
            mode: entry.mode,
            parent: spot.parent,
            owner: self.owner(entry.uid, entry.gid),
            nanos: entry.mtime.nanos,
            seconds: entry.mtime.seconds,
            size: entry.size,
            offset: if entry.size > 0 { entry.offset } else { 0 },
            hash: [hash as u64, (hash >> 64) as u64],
            replaced: false,
        };
        let id = match spot.existing {
            Some(id) if merges => {
                let Record { name_start, name_len, .. } = self.records[id as usize];
                self.records[id as usize] = Record { name_start, name_len, ..record };
                id
            }
            existing => {
                let name = spot.path.name().expect("only a directory is the root, and it merges");
                self.insert(record, name, existing)?
            }
        };
        match entry.kind {
            Kind::Symlink => {
                self.count_name(entry.link.len())?;
                self.symlinks.insert(id, entry.link.clone());
            }
            Kind::CharDevice | Kind::BlockDevice => drop(self.devices.insert(id, entry.device)),
            _ => {}
        }
        match target {
            Some(target) => self.share(id, target, entry)?,
            None if entry.xattrs.is_empty() => drop(self.xattrs.remove(&id)),
            None => {
                let set = self.xattr_set(entry.xattrs.clone())?;
                self.xattrs.insert(id, set);
            }
        }
        Ok(())
    }

    /// Notes a whiteout. Whether it stands alone: else it is a mark on what the layer has at the path.
    pub(crate) fn whiteout(&mut self, spot: &Spot) -> Result<bool, Problem> {
        let Some(id) = spot.existing else {
            let name = spot.path.name().ok_or(Problem::Whiteout)?;
            let record =
                Record { parent: spot.parent, flags: Flags::new(Kind::Whiteout), ..self.records[0].clone() };
            let record = Record { mode: 0, owner: 0, seconds: 0, nanos: 0, ..record };
            self.insert(record, name, None)?;
            return Ok(true);
        };
        let flags = &mut self.records[id as usize].flags;
        if flags.kind() != Kind::Whiteout {
            *flags = flags.with(Flags::HIDES, true).with(Flags::OPAQUE, flags.kind() == Kind::Directory);
        }
        Ok(false)
    }

    pub(crate) fn mark_opaque(&mut self, directory: EntryId) {
        let flags = &mut self.records[directory as usize].flags;
        *flags = flags.with(Flags::OPAQUE, true);
    }

    /// Counts the size that a header claims; `at` is the entry that it is of, if it has no content.
    pub(crate) fn claim(&mut self, size: u64, at: Option<&Spot>) {
        self.claimed_total = self.claimed_total.saturating_add(size);
        let id =
            at.and_then(
                |spot| if spot.path.is_root() { None } else { self.find(spot.parent, spot.path.name()?) },
            );
        if let Some(id) = id {
            match size {
                0 => drop(self.claimed.remove(&id)),
                size => drop(self.claimed.insert(id, size)),
            }
        }
    }

    pub(crate) fn leftover(&mut self, leftover: Leftover) -> Result<(), Problem> {
        self.count_name(leftover.path.len())?;
        if self.leftovers.len() >= self.limits.entries {
            return Err(self.too_many());
        }
        self.leftovers.push(leftover);
        Ok(())
    }

    /// Makes an entry another name of a file. The file takes the link's owner, mode, time and attributes, as it
    /// would when the archive is unpacked; a symlink only the owner.
    fn share(&mut self, id: EntryId, target: EntryId, entry: &Entry) -> Result<(), Problem> {
        self.hardlinks.insert(id, target);
        let owner = self.records[id as usize].owner;
        let Record { mode, seconds, nanos, .. } = self.records[id as usize];
        let record = &mut self.records[target as usize];
        record.owner = owner;
        if record.flags.kind() != Kind::Symlink {
            (record.mode, record.seconds, record.nanos) = (mode, seconds, nanos);
        }
        if entry.xattrs.is_empty() {
            return Ok(());
        }
        let old = self.xattrs.get(&target).map_or(&[][..], |set| &self.xattr_table[*set as usize]);
        let mut merged = [old, &entry.xattrs].concat();
        Xattr::keep_last(&mut merged);
        self.check_xattrs(&merged)?;
        let set = self.xattr_set(merged)?;
        self.xattrs.insert(target, set);
        Ok(())
    }
}
