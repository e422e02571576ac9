//! What the editor draws beside each instruction: the stripe of its layer, the forecast's mark, and what went wrong.

use std::collections::BTreeMap;

use serde::Serialize;
use strata_api::workshop::BaseState;
use strata_dockerfile::{Command, Dockerfile, Instruction, Keyword};

use super::building::{Build, Step, StepState};
use crate::hues;

/// The layer of an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stripe {
    /// The layer's place in the image that the stage makes, 0 at the bottom; `None` for an instruction that makes none.
    pub position: Option<usize>,
    /// Whether the layer is the base's.
    pub base: bool,
}

/// An instruction as the editor draws it; see `frontend/js/editor/lines.js`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Line {
    /// First line, from 1.
    pub line: u32,
    /// Last line.
    pub last: u32,
    /// The hue of its layer.
    pub hue: Option<f64>,
    /// Whether the layer is the base's.
    pub base: bool,
    /// The layer.
    pub position: Option<usize>,
    /// Whether it makes an empty row of the history.
    pub empty: bool,
    /// `cached`, `runs`, `unknown`, `base`, or nothing.
    pub mark: &'static str,
    /// The mark's sign.
    pub sign: &'static str,
    /// A few words behind it.
    pub note: String,
    /// The whole of it.
    pub title: String,
    /// What went wrong here.
    pub wrong: Option<Wrong>,
}

/// What went wrong with an instruction.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Wrong {
    /// In the engine's words.
    pub message: String,
    /// The end of what it printed.
    pub output: String,
    /// What the button says that opens a shell; empty for no button.
    pub shell: String,
}

/// A forecast's mark for an instruction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// `cached`, `runs`, `unknown`, `base`.
    pub name: &'static str,
    /// Its sign: colour is never the only one.
    pub sign: &'static str,
    /// A few words behind it.
    pub note: String,
    /// The whole of it.
    pub title: String,
}

/// The layers of all instructions of a file, as far as they can be known: from the bases that are here, and from the newest
/// build where its steps are still in the text.
pub fn stripes(file: &Dockerfile, bases: &BTreeMap<String, BaseState>, built: Option<&Build>) -> Vec<Stripe> {
    let none = Stripe { position: None, base: false };
    // Layers of each stage when it is done, by name and by number.
    let mut stages: Vec<(Option<String>, usize)> = Vec::new();
    let mut count = 0;
    let mut stripes = Vec::with_capacity(file.instructions.len());
    for one in &file.instructions {
        let stripe = match &one.command {
            Command::From(from) => {
                let name = from.image.text.as_str();
                let stage = stages.iter().rev().find(|(known, _)| {
                    known.as_deref().is_some_and(|known| known.eq_ignore_ascii_case(name))
                });
                count = match (stage, bases.get(name)) {
                    (Some((_, layers)), _) => *layers,
                    (None, Some(BaseState::Here { layers, .. })) => *layers,
                    (None, _) if name == "scratch" => 0,
                    // Nobody knows; most bases are one layer.
                    (None, _) => 1,
                };
                stages.push((from.alias.as_ref().map(|(_, name)| name.text.clone()), count));
                Stripe { position: count.checked_sub(1), base: true }
            }
            _ if stages.is_empty() => none,
            _ if makes_layer(one, built) => {
                count += 1;
                if let Some(stage) = stages.last_mut() {
                    stage.1 = count;
                }
                Stripe { position: Some(count - 1), base: false }
            }
            _ => none,
        };
        stripes.push(stripe);
    }
    stripes
}

fn makes_layer(one: &Instruction, built: Option<&Build>) -> bool {
    let known =
        built.and_then(|build| step_of(build, one)).filter(|step| matches!(step.state, StepState::Done(_)));
    match known {
        Some(step) => step.has_layer,
        None => one.kind().is_some_and(Keyword::changes_files),
    }
}

/// The step of a build that an instruction was, if it still says the same on the same lines.
pub fn step_of<'a>(build: &'a Build, one: &Instruction) -> Option<&'a Step> {
    let lines = (one.lines.0 as usize, one.lines.1 as usize);
    let keyword = |text: &str| text.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
    build.steps.iter().find(|step| {
        !step.trigger
            && step.lines == lines
            && keyword(&step.instruction) == one.keyword.text.to_ascii_uppercase()
    })
}

