//! A build of a workshop, from the request to its last event.

use std::{fs, sync::Arc};

use futures_util::Stream;
use strata_api::workshop::{
    BuildCard, BuildDetail, BuildEvent, BuildRequest, BuildState, FileEntry, SentFile,
};
use strata_builder::{Event, Options, Source};
use strata_catalog::{BuildRecord, Catalog as _};
use tokio::sync::watch;

use super::{kept, running::RunningBuild, teller::Teller};
use crate::{
    Building, CommitRequest, Engine, Error,
    engine::Inner,
    workshop::{cannot, record::now},
};

/// What is made ready before a build begins.
struct Prepared {
    detail: BuildDetail,
    options: Options,
    source: Source,
}

impl Engine {
    /// Builds a workshop as it is now. The answer has its events from the first on; it goes on for a while when nobody
    /// watches it any more, and is stopped then.
    ///
    /// A build runs with the powers of a container that a page makes: no new privileges, nothing of the host.
    pub async fn build_workshop(
        &self,
        id: &str,
        request: BuildRequest,
    ) -> Result<impl Stream<Item = BuildEvent> + Send + use<>, Error> {
        // Before anything is written.
        self.containers()?;
        let workshop = id.to_owned();
        let prepared = self.blocking(move |inner| inner.prepare_build(&workshop, request)).await?;
        let Prepared { detail, options, source } = prepared;
        let begun = self.inner().workshops.builds.begin(detail.clone());
        let (build, stop) = match begun {
            Ok(begun) => begun,
            Err(error) => {
                let (workshop, id) = (id.to_owned(), detail.card.id);
                self.blocking(move |inner| {
                    inner.discard_build(&workshop, &id);
                    Ok(())
                })
                .await?;
                return Err(error);
            }
        };
        let watching = build.watch();
        let record = record_of(&detail)?;
        let workshop = id.to_owned();
        let ready = self.blocking(move |inner| {
            // What the failing step of an earlier build left has served its time.
            for earlier in inner.catalog.builds(Some(&workshop), super::REMEMBERED)? {
                inner.remove_snapshot(&earlier);
            }
            inner.catalog.put_build(&record)?;
            Ok(())
        });
        let started = match ready.await {
            Ok(()) => self.build(source, options),
            Err(error) => Err(error),
        };
        let building = match started {
            Ok(building) => building,
            Err(error) => {
                self.inner().workshops.builds.end(&build);
                return Err(error);
            }
        };
        tokio::spawn(follow(self.clone(), build, Teller::new(detail), building, stop));
        Ok(watching)
    }

    /// The image of what the failing program of a step left. Its container goes.
    async fn keep_failed(
        &self,
        container: &str,
        build: &str,
        step: usize,
    ) -> Result<strata_oci::ImageId, Error> {
        let request = CommitRequest {
            container: container.to_owned(),
            comment: format!("what step {step} of build {build} left when it failed"),
            changes: vec![format!("LABEL strata.failed-build={build} strata.failed-step={step}")],
            ..CommitRequest::default()
        };
        let kept = self.commit(request).await;
        self.containers()?.remove(container, true, true).await?;
        kept
    }
}

/// Tells and records everything until the build has ended.
async fn follow(
    engine: Engine,
    build: Arc<RunningBuild>,
    mut teller: Teller,
    mut building: Building,
    mut stop: watch::Receiver<bool>,
) {
    loop {
        let stopping = *stop.borrow();
        let event = tokio::select! {
            event = building.events.recv() => event,
            // The sender lives as long as the build.
            _ = stop.wait_for(|stop| *stop), if !stopping => {
                building.stop();
                continue;
            }
            () = build.abandoned(), if !stopping => {
                build.stop();
                continue;
            }
        };
        let Some(event) = event else { break };
        let mut kept = None;
        if let Event::Failed { step: Some(step), container: Some(container), .. } = &event {
            match engine.keep_failed(container, &build.id, step.number).await {
                Ok(image) => kept = Some(image),
                Err(error) => tracing::warn!(%error, "what a failed step left can't be kept"),
            }
        }
        let told = teller.tell(event, kept, now());
        build.add(told, &teller.detail);
    }
    if teller.detail.card.state == BuildState::Running {
        // It ended without a word: nothing that a builder does.
        let told = teller.tell(Event::Cancelled { step: None }, None, now());
        build.add(told, &teller.detail);
    }
    let (detail, events) = (teller.detail, build.events());
    let ended = engine.blocking(move |inner| inner.keep_build(&detail, &events)).await;
    if let Err(error) = ended {
        tracing::warn!(build = build.id, %error, "a build's record can't be kept");
    }
    engine.inner().workshops.builds.end(&build);
}

