//! `docker stop`: asks, waits, kills.

use std::{sync::Arc, time::Duration};

use crate::{Containers, Error, Kind, container::Container, signal};

/// Seconds between asking and killing.
const GRACE: i64 = 10;

impl Containers {
    /// Stops a container: sends `signal`, or the one that the container wants, and kills it if it still runs after
    /// `grace` seconds (its own or 10 by default, for ever if negative). [`Kind::NotModified`] if it doesn't run.
    pub async fn stop(&self, name: &str, signal: Option<&str>, grace: Option<i64>) -> Result<(), Error> {
        let number = signal.filter(|text| !text.is_empty()).map(signal::parse).transpose()?;
        let container = self.0.find(name)?;
        if !container.record().state.status.is_up() {
            return Err(Error::new(Kind::NotModified, "Container is already stopped"));
        }
        let this = self.clone();
        crate::containers::to_the_end(async move { this.bring_to_rest(&container, number, grace).await })
            .await
    }

    /// Stops what runs; says nothing of what doesn't.
    pub(crate) async fn bring_to_rest(
        &self,
        container: &Arc<Container>,
        number: Option<i32>,
        grace: Option<i64>,
    ) -> Result<(), Error> {
        let mut ends = container.ends.subscribe();
        let (number, grace) = {
            let record = container.record();
            let own = record.config.stop_signal.as_deref().and_then(|text| signal::parse(text).ok());
            let grace = grace.or(record.config.stop_timeout).unwrap_or(GRACE);
            (number.or(own).unwrap_or(signal::TERM), grace)
        };
        // Whatever the signal, it is stopped on purpose.
        self.0.change(container, |record| record.stopped = true).await?;
        match self.send(container, number).await {
            Ok(()) => {}
            Err(error) if error.kind == Kind::Conflict => return Ok(()),
            Err(error) => return Err(error),
        }
        let at_rest = |_: &_| !container.record().state.status.is_up();
        match u64::try_from(grace) {
            Err(_) => drop(ends.wait_for(at_rest).await),
            Ok(seconds) => {
                let rested = tokio::time::timeout(Duration::from_secs(seconds), ends.wait_for(at_rest));
                if rested.await.is_err() {
                    match self.kill_now(container).await {
                        Err(error) if error.kind != Kind::Conflict => return Err(error),
                        _ => {}
                    }
                }
            }
        }
        let record = container.snapshot();
        self.0.tell(&record, "stop", &[]);
        Ok(())
    }
}
