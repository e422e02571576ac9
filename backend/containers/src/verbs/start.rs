//! `docker start`: mounts, the runtime, networks, those who attach, and then the program.

use std::sync::Arc;

use jiff::Timestamp;
use strata_catalog::Durability;
use strata_network::Endpoint;
use strata_runtime::{
    CreateProcess, LogOptions, Process, RuntimeFailure, RuntimeProblem, Stdin, SupervisorError, WindowSize,
};

use crate::{
    Containers, Error, Kind,
    container::Container,
    containers::{Inner, to_the_end},
    health::{Check, Health},
    logging, network,
    record::Record,
};

impl Containers {
    /// Starts a container. [`Kind::NotModified`] if it runs.
    pub async fn start(&self, name: &str) -> Result<(), Error> {
        let container = self.0.find(name)?;
        let this = self.clone();
        to_the_end(async move {
            let _alone = container.work.lock().await;
            container.record().state.check_start()?;
            container.interrupt();
            {
                let mut record = container.record();
                // Kept together with what comes of the start.
                (record.restarts, record.stopped) = (0, false);
            }
            *container.backoff.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Default::default();
            this.run(&container).await
        })
        .await
    }

    /// Starts what may be started; the caller works alone on it.
    pub(crate) async fn run(&self, container: &Arc<Container>) -> Result<(), Error> {
        let begun = self.begin(container).await;
        if let Err((error, code)) = begun {
            container.take_waiting();
            let record = container.snapshot();
            let left = self.0.clean_up(container, &record).await;
            self.0.tell_left(&record, &left);
            let message = error.message.clone();
            let again = record.state.status.is_up();
            self.0.change(container, |record| record.state.fail(code, &message)).await?;
            // Who waits for the end of what has not begun goes on waiting, as with dockerd; clients get our answer.
            if again {
                container.rest(code, Some(error.message.clone()));
            }
            if record.host.auto_remove {
                self.remove_quietly(container).await;
            }
            return Err(error);
        }
        Ok(())
    }

    async fn begin(&self, container: &Arc<Container>) -> Result<(), (Error, i32)> {
        let internal = |error: Error| (error, 128);
        let record = container.snapshot();
        let of = record.clone();
        let supervisor = &self.0.stores.supervisor;
        supervisor.expect_process();
        let made = self.0.blocking(move |inner| inner.make_bundle(&of)).await;
        let (bundle, _held) = made.map_err(internal)?;
        let request = CreateProcess {
            id: container.runtime_id(),
            bundle,
            tty: record.config.tty,
            stdin: stdin(&record),
            log: self.0.log_options(container).map_err(internal)?,
            durable: record.durability() == Durability::Machine,
        };
        let process = supervisor.create(request).await.map_err(refused)?;
        let [rows, columns] = record.host.console_size;
        if record.config.tty && rows > 0 && columns > 0 {
            let size = WindowSize { rows, columns };
            // The terminal works without it.
            let _ = supervisor.resize(&container.key(), size).await;
        }
        self.0.connect(container, &record, process).await.map_err(internal)?;
        let waiting = container.take_waiting().into_iter();
        // One that has found the process by itself, or left, has closed its end.
        for (streams, tell) in waiting.filter(|(_, tell)| !tell.is_closed()) {
            match supervisor.attach(&container.key(), streams).await {
                // A client that left meanwhile is no trouble.
                Ok(attached) => drop(tell.send(attached)),
                Err(error) => tracing::warn!(id = container.id, %error, "a client can't be attached"),
            }
        }
        supervisor.start(&container.runtime_id()).await.map_err(refused)?;
        self.started(container, process).await.map_err(internal)
    }

    /// The program runs: everybody is told, and its end is waited for.
    async fn started(&self, container: &Arc<Container>, process: Process) -> Result<(), Error> {
        let now = Timestamp::now();
        let check = {
            let record = container.record();
            Check::of(record.config.healthcheck.as_ref(), record.config.shell.as_deref())
        };
        let record = self
            .0
            .change(container, |record| {
                record.state.start(process.pid, now);
                record.health = check.as_ref().map(|_| Health::default());
                record.clone()
            })
            .await;
        // Also if the record can't be written: the process is there.
        self.watch(container);
        if let Some(check) = check {
            self.probe_health(container, check);
        }
        let record = record?;
        self.0.tell_mounted(&record);
        self.0.tell(&record, "start", &[]);
        Ok(())
    }
}

