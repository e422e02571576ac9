//! Surgery on layers, as the page offers it: which operations there are for a selection, and what each would mean for the
//! Dockerfile that the image came from.

use strata_api::{
    explorer::ImageDetail,
    workshop::{Operation, SurgeryEvent, SurgeryOutcome, SurgeryPlan, SurgeryRowFate},
};

use crate::{instruction::Instruction, words::Craft};

/// What the form has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// Which operation.
    pub kind: Kind,
    /// For a squash: the lowest layer, from 0; for a drop: the layer.
    pub from: usize,
    /// For a squash: the highest layer.
    pub to: usize,
    /// For a rebase: how many layers are the old base.
    pub base: usize,
    /// For a rebase: the new base as it was typed.
    pub onto: String,
}

/// Which operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Kind {
    /// One layer of several.
    #[default]
    Squash,
    /// Without a layer.
    Drop,
    /// On another base.
    Rebase,
}

/// Why there is no operation yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// The image has too few layers for it.
    Layers,
    /// A range that begins above its end, or has one layer only.
    Range,
    /// No new base is named.
    Onto,
}

impl Missing {
    /// In words.
    pub fn word(self) -> Craft {
        match self {
            Self::Layers => Craft::SurgeryNoLayers,
            Self::Range => Craft::SurgeryRange,
            Self::Onto => Craft::SurgeryNoOnto,
        }
    }
}

impl Form {
    /// What suits an image: all that is above its base, or all.
    pub fn of(image: &ImageDetail, selected: Option<usize>) -> Self {
        let layers = image.card.layers.len();
        let base = image.base.as_ref().map_or(0, |base| base.layers).min(layers);
        let from = if base + 1 < layers { base } else { 0 };
        Self {
            kind: Kind::Squash,
            from: selected.filter(|_| layers < 2).unwrap_or(from),
            to: layers.saturating_sub(1),
            base: base.max(usize::from(layers > 1)),
            onto: String::new(),
        }
    }

    /// The operation, for an image with so many layers.
    pub fn operation(&self, layers: usize) -> Result<Operation, Missing> {
        match self.kind {
            _ if layers == 0 => Err(Missing::Layers),
            Kind::Squash if layers < 2 => Err(Missing::Layers),
            Kind::Squash if self.from >= self.to || self.to >= layers => Err(Missing::Range),
            Kind::Squash => Ok(Operation::Squash { from: self.from, to: self.to }),
            Kind::Drop if self.from >= layers => Err(Missing::Range),
            Kind::Drop => Ok(Operation::Drop { layer: self.from }),
            Kind::Rebase if self.base > layers => Err(Missing::Range),
            Kind::Rebase if self.onto.trim().is_empty() => Err(Missing::Onto),
            Kind::Rebase => Ok(Operation::Rebase { base: self.base, onto: self.onto.trim().to_owned() }),
        }
    }
}

/// How far an operation is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Files, directories, links and deletions that have to be made; 0 as long as nobody knows.
    pub entries: u64,
    /// Of these, those that are.
    pub made: u64,
    /// Bytes of new layers so far.
    pub bytes: u64,
}

impl Progress {
    /// How much is done, of 1, once that is known.
    pub fn share(&self) -> Option<f64> {
        (self.entries > 0).then(|| (self.made as f64 / self.entries as f64).min(1.0))
    }

    /// Takes a line of the server's answer; gives how it ended: the image's name or id, or why nothing came of it.
    ///
    /// A server that tells no events answers with the outcome alone.
    pub fn take(&mut self, line: &[u8]) -> Option<Result<String, String>> {
        let done = |name: Option<String>, image: String| Some(Ok(name.unwrap_or(image)));
        match serde_json::from_slice(line) {
            Ok(SurgeryEvent::Started { entries, .. }) => self.entries = entries,
            Ok(SurgeryEvent::Progress { entries, bytes }) => (self.made, self.bytes) = (entries, bytes),
            Ok(SurgeryEvent::Done { image, name }) => return done(name, image.to_string()),
            Ok(SurgeryEvent::Failed { message }) => return Some(Err(message)),
            Err(_) => {
                let outcome: SurgeryOutcome = serde_json::from_slice(line).ok()?;
                return done(outcome.name, outcome.image.to_string());
            }
        }
        None
    }
}

/// The lines of a Dockerfile that an operation is about: as they are, and as they would be. What it means in words, the
/// server says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rewrite {
    /// Lines as they are now.
    pub before: Vec<String>,
    /// Lines that would build the same; empty where none would.
    pub after: Vec<String>,
}

