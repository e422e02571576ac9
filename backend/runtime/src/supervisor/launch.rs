//! Making containers and execs.

use std::{
    fs, io,
    io::{Read as _, Write as _},
    os::unix::net::UnixStream,
    path::Path,
    process::{Child, Command, Stdio},
    sync::PoisonError,
    time::Duration,
};

use bytes::BytesMut;
use rustix::fd::OwnedFd;

use super::{Attached, Inner, Supervisor, blocking, connection::Connection, remove, settle, shim_log};
use crate::{
    CreateProcess, ExecProcess, Process, ProcessKey, Streams, SupervisorError, record,
    wire::{Launch, Launched, Reply, Request, Work},
};

/// How long a runtime may take. On a machine that is swapping it is slow, but not this slow.
const PATIENCE: Duration = Duration::from_secs(120);

/// A shim that has made its process.
struct Spawned {
    launched: Launched,
    connection: UnixStream,
    received: BytesMut,
    shim: Child,
}

impl Supervisor {
    /// Makes a container; its process waits for [`Supervisor::start`]. A container that has ended may be made again under its name: its
    /// log goes on.
    ///
    /// # Errors
    /// [`SupervisorError::Running`] when it hasn't ended; [`SupervisorError::Runtime`] with what the runtime says. Nothing is left then.
    pub async fn create(&self, request: CreateProcess) -> Result<Process, SupervisorError> {
        let key = ProcessKey::container(request.id);
        let bundle =
            std::path::absolute(&request.bundle).map_err(SupervisorError::io("locate", &request.bundle))?;
        let launch = Launch {
            key,
            runtime: self.0.program.clone(),
            work: Work::Create { bundle },
            tty: request.tty,
            stdin: request.stdin,
            log: request.log,
            hold: false,
            durable: request.durable,
            cgroups: self.0.hierarchies.clone(),
        };
        self.launch(launch, None).await
    }

    /// Runs a further process in a running container. With `attach` the client gets every byte that the process writes; without, nobody
    /// does (docker's `exec -d`).
    ///
    /// # Errors
    /// [`SupervisorError::Running`] when there is such an exec; [`SupervisorError::Runtime`] with what the runtime says. Nothing is left then.
    pub async fn exec(
        &self,
        request: ExecProcess,
        attach: Option<Streams>,
    ) -> Result<(Process, Option<Attached>), SupervisorError> {
        let key = request.key();
        let mut spec = request.process;
        spec["terminal"] = request.tty.into();
        let launch = Launch {
            key: key.clone(),
            runtime: self.0.program.clone(),
            work: Work::Exec,
            tty: request.tty,
            stdin: request.stdin,
            log: None,
            hold: attach.is_some(),
            durable: false,
            cgroups: self.0.hierarchies.clone(),
        };
        let process = self.launch(launch, Some(spec)).await?;
        let attached = match attach {
            None => None,
            Some(streams) => Some(self.attach(&key, streams).await?),
        };
        Ok((process, attached))
    }

    /// In a task of its own: a caller that gives up must not leave a process that nobody watches.
    async fn launch(
        &self,
        launch: Launch,
        spec: Option<serde_json::Value>,
    ) -> Result<Process, SupervisorError> {
        self.expect_process();
        let this = self.clone();
        let task = tokio::spawn(async move {
            let key = launch.key.clone();
            let _launching = Launching::begin(&this.0, &key)?;
            this.wait_for_known_end(&key).await?;
            let inner = std::sync::Arc::clone(&this.0);
            let spawned = blocking(move || spawn(&inner, launch, spec.as_ref())).await?;
            let failed = SupervisorError::io("use the socket of", this.0.directory(&key));
            let stream = spawned.connection.set_nonblocking(true);
            let stream =
                stream.and_then(|()| tokio::net::UnixStream::from_std(spawned.connection)).map_err(failed)?;
            let process = spawned.launched.process;
            this.watch(key, spawned.launched, Connection::new(stream, spawned.received), Some(spawned.shim));
            Ok(process)
        });
        match task.await {
            Ok(result) => result,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }
}

impl Supervisor {
    /// Refuses a process that runs. One that has ended is only told so to a client a moment before us.
    async fn wait_for_known_end(&self, key: &ProcessKey) -> Result<(), SupervisorError> {
        let Some(mut exit) = self.0.entries().get(key).map(|entry| entry.exit.clone()) else { return Ok(()) };
        if exit.borrow().is_none() && !self.0.directory(key).join(record::EXIT).exists() {
            return Err(SupervisorError::Running(key.clone()));
        }
        // An error means that the watch is over, and so is the process.
        let _ = exit.wait_for(Option::is_some).await;
        Ok(())
    }
}

/// Keeps a second one of the same name from being made meanwhile: they would fight over a directory.
struct Launching<'a>(&'a Inner, ProcessKey);

