//! From the sources of a `COPY` to the files that they mean.

use std::{borrow::Cow, path::Path, sync::Arc};

use strata_dockerfile::{context::Entry, ignore::Pattern};
use strata_layer::LayerPath;
use strata_layers::{ArchiveError, Marks, Tree, follow, scan};

use super::content;
use crate::{
    Error, Kind,
    context::{Item, Origin, Packed, Spot},
};

/// A source, or one of the things that a pattern matched.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// What it is in.
    pub origin: Origin,
    /// The path as it was asked for: its last component names the copy.
    pub path: Vec<u8>,
    /// Where that leads in the tree.
    pub place: Vec<u8>,
    /// Whether it is a directory.
    pub directory: bool,
    /// Whether it was fetched, and so is never unpacked.
    pub fetched: bool,
}

/// The error of a path that leads out of the context.
fn forbidden(source: &str) -> Error {
    Error::new(Kind::Forbidden, format!("forbidden path outside the build context: {source} ()"))
}

/// Finds one source, a path or a pattern, in a tree. `of_context` decides how its absence is told.
pub(crate) fn gather(root: &Path, source: &str, of_context: bool) -> Result<Vec<Found>, Error> {
    let path = stripped(source);
    if is_pattern(path) {
        return matching(root, path, of_context);
    }
    find(root, path.as_bytes(), of_context).map(|found| vec![found])
}

/// The same in a context that is still an archive; nothing if only the files can tell.
pub(crate) fn gather_packed(packed: &Arc<Packed>, source: &str) -> Result<Option<Vec<Found>>, Error> {
    let path = stripped(source);
    let found = |path: &[u8], item: Option<&Item>| Found {
        origin: Origin::Packed(Arc::clone(packed)),
        path: path.to_vec(),
        place: item.map_or_else(Vec::new, |item| item.path.as_bytes().to_vec()),
        directory: item.is_none_or(|item| item.kind == strata_layer::Kind::Directory),
        fetched: false,
    };
    if is_pattern(path) {
        let Ok(pattern) = Pattern::names(path) else { return Ok(Some(Vec::new())) };
        let matched = packed.items().iter().filter(|item| pattern.matches(&shown(item.path.as_bytes())));
        let one = |item: &Item| match item.kind {
            strata_layer::Kind::Symlink => None,
            _ => Some(found(item.path.as_bytes(), Some(item))),
        };
        return Ok(matched.map(one).collect());
    }
    if leads_out(path.as_bytes()) {
        return Err(forbidden(path));
    }
    match packed.find(path.as_bytes()) {
        Spot::Root => Ok(Some(vec![found(path.as_bytes(), None)])),
        Spot::Here(item) => Ok(Some(vec![found(path.as_bytes(), Some(item))])),
        Spot::Absent => Err(absent(path, true)),
        Spot::Unclear => Ok(None),
    }
}

fn stripped(source: &str) -> &str {
    let path = source.strip_prefix('/').unwrap_or(source);
    path.strip_prefix("./").unwrap_or(path)
}

fn shown(path: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(path)
}

fn absent(path: &str, of_context: bool) -> Error {
    match of_context {
        true => Error::invalid(format!(
            "file not found in build context or excluded by .dockerignore: stat {path}: file does not exist"
        )),
        false => Error::invalid(format!("stat {path}: file does not exist")),
    }
}

/// What is copied, file by file, for a key that no listing of a context gives.
pub(crate) fn entries(found: &[Found], owners: bool) -> Result<Vec<Entry>, Error> {
    let mut entries = Vec::new();
    for (at, found) in found.iter().enumerate() {
        // Kept apart: two sources may have the same names.
        let shown = [format!("{at}/").as_bytes(), &found.path].concat();
        match &found.origin {
            Origin::Directory(root) if found.directory => {
                content::directory(root, &found.place, &shown, owners, &mut entries)?;
            }
            Origin::Directory(root) => entries.push(content::file(root, &found.place, &shown, owners)?),
            Origin::Packed(packed) => content::packed(packed, found, &shown, &mut entries)?,
        }
    }
    Ok(entries)
}

fn is_pattern(path: &str) -> bool {
    let mut bytes = path.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => drop(bytes.next()),
            b'*' | b'?' | b'[' => return true,
            _ => {}
        }
    }
    false
}

