//! A server starts: what runs is found again, what ended meanwhile is settled, rubbish is removed.

use std::{collections::HashMap, sync::Arc};

use strata_network::Endpoint;
use strata_runtime::{Exit, Id, Known, KnownState};

use super::{create::snapshot_id, end::lost};
use crate::{
    Containers, Error, Kind, container::Container, health::Check, ids::short, record::Record, restart,
    state::Status, volumes::remove_tree,
};

impl Containers {
    pub(crate) async fn restore(&self) -> Result<(), Error> {
        let records = self.0.blocking(|inner| Ok(inner.stores.catalog.containers()?)).await?;
        let mut unfinished = Vec::new();
        for kept in records {
            match Record::of_catalog(&kept) {
                Ok(record) => {
                    // A build's, which ended without it.
                    if kept.image.is_none() && !record.image.is_empty() {
                        unfinished.push(record.id.clone());
                    }
                    drop(self.0.insert(record));
                }
                // Its name and image stay taken; somebody must look at it.
                Err(error) => tracing::error!(%error, "a container is left out"),
            }
        }
        let supervisor = &self.0.stores.supervisor;
        let known = supervisor.reconnect().await;
        let known = known.map_err(|error| Error::internal("cannot find processes again", &error))?;
        let (firsts, execs): (Vec<Known>, Vec<Known>) =
            known.into_iter().partition(|known| known.key.exec.is_none());
        let mut firsts: HashMap<Id, Known> =
            firsts.into_iter().map(|known| (known.key.container.clone(), known)).collect();
        self.restore_networks(&firsts).await?;
        let mut idle = Vec::new();
        for container in self.0.all() {
            match firsts.remove(&container.runtime_id()) {
                Some(known) => self.settle(&container, known, &mut idle).await,
                None => self.settle_lost(&container, &mut idle).await,
            }
        }
        // Processes without a record: their create was cut off, or their remove.
        for (_, orphan) in firsts {
            if let Err(error) = supervisor.remove(&orphan.key).await {
                tracing::warn!(key = %orphan.key, %error, "can't be removed");
            }
        }
        self.restore_execs(execs).await?;
        self.0.blocking(|inner| inner.restore_volumes()).await?;
        for id in unfinished {
            if let Err(error) = self.remove(&id, true, true).await {
                tracing::warn!(id, %error, "what a build left can't be removed");
            }
        }
        self.sweep().await?;
        self.resume(idle);
        Ok(())
    }

    async fn restore_networks(&self, known: &HashMap<Id, Known>) -> Result<(), Error> {
        let alive = |container: &Arc<Container>| {
            known.get(&container.runtime_id()).is_some_and(|known| known.state == KnownState::Running)
        };
        let endpoints: Vec<Endpoint> = self
            .0
            .all()
            .iter()
            .filter(|container| alive(container))
            .flat_map(|container| container.record().attached.clone())
            .collect();
        let restored = self.0.stores.networks.restore(endpoints).await.map_err(crate::network::error)?;
        for error in restored {
            tracing::warn!(%error, "a network can't be restored");
        }
        Ok(())
    }

    /// A container whose process, or what is left of it, was found.
    async fn settle(&self, container: &Arc<Container>, known: Known, idle: &mut Vec<Idle>) {
        let record = container.snapshot();
        match known.state {
            KnownState::Running => {
                let pid = known.process.pid;
                let changed = self.0.change(container, |record| {
                    if !record.state.status.has_process() {
                        let at = known.started_at.map_or_else(jiff::Timestamp::now, |time| time.0);
                        record.state.start(pid, at);
                    }
                    record.state.pid = pid;
                });
                if let Err(error) = changed.await {
                    tracing::warn!(id = container.id, %error, "that it runs can't be recorded");
                }
                self.watch(container);
                let check = Check::of(record.config.healthcheck.as_ref(), record.config.shell.as_deref());
                if let Some(check) = check {
                    self.probe_health(container, check);
                }
            }
            KnownState::Ended(exit) if record.state.status.is_up() => {
                self.settle_end(container, exit, idle).await;
            }
            // Made but not started: the server was killed in between.
            KnownState::Created => {
                let left = self.0.clean_up(container, &record).await;
                self.0.tell_left(&record, &left);
                if record.state.status.is_up() {
                    self.settle_end(container, lost(), idle).await;
                } else {
                    self.remember(container, false, idle);
                }
            }
            KnownState::Ended(_) => self.remember(container, false, idle),
        }
    }

