//! Paths inside layers: bytes, relative, normalised, safe to join to a directory.
//!
//! ```text
//! path      = "" | component *( "/" component )      the empty path is the layer's root
//! component = 1*255 bytes other than "/" and NUL, not "." and not ".."
//! ```

use std::{cmp::Ordering, fmt};

use thiserror::Error;

/// Bytes of the longest component: Linux's `NAME_MAX`.
pub const MAX_COMPONENT: usize = 255;
/// Bytes of the longest path: Linux's `PATH_MAX` without its final NUL.
pub const MAX_PATH: usize = 4095;

/// A normalised path inside a layer, without a leading or trailing slash. The root is the empty path.
///
/// A value cannot name anything outside the directory that it is joined to, as long as no symlink is followed on
/// the way. Paths sort as a tree is listed: a directory before what is in it, siblings by their bytes.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct LayerPath(Box<[u8]>);

/// Why a name in an archive or a request is not a path inside a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PathError {
    /// A component is `..`.
    #[error("the path has a component \"..\"")]
    Parent,
    /// A zero byte.
    #[error("the path has a zero byte")]
    Nul,
    /// A component longer than [`MAX_COMPONENT`].
    #[error("a component of the path has {actual} bytes: at most {MAX_COMPONENT} are allowed")]
    LongComponent {
        /// Bytes of the component.
        actual: usize,
    },
    /// A path longer than [`MAX_PATH`].
    #[error("the path has {actual} bytes: at most {MAX_PATH} are allowed")]
    Long {
        /// Bytes of the path.
        actual: usize,
    },
}

impl LayerPath {
    /// The layer's root.
    pub fn root() -> Self {
        Self::default()
    }

    /// Normalises a name: leading slashes, `.` components, double and trailing slashes go; `..` is refused.
    pub fn parse(name: &[u8]) -> Result<Self, PathError> {
        let mut path = Vec::with_capacity(name.len());
        normalise(name, &mut path)?;
        Ok(Self(path.into()))
    }

    /// The bytes, components joined by single slashes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether this is the root.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The components from the root down.
    pub fn components(&self) -> impl DoubleEndedIterator<Item = &[u8]> {
        components(&self.0)
    }

    /// The last component; nothing for the root.
    pub fn name(&self) -> Option<&[u8]> {
        self.components().next_back()
    }

    /// The directory that it is in; nothing for the root.
    pub fn parent(&self) -> Option<Self> {
        if self.is_root() {
            return None;
        }
        let end = self.0.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
        Some(Self(self.0[..end].into()))
    }

    /// Whether it is in `directory`, however deep; not the directory itself.
    pub fn is_below(&self, directory: &Self) -> bool {
        match self.0.strip_prefix(&*directory.0) {
            Some(rest) if directory.is_root() => !rest.is_empty(),
            Some(rest) => rest.first() == Some(&b'/'),
            None => false,
        }
    }

    /// Its first `length` components; all of it if it has no more.
    pub fn start(&self, length: usize) -> Self {
        if length == 0 {
            return Self::root();
        }
        let mut slashes = self.0.iter().enumerate().filter(|(_, byte)| **byte == b'/');
        let end = slashes.nth(length - 1).map_or(self.0.len(), |(at, _)| at);
        Self(self.0[..end].into())
    }

    /// Wraps bytes that are known to be normalised.
    pub(crate) fn trusted(bytes: &[u8]) -> Self {
        debug_assert!(Self::parse(bytes).is_ok_and(|path| path.as_bytes() == bytes));
        Self(bytes.into())
    }
}

impl Ord for LayerPath {
    fn cmp(&self, other: &Self) -> Ordering {
        self.components().cmp(other.components())
    }
}

impl PartialOrd for LayerPath {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl AsRef<[u8]> for LayerPath {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// For messages: bytes that are not printable text are escaped as `\xNN`.
impl fmt::Display for LayerPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Escaped(&self.0), f)
    }
}

impl fmt::Debug for LayerPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

/// Shows bytes of a name harmlessly: no control or bidirectional characters reach a terminal or a page.
#[derive(Clone, Copy, Debug)]
pub struct Escaped<'a>(pub &'a [u8]);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            for char in chunk.valid().chars() {
                if char.is_control() || is_format(char) {
                    write!(f, "{}", char.escape_unicode())?;
                } else {
                    write!(f, "{char}")?;
                }
            }
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