/// Everything in the tree that a pattern matches, in the tree's order.
fn matching(root: &Path, pattern: &str, of_context: bool) -> Result<Vec<Found>, Error> {
    let tree =
        Tree::open(root).map_err(|error| Error::internal("cannot read what is to be copied", &error))?;
    let mut matched = Vec::new();
    // Go's Match refuses silently what is no pattern.
    let Ok(pattern) = Pattern::names(pattern) else { return Ok(Vec::new()) };
    scan(&tree, Marks::Copy, &LayerPath::root(), false, &mut |item| {
        if pattern.matches(&shown(item.path.as_bytes())) {
            matched.push(item.path.as_bytes().to_vec());
        }
        Ok(true)
    })
    .map_err(|error| Error::internal("cannot read what is to be copied", &error))?;
    matched.iter().map(|path| find(root, path, of_context)).collect()
}

fn find(root: &Path, path: &[u8], of_context: bool) -> Result<Found, Error> {
    if leads_out(path) {
        return Err(forbidden(&shown(path)));
    }
    let followed = match follow(root, path) {
        Ok(followed) => followed,
        Err(ArchiveError::NotDirectory(_)) => return Err(absent(&shown(path), of_context)),
        Err(error) => return Err(error.into()),
    };
    if followed.stat.is_none() {
        return Err(absent(&shown(path), of_context));
    }
    let (origin, directory) = (Origin::Directory(root.into()), followed.is_directory());
    Ok(Found { origin, path: path.to_vec(), place: followed.path, directory, fetched: false })
}

/// Whether a path, tidied as it stands, begins with `..`.
fn leads_out(path: &[u8]) -> bool {
    let mut depth = 0_i64;
    for name in path.split(|byte| *byte == b'/') {
        match name {
            b"" | b"." => {}
            b".." if depth == 0 => return true,
            b".." => depth -= 1,
            _ => depth += 1,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::symlink};

    use super::*;

    fn context() -> tempfile::TempDir {
        let dir = tempfile::tempdir().expect("a directory");
        fs::create_dir_all(dir.path().join("src/deep")).expect("creates");
        for (name, text) in
            [("a.txt", "a"), ("b.txt", "b"), ("src/c.txt", "c"), ("src/deep/d", "d"), ("[x]", "x")]
        {
            fs::write(dir.path().join(name), text).expect("writes");
        }
        symlink("/etc/passwd", dir.path().join("out")).expect("links");
        symlink("src", dir.path().join("in")).expect("links");
        dir
    }

    #[test]
    fn sources_are_paths_or_patterns() {
        let dir = context();
        let paths = |source| {
            let found = gather(dir.path(), source, true).expect(source);
            let paths = found.iter().map(|found| String::from_utf8_lossy(&found.path).into_owned());
            paths.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(paths("a.txt"), "a.txt");
        assert_eq!(paths("/a.txt"), "a.txt");
        assert_eq!(paths("./src/"), "src/");
        assert_eq!(paths("*.txt"), "a.txt b.txt");
        assert_eq!(paths("src/*"), "src/c.txt src/deep");
        assert_eq!(paths("[[]x]"), "[x]");
        assert_eq!(paths("none*"), "");
        assert_eq!(paths("."), ".");
        let link = &gather(dir.path(), "in", true).expect("follows")[0];
        assert_eq!((link.directory, &link.place[..]), (true, &b"src"[..]));
        for (source, message) in [
            (
                "none",
                "file not found in build context or excluded by .dockerignore: stat none: file does not exist",
            ),
            (
                "out",
                "file not found in build context or excluded by .dockerignore: stat out: file does not exist",
            ),
            ("../x", "forbidden path outside the build context: ../x ()"),
            ("a/../../x", "forbidden path outside the build context: a/../../x ()"),
            ("/../x", "forbidden path outside the build context: ../x ()"),
        ] {
            assert_eq!(gather(dir.path(), source, true).expect_err(source).message, message);
        }
    }

    #[test]
    fn times_do_not_count_and_everything_else_does() {
        let dir = context();
        let marks = || {
            let found = gather(dir.path(), "src", true).expect("finds");
            let entries = entries(&found, false).expect("reads");
            entries.iter().map(|entry| format!("{} {}", entry.path, entry.mark())).collect::<Vec<_>>()
        };
        let before = marks();
        let file = dir.path().join("src/c.txt");
        fs::File::open(&file).expect("opens").set_modified(std::time::SystemTime::UNIX_EPOCH).expect("sets");
        assert_eq!(marks(), before);
        fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("sets");
        let after = marks();
        assert_ne!(after, before);
        fs::rename(&file, dir.path().join("src/e.txt")).expect("renames");
        assert_ne!(marks(), after);
    }
}
