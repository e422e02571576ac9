//! Stages: which there are, what each is built on, which others it takes files from.

use std::{collections::BTreeMap, ops::Range};

use crate::{
    Command, Dockerfile, Instruction, Mount, Span,
    evaluate::{Arguments, Scope},
    expand::{ExpandError, Expander},
};

/// What a stage begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Base {
    /// Nothing.
    Scratch,
    /// An earlier stage, by its number from 0.
    Stage(usize),
    /// An image, as FROM names it after expansion.
    Image(String),
    /// It can't be told: why, in dockerd's words.
    Unknown(String),
}

/// How a stage takes something from elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// Which instruction, an index of [`Dockerfile::instructions`].
    pub instruction: usize,
    /// Where it is named.
    pub span: Span,
    /// What is named.
    pub from: Base,
}

/// One stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// The name in lower case.
    pub name: Option<String>,
    /// Its instructions, indexes of [`Dockerfile::instructions`]: the first is the FROM.
    pub instructions: Range<usize>,
    /// What it begins with.
    pub base: Base,
    /// Where its files come from besides: `COPY --from`, `RUN --mount=from=`.
    pub uses: Vec<Use>,
}

/// The stages of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stages {
    /// How many instructions (all of them ARG) come before the first FROM.
    pub before: usize,
    /// In the order of the file.
    pub stages: Vec<Stage>,
    /// The first stage of each name.
    names: BTreeMap<String, usize>,
}

/// A stage that isn't there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("failed to reach build target {target} in Dockerfile")]
pub struct NoTarget {
    /// What was asked for.
    pub target: String,
}

impl Stages {
    /// Finds the stages; `arguments` are what the client gives.
    pub fn of(file: &Dockerfile, arguments: &BTreeMap<String, Option<String>>) -> Self {
        let expander = Expander::new(file.directives.escape());
        let is_from = |instruction: &Instruction| matches!(instruction.command, Command::From(_));
        let before = file.instructions.iter().position(is_from).unwrap_or(file.instructions.len());
        let mut global = Arguments::new(arguments.clone());
        for instruction in &file.instructions[..before] {
            // What can't be expanded is told where it is used.
            let _wrong = declare(&mut global, instruction, &expander);
        }
        let mut found = Self { before, ..Self::default() };
        for (at, instruction) in file.instructions.iter().enumerate().skip(before) {
            let end = at + 1;
            if let Command::From(from) = &instruction.command {
                let name = from.alias.as_ref().map(|(_, name)| name.text.to_lowercase());
                let base = match expander.word(&from.image.text, &global.globals()) {
                    Ok(image) if image.is_empty() => {
                        Base::Unknown(format!("base name ({}) should not be blank", from.image.text))
                    }
                    Ok(image) if image == "scratch" => Base::Scratch,
                    Ok(image) => found.named(&image).map_or(Base::Image(image), Base::Stage),
                    Err(error) => Base::Unknown(error.to_string()),
                };
                if let Some(name) = &name {
                    found.names.entry(name.clone()).or_insert(found.stages.len());
                }
                found.stages.push(Stage { name, instructions: at..end, base, uses: Vec::new() });
                continue;
            }
            let uses = found.uses(at, instruction);
            if let Some(stage) = found.stages.last_mut() {
                stage.instructions.end = end;
                stage.uses.extend(uses);
            }
        }
        found
    }

    /// The first stage of a name, in any case.
    pub fn named(&self, name: &str) -> Option<usize> {
        self.names.get(&name.to_lowercase()).copied()
    }

