//! Logins that the server keeps itself, for those who have no docker client that would.

use std::{
    collections::BTreeMap,
    fs::{self, OpenOptions},
    io::{self, ErrorKind, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{Credentials, CredentialsError, Login, Secret};

/// As many as anybody has; more is somebody filling a disk.
const MOST: usize = 1000;

/// Names and passwords by registry (`docker.io`, `127.0.0.1:5000`) in a file of mode 0600, written whole or not at all.
///
/// ```json
/// {"127.0.0.1:5000":{"username":"ada","password":"…"}}
/// ```
///
/// A registry without an entry is asked for at the next source. The key is compared whole, port included, so that a
/// password never goes to another port of the same host.
pub struct KeptLogins {
    path: PathBuf,
    kept: Mutex<BTreeMap<String, Entry>>,
    otherwise: Arc<dyn Credentials>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Entry {
    username: String,
    password: String,
}

/// Why logins can't be kept.
#[derive(Debug, Error)]
pub enum KeptLoginsError {
    /// The file can't be read or written.
    #[error("cannot keep logins in {}", .0.display())]
    File(PathBuf, #[source] io::Error),
    /// Something else is in it.
    #[error("{} should hold logins as JSON: delete it, and log in again", .0.display())]
    Damaged(PathBuf),
    /// There are too many.
    #[error("logins of {MOST} registries are kept already: log out of one first")]
    TooMany,
}

impl KeptLogins {
    /// The logins in `path`, none if there is no such file; for all other registries `otherwise` is asked.
    pub fn open(path: PathBuf, otherwise: Arc<dyn Credentials>) -> Result<Self, KeptLoginsError> {
        let file = |error| KeptLoginsError::File(path.clone(), error);
        let kept = match fs::read(&path) {
            Ok(bytes) => {
                fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).map_err(file)?;
                serde_json::from_slice(&bytes).map_err(|_| KeptLoginsError::Damaged(path.clone()))?
            }
            Err(error) if error.kind() == ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(file(error)),
        };
        Ok(Self { path, kept: Mutex::new(kept), otherwise })
    }

    /// The registries that have a login here, with its user, by registry.
    pub fn users(&self) -> Vec<(String, String)> {
        self.kept().iter().map(|(registry, entry)| (registry.clone(), entry.username.clone())).collect()
    }

    /// Keeps a login, in the place of the one that the registry had. Blocks.
    pub fn keep(&self, registry: &str, username: &str, password: &Secret) -> Result<(), KeptLoginsError> {
        let mut kept = self.kept();
        if kept.len() >= MOST && !kept.contains_key(registry) {
            return Err(KeptLoginsError::TooMany);
        }
        let mut next = kept.clone();
        let entry = Entry { username: username.into(), password: password.expose().into() };
        next.insert(registry.into(), entry);
        self.write(&next)?;
        *kept = next;
        Ok(())
    }

    /// Forgets the login of a registry; `false` if it had none. Blocks.
    pub fn forget(&self, registry: &str) -> Result<bool, KeptLoginsError> {
        let mut kept = self.kept();
        let mut next = kept.clone();
        if next.remove(registry).is_none() {
            return Ok(false);
        }
        self.write(&next)?;
        *kept = next;
        Ok(true)
    }

    fn kept(&self) -> MutexGuard<'_, BTreeMap<String, Entry>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Beside it and then in its place: a crash leaves the logins as they were.
    fn write(&self, logins: &BTreeMap<String, Entry>) -> Result<(), KeptLoginsError> {
        let text = serde_json::to_vec(logins).expect("strings are JSON");
        written(&self.path, &text).map_err(|error| KeptLoginsError::File(self.path.clone(), error))
    }
}

fn written(path: &Path, text: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension(format!("{}.new", std::process::id()));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
    file.write_all(text)?;
    file.sync_all()?;
    fs::rename(&temporary, path)
}

impl Credentials for KeptLogins {
    fn login<'a>(&'a self, registry: &'a str) -> BoxFuture<'a, Result<Option<Login>, CredentialsError>> {
        let own = self.kept().get(registry).cloned();
        match own {
            Some(own) => {
                let login = Login::password(own.username, own.password);
                Box::pin(std::future::ready(Ok(Some(login))))
            }
            None => self.otherwise.login(registry),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Anonymous;

    fn open(path: &Path) -> Result<KeptLogins, KeptLoginsError> {
        KeptLogins::open(path.into(), Arc::new(Anonymous))
    }

    #[tokio::test]
    async fn keeps_them_for_one_port_alone_and_over_a_restart() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("logins.json");
        let logins = open(&path).expect("opens");
        logins.keep("r.example:5000", "ada", &"secret".into()).expect("keeps");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("changed");
        let logins = open(&path).expect("opens again");
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        assert_eq!(logins.users(), [("r.example:5000".to_owned(), "ada".to_owned())]);
        assert_eq!(logins.login("r.example:5000").await, Ok(Some(Login::password("ada", "secret"))));
        for other in ["r.example", "r.example:5001", "r.example:50000", "docker.io"] {
            assert_eq!(logins.login(other).await, Ok(None), "{other}");
        }
        assert!(!logins.forget("r.example").expect("nothing to forget"));
        assert!(logins.forget("r.example:5000").expect("forgets"));
        assert!(open(&path).expect("opens").users().is_empty());
        fs::write(&path, "{").expect("written");
        assert!(matches!(open(&path), Err(KeptLoginsError::Damaged(_))));
    }
}