impl Inner {
    /// Puts a process on the networks of its container.
    async fn connect(
        self: &Arc<Self>,
        container: &Arc<Container>,
        record: &Record,
        process: Process,
    ) -> Result<(), Error> {
        let mut ports = network::publish(record)?;
        let member = network::member(record, process.pid)?;
        // The one that the container was created with has its ports and its way out, so it comes first.
        let main = |name: &str| {
            name == record.host.network_mode || (name == "bridge" && record.host.network_mode == "default")
        };
        let mut wanted: Vec<_> = record.endpoints.iter().collect();
        wanted.sort_by_key(|(name, _)| !main(name));
        for (name, settings) in wanted {
            let settings = network::settings(settings, std::mem::take(&mut ports))?;
            let endpoint =
                self.stores.networks.attach(&member, name, &settings).await.map_err(network::error)?;
            self.tell_network("connect", &endpoint.network, name, &record.id);
            let named = self.stores.networks.inspect(name).is_ok_and(|network| network.resolves_names());
            let mut record = container.record();
            record.attached.push(endpoint);
            if let Some(wanted) = record.endpoints.get_mut(name).filter(|_| named) {
                network::add_short_id(wanted, &container.id);
            }
        }
        if !record.endpoints.is_empty() {
            let now = container.snapshot();
            let written = self.blocking(move |inner| {
                inner.write_hosts(&now)?;
                inner.tell_parents(&now.id)
            });
            written.await?;
        }
        Ok(())
    }

    /// Takes down what a process had: networks, mounts; returns the networks that it was on, for [`Self::tell_left`].
    /// What fails is logged; the next end or start tries again.
    pub(crate) async fn clean_up(
        self: &Arc<Self>,
        container: &Arc<Container>,
        record: &Record,
    ) -> Vec<Endpoint> {
        let left = self.stores.networks.detach(&record.id).await;
        let left = left.unwrap_or_else(|error| {
            tracing::warn!(id = record.id, %error, "can't be taken off its networks");
            Vec::new()
        });
        container.record().attached.clear();
        if self.stores.supervisor.process(&container.key()).is_some() {
            // A start that failed after the runtime had made the process.
            if let Err(error) = self.stores.supervisor.signal(&container.key(), crate::signal::KILL).await {
                tracing::warn!(id = record.id, %error, "can't be killed");
            }
            let _ = self.stores.supervisor.wait(&container.key()).await;
        }
        let of = record.clone();
        if let Err(error) = self.blocking(move |inner| inner.take_bundle_down(&of)).await {
            tracing::warn!(id = record.id, %error, "can't be unmounted");
        }
        left
    }

    /// Tells what [`Self::clean_up`] took down.
    pub(crate) fn tell_left(&self, record: &Record, networks: &[Endpoint]) {
        for endpoint in networks {
            self.tell_network("disconnect", &endpoint.network, &endpoint.network_name, &record.id);
        }
        self.tell_unmounted(record);
    }

    /// How a container's output is logged; `None` for not at all.
    pub(crate) fn log_options(&self, container: &Container) -> Result<Option<LogOptions>, Error> {
        let path = self.stores.supervisor.log_path(&container.runtime_id());
        logging::options(&container.record(), path)
    }
}

fn stdin(record: &Record) -> Stdin {
    match (record.config.open_stdin, record.config.stdin_once) {
        (false, _) => Stdin::Closed,
        (true, true) => Stdin::Once,
        (true, false) => Stdin::Open,
    }
}

/// A refused start in docker's words, with the exit code that the container gets.
fn refused(error: SupervisorError) -> (Error, i32) {
    match error {
        SupervisorError::Runtime(failure) => {
            let error = runtime_error("create", &failure);
            let code = match failure.message.to_lowercase().contains("not a directory") {
                true => 127,
                false => i32::from(failure.exit_code()),
            };
            (error, code)
        }
        other => (Error::internal("cannot start its process", &other), 128),
    }
}

/// A runtime's refusal in docker's words.
pub(crate) fn runtime_error(operation: &str, failure: &RuntimeFailure) -> Error {
    let kind = match failure.problem {
        RuntimeProblem::CommandNotFound | RuntimeProblem::CommandNotExecutable => Kind::InvalidArgument,
        _ => Kind::Internal,
    };
    let mut message = match operation {
        "create" => format!("failed to create shim task: OCI runtime create failed: {}", failure.message),
        other => format!("OCI runtime {other} failed: {}", failure.message),
    };
    message += ": unknown";
    if message.to_lowercase().contains("not a directory") {
        message += ": Are you trying to mount a directory onto a file (or vice-versa)? Check if the specified host path exists and is the expected type";
        return Error::new(Kind::InvalidArgument, message);
    }
    Error::new(kind, message)
}
