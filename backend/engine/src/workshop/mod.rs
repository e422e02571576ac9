//! Workshops: Dockerfiles with their context, kept as plain files.
//!
//! ```text
//! <data>/workshops/<id>/workshop.json   the settings; replaced whole
//! <data>/workshops/<id>/context/        the files
//! <data>/workshops/<id>/builds/<id>/    the context of a build as it was: other names of the same files
//! <data>/workshops/tmp/<n>              being made or removed; emptied when the engine opens
//! ```
//!
//! A file is never written in place: it is made beside the context and renamed into it. So a reader sees the old file or the
//! new one, a crash leaves one of them, and a copy of a context costs only names ([`copy`]).
//!
//! Paths are a [`LayerPath`], and are opened below the context's descriptor without following a symlink
//! (`RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS`): what a context contains decides nothing about what is written.

mod builds;
mod cache;
mod context;
mod copy;
mod files;
mod limits;
mod listing;
mod merge;
mod record;
mod repository;
mod shelf;
mod verbs;

use std::{
    collections::HashMap,
    fs,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use builds::RunningBuilds;
pub use files::Was;
pub use limits::{MOST_BYTES, MOST_FILES, MOST_WORKSHOPS, WRITTEN_AT_ONCE};
use listing::Digests;
use strata_builder::ContextRoom;
use strata_layer::LayerPath;

use crate::{Error, Kind};

/// All workshops. Every method blocks.
pub(crate) struct Workshops {
    root: PathBuf,
    /// One at a time changes a workshop, or reads all of it.
    held: Mutex<HashMap<String, Arc<Mutex<Digests>>>>,
    next: AtomicU64,
    /// Where archives are unpacked and repositories fetched.
    room: ContextRoom,
    /// Builds that run.
    builds: RunningBuilds,
}

impl Workshops {
    /// Opens the workshops at `root`, creates it when absent, and removes what an earlier process left unfinished.
    ///
    /// `room` is on the same file system.
    pub(crate) fn open(root: &Path, room: ContextRoom) -> Result<Self, Error> {
        let tmp = root.join("tmp");
        strata_layers::remove_tree(&tmp).map_err(Error::internal)?;
        for path in [root, &tmp] {
            let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
            made.map_err(|error| cannot("create", path, &error))?;
        }
        Ok(Self {
            root: root.to_owned(),
            held: Mutex::default(),
            next: AtomicU64::new(0),
            room,
            builds: RunningBuilds::default(),
        })
    }

    /// A path for something unfinished, never given twice.
    fn temporary(&self) -> PathBuf {
        self.root.join("tmp").join(self.next.fetch_add(1, Ordering::Relaxed).to_string())
    }

    fn place(&self, id: &str) -> PathBuf {
        self.root.join(id)
    }

    /// What is kept of a workshop while it is looked at; lock it before reading or changing its files.
    fn hold(&self, id: &str) -> Result<Arc<Mutex<Digests>>, Error> {
        if !is_id(id) || !self.place(id).is_dir() {
            return Err(Error::new(Kind::NotFound, format!("No such workshop: {}", id.escape_debug())));
        }
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(held.entry(id.to_owned()).or_default()))
    }
}

/// Whether a text has the form of a workshop's or build's id.
fn is_id(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
}

fn lock(digests: &Mutex<Digests>) -> MutexGuard<'_, Digests> {
    digests.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The machine refused.
fn cannot(what: &str, path: &Path, error: &dyn std::error::Error) -> Error {
    Error::new(Kind::Internal, format!("cannot {what} {}: {error}", path.display()))
}

/// A path that a client named.
pub(crate) fn context_path(path: &[u8]) -> Result<LayerPath, Error> {
    LayerPath::parse(path).map_err(|error| {
        let message =
            format!("{error}: a path in a context has no .. and leads from its root, such as src/main.c");
        Error::new(Kind::InvalidArgument, message)
    })
}
