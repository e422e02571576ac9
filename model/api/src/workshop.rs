//! The workshop: Dockerfiles with their context on the server, builds of them, and what was built.
//!
//! Every route needs a session (`Permission::Session` in the server's table); those that change something or start
//! something are `POST`, `PUT` or `DELETE`, so that the origin is checked too. Errors are `{"message"}`.
//!
//! | route | asked with | answer |
//! | --- | --- | --- |
//! | `GET /api/workshops` | | `Vec<`[`WorkshopCard`]`>`, changed last first |
//! | `GET /api/templates` | | `Vec<`[`Template`]`>`, in the order in which they teach |
//! | `POST /api/workshops` | [`CreateWorkshop`] | [`Workshop`] |
//! | `POST /api/workshops/upload?name=NAME` | a tar, plain or gzip or zstd | [`Workshop`] with what is in the tar |
//! | `GET /api/workshops/{id}` | | [`Workshop`] |
//! | `POST /api/workshops/{id}` | [`ChangeWorkshop`] | [`Workshop`] |
//! | `DELETE /api/workshops/{id}` | | 204; its builds' records go too, images stay |
//! | `GET /api/workshops/{id}/files` | | [`Listing`] |
//! | `GET /api/workshops/{id}/file?path=PATH` | | its bytes, with `Range` |
//! | `PUT /api/workshops/{id}/file?path=PATH[&was=DIGEST][&mode=755]` | its bytes | [`FileEntry`]; directories on the way are made |
//! | `PUT /api/workshops/{id}/directory?path=PATH` | | [`FileEntry`] |
//! | `DELETE /api/workshops/{id}/file?path=PATH` | | 204; a directory goes with all in it |
//! | `POST /api/workshops/{id}/move?path=PATH&to=PATH` | | [`FileEntry`]; 409 if there is something |
//! | `POST /api/workshops/{id}/upload?path=PATH` | a tar, as above | [`Listing`] of the whole, the tar unpacked below `PATH` |
//! | `POST /api/workshops/{id}/git?path=PATH` | [`GitSource`] | [`Listing`] of the whole, the repository's files below `PATH` |
//! | `GET /api/workshops/{id}/cache?base=REF&base=REF…` | | [`CacheState`]: see [`cache`] |
//! | `POST /api/workshops/{id}/build` | [`BuildRequest`] | a [`BuildEvent`] per line: see [`build`] |
//! | `GET /api/builds?workshop=ID` | | `Vec<`[`BuildCard`]`>`, newest first; of all without `workshop`, those of docker clients when it is empty |
//! | `GET /api/builds/{id}` | | [`BuildDetail`]: see [`history`] |
//! | `GET /api/builds/{id}/events` | | the build's [`BuildEvent`]s from the first on, followed until it ends |
//! | `DELETE /api/builds/{id}` | | 204; stops it if it runs, else forgets it. One that nobody has watched for 15 seconds is stopped too |
//! | `POST /api/builds/{id}/steps/{n}/shell` | | [`Shell`]: a container in the file system as step `n` left it |
//! | `POST /api/surgery/plan` | [`SurgeryRequest`] | [`SurgeryPlan`]: see [`surgery`] |
//! | `POST /api/surgery` | [`SurgeryRequest`] | [`SurgeryOutcome`] |
//! | `POST /api/surgery?events=1` | [`SurgeryRequest`] | a [`SurgeryEvent`] per line |
//!
//! `PATH` is encoded with [`crate::path::encode`], without a leading slash; empty is the context's root. `was` is the
//! digest of the content that the writer knew (empty: that there was none): if something else is there by now the
//! answer is 409 and nothing is written. Steps and lines are numbered from 1 as docker numbers them.
//!
//! The Dockerfile is a file of the context like any other; [`Workshop::dockerfile`] says which. What `.dockerignore`
//! leaves out isn't told by the server: `strata-dockerfile` says it in the page and in the builder alike.

pub mod build;
pub mod cache;
pub mod history;
pub mod surgery;

pub use build::{BuildEvent, BuildRequest, Source, StepOutcome};
pub use cache::{BaseState, CacheState};
pub use history::{BuildCard, BuildDetail, BuildState, BuiltStep, SentFile, Shell};
pub use surgery::{
    Dependent, Need, Operation, Overridden, Override, SurgeryEvent, SurgeryOutcome, SurgeryPlan,
    SurgeryRequest, SurgeryRow, SurgeryRowFate,
};

use serde::{Deserialize, Serialize};
use strata_oci::Digest;

/// A workshop in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorkshopCard {
    /// Its id: 12 hex digits, which its address has.
    pub id: String,
    /// What its owner calls it; any text, at most 100 characters.
    pub name: String,
    /// Unix milliseconds of its making.
    pub created: i64,
    /// Unix milliseconds of the last change of a file or setting.
    pub changed: i64,
    /// How many files its context has.
    pub files: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// The newest build, if there was one.
    pub last_build: Option<BuildCard>,
}

