//! Through all stages, as a build goes.

use std::collections::BTreeMap;

use strata_oci::{ContainerConfig, ImageId};

use super::{BaseImage, Cache, Cause, Forecast, Request, State, StepForecast, cause::Miss};
use crate::{
    Base, Command, Dockerfile, Instruction, Stages,
    context::{self, Listing, PickError},
    declare,
    evaluate::{Arguments, StageState, Step},
    expand::Expander,
    key::{Content, StepKey},
};

/// What a step is done on.
#[derive(Clone, Debug)]
enum Below {
    /// This image, or nothing.
    Image(Option<ImageId>),
    /// What the step of this number makes.
    New(usize),
    /// What comes of the step of this number isn't known now.
    Maybe(usize),
}

/// What came out of a stage.
struct End {
    below: Below,
    config: ContainerConfig,
}

struct Walk<'a> {
    file: &'a Dockerfile,
    stages: &'a Stages,
    request: &'a Request,
    bases: &'a BTreeMap<String, BaseImage>,
    context: &'a Listing,
    cache: &'a Cache,
    expander: Expander,
    ends: Vec<End>,
    forecast: Forecast,
}

/// Where a step is in the file.
#[derive(Clone, Copy)]
struct Place<'a> {
    number: usize,
    trigger: bool,
    instruction: usize,
    stage: usize,
    /// The base's name, when nothing was done on it yet.
    base: Option<&'a str>,
}

/// Something that a step takes.
enum Taken {
    Files(context::Content),
    Image(ImageId),
}

/// Why it isn't known what a step takes.
enum Untold {
    Unknown(Cause),
    Fails(String),
}

pub(super) fn walk(
    file: &Dockerfile,
    request: &Request,
    bases: &BTreeMap<String, BaseImage>,
    context: &Listing,
    cache: &Cache,
) -> Forecast {
    let stages = Stages::of(file, &request.arguments);
    let target = stages.target(request.target.as_deref());
    let refused = match &target {
        Err(error) => Some(error.to_string()),
        Ok(_) => file.refusal("Dockerfile"),
    };
    let last = target.unwrap_or(0);
    let count = stages.stages.get(last).map_or(stages.before, |stage| stage.instructions.end);
    let forecast = Forecast { steps: Vec::with_capacity(count), count, refused };
    if forecast.refused.is_some() || stages.stages.is_empty() {
        return forecast;
    }
    let expander = Expander::new(file.directives.escape());
    let ends = Vec::new();
    let mut walk = Walk { file, stages: &stages, request, bases, context, cache, expander, ends, forecast };
    // The build stops at the first failure.
    let _stopped = walk.all(last);
    walk.forecast
}

impl<'a> Walk<'a> {
    /// `None` when the build stops.
    fn all(&mut self, last: usize) -> Option<()> {
        let (file, stages) = (self.file, self.stages);
        let mut arguments = Arguments::new(self.request.arguments.clone());
        for (at, instruction) in file.instructions[..stages.before].iter().enumerate() {
            let declared = declare(&mut arguments, instruction, &self.expander);
            let state = declared.map_or_else(|error| State::Fails(error.to_string()), |()| State::Argument);
            self.push(at + 1, at, None, instruction.code().to_owned(), state)?;
        }
        for (number, stage) in stages.stages.iter().enumerate().take(last + 1) {
            let first = stage.instructions.start;
            let name = stage.name.as_deref().and_then(|name| stages.named(name));
            if let Some(name) = stage.name.as_ref().filter(|_| name != Some(number)) {
                let state = State::Fails(format!("{name} stage name already used"));
                self.push(first + 1, first, Some(number), file.instructions[first].code().to_owned(), state)?;
            }
            let (mut below, config) = self.begin(number, first)?;
            let (mut state, triggers) = StageState::begin(config.as_ref(), &arguments);
            let mut base = match &stage.base {
                Base::Image(name) => Some(&name[..]),
                _ => None,
            };
            for trigger in triggers {
                let trigger = Dockerfile::parse(&trigger);
                let place =
                    Place { number: first + 1, trigger: true, instruction: first, stage: number, base };
                for instruction in &trigger.instructions {
                    if matches!(instruction.command, Command::Invalid | Command::From(_)) {
                        let message = trigger.diagnostics.first().map(|wrong| wrong.message.to_string());
                        let state = State::Fails(message.unwrap_or_default());
                        self.push(first + 1, first, Some(number), instruction.code().to_owned(), state)?;
                    }
                    below = self.step(&mut state, instruction, place, below)?;
                    base = None;
                }
            }
            for at in stage.instructions.clone().skip(1) {
                let place = Place { number: at + 1, trigger: false, instruction: at, stage: number, base };
                below = self.step(&mut state, &file.instructions[at], place, below)?;
                base = None;
            }
            self.ends.push(End { below, config: state.config });
        }
        Some(())
    }

