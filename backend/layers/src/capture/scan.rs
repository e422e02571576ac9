//! Walking a writable directory in the order of a tree.

use std::{collections::BTreeMap, os::fd::OwnedFd};

use rustix::{
    fs::{AtFlags, FileType, Stat, statat},
    io::Errno,
};
use strata_layer::LayerPath;

use super::{
    CaptureError, Mark, Marks, Tree,
    tree::{join, names},
};

/// Directories kept open on the way down; shallower ones are opened again by their path.
const OPEN: usize = 32;

/// Something in a writable directory.
#[derive(Debug)]
pub struct Item<'a> {
    /// The directory that it is in.
    pub folder: &'a OwnedFd,
    /// Its name there. For a whiteout this is the name of what is deleted, which need not be a name in `folder`.
    pub name: &'a [u8],
    /// Its path.
    pub path: &'a LayerPath,
    /// What lstat(2) says of it.
    pub stat: Stat,
    /// What it stands for.
    pub mark: Mark,
    /// Whether it is in a directory through which nothing below is seen.
    pub hidden: bool,
}

impl Item<'_> {
    /// What kind of file it is; a whiteout is one too.
    pub fn kind(&self) -> FileType {
        FileType::from_raw_mode(self.stat.st_mode)
    }

    /// Whether it is a directory.
    pub fn is_directory(&self) -> bool {
        self.mark != Mark::Whiteout && self.kind() == FileType::Directory
    }
}

/// Visits everything below the directory `from` of a tree, each directory before what is in it, siblings by their
/// bytes. `visit` says whether a directory is to be entered. Things that vanish meanwhile are passed over.
pub fn scan(
    tree: &Tree,
    marks: Marks,
    from: &LayerPath,
    hidden: bool,
    visit: &mut dyn FnMut(&Item<'_>) -> Result<bool, CaptureError>,
) -> Result<(), CaptureError> {
    let mut levels: Vec<Level> = Vec::new();
    levels.extend(Level::enter(tree, marks, from.clone(), hidden)?);
    while let Some(depth) = levels.len().checked_sub(1) {
        let level = &mut levels[depth];
        let Some((name, mark)) = level.names.next() else {
            levels.pop();
            continue;
        };
        level.open(tree)?;
        // Moved away meanwhile, with all that was left of it.
        let Some(folder) = &level.folder else {
            levels.pop();
            continue;
        };
        let path = join(&level.path, &name)?;
        let (stat, mark) = match mark {
            Some(stat) => (stat, Mark::Whiteout),
            None => match statat(folder, &name[..], AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) => (stat, marks.of(folder, &name, &stat)),
                Err(Errno::NOENT) => continue,
                Err(error) => return Err(CaptureError::io("look at", &path)(error)),
            },
        };
        let item = Item { folder, name: &name, path: &path, stat, mark, hidden: level.hidden };
        if visit(&item)? && item.is_directory() {
            let hidden = item.hidden || mark == Mark::Opaque;
            levels.extend(Level::enter(tree, marks, path, hidden)?);
            if let Some(shallow) = levels.len().checked_sub(OPEN + 1) {
                levels[shallow].folder = None;
            }
        }
    }
    Ok(())
}

struct Level {
    path: LayerPath,
    folder: Option<OwnedFd>,
    /// What is left to visit; with what is known of it if its name is that of a deleted file.
    names: std::collections::btree_map::IntoIter<Vec<u8>, Option<Stat>>,
    hidden: bool,
}

impl Level {
    /// Opens and lists a directory; nothing if it is gone.
    fn enter(tree: &Tree, marks: Marks, path: LayerPath, hidden: bool) -> Result<Option<Self>, CaptureError> {
        let fail = || CaptureError::io("list", &path);
        let folder = match tree.folder(&path) {
            Ok(folder) => folder,
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) if !path.is_root() => return Ok(None),
            Err(error) => return Err(fail()(error)),
        };
        let mut listed = BTreeMap::new();
        for name in names(&folder).map_err(|error| fail()(error))? {
            if marks.is_mark_file(&name) {
                continue;
            }
            match marks.deleted_by(&name) {
                None => {
                    listed.insert(name, None);
                }
                Some(deleted) => {
                    if let Ok(stat) = statat(&folder, &name[..], AtFlags::SYMLINK_NOFOLLOW) {
                        // A file of that name is there too: it replaces what was deleted.
                        listed.entry(deleted.to_vec()).or_insert(Some(stat));
                    }
                }
            }
        }
        Ok(Some(Self { path, folder: Some(folder), names: listed.into_iter(), hidden }))
    }

    /// Opens it again if it was closed, unless it is gone.
    fn open(&mut self, tree: &Tree) -> Result<(), CaptureError> {
        if self.folder.is_none() {
            self.folder = match tree.folder(&self.path) {
                Ok(folder) => Some(folder),
                Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => None,
                Err(error) => return Err(CaptureError::io("list", &self.path)(error)),
            };
        }
        Ok(())
    }
}
