//! Records of containers.

use rusqlite::{Connection, OptionalExtension as _, Row};
use strata_oci::ImageId;

use super::{
    columns::{nanoseconds, parsed_or_null, time},
    images,
};
use crate::{CatalogError, ContainerRecord};

/// Adds a container with the layers of its image; says why not if it can't be.
pub(super) fn add(
    db: &Connection,
    container: &ContainerRecord,
) -> rusqlite::Result<Result<(), CatalogError>> {
    if let Some(holder) = holder(db, &container.name)? {
        return Ok(Err(CatalogError::NameTaken { name: container.name.clone(), holder }));
    }
    if let Some(image) = &container.image
        && !images::exists(db, image)?
    {
        return Ok(Err(CatalogError::NoSuchImage(image.clone())));
    }
    let image = container.image.as_ref().map(ToString::to_string);
    db.prepare_cached("INSERT INTO containers (id, name, image, created, body) VALUES (?, ?, ?, ?, ?)")?
        .execute((&container.id, &container.name, &image, nanoseconds(container.created), &container.body))?;
    db.prepare_cached(
        "INSERT INTO container_layers (container, position, diff_id)
         SELECT ?1, position, diff_id FROM image_layers WHERE image = ?2",
    )?
    .execute((&container.id, &image))?;
    Ok(Ok(()))
}

/// Says which image a container was made from, now that it has a record, and keeps its layers.
pub(super) fn set_image(db: &Connection, id: &str, image: &ImageId) -> rusqlite::Result<()> {
    let image = image.to_string();
    let there = db
        .prepare_cached("UPDATE containers SET image = ?2 WHERE id = ?1 AND image IS NULL")?
        .execute([id, &image])?;
    if there == 1 {
        db.prepare_cached(
            "INSERT INTO container_layers (container, position, diff_id)
             SELECT ?1, position, diff_id FROM image_layers WHERE image = ?2",
        )?
        .execute([id, &image])?;
    }
    Ok(())
}

pub(super) fn update(db: &Connection, id: &str, body: &str) -> rusqlite::Result<bool> {
    Ok(db.prepare_cached("UPDATE containers SET body = ? WHERE id = ?")?.execute([body, id])? == 1)
}

pub(super) fn rename(db: &Connection, id: &str, name: &str) -> rusqlite::Result<Result<bool, CatalogError>> {
    match holder(db, name)? {
        Some(holder) if holder != id => {
            return Ok(Err(CatalogError::NameTaken { name: name.to_owned(), holder }));
        }
        _ => {}
    }
    let renamed = db.prepare_cached("UPDATE containers SET name = ? WHERE id = ?")?.execute([name, id])?;
    Ok(Ok(renamed == 1))
}

pub(super) fn remove(db: &Connection, id: &str) -> rusqlite::Result<bool> {
    Ok(db.prepare_cached("DELETE FROM containers WHERE id = ?")?.execute([id])? == 1)
}

pub(super) fn list(db: &Connection) -> rusqlite::Result<Vec<ContainerRecord>> {
    db.prepare_cached("SELECT id, name, image, created, body FROM containers ORDER BY number DESC")?
        .query_map([], read)?
        .collect()
}

fn holder(db: &Connection, name: &str) -> rusqlite::Result<Option<String>> {
    db.prepare_cached("SELECT id FROM containers WHERE name = ?")?
        .query_row([name], |row| row.get(0))
        .optional()
}

fn read(row: &Row<'_>) -> rusqlite::Result<ContainerRecord> {
    Ok(ContainerRecord {
        id: row.get(0)?,
        name: row.get(1)?,
        image: parsed_or_null(row, 2)?,
        created: time(row.get(3)?),
        body: row.get(4)?,
    })
}
