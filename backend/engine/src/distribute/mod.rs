//! The embedded registry's write side: what `/v2/` takes, into the same blobs as everything else.
//!
//! ```text
//! begin ─► append* ─► finish     an upload becomes a blob, linked to its repository
//! mount                          a blob of another repository is linked too
//! put                            a manifest whose blobs are all linked or named in the repository
//! ```
//!
//! A blob is stored once, whoever sends it and to however many repositories. What nothing names any more is collected while the
//! registry serves: a link keeps a blob for [`LINK`] from when it was last asked for, which is longer than any push takes
//! between a blob and its manifest.

mod delete;
mod manifests;
mod proxy;
mod referrers;
mod uploads;

use std::time::{Duration, SystemTime};

use strata_blobs::DiskBlobs;
use strata_catalog::RegistryCatalog as _;

pub use self::{manifests::Stored, uploads::Chunk};
pub(crate) use self::{proxy::Fetching, uploads::Uploads};
use crate::{Engine, Error, engine::Inner};

/// How long an uploaded blob is kept without a manifest that names it.
const LINK: Duration = Duration::from_secs(6 * 3600);
/// How long an upload may rest before it is dropped.
const REST: Duration = Duration::from_secs(24 * 3600);
/// How often what is too old is looked for.
const SWEEP: Duration = Duration::from_secs(600);

impl Engine {
    /// Drops what is too old, now and then; called by whatever makes something that could become so.
    fn sweep_registry(&self) {
        if !self.inner().uploads.due(SWEEP) {
            return;
        }
        let inner = self.inner().clone();
        tokio::task::spawn_blocking(move || {
            if let Err(error) = inner.sweep_registry(SystemTime::now()) {
                tracing::warn!(%error, "cannot sweep the registry");
            }
        });
    }
}

impl Inner {
    fn sweep_registry(&self, now: SystemTime) -> Result<(), Error> {
        let old = |age: Duration| now.checked_sub(age).unwrap_or(SystemTime::UNIX_EPOCH);
        let blobs: &DiskBlobs = &self.blobs;
        for (name, _, grew) in blobs.uploads()? {
            if grew < old(REST) {
                // One that this process has open removes its file when it is let go.
                self.uploads.forget(&name);
                blobs.remove_upload(&name)?;
            }
        }
        if self.catalog.registry_expire(old(LINK))? > 0 {
            self.collect()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use strata_oci::Digest;

    use super::*;
    use crate::Options;

    const WHOLE: Chunk = Chunk { start: None, length: None };

    #[tokio::test]
    async fn what_rests_too_long_is_dropped() {
        let dir = tempfile::tempdir().expect("a directory");
        let engine = Engine::open(Options::new(dir.path())).expect("opens");
        let resting = engine.registry_begin("demo").await.expect("begins");
        engine.registry_append("demo", &resting, WHOLE, &b"half"[..]).await.expect("appends");
        let finished = engine.registry_begin("demo").await.expect("begins");
        let digest = Digest::of(b"blob");
        engine.registry_finish("demo", &finished, WHOLE, &b"blob"[..], &digest).await.expect("finishes");

        let inner = engine.inner().clone();
        inner.sweep_registry(SystemTime::now() + Duration::from_secs(60)).expect("sweeps");
        assert_eq!(engine.registry_upload_length("demo", &resting).await.expect("is there"), 4);
        engine.registry_blob("demo", &digest).await.expect("is there");

        inner.sweep_registry(SystemTime::now() + LINK + Duration::from_secs(60)).expect("sweeps");
        engine.registry_blob("demo", &digest).await.expect_err("nothing named it");
        engine.registry_upload_length("demo", &resting).await.expect("may rest longer");

        inner.sweep_registry(SystemTime::now() + REST + Duration::from_secs(60)).expect("sweeps");
        engine.registry_upload_length("demo", &resting).await.expect_err("rested too long");
        assert!(inner.blobs.uploads().expect("lists").is_empty());
    }
}
