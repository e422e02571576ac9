//! `docker diff`.

use std::collections::BTreeMap;

use strata_layer::LayerPath;

use super::{
    Below, CaptureError, Mark, Marks, Tree, Written,
    difference::difference,
    scan::{Item, scan},
    tree::join,
    xattrs::xattr_at,
};

/// A path that differs from what is below.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The path.
    pub path: LayerPath,
    /// How it differs.
    pub kind: ChangeKind,
}

/// How a path differs from what is below.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChangeKind {
    /// It is not below.
    Added,
    /// It is below too, differently; or it is a directory with a change in it.
    Modified,
    /// It is below only. What was in a deleted directory is not listed.
    Deleted,
}

impl ChangeKind {
    /// As `docker diff` prints it: `A`, `C` or `D`.
    pub fn letter(self) -> char {
        match self {
            Self::Added => 'A',
            Self::Modified => 'C',
            Self::Deleted => 'D',
        }
    }

    /// As the engine API numbers it: 0 modified, 1 added, 2 deleted.
    pub fn number(self) -> u8 {
        match self {
            Self::Modified => 0,
            Self::Added => 1,
            Self::Deleted => 2,
        }
    }
}

/// What differs, in the order of a tree. The root itself is never listed, as in docker.
pub fn changes(written: &Written<'_>) -> Result<Vec<Change>, CaptureError> {
    let tree = Tree::open(written.upper)?;
    let mut comparison =
        Comparison { below: Below::open(written.lowers, written.marks)?, found: BTreeMap::new() };
    // A copy shows nothing of what is below.
    let hidden = written.marks == Marks::Copy;
    if hidden {
        comparison.missing(&tree, &LayerPath::root(), written.marks)?;
    }
    scan(&tree, written.marks, &LayerPath::root(), hidden, &mut |item| {
        comparison.take(item)?;
        if item.is_directory() && (item.hidden || item.mark == Mark::Opaque) {
            comparison.missing(&tree, item.path, written.marks)?;
        }
        Ok(true)
    })?;
    Ok(comparison.found.into_iter().map(|(path, kind)| Change { path, kind }).collect())
}

struct Comparison {
    below: Below,
    found: BTreeMap<LayerPath, ChangeKind>,
}

impl Comparison {
    fn take(&mut self, item: &Item<'_>) -> Result<(), CaptureError> {
        if item.mark == Mark::Whiteout {
            if self.below.find(item.path)?.is_some() {
                self.add(item.path.clone(), ChangeKind::Deleted);
            }
            return Ok(());
        }
        match self.below.find(item.path)? {
            None => self.add(item.path.clone(), ChangeKind::Added),
            Some(old) => {
                let same = difference(&old.stat, &item.stat) == strata_layer::Change::Unchanged;
                if !same || self.capabilities_differ(item, &old)? {
                    self.add(item.path.clone(), ChangeKind::Modified);
                }
            }
        }
        Ok(())
    }

    /// Adds what is below in a directory and not in the writable one, which hides it.
    fn missing(&mut self, tree: &Tree, folder: &LayerPath, marks: Marks) -> Result<(), CaptureError> {
        let below = self.below.names(folder)?;
        if below.is_empty() {
            return Ok(());
        }
        let mut present = std::collections::BTreeSet::new();
        let one_level = &mut |item: &Item<'_>| {
            if item.mark != Mark::Whiteout {
                present.insert(item.name.to_vec());
            }
            Ok(false)
        };
        scan(tree, marks, folder, true, one_level)?;
        for name in below.iter().filter(|name| !present.contains(*name)) {
            self.add(join(folder, name)?, ChangeKind::Deleted);
        }
        Ok(())
    }

    fn capabilities_differ(&self, item: &Item<'_>, old: &super::Found) -> Result<bool, CaptureError> {
        if item.is_directory() {
            return Ok(false);
        }
        const CAPABILITY: &[u8] = b"security.capability";
        let place = self.below.place(old, item.path)?;
        Ok(xattr_at(item.folder, item.name, CAPABILITY) != xattr_at(&place.folder, &place.name, CAPABILITY))
    }

    /// Adds a change, and the directories that it is in: they have a change in them.
    fn add(&mut self, path: LayerPath, kind: ChangeKind) {
        let mut above = path.parent();
        while let Some(folder) = above.filter(|folder| !folder.is_root()) {
            if self.found.contains_key(&folder) {
                break;
            }
            above = folder.parent();
            self.found.insert(folder, ChangeKind::Modified);
        }
        self.found.insert(path, kind);
    }
}
