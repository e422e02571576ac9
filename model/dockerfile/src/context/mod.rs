//! What a COPY or ADD takes from a context, and the digest of it that its cache key has.
//!
//! A context is a listing: its files' contents count by their digests. What a source names is picked as dockerd's classic
//! builder does: a file, all of a directory, or everything that a pattern of Go's `filepath.Match` matches.

mod pick;

use std::{cmp::Ordering, collections::BTreeMap, sync::Mutex};

pub use pick::Picked;
use serde::{Deserialize, Serialize};
use strata_oci::Digest;

use crate::{evaluate::Copied, ignore::Ignore};

/// What something in a context is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
}

/// Something in a context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Relative to the context's root, with `/`, without one at either end. Names that aren't UTF-8 must be made so in a way
    /// that keeps them apart.
    pub path: String,
    /// What it is.
    pub kind: Kind,
    /// Permission bits.
    pub mode: u32,
    /// Owner and group; 0 unless they come out of an image, where a copy keeps them.
    pub owner: (u32, u32),
    /// Bytes of a file.
    pub size: u64,
    /// Of a file the digest of what is in it, of a link where it leads to; of a directory nothing.
    pub content: String,
}

impl Entry {
    /// What of it counts, as one text: everything but its path and times.
    pub fn mark(&self) -> String {
        let kind = match self.kind {
            Kind::File => 'f',
            Kind::Directory => 'd',
            Kind::Link => 'l',
        };
        // The mode of a link means nothing.
        let mode = if self.kind == Kind::Link { 0o777 } else { self.mode & 0o7777 };
        let owner = match self.owner {
            (0, 0) => String::new(),
            (user, group) => format!(" {user}:{group}"),
        };
        format!("{kind}{mode:o}{owner} {} {}", self.size, self.content)
    }
}

/// A file that a step copied, as its key saw it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopiedFile {
    /// [`Entry::path`].
    pub path: String,
    /// [`Entry::mark`].
    pub digest: String,
}

/// Everything that a builder sees of a context.
#[derive(Debug, Default)]
pub struct Listing {
    /// Sorted as directories are walked: by name, each directory's contents behind it.
    entries: Vec<Entry>,
    /// What was picked by copies that were asked for before.
    known: Mutex<BTreeMap<String, Result<Content, PickError>>>,
}

impl Clone for Listing {
    fn clone(&self) -> Self {
        Self { entries: self.entries.clone(), known: Mutex::default() }
    }
}

/// What a COPY or ADD takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// The digest of the list, for the key.
    pub digest: Digest,
    /// How many files, links and directories it has.
    pub count: usize,
    /// Bytes of the files.
    pub bytes: u64,
}

/// Why nothing can be copied, in dockerd's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PickError {
    /// A path that isn't there.
    #[error("file not found in build context or excluded by .dockerignore: stat {path}: file does not exist")]
    Missing {
        /// The path.
        path: String,
    },
    /// A pattern that matches nothing.
    #[error("no source files were specified")]
    Nothing,
    /// Something that is only known when it is fetched.
    #[error("{url} is known when it is fetched")]
    Remote {
        /// The address.
        url: String,
    },
}

impl Listing {
    /// What is in a context, without what is ignored; directories that only their files tell of are added.
    pub fn new(mut entries: Vec<Entry>, ignore: &Ignore) -> Self {
        if !ignore.is_empty() {
            entries.retain(|entry| !ignore.ignores(&entry.path));
        }
        entries.sort_by(|a, b| walked(&a.path, &b.path));
        entries.dedup_by(|a, b| a.path == b.path);
        let implied = implied(&entries);
        if !implied.is_empty() {
            entries.extend(implied);
            entries.sort_by(|a, b| walked(&a.path, &b.path));
        }
        Self { entries, known: Mutex::default() }
    }

    /// Everything, as directories are walked.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entry of a path.
    pub fn get(&self, path: &str) -> Option<&Entry> {
        self.entries.binary_search_by(|entry| walked(&entry.path, path)).ok().map(|at| &self.entries[at])
    }

