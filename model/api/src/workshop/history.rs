//! Builds that were: what they were made from, step by step, and a shell in any of them.
//!
//! What changed between two builds is worked out in the page from their [`BuildDetail`]s.

use serde::{Deserialize, Serialize};
use strata_oci::{DiffId, Digest, ImageId};

use super::StepOutcome;

/// A build in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BuildCard {
    /// Its id: 12 hex digits.
    pub id: String,
    /// The workshop; `None` for a `docker build`.
    pub workshop: Option<String>,
    /// Unix milliseconds when it began.
    pub started: i64,
    /// How long it took, or takes so far.
    pub milliseconds: u64,
    /// How it stands.
    pub state: BuildState,
    /// How many steps it has.
    pub steps: usize,
    /// How many of them were cached.
    pub cached: usize,
    /// The image that came out, while it is here.
    pub image: Option<ImageId>,
    /// The names that it was given then, or was to be given if it isn't done.
    pub names: Vec<String>,
}

impl BuildCard {
    /// A build that begins.
    pub fn begun(id: impl Into<String>, workshop: Option<&str>, started: i64) -> Self {
        Self {
            id: id.into(),
            workshop: workshop.map(str::to_owned),
            started,
            milliseconds: 0,
            state: BuildState::Running,
            steps: 0,
            cached: 0,
            image: None,
            names: Vec::new(),
        }
    }
}

/// How a build stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum BuildState {
    /// It runs.
    Running,
    /// It made an image.
    Succeeded,
    /// It failed.
    Failed {
        /// The step, if it was one's fault.
        step: Option<usize>,
        /// Why.
        message: String,
    },
    /// It was stopped, by its owner or by the server's end.
    Cancelled,
}

/// A build, whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BuildDetail {
    /// What a list shows of it.
    pub card: BuildCard,
    /// The Dockerfile's text as it was.
    pub dockerfile: String,
    /// The stage it stopped at.
    pub target: Option<String>,
    /// Build arguments.
    pub args: Vec<(String, String)>,
    /// Whether it was told to run every step.
    pub no_cache: bool,
    /// The context as it was sent, sorted by path; `None` where there were too many files to keep.
    pub files: Option<Vec<SentFile>>,
    /// The images that its stages were built on: name as written, and what it meant then.
    pub bases: Vec<(String, ImageId)>,
    /// Its steps as far as they began, in order.
    pub steps: Vec<BuiltStep>,
}

/// A file of a context that was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentFile {
    /// The path, percent-encoded.
    pub path: String,
    /// `f`, `d` or `l`.
    pub kind: char,
    /// Permission bits.
    pub mode: u32,
    /// Bytes of a file.
    pub size: u64,
    /// The SHA-256 of a file's content, or of where a link leads.
    pub digest: Option<Digest>,
}

/// A step of a build: where time travel leads to.
///
/// `image` and `parent` can be opened like any image, `GET /api/image?ref=ID` and all that follows from it, although no list
/// shows them: the page draws the step's tree from `image`, and what the step did from its top layer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuiltStep {
    /// Its number.
    pub step: usize,
    /// First line of its instruction.
    pub line: usize,
    /// Last line of it.
    pub last_line: usize,
    /// The stage, from 0.
    pub stage: usize,
    /// The instruction as `Step 1/3 : …` prints it.
    pub instruction: String,
    /// Whether it is an `ONBUILD` trigger.
    pub trigger: bool,
    /// How it ended; `None` if it failed, was stopped, or still runs.
    pub outcome: Option<StepOutcome>,
    /// The image before it; `None` on `scratch`.
    pub parent: Option<ImageId>,
    /// The image as the step left it, while it is here. Also for a failed `RUN`: then it is no step of the cache, and is
    /// kept until the workshop is built again.
    pub image: Option<ImageId>,
    /// The layer that it made, if it made one.
    pub layer: Option<DiffId>,
    /// Bytes of that layer's files.
    pub bytes: u64,
    /// How long it took.
    pub milliseconds: u64,
}

/// A container in the file system as a step left it, running a shell with a terminal; it is removed when it ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shell {
    /// The container's name: `/container/NAME` shows it, `/api/containers/NAME/terminal` is its terminal.
    pub container: String,
}
