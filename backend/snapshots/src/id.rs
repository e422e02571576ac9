//! The name of a snapshot.
//!
//! ```text
//! id = 1*128( ALPHA / DIGIT / "_" / "-" / "." )      not starting with "."; not "tmp"
//! ```

use std::{fmt, str::FromStr};

use thiserror::Error;

/// The name of a snapshot, which is safe as a file name. For a container it is the container's id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SnapshotId(String);

/// A text is not the name of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("\"{}\" is no snapshot id: 1 to 128 letters, digits, \"_\", \"-\" and \".\", not starting with \".\"", .0.escape_debug())]
pub struct IdError(String);

impl SnapshotId {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SnapshotId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let fits = (1..=128).contains(&text.len()) && !text.starts_with('.') && text != "tmp";
        let known = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
        match fits && text.bytes().all(known) {
            true => Ok(Self(text.to_owned())),
            false => Err(IdError(text.to_owned())),
        }
    }
}

impl fmt::Display for SnapshotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_file_names_are_ids() {
        for id in ["a", "0123abc", "x_y-z.1", &"f".repeat(128)] {
            assert_eq!(id.parse::<SnapshotId>().expect("an id").as_str(), id);
        }
        for text in ["", ".", "..", ".hidden", "a/b", "a b", "tmp", "é", "a\0", &"f".repeat(129)] {
            assert!(text.parse::<SnapshotId>().is_err(), "{text:?}");
        }
    }
}
