//! Builds: run, watched, kept, looked into. Those of docker clients are written down with the others ([`client`]).
//!
//! A build has the context as it was when it began: a copy under `builds/<id>/context`, which costs names only and stays for
//! as long as the build is remembered, so that one can branch from it. What it told is kept beside it, one event per line.

mod branch;
mod client;
mod kept;
mod running;
mod shell;
mod start;
mod teller;

use std::path::PathBuf;

use futures_util::{Stream, StreamExt as _, future::Either, stream};
pub(super) use running::RunningBuilds;
use strata_api::workshop::{BuildCard, BuildDetail, BuildEvent, BuildState};
use strata_catalog::{BuildRecord, Catalog as _};

use crate::{Engine, Error, Kind, engine::Inner};

/// Builds that are remembered of one workshop, and of docker clients.
const REMEMBERED: usize = 50;
/// Files of a context that are written down.
const FILES: usize = 5_000;
/// Builds in one list.
const LISTED: usize = 500;

impl Engine {
    /// Builds, newest first; of one workshop, of docker clients when it is empty, or of all.
    pub async fn builds(&self, workshop: Option<&str>) -> Result<Vec<BuildCard>, Error> {
        let workshop = workshop.map(str::to_owned);
        self.blocking(move |inner| {
            let clients = workshop.as_ref().is_none_or(String::is_empty);
            // Looked at first: what ends meanwhile has a record then.
            let running = if clients { inner.workshops.builds.of_clients() } else { Vec::new() };
            let records = inner.catalog.builds(workshop.as_deref(), LISTED)?;
            let known = |card: &BuildCard| records.iter().any(|record| record.id == card.id);
            let mut cards: Vec<_> = running.into_iter().filter(|card| !known(card)).collect();
            cards.extend(
                records.iter().filter_map(|record| inner.detail_of(record).ok()).map(|detail| detail.card),
            );
            Ok(cards)
        })
        .await
    }

    /// A build, whole.
    pub async fn build_detail(&self, id: &str) -> Result<BuildDetail, Error> {
        let id = id.to_owned();
        self.blocking(move |inner| inner.build_detail(&id)).await
    }

    /// What a build told from the first event on; of one that runs, until it ends.
    pub async fn build_events(
        &self,
        id: &str,
    ) -> Result<impl Stream<Item = BuildEvent> + Send + use<>, Error> {
        if let Some(build) = self.inner().workshops.builds.get(id) {
            return Ok(Either::Left(build.watch()));
        }
        let id = id.to_owned();
        let events = self.blocking(move |inner| inner.told(&id)).await?;
        Ok(Either::Right(stream::iter(events).boxed()))
    }

    /// Stops a build that runs; forgets one that doesn't. Its image stays.
    pub async fn end_build(&self, id: &str) -> Result<(), Error> {
        if let Some(build) = self.inner().workshops.builds.get(id) {
            build.stop();
            return Ok(());
        }
        let id = id.to_owned();
        self.blocking(move |inner| inner.forget_build(&id)).await
    }
}

impl Inner {
    pub(super) fn build_detail(&self, id: &str) -> Result<BuildDetail, Error> {
        if let Some(build) = self.workshops.builds.get(id) {
            return Ok(build.detail());
        }
        let record = self.catalog.build(id)?.ok_or_else(|| no_such_build(id))?;
        self.detail_of(&record)
    }

    /// The newest build of a workshop.
    pub(super) fn last_build(&self, workshop: &str) -> Option<BuildCard> {
        if let Some(build) = self.workshops.builds.of_workshop(workshop) {
            return Some(build.detail().card);
        }
        let records = self.catalog.builds(Some(workshop), 1).ok()?;
        records.first().and_then(|record| self.detail_of(record).ok()).map(|detail| detail.card)
    }

    /// What is known of a build, with what is true of it now.
    fn detail_of(&self, record: &BuildRecord) -> Result<BuildDetail, Error> {
        if let Some(build) = self.workshops.builds.get(&record.id) {
            return Ok(build.detail());
        }
        let mut detail: BuildDetail = serde_json::from_str(&record.body).map_err(Error::internal)?;
        if detail.card.state == BuildState::Running {
            // The server ended before it did.
            detail.card.state = BuildState::Cancelled;
        }
        let here = |image: &strata_oci::ImageId| self.catalog.image(image).is_ok_and(|found| found.is_some());
        detail.card.image = detail.card.image.take().filter(here);
        for step in &mut detail.steps {
            step.image = step.image.take().filter(here);
        }
        Ok(detail)
    }

    /// Where a build's context and events are; of a docker client's only the events.
    pub(super) fn build_place(&self, workshop: Option<&str>, build: &str) -> PathBuf {
        match workshop {
            Some(workshop) => self.workshops.place(workshop).join("builds").join(build),
            None => self.options.data.join("builds").join("told").join(build),
        }
    }

    /// What an ended build told.
    fn told(&self, id: &str) -> Result<Vec<BuildEvent>, Error> {
        let record = self.catalog.build(id)?.ok_or_else(|| no_such_build(id))?;
        kept::events(&self.build_place(record.workshop.as_deref(), id))
    }

    /// Forgets an ended build, with its context and with what its failing step left.
    fn forget_build(&self, id: &str) -> Result<(), Error> {
        let record = self.catalog.build(id)?.ok_or_else(|| no_such_build(id))?;
        self.remove_snapshot(&record);
        self.catalog.remove_build(id)?;
        let place = self.build_place(record.workshop.as_deref(), id);
        strata_layers::remove_tree(&place).map_err(Error::internal)
    }

    /// Removes what a failing step left, unless a container is made of it.
    pub(super) fn remove_snapshot(&self, record: &BuildRecord) {
        let Ok(detail) = serde_json::from_str::<BuildDetail>(&record.body) else { return };
        let BuildState::Failed { step: Some(failed), .. } = detail.card.state else { return };
        let left = detail.steps.iter().rev().find(|step| step.step == failed && step.outcome.is_none());
        if let Some(image) = left.and_then(|step| step.image.as_ref())
            && let Err(error) = self.remove(&image.to_string(), false, false)
            && error.kind != Kind::NotFound
        {
            tracing::debug!(%error, "what a failed step left is kept");
        }
    }

    /// Stops the build of a workshop that is gone, and forgets those that ended.
    pub(super) fn forget_builds_of(&self, workshop: &str) -> Result<(), Error> {
        if let Some(build) = self.workshops.builds.of_workshop(workshop) {
            build.stop();
        }
        for record in self.catalog.builds(Some(workshop), usize::MAX >> 1)? {
            self.remove_snapshot(&record);
            self.catalog.remove_build(&record.id)?;
        }
        Ok(())
    }

    /// Keeps as many builds of a workshop, or of docker clients, as are remembered.
    pub(super) fn forget_old_builds(&self, workshop: &str) -> Result<(), Error> {
        let all = self.catalog.builds(Some(workshop), usize::MAX >> 1)?;
        for old in all.iter().skip(REMEMBERED) {
            self.forget_build(&old.id)?;
        }
        Ok(())
    }
}

fn no_such_build(id: &str) -> Error {
    Error::new(Kind::NotFound, format!("No such build: {}", id.escape_debug()))
}
