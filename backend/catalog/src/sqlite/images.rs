//! Records of images.

use rusqlite::{Connection, OptionalExtension as _};
use strata_oci::ImageId;

use super::{
    blobs,
    columns::{now, parsed, parsed_or_null, time},
    layers, names, registry,
};
use crate::{Image, NewImage};

/// Adds an image with all that belongs to it; returns the image that had its tag before.
pub(super) fn add(db: &Connection, image: &NewImage) -> rusqlite::Result<Option<ImageId>> {
    let id = ImageId(image.config.digest.clone());
    let text = id.to_string();
    blobs::add(db, &image.config)?;
    let new = db
        .prepare_cached(
            "INSERT INTO images (id, created, added, parent) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        )?
        .execute((&text, &image.created, now(), image.parent.as_ref().map(ToString::to_string)))?;
    for (position, layer) in (0_i64..).zip(&image.layers) {
        layers::add(db, layer)?;
        if new == 1 {
            db.prepare_cached("INSERT INTO image_layers (image, position, diff_id) VALUES (?, ?, ?)")?
                .execute((&text, position, layer.diff_id.to_string()))?;
        }
    }
    for manifest in &image.manifests {
        registry::add_manifest(db, manifest)?;
        db.prepare_cached(
            "INSERT INTO image_manifests (image, manifest) VALUES (?, ?) ON CONFLICT DO NOTHING",
        )?
        .execute((&text, manifest.blob.digest.to_string()))?;
    }
    if let Some(name) = &image.repo_digest {
        names::pin(db, name, &id)?;
    }
    image.tag.as_ref().map_or(Ok(None), |name| names::tag(db, name, &id))
}

pub(super) fn exists(db: &Connection, id: &ImageId) -> rusqlite::Result<bool> {
    db.prepare_cached("SELECT 1 FROM images WHERE id = ?")?.exists([id.to_string()])
}

pub(super) fn get(db: &Connection, id: &ImageId) -> rusqlite::Result<Option<Image>> {
    let text = id.to_string();
    let image = db
        .prepare_cached("SELECT created, added, last_tagged, parent FROM images WHERE id = ?")?
        .query_row([&text], |row| {
            Ok(Image {
                id: id.clone(),
                created: row.get(0)?,
                added: time(row.get(1)?),
                last_tagged: row.get::<_, Option<i64>>(2)?.map(time),
                parent: parsed_or_null(row, 3)?,
                layers: Vec::new(),
                manifests: Vec::new(),
                tags: Vec::new(),
                repo_digests: Vec::new(),
            })
        })
        .optional()?;
    let Some(mut image) = image else { return Ok(None) };
    image.layers = layers::of_image(db, &text)?;
    image.manifests = manifests(db, &text)?;
    image.tags = names::tags_of(db, &text)?;
    image.repo_digests = names::pins_of(db, &text)?;
    Ok(Some(image))
}

pub(super) fn list(db: &Connection) -> rusqlite::Result<Vec<Image>> {
    let mut all = db.prepare_cached("SELECT id FROM images ORDER BY number DESC")?;
    let ids = all.query_map([], |row| parsed::<ImageId>(row, 0))?.collect::<rusqlite::Result<Vec<_>>>()?;
    ids.iter().filter_map(|id| get(db, id).transpose()).collect()
}

pub(super) fn children(db: &Connection, id: &ImageId) -> rusqlite::Result<Vec<ImageId>> {
    db.prepare_cached("SELECT id FROM images WHERE parent = ? ORDER BY number")?
        .query_map([id.to_string()], |row| parsed(row, 0))?
        .collect()
}

pub(super) fn delete(db: &Connection, id: &ImageId) -> rusqlite::Result<bool> {
    Ok(db.prepare_cached("DELETE FROM images WHERE id = ?")?.execute([id.to_string()])? == 1)
}

fn manifests(db: &Connection, image: &str) -> rusqlite::Result<Vec<crate::Blob>> {
    let columns = blobs::COLUMNS;
    db.prepare_cached(&format!(
        "SELECT {columns} FROM image_manifests i JOIN blobs b ON b.digest = i.manifest WHERE i.image = ?"
    ))?
    .query_map([image], blobs::read)?
    .collect()
}