    /// What a COPY or ADD takes. What was asked for before is remembered.
    ///
    /// # Errors
    /// A source isn't there, or isn't in the context at all.
    pub fn content(&self, copied: &Copied) -> Result<Content, PickError> {
        let name = format!("{:?} {:?} {}", copied.sources, copied.exclude, copied.parents);
        // Nothing panics while it is held, and what is in it is right even so.
        let known = |listing: &Self| {
            listing.known.lock().unwrap_or_else(|broken| broken.into_inner()).get(&name).cloned()
        };
        if let Some(known) = known(self) {
            return known;
        }
        let content = self.pick(copied).map(|picked| Content::of(&picked));
        self.known.lock().unwrap_or_else(|broken| broken.into_inner()).insert(name, content.clone());
        content
    }

    /// The files that a COPY or ADD takes, sources in their order.
    ///
    /// # Errors
    /// As [`Self::content`].
    pub fn pick(&self, copied: &Copied) -> Result<Vec<Picked<'_>>, PickError> {
        let mut picked = Vec::new();
        for (at, source) in copied.sources.iter().enumerate() {
            if is_remote(source) {
                return Err(PickError::Remote { url: source.clone() });
            }
            pick::source(self, at, source, copied, &mut picked)?;
        }
        if picked.is_empty() && !copied.sources.is_empty() && copied.files.is_empty() {
            // An empty directory is a source, too: then something was found.
            let found = copied.sources.iter().any(|source| self.is_directory(source));
            return if found { Ok(picked) } else { Err(PickError::Nothing) };
        }
        Ok(picked)
    }

    fn is_directory(&self, source: &str) -> bool {
        let path = pick::rooted(source);
        path.is_empty() || self.get(&path).is_some_and(|entry| entry.kind == Kind::Directory)
    }
}

impl Content {
    /// The content of a list of files.
    pub fn of(picked: &[Picked<'_>]) -> Self {
        let mut text = String::with_capacity(picked.len() * 128);
        let mut bytes = 0;
        for picked in picked {
            let (name, mark) = (&picked.name, picked.entry.mark());
            text.push_str(&format!("{} {}:{name} {mark}\n", picked.source, name.len()));
            bytes += if picked.entry.kind == Kind::File { picked.entry.size } else { 0 };
        }
        Self { digest: Digest::of(text.as_bytes()), count: picked.len(), bytes }
    }
}

/// The files as a record keeps them.
pub fn copied_files(picked: &[Picked<'_>]) -> Vec<CopiedFile> {
    let mut files: Vec<_> = picked
        .iter()
        .map(|picked| CopiedFile { path: picked.entry.path.clone(), digest: picked.entry.mark() })
        .collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files.dedup_by(|a, b| a.path == b.path);
    files
}

/// Whether a source of an ADD is an address.
pub fn is_remote(source: &str) -> bool {
    let git = source.starts_with("git@") || source.starts_with("git://") || source.starts_with("ssh://");
    git || source.starts_with("http://") || source.starts_with("https://")
}

/// The directories of sorted entries that have no entry of their own.
fn implied(entries: &[Entry]) -> Vec<Entry> {
    let mut found: Vec<Entry> = Vec::new();
    let mut before = "";
    for entry in entries {
        for (at, _) in entry.path.match_indices('/') {
            let directory = &entry.path[..at];
            let known = before == directory
                || before.strip_prefix(directory).is_some_and(|rest| rest.starts_with('/'));
            if !known {
                let path = directory.to_owned();
                let (kind, mode, owner) = (Kind::Directory, 0o755, (0, 0));
                found.push(Entry { path, kind, mode, owner, size: 0, content: String::new() });
            }
        }
        before = &entry.path;
    }
    found
}

/// The order in which directories are walked.
fn walked(a: &str, b: &str) -> Ordering {
    a.split('/').cmp(b.split('/'))
}

#[cfg(test)]
mod tests;
