//! `docker restart`.

use crate::{Containers, Error, Kind, signal};

impl Containers {
    /// Stops a container if it runs, as [`Containers::stop`] does, and starts it.
    pub async fn restart(&self, name: &str, signal: Option<&str>, grace: Option<i64>) -> Result<(), Error> {
        let number = signal.filter(|text| !text.is_empty()).map(signal::parse).transpose()?;
        let container = self.0.find(name)?;
        let refuse = |error: Error| error.about(format!("Cannot restart container {name}"));
        let this = self.clone();
        let work = async move {
            // `--rm` must not remove it in between.
            let auto_remove = std::mem::take(&mut container.record().host.auto_remove);
            let stopped = if container.record().state.status.is_up() {
                this.bring_to_rest(&container, number, grace).await
            } else {
                Ok(())
            };
            container.record().host.auto_remove = auto_remove;
            stopped?;
            match this.start(&container.id).await {
                Err(error) if error.kind != Kind::NotModified => return Err(error),
                _ => {}
            }
            let record = container.snapshot();
            this.0.tell(&record, "restart", &[]);
            Ok(())
        };
        crate::containers::to_the_end(work).await.map_err(refuse)
    }
}
