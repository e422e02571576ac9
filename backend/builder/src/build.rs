//! A build from its first step to its last.

use std::{io::Read, sync::Arc, time::Instant};

use strata_catalog::{Layer, Tagged};
use strata_dockerfile::{
    Command, Dockerfile, Instruction, Stages,
    context::Listing,
    declare,
    evaluate::{Arguments, golang},
    expand::Expander,
};
use strata_oci::{ImageId, Reference};

use crate::{
    Context, Error, Event, Images, Kind, Listener, Options, Outcome, Step, Stores, Stream, UnpackLimits,
    cache::Cache,
    committing::inherit_health,
    stage::Stage,
    workbench::{Chain, Workbench},
};

/// Where a build's files are.
pub enum Source {
    /// Here already.
    Context(Context),
    /// In an archive, which is read in the build's first moments.
    Archive(Box<dyn Read + Send>, UnpackLimits),
    /// At an address: a repository, an archive, or a Dockerfile alone.
    Remote(String, UnpackLimits),
}

/// What a step did.
#[derive(Debug, Default)]
pub(crate) struct Did {
    /// Whether it was done before.
    pub cached: bool,
    /// The layer that it made.
    pub layer: Option<Layer>,
}

/// A stage that is done.
pub(crate) struct Finished {
    /// Its name in lower case; empty for none.
    pub name: String,
    /// Its image.
    pub chain: Chain,
}

/// A build under way.
pub(crate) struct Build {
    pub listener: Listener,
    pub images: Arc<dyn Images>,
    pub options: Options,
    pub context: Option<Context>,
    /// What is in the context, once it was needed.
    listing: Option<Arc<Listing>>,
    pub bench: Workbench,
    pub cache: Cache,
    pub expander: Expander,
    pub finished: Vec<Finished>,
    /// The step that is being done.
    pub step: Option<Step>,
    /// Containers of the step that is being done.
    pub containers: Vec<(String, Option<ImageId>)>,
    /// How many steps there are.
    of: usize,
    /// Arguments outside of stages.
    args: Arguments,
}

/// Builds, tells what happens, and returns the image. Blocks; the last event says how it ended.
pub fn build(
    stores: Stores,
    images: Arc<dyn Images>,
    source: Source,
    options: Options,
    listener: &Listener,
) -> Result<ImageId, Error> {
    let begun = Instant::now();
    let ended = |step: Option<Step>, error: Error, container: Option<String>| {
        let event = match error.kind {
            Kind::Cancelled => Event::Cancelled { step: step.map(|step| step.number) },
            _ => Event::Failed { step, error: error.clone(), container, took: begun.elapsed() },
        };
        listener.tell(event);
        Err(error)
    };
    let prepared = Build::prepare(stores, images, source, options, listener.clone());
    let (mut build, dockerfile) = match prepared {
        Ok(prepared) => prepared,
        Err(error) => return ended(None, error, None),
    };
    match build.all(&dockerfile).and_then(|image| build.record(&image).map(|names| (image, names))) {
        Ok((image, names)) => {
            listener.tell(Event::Done { image: image.clone(), names, took: begun.elapsed() });
            Ok(image)
        }
        Err(error) => {
            let container = build.clean_up(&error);
            // What was done is done: the next build finds it.
            if let Err(error) = build.bench.record() {
                tracing::warn!(%error, "what a failed build did is lost");
            }
            ended(build.step.take(), error, container)
        }
    }
}

impl Build {
    fn prepare(
        stores: Stores,
        images: Arc<dyn Images>,
        source: Source,
        options: Options,
        listener: Listener,
    ) -> Result<(Self, Dockerfile), Error> {
        tags(&options.tags)?;
        let (mut context, name) =
            crate::from::open(&stores, images.as_ref(), source, &options.dockerfile, &listener)?;
        let (text, name) = context.dockerfile(name.as_deref().unwrap_or(&options.dockerfile))?;
        let dockerfile = Dockerfile::parse(&text);
        listener.tell(Event::Dockerfile { text });
        if let Some(refusal) = dockerfile.refusal(&name) {
            return Err(Error::invalid(refusal));
        }
        context.leave_out()?;
        let (files, bytes) = context.size()?;
        listener.tell(Event::Context { files, bytes });
        let bench = Workbench::new(stores, Arc::clone(&images))?;
        let mut sources = Vec::new();
        for name in &options.cache_from {
            // One that isn't here is no reason to fail.
            sources.extend(images.find(name)?.map(|image| image.id));
        }
        let on = !options.no_cache && (options.cache_from.is_empty() || !sources.is_empty());
        let build = Self {
            cache: Cache::new(on, sources),
            expander: Expander::new(dockerfile.directives.escape()),
            args: Arguments::new(options.args.clone()),
            listener,
            images,
            options,
            context: Some(context),
            listing: None,
            bench,
            finished: Vec::new(),
            step: None,
            containers: Vec::new(),
            of: 0,
        };
        Ok((build, dockerfile))
    }

