//! What the builder tells → what the page is told, and the record of the build that grows with it. Pure.

use std::collections::HashMap;

use strata_api::workshop::{
    BuildCard, BuildDetail, BuildEvent, BuildState, BuiltStep, SentFile, Source, StepOutcome,
};
use strata_builder::{Event, Outcome, Step, Stream};
use strata_dockerfile::context::{Entry, Kind};
use strata_oci::{Digest, ImageId};

/// Bytes of output that are told and kept of a build, with what keeping each piece takes.
const MOST_OUTPUT: usize = 4 << 20;
/// What keeping a piece takes besides its text, however short that is.
const PIECE: usize = 128;

/// Turns one build's events into the page's and keeps its record.
pub(super) struct Teller {
    pub(super) detail: BuildDetail,
    /// The context's size, which is known before the steps are counted.
    context: Option<BuildEvent>,
    started: bool,
    /// The beginnings of characters that are not whole yet.
    cut: HashMap<(usize, Source), Vec<u8>>,
    output: usize,
}

impl Teller {
    pub(super) fn new(detail: BuildDetail) -> Self {
        Self { detail, context: None, started: false, cut: HashMap::new(), output: 0 }
    }

    /// What the page is told of an event. `kept` is the image of what a failing step left, if there is one.
    pub(super) fn tell(&mut self, event: Event, kept: Option<ImageId>, now: i64) -> Vec<BuildEvent> {
        let mut told = Vec::new();
        self.detail.card.milliseconds = u64::try_from(now - self.detail.card.started).unwrap_or(0);
        match event {
            // A workshop's is known already.
            Event::Dockerfile { text } if self.detail.card.workshop.is_none() => {
                self.detail.dockerfile = text;
            }
            Event::Copied { files } if self.detail.card.workshop.is_none() => self.note_files(files),
            Event::Dockerfile { .. } | Event::Copied { .. } => {}
            Event::Context { files, bytes } => self.context = Some(BuildEvent::Context { files, bytes }),
            Event::Started { steps } => self.start(steps, &mut told),
            Event::StepStarted(step) => told.push(self.begin(step)),
            Event::Pull { step, message } => told.push(BuildEvent::Pull { step, message }),
            Event::Triggers { count } => {
                told.push(self.says(format!("# Executing {count} build triggers\n")))
            }
            Event::Container { step, id } => told.push(BuildEvent::Container { step, id }),
            Event::Output { step, stream, bytes } => told.extend(self.output(step, stream, &bytes)),
            Event::Removed { .. } | Event::StageDone { .. } => {}
            Event::Warning { step, message } => told.push(BuildEvent::Warning { step, message }),
            Event::StepDone { step, trigger, outcome, parent, image, layer, bytes, took } => {
                told.extend(self.rest(step));
                let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
                let found = outcome;
                let outcome = match outcome {
                    Outcome::Cached => StepOutcome::Cached,
                    Outcome::Ran => StepOutcome::Ran,
                    Outcome::Base | Outcome::Argument => StepOutcome::Base,
                };
                let row =
                    self.detail.steps.iter_mut().rev().find(|row| row.step == step && row.trigger == trigger);
                if let Some(row) = row {
                    row.outcome = Some(outcome);
                    row.parent = parent;
                    row.image.clone_from(&image);
                    row.layer.clone_from(&layer);
                    (row.bytes, row.milliseconds) = (bytes, milliseconds);
                }
                if let (Outcome::Base, Some(image), false) = (found, &image, trigger) {
                    self.note_base(step, image.clone());
                }
                self.detail.card.cached += usize::from(outcome == StepOutcome::Cached && !trigger);
                // `FROM scratch` and an early `ARG` leave no image to look at.
                told.extend(image.map(|image| BuildEvent::StepDone {
                    step,
                    outcome,
                    image,
                    layer,
                    bytes,
                    milliseconds,
                }));
            }
            Event::Done { image, names, took } => {
                self.detail.card.state = BuildState::Succeeded;
                self.detail.card.image = Some(image.clone());
                self.detail.card.names.clone_from(&names);
                let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
                told.push(BuildEvent::Done { image, names, milliseconds });
            }
            Event::Failed { step, error, took, .. } => {
                if !self.started {
                    self.start(0, &mut told);
                }
                if let Some(step) = &step {
                    told.extend(self.rest(step.number));
                }
                let kept_here = kept.is_some();
                if let (Some(step), Some(row)) = (&step, self.detail.steps.last_mut())
                    && row.step == step.number
                {
                    row.image = kept;
                }
                let number = step.as_ref().map(|step| step.number);
                let lines = step.as_ref().map(|step| step.lines).filter(|lines| lines.0 > 0);
                self.detail.card.state = BuildState::Failed { step: number, message: error.message.clone() };
                told.push(BuildEvent::Failed {
                    step: number,
                    line: lines.map(|lines| lines.0),
                    last_line: lines.map(|lines| lines.1),
                    code: error.code,
                    message: error.message,
                    kept: kept_here,
                    milliseconds: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
                });
            }
            Event::Cancelled { step } => {
                if !self.started {
                    self.start(0, &mut told);
                }
                self.detail.card.state = BuildState::Cancelled;
                told.push(BuildEvent::Cancelled { step });
            }
        }
        told
    }

