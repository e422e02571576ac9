//! Reading a container's log.

use super::Supervisor;
use crate::{Id, LogLines, LogOptions, LogQuery, ProcessKey, SupervisorError};

impl Supervisor {
    /// Reads a container's log; `log` as it was given to [`Supervisor::create`]. With `follow`, ends when the container does, after its
    /// last line; one that has ended isn't waited for, one that isn't started yet is.
    ///
    /// # Errors
    /// When the log can't be read. One that doesn't exist yet is empty.
    pub async fn logs(
        &self,
        id: &Id,
        log: &LogOptions,
        query: LogQuery,
    ) -> Result<LogLines, SupervisorError> {
        let key = ProcessKey::from(id.clone());
        let running = self.0.entries().get(&key).map(|entry| entry.exit.clone());
        let running = running.filter(|exit| query.follow && exit.borrow().is_none());
        Ok(LogLines::open(log.clone(), query, running).await?)
    }
}
