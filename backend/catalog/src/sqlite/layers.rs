//! Records of layers and of the blobs that they came as.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension as _, Row};
use strata_oci::{DiffId, Digest};

use super::{
    blobs,
    columns::{parsed, size, unsigned},
};
use crate::Layer;

/// Adds a layer, or to a known one the blobs that it does not have yet.
pub(super) fn add(db: &Connection, layer: &Layer) -> rusqlite::Result<()> {
    let diff_id = layer.diff_id.to_string();
    db.prepare_cached(
        "INSERT INTO layers (diff_id, unpacked, entries) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
    )?
    .execute((&diff_id, size(layer.unpacked), size(layer.entries)))?;
    for blob in &layer.blobs {
        blobs::add(db, blob)?;
        db.prepare_cached(
            "INSERT INTO layer_blobs (diff_id, digest, position)
             VALUES (?1, ?2, (SELECT count(*) FROM layer_blobs WHERE diff_id = ?1)) ON CONFLICT DO NOTHING",
        )?
        .execute((&diff_id, blob.digest.to_string()))?;
    }
    Ok(())
}

pub(super) fn get(db: &Connection, diff_id: &DiffId) -> rusqlite::Result<Option<Layer>> {
    let layer = db
        .prepare_cached("SELECT diff_id, unpacked, entries FROM layers WHERE diff_id = ?")?
        .query_row([diff_id.to_string()], read)
        .optional()?;
    layer.map(|layer| with_blobs(db, layer)).transpose()
}

pub(super) fn of_blob(db: &Connection, digest: &Digest) -> rusqlite::Result<Option<Layer>> {
    let diff_id: Option<DiffId> = db
        .prepare_cached("SELECT diff_id FROM layer_blobs WHERE digest = ?")?
        .query_row([digest.to_string()], |row| parsed(row, 0))
        .optional()?;
    diff_id.map_or(Ok(None), |diff_id| get(db, &diff_id))
}

pub(super) fn list(db: &Connection) -> rusqlite::Result<Vec<Layer>> {
    let mut all = db.prepare_cached("SELECT diff_id, unpacked, entries FROM layers ORDER BY diff_id")?;
    all.query_map([], read)?.map(|layer| with_blobs(db, layer?)).collect()
}

pub(super) fn diff_ids(db: &Connection) -> rusqlite::Result<HashSet<DiffId>> {
    db.prepare_cached("SELECT diff_id FROM layers")?.query_map([], |row| parsed(row, 0))?.collect()
}

/// The layers of an image, bottom first; one that is there twice comes twice.
pub(super) fn of_image(db: &Connection, image: &str) -> rusqlite::Result<Vec<Layer>> {
    let mut stack = db.prepare_cached(
        "SELECT l.diff_id, l.unpacked, l.entries FROM image_layers i JOIN layers l USING (diff_id)
         WHERE i.image = ? ORDER BY i.position",
    )?;
    stack.query_map([image], read)?.map(|layer| with_blobs(db, layer?)).collect()
}

fn read(row: &Row<'_>) -> rusqlite::Result<Layer> {
    Ok(Layer {
        diff_id: parsed(row, 0)?,
        unpacked: unsigned(row, 1)?,
        entries: unsigned(row, 2)?,
        blobs: Vec::new(),
    })
}

fn with_blobs(db: &Connection, mut layer: Layer) -> rusqlite::Result<Layer> {
    let columns = blobs::COLUMNS;
    layer.blobs = db
        .prepare_cached(&format!(
            "SELECT {columns} FROM layer_blobs l JOIN blobs b USING (digest) WHERE l.diff_id = ? ORDER BY l.position"
        ))?
        .query_map([layer.diff_id.to_string()], blobs::read)?
        .collect::<rusqlite::Result<_>>()?;
    Ok(layer)
}