    fn start(&mut self, steps: usize, told: &mut Vec<BuildEvent>) {
        self.started = true;
        self.detail.card.steps = steps;
        let BuildCard { id, started, .. } = &self.detail.card;
        told.push(BuildEvent::Started { build: id.clone(), at: *started, steps });
        told.extend(self.context.take());
    }

    fn begin(&mut self, step: Step) -> BuildEvent {
        let Step { number, stage, lines: (line, last_line), text, trigger, .. } = step;
        self.detail.steps.push(BuiltStep {
            step: number,
            line,
            last_line,
            stage,
            instruction: text.clone(),
            trigger,
            outcome: None,
            parent: None,
            image: None,
            layer: None,
            bytes: 0,
            milliseconds: 0,
        });
        BuildEvent::StepStarted { step: number, line, last_line, stage, instruction: text, trigger }
    }

    /// Remembers what the name in a `FROM` meant.
    fn note_base(&mut self, step: usize, image: ImageId) {
        let Some(row) = self.detail.steps.iter().rev().find(|row| row.step == step) else { return };
        let name = row.instruction.split_whitespace().skip(1).find(|word| !word.starts_with("--"));
        self.detail.bases.extend(name.map(|name| (name.to_owned(), image)));
    }

    /// Adds to the files of the context that are known to have been used.
    fn note_files(&mut self, files: Option<Vec<Entry>>) {
        let (Some(mut known), Some(files)) = (self.detail.files.take(), files) else { return };
        known.extend(files.into_iter().map(used));
        known.sort_by(|a, b| a.path.cmp(&b.path));
        known.dedup_by(|a, b| a.path == b.path);
        self.detail.files = Some(known).filter(|known| known.len() <= super::FILES);
    }

    fn says(&self, text: String) -> BuildEvent {
        let step = self.detail.steps.last().map_or(1, |row| row.step);
        BuildEvent::Output { step, source: Source::Builder, text }
    }

    /// Text of whole characters; the rest waits for the next bytes.
    fn output(&mut self, step: usize, stream: Stream, bytes: &[u8]) -> Option<BuildEvent> {
        let source = match stream {
            Stream::Stdout => Source::Stdout,
            Stream::Stderr => Source::Stderr,
            Stream::Builder => Source::Builder,
        };
        if self.output >= MOST_OUTPUT {
            return None;
        }
        self.output += bytes.len() + PIECE;
        if self.output >= MOST_OUTPUT {
            let text = format!("\n[more than {} MiB of output: the rest is not shown]\n", MOST_OUTPUT >> 20);
            return Some(BuildEvent::Output { step, source: Source::Builder, text });
        }
        let mut all = self.cut.remove(&(step, source)).unwrap_or_default();
        all.extend_from_slice(bytes);
        let whole = all.len() - unfinished(&all);
        let rest = all.split_off(whole);
        if !rest.is_empty() {
            self.cut.insert((step, source), rest);
        }
        let text = String::from_utf8_lossy(&all).into_owned();
        (!text.is_empty()).then_some(BuildEvent::Output { step, source, text })
    }

    /// What never became whole characters.
    fn rest(&mut self, step: usize) -> Vec<BuildEvent> {
        let cut: Vec<_> = self.cut.extract_if(|(of, _), _| *of == step).collect();
        cut.into_iter()
            .map(|((step, source), bytes)| BuildEvent::Output {
                step,
                source,
                text: String::from_utf8_lossy(&bytes).into_owned(),
            })
            .collect()
    }
}

fn used(entry: Entry) -> SentFile {
    let kind = match entry.kind {
        Kind::File => 'f',
        Kind::Directory => 'd',
        Kind::Link => 'l',
    };
    let digest = match entry.kind {
        Kind::Link => Some(Digest::of(entry.content.as_bytes())),
        _ => entry.content.parse().ok(),
    };
    let path = strata_api::path::encode(entry.path.as_bytes());
    SentFile { path, kind, mode: entry.mode, size: entry.size, digest }
}