/// All that the editor draws. `marks` has one for each instruction that the forecast knows; what went wrong goes to the
/// instruction that begins in its line or has it inside, or else to the first one.
pub fn lines(
    file: &Dockerfile,
    stripes: &[Stripe],
    marks: &[Option<Mark>],
    wrong: Option<(usize, Wrong)>,
) -> Vec<Line> {
    let mut lines: Vec<Line> = file
        .instructions
        .iter()
        .enumerate()
        .map(|(at, one)| {
            let stripe = stripes.get(at).copied().unwrap_or(Stripe { position: None, base: false });
            let mark = marks.get(at).cloned().flatten().unwrap_or_default();
            Line {
                line: one.lines.0,
                last: one.lines.1.max(one.lines.0),
                hue: stripe.position.map(|position| (hues::hue(position) * 10.0).round() / 10.0),
                base: stripe.base,
                position: stripe.position,
                empty: stripe.position.is_none(),
                mark: mark.name,
                sign: mark.sign,
                note: mark.note,
                title: mark.title,
                wrong: None,
            }
        })
        .collect();
    if let Some((line, wrong)) = wrong {
        let at = lines.iter().rposition(|one| one.line as usize <= line).unwrap_or(0);
        if let Some(one) = lines.get_mut(at) {
            one.wrong = Some(wrong);
        }
    }
    lines
}

/// Where a line of the text that was built stands now; `None` if it was edited or is gone.
pub fn moved(built: &str, now: &str, line: usize) -> Option<usize> {
    let (old, new): (Vec<&str>, Vec<&str>) = (built.lines().collect(), now.lines().collect());
    let at = line.checked_sub(1).filter(|at| *at < old.len())?;
    let head = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    if at < head {
        return Some(line);
    }
    let tail = old[head..].iter().rev().zip(new[head..].iter().rev()).take_while(|(a, b)| a == b).count();
    (old.len() - at <= tail).then(|| new.len() - (old.len() - at) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn positions(text: &str, bases: &BTreeMap<String, BaseState>) -> Vec<Option<usize>> {
        let file = Dockerfile::parse(text);
        stripes(&file, bases, None).iter().map(|stripe| stripe.position).collect()
    }

    fn here(layers: usize) -> BaseState {
        BaseState::Here {
            image: format!("sha256:{}", "a".repeat(64)).parse().expect("an id"),
            config: Box::default(),
            layers,
            bytes: 0,
        }
    }

    #[test]
    fn layers_are_counted_from_their_bases() {
        let bases = BTreeMap::from([("debian:12".to_owned(), here(3))]);
        let text = "ARG A\nFROM debian:12 AS one\nRUN a\nENV B=1\nFROM scratch\nCOPY --from=one / /\nFROM ONE\nCOPY x /\n";
        assert_eq!(positions(text, &bases), [None, Some(2), Some(3), None, None, Some(0), Some(3), Some(4)]);
        assert_eq!(positions("RUN x\n", &bases), [None]);
    }

    #[test]
    fn lines_move_with_what_is_typed_above() {
        let built = "FROM a\nRUN x\nRUN y\n";
        let cases = [
            (built, 2, Some(2)),
            ("FROM a\nENV b\nRUN x\nRUN y\n", 2, Some(3)),
            ("FROM a\nRUN z\nRUN y\n", 2, None),
            ("FROM a\n", 3, None),
            ("", 1, None),
        ];
        for (now, line, expected) in cases {
            assert_eq!(moved(built, now, line), expected, "{now:?}");
        }
        assert_eq!((moved(built, built, 0), moved(built, built, 4)), (None, None));
    }

    #[test]
    fn trouble_goes_to_its_instruction() {
        let file = Dockerfile::parse("FROM a\nRUN x \\\n  y\nCMD z\n");
        let at = |line: usize| {
            let wrong = Some((line, Wrong { message: "no".into(), ..Wrong::default() }));
            lines(&file, &[], &[], wrong).iter().position(|line| line.wrong.is_some())
        };
        assert_eq!([0, 1, 2, 3, 4, 99].map(at), [Some(0), Some(0), Some(1), Some(1), Some(2), Some(2)]);
        assert_eq!(lines(&Dockerfile::default(), &[], &[], Some((1, Wrong::default()))), []);
    }
}
