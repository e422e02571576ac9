//! Bytes on disk.

use std::{collections::HashSet, fs, os::unix::fs::MetadataExt as _, path::Path};

/// Bytes of all files below a directory, each inode once. What can't be read counts nothing.
pub(crate) fn tree_bytes(path: &Path) -> u64 {
    let mut seen = HashSet::new();
    let mut folders = vec![path.to_owned()];
    let mut bytes = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let Ok(metadata) = entry.metadata() else { continue };
            if metadata.is_dir() {
                folders.push(entry.path());
            } else if seen.insert((metadata.dev(), metadata.ino())) {
                bytes += metadata.len();
            }
        }
    }
    bytes
}
