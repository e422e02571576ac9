//! `docker builder prune`.

use strata_catalog::Catalog as _;
use strata_layers::{Marks, Written};

use crate::{Engine, Error, Kind};

/// What was forgotten.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BuildPruned {
    /// Ids of the images that went.
    pub caches_deleted: Vec<String>,
    /// Bytes that were freed.
    pub space_reclaimed: u64,
}

impl Engine {
    /// Forgets what builds can be taken from: the directories of `RUN --mount=type=cache`, steps whose images are gone and, with
    /// `all`, all other steps too, so that the next build runs each of them. Images stay: they are `docker image prune`'s.
    pub async fn prune_builds(&self, all: bool) -> Result<BuildPruned, Error> {
        self.blocking(move |inner| {
            inner.catalog.forget_steps(all)?;
            let caches = inner.options.data.join("builds").join("caches");
            let mut pruned = BuildPruned::default();
            let entries = match std::fs::read_dir(&caches) {
                Ok(entries) => entries,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(pruned),
                Err(error) => return Err(Error::internal(error)),
            };
            for entry in entries.flatten() {
                let name = entry.file_name().to_string_lossy().into_owned();
                if name.ends_with(".lock") {
                    continue;
                }
                let lock =
                    std::fs::File::create(caches.join(format!("{name}.lock"))).map_err(Error::internal)?;
                // One that is used stays.
                if rustix::fs::flock(&lock, rustix::fs::FlockOperation::NonBlockingLockExclusive).is_err() {
                    continue;
                }
                let path = entry.path();
                let written = Written { upper: &path, lowers: &[], marks: Marks::Trusted };
                let usage = strata_layers::usage(&written).map_err(Error::internal)?;
                strata_layers::remove_tree(&path).map_err(|error| Error::chain(Kind::Internal, &error))?;
                pruned.space_reclaimed += usage.bytes;
                pruned.caches_deleted.push(name);
            }
            Ok(pruned)
        })
        .await
    }
}
