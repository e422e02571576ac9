//! Paths → places in the growing tree, symlinks resolved without ever leaving the layer.

use super::{Implied, LayerBuilder, Record, Spot};
use crate::{EntryId, Kind, LayerPath, PathError, Problem, index::Flags, path};

/// Follow at most this many symlinks on the way to an entry, as Linux does.
const MAX_SYMLINKS: usize = 40;

enum Step {
    Into(EntryId),
    Symlink(EntryId),
}

impl LayerBuilder {
    /// The spot for a normalised path. Directories that it needs come into being and are appended to `implied`.
    pub(crate) fn spot(&mut self, path: &[u8], implied: &mut Vec<Implied>) -> Result<Spot, Problem> {
        let Some(slash) = path.iter().rposition(|byte| *byte == b'/') else {
            let existing = if path.is_empty() { Some(0) } else { self.find(0, path) };
            return Ok(Spot { parent: 0, path: LayerPath::trusted(path), existing });
        };
        let (parent, name) = (self.directory(&path[..slash], implied)?, &path[slash + 1..]);
        let existing = self.find(parent, name);
        if self.trail_path == path[..slash] {
            return Ok(Spot { parent, path: LayerPath::trusted(path), existing });
        }
        let mut resolved = self.path(parent);
        if !resolved.is_empty() {
            resolved.push(b'/');
        }
        resolved.extend_from_slice(name);
        if resolved.len() > path::MAX_PATH {
            return Err(PathError::Long { actual: resolved.len() }.into());
        }
        Ok(Spot { parent, path: LayerPath::trusted(&resolved), existing })
    }

    /// The directory at a normalised path, which comes into being as needed.
    pub(crate) fn directory(&mut self, path: &[u8], implied: &mut Vec<Implied>) -> Result<EntryId, Problem> {
        let same = path.iter().zip(&self.trail_path).take_while(|(a, b)| a == b).count();
        let known = |(end, _): &(usize, EntryId)| *end <= same && matches!(path.get(*end), None | Some(b'/'));
        let common = self.trail[1..].iter().take_while(|step| known(step)).count();
        self.trail.truncate(common + 1);
        let (mut at, mut id) = self.trail[common];
        self.trail_path.truncate(at);
        while at < path.len() {
            let start = if at == 0 { 0 } else { at + 1 };
            let end =
                path[start..].iter().position(|byte| *byte == b'/').map_or(path.len(), |len| start + len);
            match self.step(id, &path[start..end], implied)? {
                Step::Into(next) => id = next,
                Step::Symlink(link) => return self.follow(id, link, &path[end..], implied),
            }
            at = end;
            self.trail.push((end, id));
            self.trail_path.clear();
            self.trail_path.extend_from_slice(&path[..end]);
        }
        Ok(id)
    }

    /// Goes on from a symlink in `directory` towards `rest`, without ever leaving the layer.
    fn follow(
        &mut self,
        directory: EntryId,
        link: EntryId,
        rest: &[u8],
        implied: &mut Vec<Implied>,
    ) -> Result<EntryId, Problem> {
        let mut id = directory;
        let mut ahead: Vec<Box<[u8]>> = Vec::new();
        let push = |ahead: &mut Vec<Box<[u8]>>, path: &[u8]| {
            ahead.extend(
                path.split(|byte| *byte == b'/').rev().filter(|name| !name.is_empty()).map(Box::from),
            );
        };
        push(&mut ahead, rest);
        let mut link = Some(link);
        for _ in 0..MAX_SYMLINKS {
            let Some(symlink) = link.take() else { return Ok(id) };
            let target = self.symlinks.get(&symlink).map_or(&[][..], |target| target);
            if target.starts_with(b"/") {
                id = 0;
            }
            push(&mut ahead, target);
            while let Some(name) = ahead.pop() {
                self.detour()?;
                match &*name {
                    b"." => continue,
                    b".." => id = self.records[id as usize].parent,
                    long if long.len() > path::MAX_COMPONENT => {
                        return Err(PathError::LongComponent { actual: long.len() }.into());
                    }
                    name => match self.step(id, name, implied)? {
                        Step::Into(next) => id = next,
                        Step::Symlink(next) => {
                            link = Some(next);
                            break;
                        }
                    },
                }
            }
        }
        if link.is_some() { Err(Problem::Loop) } else { Ok(id) }
    }

