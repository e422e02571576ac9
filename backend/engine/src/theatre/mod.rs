//! The registry theatre: what pulls and pushes ask of registries, kept for a while and told as it happens.
//!
//! Every pull and push is a *play*, whoever began it. A play is a list of rows; a row is told anew whenever it changes, and who comes
//! late gets all rows as they are. So nobody who listens slowly holds up a transfer, and nothing piles up for them.

mod play;
mod rows;

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use futures_util::{Stream, StreamExt as _, stream};
use strata_api::theatre::{Begin, Deed, Play as Card, Scenes};
use strata_oci::Reference;
use strata_registry::{Client, Login};
use tokio::sync::watch;

pub(crate) use self::play::Play;
use crate::{Engine, Error, Kind, PullRequest, PushRequest};

/// Plays that are kept; those that go on are kept in any case.
const KEPT: usize = 24;

/// The plays.
pub(crate) struct Theatre {
    plays: Mutex<VecDeque<Arc<Play>>>,
    next: AtomicU64,
    /// Grows whenever a play begins, ends, or gets on.
    changes: watch::Sender<u64>,
}

impl Default for Theatre {
    fn default() -> Self {
        Self { plays: Mutex::default(), next: AtomicU64::new(1), changes: watch::Sender::new(0) }
    }
}

impl Theatre {
    /// A new play. It ends when [`Play::end`] says so, or as stopped when its [`Curtain`] falls.
    pub(crate) fn begin(&self, deed: Deed, image: &str) -> Curtain {
        let id = self.next.fetch_add(1, Ordering::Relaxed).to_string();
        let play = Arc::new(Play::new(id, deed, image, self.changes.clone()));
        let mut plays = self.plays.lock().unwrap_or_else(PoisonError::into_inner);
        plays.push_front(play.clone());
        let mut kept = 0;
        plays.retain(|play| {
            kept += 1;
            kept <= KEPT || !play.is_over()
        });
        drop(plays);
        self.changes.send_modify(|count| *count += 1);
        Curtain(play)
    }

    fn all(&self) -> Vec<Arc<Play>> {
        self.plays.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

/// Holds a play open.
pub(crate) struct Curtain(Arc<Play>);

impl Curtain {
    /// The play.
    pub(crate) fn play(&self) -> &Arc<Play> {
        &self.0
    }

    /// A client whose requests are seen in the play.
    pub(crate) fn client(&self, registry: &Client) -> Client {
        registry.watched(self.0.clone())
    }

    /// Ends the play if something went wrong.
    pub(crate) fn end_if_failed<T>(&self, outcome: &Result<T, Error>) {
        if outcome.is_err() {
            self.end(outcome);
        }
    }

    /// Ends the play with an outcome.
    pub(crate) fn end<T>(&self, outcome: &Result<T, Error>) {
        self.0.end(outcome.as_ref().err().map(|error| error.message.as_str()));
    }
}

impl Drop for Curtain {
    fn drop(&mut self) {
        self.0.stop();
    }
}

impl Engine {
    /// The plays, the last one first.
    pub fn plays(&self) -> Vec<Card> {
        self.inner().theatre.all().iter().map(|play| play.card()).collect()
    }

    /// The plays that are new or changed, again and again.
    pub fn plays_live(&self) -> impl Stream<Item = Vec<Card>> + Send + 'static {
        let engine = self.clone();
        let changes = self.inner().theatre.changes.subscribe();
        stream::unfold((engine, changes, Vec::<Card>::new(), true), |state| async move {
            let (engine, mut changes, mut told, mut first) = state;
            loop {
                if !first {
                    changes.changed().await.ok()?;
                    // Figures change with every packet; a few times a second is as often as anybody sees.
                    tokio::time::sleep(play::TICK).await;
                }
                changes.mark_unchanged();
                let all = engine.plays();
                let news: Vec<Card> = all.iter().filter(|card| !told.contains(card)).cloned().collect();
                told = all;
                if first || !news.is_empty() {
                    return Some((news, (engine, changes, told, false)));
                }
                first = false;
            }
        })
    }

    /// What happens in a play, from its beginning to its end.
    pub fn scenes(&self, id: &str) -> Result<impl Stream<Item = Scenes> + Send + 'static, Error> {
        let found = self.inner().theatre.all().into_iter().find(|play| play.id() == id);
        let play = found.ok_or_else(|| {
            let message = format!("there is no transfer {id}: only the last {KEPT} are kept");
            Error::new(Kind::NotFound, message)
        })?;
        Ok(play::told(play))
    }

    /// Begins a pull or push and tells what happens in it. Dropping the stream stops it.
    pub fn perform(
        &self,
        begin: Begin,
        login: Option<Login>,
    ) -> Result<impl Stream<Item = Scenes> + Send + 'static, Error> {
        let reference: Reference = begin.image.parse()?;
        let (image, tag) = (reference.repository().familiar(), Some(reference.locator()));
        let curtain = self.inner().theatre.begin(begin.deed, &begin.image);
        let play = curtain.play().clone();
        let messages = match begin.deed {
            Deed::Pull => self.pull_in(PullRequest { image, tag, platform: None, login }, curtain),
            Deed::Push => self.push_in(PushRequest { image, tag, platform: None, login }, curtain)?,
        };
        // The messages are for others; that somebody takes them keeps the transfer going.
        let scenes =
            stream::unfold((Box::pin(play::told(play)), messages), |(mut scenes, mut messages)| async move {
                loop {
                    tokio::select! {
                        biased;
                        scene = scenes.next() => return scene.map(|scene| (scene, (scenes, messages))),
                        Some(_) = messages.recv() => {}
                    }
                }
            });
        Ok(scenes)
    }
}
