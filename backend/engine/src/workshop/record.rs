//! A workshop's settings on the disk.

use std::{fs, io::Write as _, path::Path};

use serde::{Deserialize, Serialize};
use strata_api::workshop::{ChangeWorkshop, Origin};
use strata_oci::Reference;

use super::{
    cannot, context_path,
    limits::{NAME, SETTINGS, TEXT},
};
use crate::{Error, Kind};

const FILE: &str = "workshop.json";

/// What is kept of a workshop beside its files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Record {
    /// 12 hex digits.
    pub(crate) id: String,
    pub(crate) name: String,
    /// Unix milliseconds.
    pub(crate) created: i64,
    /// Unix milliseconds.
    pub(crate) changed: i64,
    /// Path of the Dockerfile, percent-encoded.
    pub(crate) dockerfile: String,
    pub(crate) tags: Vec<String>,
    pub(crate) args: Vec<(String, Option<String>)>,
    pub(crate) target: Option<String>,
    pub(crate) origin: Origin,
}

impl Record {
    pub(super) fn new(id: String, name: String, origin: Origin) -> Self {
        let now = now();
        Self {
            id,
            name,
            created: now,
            changed: now,
            dockerfile: "Dockerfile".into(),
            tags: Vec::new(),
            args: Vec::new(),
            target: None,
            origin,
        }
    }

    pub(super) fn read(workshop: &Path) -> Result<Self, Error> {
        let path = workshop.join(FILE);
        let bytes = fs::read(&path).map_err(|error| match error.kind() {
            // It was removed a moment ago.
            std::io::ErrorKind::NotFound => Error::new(Kind::NotFound, "No such workshop: it was removed"),
            _ => cannot("read", &path, &error),
        })?;
        serde_json::from_slice(&bytes).map_err(|error| cannot("understand", &path, &error))
    }

    /// Replaces the file, durably.
    pub(super) fn write(&self, workshop: &Path) -> Result<(), Error> {
        let (path, part) = (workshop.join(FILE), workshop.join("workshop.json.part"));
        let bytes = serde_json::to_vec(self).map_err(Error::internal)?;
        let written = fs::File::create(&part)
            .and_then(|mut file| file.write_all(&bytes).and_then(|()| file.sync_all()))
            .and_then(|()| fs::rename(&part, &path))
            .and_then(|()| fs::File::open(workshop)?.sync_all());
        written.map_err(|error| cannot("write", &path, &error))
    }

    /// Takes new settings, all of them or none.
    pub(super) fn change(&mut self, change: ChangeWorkshop) -> Result<(), Error> {
        let mut changed = self.clone();
        if let Some(name) = change.name {
            changed.name = checked_name(&name)?;
        }
        if let Some(dockerfile) = change.dockerfile {
            let path = context_path(&strata_api::path::decode(&dockerfile))?;
            if path.is_root() {
                return Err(wrong("the path of the Dockerfile is empty"));
            }
            changed.dockerfile = strata_api::path::encode(path.as_bytes());
        }
        if let Some(tags) = change.tags {
            changed.tags = checked_tags(tags)?;
        }
        if let Some(args) = change.args {
            changed.args = checked_args(args)?;
        }
        if let Some(target) = change.target {
            changed.target = target.filter(|target| !target.is_empty());
        }
        if changed.target.as_ref().is_some_and(|target| target.len() > TEXT) {
            return Err(wrong("the name of the target stage is too long"));
        }
        changed.changed = now();
        *self = changed;
        Ok(())
    }
}

/// A name for people: any text of one line.
pub(super) fn checked_name(name: &str) -> Result<String, Error> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > NAME || name.chars().any(char::is_control) {
        return Err(wrong(&format!("a workshop's name is a line of 1 to {NAME} characters")));
    }
    Ok(name.to_owned())
}

fn checked_tags(tags: Vec<String>) -> Result<Vec<String>, Error> {
    if tags.len() > SETTINGS {
        return Err(wrong(&format!("{} names: at most {SETTINGS} are kept", tags.len())));
    }
    for tag in &tags {
        let reference: Reference = tag.parse().map_err(|error| {
            let error: Error = strata_oci::ReferenceError::into(error);
            Error::new(Kind::InvalidArgument, format!("{tag:?} is no name for an image: {error}"))
        })?;
        if reference.digest().is_some() {
            return Err(wrong(&format!(
                "{tag:?} has a digest: a build gives names with tags, such as demo:latest"
            )));
        }
    }
    Ok(tags)
}

fn checked_args(args: Vec<(String, Option<String>)>) -> Result<Vec<(String, Option<String>)>, Error> {
    if args.len() > SETTINGS {
        return Err(wrong(&format!("{} build arguments: at most {SETTINGS} are kept", args.len())));
    }
    let bad = |(name, value): &&(String, Option<String>)| {
        let long = name.len() + value.as_ref().map_or(0, String::len) > TEXT;
        long || name.is_empty() || name.contains(['=', '\0', '\n'])
    };
    match args.iter().find(bad) {
        Some((name, _)) => Err(wrong(&format!("{name:?} is no name of a build argument"))),
        None => Ok(args),
    }
}

/// Unix milliseconds.
pub(super) fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

fn wrong(message: &str) -> Error {
    Error::new(Kind::InvalidArgument, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_taken_whole_or_not_at_all() {
        let mut record = Record::new("000000000000".into(), "x".into(), Origin::Empty);
        let change = ChangeWorkshop {
            name: Some(" 你好 ".into()),
            dockerfile: Some("sub/Docker%20file".into()),
            tags: Some(vec!["demo".into(), "a/b:1".into()]),
            args: Some(vec![("A".into(), None)]),
            target: Some(Some("build".into())),
        };
        record.change(change).expect("is fine");
        assert_eq!((record.name.as_str(), record.dockerfile.as_str()), ("你好", "sub/Docker%20file"));
        let before = record.clone();
        let wrong = |change: ChangeWorkshop| {
            let mut record = before.clone();
            let error =
                record.change(ChangeWorkshop { name: Some("other".into()), ..change }).expect_err("is wrong");
            assert_eq!(record, before, "nothing is taken");
            error.message
        };
        let none = ChangeWorkshop::default;
        assert!(wrong(ChangeWorkshop { dockerfile: Some("../x".into()), ..none() }).contains(".."));
        assert!(wrong(ChangeWorkshop { dockerfile: Some(String::new()), ..none() }).contains("empty"));
        assert!(wrong(ChangeWorkshop { tags: Some(vec!["UPPER".into()]), ..none() }).contains("UPPER"));
        assert!(wrong(ChangeWorkshop { args: Some(vec![("a=b".into(), None)]), ..none() }).contains("a=b"));
        record.change(ChangeWorkshop { target: Some(None), ..none() }).expect("is fine");
        assert_eq!(record.target, None);
        assert!(record.change(ChangeWorkshop { name: Some("a\nb".into()), ..none() }).is_err());
    }
}
