//! From what a user typed to an image.

use rusqlite::Connection;
use strata_oci::{ImageId, Reference};

use super::{columns::parsed, images, names};
use crate::{RepoDigest, ResolveError};

/// The order is docker's: a full id, then a name, then the start of an id.
pub(super) fn resolve(db: &Connection, name: &str) -> rusqlite::Result<Result<ImageId, ResolveError>> {
    if let Ok(id) = name.parse::<ImageId>() {
        let found = images::exists(db, &id)?;
        return Ok(if found { Ok(id) } else { Err(ResolveError::NotFound(name.into())) });
    }
    if let Ok(reference) = name.parse::<Reference>()
        && let Some(id) = by_reference(db, &reference)?
    {
        return Ok(Ok(id));
    }
    by_prefix(db, name)
}

/// A digest beats a tag: `name:tag@digest` is whatever has the digest.
fn by_reference(db: &Connection, reference: &Reference) -> rusqlite::Result<Option<ImageId>> {
    let repository = reference.repository().clone();
    match (reference.digest(), reference.tag()) {
        (Some(digest), _) => names::pinned(db, &RepoDigest { repository, digest: digest.clone() }),
        (None, Some(tag)) => Ok(names::tagged(db, &repository, tag)?.map(|(id, _)| id)),
        (None, None) => Ok(None),
    }
}

fn by_prefix(db: &Connection, name: &str) -> rusqlite::Result<Result<ImageId, ResolveError>> {
    let prefix = name.strip_prefix("sha256:").unwrap_or(name);
    let hex = !prefix.is_empty() && prefix.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if !hex {
        return Ok(Err(ResolveError::NotFound(name.into())));
    }
    // Only hex digits, so nothing in the pattern is a wildcard but the last character.
    let mut found = db
        .prepare_cached("SELECT id FROM images WHERE id GLOB ?")?
        .query_map([format!("sha256:{prefix}*")], |row| parsed::<ImageId>(row, 0))?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(match (found.pop(), found.len()) {
        (Some(id), 0) => Ok(id),
        (None, _) => Err(ResolveError::NotFound(name.into())),
        (Some(_), others) => Err(ResolveError::Ambiguous { prefix: prefix.into(), count: others + 1 }),
    })
}
