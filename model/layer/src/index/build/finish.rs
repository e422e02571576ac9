//! The grown tree → columns in pre-order.

use std::collections::HashMap;

use super::{LayerBuilder, Leftover, Record};
use crate::{
    EntryId, Kind, LayerIndex,
    index::{Flags, WHITEOUT_PREFIX},
};

const MOST_BURIED: usize = 1 << 24;

impl LayerBuilder {
    /// The index of everything that was put in.
    pub fn finish(mut self) -> LayerIndex {
        let live = self.live();
        self.bury(&live);
        let order = self.order(&live);
        let promoted = self.promote(&live, &order);
        let mut place_of = vec![0; self.records.len()];
        for (place, id) in order.iter().enumerate() {
            place_of[*id as usize] = place as EntryId;
        }
        let mut index =
            LayerIndex { leftovers: std::mem::take(&mut self.leftovers), ..LayerIndex::default() };
        index.reserve(order.len(), self.names.len());
        for id in &order {
            self.emit(&mut index, *id, &promoted, &place_of);
        }
        if index.nanos.iter().all(|nanos| *nanos == 0) {
            index.nanos = Vec::new();
        }
        self.compact_tables(&mut index);
        index.measure();
        index.totals.claimed = self.claimed_total;
        index
    }

    /// Which records are still reachable from the root. Parents stand before children.
    fn live(&self) -> Vec<bool> {
        let mut live = vec![true; self.records.len()];
        for (id, record) in self.records.iter().enumerate().skip(1) {
            live[id] = !record.replaced && live[record.parent as usize];
        }
        live
    }

    /// Dive goes on counting what was in a directory that something else replaced. So do we, up to [`MOST_BURIED`]
    /// bytes of paths: a hostile archive could ask for more than there is memory.
    fn bury(&mut self, live: &[bool]) {
        let mut bytes = 0;
        for (id, record) in self.records.iter().enumerate() {
            if live[id] || record.replaced {
                continue;
            }
            let path = self.path(id as EntryId);
            bytes += path.len();
            if bytes > MOST_BURIED {
                return;
            }
            let kind = record.flags.kind();
            let size = self.claimed.get(&(id as EntryId)).copied().unwrap_or(record.size);
            let directory = kind == Kind::Directory;
            let leftover =
                Leftover { path: path.into(), size, directory, listed: !record.flags.has(Flags::IMPLIED) };
            if kind == Kind::Whiteout || record.flags.has(Flags::HIDES) {
                let path = whiteout_path(&leftover.path).into();
                self.leftovers.push(Leftover { path, size: 0, directory: false, listed: true });
            }
            if kind != Kind::Whiteout {
                self.leftovers.push(leftover);
            }
        }
    }

