//! Builds of docker clients: what they do is written down beside the builds of workshops, so that the page's history has them.
//!
//! Nothing of their context is kept but what the builder knows of it in any case: the Dockerfile, and names and digests of files that were
//! copied. The client is told everything first; what is written down costs it nothing.

use std::sync::Arc;

use strata_api::workshop::{BuildCard, BuildDetail, BuildState};
use strata_builder::{Event, Options, Source};
use tokio::sync::{mpsc, watch};

use super::{running::RunningBuild, teller::Teller};
use crate::{Building, Engine, Error, workshop::record::now};

/// Events that may wait for the client; without any, each would wait for two threads to take turns.
const WAITING: usize = 64;

/// A build that is written down, from its Dockerfile on.
type Noted = (Arc<RunningBuild>, watch::Receiver<bool>);

impl Engine {
    /// Starts a build for a docker client. [`Engine::builds`] has it from the moment its Dockerfile was found, as one of no workshop.
    ///
    /// # Errors
    /// As [`Engine::build`].
    pub fn build_for_client(&self, source: Source, options: Options) -> Result<Building, Error> {
        let detail = detail(&options);
        let mut building = self.build(source, options)?;
        let (sender, events) = mpsc::channel(WAITING);
        let inner = std::mem::replace(&mut building.events, events);
        tokio::spawn(relay(self.clone(), Teller::new(detail), inner, sender, building.stop.clone()));
        Ok(building)
    }
}

/// Hands events on, and notes them. The build is stopped when the client is gone.
async fn relay(
    engine: Engine,
    mut teller: Teller,
    mut from: mpsc::Receiver<Event>,
    to: mpsc::Sender<Event>,
    stop: watch::Sender<bool>,
) {
    let mut noted: Option<Noted> = None;
    let mut stopping = false;
    loop {
        let asked = async {
            match &mut noted {
                Some((_, asked)) => drop(asked.wait_for(|stop| *stop).await),
                None => std::future::pending().await,
            }
        };
        let event = tokio::select! {
            event = from.recv() => event,
            () = asked, if !stopping => {
                stopping = true;
                stop.send_replace(true);
                continue;
            }
            () = to.closed(), if !stopping => {
                stopping = true;
                stop.send_replace(true);
                continue;
            }
        };
        let Some(event) = event else { break };
        // A client that is gone is noticed above.
        let _ = to.send(event.clone()).await;
        let found = matches!(event, Event::Dockerfile { .. });
        let told = teller.tell(event, None, now());
        if found {
            noted = engine.inner().workshops.builds.begin(teller.detail.clone()).ok();
        }
        if let Some((build, _)) = &noted {
            build.add(told, &teller.detail);
        }
    }
    drop(to);
    let Some((build, _)) = noted else { return };
    if teller.detail.card.state == BuildState::Running {
        let told = teller.tell(Event::Cancelled { step: None }, None, now());
        build.add(told, &teller.detail);
    }
    let (detail, events) = (teller.detail, build.events());
    if let Err(error) = engine.blocking(move |inner| inner.keep_build(&detail, &events)).await {
        tracing::warn!(build = build.id, %error, "a build's record can't be kept");
    }
    engine.inner().workshops.builds.end(&build);
}

fn detail(options: &Options) -> BuildDetail {
    let id = strata_containers::random_id();
    let given = |(name, value): (&String, &Option<String>)| Some((name.clone(), value.clone()?));
    BuildDetail {
        // What it is to be called, until it is: a build that fails has no other name for people.
        card: BuildCard {
            names: options.tags.clone(),
            ..BuildCard::begun(strata_containers::short_id(&id), None, now())
        },
        dockerfile: String::new(),
        target: options.target.clone(),
        args: options.args.iter().filter_map(given).collect(),
        no_cache: options.no_cache,
        files: Some(Vec::new()),
        bases: Vec::new(),
        steps: Vec::new(),
    }
}
