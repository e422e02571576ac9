//! Records of volumes.

use rusqlite::{Connection, OptionalExtension as _, Row};

use super::columns::{nanoseconds, time};
use crate::VolumeRecord;

pub(super) fn add(db: &Connection, volume: &VolumeRecord) -> rusqlite::Result<bool> {
    let added = db
        .prepare_cached(
            "INSERT INTO volumes (name, anonymous, created, body) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        )?
        .execute((&volume.name, volume.anonymous, nanoseconds(volume.created), &volume.body))?;
    Ok(added == 1)
}

pub(super) fn get(db: &Connection, name: &str) -> rusqlite::Result<Option<VolumeRecord>> {
    db.prepare_cached("SELECT name, anonymous, created, body FROM volumes WHERE name = ?")?
        .query_row([name], read)
        .optional()
}

pub(super) fn list(db: &Connection) -> rusqlite::Result<Vec<VolumeRecord>> {
    db.prepare_cached("SELECT name, anonymous, created, body FROM volumes ORDER BY name")?
        .query_map([], read)?
        .collect()
}

pub(super) fn remove(db: &Connection, name: &str) -> rusqlite::Result<bool> {
    Ok(db.prepare_cached("DELETE FROM volumes WHERE name = ?")?.execute([name])? == 1)
}

fn read(row: &Row<'_>) -> rusqlite::Result<VolumeRecord> {
    Ok(VolumeRecord {
        name: row.get(0)?,
        anonymous: row.get(1)?,
        created: time(row.get(2)?),
        body: row.get(3)?,
    })
}