impl<'a> Launching<'a> {
    fn begin(inner: &'a Inner, key: &ProcessKey) -> Result<Self, SupervisorError> {
        let mut launching = inner.launching.lock().unwrap_or_else(PoisonError::into_inner);
        if launching.insert(key.clone()) {
            Ok(Self(inner, key.clone()))
        } else {
            Err(SupervisorError::Running(key.clone()))
        }
    }
}

impl Drop for Launching<'_> {
    fn drop(&mut self) {
        self.0.launching.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.1);
    }
}

/// Blocks. Leaves nothing if it fails.
fn spawn(
    inner: &Inner,
    launch: Launch,
    spec: Option<&serde_json::Value>,
) -> Result<Spawned, SupervisorError> {
    let key = launch.key.clone();
    let directory = inner.directory(&key);
    let fresh = !directory.exists();
    if key.exec.is_some() && !inner.directory(&key.container.clone().into()).exists() {
        return Err(SupervisorError::NotFound(key));
    }
    settle::make_private(&directory)?;
    let spawned = (|| {
        drop(settle::wait_for_shim(&key, &directory)?);
        match spec {
            None => {
                remove::remove_execs(inner, &key.container)?;
                if inner.runtime_knows(&key.container) {
                    inner.runtime.delete(&key.container)?;
                }
            }
            Some(spec) => {
                let path = directory.join(record::EXEC_SPEC);
                fs::write(&path, spec.to_string()).map_err(SupervisorError::io("write", path))?;
            }
        }
        converse(inner, launch, &directory)
    })();
    if spawned.is_err() && fresh {
        let _ = fs::remove_dir_all(&directory);
    }
    spawned
}

/// Starts a shim and waits for what it says of the process.
fn converse(inner: &Inner, launch: Launch, directory: &Path) -> Result<Spawned, SupervisorError> {
    let key = launch.key.clone();
    let failed = |source| SupervisorError::Shim { key: key.clone(), log: shim_log(directory), source };
    let (mut connection, theirs) = UnixStream::pair().map_err(failed)?;
    let mut shim = start_shim(inner, &key, directory, theirs).map_err(failed)?;
    let mut request = BytesMut::new();
    Request::Launch(Box::new(launch)).encode(&mut request);
    let mut received = BytesMut::new();
    let reply = connection
        .set_read_timeout(Some(PATIENCE))
        .and_then(|()| connection.write_all(&request))
        .and_then(|()| receive(&mut connection, &mut received));
    let error = match reply {
        Ok(Reply::Launched(launched)) => {
            return Ok(Spawned { launched: *launched, connection, received, shim });
        }
        Ok(Reply::Failed(failure)) => failure.into(),
        Ok(_) => failed(io::ErrorKind::InvalidData.into()),
        Err(error) => {
            let _ = shim.kill();
            failed(error)
        }
    };
    let _ = shim.wait();
    for left in [record::SOCKET, record::CONSOLE] {
        let _ = record::discard(directory, left);
    }
    Err(error)
}

fn start_shim(inner: &Inner, key: &ProcessKey, directory: &Path, socket: UnixStream) -> io::Result<Child> {
    let log = fs::OpenOptions::new().create(true).append(true).open(directory.join(record::SHIM_LOG))?;
    let mut command = Command::new(&inner.options.shim.program);
    command.args(&inner.options.shim.arguments).arg(key.container.as_str());
    command.args(key.exec.as_ref().map(crate::Id::as_str));
    // The server's secrets are none of the shim's business, and it lives longer.
    command.env_clear();
    for kept in ["PATH", "XDG_RUNTIME_DIR"] {
        command.envs(std::env::var_os(kept).map(|value| (kept, value)));
    }
    command.current_dir(directory);
    command.stdin(Stdio::from(OwnedFd::from(socket))).stdout(Stdio::null()).stderr(log);
    command.spawn()
}

fn receive(connection: &mut UnixStream, received: &mut BytesMut) -> io::Result<Reply> {
    loop {
        if let Some(reply) = Reply::decode(received)? {
            return Ok(reply);
        }
        let mut buffer = [0; 4096];
        match connection.read(&mut buffer)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => received.extend_from_slice(&buffer[..read]),
        }
    }
}