    /// All steps.
    fn all(&mut self, dockerfile: &Dockerfile) -> Result<ImageId, Error> {
        let found = Stages::of(dockerfile, &self.options.args);
        let last = found
            .target(self.options.target.as_deref())
            .map_err(|error| Error::invalid(error.to_string()))?;
        let global = &dockerfile.instructions[..found.before];
        let stages: Vec<&[Instruction]> = found
            .stages
            .iter()
            .take(last + 1)
            .map(|stage| &dockerfile.instructions[stage.instructions.clone()])
            .collect();
        let labels: Vec<(String, String)> =
            self.options.labels.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        self.of = global.len() + stages.iter().map(|stage| stage.len()).sum::<usize>() + labels.len();
        self.check_layers(global.len() + 1, &stages)?;
        self.listener.tell(Event::Started { steps: self.of });
        self.warn_of_gaps(dockerfile);
        let mut number = 0;
        for instruction in global {
            number += 1;
            self.begin_step(number, 0, instruction.lines, instruction.code());
            declare(&mut self.args, instruction, &self.expander)?;
            self.end_step(None, Outcome::Argument, None, None, Instant::now());
        }
        let (mut image, mut base) = (None, Chain::default());
        for (at, instructions) in stages.iter().enumerate() {
            let (mut stage, from) = self.begin_stage(at, number + 1, instructions)?;
            base = from;
            number += 1;
            for instruction in &instructions[1..] {
                number += 1;
                self.listener.check()?;
                self.begin_step(number, at, instruction.lines, instruction.code());
                self.one(&mut stage, instruction)?;
            }
            if at == last {
                for (name, value) in &labels {
                    number += 1;
                    self.begin_step(number, at, (0, 0), &format!("LABEL {name}={value}"));
                    self.label(&mut stage, name, value)?;
                }
            }
            if let Some(image) = &stage.chain.id {
                self.listener.tell(Event::StageDone { image: image.clone() });
            }
            self.args.merge(&stage.state.arguments);
            image.clone_from(&stage.chain.id);
            let name = crate::from::stage_name(&instructions[0]);
            self.finished.push(Finished { name, chain: stage.chain });
        }
        self.step = None;
        let unused = self.args.unused();
        if !unused.is_empty() {
            let message = format!("One or more build-args {} were not consumed", golang::plain_list(&unused));
            self.listener.tell(Event::Warning { step: None, message });
        }
        let image =
            image.ok_or_else(|| Error::invalid("No image was generated. Is your Dockerfile empty?"))?;
        if self.options.squash { self.squash(&image, &base) } else { Ok(image) }
    }

    /// Tells of empty lines where an instruction goes on, as dockerd does.
    fn warn_of_gaps(&self, dockerfile: &Dockerfile) {
        let with_gaps =
            dockerfile.instructions.iter().filter(|instruction| !instruction.line.gaps.is_empty());
        let mut text: String = with_gaps
            .map(|it| format!("[WARNING]: Empty continuation line found in:\n    {}\n", it.code()))
            .collect();
        if text.is_empty() {
            return;
        }
        text += "[WARNING]: Empty continuation lines will become errors in a future release.\n";
        self.listener.tell(Event::Output { step: 0, stream: Stream::Stderr, bytes: text.into() });
    }

    /// One instruction of a stage, as a step.
    pub(crate) fn one(&mut self, stage: &mut Stage, instruction: &Instruction) -> Result<(), Error> {
        let begun = Instant::now();
        let (parent, below) = (stage.chain.id.clone(), stage.chain.layers.len());
        let mut did = self.dispatch(stage, instruction)?;
        if did.cached {
            // The layer is the step's, whoever made it.
            did.layer = stage.chain.layers.get(below).cloned();
        }
        self.settle(stage, parent, did, begun)
    }

    /// What follows each step that went well.
    pub(crate) fn settle(
        &mut self,
        stage: &mut Stage,
        parent: Option<ImageId>,
        did: Did,
        begun: Instant,
    ) -> Result<(), Error> {
        stage.go_on();
        if self.options.remove || self.options.force_remove {
            self.remove_containers();
        } else {
            self.leave_containers();
        }
        self.bench.record_if_due()?;
        let outcome = if did.cached { Outcome::Cached } else { Outcome::Ran };
        self.end_step(parent, outcome, stage.chain.id.clone(), did.layer.as_ref(), begun);
        Ok(())
    }

    fn dispatch(&mut self, stage: &mut Stage, instruction: &Instruction) -> Result<Did, Error> {
        let before = stage.state.clone();
        let step = stage.state.step(instruction, &self.expander)?;
        match &instruction.command {
            Command::Run(run) => return self.run(stage, run, step, instruction),
            Command::Copy(_) | Command::Add(_) => return self.copy(stage, step, instruction),
            Command::Workdir(_) => return self.workdir(stage, step),
            Command::Healthcheck(_) => inherit_health(&before.config, &mut stage.state.config),
            Command::Stopsignal(_) => {
                let signal = stage.state.config.stop_signal.clone().unwrap_or_default();
                if let Err(error) = strata_containers::parse_signal(&signal) {
                    stage.state = before;
                    return Err(error.into());
                }
            }
            _ => {}
        }
        if let Some(note) = step.configured.as_ref().and_then(|done| done.note.as_ref()) {
            self.print(format!("{note}\n"));
        }
        self.commit_config(stage, step)
    }

