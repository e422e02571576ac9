//! The union of the layers below, asked for single paths.

use std::{collections::HashMap, os::fd::OwnedFd, path::PathBuf, sync::Arc};

use rustix::{
    fs::{AtFlags, FileType, OFlags, Stat, statat},
    io::Errno,
};
use strata_layer::LayerPath;

use super::{
    CaptureError, Mark, Marks, Place, Tree,
    tree::{join, names},
};

/// Directories remembered. Paths are asked for in the order of a tree, so few are needed at a time.
const REMEMBERED: usize = 4096;

/// The layers below a writable directory. Nothing is mounted and no layer is walked: a path costs a call or two for
/// each layer that has the directory it is in. Keeps a descriptor per layer.
#[derive(Debug)]
pub struct Below {
    layers: Vec<Tree>,
    marks: Marks,
    /// Which layers make up a directory, topmost first; none if it is no directory below.
    folders: HashMap<LayerPath, Arc<[usize]>>,
    /// The directory that was asked for last, opened in these layers: mostly the next path is in it too.
    here: Option<(LayerPath, Vec<(usize, OwnedFd)>)>,
}

/// What the layers below have at a path.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    /// The layer that provides it, 0 at the bottom; of a merged directory the topmost.
    pub layer: usize,
    /// What lstat(2) says of it.
    pub stat: Stat,
}

impl Found {
    /// Whether it is a directory.
    pub fn is_directory(&self) -> bool {
        FileType::from_raw_mode(self.stat.st_mode) == FileType::Directory
    }
}

impl Below {
    /// Opens the layers' directories, bottom first. For [`Marks::Copy`] the layers are marked as root marks them.
    pub fn open(lowers: &[PathBuf], marks: Marks) -> Result<Self, CaptureError> {
        let layers = lowers.iter().map(|path| Tree::open(path)).collect::<Result<Vec<_>, _>>()?;
        let marks = if marks == Marks::Copy { Marks::Fuse } else { marks };
        Ok(Self { layers, marks, folders: HashMap::new(), here: None })
    }

    /// A layer's own directory.
    pub fn layer(&self, position: usize) -> &Tree {
        &self.layers[position]
    }

    /// What is at a path.
    pub fn find(&mut self, path: &LayerPath) -> Result<Option<Found>, CaptureError> {
        let fail = || CaptureError::io("look below for", path);
        let (Some(parent), Some(name)) = (path.parent(), path.name()) else {
            let Some(layer) = self.layers.len().checked_sub(1) else { return Ok(None) };
            let stat = rustix::fs::fstat(self.layers[layer].root()).map_err(|error| fail()(error))?;
            return Ok(Some(Found { layer, stat }));
        };
        let marks = self.marks;
        for (layer, folder) in self.enter(&parent)? {
            match look(marks, folder, name).map_err(|error| fail()(error))? {
                Some((_, Mark::Whiteout)) => return Ok(None),
                Some((stat, _)) => return Ok(Some(Found { layer: *layer, stat })),
                None => {}
            }
        }
        Ok(None)
    }

    /// Opens a directory in the layers that make it up, topmost first.
    fn enter(&mut self, path: &LayerPath) -> Result<&[(usize, OwnedFd)], CaptureError> {
        if self.here.as_ref().is_none_or(|(here, _)| here != path) {
            let layers = self.folder(path)?;
            let mut opened = Vec::with_capacity(layers.len());
            for &layer in layers.iter() {
                let folder = self.layers[layer].open_at(path, OFlags::PATH | OFlags::DIRECTORY);
                opened.push((layer, folder.map_err(CaptureError::io("look below for", path))?));
            }
            self.here = Some((path.clone(), opened));
        }
        Ok(self.here.as_ref().map_or(&[], |(_, opened)| opened))
    }

    /// Where what was found is.
    pub fn place(&self, found: &Found, path: &LayerPath) -> Result<Place, CaptureError> {
        self.layers[found.layer].place(path).map_err(CaptureError::io("open below", path))
    }

    /// The names in a merged directory, sorted; none if it is no directory.
    pub fn names(&mut self, folder: &LayerPath) -> Result<Vec<Vec<u8>>, CaptureError> {
        let mut all = Vec::new();
        for &layer in self.folder(folder)?.iter() {
            let listed = self.layers[layer].folder(folder).and_then(|folder| names(&folder));
            all.extend(listed.map_err(CaptureError::io("list below", folder))?);
        }
        all.sort();
        all.dedup();
        let mut live = Vec::with_capacity(all.len());
        for name in all {
            if self.find(&join(folder, &name)?)?.is_some() {
                live.push(name);
            }
        }
        Ok(live)
    }

    /// The layers that make up a directory, topmost first.
    fn folder(&mut self, path: &LayerPath) -> Result<Arc<[usize]>, CaptureError> {
        if let Some(known) = self.folders.get(path) {
            return Ok(Arc::clone(known));
        }
        let mut above: Arc<[usize]> = (0..self.layers.len()).rev().collect();
        let mut at = LayerPath::root();
        for name in path.components() {
            let here = join(&at, name)?;
            above = match self.folders.get(&here) {
                Some(known) => Arc::clone(known),
                None => {
                    let fail = CaptureError::io("look below for", &here);
                    let merged = self.merge(&above, &at, name).map_err(fail)?;
                    self.remember(here.clone(), merged)
                }
            };
            at = here;
        }
        Ok(above)
    }

    /// Which of the layers that make up a directory make up the directory `name` in it.
    fn merge(&self, above: &[usize], folder: &LayerPath, name: &[u8]) -> Result<Arc<[usize]>, Errno> {
        let mut merged = Vec::new();
        for &layer in above {
            let folder = self.layers[layer].open_at(folder, OFlags::PATH | OFlags::DIRECTORY)?;
            match look(self.marks, &folder, name)? {
                None => {}
                Some((stat, mark)) if FileType::from_raw_mode(stat.st_mode) == FileType::Directory => {
                    merged.push(layer);
                    if mark == Mark::Opaque {
                        break;
                    }
                }
                Some(_) => break,
            }
        }
        Ok(merged.into())
    }

    fn remember(&mut self, path: LayerPath, layers: Arc<[usize]>) -> Arc<[usize]> {
        if self.folders.len() >= REMEMBERED {
            self.folders.clear();
        }
        self.folders.insert(path, Arc::clone(&layers));
        layers
    }
}

fn look(marks: Marks, folder: &OwnedFd, name: &[u8]) -> Result<Option<(Stat, Mark)>, Errno> {
    match statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => Ok(Some((stat, marks.of(folder, name, &stat)))),
        Err(Errno::NOENT) => Ok(None),
        Err(error) => Err(error),
    }
}
