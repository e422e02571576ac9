//! Why the catalog could not be opened, asked or changed.

use std::{io, path::PathBuf};

use strata_oci::ImageId;
use thiserror::Error;

/// Why a catalog could not be opened. Nothing was changed.
#[derive(Debug, Error)]
pub enum OpenError {
    /// Another process has the directory.
    #[error("{path} is in use by another server{by}", path = .path.display(), by = holder(.pid))]
    InUse {
        /// The directory.
        path: PathBuf,
        /// The other process, if it left its number.
        pid: Option<u32>,
    },
    /// The file is not a database, or a broken one.
    #[error("catalog {path} is damaged ({what}); it was left as it is: restore it, or move it away to start empty", path = .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong, as the check says.
        what: String,
    },
    /// A database of something else.
    #[error("{path} is a database of another program; it was left as it is", path = .path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// Written by a later version of this program.
    #[error("catalog {path} has schema {found}, this program knows up to {known}: use a newer one", path = .path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema version.
        found: i64,
        /// The last one known here.
        known: i64,
    },
    /// The file system refused.
    #[error("cannot {action} {path}", path = .path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// On which path.
        path: PathBuf,
        /// The refusal.
        source: io::Error,
    },
    /// The database refused.
    #[error("cannot open catalog {path}", path = .path.display())]
    Sql {
        /// The file.
        path: PathBuf,
        /// The refusal.
        source: rusqlite::Error,
    },
}

fn holder(pid: &Option<u32>) -> String {
    pid.map(|pid| format!(" (process {pid})")).unwrap_or_default()
}

/// A failed operation on a catalog. The transaction was rolled back: nothing of it happened.
#[derive(Debug, Error)]
pub enum CatalogError {
    /// A tag or pinned name was to be given to an image that is not there.
    #[error("no such image: {0}")]
    NoSuchImage(ImageId),
    /// A container was to get a name that another one has.
    #[error("container name {name} is in use by container {holder}")]
    NameTaken {
        /// The name.
        name: String,
        /// The id of the container that has it.
        holder: String,
    },
    /// The database refused; a full disk among others.
    #[error("catalog cannot {action}")]
    Sql {
        /// What was tried, as a verb and its object.
        action: &'static str,
        /// The refusal.
        source: rusqlite::Error,
    },
}

impl CatalogError {
    pub(crate) fn sql(action: &'static str) -> impl FnOnce(rusqlite::Error) -> Self {
        move |source| Self::Sql { action, source }
    }

    /// Whether the disk is full.
    pub fn is_disk_full(&self) -> bool {
        let code = match self {
            Self::Sql { source, .. } => source.sqlite_error_code(),
            Self::NoSuchImage(_) | Self::NameTaken { .. } => None,
        };
        code == Some(rusqlite::ErrorCode::DiskFull)
    }
}

/// Why a name does not lead to one image.
#[derive(Debug, Error)]
pub enum ResolveError {
    /// Nothing has that name or id; worded as docker does.
    #[error("No such image: {0}")]
    NotFound(String),
    /// Several ids start so.
    #[error("image id prefix {prefix:?} is ambiguous: {count} images start with it")]
    Ambiguous {
        /// What was asked for.
        prefix: String,
        /// How many images have such an id.
        count: usize,
    },
    /// The catalog failed.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
}
