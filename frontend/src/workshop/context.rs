//! A context as rows of a tree, with what `.dockerignore` leaves out and what a build is sent.

use std::collections::BTreeSet;

use strata_api::{path, workshop::FileEntry};
use strata_dockerfile::ignore::Ignore;

/// A row of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The path, decoded.
    pub path: Vec<u8>,
    /// Where its last component begins.
    pub name: usize,
    /// How deep it lies, 0 for the root's children.
    pub depth: usize,
    /// `f`, `d` or `l`.
    pub kind: char,
    /// Permission bits.
    pub mode: u32,
    /// Bytes of a file; of a directory, of all files in it that are sent.
    pub bytes: u64,
    /// Where a link leads, decoded.
    pub target: Option<Vec<u8>>,
    /// The line of `.dockerignore` that leaves it out, from 1.
    pub ignored: Option<usize>,
    /// For a directory: whether its children are rows.
    pub open: Option<bool>,
}

impl Row {
    /// Its last component.
    pub fn name(&self) -> &[u8] {
        &self.path[self.name..]
    }
}

/// The rows of a context, and what it comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    /// What is shown, in order: directories first, then by the bytes of the names.
    pub rows: Vec<Row>,
    /// Files that are sent.
    pub sent_files: u64,
    /// Bytes that are sent.
    pub sent_bytes: u64,
    /// Files that are left out.
    pub ignored_files: u64,
    /// Bytes that are left out.
    pub ignored_bytes: u64,
}

/// The rows of a listing. `ignored` tells which line of `.dockerignore` leaves a path out; `closed` has the directories that
/// are folded.
pub fn context(
    entries: &[FileEntry],
    closed: &BTreeSet<Vec<u8>>,
    ignored: impl Fn(&[u8]) -> Option<usize>,
) -> Context {
    let mut all: Vec<Row> = entries.iter().map(|entry| row(entry, &ignored)).collect();
    let mut whole = Context::default();
    for row in all.iter().filter(|row| row.kind != 'd') {
        let (files, bytes) = match row.ignored {
            None => (&mut whole.sent_files, &mut whole.sent_bytes),
            Some(_) => (&mut whole.ignored_files, &mut whole.ignored_bytes),
        };
        *files += 1;
        *bytes += row.bytes;
    }
    // What a directory sends: a directory is ignored by name although an exception may lead into it.
    let sent: Vec<(Vec<u8>, u64)> = all
        .iter()
        .filter(|row| row.kind != 'd' && row.ignored.is_none())
        .map(|row| (row.path.clone(), row.bytes))
        .collect();
    for row in all.iter_mut().filter(|row| row.kind == 'd') {
        let mut prefix = row.path.clone();
        prefix.push(b'/');
        row.bytes = sent.iter().filter(|(path, _)| path.starts_with(&prefix)).map(|(_, bytes)| bytes).sum();
        if sent.iter().any(|(path, _)| path.starts_with(&prefix)) {
            row.ignored = None;
        }
        row.open = Some(!closed.contains(&row.path));
    }
    let directories: BTreeSet<Vec<u8>> =
        all.iter().filter(|row| row.kind == 'd').map(|row| row.path.clone()).collect();
    all.sort_by_cached_key(|row| key(&row.path, &directories));
    all.retain(|row| !parents(&row.path).any(|parent| closed.contains(parent)));
    whole.rows = all;
    whole
}

fn row(entry: &FileEntry, ignored: &impl Fn(&[u8]) -> Option<usize>) -> Row {
    let path = path::decode(&entry.path);
    let name = path.iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1);
    Row {
        name,
        depth: path.iter().filter(|byte| **byte == b'/').count(),
        kind: entry.kind,
        mode: entry.mode,
        bytes: entry.size,
        target: entry.target.as_deref().map(path::decode),
        ignored: ignored(&path),
        open: None,
        path,
    }
}

/// Sorts directories before files at every level.
fn key(path: &[u8], directories: &BTreeSet<Vec<u8>>) -> Vec<(bool, Vec<u8>)> {
    let mut key = Vec::new();
    for end in
        path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at).chain([path.len()])
    {
        let part = &path[..end];
        let name = part.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        key.push((!directories.contains(part), name.to_vec()));
    }
    key
}

fn parents(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| &path[..at])
}

/// What of a context a build is sent, for completion: paths that are text, directories with a `/` at their end.
pub fn sent_paths(entries: &[FileEntry], ignore: &str) -> Vec<String> {
    let ignore = Ignore::parse(ignore);
    let sent = entries.iter().filter_map(|entry| {
        let path = String::from_utf8(path::decode(&entry.path)).ok()?;
        match (entry.kind, ignore.ignores(&path)) {
            ('d', false) => Some(path + "/"),
            (_, false) => Some(path),
            (_, true) => None,
        }
    });
    sent.collect()
}

