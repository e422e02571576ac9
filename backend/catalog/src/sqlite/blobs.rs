//! Records of blobs.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension as _, Row};
use strata_oci::{Digest, MediaType};

use super::columns::{parsed, size, unsigned};
use crate::Blob;

/// The columns that [`read`] expects first, of a table or alias `b`.
pub(super) const COLUMNS: &str = "b.digest, b.size, b.media_type";

pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Blob> {
    Ok(Blob { digest: parsed(row, 0)?, size: unsigned(row, 1)?, media_type: MediaType(row.get(2)?) })
}

/// What an upload is called before a manifest says what it is.
const UNKNOWN: &str = "application/octet-stream";

/// Adds a blob. A known one keeps its media type, if it has one: manifests may differ in what they call the same bytes.
pub(super) fn add(db: &Connection, blob: &Blob) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT INTO blobs (digest, size, media_type) VALUES (?1, ?2, ?3)
         ON CONFLICT DO UPDATE SET media_type = ?3 WHERE media_type = ?4",
    )?
    .execute((blob.digest.to_string(), size(blob.size), &blob.media_type.0, UNKNOWN))?;
    Ok(())
}

pub(super) fn get(db: &Connection, digest: &Digest) -> rusqlite::Result<Option<Blob>> {
    db.prepare_cached(&format!("SELECT {COLUMNS} FROM blobs b WHERE digest = ?"))?
        .query_row([digest.to_string()], read)
        .optional()
}

pub(super) fn list(db: &Connection) -> rusqlite::Result<Vec<Blob>> {
    db.prepare_cached(&format!("SELECT {COLUMNS} FROM blobs b ORDER BY digest"))?
        .query_map([], read)?
        .collect()
}

pub(super) fn digests(db: &Connection) -> rusqlite::Result<HashSet<Digest>> {
    db.prepare_cached("SELECT digest FROM blobs")?.query_map([], |row| parsed(row, 0))?.collect()
}