    /// The stage at which a build stops.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn target(&self, target: Option<&str>) -> Result<usize, NoTarget> {
        match target.filter(|target| !target.is_empty()) {
            None => Ok(self.stages.len().saturating_sub(1)),
            Some(target) => self.named(target).ok_or_else(|| NoTarget { target: target.to_owned() }),
        }
    }

    /// Which stages' files end up in a stage's image, itself included. The classic builder builds the others before it
    /// all the same.
    pub fn needed(&self, target: usize) -> Vec<bool> {
        let mut needed = vec![false; self.stages.len()];
        let mut open = vec![target];
        while let Some(at) = open.pop() {
            let Some(stage) = self.stages.get(at) else { continue };
            if std::mem::replace(&mut needed[at], true) {
                continue;
            }
            let sources = stage.uses.iter().map(|used| &used.from).chain([&stage.base]);
            open.extend(sources.filter_map(|base| if let Base::Stage(at) = base { Some(*at) } else { None }));
        }
        needed
    }

    /// The stage that an instruction belongs to; `None` for an ARG before the first FROM.
    pub fn of_instruction(&self, instruction: usize) -> Option<usize> {
        self.stages.partition_point(|stage| stage.instructions.start <= instruction).checked_sub(1)
    }

    /// What a `--from` of the stage that is being read names: an earlier stage by name or number, or an image.
    pub fn source(&self, name: &str) -> Base {
        let current = self.stages.len().saturating_sub(1);
        self.source_in(current, name)
    }

    /// What a `--from` in a stage names.
    pub fn source_in(&self, current: usize, name: &str) -> Base {
        if let Some(stage) = self.named(name).filter(|stage| *stage < current) {
            return Base::Stage(stage);
        }
        match name.parse::<i64>() {
            Ok(number) if usize::try_from(number).is_ok_and(|number| number < current) => {
                Base::Stage(number as usize)
            }
            Ok(number) if usize::try_from(number) == Ok(current) => {
                Base::Unknown(format!("invalid from flag value {name}: refers to current build stage"))
            }
            Ok(_) => Base::Unknown(format!("invalid from flag value {name}: index out of bounds")),
            Err(_) if name == "scratch" => Base::Scratch,
            Err(_) => Base::Image(name.to_owned()),
        }
    }

    fn uses(&self, at: usize, instruction: &Instruction) -> Vec<Use> {
        let one = |name: &str, span| Use { instruction: at, span, from: self.source(name) };
        match &instruction.command {
            Command::Copy(copy) => copy
                .from
                .iter()
                .filter(|from| !from.text.is_empty())
                .map(|from| one(&from.text, from.span))
                .collect(),
            Command::Run(run) => {
                let from = |mount: &str| Mount::read(mount, |value| Ok(value.to_owned())).ok()?.from;
                let named = run.mounts.iter().filter_map(|mount| Some((from(&mount.text)?, mount.span)));
                named.map(|(name, span)| one(&name, span)).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// Declares an ARG that is before the first FROM.
///
/// # Errors
/// Its default can't be expanded.
pub fn declare(
    arguments: &mut Arguments,
    instruction: &Instruction,
    expander: &Expander,
) -> Result<(), ExpandError> {
    let Command::Arg(arg) = &instruction.command else { return Ok(()) };
    // All words of one ARG see what was declared before it.
    let seen = Scope { env: &[], args: arguments };
    let mut pairs = Vec::with_capacity(arg.pairs.len());
    for pair in &arg.pairs {
        let name = expander.word(&pair.name.text, &seen)?;
        let value = pair.value.as_ref().map(|value| expander.word(&value.text, &seen)).transpose()?;
        pairs.push((name, value));
    }
    for (name, value) in pairs {
        arguments.declare_globally(name, value);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stages(text: &str) -> Stages {
        Stages::of(&Dockerfile::parse(text), &BTreeMap::from([("tag".to_owned(), Some("9".to_owned()))]))
    }

    #[test]
    fn stages_with_what_they_are_built_on() {
        let found = stages(
            "ARG tag=1\nARG name=img:${tag}\nFROM $name AS Base\nRUN a\nFROM base\nCOPY --from=0 a b\nCOPY --from=x a b\n\
             RUN --mount=from=base,target=/x y\nFROM scratch AS last\nCOPY --from=2 a b\nCOPY --from=7 a b\nFROM $nope\n",
        );
        assert_eq!(found.before, 2);
        let bases: Vec<_> = found.stages.iter().map(|stage| stage.base.clone()).collect();
        let blank = Base::Unknown("base name ($nope) should not be blank".into());
        assert_eq!(bases, [Base::Image("img:9".into()), Base::Stage(0), Base::Scratch, blank]);
        assert_eq!(found.stages[1].instructions, 4..8);
        let uses =
            |stage: usize| found.stages[stage].uses.iter().map(|used| used.from.clone()).collect::<Vec<_>>();
        assert_eq!(uses(1), [Base::Stage(0), Base::Image("x".into()), Base::Stage(0)]);
        let unknown = |what: &str| Base::Unknown(format!("invalid from flag value {what}"));
        assert_eq!(uses(2), [unknown("2: refers to current build stage"), unknown("7: index out of bounds")]);
        assert_eq!(found.needed(2), [false, false, true, false]);
        assert_eq!(found.needed(1), [true, true, false, false]);
        assert_eq!(found.target(Some("LAST")), Ok(2));
        assert_eq!(found.target(None), Ok(3));
        let error = found.target(Some("no")).expect_err("none");
        assert_eq!(error.to_string(), "failed to reach build target no in Dockerfile");
        assert_eq!(found.of_instruction(1), None);
        assert_eq!(found.of_instruction(5), Some(1));
    }

    #[test]
    fn a_later_stage_is_no_stage_yet() {
        let found = stages("FROM a\nCOPY --from=b x y\nFROM c AS b\nFROM b\n");
        assert_eq!(found.stages[0].uses[0].from, Base::Image("b".into()));
        assert_eq!(found.stages[2].base, Base::Stage(1));
    }
}
