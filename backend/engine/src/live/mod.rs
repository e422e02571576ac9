//! A container as the page draws it: how it is mounted, its copy-on-write as it happens, and what it reads.

mod measure;
mod reads;
mod watch;

use std::{fs::File, time::Duration};

use strata_api::live::{ContainerDetail, Mount};
use strata_catalog::{Catalog as _, Image};
use strata_containers::CommitSource;
use strata_layer::LayerPath;
use strata_snapshots::Plan;

use crate::{Engine, Error, Kind, engine::Inner};

/// Batches that may wait for a slow page; it then gets fewer and larger ones.
const BACKLOG: usize = 4;
/// How long to wait for something to happen before looking whether the page is still there.
const PATIENCE: Duration = Duration::from_millis(500);

impl Engine {
    /// What is below a container, and how it is mounted.
    pub async fn container_detail(&self, name: &str) -> Result<ContainerDetail, Error> {
        let running = self.running()?;
        let seen = running.containers.inspect(name, false).await?;
        let source = running.containers.commit_source(name)?;
        let Some(image) = source.image else {
            return Err(Error::new(Kind::Unsupported, format!("container {name} has no image to show")));
        };
        let snapshots = running.snapshots.clone();
        let plan = self.blocking(move |_| snapshots.plan(&source.snapshot).map_err(Error::internal)).await?;
        Ok(ContainerDetail {
            id: seen.id,
            name: seen.name.trim_start_matches('/').to_owned(),
            image,
            image_name: seen.config.image.clone(),
            tty: seen.config.tty,
            mount: Mount {
                driver: plan.driver.name().to_owned(),
                command: plan.command(),
                lower: plan.lowers.clone(),
                upper: plan.upper.clone(),
                work: plan.work.clone(),
                merged: plan.merged.clone(),
            },
        })
    }

    /// Opens a file as a container has it: its own version, or that of the topmost layer.
    pub async fn open_container_file(&self, name: &str, path: &[u8]) -> Result<File, Error> {
        let running = self.running()?;
        let source = running.containers.commit_source(name)?;
        let wrong = |error: &dyn std::fmt::Display| Error::new(Kind::InvalidArgument, error.to_string());
        let path = LayerPath::parse(path).map_err(|error| wrong(&error))?;
        let snapshots = running.snapshots.clone();
        self.blocking(move |_| {
            let upper = snapshots.paths(&source.snapshot).upper;
            if let Ok(file) = strata_layers::open_inside(&upper, path.as_bytes())
                && file.metadata().is_ok_and(|meta| meta.is_file())
            {
                return Ok(file);
            }
            let below = snapshots.open_below(&source.snapshot, &path).map_err(Error::internal)?;
            let missing = || Error::new(Kind::NotFound, format!("no such file in the container: {path}"));
            below.map(|(_, file)| file).ok_or_else(missing)
        })
        .await
    }
}

impl Inner {
    /// The image of a container, if it is still there.
    fn image_of(&self, source: &CommitSource) -> Result<Option<Image>, Error> {
        match &source.image {
            Some(id) => Ok(self.catalog.image(id)?),
            None => Ok(None),
        }
    }

    /// Which layer of the image each directory is that a container's file system is put together of, bottom first.
    fn positions(&self, plan: &Plan, image: Option<&Image>) -> Vec<Option<usize>> {
        let layers = image.map(|image| self.directories_of(image)).unwrap_or_default();
        // A layer that an image has twice is mounted where it is on top.
        let position = |lower: &String| layers.iter().rposition(|layer| layer.as_os_str() == lower.as_str());
        plan.lowers.iter().map(position).collect()
    }
}
