//! The registry's links and referrers.

use std::time::SystemTime;

use rusqlite::{Connection, OptionalExtension as _};
use strata_oci::{Digest, Tag};

use super::{
    SqliteCatalog, blobs,
    columns::{nanoseconds, now, parsed, time, unsigned},
    garbage, registry,
};
use crate::{Blob, CatalogError, Garbage, NewManifest, RegistryCatalog, RegistryPath, Released};

/// The tables, as a step of [`super::schema::MIGRATIONS`].
pub(super) const TABLES: &str = "
CREATE TABLE registry_blobs (
    repository TEXT NOT NULL,
    digest     TEXT NOT NULL REFERENCES blobs,
    linked     INTEGER NOT NULL,
    PRIMARY KEY (repository, digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX registry_blobs_by_digest ON registry_blobs (digest);

CREATE TABLE manifest_subjects (
    manifest TEXT PRIMARY KEY REFERENCES manifests ON DELETE CASCADE,
    subject  TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX manifest_subjects_by_subject ON manifest_subjects (subject);
";

fn link(db: &Connection, repository: &RegistryPath, blob: &Blob) -> rusqlite::Result<()> {
    blobs::add(db, blob)?;
    db.prepare_cached(
        "INSERT INTO registry_blobs (repository, digest, linked) VALUES (?, ?, ?)
         ON CONFLICT DO UPDATE SET linked = excluded.linked",
    )?
    .execute((repository.as_str(), blob.digest.to_string(), now()))?;
    Ok(())
}

fn release(db: &Connection, repository: &RegistryPath, name: &Tag) -> rusqlite::Result<Option<Released>> {
    let Some(blob) = registry::tag(db, repository, name)? else { return Ok(None) };
    registry::untag(db, repository, name)?;
    let manifest = blob.digest;
    let needed = format!(
        "{} SELECT 1 FROM registry_tags WHERE repository = ?1 AND manifest = ?2
         UNION SELECT 1 FROM manifest_children c JOIN reachable r ON c.manifest = r.digest WHERE c.child = ?2",
        registry::REACHABLE
    );
    let needed = db.prepare_cached(&needed)?.exists((repository.as_str(), manifest.to_string()))?;
    if !needed {
        registry::remove(db, repository, &manifest)?;
    }
    Ok(Some(Released { manifest, gone: !needed }))
}

impl RegistryCatalog for SqliteCatalog {
    fn registry_link(&self, repository: &RegistryPath, blob: &Blob) -> Result<(), CatalogError> {
        self.write("link a blob", |db| link(db, repository, blob))
    }

    fn registry_linked(
        &self,
        repository: &RegistryPath,
        digest: &Digest,
    ) -> Result<Option<SystemTime>, CatalogError> {
        self.read("read a link", |db| {
            db.prepare_cached("SELECT linked FROM registry_blobs WHERE repository = ? AND digest = ?")?
                .query_row((repository.as_str(), digest.to_string()), |row| row.get(0).map(time))
                .optional()
        })
    }

    fn registry_unlink(&self, repository: &RegistryPath, digest: &Digest) -> Result<bool, CatalogError> {
        self.write("unlink a blob", |db| {
            let removed = db
                .prepare_cached("DELETE FROM registry_blobs WHERE repository = ? AND digest = ?")?
                .execute((repository.as_str(), digest.to_string()))?;
            Ok(removed == 1)
        })
    }

    fn registry_expire(&self, before: SystemTime) -> Result<usize, CatalogError> {
        self.write("end links", |db| {
            db.prepare_cached("DELETE FROM registry_blobs WHERE linked < ?")?.execute([nanoseconds(before)])
        })
    }

    fn registry_user(
        &self,
        repository: &RegistryPath,
        digest: &Digest,
    ) -> Result<Option<Digest>, CatalogError> {
        let query = format!(
            "{} SELECT c.manifest FROM manifest_children c JOIN reachable r ON c.manifest = r.digest
             WHERE c.child = ?2 LIMIT 1",
            registry::REACHABLE
        );
        self.read("read who uses a blob", |db| {
            db.prepare_cached(&query)?
                .query_row((repository.as_str(), digest.to_string()), |row| parsed(row, 0))
                .optional()
        })
    }

    fn registry_push(
        &self,
        repository: &RegistryPath,
        manifest: &NewManifest,
        tag: Option<&Tag>,
        subject: Option<&Digest>,
    ) -> Result<(), CatalogError> {
        self.write("add a manifest", |db| {
            registry::put(db, repository, manifest, tag)?;
            if let Some(subject) = subject {
                db.prepare_cached(
                    "INSERT INTO manifest_subjects (manifest, subject) VALUES (?, ?) ON CONFLICT DO NOTHING",
                )?
                .execute((manifest.blob.digest.to_string(), subject.to_string()))?;
            }
            Ok(())
        })
    }

    fn registry_referrers(
        &self,
        repository: &RegistryPath,
        subject: &Digest,
    ) -> Result<Vec<Blob>, CatalogError> {
        let columns = blobs::COLUMNS;
        let query = format!(
            "{} SELECT {columns} FROM manifest_subjects s JOIN reachable r ON s.manifest = r.digest
             JOIN blobs b ON b.digest = s.manifest WHERE s.subject = ?2 ORDER BY b.digest",
            registry::REACHABLE
        );
        self.read("list referrers", |db| {
            db.prepare_cached(&query)?
                .query_map((repository.as_str(), subject.to_string()), blobs::read)?
                .collect()
        })
    }

    fn registry_tags_with(
        &self,
        digest: &Digest,
        limit: usize,
    ) -> Result<Vec<(RegistryPath, Tag)>, CatalogError> {
        self.read("list tags with a blob", |db| {
            db.prepare_cached(
                "WITH RECURSIVE up (digest) AS (
                    SELECT manifest FROM manifest_children WHERE child = ?1
                    UNION SELECT c.manifest FROM manifest_children c JOIN up ON c.child = up.digest
                 )
                 SELECT DISTINCT t.repository, t.tag FROM registry_tags t JOIN up ON t.manifest = up.digest
                 ORDER BY t.repository, t.tag LIMIT ?2",
            )?
            .query_map((digest.to_string(), i64::try_from(limit).unwrap_or(i64::MAX)), |row| {
                Ok((parsed(row, 0)?, parsed(row, 1)?))
            })?
            .collect()
        })
    }

    fn registry_release(
        &self,
        repository: &RegistryPath,
        tag: &Tag,
    ) -> Result<Option<Released>, CatalogError> {
        self.write("remove a tag", |db| release(db, repository, tag))
    }

    fn registry_would_release(
        &self,
        repository: &RegistryPath,
        tag: &Tag,
    ) -> Result<Option<(Released, Garbage)>, CatalogError> {
        // A transaction that is only read from is rolled back.
        self.read("see what a tag holds", |db| {
            let Some(released) = release(db, repository, tag)? else { return Ok(None) };
            Ok(Some((released, garbage::collect(db)?)))
        })
    }

    fn registry_size(&self) -> Result<u64, CatalogError> {
        self.read("sum up the registry", |db| {
            db.prepare_cached(
                "WITH RECURSIVE kept (digest) AS (
                    SELECT manifest FROM registry_manifests
                    UNION SELECT digest FROM registry_blobs
                    UNION SELECT c.child FROM manifest_children c JOIN kept k ON c.manifest = k.digest
                 )
                 SELECT coalesce(sum(size), 0) FROM kept JOIN blobs USING (digest)",
            )?
            .query_row([], |row| unsigned(row, 0))
        })
    }
}