    /// Arguments outside of stages.
    pub(crate) fn args(&self) -> &Arguments {
        &self.args
    }

    /// What the images are for.
    pub(crate) fn platform(&self) -> String {
        self.options.platform.clone().unwrap_or_else(|| strata_oci::Platform::host().to_string())
    }

    /// What is in the context; read once.
    pub(crate) fn listing(&mut self) -> Result<Arc<Listing>, Error> {
        if let Some(listing) = &self.listing {
            return Ok(Arc::clone(listing));
        }
        let context = self.context.as_ref().ok_or_else(|| Error::invalid("missing build context"))?;
        let listing = Arc::new(crate::copy::listing(&context.origin())?);
        self.listing = Some(Arc::clone(&listing));
        Ok(listing)
    }

    /// A step begins.
    pub(crate) fn begin_step(&mut self, number: usize, stage: usize, lines: (u32, u32), text: &str) {
        let lines = (lines.0 as usize, lines.1 as usize);
        let step = Step { number, of: self.of, stage, lines, text: text.to_owned(), trigger: false };
        self.listener.tell(Event::StepStarted(step.clone()));
        self.step = Some(step);
    }

    pub(crate) fn end_step(
        &mut self,
        parent: Option<ImageId>,
        outcome: Outcome,
        image: Option<ImageId>,
        layer: Option<&Layer>,
        begun: Instant,
    ) {
        self.listener.tell(Event::StepDone {
            step: self.number(),
            trigger: self.step.as_ref().is_some_and(|step| step.trigger),
            outcome,
            parent,
            image,
            layer: layer.map(|layer| layer.diff_id.clone()),
            bytes: layer.map_or(0, |layer| layer.unpacked),
            took: begun.elapsed(),
        });
    }

    pub(crate) fn number(&self) -> usize {
        self.step.as_ref().map_or(0, |step| step.number)
    }

    /// Prints something as the builder.
    pub(crate) fn print(&self, text: String) {
        let event = Event::Output { step: self.number(), stream: Stream::Builder, bytes: text.into() };
        self.listener.tell(event);
    }

    /// Records what was built and gives the image its names; returns them as docker prints them.
    fn record(&mut self, image: &ImageId) -> Result<Vec<String>, Error> {
        let mut names = Vec::new();
        for tagged in tags(&self.options.tags)? {
            names.push(tagged.repository.with_tag(tagged.tag.clone()).familiar());
            self.bench.remember_name(tagged, image.clone());
        }
        // Nobody copies from it any more, and the disk need not get an archive with what was built.
        drop(self.context.take_if(|context| context.is_packed()));
        self.bench.record()?;
        names.iter().for_each(|name| self.images.tell_tagged(image, name));
        Ok(names)
    }

    /// After a failure: containers go or stay as they are to. Returns the one that stays.
    fn clean_up(&mut self, error: &Error) -> Option<String> {
        if self.options.force_remove || error.kind == Kind::Cancelled {
            self.remove_containers();
            return None;
        }
        let kept = self.containers.iter().rev().find(|(_, image)| image.is_some() || error.code.is_some());
        let kept = kept.map(|(id, _)| id.clone());
        self.leave_containers();
        kept
    }

    /// Checks the limit of layers as far as it can be known before the first step.
    fn check_layers(&self, first: usize, stages: &[&[Instruction]]) -> Result<(), Error> {
        let mut made: Vec<(String, usize)> = Vec::new();
        let mut number = first;
        for stage in stages {
            let base = crate::from::base_text(&stage[0]);
            let before =
                match made.iter().rev().find(|(name, _)| !name.is_empty() && *name == base.to_lowercase()) {
                    Some((_, layers)) => *layers,
                    // A name with a variable, or one that isn't here, is looked at when it is.
                    None => self.images.find(base).ok().flatten().map_or(0, |image| image.layers.len()),
                };
            let after = crate::limit::check(before, number + 1, &stage[1..])?;
            made.push((crate::from::stage_name(&stage[0]), after));
            number += stage.len();
        }
        Ok(())
    }
}

/// The names that an image is to get.
fn tags(names: &[String]) -> Result<Vec<Tagged>, Error> {
    let mut tags: Vec<Tagged> = Vec::new();
    for name in names.iter().filter(|name| !name.is_empty()) {
        let reference: Reference = name
            .parse()
            .map_err(|error: strata_oci::ReferenceError| Error::invalid(crate::error::chain(&error)))?;
        let (None, Some(tag)) = (reference.digest(), reference.tag()) else {
            return Err(Error::invalid("build tag cannot contain a digest"));
        };
        let tagged = Tagged { repository: reference.repository().clone(), tag: tag.clone(), pulled: None };
        if !tags.contains(&tagged) {
            tags.push(tagged);
        }
    }
    Ok(tags)
}
