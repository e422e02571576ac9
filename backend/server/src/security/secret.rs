//! Secrets in the data directory, readable by their owner alone.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use subtle::ConstantTimeEq;
use thiserror::Error;

/// 256 random bits as 64 hex digits.
#[derive(Clone)]
pub struct Secret(String);

/// Why a secret can't be had.
#[derive(Debug, Error)]
pub enum SecretError {
    /// The file can't be read or written.
    #[error("cannot keep a secret in {}", .0.display())]
    File(PathBuf, #[source] io::Error),
    /// Something else is in it.
    #[error("{} should hold 64 hex digits: delete it, a new one will be made", .0.display())]
    Damaged(PathBuf),
    /// The machine has no randomness.
    #[error("the system gives no random numbers: {0}")]
    Random(getrandom::Error),
}

impl Secret {
    /// A new one.
    pub fn random() -> Result<Self, SecretError> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(SecretError::Random)?;
        Ok(Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect()))
    }

    /// The one in `path`, made if there is none; mode 0600 in any case.
    pub fn keep(path: &Path) -> Result<Self, SecretError> {
        let file = |error| SecretError::File(path.into(), error);
        match fs::read_to_string(path) {
            Ok(text) => {
                fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(file)?;
                let text = text.trim();
                let whole = text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
                if whole { Ok(Self(text.into())) } else { Err(SecretError::Damaged(path.into())) }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let secret = Self::random()?;
                secret.write(path).map_err(file)?;
                Ok(secret)
            }
            Err(error) => Err(file(error)),
        }
    }

    /// Whole or not at all: a crash must not leave half a secret under the name.
    fn write(&self, path: &Path) -> io::Result<()> {
        let temporary = path.with_extension(format!("{}.new", std::process::id()));
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
        writeln!(file, "{}", self.0)?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    }

    /// The digits.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether `text` is this secret, in a time that doesn't tell how much of it was right.
    pub fn is(&self, text: &str) -> bool {
        self.0.as_bytes().ct_eq(text.as_bytes()).into()
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_kept_and_stays_private() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("token");
        let first = Secret::keep(&path).expect("made");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("changed");
        let second = Secret::keep(&path).expect("read");
        assert!(first.is(second.expose()));
        assert!(!first.is("") && !first.is(&second.expose()[1..]));
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        fs::write(&path, "half").expect("written");
        assert!(matches!(Secret::keep(&path), Err(SecretError::Damaged(_))));
    }
}
