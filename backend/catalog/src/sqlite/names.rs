//! Tags and pinned names of images.

use rusqlite::{Connection, OptionalExtension as _};
use strata_oci::{ImageId, Repository, Tag};

use super::columns::{now, parsed, parsed_or_null};
use crate::{RepoDigest, Tagged};

/// Moves or makes a tag; returns the image that had it, if it was another.
pub(super) fn tag(db: &Connection, name: &Tagged, image: &ImageId) -> rusqlite::Result<Option<ImageId>> {
    let before = tagged(db, &name.repository, &name.tag)?.map(|(before, _)| before);
    let (repository, tag, image_text) =
        (name.repository.to_string(), name.tag.to_string(), image.to_string());
    db.prepare_cached(
        "INSERT INTO tags (repository, tag, image, pulled) VALUES (?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET image = excluded.image, pulled = excluded.pulled",
    )?
    .execute((repository, tag, &image_text, name.pulled.as_ref().map(ToString::to_string)))?;
    db.prepare_cached("UPDATE images SET last_tagged = ? WHERE id = ?")?.execute((now(), image_text))?;
    Ok(before.filter(|before| before != image))
}

pub(super) fn tagged(
    db: &Connection,
    repository: &Repository,
    tag: &Tag,
) -> rusqlite::Result<Option<(ImageId, Tagged)>> {
    db.prepare_cached("SELECT image, pulled FROM tags WHERE repository = ? AND tag = ?")?
        .query_row((repository.to_string(), tag.to_string()), |row| {
            let pulled = parsed_or_null(row, 1)?;
            Ok((parsed(row, 0)?, Tagged { repository: repository.clone(), tag: tag.clone(), pulled }))
        })
        .optional()
}

pub(super) fn untag(
    db: &Connection,
    repository: &Repository,
    tag: &Tag,
) -> rusqlite::Result<Option<ImageId>> {
    db.prepare_cached("DELETE FROM tags WHERE repository = ? AND tag = ? RETURNING image")?
        .query_row((repository.to_string(), tag.to_string()), |row| parsed(row, 0))
        .optional()
}

pub(super) fn pin(db: &Connection, name: &RepoDigest, image: &ImageId) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT INTO repo_digests (repository, digest, image) VALUES (?, ?, ?)
         ON CONFLICT DO UPDATE SET image = excluded.image",
    )?
    .execute((name.repository.to_string(), name.digest.to_string(), image.to_string()))?;
    Ok(())
}

pub(super) fn pinned(db: &Connection, name: &RepoDigest) -> rusqlite::Result<Option<ImageId>> {
    db.prepare_cached("SELECT image FROM repo_digests WHERE repository = ? AND digest = ?")?
        .query_row((name.repository.to_string(), name.digest.to_string()), |row| parsed(row, 0))
        .optional()
}

pub(super) fn unpin(db: &Connection, name: &RepoDigest) -> rusqlite::Result<Option<ImageId>> {
    db.prepare_cached("DELETE FROM repo_digests WHERE repository = ? AND digest = ? RETURNING image")?
        .query_row((name.repository.to_string(), name.digest.to_string()), |row| parsed(row, 0))
        .optional()
}

pub(super) fn tags_of(db: &Connection, image: &str) -> rusqlite::Result<Vec<Tagged>> {
    db.prepare_cached("SELECT repository, tag, pulled FROM tags WHERE image = ? ORDER BY repository, tag")?
        .query_map([image], |row| {
            Ok(Tagged { repository: parsed(row, 0)?, tag: parsed(row, 1)?, pulled: parsed_or_null(row, 2)? })
        })?
        .collect()
}

pub(super) fn pins_of(db: &Connection, image: &str) -> rusqlite::Result<Vec<RepoDigest>> {
    db.prepare_cached(
        "SELECT repository, digest FROM repo_digests WHERE image = ? ORDER BY repository, digest",
    )?
    .query_map([image], |row| Ok(RepoDigest { repository: parsed(row, 0)?, digest: parsed(row, 1)? }))?
    .collect()
}
