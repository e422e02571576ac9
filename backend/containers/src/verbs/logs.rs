//! `docker logs`.

use strata_runtime::{LogLines, LogQuery};

use crate::{Containers, Error, Kind, logging};

/// A log that is to be read, and how it has to be sent.
pub struct LogRequest {
    /// The lines.
    pub lines: LogLines,
    /// Whether the container has a terminal: then both streams are one.
    pub tty: bool,
    /// What stands before each line where details are asked for.
    pub details: String,
}

impl Containers {
    /// Reads a container's log.
    pub async fn logs(&self, name: &str, query: LogQuery) -> Result<LogRequest, Error> {
        if !query.stdout && !query.stderr {
            return Err(Error::invalid("Bad parameters: you must choose at least one stream"));
        }
        let container = self.0.find(name)?;
        let tty = container.record().config.tty;
        let Some(options) = self.0.log_options(&container)? else {
            return Err(Error::new(Kind::Unsupported, "configured logging driver does not support reading"));
        };
        let lines = self.0.stores.supervisor.logs(&container.runtime_id(), &options, query).await;
        let lines = lines.map_err(|error| Error::internal("cannot read its log", &error))?;
        let details = logging::details(&container.record()).unwrap_or_default();
        Ok(LogRequest { lines, tty, details })
    }
}
