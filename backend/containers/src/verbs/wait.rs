//! `docker wait`.

use std::sync::Arc;

use strata_api::engine::{WaitError, WaitResponse};
use tokio::sync::watch;

use crate::{
    Containers, Error,
    container::{Container, Ends},
};

/// What is waited for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Condition {
    /// That it doesn't run.
    #[default]
    NotRunning,
    /// Its next end, also if it doesn't run yet.
    NextExit,
    /// That it is gone.
    Removed,
}

impl Condition {
    /// Reads the parameter of a request.
    pub fn parse(text: &str) -> Result<Self, Error> {
        match text {
            "" | "not-running" => Ok(Self::NotRunning),
            "next-exit" => Ok(Self::NextExit),
            "removed" => Ok(Self::Removed),
            _ => Err(Error::invalid(format!("invalid condition: \"{text}\""))),
        }
    }
}

/// A wait that has begun: an end that comes from now on is not missed.
pub struct Wait {
    container: Arc<Container>,
    ends: watch::Receiver<Ends>,
    before: u64,
    condition: Condition,
}

impl Containers {
    /// Begins to wait for a container.
    pub fn wait(&self, name: &str, condition: Condition) -> Result<Wait, Error> {
        let container = self.0.find(name)?;
        let ends = container.ends.subscribe();
        let before = ends.borrow().count;
        Ok(Wait { container, ends, before, condition })
    }
}

impl Wait {
    /// Waits.
    pub async fn done(mut self) -> WaitResponse {
        if self.condition == Condition::NotRunning && !self.container.record().state.status.is_up() {
            let code = self.container.record().state.exit_code;
            return WaitResponse { status_code: i64::from(code), error: None };
        }
        let before = self.before;
        let removal = self.condition == Condition::Removed;
        let over = |ends: &Ends| ends.removed || (!removal && ends.count > before);
        let ends = self.ends.wait_for(over).await.map(|ends| ends.clone()).unwrap_or_default();
        WaitResponse {
            status_code: i64::from(ends.code),
            error: ends.error.map(|message| WaitError { message }),
        }
    }
}
