//! Leases: reasons to keep what nothing refers to yet.

use rusqlite::Connection;
use strata_oci::{DiffId, Digest};

use super::{blobs, columns::now, layers};
use crate::{Blob, Layer, Lease};

pub(super) fn take(db: &Connection, note: &str) -> rusqlite::Result<Lease> {
    db.prepare_cached("INSERT INTO leases (note, taken) VALUES (?, ?) RETURNING id")?
        .query_row((note, now()), |row| row.get(0).map(Lease))
}

pub(super) fn hold_layers(
    db: &Connection,
    lease: Lease,
    diff_ids: &[DiffId],
) -> rusqlite::Result<Vec<Layer>> {
    let mut here = Vec::new();
    for diff_id in diff_ids {
        db.prepare_cached("INSERT INTO held_layers (lease, diff_id) VALUES (?, ?) ON CONFLICT DO NOTHING")?
            .execute((lease.0, diff_id.to_string()))?;
        here.extend(layers::get(db, diff_id)?);
    }
    Ok(here)
}

pub(super) fn hold_blobs(db: &Connection, lease: Lease, digests: &[Digest]) -> rusqlite::Result<Vec<Blob>> {
    let mut here = Vec::new();
    for digest in digests {
        db.prepare_cached("INSERT INTO held_blobs (lease, digest) VALUES (?, ?) ON CONFLICT DO NOTHING")?
            .execute((lease.0, digest.to_string()))?;
        here.extend(blobs::get(db, digest)?);
    }
    Ok(here)
}

pub(super) fn release(db: &Connection, lease: Lease) -> rusqlite::Result<()> {
    db.prepare_cached("DELETE FROM leases WHERE id = ?")?.execute([lease.0])?;
    Ok(())
}
