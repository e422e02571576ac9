//! Builds that run: what they have told so far, for everybody who wants to know, and the way to stop them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::{Stream, stream};
use strata_api::workshop::{BuildCard, BuildDetail, BuildEvent};
use tokio::sync::watch;

use crate::{Error, Kind};

/// How long a build goes on that nobody watches: a page that is loaded again finds it.
const UNWATCHED: Duration = Duration::from_secs(15);
/// Builds of workshops that run at once.
const AT_ONCE: usize = 4;

/// All builds that run and are remembered.
#[derive(Default)]
pub(in crate::workshop) struct RunningBuilds(Mutex<HashMap<String, Arc<RunningBuild>>>);

/// A build that runs.
pub(in crate::workshop) struct RunningBuild {
    pub(super) id: String,
    workshop: Option<String>,
    told: Mutex<Told>,
    /// How many events there are, and whether there will be more.
    news: watch::Sender<(usize, bool)>,
    stop: watch::Sender<bool>,
    watchers: watch::Sender<usize>,
}

struct Told {
    events: Vec<BuildEvent>,
    detail: BuildDetail,
}

impl RunningBuilds {
    /// Lets a build begin.
    ///
    /// # Errors
    /// [`Kind::Conflict`] if one of the same workshop runs, or too many of workshops.
    pub(super) fn begin(
        &self,
        detail: BuildDetail,
    ) -> Result<(Arc<RunningBuild>, watch::Receiver<bool>), Error> {
        let mut builds = self.lock();
        let workshop = detail.card.workshop.clone();
        let of_workshops = || builds.values().filter(|build| build.workshop.is_some());
        if let Some(other) = of_workshops().find(|build| build.workshop == workshop) {
            let message = format!("build {} of this workshop is running: stop it first, or wait", other.id);
            return Err(Error::new(Kind::Conflict, message));
        }
        if workshop.is_some() && of_workshops().count() >= AT_ONCE {
            let message = format!("{AT_ONCE} builds are running already: stop one first, or wait");
            return Err(Error::new(Kind::Conflict, message));
        }
        let (stop, stopped) = watch::channel(false);
        let build = Arc::new(RunningBuild {
            id: detail.card.id.clone(),
            workshop,
            told: Mutex::new(Told { events: Vec::new(), detail }),
            news: watch::Sender::new((0, false)),
            stop,
            watchers: watch::Sender::new(0),
        });
        builds.insert(build.id.clone(), Arc::clone(&build));
        Ok((build, stopped))
    }

    /// A build that runs.
    pub(super) fn get(&self, id: &str) -> Option<Arc<RunningBuild>> {
        self.lock().get(id).cloned()
    }

    /// The build of a workshop that runs.
    pub(super) fn of_workshop(&self, workshop: &str) -> Option<Arc<RunningBuild>> {
        self.lock().values().find(|build| build.workshop.as_deref() == Some(workshop)).cloned()
    }

    /// Those that run and are no workshop's, the last one first.
    pub(super) fn of_clients(&self) -> Vec<BuildCard> {
        let builds: Vec<_> = self.lock().values().filter(|build| build.workshop.is_none()).cloned().collect();
        let mut cards: Vec<_> = builds.iter().map(|build| build.detail().card).collect();
        cards.sort_by_key(|card| std::cmp::Reverse(card.started));
        cards
    }

    /// A build has ended, and its record is kept elsewhere.
    pub(super) fn end(&self, build: &RunningBuild) {
        self.lock().remove(&build.id);
        build.news.send_modify(|(_, ended)| *ended = true);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<RunningBuild>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RunningBuild {
    /// Adds what happened.
    pub(super) fn add(&self, events: Vec<BuildEvent>, detail: &BuildDetail) {
        let mut told = self.told();
        // Output is much, and changes nothing of the rest.
        if events.iter().all(|event| matches!(event, BuildEvent::Output { .. })) {
            told.detail.card.milliseconds = detail.card.milliseconds;
        } else {
            told.detail.clone_from(detail);
        }
        told.events.extend(events);
        let length = told.events.len();
        drop(told);
        self.news.send_modify(|(count, _)| *count = length);
    }

    /// How it stands.
    pub(super) fn detail(&self) -> BuildDetail {
        self.told().detail.clone()
    }

    /// Everything that was told.
    pub(super) fn events(&self) -> Vec<BuildEvent> {
        self.told().events.clone()
    }

    /// Tells it to stop; it ends soon.
    pub(super) fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Its events from the first on, until it ends.
    pub(super) fn watch(self: &Arc<Self>) -> impl Stream<Item = BuildEvent> + Send + use<> {
        let watcher = Watcher::new(Arc::clone(self));
        stream::unfold((watcher, self.news.subscribe(), 0), |(watcher, mut news, at)| async move {
            loop {
                let (count, ended) = *news.borrow_and_update();
                if at < count {
                    let event = watcher.0.told().events[at].clone();
                    return Some((event, (watcher, news, at + 1)));
                }
                if ended || news.changed().await.is_err() {
                    return None;
                }
            }
        })
    }

    /// Comes back when nobody has watched for a while.
    pub(super) async fn abandoned(&self) {
        let mut watchers = self.watchers.subscribe();
        loop {
            if watchers.wait_for(|watchers| *watchers == 0).await.is_err() {
                return;
            }
            let back = tokio::time::timeout(UNWATCHED, watchers.wait_for(|watchers| *watchers > 0)).await;
            match back {
                Ok(Ok(_)) => {}
                Ok(Err(_)) | Err(_) => return,
            }
        }
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody who watches, until dropped.
struct Watcher(Arc<RunningBuild>);

impl Watcher {
    fn new(build: Arc<RunningBuild>) -> Self {
        build.watchers.send_modify(|watchers| *watchers += 1);
        Self(build)
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.0.watchers.send_modify(|watchers| *watchers -= 1);
    }
}
