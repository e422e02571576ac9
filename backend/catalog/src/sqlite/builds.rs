//! What builds did.

use rusqlite::{Connection, OptionalExtension as _, Row};
use strata_oci::ImageId;

use super::{
    columns::{parsed, parsed_or_null},
    containers, images, names,
};
use crate::{BuildRecord, BuildStep, Built};

const STEP: &str = "s.key, s.image, s.parent, s.workshop, i.id IS NOT NULL, s.body";

/// Adds images, steps, what containers were made from, and names.
pub(super) fn add_built(db: &Connection, built: &Built) -> rusqlite::Result<()> {
    for image in &built.images {
        images::add(db, image)?;
    }
    for step in &built.steps {
        db.prepare_cached(
            "INSERT INTO build_steps (key, image, parent, workshop, body) VALUES (?, ?, ?, ?, ?)",
        )?
        .execute((
            &step.key,
            step.image.to_string(),
            step.parent.as_ref().map(ToString::to_string),
            &step.workshop,
            &step.body,
        ))?;
    }
    for (container, image) in &built.containers {
        containers::set_image(db, container, image)?;
    }
    for (name, image) in &built.tags {
        names::tag(db, name, image)?;
    }
    Ok(())
}

pub(super) fn step(db: &Connection, key: &str) -> rusqlite::Result<Option<BuildStep>> {
    db.prepare_cached(&format!(
        "SELECT {STEP} FROM build_steps s JOIN images i ON i.id = s.image WHERE s.key = ? ORDER BY s.number DESC LIMIT 1"
    ))?
    .query_row([key], read)
    .optional()
}

pub(super) fn steps(
    db: &Connection,
    workshop: Option<&str>,
    bases: &[ImageId],
    limit: usize,
) -> rusqlite::Result<Vec<BuildStep>> {
    // Digests need no escapes.
    let bases: Vec<String> = bases.iter().map(|id| format!("\"{id}\"")).collect();
    let bases = format!("[{}]", bases.join(","));
    db.prepare_cached(&format!(
        "WITH RECURSIVE line (image) AS (
             SELECT value FROM json_each(?2)
             UNION SELECT s.image FROM build_steps s JOIN line ON s.parent = line.image
         )
         SELECT {STEP} FROM build_steps s LEFT JOIN images i ON i.id = s.image
         WHERE s.workshop = ?1 OR s.parent IN (SELECT image FROM line)
         ORDER BY s.number DESC LIMIT ?3"
    ))?
    .query_map((workshop, bases, i64::try_from(limit).unwrap_or(i64::MAX)), read)?
    .collect()
}

pub(super) fn forget_steps(db: &Connection, all: bool) -> rusqlite::Result<u64> {
    let gone = if all { "" } else { " WHERE image NOT IN (SELECT id FROM images)" };
    db.execute(&format!("DELETE FROM build_steps{gone}"), []).map(|count| count as u64)
}

pub(super) fn put(db: &Connection, build: &BuildRecord) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT INTO builds (id, workshop, body) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body",
    )?
    .execute((&build.id, &build.workshop, &build.body))
    .map(drop)
}

pub(super) fn get(db: &Connection, id: &str) -> rusqlite::Result<Option<BuildRecord>> {
    db.prepare_cached("SELECT id, workshop, body FROM builds WHERE id = ?")?
        .query_row([id], read_build)
        .optional()
}

pub(super) fn list(
    db: &Connection,
    workshop: Option<&str>,
    limit: usize,
) -> rusqlite::Result<Vec<BuildRecord>> {
    db.prepare_cached(
        "SELECT id, workshop, body FROM builds WHERE ?1 IS NULL OR coalesce(workshop, '') = ?1 ORDER BY number DESC LIMIT ?2",
    )?
    .query_map((workshop, i64::try_from(limit).unwrap_or(i64::MAX)), read_build)?
    .collect()
}

pub(super) fn remove(db: &Connection, id: &str) -> rusqlite::Result<bool> {
    Ok(db.prepare_cached("DELETE FROM builds WHERE id = ?")?.execute([id])? == 1)
}

fn read(row: &Row<'_>) -> rusqlite::Result<BuildStep> {
    Ok(BuildStep {
        key: row.get(0)?,
        image: parsed(row, 1)?,
        parent: parsed_or_null(row, 2)?,
        workshop: row.get(3)?,
        alive: row.get(4)?,
        body: row.get(5)?,
    })
}

fn read_build(row: &Row<'_>) -> rusqlite::Result<BuildRecord> {
    Ok(BuildRecord { id: row.get(0)?, workshop: row.get(1)?, body: row.get(2)? })
}
