//! The size of terminals.

use std::time::Duration;

use strata_runtime::{SupervisorError, WindowSize};
use tokio::time::timeout;

use crate::{Containers, Error, Kind};

/// How long a client waits whose exec isn't started.
const PATIENCE: Duration = Duration::from_secs(10);

impl Containers {
    /// Sets the size of a container's terminal.
    pub async fn resize(&self, name: &str, rows: u16, columns: u16) -> Result<(), Error> {
        let container = self.0.find(name)?;
        if !container.record().state.status.has_process() {
            return Err(Error::not_running(&container.id));
        }
        let size = WindowSize { rows, columns };
        match self.0.stores.supervisor.resize(&container.key(), size).await {
            Ok(()) => {
                let record = container.snapshot();
                let more = [("height", rows.to_string()), ("width", columns.to_string())];
                self.0.tell(&record, "resize", &more);
                Ok(())
            }
            Err(SupervisorError::NotRunning(_)) => Err(Error::not_running(&container.id)),
            Err(error) => Err(Error::internal("cannot resize its terminal", &error)),
        }
    }

    /// Sets the size of an exec's terminal. Clients ask while it is being started: it is waited for.
    pub async fn resize_exec(&self, id: &str, rows: u16, columns: u16) -> Result<(), Error> {
        let key = self.0.exec_key(id)?;
        if timeout(PATIENCE, self.0.exec_begun(id)).await.is_err() {
            return Err(Error::new(Kind::Internal, "timeout waiting for exec session ready"));
        }
        let size = WindowSize { rows, columns };
        match self.0.stores.supervisor.resize(&key, size).await {
            Ok(()) => Ok(()),
            Err(SupervisorError::NotRunning(_) | SupervisorError::NotFound(_)) => {
                Err(Error::not_found("no such exec"))
            }
            Err(error) => Err(Error::internal("cannot resize its terminal", &error)),
        }
    }
}
