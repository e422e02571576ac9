//! `docker kill`.

use std::{sync::Arc, time::Duration};

use crate::{Containers, Error, Kind, container::Container, signal, state::Status};

/// How long a killed process may take to end; it may wait for a disk.
const PATIENCE: Duration = Duration::from_secs(10);

impl Containers {
    /// Sends a signal; SIGKILL if `signal` is empty, and then it has ended when this returns.
    pub async fn kill(&self, name: &str, signal: &str) -> Result<(), Error> {
        let refuse = |error: Error| error.about(format!("Cannot kill container: {name}"));
        if let Ok(number) = signal.parse::<i64>()
            && number != 0
            && !(1..=i64::from(signal::LAST)).contains(&number)
        {
            // dockerd prints it without a sign.
            let message = format!("The linux daemon does not support signal {}", number.cast_unsigned());
            return Err(refuse(Error::new(Kind::Internal, message)));
        }
        let number = if signal.is_empty() { signal::KILL } else { signal::parse(signal)? };
        let container = self.0.find(name).map_err(refuse)?;
        if number == signal::KILL {
            self.kill_now(&container).await.map_err(refuse)
        } else {
            self.send(&container, number).await.map_err(refuse)
        }
    }

    /// Kills and waits for the end.
    pub(crate) async fn kill_now(&self, container: &Arc<Container>) -> Result<(), Error> {
        let mut ends = container.ends.subscribe();
        ends.mark_unchanged();
        self.send(container, signal::KILL).await?;
        if !container.record().state.status.is_up() {
            return Ok(());
        }
        match tokio::time::timeout(PATIENCE, ends.changed()).await {
            Ok(_) => Ok(()),
            Err(_) => Err(Error::new(
                Kind::Internal,
                format!("tried to kill container, but did not receive an exit event: {}", container.id),
            )),
        }
    }

    /// Sends a signal. What ends a container on purpose keeps its policy from starting it again.
    pub(crate) async fn send(&self, container: &Arc<Container>, number: i32) -> Result<(), Error> {
        let (status, own) = {
            let record = container.record();
            let own = record.config.stop_signal.as_deref().and_then(|text| signal::parse(text).ok());
            (record.state.status, own.unwrap_or(signal::TERM))
        };
        if !status.is_up() {
            return Err(Error::not_running(&container.id));
        }
        if (number == own || number == signal::KILL) && !container.record().stopped {
            self.0.change(container, |record| record.stopped = true).await?;
        }
        if status == Status::Restarting {
            self.rest_instead(container).await?;
        } else {
            let supervisor = &self.0.stores.supervisor;
            match supervisor.signal(&container.key(), number).await {
                Ok(()) => {}
                // It ended by itself in this moment.
                Err(_) if self.has_just_ended(container).await => {
                    if number != signal::KILL {
                        return Err(Error::not_running(&container.id));
                    }
                }
                Err(error) => return Err(Error::internal("cannot send a signal", &error)),
            }
            if status == Status::Paused && (number == own || number == signal::KILL) {
                // It gets the signal when it runs again; SIGKILL has thawed it already.
                let _ = supervisor.resume(&container.runtime_id()).await;
                let mut record = container.record();
                if record.state.status == Status::Paused {
                    record.state.status = Status::Running;
                }
            }
        }
        let record = container.snapshot();
        self.0.tell(&record, "kill", &[("signal", number.to_string())]);
        Ok(())
    }

    /// Ends the pause before a restart.
    async fn rest_instead(&self, container: &Arc<Container>) -> Result<(), Error> {
        let _alone = container.work.lock().await;
        container.interrupt();
        if container.record().state.status == Status::Restarting {
            self.0.change(container, |record| record.state.status = Status::Exited).await?;
            container.rest(container.record().state.exit_code, None);
        }
        Ok(())
    }
}
