//! What the mount and the directory say, by the plainest means.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::{ffi::OsStrExt as _, fs::MetadataExt as _},
    path::Path,
};

use strata_layer::{Change, EntryRef, Kind, LayerPath};
use xxhash_rust::xxh3::xxh3_128;

/// Path → what is there; the root is the empty path.
pub type Tree = BTreeMap<Vec<u8>, Facts>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    kind: char,
    mode: u32,
    owner: (u32, u32),
    /// Not of the root, which a layer lists only if something else of it changed.
    mtime: (i64, i64),
    size: u64,
    content: u128,
    target: Vec<u8>,
    device: (u32, u32),
    note: Option<Vec<u8>>,
}

pub fn tree_of(root: &Path) -> Tree {
    let mut found = Tree::new();
    let mut pending = vec![root.to_owned()];
    while let Some(path) = pending.pop() {
        let relative = path.strip_prefix(root).expect("below").as_os_str().as_bytes().to_vec();
        let facts = Facts::of(&path, relative.is_empty());
        if facts.kind == 'd' {
            pending.extend(fs::read_dir(&path).expect("lists").map(|entry| entry.expect("one").path()));
        }
        found.insert(relative, facts);
    }
    found
}

impl Facts {
    fn of(path: &Path, root: bool) -> Self {
        let found = fs::symlink_metadata(path).expect("is there");
        let kind = letter(found.mode());
        let content = if kind == '-' { fs::read(path).expect("reads") } else { Vec::new() };
        Self {
            kind,
            mode: found.mode() & 0o7777,
            owner: (found.uid(), found.gid()),
            mtime: if root { (0, 0) } else { (found.mtime(), found.mtime_nsec()) },
            size: if kind == '-' { found.len() } else { 0 },
            content: if content.is_empty() { 0 } else { xxh3_128(&content) },
            target: if kind == 'l' {
                fs::read_link(path).expect("reads").as_os_str().as_bytes().into()
            } else {
                Vec::new()
            },
            device: if kind == 'c' {
                (rustix::fs::major(found.rdev()), rustix::fs::minor(found.rdev()))
            } else {
                (0, 0)
            },
            note: note(path),
        }
    }

    pub fn of_entry(entry: EntryRef<'_>) -> Self {
        let kind = match entry.resolved_kind() {
            Kind::Fifo => 'p',
            kind => kind.letter(),
        };
        let root = entry.depth() == 0;
        let device = entry.device().map_or((0, 0), |device| (device.major, device.minor));
        Self {
            kind,
            mode: entry.mode().into(),
            owner: (entry.uid(), entry.gid()),
            mtime: if root { (0, 0) } else { (entry.mtime().seconds, entry.mtime().nanos.into()) },
            size: entry.size(),
            content: entry.hash(),
            target: entry.symlink().unwrap_or_default().to_vec(),
            device,
            note: entry
                .xattrs()
                .iter()
                .find(|xattr| *xattr.name == *b"user.note")
                .map(|xattr| xattr.value.to_vec()),
        }
    }
}

/// Docker's way: both trees are walked whole.
pub fn diff(old: &Tree, new: &Tree) -> Vec<String> {
    let mut changes: BTreeMap<LayerPath, char> = BTreeMap::new();
    let path = |bytes: &[u8]| LayerPath::parse(bytes).expect("a path");
    for (at, now) in new.iter().filter(|(at, _)| !at.is_empty()) {
        match old.get(at) {
            None => drop(changes.insert(path(at), 'A')),
            Some(before) if change(Some(before), Some(now)) != Change::Unchanged => {
                changes.insert(path(at), 'C');
            }
            Some(_) => {}
        }
    }
    for at in old.keys().filter(|at| !new.contains_key(*at)) {
        // What was in a deleted directory, or in one that is none any more, is not listed.
        let parent = path(at).parent().expect("the root stays");
        if new.get(parent.as_bytes()).is_some_and(|parent| parent.kind == 'd') {
            changes.insert(path(at), 'D');
        }
    }
    let changed: Vec<_> = changes.keys().cloned().collect();
    for mut at in changed {
        while let Some(parent) = at.parent().filter(|parent| !parent.is_root()) {
            changes.entry(parent.clone()).or_insert('C');
            at = parent;
        }
    }
    changes.iter().map(|(path, letter)| format!("{letter} /{path}")).collect()
}

/// How a path changed by what docker compares.
pub fn change(old: Option<&Facts>, new: Option<&Facts>) -> Change {
    match (old, new) {
        (None, None) => Change::Unchanged,
        (None, Some(_)) => Change::Added,
        (Some(_), None) => Change::Deleted,
        (Some(old), Some(new)) => {
            let length = |facts: &Facts| facts.size + facts.target.len() as u64;
            let content = old.kind != 'd' && (length(old) != length(new) || old.mtime != new.mtime);
            if old.kind != new.kind || old.device != new.device || content {
                Change::Modified
            } else if (old.mode, old.owner) != (new.mode, new.owner) {
                Change::Metadata
            } else {
                Change::Unchanged
            }
        }
    }
}

/// What a writable directory has: letter, size and whether it is opaque; deletions of what is not in `base` left
/// out.
pub fn written(upper: &Path, base: &Tree) -> Vec<(Vec<u8>, (char, u64, bool))> {
    let mut found: BTreeMap<LayerPath, (char, u64, bool)> = BTreeMap::new();
    let mut pending = vec![upper.to_owned()];
    while let Some(folder) = pending.pop() {
        for entry in fs::read_dir(&folder).expect("lists") {
            let path = entry.expect("one").path();
            let relative = path.strip_prefix(upper).expect("below").as_os_str().as_bytes().to_vec();
            let metadata = fs::symlink_metadata(&path).expect("is there");
            // How fuse-overlayfs says it, besides the attribute.
            if path.file_name().is_some_and(|name| name == ".wh..wh..opq") {
                continue;
            }
            let mut letter = letter(metadata.mode());
            if letter == 'd' {
                pending.push(path.clone());
            }
            if letter == 'c' && metadata.rdev() == 0 {
                letter = 'w';
                if !base.contains_key(&relative) {
                    continue;
                }
            }
            let size = if letter == '-' { metadata.len() } else { 0 };
            let opaque = ["trusted.overlay.opaque", "user.overlay.opaque"]
                .iter()
                .any(|name| xattr(&path, name).is_some_and(|value| value == b"y"));
            found.insert(LayerPath::parse(&relative).expect("a path"), (letter, size, opaque));
        }
    }
    found.into_iter().map(|(path, facts)| (path.as_bytes().to_vec(), facts)).collect()
}

fn letter(mode: u32) -> char {
    match mode & 0o170_000 {
        0o040_000 => 'd',
        0o120_000 => 'l',
        0o020_000 => 'c',
        0o010_000 => 'p',
        _ => '-',
    }
}

fn note(path: &Path) -> Option<Vec<u8>> {
    xattr(path, "user.note")
}

fn xattr(path: &Path, name: &str) -> Option<Vec<u8>> {
    let mut value = [0; 64];
    let length = rustix::fs::lgetxattr(path, name, &mut value[..]).ok()?;
    Some(value[..length].to_vec())
}
