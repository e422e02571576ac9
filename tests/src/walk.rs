//! A directory tree as facts that can be compared.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs::{self, File},
    io::Read,
    os::unix::{
        ffi::{OsStrExt, OsStringExt},
        fs::{FileTypeExt, MetadataExt},
    },
    path::{Path, PathBuf},
};

use rustix::fs::{lgetxattr, llistxattr};
use strata_oci::{Algorithm, Digest, Hasher};

/// All paths below a root, relative to it, with what is known of each. The root itself is the empty path.
pub type Tree = BTreeMap<PathBuf, Facts>;

/// What is compared of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// `f`, `d`, `l`, `c`, `b`, `p` or `s`, as find prints it.
    pub kind: char,
    /// Permissions with setuid, setgid and sticky.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Seconds since 1970 and nanoseconds.
    pub mtime: (i64, i64),
    /// Bytes of a file.
    pub size: u64,
    /// Target of a symbolic link.
    pub target: Option<OsString>,
    /// Number of a device.
    pub rdev: u64,
    /// Extended attributes without the overlay's own.
    pub xattrs: BTreeMap<OsString, Vec<u8>>,
    /// Digest of a file's content.
    pub content: Option<Digest>,
    /// The other paths of the same inode.
    pub links: Vec<PathBuf>,
}

/// Reads the tree below `root`.
pub fn walk(root: &Path) -> Tree {
    let mut tree = Tree::new();
    let mut inodes: BTreeMap<(u64, u64), Vec<PathBuf>> = BTreeMap::new();
    let mut pending = vec![PathBuf::new()];
    while let Some(path) = pending.pop() {
        let full = root.join(&path);
        let meta =
            fs::symlink_metadata(&full).unwrap_or_else(|e| panic!("cannot stat {}: {e}", full.display()));
        if meta.is_dir() {
            let entries =
                fs::read_dir(&full).unwrap_or_else(|e| panic!("cannot read {}: {e}", full.display()));
            pending.extend(
                entries.map(|entry| path.join(entry.expect("a directory can be read on").file_name())),
            );
        } else if meta.nlink() > 1 {
            inodes.entry((meta.dev(), meta.ino())).or_default().push(path.clone());
        }
        tree.insert(path, facts(&full, &meta));
    }
    for mut group in inodes.into_values() {
        group.sort();
        for path in &group {
            let others = group.iter().filter(|other| *other != path).cloned().collect();
            tree.get_mut(path).expect("it was just put there").links = others;
        }
    }
    tree
}

fn facts(path: &Path, meta: &fs::Metadata) -> Facts {
    let kind = meta.file_type();
    let kind = match () {
        () if kind.is_dir() => 'd',
        () if kind.is_symlink() => 'l',
        () if kind.is_char_device() => 'c',
        () if kind.is_block_device() => 'b',
        () if kind.is_fifo() => 'p',
        () if kind.is_socket() => 's',
        () => 'f',
    };
    Facts {
        kind,
        mode: meta.mode() & 0o7777,
        uid: meta.uid(),
        gid: meta.gid(),
        mtime: (meta.mtime(), meta.mtime_nsec()),
        size: if kind == 'f' { meta.len() } else { 0 },
        target: (kind == 'l').then(|| fs::read_link(path).expect("a link can be read").into_os_string()),
        rdev: if matches!(kind, 'c' | 'b') { meta.rdev() } else { 0 },
        xattrs: xattrs(path),
        content: (kind == 'f').then(|| content(path)),
        links: Vec::new(),
    }
}

fn content(path: &Path) -> Digest {
    let mut file = File::open(path).unwrap_or_else(|e| panic!("cannot open {}: {e}", path.display()));
    let mut hasher = Hasher::new(Algorithm::Sha256);
    let mut buffer = vec![0; 128 * 1024];
    loop {
        let count = file.read(&mut buffer).unwrap_or_else(|e| panic!("cannot read {}: {e}", path.display()));
        if count == 0 {
            return hasher.finish();
        }
        hasher.update(&buffer[..count]);
    }
}

/// The extended attributes of `path` itself, without the overlay's own and those that the host puts everywhere.
fn xattrs(path: &Path) -> BTreeMap<OsString, Vec<u8>> {
    let mut names = vec![0; 64 * 1024];
    let Ok(length) = llistxattr(path, &mut names[..]) else { return BTreeMap::new() };
    let all = names[..length].split(|b| *b == 0).filter(|name| !name.is_empty());
    let own = |name: &&[u8]| {
        name.starts_with(b"trusted.overlay.")
            || name.starts_with(b"user.overlay.")
            || *name == b"security.selinux"
    };
    let read = |name: &[u8]| {
        let name = OsString::from_vec(name.to_owned());
        let mut value = vec![0; 64 * 1024];
        let length = lgetxattr(path, name.as_os_str(), &mut value[..])
            .expect("a listed attribute can be read by root");
        value.truncate(length);
        (name, value)
    };
    all.filter(|name| !own(name)).map(read).collect()
}

/// What differs between two trees, a line each; `same` decides whether a path's facts count as equal.
pub fn differences(
    a: (&str, &Tree),
    b: (&str, &Tree),
    same: impl Fn(&Path, &Facts, &Facts) -> bool,
) -> Vec<String> {
    let ((name_a, a), (name_b, b)) = (a, b);
    let mut lines = Vec::new();
    for (path, facts) in a {
        match b.get(path) {
            None => lines.push(format!("{}: only in {name_a}: {facts:?}", printable(path))),
            Some(other) if !same(path, facts, other) => {
                lines.push(format!("{}:\n  {name_a}: {facts:?}\n  {name_b}: {other:?}", printable(path)));
            }
            Some(_) => {}
        }
    }
    let only_b = b.iter().filter(|(path, _)| !a.contains_key(*path));
    lines.extend(only_b.map(|(path, facts)| format!("{}: only in {name_b}: {facts:?}", printable(path))));
    lines
}

fn printable(path: &Path) -> String {
    path.as_os_str().as_bytes().escape_ascii().to_string()
}
