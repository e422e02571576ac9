//! From a step to its image: out of the cache, or made.

use std::{collections::BTreeMap, time::Instant};

use strata_catalog::{BuildStep, Layer};
use strata_dockerfile::{evaluate, key::StepKey};
use strata_oci::{ContainerConfig, ImageId};

use crate::{
    Error, Event,
    build::{Build, Did},
    cache::{Hit, StepBody},
    stage::Stage,
    workbench::{Addition, Chain},
};

impl Build {
    pub(crate) fn label(&mut self, stage: &mut Stage, name: &str, value: &str) -> Result<(), Error> {
        let begun = Instant::now();
        let parent = stage.chain.id.clone();
        stage.state.config.labels.get_or_insert_with(BTreeMap::new).insert(name.to_owned(), value.to_owned());
        let step = evaluate::Step { text: format!("LABEL {name}={value}"), ..evaluate::Step::default() };
        let did = self.commit_config(stage, step)?;
        self.settle(stage, parent, did, begun)
    }

    /// Commits a step that only changed the config.
    pub(crate) fn commit_config(&mut self, stage: &mut Stage, step: evaluate::Step) -> Result<Did, Error> {
        self.commit_without_program(stage, step, false, |_, _| Ok(None))
    }

    /// Commits a step that runs nothing: from the cache, or with the layer that `make` makes. `one_piece` as in
    /// [`Stage::commented`].
    pub(crate) fn commit_without_program(
        &mut self,
        stage: &mut Stage,
        step: evaluate::Step,
        one_piece: bool,
        make: impl FnOnce(&mut Self, &Stage) -> Result<Option<Layer>, Error>,
    ) -> Result<Did, Error> {
        let made_by = stage.commented(&step.text, one_piece);
        let text = command_text(&made_by);
        let keys = vec![StepKey::of(stage.chain.id.as_ref(), &self.platform(), &step, &[])];
        if self.look_up(stage, &keys, &text, true)? {
            return Ok(Did { cached: true, layer: None });
        }
        let begun = Instant::now();
        let container = self.nominal_container(stage, &made_by)?;
        let layer = make(self, stage)?;
        let body = StepBody { instruction: step.text, args: step.args, ..StepBody::default() };
        let made_by = named(made_by, &container, &stage.chain);
        self.commit(stage, made_by, Some(container), layer.clone(), &keys, body, begun)?;
        Ok(Did { cached: false, layer })
    }

    /// A container for a step that needs none; dockerd has one, and keeps it if it is told so.
    pub(crate) fn nominal_container(
        &mut self,
        stage: &Stage,
        made_by: &ContainerConfig,
    ) -> Result<String, Error> {
        if self.options.remove || self.options.force_remove {
            let id = strata_containers::random_id();
            self.listener.tell(Event::Container { step: self.number(), id: id.clone() });
            self.containers.push((id.clone(), None));
            return Ok(id);
        }
        self.create_container(stage, made_by.clone(), crate::run::Given::default())
    }

    /// Makes the image of a step and remembers the step.
    #[allow(clippy::too_many_arguments, reason = "each is a part of the image or of its record")]
    pub(crate) fn commit(
        &mut self,
        stage: &mut Stage,
        made_by: ContainerConfig,
        container: Option<String>,
        layer: Option<Layer>,
        keys: &[StepKey],
        body: StepBody,
        begun: Instant,
    ) -> Result<(), Error> {
        if stage.chain.layers.len() + usize::from(layer.is_some()) > crate::limit::LAYERS {
            let step = self.step.as_ref().map(|step| (step.number, step.text.clone())).unwrap_or_default();
            return Err(crate::limit::too_many(step.0, &step.1, stage.chain.layers.len()));
        }
        let parent = stage.chain.id.clone();
        let body = StepBody { bytes: layer.as_ref().map_or(0, |layer| layer.unpacked), ..body };
        let addition = Addition {
            config: stage.state.config.clone(),
            made_by,
            container,
            author: stage.state.author.clone().unwrap_or_default(),
            layer,
        };
        stage.chain = self.bench.make(&stage.chain, addition)?;
        self.remember(stage, &parent, keys, body, begun)
    }

    /// Remembers by `keys` that a step on `parent` led to where the stage is now.
    pub(crate) fn remember(
        &mut self,
        stage: &Stage,
        parent: &Option<ImageId>,
        keys: &[StepKey],
        body: StepBody,
        begun: Instant,
    ) -> Result<(), Error> {
        let image = stage.chain.id.clone().expect("what a step leads to has an id");
        let body = StepBody {
            step: self.number(),
            milliseconds: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
            at: jiff::Timestamp::now().as_millisecond(),
            ..body
        };
        let body = serde_json::to_string(&body)
            .map_err(|error| Error::internal("cannot write a step down", &error))?;
        for key in keys {
            let step = BuildStep {
                key: key.to_string(),
                image: image.clone(),
                parent: parent.clone(),
                workshop: self.options.workshop.clone(),
                alive: true,
                body: body.clone(),
            };
            self.bench.remember(step, begun);
        }
        Ok(())
    }

    /// Goes on with an image of the cache, if it has the step; `last` tells whether there is nothing more to look for.
    pub(crate) fn look_up(
        &mut self,
        stage: &mut Stage,
        keys: &[StepKey],
        text: &str,
        last: bool,
    ) -> Result<bool, Error> {
        match self.cache.look(&self.bench, &stage.chain, keys, text, last)? {
            None => Ok(false),
            Some(Hit::Image(chain)) => {
                stage.chain = chain;
                Ok(true)
            }
            Some(Hit::Row(row)) => {
                let (row, layer) = *row;
                let mut config = stage.chain.config.as_ref().clone();
                config.rootfs.diff_ids.extend(layer.iter().map(|layer| layer.diff_id.clone()));
                config.created.clone_from(&row.created);
                config.config = Some(stage.state.config.clone());
                config.history.push(row);
                let layers = stage.chain.layers.iter().cloned().chain(layer).collect();
                stage.chain = self.bench.add(config, layers, stage.chain.id.clone())?;
                Ok(true)
            }
        }
    }
}

/// What a healthcheck leaves open it has from the one before, as dockerd's containers have; also one that is off.
pub(crate) fn inherit_health(before: &ContainerConfig, config: &mut ContainerConfig) {
    let (Some(old), Some(new)) = (&before.healthcheck, &mut config.healthcheck) else { return };
    new.interval = new.interval.or(old.interval);
    new.timeout = new.timeout.or(old.timeout);
    new.start_period = new.start_period.or(old.start_period);
    new.start_interval = new.start_interval.or(old.start_interval);
    new.retries = new.retries.or(old.retries);
}

/// The command of a container, as the history has it.
pub(crate) fn command_text(config: &ContainerConfig) -> String {
    config.cmd.as_deref().unwrap_or_default().join(" ")
}

/// The config of a step's container, with what dockerd fills in when it makes one on an image.
pub(crate) fn named(mut config: ContainerConfig, container: &str, image: &Chain) -> ContainerConfig {
    if config.entrypoint.is_none() {
        config.entrypoint = image.config.config.as_ref().and_then(|config| config.entrypoint.clone());
    }
    config.hostname = strata_containers::short_id(container).to_owned();
    config.labels.get_or_insert_default();
    config
}
