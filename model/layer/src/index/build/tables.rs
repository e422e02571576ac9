//! Where the growing tree keeps what it has: entries by name, distinct owners and attributes.

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::{LayerBuilder, Record};
use crate::{EntryId, Problem, Xattr};

impl LayerBuilder {
    pub(super) fn find(&self, parent: EntryId, name: &[u8]) -> Option<EntryId> {
        let same = |id: &EntryId| self.records[*id as usize].parent == parent && self.name(*id) == name;
        self.table.find(self.hash(parent, name), same).copied()
    }

    /// Appends a record under a name, in place of an existing one.
    pub(super) fn insert(
        &mut self,
        record: Record,
        name: &[u8],
        existing: Option<EntryId>,
    ) -> Result<EntryId, Problem> {
        let id = EntryId::try_from(self.records.len()).ok().filter(|id| (*id as usize) < self.limits.entries);
        let id = id.ok_or_else(|| self.too_many())?;
        let hash = self.hash(record.parent, name);
        let mut record = record;
        record.name_len = u8::try_from(name.len()).expect("a component has at most 255 bytes");
        match existing {
            Some(old) => {
                record.name_start = self.records[old as usize].name_start;
                self.records[old as usize].replaced = true;
                let slot =
                    self.table.find_mut(hash, |other| *other == old).expect("what exists is in the table");
                *slot = id;
                self.trail.truncate(1);
                self.trail_path.clear();
            }
            None => {
                self.count_name(name.len())?;
                record.name_start = self.names.len() as u32;
                self.names.extend_from_slice(name);
                let (records, names, seed) = (&self.records, &self.names, self.seed);
                self.table.insert_unique(hash, id, |id| {
                    let record = &records[*id as usize];
                    let name = &names[record.name_start as usize..][..usize::from(record.name_len)];
                    hash_name(seed, record.parent, name)
                });
            }
        }
        self.records.push(record);
        Ok(id)
    }

    fn hash(&self, parent: EntryId, name: &[u8]) -> u64 {
        hash_name(self.seed, parent, name)
    }

    pub(super) fn owner(&mut self, uid: u32, gid: u32) -> u32 {
        if let Some(owner) = self.owner_of.get(&(uid, gid)) {
            return *owner;
        }
        let owner = self.owner_table.len() as u32;
        self.owner_table.push((uid, gid));
        self.owner_of.insert((uid, gid), owner);
        owner
    }

    /// The number of a set of attributes. Each distinct one counts, also those that only grew into another.
    pub(super) fn xattr_set(&mut self, xattrs: Vec<Xattr>) -> Result<u32, Problem> {
        if let Some(set) = self.xattr_of.get(&*xattrs) {
            return Ok(*set);
        }
        self.xattr_bytes += Xattr::bytes(&xattrs);
        if self.xattr_bytes > self.limits.xattrs_total {
            let allowed = self.limits.xattrs_total as u64;
            return Err(Problem::Limit { what: "bytes of extended attributes", allowed });
        }
        let set = self.xattr_table.len() as u32;
        let xattrs: Box<[Xattr]> = xattrs.into();
        self.xattr_table.push(xattrs.clone());
        self.xattr_of.insert(xattrs, set);
        Ok(set)
    }

    pub(super) fn check_xattrs(&self, xattrs: &[Xattr]) -> Result<(), Problem> {
        if Xattr::bytes(xattrs) > self.limits.xattrs_per_entry {
            let allowed = self.limits.xattrs_per_entry as u64;
            return Err(Problem::Limit { what: "bytes of extended attributes in an entry", allowed });
        }
        Ok(())
    }

    pub(super) fn count_name(&mut self, bytes: usize) -> Result<(), Problem> {
        self.name_bytes += bytes;
        let allowed = self.limits.names_total.min(u32::MAX as usize);
        if self.name_bytes > allowed {
            return Err(Problem::Limit { what: "bytes of names", allowed: allowed as u64 });
        }
        Ok(())
    }

    pub(super) fn too_many(&self) -> Problem {
        Problem::Limit { what: "entries", allowed: self.limits.entries as u64 }
    }
}

fn hash_name(seed: u64, parent: EntryId, name: &[u8]) -> u64 {
    xxh3_64_with_seed(name, seed ^ u64::from(parent).wrapping_mul(0x9e37_79b9_7f4a_7c15))
}
