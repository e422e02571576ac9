//! What nothing needs any more.
//!
//! Mark and sweep in SQL, from the top down, so that each step only looks at what the one before left: manifests that
//! neither an image nor the registry reaches, then layers, then blobs.

use std::collections::HashSet;

use rusqlite::Connection;
use strata_oci::DiffId;

use super::{blobs, columns::parsed, layers};
use crate::{Garbage, Layer};

const DEAD_MANIFESTS: &str = "
WITH RECURSIVE live (digest) AS (
    SELECT manifest FROM image_manifests
    UNION SELECT manifest FROM registry_manifests
    UNION SELECT digest FROM held_blobs
    UNION SELECT c.child FROM manifest_children c JOIN live l ON c.manifest = l.digest
)
DELETE FROM manifests WHERE digest NOT IN (SELECT digest FROM live)";

const DEAD_LAYERS: &str = "
SELECT diff_id FROM layers
WHERE diff_id NOT IN (SELECT diff_id FROM image_layers)
    AND diff_id NOT IN (SELECT diff_id FROM container_layers)
    AND diff_id NOT IN (SELECT diff_id FROM held_layers)";

/// After the dead manifests are gone, each remaining row of `manifest_children` belongs to a live one.
const DEAD_BLOBS: &str = "
DELETE FROM blobs AS b WHERE digest NOT IN (
    SELECT id FROM images
    UNION SELECT image FROM containers WHERE image IS NOT NULL
    UNION SELECT digest FROM layer_blobs
    UNION SELECT digest FROM manifests
    UNION SELECT child FROM manifest_children
    UNION SELECT digest FROM registry_blobs
    UNION SELECT digest FROM held_blobs
)
RETURNING ";

/// Deletes the records of garbage and returns them.
pub(super) fn collect(db: &Connection) -> rusqlite::Result<Garbage> {
    db.prepare_cached(DEAD_MANIFESTS)?.execute([])?;
    let layers = dead_layers(db)?;
    for layer in &layers {
        db.prepare_cached("DELETE FROM layers WHERE diff_id = ?")?.execute([layer.diff_id.to_string()])?;
    }
    let columns = "digest, size, media_type";
    let blobs = db
        .prepare_cached(&format!("{DEAD_BLOBS} {columns}"))?
        .query_map([], blobs::read)?
        .collect::<Result<_, _>>()?;
    Ok(Garbage { layers, blobs })
}

fn dead_layers(db: &Connection) -> rusqlite::Result<Vec<Layer>> {
    let dead: HashSet<DiffId> = db
        .prepare_cached(DEAD_LAYERS)?
        .query_map([], |row| parsed(row, 0))?
        .collect::<rusqlite::Result<_>>()?;
    dead.iter().filter_map(|diff_id| layers::get(db, diff_id).transpose()).collect()
}