/// The line of a `.dockerignore` that leaves a path out.
pub fn ignored_by(ignore: &Ignore, path: &[u8]) -> Option<usize> {
    let verdict = ignore.verdict(&String::from_utf8_lossy(path));
    verdict.line.filter(|_| verdict.ignored).map(|line| line as usize)
}

/// Why a path can't be a file of a context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WrongPath {
    /// There is none.
    Empty,
    /// `.` or `..` or nothing between two slashes.
    Component,
    /// Something is there already.
    Taken,
}

/// A path that was typed, as the server takes it: without slashes at its ends.
pub fn typed(text: &str, entries: &[FileEntry]) -> Result<Vec<u8>, WrongPath> {
    let path = text.trim().trim_matches('/');
    if path.is_empty() {
        return Err(WrongPath::Empty);
    }
    if path.split('/').any(|part| matches!(part, "" | "." | "..")) || path.contains('\0') {
        return Err(WrongPath::Component);
    }
    let encoded = path::encode(path.as_bytes());
    match entries.iter().any(|entry| entry.path == encoded) {
        true => Err(WrongPath::Taken),
        false => Ok(path.as_bytes().to_vec()),
    }
}

/// Whether bytes can be edited as text: UTF-8 without anything that is no text, and not too much of it.
pub fn editable(content: &[u8]) -> Option<&str> {
    const MOST: usize = 1 << 20;
    let text = std::str::from_utf8(content).ok().filter(|_| content.len() <= MOST)?;
    text.chars()
        .all(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t' | '\u{c}' | '\u{1b}'))
        .then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(path: &str, kind: char, size: u64) -> FileEntry {
        FileEntry {
            path: path::encode(path.as_bytes()),
            kind,
            mode: 0o644,
            uid: 0,
            gid: 0,
            size,
            digest: None,
            target: None,
        }
    }

    fn listing() -> Vec<FileEntry> {
        vec![
            entry("Dockerfile", 'f', 10),
            entry("a", 'd', 0),
            entry("a/deep", 'd', 0),
            entry("a/deep/kept", 'f', 5),
            entry("a/deep/x", 'f', 7),
            entry("a-file", 'f', 1),
            entry("notes", 'd', 0),
            entry("notes/\u{202e}gpj.exe", 'f', 100),
        ]
    }

    fn ignored(path: &[u8]) -> Option<usize> {
        match path {
            b"a/deep/kept" => None,
            path if path.starts_with(b"a/deep") => Some(2),
            path if path.starts_with(b"notes") => Some(1),
            _ => None,
        }
    }

    #[test]
    fn directories_come_first_and_sum_up_what_is_sent() {
        let context = context(&listing(), &BTreeSet::new(), ignored);
        let seen: Vec<(String, u64, Option<usize>)> =
            context.rows.iter().map(|row| (crate::names::bytes(&row.path), row.bytes, row.ignored)).collect();
        let expected = [
            ("a", 5, None),
            ("a/deep", 5, None),
            ("a/deep/kept", 5, None),
            ("a/deep/x", 7, Some(2)),
            ("notes", 0, Some(1)),
            ("notes/\\u{202e}gpj.exe", 100, Some(1)),
            ("Dockerfile", 10, None),
            ("a-file", 1, None),
        ];
        assert_eq!(seen, expected.map(|(path, bytes, line)| (path.to_owned(), bytes, line)));
        assert_eq!((context.sent_files, context.sent_bytes), (3, 16));
        assert_eq!((context.ignored_files, context.ignored_bytes), (2, 107));
    }

    #[test]
    fn what_is_folded_is_counted_all_the_same() {
        let closed = BTreeSet::from([b"a".to_vec()]);
        let folded = context(&listing(), &closed, ignored);
        assert_eq!(folded.rows[0].open, Some(false));
        assert_eq!(folded.rows[1].path, b"notes");
        assert_eq!(folded.sent_bytes, 16);
        assert_eq!(folded.rows[0].name(), b"a");
    }

    #[test]
    fn typed_paths_stay_inside() {
        let listing = listing();
        assert_eq!(typed(" /src/main.c ", &listing), Ok(b"src/main.c".to_vec()));
        assert_eq!(typed("", &listing), Err(WrongPath::Empty));
        for bad in ["..", "a/../b", "a//b", "./a", "a\0b"] {
            assert_eq!(typed(bad, &listing), Err(WrongPath::Component), "{bad:?}");
        }
        assert_eq!(typed("a/deep", &listing), Err(WrongPath::Taken));
    }

    #[test]
    fn only_text_is_edited() {
        assert_eq!(editable("FROM x\n\t你好\r\n".as_bytes()), Some("FROM x\n\t你好\r\n"));
        assert_eq!(editable(b"\x7fELF\0"), None);
        assert_eq!(editable(b"\xff"), None);
        assert_eq!(editable(&vec![b'a'; (1 << 20) + 1]), None);
    }
}
