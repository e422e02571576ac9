//! `docker rm --link`.

use crate::{Containers, Error, Kind, containers::to_the_end, links::Link};

impl Containers {
    /// Takes away the link `PARENT/ALIAS`; the container that it leads to stays.
    pub async fn unlink(&self, name: &str) -> Result<(), Error> {
        // Who isn't there can't be linked to.
        self.0.find(name)?;
        let bare = name.strip_prefix('/').unwrap_or(name);
        let Some((parent, alias)) = bare.rsplit_once('/') else {
            return Err(Error::new(
                Kind::Internal,
                "Conflict, cannot remove the default link name of the container",
            ));
        };
        let parent = self.0.find(parent)?;
        let (this, alias) = (self.clone(), alias.to_owned());
        to_the_end(async move {
            this.0
                .change(&parent, |record| record.links.retain(|Link { alias: other, .. }| *other != alias))
                .await?;
            let record = parent.snapshot();
            if !record.state.status.has_process() {
                return Ok(());
            }
            this.0.blocking(move |inner| inner.write_hosts(&record)).await
        })
        .await
    }
}