    /// The FROM of a stage.
    fn begin(&mut self, stage: usize, at: usize) -> Option<(Below, Option<ContainerConfig>)> {
        let number = at + 1;
        let text = self.file.instructions[at].code().to_owned();
        let pull = |name: &str| Cause::Pull { reference: name.to_owned() };
        let (state, below, config, cause) = match &self.stages.stages[stage].base {
            Base::Scratch => (State::Base(None), Below::Image(None), None, None),
            Base::Stage(from) => {
                let end = &self.ends[*from];
                let image = if let Below::Image(image) = &end.below { image.clone() } else { None };
                (State::Base(image), end.below.clone(), Some(end.config.clone()), None)
            }
            Base::Image(name) => match self.bases.get(name) {
                Some(BaseImage::Here { image, config }) => {
                    let image = Some(image.clone());
                    (State::Base(image.clone()), Below::Image(image), Some((**config).clone()), None)
                }
                _ => (State::Unknown, Below::Maybe(number), None, Some(pull(name))),
            },
            Base::Unknown(message) => (State::Fails(message.clone()), Below::New(number), None, None),
        };
        self.push(number, at, Some(stage), text, state)?;
        if let Some(step) = self.forecast.steps.last_mut() {
            step.cause = cause;
        }
        Some((below, config))
    }

    /// Adds a step; `None` when the build stops at it.
    fn push(
        &mut self,
        number: usize,
        instruction: usize,
        stage: Option<usize>,
        text: String,
        state: State,
    ) -> Option<()> {
        let stops = matches!(state, State::Fails(_));
        let (trigger, cause, last, key) = (false, None, None, None);
        let step = StepForecast { number, trigger, instruction, stage, text, state, cause, last, key };
        self.forecast.steps.push(step);
        (!stops).then_some(())
    }

    /// A step of a stage: what comes of it.
    fn step(
        &mut self,
        state: &mut StageState,
        instruction: &Instruction,
        place: Place<'_>,
        below: Below,
    ) -> Option<Below> {
        let Place { number, trigger, instruction: at, stage, .. } = place;
        let mut forecast = StepForecast {
            number,
            trigger,
            instruction: at,
            stage: Some(stage),
            text: String::new(),
            state: State::Runs,
            cause: None,
            last: None,
            key: None,
        };
        let outcome = match state.step(instruction, &self.expander) {
            Err(error) => Err(error.to_string()),
            Ok(step) => {
                let outcome = self.decide(instruction, &step, place, below, &mut forecast);
                forecast.last = self.cache.last(&step.text, number, &self.request.workshop);
                forecast.text = step.text;
                outcome
            }
        };
        let below = match outcome {
            Ok(below) => Some(below),
            Err(message) => {
                forecast.state = State::Fails(message);
                None
            }
        };
        self.forecast.steps.push(forecast);
        below
    }

