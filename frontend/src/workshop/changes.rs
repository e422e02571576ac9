//! What changed between two builds: the text, the context, arguments, bases, and what became of each step.

use std::collections::BTreeMap;

use strata_api::workshop::{BuildDetail, SentFile, StepOutcome};

/// What changed from one build to another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Whether the Dockerfile's text differs; the page draws how.
    pub text: bool,
    /// Files of the context; `None` if one of the builds doesn't know its own.
    pub files: Option<Vec<(String, FileChange)>>,
    /// Build arguments by name: before, after.
    pub args: Vec<(String, Option<String>, Option<String>)>,
    /// Bases by name, whose meaning moved or that are only in one: before, after, as short ids.
    pub bases: Vec<(String, Option<String>, Option<String>)>,
    /// The target: before, after.
    pub target: Option<(Option<String>, Option<String>)>,
    /// `--no-cache`, if only one of them had it: whether the later one did.
    pub no_cache: Option<bool>,
    /// Milliseconds: before, after.
    pub time: (u64, u64),
    /// Bytes of all layers made: before, after.
    pub bytes: (u64, u64),
    /// Steps that ran: before, after.
    pub ran: (usize, usize),
}

/// What became of a file of the context.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileChange {
    /// Only the later build was sent it.
    Added,
    /// Only the earlier one was.
    Removed,
    /// Its content differs: bytes before, after.
    Content(u64, u64),
    /// Only its mode differs: before, after.
    Mode(u32, u32),
    /// It is of another kind.
    Kind,
}

/// What changed from `before` to `after`.
pub fn between(before: &BuildDetail, after: &BuildDetail) -> Changes {
    let pair = |measure: &dyn Fn(&BuildDetail) -> u64| (measure(before), measure(after));
    let ran = |build: &BuildDetail| {
        build.steps.iter().filter(|step| step.outcome == Some(StepOutcome::Ran)).count()
    };
    Changes {
        text: before.dockerfile != after.dockerfile,
        files: before.files.as_ref().zip(after.files.as_ref()).map(|(a, b)| files(a, b)),
        args: differing(&before.args, &after.args, String::clone),
        bases: differing(&before.bases, &after.bases, |image| image.digest().hex()[..12].to_owned()),
        target: (before.target != after.target).then(|| (before.target.clone(), after.target.clone())),
        no_cache: (before.no_cache != after.no_cache).then_some(after.no_cache),
        time: pair(&|build| build.card.milliseconds),
        bytes: pair(&|build| build.steps.iter().map(|step| step.bytes).sum()),
        ran: (ran(before), ran(after)),
    }
}

impl Changes {
    /// Whether both were made from the same.
    pub fn is_same(&self) -> bool {
        !self.text
            && self.files.as_ref().is_none_or(Vec::is_empty)
            && self.args.is_empty()
            && self.bases.is_empty()
            && self.target.is_none()
            && self.no_cache.is_none()
    }
}

fn files(before: &[SentFile], after: &[SentFile]) -> Vec<(String, FileChange)> {
    let by_path = |files: &[SentFile]| -> BTreeMap<String, SentFile> {
        files.iter().map(|file| (file.path.clone(), file.clone())).collect()
    };
    let (before, after) = (by_path(before), by_path(after));
    let mut changed: Vec<(String, FileChange)> = Vec::new();
    for (path, old) in &before {
        let change = match after.get(path) {
            None => FileChange::Removed,
            Some(new) if new.kind != old.kind => FileChange::Kind,
            Some(new) if new.digest != old.digest => FileChange::Content(old.size, new.size),
            Some(new) if new.mode != old.mode => FileChange::Mode(old.mode, new.mode),
            Some(_) => continue,
        };
        changed.push((path.clone(), change));
    }
    changed.extend(
        after.keys().filter(|path| !before.contains_key(*path)).map(|path| (path.clone(), FileChange::Added)),
    );
    changed.sort_by(|a, b| a.0.cmp(&b.0));
    changed
}

fn differing<V: PartialEq>(
    before: &[(String, V)],
    after: &[(String, V)],
    show: impl Fn(&V) -> String,
) -> Vec<(String, Option<String>, Option<String>)> {
    let find = |list: &[(String, V)], name: &str| {
        list.iter().find(|(known, _)| known == name).map(|(_, value)| show(value))
    };
    let mut names: Vec<&String> = before.iter().chain(after).map(|(name, _)| name).collect();
    names.sort();
    names.dedup();
    names
        .into_iter()
        .map(|name| (name.clone(), find(before, name), find(after, name)))
        .filter(|(_, old, new)| old != new)
        .collect()
}

#[cfg(test)]
mod tests {
    use strata_api::workshop::{BuildCard, BuildState};

    use super::*;

    fn build() -> BuildDetail {
        BuildDetail {
            card: BuildCard {
                id: "b".into(),
                workshop: None,
                started: 0,
                milliseconds: 5,
                state: BuildState::Succeeded,
                steps: 0,
                cached: 0,
                image: None,
                names: Vec::new(),
            },
            dockerfile: "FROM a\n".into(),
            target: None,
            args: vec![("A".into(), "1".into()), ("B".into(), "1".into())],
            no_cache: false,
            files: Some(vec![file("a", 0o644, 1), file("b", 0o644, 1), file("c", 0o644, 1)]),
            bases: Vec::new(),
            steps: Vec::new(),
        }
    }

    fn file(path: &str, mode: u32, size: u64) -> SentFile {
        let digest = Some(strata_oci::Digest::of(&size.to_be_bytes()));
        SentFile { path: path.into(), kind: 'f', mode, size, digest }
    }

    #[test]
    fn nothing_changed() {
        assert!(between(&build(), &build()).is_same());
        let unknown = BuildDetail { files: None, ..build() };
        assert_eq!(between(&unknown, &build()).files, None);
    }

    #[test]
    fn every_ingredient_is_told() {
        let after = BuildDetail {
            dockerfile: "FROM b\n".into(),
            target: Some("test".into()),
            args: vec![("A".into(), "2".into()), ("C".into(), "1".into())],
            no_cache: true,
            files: Some(vec![file("a", 0o755, 1), file("b", 0o755, 2), file("d", 0o644, 1)]),
            ..build()
        };
        let changes = between(&build(), &after);
        assert!(changes.text && !changes.is_same());
        assert_eq!(
            changes.files.expect("both know"),
            [
                ("a".to_owned(), FileChange::Mode(0o644, 0o755)),
                ("b".to_owned(), FileChange::Content(1, 2)),
                ("c".to_owned(), FileChange::Removed),
                ("d".to_owned(), FileChange::Added),
            ]
        );
        let names: Vec<&str> = changes.args.iter().map(|(name, ..)| name.as_str()).collect();
        assert_eq!(names, ["A", "B", "C"]);
        assert_eq!((changes.target, changes.no_cache), (Some((None, Some("test".into()))), Some(true)));
    }
}
