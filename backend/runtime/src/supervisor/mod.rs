//! The server's side: making processes, and talking to their shims.

mod attach;
mod connection;
mod launch;
mod logs;
mod reconnect;
mod remove;
mod settle;
mod verbs;
mod watch;

use std::{
    collections::{HashMap, HashSet},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::{sync::broadcast, task};

pub use attach::{AttachInput, AttachOutput, Attached, Output};
pub use reconnect::{Known, KnownState};
pub use watch::ProcessEvent;

use crate::{
    Id, ProbeError, ProcessKey, Runtime, RuntimeKind, RuntimeProgram, RuntimeVersion, SupervisorError,
    SupervisorOptions,
    cgroup::{Hierarchies, QuickMoves},
};
use watch::Entry;

/// All processes of one data directory. Cheap to clone; all clones are the same.
#[derive(Clone)]
pub struct Supervisor(Arc<Inner>);

struct Inner {
    options: SupervisorOptions,
    program: RuntimeProgram,
    runtime: Box<dyn Runtime>,
    version: RuntimeVersion,
    hierarchies: Hierarchies,
    moves: QuickMoves,
    entries: Mutex<HashMap<ProcessKey, Entry>>,
    /// What is being made at present.
    launching: Mutex<HashSet<ProcessKey>>,
    events: broadcast::Sender<(ProcessKey, ProcessEvent)>,
}

/// Events that a slow listener may be behind.
const EVENTS: usize = 1024;

impl Supervisor {
    /// Finds the runtime and makes the directories. Nothing is known of earlier processes before [`Supervisor::reconnect`].
    ///
    /// # Errors
    /// When there is no usable runtime, or a directory can't be made.
    pub async fn open(options: SupervisorOptions) -> Result<Self, SupervisorError> {
        blocking(move || {
            let options = options.absolute()?;
            let version = RuntimeVersion::probe(&options.runtime)?;
            for directory in [&options.directory, &options.runtime_root] {
                settle::make_private(directory)?;
            }
            let hierarchies =
                Hierarchies::probe().map_err(SupervisorError::io("read", "/proc/self/mountinfo"))?;
            if version.kind == RuntimeKind::Crun && hierarchies.is_hybrid() {
                return Err(ProbeError::HybridCgroups { program: options.runtime }.into());
            }
            let program = RuntimeProgram {
                program: options.runtime.clone(),
                kind: version.kind,
                root: options.runtime_root.clone(),
            };
            Ok(Self(Arc::new(Inner {
                runtime: Box::new(program.clone()),
                program,
                version,
                moves: QuickMoves::new(hierarchies.clone()),
                hierarchies,
                options,
                entries: Mutex::default(),
                launching: Mutex::default(),
                events: broadcast::Sender::new(EVENTS),
            })))
        })
        .await
    }

    /// Which runtime is used.
    pub fn runtime(&self) -> &RuntimeVersion {
        &self.0.version
    }

    /// Where a container's log is by convention: `<directory>/<id>/<id>-json.log`. [`Supervisor::remove`] removes it.
    pub fn log_path(&self, id: &Id) -> PathBuf {
        self.0.directory(&id.clone().into()).join(format!("{id}-json.log"))
    }

    /// Announces that a process is likely to be made within the next 60 ms; it is then made sooner.
    pub fn expect_process(&self) {
        self.0.moves.expect();
    }

    /// Removes the directory of the runtime's states, where it has none. For a server that stops: processes run on with
    /// what they have there. Blocks for a moment.
    pub fn close(&self) {
        // One that isn't empty stays as it is.
        let _ = std::fs::remove_dir(&self.0.options.runtime_root);
    }

    /// Everything that happens to processes from now on, whoever waits for it. One who is more than 1,024 events behind
    /// misses some and is told so.
    pub fn events(&self) -> broadcast::Receiver<(ProcessKey, ProcessEvent)> {
        self.0.events.subscribe()
    }
}

impl Inner {
    fn directory(&self, key: &ProcessKey) -> PathBuf {
        self.options.directory.join(key.directory())
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<ProcessKey, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the runtime has something of a container.
    fn runtime_knows(&self, id: &Id) -> bool {
        self.options.runtime_root.join(id.as_str()).exists()
    }
}

/// Runs blocking work aside.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SupervisorError> + Send + 'static,
) -> Result<T, SupervisorError> {
    match task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

/// The text of a shim's log, for an error.
fn shim_log(directory: &Path) -> String {
    let text = std::fs::read_to_string(directory.join(crate::record::SHIM_LOG)).unwrap_or_default();
    text.lines().last().unwrap_or_default().to_owned()
}
