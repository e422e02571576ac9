//! A build as its events tell it: a row for each step, with its output.

use std::collections::BTreeMap;

use strata_api::workshop::{BuildDetail, BuildEvent, BuildState, Source, StepOutcome};
use strata_oci::ImageId;

use super::ansi::Screen;
use crate::pulling::{Layer, Lines, Pulling};

/// How a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StepState {
    /// It is under way.
    Runs,
    /// It ended well.
    Done(StepOutcome),
    /// It failed.
    Failed,
    /// It was stopped.
    Stopped,
}

impl StepState {
    /// For tests and style sheets.
    pub fn name(self) -> &'static str {
        match self {
            Self::Runs => "running",
            Self::Done(StepOutcome::Cached) => "cached",
            Self::Done(StepOutcome::Ran) => "ran",
            Self::Done(StepOutcome::Base) => "base",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
        }
    }
}

/// A step as far as it came.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its number, from 1.
    pub number: usize,
    /// First and last line of its instruction.
    pub lines: (usize, usize),
    /// The stage, from 0.
    pub stage: usize,
    /// The instruction.
    pub instruction: String,
    /// Whether it is an `ONBUILD` trigger.
    pub trigger: bool,
    /// How it stands.
    pub state: StepState,
    /// The image that it left.
    pub image: Option<ImageId>,
    /// Whether it made a layer.
    pub has_layer: bool,
    /// Bytes of its layer.
    pub bytes: u64,
    /// How long it took.
    pub milliseconds: u64,
    /// When the page heard of it, in the page's own milliseconds: until it ends its time is told from that.
    pub since: i64,
    /// What it printed.
    pub output: Screen,
    /// Layers that it pulls.
    pub pull: Vec<Layer>,
}

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// The step, if it was one's fault.
    pub step: Option<usize>,
    /// Lines of the Dockerfile.
    pub lines: Option<(usize, usize)>,
    /// What its program ended with.
    pub code: Option<i64>,
    /// In the engine's words.
    pub message: String,
    /// Whether a shell in the step as it was left is possible.
    pub kept: bool,
}

/// How a build ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// An image came out.
    Done {
        /// The image.
        image: ImageId,
        /// Its names.
        names: Vec<String>,
    },
    /// It failed.
    Failed(Trouble),
    /// It was stopped.
    Cancelled,
}

/// A build.
#[derive(Debug, Default)]
pub struct Build {
    /// Its id, once it is known.
    pub id: String,
    /// How many steps it will have.
    pub total: usize,
    /// Files and bytes of the context.
    pub context: Option<(u64, u64)>,
    /// The steps that began.
    pub steps: Vec<Step>,
    /// Warnings, with their steps.
    pub warnings: Vec<(Option<usize>, String)>,
    /// How it ended.
    pub end: Option<End>,
    /// How long it took in all.
    pub milliseconds: u64,
    /// The base image's pull, by step.
    pulls: BTreeMap<usize, Pulling>,
    lines: Lines,
}

impl Build {
    /// A build that is known by its id alone.
    pub fn of(id: &str) -> Self {
        Self { id: id.to_owned(), ..Self::default() }
    }

    /// Takes a piece of the stream as it came; `now` is the page's clock in milliseconds.
    pub fn feed(&mut self, piece: &[u8], now: i64) {
        for line in self.lines.push(piece) {
            // What this page doesn't know is left out.
            if let Ok(event) = serde_json::from_slice::<BuildEvent>(&line) {
                self.take(event, now);
            }
        }
    }

