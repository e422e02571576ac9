//! Which entries a source means.

use super::{Entry, Kind, Listing, PickError, walked};
use crate::{
    evaluate::Copied,
    ignore::{Pattern, clean},
};

/// How many links are followed to a source.
const LINKS: usize = 40;

/// An entry that a source means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picked<'a> {
    /// Which source, from 0.
    pub source: usize,
    /// Its path as the copy sees it: of a file its name, in a directory what is behind that; with `--parents` the whole.
    pub name: String,
    /// The entry.
    pub entry: &'a Entry,
}

/// A path from the root of the context, from which nothing leads out; empty for the root.
pub(super) fn rooted(path: &str) -> String {
    clean(&format!("/{path}"))[1..].to_owned()
}

/// Adds what a source means.
pub(super) fn source<'a>(
    listing: &'a Listing,
    at: usize,
    source: &str,
    copied: &Copied,
    picked: &mut Vec<Picked<'a>>,
) -> Result<(), PickError> {
    let excluded: Vec<Pattern> =
        copied.exclude.iter().filter_map(|text| Pattern::parse(&clean(text)).ok()).collect();
    let mut add = |name: String, entry: &'a Entry| {
        if !excluded.iter().any(|pattern| pattern.matches_or_parent(&name)) {
            let name = if copied.parents { entry.path.clone() } else { name };
            picked.push(Picked { source: at, name, entry });
        }
    };
    let trimmed = source.strip_prefix('/').unwrap_or(source);
    let trimmed = trimmed.strip_prefix("./").unwrap_or(trimmed);
    if has_wildcards(trimmed) {
        let Ok(pattern) = Pattern::names(trimmed) else { return Err(PickError::Nothing) };
        let matches = listing.entries().iter().filter(|entry| pattern.matches(&entry.path));
        for entry in matches {
            one(listing, entry, &mut add);
        }
        return Ok(());
    }
    let path = rooted(source);
    if path.is_empty() {
        listing.entries().iter().for_each(|entry| add(entry.path.clone(), entry));
        return Ok(());
    }
    if let Some(entry) = listing.get(&path) {
        one(listing, entry, &mut add);
        return Ok(());
    }
    // A path through links.
    match resolved(listing, &path) {
        Some(entry) => one(listing, entry, &mut add),
        None => return Err(PickError::Missing { path: trimmed.to_owned() }),
    }
    Ok(())
}

/// A file by its name, a directory by what is in it, a link by what it leads to.
fn one<'a>(listing: &'a Listing, entry: &'a Entry, add: &mut impl FnMut(String, &'a Entry)) {
    let entry = match entry.kind {
        Kind::Link => resolved(listing, &entry.path).unwrap_or(entry),
        _ => entry,
    };
    if entry.kind == Kind::Directory {
        let inside = below(listing, &entry.path);
        inside.for_each(|inner| add(inner.path[entry.path.len() + 1..].to_owned(), inner));
    } else {
        let name = entry.path.rsplit('/').next().unwrap_or_default();
        add(name.to_owned(), entry);
    }
}

/// What is in a directory, at any depth.
fn below<'a>(listing: &'a Listing, directory: &str) -> impl Iterator<Item = &'a Entry> {
    let entries = listing.entries();
    let start = entries.partition_point(|entry| walked(&entry.path, directory).is_le());
    let prefix = format!("{directory}/");
    entries[start..].iter().take_while(move |entry| entry.path.starts_with(&prefix))
}

/// The entry of a path with all links on the way followed, never out of the context.
fn resolved<'a>(listing: &'a Listing, path: &str) -> Option<&'a Entry> {
    let mut rest: Vec<String> = path.split('/').rev().map(str::to_owned).collect();
    let mut at = String::new();
    let mut links = 0;
    while let Some(name) = rest.pop() {
        let next = if at.is_empty() { name.clone() } else { format!("{at}/{name}") };
        let next = rooted(&next);
        match listing.get(&next) {
            Some(entry) if entry.kind == Kind::Link => {
                links += 1;
                if links > LINKS {
                    return None;
                }
                if entry.content.starts_with('/') {
                    at.clear();
                }
                rest.extend(
                    entry.content.split('/').rev().filter(|name| !name.is_empty()).map(str::to_owned),
                );
            }
            _ => at = next,
        }
    }
    listing.get(&at)
}

/// Whether a path is a pattern.
fn has_wildcards(path: &str) -> bool {
    let mut chars = path.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => drop(chars.next()),
            '*' | '?' | '[' => return true,
            _ => {}
        }
    }
    false
}
