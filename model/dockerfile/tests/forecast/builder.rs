//! A builder that does nothing but what decides about the cache.

use std::collections::BTreeMap;

use strata_dockerfile::{
    Base, Dockerfile, Stages,
    context::{Listing, copied_files},
    declare,
    evaluate::{Arguments, StageState, Step},
    expand::Expander,
    forecast::{BaseImage, Cache, Forecast, Record, Request, forecast},
    key::{Content, StepKey},
};
use strata_oci::{Digest, ImageId};

/// What was built so far.
#[derive(Default)]
pub struct World {
    pub bases: BTreeMap<String, BaseImage>,
    /// Newest first.
    pub records: Vec<Record>,
    clock: i64,
    /// What is in each image, as far as another stage can see.
    contents: BTreeMap<ImageId, Digest>,
    made: BTreeMap<StepKey, ImageId>,
}

/// What happened to a step: its number, and whether it was taken from the cache.
pub type Happened = (usize, bool);

pub fn image(name: &str) -> ImageId {
    ImageId(Digest::of(name.as_bytes()))
}

impl World {
    pub fn forecast(&self, text: &str, request: &Request, context: &Listing) -> Forecast {
        let cache = Cache::new(self.records.clone(), false);
        forecast(&Dockerfile::parse(text), request, &self.bases, context, &cache)
    }

    /// Builds as dockerd's classic builder: every stage up to the target, nothing from the cache behind a step that ran.
    pub fn build(&mut self, text: &str, request: &Request, context: &Listing) -> Vec<Happened> {
        let file = Dockerfile::parse(text);
        assert_eq!(file.refusal("Dockerfile"), None, "{text}");
        let stages = Stages::of(&file, &request.arguments);
        let last = stages.target(request.target.as_deref()).expect("a stage");
        let expander = Expander::new(file.directives.escape());
        let mut arguments = Arguments::new(request.arguments.clone());
        for instruction in &file.instructions[..stages.before] {
            declare(&mut arguments, instruction, &expander).expect("expands");
        }
        let mut happened = Vec::new();
        let mut done: Vec<(Option<ImageId>, strata_oci::ContainerConfig)> = Vec::new();
        let mut records = Vec::new();
        for (number, stage) in stages.stages.iter().enumerate().take(last + 1) {
            let (mut at, config) = match &stage.base {
                Base::Scratch => (None, None),
                Base::Stage(from) => (done[*from].0.clone(), Some(done[*from].1.clone())),
                Base::Image(name) => match &self.bases[name] {
                    BaseImage::Here { image, config } => (Some(image.clone()), Some((**config).clone())),
                    BaseImage::Absent => panic!("no {name}"),
                },
                Base::Unknown(message) => panic!("{message}"),
            };
            let (mut state, triggers) = StageState::begin(config.as_ref(), &arguments);
            let mut busted = request.no_cache;
            let triggers: Vec<Dockerfile> =
                triggers.iter().map(|trigger| Dockerfile::parse(trigger)).collect();
            let triggered = triggers.iter().flat_map(|file| &file.instructions);
            let own = &file.instructions[stage.instructions.clone()];
            let numbered =
                own.iter().enumerate().skip(1).map(|(at, one)| (stage.instructions.start + at + 1, one));
            let first = stage.instructions.start + 1;
            for (step_number, instruction) in triggered.map(|one| (first, one)).chain(numbered) {
                let step = state.step(instruction, &expander).expect("evaluates");
                let keys = self.keys(&stages, number, &done, at.as_ref(), request, &step, context);
                let hit = keys.iter().find_map(|key| self.made.get(key)).filter(|_| !busted).cloned();
                happened.push((step_number, hit.is_some()));
                busted |= hit.is_none();
                let made = hit.unwrap_or_else(|| {
                    self.clock += 1;
                    image(&format!("made {}", self.clock))
                });
                let content = at.as_ref().and_then(|at| self.contents.get(at)).map(ToString::to_string);
                let files = keys.last().map(ToString::to_string).unwrap_or_default();
                let files = if step.takes.is_empty() { String::new() } else { files };
                let content = Digest::of(format!("{content:?} {} {files}", step.text).as_bytes());
                self.contents.insert(made.clone(), content);
                let picked = step.takes.first().filter(|taken| taken.from.is_none());
                let files = picked.map(|copied| copied_files(&context.pick(copied).expect("there")));
                for key in keys {
                    self.made.insert(key.clone(), made.clone());
                    let record = Record {
                        key,
                        parent: at.clone(),
                        step: step_number,
                        workshop: request.workshop.clone(),
                        instruction: step.text.clone(),
                        args: step.args.clone(),
                        files: files.clone(),
                        image: made.clone(),
                        alive: true,
                        bytes: 10,
                        milliseconds: 100,
                        at: self.clock,
                    };
                    records.push(record);
                }
                at = Some(made);
            }
            done.push((at, state.config));
        }
        records.reverse();
        records.append(&mut self.records);
        self.records = records;
        happened
    }

    /// The keys of a step, in the order in which the cache is asked.
    #[allow(clippy::too_many_arguments, reason = "a step depends on all of that")]
    fn keys(
        &self,
        stages: &Stages,
        stage: usize,
        done: &[(Option<ImageId>, strata_oci::ContainerConfig)],
        parent: Option<&ImageId>,
        request: &Request,
        step: &Step,
        context: &Listing,
    ) -> Vec<StepKey> {
        let key = |contents: &[Content<'_>]| StepKey::of(parent, &request.platform, step, contents);
        let Some(taken) = step.takes.first() else { return vec![key(&[])] };
        let Some(from) = &taken.from else {
            let content = context.content(taken).expect("there");
            return vec![key(&[Content::Files(&content.digest)])];
        };
        let Base::Stage(from) = stages.source_in(stage, from) else { panic!("no stage {from}") };
        let source = done[from].0.clone().expect("an image");
        vec![key(&[Content::Image(&source)]), key(&[Content::Files(&self.contents[&source])])]
    }
}
