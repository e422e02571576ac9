//! `docker exec`: further processes in a running container.

use std::{sync::Arc, time::Duration};

use strata_api::engine::{ExecCreateRequest, ExecInspect, ExecProcess as SeenProcess};
use strata_runtime::{
    Attached, DetachKeys, ExecProcess, Id, ProcessKey, Stdin, Streams, SupervisorError, WindowSize,
};

use super::{create::snapshot_id, exec_record::Kept, start::runtime_error};
use crate::{
    Containers, Error, Kind,
    bundle::leads_to_proc,
    container::Container,
    containers::{Inner, to_the_end},
    ids::random_id,
    machine,
    record::Record,
    rootfs, signal,
    spec::{self, types},
    user,
};

/// `SIGHUP`.
const HANG_UP: i32 = 1;

/// An exec from its creation on.
pub(crate) struct Exec {
    pub container: Id,
    pub request: ExecCreateRequest,
    pub progress: Progress,
}

/// How far an exec is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    Created,
    Running { pid: i32 },
    Ended { code: i64 },
}

impl Containers {
    /// Prepares a process in a running container and returns its id.
    pub async fn create_exec(&self, name: &str, request: ExecCreateRequest) -> Result<String, Error> {
        if request.cmd.as_deref().unwrap_or_default().is_empty() {
            return Err(Error::invalid("No exec command specified"));
        }
        let container = self.0.find(name)?;
        container.record().state.check_exec(&container.id, name)?;
        DetachKeys::parse(&request.detach_keys)
            .map_err(|_| Error::invalid(format!("Invalid escape keys ({}) provided", request.detach_keys)))?;
        // A client that prepares one starts it next.
        self.0.stores.supervisor.expect_process();
        let id = random_id();
        let (command, record) = (command(&request), container.snapshot());
        let exec = Exec { container: container.runtime_id(), request, progress: Progress::Created };
        self.0.execs().insert(id.clone(), exec);
        self.0.tell(&record, &format!("exec_create: {command}"), &[("execID", id.clone())]);
        Ok(id)
    }

    /// Runs a prepared process. `attach` as the client wants it; without, nobody gets its output. `size` is of its terminal.
    ///
    /// When it can't be run, [`Containers::inspect_exec`] says 126 or 127.
    pub async fn start_exec(
        &self,
        id: &str,
        attach: bool,
        size: Option<(u16, u16)>,
    ) -> Result<Option<Attached>, Error> {
        let (this, id) = (self.clone(), id.to_owned());
        to_the_end(async move {
            let (container, request) = this.0.take_exec(&id)?;
            let record = container.snapshot();
            let action = format!("exec_start: {}", command(&request));
            this.0.tell(&record, &action, &[("execID", id.clone())]);
            let started = this.run_exec(&id, &container, request, attach, size).await;
            if let Err((_, code)) = &started {
                let code = *code;
                if let Some(exec) = this.0.execs().get_mut(&id) {
                    exec.progress = Progress::Ended { code };
                }
                this.settle_exec(&container, &id, code, false).await;
            }
            started.map_err(|(error, _)| error)
        })
        .await
    }

    async fn run_exec(
        &self,
        id: &str,
        container: &Arc<Container>,
        request: ExecCreateRequest,
        attach: bool,
        size: Option<(u16, u16)>,
    ) -> Result<Option<Attached>, (Error, i64)> {
        let internal = |error: Error| (error, 126);
        let tty = request.tty;
        let (of, wanted, own) = (container.snapshot(), request.clone(), id.to_owned());
        let process = self.0.blocking(move |inner| {
            let process = inner.exec_process(&of, &wanted, tty)?;
            inner.keep_exec(&of.id, &own, &Kept { request: wanted, code: None })?;
            Ok(process)
        });
        let process = process.await.map_err(internal)?;
        let exec = Id::parse(id).map_err(|error| internal(Error::internal("no id", &error)))?;
        let stdin = if attach && request.attach_stdin { Stdin::Once } else { Stdin::Closed };
        let streams = Streams {
            stdin: request.attach_stdin,
            stdout: request.attach_stdout,
            stderr: request.attach_stderr,
        };
        let wanted = ExecProcess { container: container.runtime_id(), exec, process, tty, stdin };
        let key = wanted.key();
        let supervisor = &self.0.stores.supervisor;
        let (process, attached) =
            supervisor.exec(wanted, attach.then_some(streams)).await.map_err(refused)?;
        if let Some(exec) = self.0.execs().get_mut(id) {
            exec.progress = Progress::Running { pid: process.pid };
        }
        if let Some((rows, columns)) = size.filter(|size| tty && size.0 > 0 && size.1 > 0) {
            // The terminal works without it.
            let _ = supervisor.resize(&key, WindowSize { rows, columns }).await;
        }
        self.watch_exec(container, key, id.to_owned());
        Ok(attached)
    }