    /// Takes an event.
    pub fn take(&mut self, event: BuildEvent, now: i64) {
        match event {
            BuildEvent::Started { build, steps, .. } => {
                self.id = build;
                self.total = steps;
            }
            BuildEvent::Context { files, bytes } => self.context = Some((files, bytes)),
            BuildEvent::Pull { step, message } => {
                let pull = self.pulls.entry(step).or_default();
                pull.take(message);
                let layers = pull.layers.clone();
                if let Some(step) = self.step(step) {
                    step.pull = layers;
                }
            }
            BuildEvent::StepStarted { step, line, last_line, stage, instruction, trigger } => {
                self.total = self.total.max(step);
                // An ARG before the first FROM has nothing to end with.
                self.stop(StepState::Done(StepOutcome::Ran), now);
                self.steps.push(Step {
                    number: step,
                    lines: (line, last_line.max(line)),
                    stage,
                    instruction,
                    trigger,
                    state: StepState::Runs,
                    image: None,
                    has_layer: false,
                    bytes: 0,
                    milliseconds: 0,
                    since: now,
                    output: Screen::default(),
                    pull: Vec::new(),
                });
            }
            BuildEvent::Container { .. } => {}
            BuildEvent::Output { step, source, text } => {
                // The builder's own words (` ---> Running in …`) are what the row shows anyway.
                if let (Some(step), Source::Stdout | Source::Stderr) = (self.step(step), source) {
                    step.output.push(&text);
                }
            }
            BuildEvent::Warning { step, message } => self.warnings.push((step, message)),
            BuildEvent::StepDone { step, outcome, image, layer, bytes, milliseconds } => {
                if let Some(step) = self.step(step) {
                    step.state = StepState::Done(outcome);
                    step.image = Some(image);
                    step.has_layer = layer.is_some();
                    (step.bytes, step.milliseconds) = (bytes, milliseconds);
                    step.pull.clear();
                }
            }
            BuildEvent::Failed { step, line, last_line, code, message, kept, milliseconds } => {
                let lines = line.map(|line| (line, last_line.unwrap_or(line).max(line)));
                let lines = lines.or_else(|| self.step(step?).map(|step| step.lines));
                self.stop(StepState::Failed, now);
                // A build that is told again later was not that quick.
                let others: u64 = self
                    .steps
                    .iter()
                    .filter(|one| Some(one.number) != step)
                    .map(|one| one.milliseconds)
                    .sum();
                if let Some(failed) = step.and_then(|step| self.step(step)) {
                    failed.milliseconds = failed.milliseconds.max(milliseconds.saturating_sub(others));
                }
                self.milliseconds = milliseconds;
                self.end = Some(End::Failed(Trouble { step, lines, code, message, kept }));
            }
            BuildEvent::Cancelled { .. } => {
                self.stop(StepState::Stopped, now);
                self.end = Some(End::Cancelled);
            }
            BuildEvent::Done { image, names, milliseconds } => {
                self.stop(StepState::Done(StepOutcome::Ran), now);
                self.milliseconds = milliseconds;
                self.end = Some(End::Done { image, names });
            }
        }
    }

    /// The stream ended, well or not, without a last event: whoever asked for it knows why.
    pub fn cut(&mut self, message: Option<String>, now: i64) {
        if self.end.is_some() {
            return;
        }
        match message {
            None => {
                self.stop(StepState::Stopped, now);
                self.end = Some(End::Cancelled);
            }
            Some(message) => {
                self.stop(StepState::Failed, now);
                self.end =
                    Some(End::Failed(Trouble { step: None, lines: None, code: None, message, kept: false }));
            }
        }
    }

    fn stop(&mut self, state: StepState, now: i64) {
        for step in self.steps.iter_mut().filter(|step| step.state == StepState::Runs) {
            step.state = state;
            step.milliseconds = (now - step.since).max(0) as u64;
        }
    }

    fn step(&mut self, number: usize) -> Option<&mut Step> {
        self.steps.iter_mut().rev().find(|step| step.number == number)
    }

    /// A step by its number.
    pub fn find(&self, number: usize) -> Option<&Step> {
        self.steps.iter().rev().find(|step| step.number == number)
    }

    /// Whether it still runs.
    pub fn is_running(&self) -> bool {
        self.end.is_none()
    }

    /// The step that is under way.
    pub fn current(&self) -> Option<&Step> {
        self.steps.last().filter(|step| step.state == StepState::Runs)
    }

    /// What went wrong.
    pub fn trouble(&self) -> Option<&Trouble> {
        match &self.end {
            Some(End::Failed(trouble)) => Some(trouble),
            _ => None,
        }
    }

