//! All networks of a server. One file per verb.

mod attach;
mod bridge;
mod create;
mod detach;
mod ipv6;
mod look;
mod protect;
mod remove;
mod resolver;
mod restore;
mod state;

use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard},
};

use sha2::{Digest, Sha256};

use crate::{Network, NetworkError, firewall::Firewall, publish::Ports, record, rootless};
use state::State;

pub use remove::Pruned;

/// The networks of a server, and who is on them. Clones are handles to the same.
///
/// Operations run to their end even if the future is dropped; a container may then be attached, and
/// [`Networks::detach`] takes it off whatever it is on.
#[derive(Debug, Clone)]
pub struct Networks {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    dir: PathBuf,
    /// What is ours on the host is marked with this: eight hexadecimal digits made of the directory's path.
    tag: String,
    /// Held for moments, and while the networks are written down; never while the host is asked for something.
    state: Mutex<State>,
    /// Held while bridges are made and removed.
    bridges: Mutex<()>,
    firewall: Firewall,
    ports: Ports,
}

impl Networks {
    /// Reads the networks of a directory, which is made if need be; `bridge`, `host` and `none` are always there.
    /// Nothing of the host is changed before [`Networks::restore`], which must come next. Blocks.
    ///
    /// # Errors
    /// If the directory or the file in it can't be used.
    pub fn open(dir: &Path) -> Result<Self, NetworkError> {
        let failed = |source| NetworkError::Io { action: "use", path: dir.to_owned(), source };
        fs::create_dir_all(dir).map_err(failed)?;
        let dir = fs::canonicalize(dir).map_err(failed)?;
        let mut networks = record::read(&dir)?;
        let before = networks.len();
        state::add_predefined(&mut networks)?;
        if networks.len() != before {
            record::write(&dir, &networks)?;
        }
        Ok(Self {
            inner: Arc::new(Inner {
                tag: tag(&dir),
                dir,
                state: Mutex::new(State::new(networks)),
                bridges: Mutex::new(()),
                firewall: Firewall::default(),
                ports: Ports::default(),
            }),
        })
    }

    /// Runs blocking work of several steps.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Arc<Inner>) -> Result<T, NetworkError> + Send + 'static,
    ) -> Result<T, NetworkError> {
        let inner = Arc::clone(&self.inner);
        match tokio::task::spawn_blocking(move || work(&inner)).await {
            Ok(result) => result,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Err(NetworkError::Forbidden("the server is stopping".to_owned())),
            },
        }
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// One at a time may make and remove bridges, among threads and among servers.
    fn bridges(&self) -> Result<Bridges<'_>, NetworkError> {
        rootless::check()?;
        if !self.state().ready {
            return Err(NetworkError::Forbidden("networks are not restored yet".to_owned()));
        }
        let guard = self.bridges.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let path = Path::new(LOCK);
        let lock = fs::File::create(path).and_then(|file| file.lock().map(|()| file));
        let file =
            lock.map_err(|source| NetworkError::Io { action: "lock", path: path.to_owned(), source })?;
        Ok(Bridges { _guard: guard, _file: file })
    }

    /// Writes the networks down.
    fn save(&self, state: &State) -> Result<(), NetworkError> {
        record::write(&self.dir, &state.networks)
    }

    /// Makes the packet filter fit what there is, once that is known. Who may not change it has no bridges either.
    fn filter(&self, check: bool) -> Result<(), NetworkError> {
        if !self.state().ready || !rootless::is_administrator() {
            return Ok(());
        }
        self.firewall.apply(check, || self.state().plan(&self.tag))
    }

    /// The note on our bridges about what they belong to.
    fn mark(&self, network: &Network) -> String {
        format!("{}{}", self.marked(), network.id)
    }

    /// How the notes on our bridges begin.
    fn marked(&self) -> String {
        format!("strata {} ", self.tag)
    }

    /// How the names of our interfaces on bridges begin.
    fn prefix(&self) -> String {
        format!("sv{}", &self.tag[..6])
    }
}

/// Servers of one host take turns with this file when they choose names and ranges.
const LOCK: &str = "/run/strata-network.lock";

struct Bridges<'a> {
    _guard: MutexGuard<'a, ()>,
    _file: fs::File,
}

fn tag(dir: &Path) -> String {
    hex(&Sha256::digest(dir.as_os_str().as_encoded_bytes())[..4])
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// 64 random hexadecimal digits.
fn new_id() -> Result<String, NetworkError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| NetworkError::Random(error.to_string()))?;
    Ok(hex(&bytes))
}