    /// Tells an exec that its terminal is gone, as closing a terminal's window does. One that has ended is left alone.
    pub async fn hang_up_exec(&self, id: &str) {
        if let Ok(key) = self.0.exec_key(id) {
            let _ = self.0.stores.supervisor.signal(&key, HANG_UP).await;
        }
    }

    /// Notes the end of an exec for a client that learns of it now and asks how it ended.
    pub fn exec_ended(&self, id: &str, code: i32) {
        if let Some(exec) = self.0.execs().get_mut(id)
            && matches!(exec.progress, Progress::Running { .. })
        {
            exec.progress = Progress::Ended { code: i64::from(code) };
        }
    }

    /// What is known of an exec.
    pub fn inspect_exec(&self, id: &str) -> Result<ExecInspect, Error> {
        let execs = self.0.execs();
        let exec = execs.get(id).ok_or_else(|| no_such_exec(id))?;
        let words = exec.request.cmd.clone().unwrap_or_default();
        let (entrypoint, arguments) =
            words.split_first().map_or_else(Default::default, |(first, rest)| (first.clone(), rest.to_vec()));
        let (running, exit_code, pid) = match exec.progress {
            Progress::Created => (false, None, 0),
            Progress::Running { pid } => (true, None, i64::from(pid)),
            Progress::Ended { code } => (false, Some(code), 0),
        };
        Ok(ExecInspect {
            id: id.to_owned(),
            running,
            exit_code,
            process_config: SeenProcess {
                tty: exec.request.tty,
                entrypoint,
                arguments,
                privileged: exec.request.privileged,
                user: exec.request.user.clone(),
            },
            open_stdin: exec.request.attach_stdin,
            open_stderr: exec.request.attach_stderr,
            open_stdout: exec.request.attach_stdout,
            can_remove: false,
            container_id: exec.container.to_string(),
            detach_keys: String::new(),
            pid,
        })
    }

    /// The detach keys that an exec was created with, as they were written.
    pub fn exec_detach_keys(&self, id: &str) -> Result<String, Error> {
        let execs = self.0.execs();
        execs.get(id).map(|exec| exec.request.detach_keys.clone()).ok_or_else(|| no_such_exec(id))
    }
}

impl Inner {
    /// The key of an exec that was made.
    pub(crate) fn exec_key(&self, id: &str) -> Result<ProcessKey, Error> {
        let execs = self.execs();
        let exec = execs.get(id).ok_or_else(|| no_such_exec(id))?;
        let name = Id::parse(id).map_err(|_| no_such_exec(id))?;
        Ok(ProcessKey::exec(exec.container.clone(), name))
    }