    /// Counts a step beyond a symlink: a few bytes of archive could else ask for thousands of them.
    fn detour(&self) -> Result<(), Problem> {
        self.detours.set(self.detours.get() + 1);
        if self.detours.get() > self.limits.entries {
            let allowed = self.limits.entries as u64;
            return Err(Problem::Limit { what: "steps through symlinks", allowed });
        }
        Ok(())
    }

    /// From a directory to a child of it that is one too, or a symlink.
    fn step(&mut self, directory: EntryId, name: &[u8], implied: &mut Vec<Implied>) -> Result<Step, Problem> {
        let existing = self.find(directory, name);
        if let Some(child) = existing {
            let inode = self.inode(child);
            match self.records[inode as usize].flags.kind() {
                Kind::Directory => return Ok(Step::Into(child)),
                Kind::Symlink => return Ok(Step::Symlink(inode)),
                Kind::Whiteout => {}
                _ => return Err(Problem::Parent(self.path(child).into())),
            }
        }
        let hides = existing.is_some();
        let flags = Flags::new(Kind::Directory).with(Flags::IMPLIED, true);
        let flags = flags.with(Flags::HIDES | Flags::OPAQUE, hides);
        let record = Record { parent: directory, flags, ..self.records[0].clone() };
        let record = Record { mode: 0o755, owner: 0, seconds: 0, nanos: 0, ..record };
        let id = self.insert(record, name, existing)?;
        let path = self.path(id);
        if path.len() > path::MAX_PATH {
            return Err(PathError::Long { actual: path.len() }.into());
        }
        implied.push(Implied { path: LayerPath::trusted(&path), over_whiteout: hides });
        Ok(Step::Into(id))
    }

    /// The path of an entry, put together from the names above it.
    pub(crate) fn path(&self, id: EntryId) -> Vec<u8> {
        let mut names = Vec::new();
        let mut at = id;
        while at != 0 {
            names.push(self.name(at));
            at = self.records[at as usize].parent;
        }
        names.reverse();
        names.join(&b'/')
    }

    pub(in crate::index) fn name(&self, id: EntryId) -> &[u8] {
        let record = &self.records[id as usize];
        &self.names[record.name_start as usize..][..usize::from(record.name_len)]
    }

    /// What a hard link's name stands for: something that still stands after the link takes its spot.
    /// First the entry of that name, then the file, which another hard link may have made its own.
    pub(super) fn target(&self, name: &[u8], spot: &Spot) -> Result<(EntryId, EntryId), Problem> {
        let missing = || Problem::MissingTarget(name.into());
        let mut path = Vec::with_capacity(name.len());
        path::normalise(name, &mut path)?;
        let id = self.lookup(&path).ok_or_else(missing)?;
        if self.detours.get() > self.limits.entries {
            self.detour()?;
        }
        let inode = self.inode(id);
        match self.records[inode as usize].flags.kind() {
            Kind::Whiteout => return Err(missing()),
            kind @ Kind::Directory => return Err(Problem::Target { path: path.into(), kind }),
            _ => {}
        }
        let mut above = id;
        while above != 0 {
            if spot.existing == Some(above) {
                return Err(missing());
            }
            above = self.records[above as usize].parent;
        }
        Ok((id, inode))
    }

    /// The entry at a path, symlinks above it followed inside the layer. Nothing comes into being.
    fn lookup(&self, path: &[u8]) -> Option<EntryId> {
        let mut ahead: Vec<&[u8]> = path::components(path).rev().collect();
        let (mut id, mut hops) = (0, 0);
        while let Some(name) = ahead.pop() {
            match name {
                b"." => continue,
                b".." => {
                    id = self.records[id as usize].parent;
                    continue;
                }
                _ => {}
            }
            let child = self.find(id, name)?;
            if ahead.is_empty() {
                return Some(child);
            }
            let inode = self.inode(child);
            match self.records[inode as usize].flags.kind() {
                Kind::Directory => id = child,
                Kind::Symlink => {
                    hops += 1;
                    let target = self.symlinks.get(&inode).filter(|_| hops <= MAX_SYMLINKS)?;
                    self.detours.set(self.detours.get() + target.len());
                    if target.starts_with(b"/") {
                        id = 0;
                    }
                    ahead.extend(path::components(target).rev());
                }
                _ => return None,
            }
        }
        Some(id)
    }

    /// What a hard link stands for; else the entry itself.
    pub(super) fn inode(&self, id: EntryId) -> EntryId {
        self.hardlinks.get(&id).copied().unwrap_or(id)
    }
}
