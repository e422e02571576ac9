//! A container as the page draws it: how it is mounted, and its copy-on-write as it happens.

use std::{fs::File, time::Duration};

use strata_api::{
    explorer::Change,
    live::{Batch, ContainerDetail, CowEvent, Deed, Mount, UpperEntry},
};
use strata_layer::LayerPath;
use strata_snapshots as snapshots;
use tokio::sync::mpsc;

use crate::{Engine, Error, Kind};

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

    /// The writable layer of a container as it is, and then what happens to it. Drop the receiver to end it; it ends by
    /// itself when the container is removed.
    pub async fn watch_container(&self, name: &str) -> Result<mpsc::Receiver<Batch>, Error> {
        let running = self.running()?;
        let source = running.containers.commit_source(name)?;
        let snapshots = running.snapshots.clone();
        let opened = self.blocking(move |inner| {
            let plan = snapshots.plan(&source.snapshot).map_err(Error::internal)?;
            let image = match &source.image {
                Some(id) => strata_catalog::Catalog::image(inner.catalog.as_ref(), id)?,
                None => None,
            };
            let layers = image.map(|image| inner.directories_of(&image)).unwrap_or_default();
            // A layer that an image has twice is mounted where it is on top.
            let position =
                |lower: &String| layers.iter().rposition(|layer| layer.as_os_str() == lower.as_str());
            let positions: Vec<Option<usize>> = plan.lowers.iter().map(position).collect();
            let watch = snapshots.watch(&source.snapshot).map_err(Error::internal)?;
            Ok((watch, positions))
        });
        let (mut watch, positions) = opened.await?;
        let (sender, receiver) = mpsc::channel(BACKLOG);
        tokio::task::spawn_blocking(move || {
            while !sender.is_closed() {
                match watch.next(PATIENCE) {
                    Ok(None) => {}
                    Ok(Some(batch)) => {
                        if sender.blocking_send(wire(batch, &positions)).is_err() {
                            return;
                        }
                    }
                    Err(error) => {
                        tracing::debug!(%error, "a writable layer can't be watched any more");
                        return;
                    }
                }
            }
        });
        Ok(receiver)
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

fn wire(batch: snapshots::Batch, positions: &[Option<usize>]) -> Batch {
    let event = |event: snapshots::Event| CowEvent {
        at: jiff::Timestamp::try_from(event.at).map_or(0, |time| time.as_millisecond()),
        path: strata_api::path::encode(event.path.as_bytes()),
        deed: deed(&event.deed),
        entry: event.entry.map(|entry| UpperEntry {
            change: change(entry.change),
            kind: if entry.kind == snapshots::EntryKind::File { 'f' } else { entry.kind.letter() },
            size: entry.size,
            from: entry.from.and_then(|at| positions.get(at).copied().flatten()),
            copied: entry.copied,
            opaque: entry.opaque,
        }),
    };
    Batch { reset: batch.reset, events: batch.events.into_iter().map(event).collect() }
}

fn deed(deed: &snapshots::Deed) -> Deed {
    match deed {
        snapshots::Deed::CopiedUp { .. } => Deed::CopiedUp,
        snapshots::Deed::Created => Deed::Created,
        snapshots::Deed::Modified => Deed::Modified,
        snapshots::Deed::Attributes => Deed::Attributes,
        snapshots::Deed::WhitedOut => Deed::WhitedOut,
        snapshots::Deed::MadeOpaque => Deed::MadeOpaque,
        snapshots::Deed::Renamed { .. } => Deed::Renamed,
        snapshots::Deed::Gone => Deed::Gone,
    }
}

fn change(change: strata_layer::Change) -> Change {
    match change {
        strata_layer::Change::Added => Change::Added,
        strata_layer::Change::Modified => Change::Modified,
        strata_layer::Change::Metadata => Change::Metadata,
        strata_layer::Change::Unchanged => Change::Same,
        strata_layer::Change::Deleted => Change::Deleted,
    }
}