    /// A build that was, as it would have been told, but for its output.
    pub fn remembered(detail: &BuildDetail) -> Self {
        let steps = detail.steps.iter().map(|step| Step {
            number: step.step,
            lines: (step.line, step.last_line),
            stage: step.stage,
            instruction: step.instruction.clone(),
            trigger: step.trigger,
            state: match (&step.outcome, &detail.card.state) {
                (Some(outcome), _) => StepState::Done(*outcome),
                (None, BuildState::Running) => StepState::Runs,
                (None, BuildState::Cancelled) => StepState::Stopped,
                (None, _) => StepState::Failed,
            },
            image: step.image.clone(),
            has_layer: step.layer.is_some(),
            bytes: step.bytes,
            milliseconds: step.milliseconds,
            since: detail.card.started,
            output: Screen::default(),
            pull: Vec::new(),
        });
        let steps: Vec<Step> = steps.collect();
        let end = match &detail.card.state {
            BuildState::Running => None,
            BuildState::Cancelled => Some(End::Cancelled),
            BuildState::Succeeded => {
                detail.card.image.clone().map(|image| End::Done { image, names: detail.card.names.clone() })
            }
            BuildState::Failed { step, message } => {
                let found = step.and_then(|number| steps.iter().find(|step| step.number == number));
                Some(End::Failed(Trouble {
                    step: *step,
                    lines: found.map(|step| step.lines),
                    code: None,
                    message: message.clone(),
                    kept: found.is_some_and(|step| step.image.is_some()),
                }))
            }
        };
        Self {
            id: detail.card.id.clone(),
            total: detail.card.steps,
            steps,
            end,
            milliseconds: detail.card.milliseconds,
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fed(lines: &str) -> Build {
        let mut build = Build::default();
        // In pieces that cut lines anywhere.
        for piece in lines.as_bytes().chunks(7) {
            build.feed(piece, 1000);
        }
        build
    }

    const IMAGE: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    #[test]
    fn a_build_is_told_line_by_line() {
        let build = fed(&format!(
            r#"{{"event":"started","build":"b1","at":1,"steps":2}}
{{"event":"context","files":3,"bytes":99}}
{{"event":"step_started","step":1,"line":1,"last_line":1,"stage":0,"instruction":"FROM busybox","trigger":false}}
{{"event":"step_done","step":1,"outcome":"base","image":"{IMAGE}","layer":null,"bytes":0,"milliseconds":1}}
{{"event":"from the future","step":7}}
{{"event":"step_started","step":2,"line":3,"last_line":4,"stage":0,"instruction":"RUN make","trigger":false}}
{{"event":"output","step":2,"source":"builder","text":" ---> Running in abc\n"}}
{{"event":"output","step":2,"source":"stderr","text":"\u001b[31mno\u001b[0m rule\n"}}
{{"event":"failed","step":2,"line":null,"last_line":null,"code":2,"message":"returned 2","kept":true,"milliseconds":5}}
"#
        ));
        assert_eq!((build.id.as_str(), build.total, build.context), ("b1", 2, Some((3, 99))));
        let states: Vec<_> = build.steps.iter().map(|step| step.state.name()).collect();
        assert_eq!(states, ["base", "failed"]);
        assert_eq!(build.steps[1].output.tail(9), "no rule");
        let trouble = build.trouble().expect("it failed");
        assert_eq!((trouble.step, trouble.lines, trouble.kept), (Some(2), Some((3, 4)), true));
        assert!(!build.is_running());
    }

    #[test]
    fn what_ends_without_a_word_ended_all_the_same() {
        let step = |number: usize| {
            format!(
                r#"{{"event":"step_started","step":{number},"line":{number},"last_line":{number},"stage":0,"instruction":"ARG A","trigger":false}}"#
            )
        };
        let build = fed(&format!("{}\n{}\n", step(1), step(2)));
        let states: Vec<_> = build.steps.iter().map(|step| step.state.name()).collect();
        assert_eq!(states, ["ran", "running"]);
        let done = format!(r#"{{"event":"done","image":"{IMAGE}","names":[],"milliseconds":1}}"#);
        assert!(fed(&format!("{}\n{done}\n", step(1))).current().is_none());
    }

    #[test]
    fn a_stream_that_is_cut_is_an_end_too() {
        let begun = r#"{"event":"step_started","step":1,"line":1,"last_line":1,"stage":0,"instruction":"RUN x","trigger":false}
"#;
        let mut build = fed(begun);
        assert!(build.is_running() && build.current().is_some());
        build.cut(None, 1500);
        assert_eq!((build.end.clone(), build.steps[0].milliseconds), (Some(End::Cancelled), 500));
        build.cut(Some("later".into()), 1600);
        assert_eq!(build.end, Some(End::Cancelled));
        let mut build = fed(begun);
        build.cut(Some("gone".into()), 1500);
        assert_eq!(build.steps[0].state, StepState::Failed);
        assert_eq!(build.trouble().map(|trouble| trouble.message.as_str()), Some("gone"));
    }
}
