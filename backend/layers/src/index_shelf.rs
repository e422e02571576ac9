//! Indexes of layers that are not here: what is left of a layer that was looked into.
//!
//! ```text
//! <root>/<diff_id hex>   as the `index` beside a layer, with its checksum
//! ```
//!
//! A shelf, not a store: nothing waits for the disk, a file that is damaged counts as none, and those that were asked for longest
//! ago go when there are more bytes than fit.

use std::{
    fs::{self, File},
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::SystemTime,
};

use strata_layer::LayerIndex;
use strata_oci::DiffId;

use crate::{
    LayersError,
    index_file::{self, Read},
    store,
};

/// The shelf; cloning shares it. One process at a time opens a root.
#[derive(Clone, Debug)]
pub struct IndexShelf(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    root: PathBuf,
    /// Bytes of all indexes.
    room: u64,
    next: AtomicU64,
    /// Held while some are removed.
    clearing: Mutex<()>,
}

impl IndexShelf {
    /// Opens the shelf at `root` with room for so many bytes, makes it when absent, and removes what an earlier process left
    /// unfinished.
    pub fn open(root: &Path, room: u64) -> Result<Self, LayersError> {
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(root);
        made.map_err(LayersError::new("create", root))?;
        for (path, known) in list(root)? {
            if !known {
                fs::remove_file(&path).map_err(LayersError::new("remove", path))?;
            }
        }
        let shared = Shared { root: root.into(), room, next: AtomicU64::new(0), clearing: Mutex::default() };
        Ok(Self(Arc::new(shared)))
    }

    /// Whether it has an index, whole or not.
    pub fn contains(&self, diff_id: &DiffId) -> bool {
        self.place(diff_id).exists()
    }

    /// An index in the encoding of [`LayerIndex::encode`], which makes it the last one to go.
    pub fn get(&self, diff_id: &DiffId) -> Option<Vec<u8>> {
        let place = self.place(diff_id);
        match index_file::read(&place) {
            Ok(Read::Whole(bytes)) => {
                // One that can't be marked goes earlier.
                let _ = File::open(&place).and_then(|file| file.set_modified(SystemTime::now()));
                Some(bytes)
            }
            Ok(Read::Nothing) => None,
            Ok(Read::Damaged) | Err(_) => {
                let _ = fs::remove_file(place);
                None
            }
        }
    }

    /// Takes an index; others go if there is no room for it. One that is larger than the shelf is not taken.
    pub fn keep(&self, diff_id: &DiffId, index: &LayerIndex) -> Result<(), LayersError> {
        let (new, place) = (self.unfinished(), self.place(diff_id));
        let written = index_file::write(&new, index)
            .and_then(|()| fs::rename(&new, &place).map_err(LayersError::new("rename", &new)));
        if let Err(error) = written {
            let _ = fs::remove_file(new);
            return Err(error);
        }
        self.clear()
    }

    /// An empty file that has no name, for what is looked at and not kept.
    pub fn scratch(&self) -> Result<File, LayersError> {
        let path = self.unfinished();
        let file = File::options().read(true).write(true).create_new(true).open(&path);
        let file = file.map_err(LayersError::new("create", &path))?;
        fs::remove_file(&path).map_err(LayersError::new("remove", path))?;
        Ok(file)
    }

    fn clear(&self) -> Result<(), LayersError> {
        let _alone = self.0.clearing.lock().unwrap_or_else(PoisonError::into_inner);
        let known = list(&self.0.root)?.into_iter().filter_map(|(path, known)| known.then_some(path));
        // What can't be looked at was removed by somebody else.
        let mut all: Vec<_> = known
            .filter_map(|path| {
                let meta = fs::metadata(&path).ok()?;
                Some((meta.modified().ok()?, meta.len(), path))
            })
            .collect();
        all.sort();
        let mut bytes: u64 = all.iter().map(|(_, size, _)| size).sum();
        for (_, size, path) in all {
            if bytes <= self.0.room {
                break;
            }
            fs::remove_file(&path).map_err(LayersError::new("remove", path))?;
            bytes -= size;
        }
        Ok(())
    }

    fn place(&self, diff_id: &DiffId) -> PathBuf {
        self.0.root.join(diff_id.0.hex())
    }

    fn unfinished(&self) -> PathBuf {
        self.0.root.join(format!("tmp-{}", self.0.next.fetch_add(1, Ordering::Relaxed)))
    }
}

/// What is in the directory, and whether it is an index.
fn list(root: &Path) -> Result<Vec<(PathBuf, bool)>, LayersError> {
    let fail = || LayersError::new("list", root);
    let mut found = Vec::new();
    for entry in fs::read_dir(root).map_err(fail())? {
        let entry = entry.map_err(fail())?;
        let known = entry.file_name().to_str().and_then(store::diff_id).is_some();
        found.push((entry.path(), known));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use strata_layer::{Limits, read_layer};
    use strata_oci::Digest;

    fn layer(text: &str) -> (DiffId, LayerIndex) {
        let tar = strata_forge::Layer::new().file("a", text).tar();
        let index = read_layer(&*tar, &Limits::default(), &mut ()).expect("a layer");
        (DiffId(Digest::of(&tar)), index)
    }

    #[test]
    fn what_was_asked_for_longest_ago_goes() {
        let root = tempfile::tempdir().expect("a directory");
        let layers = ["one", "two", "three"].map(layer);
        let size = layers[0].1.encode().len() as u64 + 16;
        let shelf = IndexShelf::open(root.path(), 2 * size).expect("opens");
        let age = |at: usize, seconds: u64| {
            let file = File::open(shelf.place(&layers[at].0)).expect("is there");
            let then = SystemTime::now() - std::time::Duration::from_secs(seconds);
            file.set_modified(then).expect("may be set");
        };
        for (at, (diff_id, index)) in layers.iter().enumerate().take(2) {
            shelf.keep(diff_id, index).expect("fits");
            age(at, 100 - at as u64);
        }
        assert_eq!(shelf.get(&layers[0].0), Some(layers[0].1.encode()), "the older one is asked for");
        shelf.keep(&layers[2].0, &layers[2].1).expect("fits");
        let there = layers.each_ref().map(|(diff_id, _)| shelf.contains(diff_id));
        assert_eq!(there, [true, false, true]);
    }

    #[test]
    fn damage_counts_as_nothing_and_leftovers_go() {
        let root = tempfile::tempdir().expect("a directory");
        let (diff_id, index) = layer("one");
        let shelf = IndexShelf::open(root.path(), 1 << 20).expect("opens");
        shelf.keep(&diff_id, &index).expect("fits");
        fs::write(root.path().join("tmp-7"), "half").expect("written");
        let shelf = IndexShelf::open(root.path(), 1 << 20).expect("opens again");
        assert_eq!(fs::read_dir(root.path()).expect("lists").count(), 1);
        let mut bytes = fs::read(shelf.place(&diff_id)).expect("is there");
        bytes[9] ^= 1;
        fs::write(shelf.place(&diff_id), bytes).expect("written");
        assert_eq!(shelf.get(&diff_id), None);
        assert!(!shelf.contains(&diff_id), "it will be made again");
        let _file = shelf.scratch().expect("a file");
        assert_eq!(fs::read_dir(root.path()).expect("lists").count(), 0);
    }
}