/// How the lines of a Dockerfile would have to change.
pub fn rewrite(operation: &Operation, plan: &SurgeryPlan) -> Rewrite {
    let lines = |fates: &[SurgeryRowFate]| -> Vec<String> {
        plan.rows
            .iter()
            .filter(|row| fates.contains(&row.fate))
            .map(|row| Instruction::read(&row.created_by).line())
            .collect()
    };
    match operation {
        Operation::Squash { .. } => {
            let before = lines(&[SurgeryRowFate::Emptied, SurgeryRowFate::Squashed]);
            Rewrite { after: join(&before), before }
        }
        Operation::Drop { .. } => Rewrite { before: lines(&[SurgeryRowFate::Removed]), after: Vec::new() },
        Operation::Rebase { onto, .. } => {
            Rewrite { before: lines(&[SurgeryRowFate::Removed]), after: vec![format!("FROM {onto}")] }
        }
    }
}

/// Steps that can be said as one `RUN`; nothing if they can't, because one of them isn't a `RUN`.
fn join(lines: &[String]) -> Vec<String> {
    let commands: Option<Vec<&str>> = lines.iter().map(|line| line.strip_prefix("RUN ")).collect();
    match commands {
        Some(commands) if commands.len() > 1 && commands.iter().all(|command| !command.starts_with('[')) => {
            vec![format!("RUN {}", commands.join(" && \\\n    "))]
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use strata_api::workshop::SurgeryRow;

    use super::*;

    fn plan(rows: &[(&str, SurgeryRowFate)]) -> SurgeryPlan {
        SurgeryPlan {
            image: format!("sha256:{}", "a".repeat(64)).parse().expect("an id"),
            rows: rows
                .iter()
                .map(|(text, fate)| SurgeryRow {
                    created_by: (*text).to_owned(),
                    fate: *fate,
                    layer_before: None,
                    layer_after: None,
                })
                .collect(),
            layers_before: 3,
            layers_after: 2,
            bytes_before: 0,
            bytes_after: 0,
            overridden: Vec::new(),
            overridden_count: 0,
            dependents: Vec::new(),
            settings: Vec::new(),
            consequences: Vec::new(),
        }
    }

    #[test]
    fn only_what_makes_sense_is_asked_for() {
        let form = Form { from: 1, to: 2, ..Form::default() };
        assert_eq!(form.operation(3), Ok(Operation::Squash { from: 1, to: 2 }));
        assert_eq!(form.operation(2), Err(Missing::Range));
        assert_eq!(form.operation(1), Err(Missing::Layers));
        assert_eq!(Form { to: 1, ..form.clone() }.operation(3), Err(Missing::Range));
        let drop = Form { kind: Kind::Drop, ..form.clone() };
        assert_eq!(drop.operation(3), Ok(Operation::Drop { layer: 1 }));
        let rebase = Form { kind: Kind::Rebase, base: 1, onto: " ".into(), ..form };
        assert_eq!(rebase.operation(3), Err(Missing::Onto));
    }

    #[test]
    fn several_runs_become_one() {
        use SurgeryRowFate::{Emptied, Kept, Squashed};
        let squash = Operation::Squash { from: 1, to: 2 };
        let runs = [
            ("/bin/sh -c #(nop)  CMD [\"sh\"]", Kept),
            ("/bin/sh -c make", Emptied),
            ("RUN /bin/sh -c rm -r /src # buildkit", Squashed),
        ];
        assert_eq!(rewrite(&squash, &plan(&runs)).after, ["RUN make && \\\n    rm -r /src"]);
        let copies = [("COPY a /a # buildkit", Emptied), ("/bin/sh -c make", Squashed)];
        let told = rewrite(&squash, &plan(&copies));
        assert_eq!((told.before.len(), told.after.len()), (2, 0));
    }

    #[test]
    fn tells_how_far_it_is_and_how_it_ended() {
        let id = format!("sha256:{}", "a".repeat(64));
        let mut progress = Progress::default();
        assert_eq!(progress.take(br#"{"event":"started","layers":1,"entries":200}"#), None);
        assert_eq!(progress.share(), Some(0.0));
        assert_eq!(progress.take(br#"{"event":"progress","entries":50,"bytes":1000}"#), None);
        assert_eq!((progress.share(), progress.bytes), (Some(0.25), 1000));
        let done = format!(r#"{{"event":"done","image":"{id}","name":"a:1"}}"#);
        assert_eq!(progress.take(done.as_bytes()), Some(Ok("a:1".into())));
        let failed = br#"{"event":"failed","message":"no room"}"#;
        assert_eq!(progress.take(failed), Some(Err("no room".into())));
        let alone = format!(r#"{{"image":"{id}","name":null}}"#);
        assert_eq!(Progress::default().take(alone.as_bytes()), Some(Ok(id)));
        assert_eq!(Progress::default().take(b"{}"), None);
    }
}
