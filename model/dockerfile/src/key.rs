//! The key of a step: what its outcome depends on. One definition, for the builder and the forecast.
//!
//! Two steps with the same key have the same outcome as far as docker's cache is concerned: the image below, the
//! instruction with variables replaced, the build arguments that it sees, and the content that it copies. No times.

use std::fmt;

use serde::{Deserialize, Serialize};
use strata_oci::{Digest, ImageId};

use crate::evaluate::Step;

/// A step's key: 64 hex digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StepKey(String);

/// Something that a step takes, as far as a key goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content<'a> {
    /// The digest of a list of files: [`crate::context::Content::digest`].
    Files(&'a Digest),
    /// Something of an image, of which nothing but its id is looked at. A builder that finds no step by this key asks once
    /// more by the files that it finds there, and records what it did under both keys.
    Image(&'a ImageId),
}

impl StepKey {
    /// The key of a step on an image, or on nothing for `platform`; with one content for each of [`Step::takes`].
    pub fn of(parent: Option<&ImageId>, platform: &str, step: &Step, contents: &[Content<'_>]) -> Self {
        let mut text = String::with_capacity(512);
        let mut add = |what: &str, value: &str| {
            text.push_str(what);
            text.push_str(&value.len().to_string());
            text.push(':');
            text.push_str(value);
        };
        add("v", "1");
        match parent {
            Some(parent) => add("p", &parent.to_string()),
            None => add("s", platform),
        }
        add("i", &step.text);
        add("d", &step.detail);
        // Of the others their text has the values.
        if step.runs {
            for (name, value) in &step.args {
                add("a", name);
                add("=", value);
            }
        }
        for content in contents {
            match content {
                Content::Files(digest) => add("f", &digest.to_string()),
                Content::Image(image) => add("m", &image.to_string()),
            }
        }
        let digest = Digest::of(text.as_bytes()).to_string();
        Self(digest.split(':').next_back().unwrap_or_default().to_owned())
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for StepKey {
    fn from(key: String) -> Self {
        Self(key)
    }
}

impl fmt::Display for StepKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_counts_changes_the_key() {
        let image = |text: &str| ImageId(Digest::of(text.as_bytes()));
        let (one, two) = (image("1"), image("2"));
        let step = |text: &str, args: &[(&str, &str)]| Step {
            text: text.to_owned(),
            detail: "x".to_owned(),
            runs: true,
            args: args.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            ..Step::default()
        };
        let digest = Digest::of(b"files");
        let base = StepKey::of(Some(&one), "", &step("a", &[]), &[]);
        assert_eq!(base.as_str().len(), 64);
        let others = [
            StepKey::of(Some(&two), "", &step("a", &[]), &[]),
            StepKey::of(None, "linux/amd64", &step("a", &[]), &[]),
            StepKey::of(None, "linux/arm64", &step("a", &[]), &[]),
            StepKey::of(Some(&one), "", &step("b", &[]), &[]),
            StepKey::of(Some(&one), "", &step("a", &[("x", "y")]), &[]),
            StepKey::of(Some(&one), "", &step("a", &[("xy", "")]), &[]),
            StepKey::of(Some(&one), "", &step("a", &[]), &[Content::Files(&digest)]),
            StepKey::of(Some(&one), "", &step("a", &[]), &[Content::Image(&two)]),
            StepKey::of(Some(&one), "", &Step { detail: "y".into(), ..step("a", &[]) }, &[]),
        ];
        for (at, other) in others.iter().enumerate() {
            assert_ne!(base, *other);
            assert!(!others[..at].contains(other));
        }
        let copy = |args| Step { runs: false, ..step("a", args) };
        let key = |args| StepKey::of(Some(&one), "", &copy(args), &[]);
        assert_eq!(key(&[]), key(&[("x", "y")]));
    }
}
