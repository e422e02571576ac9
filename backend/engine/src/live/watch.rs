//! A container's copy-on-write as it happens.

use strata_api::{
    explorer::Change,
    live::{Batch, CowEvent, Deed, UpperEntry},
};
use strata_snapshots as snapshots;
use tokio::sync::mpsc;

use super::{BACKLOG, PATIENCE, measure};
use crate::{Engine, Error};

impl Engine {
    /// The writable layer of a container as it is, and then what happens to it. Drop the receiver to end it; it ends by
    /// itself when the container is removed.
    pub async fn watch_container(&self, name: &str) -> Result<mpsc::Receiver<Batch>, Error> {
        let running = self.running()?;
        let source = running.containers.commit_source(name)?;
        let snapshots = running.snapshots.clone();
        let opened = self.blocking(move |inner| {
            let plan = snapshots.plan(&source.snapshot).map_err(Error::internal)?;
            let positions = inner.positions(&plan, inner.image_of(&source)?.as_ref());
            let watch = snapshots.watch(&source.snapshot).map_err(Error::internal)?;
            let meter = snapshots.meter(&source.snapshot).map_err(Error::internal)?;
            Ok((watch, meter, positions))
        });
        let (mut watch, meter, positions) = opened.await?;
        let (sender, receiver) = mpsc::channel(BACKLOG);
        // Reading files takes long: who follows what happens must not wait for it.
        let wanted = measure::start(meter, sender.clone());
        tokio::task::spawn_blocking(move || {
            while !sender.is_closed() {
                match watch.next(PATIENCE) {
                    Ok(None) => {}
                    Ok(Some(batch)) => {
                        let copied = measure::copied(&batch);
                        if sender.blocking_send(wire(batch, &positions)).is_err() {
                            return;
                        }
                        wanted.add(copied);
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
    let events = batch.events.into_iter().map(event).collect();
    Batch { reset: batch.reset, events, measured: Vec::new() }
}

fn deed(deed: &snapshots::Deed) -> Deed {
    match deed {
        snapshots::Deed::CopiedUp { .. } => Deed::CopiedUp,
        snapshots::Deed::Created => Deed::Created,
        snapshots::Deed::Modified => Deed::Modified,
        snapshots::Deed::Attributes => Deed::Attributes,
        snapshots::Deed::WhitedOut => Deed::WhitedOut,
        snapshots::Deed::MadeOpaque => Deed::MadeOpaque,
        snapshots::Deed::Renamed { from } => {
            Deed::Renamed { from: strata_api::path::encode(from.as_bytes()) }
        }
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