/// Bytes at the end that may be the beginning of a character.
fn unfinished(bytes: &[u8]) -> usize {
    let tail = bytes.len().saturating_sub(3);
    for (at, byte) in bytes.iter().enumerate().skip(tail).rev() {
        let length = match byte {
            0b1100_0000..=0b1101_1111 => 2,
            0b1110_0000..=0b1110_1111 => 3,
            0b1111_0000..=0b1111_0111 => 4,
            0b1000_0000..=0b1011_1111 => continue,
            _ => return 0,
        };
        let there = bytes.len() - at;
        return if there < length { there } else { 0 };
    }
    0
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use strata_oci::Digest;

    use super::*;

    fn teller() -> Teller {
        let card = BuildCard::begun("0123456789ab", Some("ba9876543210"), 1_000);
        Teller::new(BuildDetail {
            card,
            dockerfile: String::new(),
            target: None,
            args: Vec::new(),
            no_cache: false,
            files: None,
            bases: Vec::new(),
            steps: Vec::new(),
        })
    }

    fn step(number: usize) -> Step {
        Step { number, of: 2, stage: 0, lines: (number, number), text: "RUN x".into(), trigger: false }
    }

    fn text(told: &[BuildEvent]) -> String {
        let text = |event: &BuildEvent| match event {
            BuildEvent::Output { text, .. } => text.clone(),
            _ => String::new(),
        };
        told.iter().map(text).collect()
    }

    #[test]
    fn characters_are_never_cut_in_two() {
        let mut teller = teller();
        let all = "aé中😀\u{1b}[1m".as_bytes();
        for size in 1..5 {
            let mut said = String::new();
            for piece in all.chunks(size) {
                let event = Event::Output { step: 1, stream: Stream::Stdout, bytes: piece.to_vec().into() };
                said += &text(&teller.tell(event, None, 1_000));
            }
            assert_eq!(said.as_bytes(), all, "in pieces of {size}");
        }
        let event =
            |bytes: &'static [u8]| Event::Output { step: 1, stream: Stream::Stderr, bytes: bytes.into() };
        assert_eq!(text(&teller.tell(event(b"latin \xe9 \xff\xe4\xb8"), None, 0)), "latin \u{fffd} \u{fffd}");
        let done = Event::StepDone {
            step: 1,
            trigger: false,
            outcome: Outcome::Ran,
            parent: None,
            image: None,
            layer: None,
            bytes: 0,
            took: Duration::ZERO,
        };
        assert_eq!(text(&teller.tell(done, None, 0)), "\u{fffd}");
    }

    #[test]
    fn a_build_is_told_in_its_order_and_recorded() {
        let mut teller = teller();
        assert_eq!(teller.tell(Event::Context { files: 1, bytes: 2 }, None, 1_001), []);
        let told = teller.tell(Event::Started { steps: 2 }, None, 1_002);
        assert!(
            matches!(told[..], [BuildEvent::Started { steps: 2, .. }, BuildEvent::Context { .. }]),
            "{told:?}"
        );
        let from = Step { text: "FROM --platform=linux/amd64 box AS x".into(), ..step(1) };
        teller.tell(Event::StepStarted(from), None, 1_003);
        let image = ImageId(Digest::of(b"1"));
        let done = Event::StepDone {
            step: 1,
            trigger: false,
            outcome: Outcome::Base,
            parent: None,
            image: Some(image.clone()),
            layer: None,
            bytes: 0,
            took: Duration::from_millis(3),
        };
        assert!(matches!(teller.tell(done, None, 1_004)[..], [BuildEvent::StepDone { .. }]));
        teller.tell(Event::StepStarted(step(2)), None, 1_005);
        let error = strata_builder::Error { code: Some(3), ..strata_builder::Error::invalid("it failed") };
        let failed = Event::Failed { step: Some(step(2)), error, container: None, took: Duration::ZERO };
        let kept = ImageId(Digest::of(b"kept"));
        let told = teller.tell(failed, Some(kept.clone()), 1_050);
        assert!(
            matches!(
                told[..],
                [BuildEvent::Failed { step: Some(2), line: Some(2), code: Some(3), kept: true, .. }]
            ),
            "{told:?}"
        );
        let detail = &teller.detail;
        assert_eq!((detail.card.cached, detail.card.milliseconds, detail.card.steps), (0, 50, 2));
        assert_eq!(detail.bases, [("box".to_owned(), image.clone())]);
        assert_eq!(detail.steps[0].image, Some(image));
        assert_eq!(detail.steps[1].image, Some(kept));
        assert_eq!(detail.card.state, BuildState::Failed { step: Some(2), message: "it failed".into() });
    }

    #[test]
    fn a_build_that_fails_at_once_has_begun_all_the_same() {
        let mut teller = teller();
        let error = strata_builder::Error::invalid("no Dockerfile");
        let failed = Event::Failed { step: None, error, container: None, took: Duration::ZERO };
        let told = teller.tell(failed, None, 1_000);
        assert!(
            matches!(told[..], [BuildEvent::Started { .. }, BuildEvent::Failed { line: None, .. }]),
            "{told:?}"
        );
    }

    #[test]
    fn endless_output_ends() {
        let mut teller = teller();
        let piece = bytes::Bytes::from(vec![b'x'; 1 << 20]);
        let said: usize = (0..40)
            .map(|_| {
                let event = Event::Output { step: 1, stream: Stream::Stdout, bytes: piece.clone() };
                text(&teller.tell(event, None, 0)).len()
            })
            .sum();
        assert!(said < MOST_OUTPUT + 100, "{said}");
        let mut teller = self::teller();
        let byte = bytes::Bytes::from_static(b"x");
        let events: usize = (0..1_000_000)
            .map(|_| {
                let event = Event::Output { step: 1, stream: Stream::Stdout, bytes: byte.clone() };
                teller.tell(event, None, 0).len()
            })
            .sum();
        assert!(events <= MOST_OUTPUT / PIECE + 1, "many small pieces end sooner: {events}");
    }
}
