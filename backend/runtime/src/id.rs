//! Names of containers and of processes in them.

use std::{fmt, path::PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The name of a container or of an exec: `[A-Za-z0-9][A-Za-z0-9_.-]*`, at most 128 characters. It is a file name and
/// an argument of the runtime, which is why nothing else exists as an `Id`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Id(String);

/// The longest name.
const LONGEST: usize = 128;

/// A text that can't name a container or an exec.
#[derive(Debug, Error)]
#[error(
    "{0:?} is no id: letters, digits, '_', '.' and '-' are allowed after a first letter or digit, at most 128"
)]
pub struct IdError(String);

impl Id {
    /// Checks the text.
    ///
    /// # Errors
    /// When it isn't of the form above.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let first = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
        let rest = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte));
        if first && rest && text.len() <= LONGEST {
            Ok(Self(text.to_owned()))
        } else {
            Err(IdError(text.to_owned()))
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Id {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        Self::parse(&text)
    }
}

impl From<Id> for String {
    fn from(id: Id) -> Self {
        id.0
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One supervised process: a container's first process, or one that was executed in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ProcessKey {
    /// The container.
    pub container: Id,
    /// Which exec; the container's first process if none.
    pub exec: Option<Id>,
}

impl ProcessKey {
    /// The first process of a container.
    pub fn container(container: Id) -> Self {
        Self { container, exec: None }
    }

    /// A process that was executed in a container.
    pub fn exec(container: Id, exec: Id) -> Self {
        Self { container, exec: Some(exec) }
    }

    /// The process's directory, relative to the supervisor's.
    pub(crate) fn directory(&self) -> PathBuf {
        let container = PathBuf::from(self.container.as_str());
        match &self.exec {
            None => container,
            Some(exec) => container.join(EXECS).join(exec.as_str()),
        }
    }
}

/// Where a container's directory has those of its execs.
pub(crate) const EXECS: &str = "exec";

impl From<Id> for ProcessKey {
    fn from(container: Id) -> Self {
        Self::container(container)
    }
}

impl fmt::Display for ProcessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.exec {
            None => write!(f, "container {}", self.container),
            Some(exec) => write!(f, "exec {exec} in container {}", self.container),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Id;

    #[test]
    fn takes_names_and_refuses_paths() {
        for good in ["a", "0", "web-1", "a_b.c", &"f".repeat(128)] {
            assert!(Id::parse(good).is_ok(), "{good}");
        }
        for bad in ["", ".", "..", "-a", "a/b", "a b", "ä", "a\0", &"f".repeat(129)] {
            assert!(Id::parse(bad).is_err(), "{bad}");
        }
        assert!(serde_json::from_str::<Id>("\"../x\"").is_err());
    }
}
