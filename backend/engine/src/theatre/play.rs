//! One pull or push.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use futures_util::{Stream, stream};
use strata_api::theatre::{Deed, End, Play as Card, Scenes, What};
use strata_oci::Digest;
use strata_registry::{Event, Watch};
use tokio::sync::watch;

use super::rows::Rows;

/// Between two lines to one listener.
pub(super) const TICK: Duration = Duration::from_millis(80);

/// A play.
pub(crate) struct Play {
    began: Instant,
    state: Mutex<State>,
    /// The number of the last change.
    changed: watch::Sender<u64>,
    /// Told of every change too.
    theatre: watch::Sender<u64>,
}

struct State {
    card: Card,
    layers: Vec<Digest>,
    rows: Rows,
}

impl Play {
    pub(super) fn new(id: String, deed: Deed, image: &str, theatre: watch::Sender<u64>) -> Self {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let card = Card {
            id,
            deed,
            image: image.to_owned(),
            began: i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
            took: None,
            end: None,
            requests: 0,
            received: 0,
            sent: 0,
            spared: 0,
        };
        let state = Mutex::new(State { card, layers: Vec::new(), rows: Rows::default() });
        Self { began: Instant::now(), state, changed: watch::Sender::new(0), theatre }
    }

    pub(super) fn id(&self) -> String {
        self.state().card.id.clone()
    }

    pub(super) fn card(&self) -> Card {
        self.state().card.clone()
    }

    pub(super) fn is_over(&self) -> bool {
        self.state().card.end.is_some()
    }

    /// Gives the play another name: the one that a client's parameters mean together.
    pub(crate) fn call(&self, image: &str) {
        self.change(|state, _| state.card.image = image.to_owned());
    }

    /// Names the layers, bottom first.
    pub(crate) fn layers(&self, layers: impl IntoIterator<Item = Digest>) {
        let layers: Vec<Digest> = layers.into_iter().collect();
        self.change(|state, _| state.layers = layers);
    }

    /// Something that was not asked for.
    pub(crate) fn spare(&self, what: What) {
        self.change(|state, at| {
            if let What::Here { size, .. } | What::Joined { size, .. } = &what {
                state.card.spared += size;
            }
            state.rows.note(at, what);
        });
    }

    /// Ends it, well or with what went wrong. Only the first end counts.
    pub(super) fn end(&self, failure: Option<&str>) {
        self.close(failure.map_or(End::Done, |message| End::Failed(message.to_owned())));
    }

    pub(super) fn stop(&self) {
        self.close(End::Stopped);
    }

    fn close(&self, end: End) {
        self.change(|state, at| {
            if state.card.end.is_none() {
                state.card.end = Some(end);
                state.card.took = Some(at);
                // What is not over by now is not this play's any more.
                state.rows.close(at);
            }
        });
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, how: impl FnOnce(&mut State, u64)) {
        let at = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        how(&mut self.state(), at);
        self.changed.send_modify(|count| *count += 1);
        self.theatre.send_modify(|count| *count += 1);
    }
}

impl Watch for Play {
    fn see(&self, event: Event) {
        self.change(|state, at| {
            if state.card.end.is_some() {
                return;
            }
            let flow = state.rows.see(event, at);
            state.card.requests += u32::from(flow.request);
            state.card.received += flow.received;
            state.card.sent += flow.sent;
        });
    }
}

/// The play from its first row on, until it is over.
pub(super) fn told(play: Arc<Play>) -> impl Stream<Item = Scenes> + Send + 'static {
    let changes = play.changed.subscribe();
    stream::unfold((play, changes, Some(0u64)), |(play, mut changes, seen)| async move {
        let seen = seen?;
        if seen > 0 {
            changes.changed().await.ok()?;
            if !play.is_over() {
                tokio::time::sleep(TICK).await;
            }
        }
        changes.mark_unchanged();
        let (scenes, version, over) = {
            let state = play.state();
            let scenes = Scenes {
                play: state.card.clone(),
                layers: state.layers.clone(),
                rows: state.rows.since(seen),
                dropped: state.rows.dropped(),
            };
            (scenes, state.rows.version() + 1, state.card.end.is_some())
        };
        Some((scenes, (play, changes, (!over).then_some(version))))
    })
}