/// A workshop with its settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Workshop {
    /// What a list shows of it.
    pub card: WorkshopCard,
    /// Path of the Dockerfile in the context, percent-encoded; `Dockerfile` unless changed.
    pub dockerfile: String,
    /// The names that a build gives the image, as `docker build -t` takes them; empty for none.
    pub tags: Vec<String>,
    /// Build arguments, in the order of the page; a value of `None` is one that is left to its default.
    pub args: Vec<(String, Option<String>)>,
    /// The stage to stop at; `None` for the last one.
    pub target: Option<String>,
    /// Where it came from, for the page to say so.
    pub origin: Origin,
}

/// Where a workshop came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Origin {
    /// A Dockerfile with one line.
    Empty,
    /// A template, by its name.
    Template {
        /// [`Template::name`].
        name: String,
    },
    /// A tar that was uploaded.
    Upload,
    /// A git repository.
    Git(GitSource),
    /// A Dockerfile that somebody shared as an address.
    Shared {
        /// Its text.
        dockerfile: String,
    },
    /// A step of a build: its context as it was, its Dockerfile up to and with that step. Of a docker client's build there is only
    /// the Dockerfile.
    Branch {
        /// The build.
        build: String,
        /// The step, from 1; 0 for the whole Dockerfile.
        step: usize,
    },
    /// Another workshop, as it was then.
    Copy {
        /// Its id.
        workshop: String,
    },
}

/// A repository and the part of it that is the context.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GitSource {
    /// As `docker build` takes it: `https://host/path.git[#ref[:directory]]`. Only `https`.
    pub url: String,
}

/// What `POST /api/workshops` takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CreateWorkshop {
    /// What it is called; empty for a name after its origin.
    pub name: String,
    /// What is in it at first. [`Origin::Upload`] is refused here: it has a route of its own.
    pub origin: Origin,
}

/// What `POST /api/workshops/{id}` takes: what is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ChangeWorkshop {
    /// [`WorkshopCard::name`].
    pub name: Option<String>,
    /// [`Workshop::dockerfile`].
    pub dockerfile: Option<String>,
    /// [`Workshop::tags`]; a wrong one is refused with the part that is wrong.
    pub tags: Option<Vec<String>>,
    /// [`Workshop::args`].
    pub args: Option<Vec<(String, Option<String>)>>,
    /// [`Workshop::target`]; `Some(None)` for the last stage.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub target: Option<Option<String>>,
}

/// Tells `null` from what isn't there.
fn given<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(from).map(Some)
}

/// A whole little project to begin with: `templates/NAME/` of the repository, which the server has in itself. Its
/// `template.toml` has the fields below but `name` and `files`; its `context/` is what a workshop made from it starts with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    /// Its name in [`Origin::Template`]: `hello`, `all-instructions`, …
    pub name: String,
    /// What it is called, in both languages.
    pub title: InBoth,
    /// What it shows, in one or two sentences.
    pub about: InBoth,
    /// The images that it is built on, as its Dockerfile names them.
    pub bases: Vec<String>,
    /// Whether building it needs a network besides the bases (packages).
    pub network: bool,
    /// How many files it has.
    pub files: u64,
}

/// A text in both languages of the page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InBoth {
    /// English.
    pub en: String,
    /// 简体中文.
    pub zh: String,
}

/// A context, whole.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Listing {
    /// Everything in it, sorted by the bytes of the paths; directories have entries too, the root has none.
    pub entries: Vec<FileEntry>,
}

/// Something in a context.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FileEntry {
    /// The path, percent-encoded, without a leading slash.
    pub path: String,
    /// `f`ile, `d`irectory, `l`ink; contexts have nothing else.
    pub kind: char,
    /// Permission bits.
    pub mode: u32,
    /// Owner. Files written through the page belong to 0, as docker sends them; a tar keeps its own.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Bytes of a file.
    pub size: u64,
    /// The SHA-256 of a file's content.
    pub digest: Option<Digest>,
    /// Where a link leads, percent-encoded.
    pub target: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stays_is_told_from_what_is_cleared() {
        let read = |json: &str| serde_json::from_str::<ChangeWorkshop>(json).expect("valid").target;
        assert_eq!(read("{}"), None);
        assert_eq!(read(r#"{"target":null}"#), Some(None));
        assert_eq!(read(r#"{"target":"build"}"#), Some(Some("build".into())));
        let cleared = ChangeWorkshop { target: Some(None), ..ChangeWorkshop::default() };
        let json = serde_json::to_string(&cleared).expect("plain");
        assert_eq!(serde_json::from_str::<ChangeWorkshop>(&json).expect("valid"), cleared);
    }
}
