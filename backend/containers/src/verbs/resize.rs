//! The size of terminals.

use strata_runtime::{SupervisorError, WindowSize};

use crate::{Containers, Error};

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

    /// Sets the size of an exec's terminal.
    pub async fn resize_exec(&self, id: &str, rows: u16, columns: u16) -> Result<(), Error> {
        let key = self.0.exec_key(id)?;
        let size = WindowSize { rows, columns };
        match self.0.stores.supervisor.resize(&key, size).await {
            Ok(()) => Ok(()),
            Err(SupervisorError::NotRunning(_) | SupervisorError::NotFound(_)) => {
                Err(Error::conflict(format!("exec {id} is not running")))
            }
            Err(error) => Err(Error::internal("cannot resize its terminal", &error)),
        }
    }
}