/// Characters that change how their neighbours are shown, and so could make one name look like another.
fn is_format(char: char) -> bool {
    matches!(char, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// The components of normalised bytes.
pub(crate) fn components(path: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    path.split(|byte| *byte == b'/').filter(|component| !component.is_empty())
}

/// Appends the normalised form of `name` to the empty `path`.
pub(crate) fn normalise(name: &[u8], path: &mut Vec<u8>) -> Result<(), PathError> {
    for component in name.split(|byte| *byte == b'/') {
        match component {
            b"" | b"." => continue,
            b".." => return Err(PathError::Parent),
            long if long.len() > MAX_COMPONENT => {
                return Err(PathError::LongComponent { actual: long.len() });
            }
            nul if nul.contains(&0) => return Err(PathError::Nul),
            _ => {}
        }
        if !path.is_empty() {
            path.push(b'/');
        }
        path.extend_from_slice(component);
    }
    if path.len() > MAX_PATH {
        return Err(PathError::Long { actual: path.len() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn normalises() {
        let cases: [(&[u8], &[u8]); 9] = [
            (b"", b""),
            (b"/", b""),
            (b"./", b""),
            (b"etc/passwd", b"etc/passwd"),
            (b"/etc//passwd/", b"etc/passwd"),
            (b"./a/./b", b"a/b"),
            (b"a/...", b"a/..."),
            (b"\xff/\n", b"\xff/\n"),
            (b" ", b" "),
        ];
        for (name, path) in cases {
            assert_eq!(LayerPath::parse(name).expect("a path").as_bytes(), path, "{name:?}");
        }
    }

    #[test]
    fn refuses() {
        assert_eq!(LayerPath::parse(b"a/../b"), Err(PathError::Parent));
        assert_eq!(LayerPath::parse(b"/.."), Err(PathError::Parent));
        assert_eq!(LayerPath::parse(b"a\0b"), Err(PathError::Nul));
        assert_eq!(LayerPath::parse(&[b'a'; 256]), Err(PathError::LongComponent { actual: 256 }));
        assert_eq!(LayerPath::parse(&b"a/".repeat(2049)), Err(PathError::Long { actual: 4097 }));
    }

    #[test]
    fn sorts_as_a_tree_is_listed() {
        let paths: Vec<LayerPath> =
            [&b""[..], b"a", b"a/b", b"a/b/c", b"a-b", b"a.b", b"aa"].map(LayerPath::trusted).into();
        let mut sorted = paths.clone();
        sorted.reverse();
        sorted.sort();
        assert_eq!(sorted, paths);
    }

    #[test]
    fn takes_apart() {
        let path = LayerPath::trusted(b"usr/bin/env");
        assert_eq!(path.name(), Some(&b"env"[..]));
        assert_eq!(path.parent(), Some(LayerPath::trusted(b"usr/bin")));
        assert_eq!(LayerPath::trusted(b"usr").parent(), Some(LayerPath::root()));
        assert_eq!(LayerPath::root().parent(), None);
        assert_eq!(LayerPath::root().name(), None);
        let starts = [0, 1, 2, 3, 4].map(|length| path.start(length).to_string());
        assert_eq!(starts, ["", "usr", "usr/bin", "usr/bin/env", "usr/bin/env"]);
    }

    #[test]
    fn is_in_a_directory_or_not() {
        let below =
            |path: &[u8], directory: &[u8]| LayerPath::trusted(path).is_below(&LayerPath::trusted(directory));
        assert!(below(b"a", b"") && below(b"a/b", b"a") && below(b"a/b/c", b"a"));
        assert!(!below(b"", b"") && !below(b"a", b"a") && !below(b"ab", b"a") && !below(b"a", b"a/b"));
    }

    #[test]
    fn shows_hostile_names_harmlessly() {
        let text = Escaped(b"a\x1b[31m\xff\xe2\x80\xae").to_string();
        assert_eq!(text, "a\\u{1b}[31m\\xff\\u{202e}");
    }
}
