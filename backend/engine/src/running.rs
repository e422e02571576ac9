//! What runs containers, and how the engine comes to have it.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use strata_containers::{Containers, Options, Stores};
use strata_network::Networks;
use strata_oci::Digest;
use strata_runtime::{RuntimeVersion, ShimCommand, Supervisor, SupervisorOptions};
use strata_snapshots::Snapshots;

use crate::{Engine, Error, Kind};

/// How containers are run.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// The OCI runtime: a name that is looked up in `PATH`, or a path.
    pub runtime: PathBuf,
    /// How this program becomes a shim.
    pub shim: ShimCommand,
    /// Ports of the host that containers must not reach: those of the server itself.
    pub protected_ports: Vec<u16>,
}

impl Default for RunOptions {
    /// `runc`, and `/proc/self/exe shim`.
    fn default() -> Self {
        Self { runtime: "runc".into(), shim: ShimCommand::default(), protected_ports: Vec::new() }
    }
}

/// What runs containers.
pub(crate) struct Running {
    pub(crate) containers: Containers,
    pub(crate) snapshots: Snapshots,
    pub(crate) networks: Networks,
    pub(crate) runtime: RuntimeVersion,
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").finish_non_exhaustive()
    }
}

impl Engine {
    /// Finds the containers of an earlier server again and makes new ones possible.
    ///
    /// A machine that can't run containers still pulls and explores: then this logs why, and everything about
    /// containers answers with that reason. Call it once.
    pub async fn run_containers(&self, options: RunOptions) {
        let running = self.open_running(options).await.map_err(|error| error.message);
        if let Err(why) = &running {
            tracing::warn!(%why, "containers can't be run here");
        }
        // A second call would find the first one's processes in use.
        let _ = self.inner().running.set(running);
    }

    async fn open_running(&self, options: RunOptions) -> Result<Running, Error> {
        let data = std::path::absolute(&self.inner().options.data).map_err(|error| {
            Error::new(Kind::Internal, format!("cannot locate the data directory: {error}"))
        })?;
        let tag = tag(&data);
        let supervisor = Supervisor::open(SupervisorOptions {
            directory: data.join("shims"),
            runtime_root: state_directory(&data).join(format!("strata-{tag}")),
            runtime: options.runtime,
            shim: options.shim,
        });
        let supervisor = supervisor.await.map_err(Error::internal)?;
        let at = data.clone();
        let (snapshots, networks) = self
            .blocking(move |_| {
                let snapshots = Snapshots::open(&at.join("snapshots")).map_err(Error::internal)?;
                let networks = Networks::open(&at.join("networks")).map_err(Error::internal)?;
                Ok((snapshots, networks))
            })
            .await?;
        let runtime = supervisor.runtime().clone();
        let stores = Stores {
            catalog: self.inner().catalog.clone(),
            snapshots: snapshots.clone(),
            networks: networks.clone(),
            supervisor,
        };
        let events = Arc::clone(&self.inner().events);
        let options_of_containers = Options {
            root: data,
            cgroup_parent: format!("strata-{tag}"),
            init: None,
            events: Arc::new(move |event| events.of_container(event)),
        };
        let containers = Containers::open(stores, options_of_containers).await?;
        networks.protect(&options.protected_ports).await.map_err(Error::internal)?;
        Ok(Running { containers, snapshots, networks, runtime })
    }

    /// Ends what this server does for containers; they themselves run on.
    pub async fn close(&self) {
        self.inner().uploads.keep();
        let Some(Ok(running)) = self.inner().running.get() else { return };
        if let Err(error) = running.networks.close().await {
            tracing::warn!(%error, "networks that nobody uses could not be removed; the next start will");
        }
        running.containers.close();
    }

    /// What runs containers, or why nothing does.
    pub(crate) fn running(&self) -> Result<&Running, Error> {
        match self.inner().running.get() {
            Some(Ok(running)) => Ok(running),
            Some(Err(why)) => {
                Err(Error::new(Kind::Unsupported, format!("containers can't be run here: {why}")))
            }
            None => Err(Error::new(Kind::Unavailable, "containers are not run by this process")),
        }
    }

    /// The containers and volumes.
    ///
    /// # Errors
    /// When this machine can't run any; the message says why.
    pub fn containers(&self) -> Result<&Containers, Error> {
        Ok(&self.running()?.containers)
    }
}

/// Tells servers with different data directories apart; whoever built the server, it is the same for a directory.
fn tag(data: &Path) -> String {
    Digest::of(data.as_os_str().as_encoded_bytes()).hex()[..8].to_owned()
}

/// Where state goes that ends with the machine: for an ordinary user without a directory for it, to the data.
fn state_directory(data: &Path) -> PathBuf {
    if rustix::process::geteuid().is_root() {
        return "/run".into();
    }
    std::env::var_os("XDG_RUNTIME_DIR").map_or_else(|| data.join("run"), PathBuf::from)
}
