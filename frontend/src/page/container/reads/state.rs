//! Following what a container reads, while somebody asks for it and looks.
//!
//! As with the writable layer, only `revision` is a signal.

use std::time::Duration;

use leptos::{prelude::*, task::spawn_local};
use strata_api::live::ReadBatch;
use web_sys::AbortSignal;

use crate::{
    heat::{File, Heat, Warmth},
    page::{
        api::{Client, Failure},
        seen::{pause, while_seen},
    },
};

/// What comes within so short a time is drawn at once: a program that starts reads hundreds of files.
const BEAT: Duration = Duration::from_millis(60);

/// What is read; a copyable handle.
#[derive(Clone, Copy)]
pub struct Reading {
    /// Whether it was asked for.
    pub wanted: RwSignal<bool>,
    /// Why it can't be told here.
    pub failure: RwSignal<Option<Failure>>,
    revision: RwSignal<u32>,
    heat: StoredValue<Heat>,
    drawing: StoredValue<bool>,
}

impl Reading {
    /// Follows nothing until it is wanted, and then whenever the container with this id runs.
    pub fn start(client: Client, id: Memo<Option<String>>, live: Memo<bool>) -> Self {
        let reading = Self {
            wanted: RwSignal::new(false),
            failure: RwSignal::new(None),
            revision: RwSignal::new(0),
            heat: StoredValue::new(Heat::default()),
            drawing: StoredValue::new(false),
        };
        Effect::new(move |_| {
            let Some(id) = id.get().filter(|_| reading.wanted.get() && live.get()) else { return };
            while_seen(move |signal| spawn_local(reading.follow(client, id.clone(), signal)));
        });
        reading
    }

    /// Asks for it, or for no more of it; what is known stays.
    pub fn turn(self) {
        self.failure.set(None);
        self.wanted.update(|wanted| *wanted = !*wanted);
    }

    /// Whether anything is known, tracked: it is followed, or was.
    pub fn is_known(self) -> bool {
        self.with(Heat::is_known)
    }

    /// How much of a layer was read, tracked; nothing before it is known.
    pub fn layer(self, position: usize) -> Option<Warmth> {
        self.with(|heat| heat.is_known().then(|| heat.layer(position)))
    }

    /// The last few files of a layer, tracked.
    pub fn lit(self, position: usize) -> Vec<File> {
        self.with(|heat| heat.lit(position).cloned().collect())
    }

    /// Reads it, tracked.
    pub fn with<T>(self, read: impl FnOnce(&Heat) -> T) -> T {
        self.revision.track();
        self.heat.with_value(read)
    }

    async fn follow(self, client: Client, id: String, signal: AbortSignal) {
        let path = format!("/api/containers/{id}/reads");
        while !signal.aborted() {
            let answer = client.lines(&path, &signal, |batches| self.take(batches)).await;
            if signal.aborted() {
                return;
            }
            match answer {
                Err(Failure::Refused { status: 404, .. } | Failure::NoSession) => return,
                Err(failure @ Failure::Refused { status: 501, .. }) => {
                    let _ = self.failure.try_set(Some(failure));
                    let _ = self.wanted.try_set(false);
                    return;
                }
                // It stopped just now, or the server did.
                _ => pause(Duration::from_secs(1)).await,
            }
        }
    }

    fn take(self, batches: Vec<ReadBatch>) {
        let taken = self.heat.try_update_value(|heat| batches.into_iter().for_each(|batch| heat.take(batch)));
        if taken.is_some() && self.drawing.try_get_value() == Some(false) {
            self.drawing.set_value(true);
            set_timeout(
                move || {
                    let _ = self.drawing.try_set_value(false);
                    let _ = self.revision.try_update(|revision| *revision += 1);
                },
                BEAT,
            );
        }
    }
}
