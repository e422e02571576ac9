//! `docker logs`.

use std::time::Duration;

use jiff::Timestamp;
use strata_runtime::{LogLines, LogQuery};
use tokio::time::timeout;

use crate::{Containers, Error, Kind, container::Container, logging};

/// How long after its start a program is given to say something.
const BREATH: Duration = Duration::from_millis(250);

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
        if !query.follow {
            first_words(&container).await;
        }
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

/// Waits while a container may not have come to say anything: with dockerd, whose start takes so long, `docker run -d` and then
/// `docker logs` show what a short program says, and people and tests rely on it.
async fn first_words(container: &Container) {
    let mut ends = container.ends.subscribe();
    let started = {
        let record = container.record();
        record.state.started.filter(|_| record.state.status.has_process())
    };
    let age = started.and_then(|started| Duration::try_from(Timestamp::now() - started).ok());
    if let Some(rest) = age.and_then(|age| BREATH.checked_sub(age)) {
        // It ends, or goes on.
        let _ = timeout(rest, ends.changed()).await;
    }
}