    /// The live records in pre-order.
    fn order(&self, live: &[bool]) -> Vec<EntryId> {
        let mut starts = vec![0_u32; self.records.len() + 1];
        for (record, live) in self.records.iter().zip(live).skip(1) {
            starts[record.parent as usize + 1] += u32::from(*live);
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut children = vec![0; starts.last().copied().unwrap_or(0) as usize];
        let mut next = starts.clone();
        for (id, record) in self.records.iter().enumerate().skip(1).filter(|(id, _)| live[*id]) {
            let slot = &mut next[record.parent as usize];
            children[*slot as usize] = id as EntryId;
            *slot += 1;
        }
        let mut order = Vec::with_capacity(children.len() + 1);
        let mut pending = vec![0];
        while let Some(id) = pending.pop() {
            order.push(id);
            let children = &mut children[starts[id as usize] as usize..starts[id as usize + 1] as usize];
            children.sort_unstable_by(|a, b| self.name(*a).cmp(self.name(*b)));
            pending.extend(children.iter().rev());
        }
        order
    }

    /// For files that were replaced but that hard links still name: the first of those links takes its place.
    fn promote(&self, live: &[bool], order: &[EntryId]) -> HashMap<EntryId, EntryId> {
        let mut promoted = HashMap::new();
        for id in order {
            if let Some(target) = self.hardlinks.get(id).filter(|target| !live[**target as usize]) {
                promoted.entry(*target).or_insert(*id);
            }
        }
        promoted
    }

    fn emit(
        &self,
        index: &mut LayerIndex,
        id: EntryId,
        promoted: &HashMap<EntryId, EntryId>,
        place_of: &[EntryId],
    ) {
        let place = index.depths.len() as EntryId;
        let record = &self.records[id as usize];
        let parent = place_of[record.parent as usize];
        index.names.extend_from_slice(self.name(id));
        index.name_ends.push(index.names.len() as u32);
        index.parents.push(parent);
        index.depths.push(if place == 0 { 0 } else { index.depths[parent as usize] + 1 });
        let target = self.hardlinks.get(&id).copied();
        let replaced = target.and_then(|target| promoted.get(&target).copied());
        // The file that this record shows: its own, or the one whose place it takes.
        let (source, kind) = match (target, replaced) {
            (Some(target), Some(first)) if first == id => {
                (target, self.records[target as usize].flags.kind())
            }
            _ => (id, record.flags.kind()),
        };
        let shown = &self.records[source as usize];
        let mut flags = Flags::new(kind);
        for mark in [Flags::IMPLIED, Flags::OPAQUE, Flags::HIDES] {
            flags = flags.with(mark, record.flags.has(mark));
        }
        index.flags.push(flags.with(Flags::SPARSE, shown.flags.has(Flags::SPARSE)));
        if kind == Kind::Hardlink {
            let target = replaced.or(target).expect("every hard link has a target");
            index.hardlinks.push(place, place_of[target as usize]);
            index.columns(&Record {
                size: 0,
                offset: 0,
                hash: [0; 2],
                mode: 0,
                owner: 0,
                seconds: 0,
                nanos: 0,
                ..shown.clone()
            });
        } else {
            index.columns(shown);
        }
        if let Some(target) = self.symlinks.get(&source).filter(|_| kind == Kind::Symlink) {
            index.symlinks.push(place, target.clone());
        }
        if matches!(kind, Kind::CharDevice | Kind::BlockDevice) {
            index.devices.push(place, self.devices.get(&source).copied().unwrap_or_default());
        }
        if let Some(set) =
            self.xattrs.get(&source).filter(|_| !matches!(kind, Kind::Hardlink | Kind::Whiteout))
        {
            index.xattrs.push(place, *set);
        }
        // A hard link's header claims nothing, even if the link is all that is left of the file.
        match self.claimed.get(&id) {
            Some(size) => index.claimed.push(place, *size),
            None if source != id => index.claimed.push(place, 0),
            None => {}
        }
    }

    /// Keeps of the owners and attributes those that entries have, in the order of their first use.
    fn compact_tables(&self, index: &mut LayerIndex) {
        let renumber = |used: &mut dyn Iterator<Item = &mut u32>, size: usize| {
            let (mut numbers, mut kept) = (vec![u32::MAX; size], Vec::new());
            for number in used {
                let slot = &mut numbers[*number as usize];
                if *slot == u32::MAX {
                    *slot = kept.len() as u32;
                    kept.push(*number as usize);
                }
                *number = *slot;
            }
            kept
        };
        let kept = renumber(&mut index.owners.iter_mut(), self.owner_table.len());
        index.owner_table = kept.into_iter().map(|owner| self.owner_table[owner]).collect();
        let kept = renumber(&mut index.xattrs.values.iter_mut(), self.xattr_table.len());
        index.xattr_table = kept.into_iter().map(|set| self.xattr_table[set].clone()).collect();
    }
}

impl LayerIndex {
    fn reserve(&mut self, entries: usize, names: usize) {
        self.names.reserve(names);
        self.name_ends.reserve(entries);
        self.depths.reserve(entries);
        self.parents.reserve(entries);
        self.flags.reserve(entries);
        self.modes.reserve(entries);
        self.owners.reserve(entries);
        self.seconds.reserve(entries);
        self.nanos.reserve(entries);
        self.sizes.reserve(entries);
        self.hashes.reserve(entries);
        self.offsets.reserve(entries);
    }

    fn columns(&mut self, record: &Record) {
        self.modes.push(record.mode);
        self.owners.push(record.owner);
        self.seconds.push(record.seconds);
        self.nanos.push(record.nanos);
        self.sizes.push(record.size);
        self.hashes.push(u128::from(record.hash[0]) | u128::from(record.hash[1]) << 64);
        self.offsets.push(record.offset);
    }

    /// Fills in what follows from the other columns: spans and totals.
    pub(in crate::index) fn measure(&mut self) {
        self.spans = vec![1; self.depths.len()];
        for id in (1..self.spans.len()).rev() {
            self.spans[self.parents[id] as usize] += self.spans[id];
        }
        let claimed = self.totals.claimed;
        let mut totals = super::super::Totals { claimed, ..Default::default() };
        for (flags, size) in self.flags.iter().zip(&self.sizes).skip(1) {
            let kind = flags.kind();
            totals.entries += u64::from(!flags.has(Flags::IMPLIED));
            totals.files += u64::from(kind == Kind::File);
            totals.whiteouts += u64::from(kind == Kind::Whiteout || flags.has(Flags::OPAQUE));
            totals.bytes += size;
        }
        totals.targets = self.symlinks.values.iter().map(|target| target.len() as u64).sum();
        self.totals = totals;
    }
}

/// The path of the marker that a whiteout was in the archive.
fn whiteout_path(path: &[u8]) -> Vec<u8> {
    let name = path.iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1);
    [&path[..name], WHITEOUT_PREFIX, &path[name..]].concat()
}
