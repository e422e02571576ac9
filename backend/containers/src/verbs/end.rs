//! A container's process ended: its traces are removed, everybody is told, and its policy has its say.

use std::{
    sync::{Arc, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use strata_runtime::{Exit, Time};

use crate::{Containers, container::Container, restart::Ended, state::Status};

/// How long the news of an end may take.
const MOMENT: Duration = Duration::from_millis(500);

impl Containers {
    /// Whether a container's process has just ended: then a refusal of the runtime says no more than that.
    pub(crate) async fn has_just_ended(&self, container: &Arc<Container>) -> bool {
        let key = container.key();
        tokio::time::timeout(MOMENT, self.0.stores.supervisor.wait(&key)).await.is_ok()
    }

    /// Waits for the end of a container's process, in a task of its own.
    pub(crate) fn watch(&self, container: &Arc<Container>) {
        let (this, container) = (self.clone(), Arc::clone(container));
        tokio::spawn(async move {
            let exit = match this.0.stores.supervisor.wait(&container.key()).await {
                Ok(exit) => exit,
                Err(error) => {
                    tracing::error!(id = container.id, %error, "nobody saw its process end");
                    lost()
                }
            };
            this.ended(&container, exit).await;
        });
    }

    /// Settles an end.
    pub(crate) async fn ended(&self, container: &Arc<Container>, exit: Exit) {
        let _alone = container.work.lock().await;
        container.interrupt();
        let code = i32::from(exit.code);
        let record = container.snapshot();
        let left = self.0.clean_up(container, &record).await;
        let ended = Ended {
            code,
            ran: ran(record.state.started, exit.finished_at.0),
            stopped: record.stopped,
            restarts: record.restarts,
        };
        let pause = {
            let mut backoff = container.backoff.lock().unwrap_or_else(PoisonError::into_inner);
            backoff.next(&record.host.restart_policy, ended)
        };
        let changed = self.0.change(container, |record| {
            record.state.exit(code, exit.oom_killed, exit.finished_at.0, pause.is_some());
            record.restarts += u64::from(pause.is_some());
            record.clone()
        });
        let record = match changed.await {
            Ok(record) => record,
            Err(error) => {
                tracing::error!(id = container.id, %error, "how it ended can't be recorded");
                container.snapshot()
            }
        };
        if exit.oom_killed {
            self.0.tell(&record, "oom", &[]);
        }
        self.0.tell(&record, "die", &[("exitCode", code.to_string())]);
        self.0.tell_left(&record, &left);
        // Who waits for its end hears of this one, also if it is started again.
        container.rest(code, None);
        match pause {
            Some(pause) => self.again_after(container, pause),
            None if record.host.auto_remove => self.remove_later(container),
            None => {}
        }
    }

    /// Starts a container again after a pause, unless a client does something else with it meanwhile.
    fn again_after(&self, container: &Arc<Container>, pause: Duration) {
        let mut interrupted = container.interrupt.subscribe();
        interrupted.mark_unchanged();
        let (this, container) = (self.clone(), Arc::clone(container));
        tokio::spawn(async move {
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = interrupted.changed() => return,
            }
            let _alone = container.work.lock().await;
            let due = container.record().state.status == Status::Restarting;
            if due
                && !interrupted.has_changed().unwrap_or(true)
                && let Err(error) = this.run(&container).await
            {
                tracing::warn!(id = container.id, %error, "can't be started again");
            }
        });
    }

    /// `--rm`: removed as soon as nobody works on it.
    fn remove_later(&self, container: &Arc<Container>) {
        let (this, container) = (self.clone(), Arc::clone(container));
        tokio::spawn(async move {
            let _alone = container.work.lock().await;
            if !container.record().state.status.is_up() {
                this.remove_quietly(&container).await;
            }
        });
    }
}

fn ran(started: Option<Timestamp>, finished: Timestamp) -> Duration {
    started.map_or(Duration::ZERO, |started| {
        Duration::try_from(finished.duration_since(started)).unwrap_or_default()
    })
}

/// The end of a process that nobody saw: its shim was lost, or the machine restarted.
pub(super) fn lost() -> Exit {
    Exit {
        code: 255,
        signal: None,
        oom_killed: false,
        started_at: None,
        finished_at: Time::now(),
        lost: true,
    }
}
