//! What is in a directory, to be compared with another.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::{ffi::OsStrExt as _, fs::MetadataExt as _},
    path::Path,
};

use strata_oci::Digest;

/// Everything that a layer says about a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    pub mode: u32,
    pub owner: (u32, u32),
    pub mtime: (i64, i64),
    pub device: u64,
    pub links: u64,
    pub size: u64,
    /// A file's digest or a symlink's target.
    pub content: String,
    pub xattrs: BTreeMap<String, Vec<u8>>,
}

/// Path → facts of everything below a directory, and of itself as "".
pub fn tree_of(root: &Path) -> BTreeMap<Vec<u8>, Facts> {
    let mut found = BTreeMap::new();
    let mut pending = vec![root.to_owned()];
    while let Some(path) = pending.pop() {
        let relative = path.strip_prefix(root).expect("below").as_os_str().as_bytes().to_vec();
        let facts = facts_of(&path);
        if facts.mode & 0o170_000 == 0o040_000 {
            pending.extend(fs::read_dir(&path).expect("lists").map(|entry| entry.expect("an entry").path()));
        }
        found.insert(relative, facts);
    }
    found
}

fn facts_of(path: &Path) -> Facts {
    let metadata = fs::symlink_metadata(path).expect("is there");
    let kind = metadata.file_type();
    let content = match () {
        () if kind.is_file() => Digest::of(&fs::read(path).expect("reads")).to_string(),
        () if kind.is_symlink() => format!("{:?}", fs::read_link(path).expect("reads")),
        () => String::new(),
    };
    Facts {
        mode: metadata.mode(),
        owner: (metadata.uid(), metadata.gid()),
        mtime: (metadata.mtime(), metadata.mtime_nsec()),
        device: metadata.rdev(),
        links: if kind.is_dir() { 0 } else { metadata.nlink() },
        size: if kind.is_file() { metadata.len() } else { 0 },
        content,
        xattrs: xattrs_of(path),
    }
}

fn xattrs_of(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut names = vec![0; 1 << 16];
    let length = rustix::fs::llistxattr(path, &mut names[..]).unwrap_or(0);
    let names = names[..length].split(|byte| *byte == 0).filter(|name| !name.is_empty());
    let value = |name: &[u8]| {
        let mut value = vec![0; 1 << 16];
        let length = rustix::fs::lgetxattr(path, name, &mut value[..]).expect("is there");
        value.truncate(length);
        (String::from_utf8_lossy(name).into_owned(), value)
    };
    names.map(value).collect()
}