impl Inner {
    fn prepare_build(&self, workshop: &str, request: BuildRequest) -> Result<Prepared, Error> {
        let record = self.workshops.look(workshop)?.record;
        let id = strata_containers::random_id();
        let id = strata_containers::short_id(&id).to_owned();
        let place = self.build_place(Some(workshop), &id);
        let prepared = (|| {
            let (entries, context) = self.workshops.begin_build(workshop, &place)?;
            let dockerfile = self.workshops.text(workshop, &record.dockerfile)?;
            let card = BuildCard::begun(&id, Some(workshop), now());
            let given = |(name, value): &(String, Option<String>)| Some((name.clone(), value.clone()?));
            let detail = BuildDetail {
                card,
                dockerfile,
                target: record.target.clone(),
                args: record.args.iter().filter_map(given).collect(),
                no_cache: request.no_cache,
                files: (entries.len() <= super::FILES).then(|| entries.into_iter().map(sent).collect()),
                bases: Vec::new(),
                steps: Vec::new(),
            };
            let path = strata_api::path::decode(&record.dockerfile);
            let options = Options {
                id: Some(id.clone()),
                dockerfile: String::from_utf8_lossy(&path).into_owned(),
                tags: record.tags.clone(),
                // One that is left to its default is not given at all.
                args: detail.args.iter().map(|(name, value)| (name.clone(), Some(value.clone()))).collect(),
                target: record.target.clone(),
                no_cache: request.no_cache,
                pull: request.pull,
                security: vec!["no-new-privileges".into()],
                contained: true,
                workshop: Some(workshop.to_owned()),
                ..Options::default()
            };
            let source = Source::Context(context);
            Ok(Prepared { detail, options, source })
        })();
        if prepared.is_err() {
            self.discard_build(workshop, &id);
        }
        prepared
    }

    /// Removes what was made ready for a build that doesn't begin.
    fn discard_build(&self, workshop: &str, build: &str) {
        if let Err(error) = strata_layers::remove_tree(&self.build_place(Some(workshop), build)) {
            tracing::warn!(%error, "cannot remove the context of a build");
        }
    }

    /// Keeps what an ended build did and told.
    pub(super) fn keep_build(&self, detail: &BuildDetail, events: &[BuildEvent]) -> Result<(), Error> {
        let workshop = detail.card.workshop.as_deref();
        let place = self.build_place(workshop, &detail.card.id);
        if workshop.is_none() {
            fs::create_dir_all(&place).map_err(|error| cannot("create", &place, &error))?;
        }
        if !place.is_dir() {
            // The workshop was removed meanwhile, and its builds with it.
            self.catalog.remove_build(&detail.card.id)?;
            return Ok(());
        }
        kept::keep(&place, events)?;
        self.catalog.put_build(&record_of(detail)?)?;
        self.forget_old_builds(workshop.unwrap_or_default())
    }
}

fn record_of(detail: &BuildDetail) -> Result<BuildRecord, Error> {
    Ok(BuildRecord {
        id: detail.card.id.clone(),
        workshop: detail.card.workshop.clone(),
        body: serde_json::to_string(detail).map_err(Error::internal)?,
    })
}

fn sent(entry: FileEntry) -> SentFile {
    let FileEntry { path, kind, mode, size, digest, target, .. } = entry;
    let digest = digest.or_else(|| target.map(|target| strata_oci::Digest::of(target.as_bytes())));
    SentFile { path, kind, mode, size, digest }
}