    fn decide(
        &self,
        instruction: &Instruction,
        step: &Step,
        place: Place<'_>,
        below: Below,
        forecast: &mut StepForecast,
    ) -> Result<Below, String> {
        let number = place.number;
        let mut set = |state, cause| {
            let below = if state == State::Runs { Below::New(number) } else { Below::Maybe(number) };
            (forecast.state, forecast.cause) = (state, Some(cause));
            Ok(below)
        };
        let taken = self.taken(instruction, step, place.stage);
        if let Err(Untold::Fails(message)) = taken {
            return Err(message);
        }
        let parent = match below {
            _ if self.request.no_cache => return set(State::Runs, Cause::NoCache),
            Below::New(first) => return set(State::Runs, Cause::After { step: first }),
            Below::Maybe(_)
                if self.cache.of(&step.text).all(|record| !record.alive) && !self.cache.truncated =>
            {
                return set(State::Runs, Cause::NeverBuilt);
            }
            Below::Maybe(first) => return set(State::Unknown, Cause::After { step: first }),
            Below::Image(parent) => parent,
        };
        // Without one like it on that image it runs, whatever it takes.
        let like = |record: &super::Record| record.alive && record.instruction == step.text;
        let possible = self.cache.truncated || self.cache.on(&parent).any(like);
        let (taken, untold) = match taken {
            Ok(taken) => (taken, None),
            Err(Untold::Unknown(cause)) => (Vec::new(), Some(cause)),
            Err(Untold::Fails(message)) => return Err(message),
        };
        if let (Some(cause), true) = (&untold, possible) {
            return set(State::Unknown, cause.clone());
        }
        let contents: Vec<Content<'_>> = taken
            .iter()
            .map(|taken| match taken {
                Taken::Files(content) => Content::Files(&content.digest),
                Taken::Image(image) => Content::Image(image),
            })
            .collect();
        let key = StepKey::of(parent.as_ref(), &self.request.platform, step, &contents);
        if untold.is_none() {
            if let Some(image) = self.cache.image(&key) {
                (forecast.state, forecast.key) = (State::Cached(image.clone()), Some(key));
                return Ok(Below::Image(Some(image.clone())));
            }
            let from = step.takes.iter().find_map(|taken| taken.from.clone());
            if let (Some(from), true) = (from, possible) {
                return set(State::Unknown, Cause::Source { from });
            }
        }
        if self.cache.truncated {
            return set(State::Unknown, Cause::Truncated);
        }
        let miss = Miss {
            step,
            parent: &parent,
            number,
            workshop: &self.request.workshop,
            base: place.base,
            picked: step.takes.first().and_then(|copied| self.context.pick(copied).ok()),
            key: &key,
        };
        let cause = miss.cause(self.cache);
        let outcome = set(State::Runs, cause);
        if untold.is_none() {
            forecast.key = Some(key);
        }
        outcome
    }

    /// What a step takes from the context, stages and images.
    fn taken(&self, instruction: &Instruction, step: &Step, stage: usize) -> Result<Vec<Taken>, Untold> {
        let mut all = Vec::with_capacity(step.takes.len());
        let mut unknown = None;
        for copied in &step.takes {
            let Some(from) = copied.from.as_ref().filter(|from| !from.is_empty()) else {
                match self.context.content(copied) {
                    Ok(content) => all.push(Taken::Files(content)),
                    Err(PickError::Remote { url }) if matches!(instruction.command, Command::Add(_)) => {
                        unknown = Some(Cause::Remote { url });
                    }
                    Err(error) => return Err(Untold::Fails(failed(instruction, &error))),
                }
                continue;
            };
            let source = || Cause::Source { from: from.clone() };
            match self.stages.source_in(stage, from) {
                Base::Stage(earlier) => match &self.ends[earlier].below {
                    Below::Image(Some(image)) => all.push(Taken::Image(image.clone())),
                    _ => unknown = Some(source()),
                },
                Base::Image(name) => match self.bases.get(&name) {
                    Some(BaseImage::Here { image, .. }) => all.push(Taken::Image(image.clone())),
                    _ => unknown = Some(Cause::Pull { reference: name }),
                },
                Base::Scratch => unknown = Some(source()),
                Base::Unknown(message) => return Err(Untold::Fails(message)),
            }
        }
        unknown.map_or(Ok(all), |cause| Err(Untold::Unknown(cause)))
    }
}

/// Why a copy fails, as dockerd says it.
fn failed(instruction: &Instruction, error: &PickError) -> String {
    let name = instruction.kind().map(crate::Keyword::name).unwrap_or_default();
    match error {
        PickError::Remote { .. } => format!("{name} failed: source can't be a URL for COPY"),
        error => format!("{name} failed: {error}"),
    }
}
