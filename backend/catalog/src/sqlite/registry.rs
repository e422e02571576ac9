//! The embedded registry's repositories, and manifests in general.

use rusqlite::{Connection, OptionalExtension as _};
use strata_oci::{Digest, Tag};

use super::{blobs, columns::parsed};
use crate::{Blob, Child, NewManifest, RegistryPath};

/// Every manifest that a repository has: put there, or named by an index there. Parameter 1 is the repository.
pub(super) const REACHABLE: &str = "
WITH RECURSIVE reachable (digest) AS (
    SELECT manifest FROM registry_manifests WHERE repository = ?1
    UNION
    SELECT c.child FROM manifest_children c JOIN reachable r ON c.manifest = r.digest
)";

/// Records a manifest that is in the blob store, with what it names.
pub(super) fn add_manifest(db: &Connection, manifest: &NewManifest) -> rusqlite::Result<()> {
    let digest = manifest.blob.digest.to_string();
    blobs::add(db, &manifest.blob)?;
    db.prepare_cached("INSERT INTO manifests (digest) VALUES (?) ON CONFLICT DO NOTHING")?
        .execute([&digest])?;
    for child in &manifest.children {
        if let Child::Here(blob) = child {
            blobs::add(db, blob)?;
        }
        db.prepare_cached(
            "INSERT INTO manifest_children (manifest, child) VALUES (?, ?) ON CONFLICT DO NOTHING",
        )?
        .execute((&digest, child.digest().to_string()))?;
    }
    Ok(())
}

pub(super) fn put(
    db: &Connection,
    repository: &RegistryPath,
    manifest: &NewManifest,
    tag: Option<&Tag>,
) -> rusqlite::Result<()> {
    let digest = manifest.blob.digest.to_string();
    add_manifest(db, manifest)?;
    db.prepare_cached(
        "INSERT INTO registry_manifests (repository, manifest) VALUES (?, ?) ON CONFLICT DO NOTHING",
    )?
    .execute((repository.as_str(), &digest))?;
    if let Some(tag) = tag {
        db.prepare_cached(
            "INSERT INTO registry_tags (repository, tag, manifest) VALUES (?, ?, ?)
             ON CONFLICT DO UPDATE SET manifest = excluded.manifest",
        )?
        .execute((repository.as_str(), tag.as_str(), &digest))?;
    }
    Ok(())
}

pub(super) fn tag(db: &Connection, repository: &RegistryPath, tag: &Tag) -> rusqlite::Result<Option<Blob>> {
    let columns = blobs::COLUMNS;
    db.prepare_cached(&format!(
        "SELECT {columns} FROM registry_tags t JOIN blobs b ON b.digest = t.manifest
         WHERE t.repository = ? AND t.tag = ?"
    ))?
    .query_row((repository.as_str(), tag.as_str()), blobs::read)
    .optional()
}

pub(super) fn manifest(
    db: &Connection,
    repository: &RegistryPath,
    digest: &Digest,
) -> rusqlite::Result<Option<Blob>> {
    let columns = blobs::COLUMNS;
    db.prepare_cached(&format!(
        "{REACHABLE} SELECT {columns} FROM reachable JOIN manifests USING (digest) JOIN blobs b USING (digest)
         WHERE b.digest = ?2"
    ))?
    .query_row((repository.as_str(), digest.to_string()), blobs::read)
    .optional()
}

pub(super) fn blob(
    db: &Connection,
    repository: &RegistryPath,
    digest: &Digest,
) -> rusqlite::Result<Option<Blob>> {
    let columns = blobs::COLUMNS;
    db.prepare_cached(&format!(
        "{REACHABLE} SELECT {columns} FROM reachable JOIN blobs b USING (digest) WHERE b.digest = ?2
         UNION SELECT {columns} FROM registry_blobs JOIN blobs b USING (digest)
         WHERE repository = ?1 AND b.digest = ?2"
    ))?
    .query_row((repository.as_str(), digest.to_string()), blobs::read)
    .optional()
}

pub(super) fn tags(db: &Connection, repository: &RegistryPath) -> rusqlite::Result<Option<Vec<Tag>>> {
    let known = db
        .prepare_cached("SELECT 1 FROM registry_manifests WHERE repository = ?")?
        .exists([repository.as_str()])?;
    if !known {
        return Ok(None);
    }
    let mut all = db.prepare_cached("SELECT tag FROM registry_tags WHERE repository = ? ORDER BY tag")?;
    all.query_map([repository.as_str()], |row| parsed(row, 0))?.collect::<rusqlite::Result<_>>().map(Some)
}

pub(super) fn repositories(db: &Connection) -> rusqlite::Result<Vec<RegistryPath>> {
    db.prepare_cached("SELECT DISTINCT repository FROM registry_manifests ORDER BY repository")?
        .query_map([], |row| parsed(row, 0))?
        .collect()
}

pub(super) fn untag(db: &Connection, repository: &RegistryPath, tag: &Tag) -> rusqlite::Result<bool> {
    let removed = db
        .prepare_cached("DELETE FROM registry_tags WHERE repository = ? AND tag = ?")?
        .execute((repository.as_str(), tag.as_str()))?;
    Ok(removed == 1)
}

pub(super) fn remove(db: &Connection, repository: &RegistryPath, digest: &Digest) -> rusqlite::Result<bool> {
    let removed = db
        .prepare_cached("DELETE FROM registry_manifests WHERE repository = ? AND manifest = ?")?
        .execute((repository.as_str(), digest.to_string()))?;
    Ok(removed == 1)
}