    /// Waits until an exec has a process, has ended, or is forgotten.
    pub(super) async fn exec_begun(&self, id: &str) {
        // A start takes milliseconds, and hardly anybody asks in between.
        let waits = |exec: &Exec| matches!(exec.progress, Progress::Created | Progress::Running { pid: 0 });
        while self.execs().get(id).is_some_and(waits) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Marks an exec as under way, so that nobody starts it twice.
    fn take_exec(&self, id: &str) -> Result<(Arc<Container>, ExecCreateRequest), Error> {
        let mut execs = self.execs();
        let exec = execs.get_mut(id).ok_or_else(|| no_such_exec(id))?;
        match exec.progress {
            Progress::Created => {}
            Progress::Running { .. } => {
                return Err(Error::conflict(format!("Error: Exec command {id} is already running")));
            }
            Progress::Ended { .. } => {
                return Err(Error::conflict(format!("Error: Exec command {id} has already run")));
            }
        }
        let container = self.find(exec.container.as_str())?;
        container.record().state.check_exec(&container.id, &container.id)?;
        exec.progress = Progress::Running { pid: 0 };
        Ok((container, exec.request.clone()))
    }

    /// The specification's process of an exec. Blocks.
    fn exec_process(
        &self,
        record: &Record,
        wanted: &ExecCreateRequest,
        tty: bool,
    ) -> Result<serde_json::Value, Error> {
        let id = snapshot_id(&record.id)?;
        let merged = self.stores.snapshots.paths(&id).merged;
        let root = rootfs::open_root(&merged)
            .map_err(|error| Error::internal("cannot open its file system", &error))?;
        let read = |path: &str| {
            rootfs::read_text(&root, path)
                .map_err(|error| Error::internal(format!("cannot read {path}"), &error))
        };
        let name = if wanted.user.is_empty() { &record.config.user } else { &wanted.user };
        let groups = record.host.group_add.as_deref().unwrap_or_default();
        let who = user::look_up(name, &read("/etc/passwd")?, &read("/etc/group")?, groups)?;
        let cwd = [&wanted.working_dir, &record.config.working_dir].into_iter().find(|cwd| !cwd.is_empty());
        let cwd = cwd.map_or("/", String::as_str);
        if !cwd.starts_with('/') {
            return Err(Error::new(
                Kind::Internal,
                "OCI runtime exec failed: exec failed: Cwd must be an absolute path: unknown",
            ));
        }
        if leads_to_proc(&root, &merged, cwd) {
            return Err(Error::invalid(format!("the working directory '{cwd}' is invalid")));
        }
        let list = |list: &Option<Vec<String>>| list.clone().unwrap_or_default();
        let privileged = wanted.privileged || record.host.privileged;
        let granted = spec::capabilities(
            &list(&record.host.cap_add),
            &list(&record.host.cap_drop),
            privileged,
            self.capabilities,
        )?;
        let security = self.security(record)?;
        let env = spec::environment(
            &list(&record.config.env),
            &self.link_variables(record)?,
            record.hostname(),
            tty,
        );
        let mut process = types::Process {
            terminal: tty,
            console_size: wanted.console_size.and_then(spec::console_size),
            user: spec::user(&who),
            args: list(&wanted.cmd),
            env: spec::replace_or_append(env, &list(&wanted.env)),
            cwd: cwd.to_owned(),
            capabilities: spec::granted_to(&granted),
            rlimits: spec::rlimits(&record.host)?,
            no_new_privileges: security.no_new_privileges,
            apparmor_profile: security.apparmor,
            oom_score_adj: Some(record.host.oom_score_adj),
        };
        if machine::ordinary().is_some_and(|ordinary| ordinary.sub_gids.is_none()) {
            process.user.additional_gids.clear();
        }
        serde_json::to_value(process)
            .map_err(|error| Error::new(Kind::Internal, format!("cannot write the process: {error}")))
    }
}

impl Containers {
    /// Kills an exec that nobody waits for any more.
    pub(crate) async fn kill_exec(&self, id: &str) {
        if let Ok(key) = self.0.exec_key(id) {
            // It may have ended by itself.
            let _ = self.0.stores.supervisor.signal(&key, signal::KILL).await;
        }
    }
}

/// The command as events have it: a space after the program also without arguments.
fn command(request: &ExecCreateRequest) -> String {
    let words = request.cmd.as_deref().unwrap_or_default();
    let (program, arguments) = words.split_first().map_or(("", &[][..]), |(first, rest)| (first, rest));
    format!("{program} {}", arguments.join(" "))
}

fn no_such_exec(id: &str) -> Error {
    Error::not_found(format!("No such exec instance: {id}"))
}

fn refused(error: SupervisorError) -> (Error, i64) {
    match error {
        SupervisorError::Runtime(failure) => {
            // dockerd 20.10 tells a missing program from one that can't be run only where a container starts.
            (runtime_error("exec", &failure), 126)
        }
        SupervisorError::NotFound(key) | SupervisorError::NotRunning(key) => {
            (Error::not_running(key.container.as_str()), 126)
        }
        other => (Error::internal("cannot start the process", &other), 126),
    }
}