    /// A container without any trace of a process.
    async fn settle_lost(&self, container: &Arc<Container>, idle: &mut Vec<Idle>) {
        if container.record().state.status.is_up() {
            self.settle_end(container, lost(), idle).await;
        } else {
            self.remember(container, false, idle);
        }
    }

    async fn settle_end(&self, container: &Arc<Container>, exit: Exit, idle: &mut Vec<Idle>) {
        let record = container.snapshot();
        let was_up = record.state.status.is_up();
        let left = self.0.clean_up(container, &record).await;
        let code = i32::from(exit.code);
        let changed = self.0.change(container, |record| {
            // A restart that was due has its end recorded already.
            if record.state.status == Status::Restarting {
                record.state.status = Status::Exited;
            } else {
                record.state.exit(code, exit.oom_killed, exit.finished_at.0, false);
            }
            record.clone()
        });
        match changed.await {
            Ok(record) => self.0.tell(&record, "die", &[("exitCode", record.state.exit_code.to_string())]),
            Err(error) => tracing::warn!(id = container.id, %error, "how it ended can't be recorded"),
        }
        self.0.tell_left(&record, &left);
        container.rest(code, None);
        self.remember(container, was_up, idle);
    }

    fn remember(&self, container: &Arc<Container>, was_up: bool, idle: &mut Vec<Idle>) {
        idle.push(Idle { container: Arc::clone(container), was_up });
    }

    /// What has no record is rubbish: a crash left it.
    async fn sweep(&self) -> Result<(), Error> {
        self.0
            .blocking(|inner| {
                let ids: Vec<String> = inner.all().iter().map(|container| container.id.clone()).collect();
                let keep: Vec<_> = ids.iter().filter_map(|id| snapshot_id(id).ok()).collect();
                let swept = inner.stores.snapshots.sweep(&|id| keep.contains(id));
                if let Err(error) = swept {
                    tracing::warn!(%error, "file systems without containers can't be removed");
                }
                let folder = inner.options.root.join("containers");
                for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
                    let name = entry.file_name();
                    let known = name.to_str().is_some_and(|name| ids.iter().any(|id| id == name));
                    if !known && let Err(error) = remove_tree(&entry.path()) {
                        tracing::warn!(%error, "a container's directory can't be removed");
                    }
                }
                Ok(())
            })
            .await?;
        self.sweep_volumes().await
    }

    /// Starts what is to run, and removes what was to go with its process.
    fn resume(&self, idle: Vec<Idle>) {
        let this = self.clone();
        tokio::spawn(async move {
            for Idle { container, was_up } in idle {
                let record = container.snapshot();
                let _alone = container.work.lock().await;
                let status = container.record().state.status;
                // Without a file system it is what a create or remove that was cut off has left.
                let whole = snapshot_id(&record.id).is_ok_and(|id| this.0.stores.snapshots.contains(&id));
                if !whole || (record.host.auto_remove && status == Status::Exited) {
                    this.remove_quietly(&container).await;
                } else if restart::at_server_start(
                    &record.host.restart_policy,
                    was_up,
                    record.stopped,
                    record.state.exit_code,
                ) && status == Status::Exited
                    && let Err(error) = this.run(&container).await
                    && error.kind != Kind::NotModified
                {
                    tracing::warn!(id = short(&record.id), %error, "can't be started");
                }
            }
        });
    }
}

/// A container without a process.
struct Idle {
    container: Arc<Container>,
    /// Whether it had one when the last server looked.
    was_up: bool,
}
