//! A build as it happens: one JSON object per line.
//!
//! ```text
//! build   := started context? ( pull | step )* ( done | failed | cancelled )
//! step    := step_started ( pull | container | output )* ( step_done )?
//! ```
//!
//! A step without `step_done` is the one that [`BuildEvent::Failed`] names. Lines that the reader doesn't know are to be
//! left out, so that events can be added.

use serde::{Deserialize, Serialize};
use strata_oci::{DiffId, ImageId};

use crate::progress::Message;

/// What `POST /api/workshops/{id}/build` takes beside the workshop's own settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BuildRequest {
    /// Runs every step.
    pub no_cache: bool,
    /// Asks the registries for newer bases.
    pub pull: bool,
}

/// Something that happened in a build.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum BuildEvent {
    /// It begins.
    Started {
        /// The build's id, under which `/api/builds` has it from now on.
        build: String,
        /// Unix milliseconds.
        at: i64,
        /// How many steps it has, as `Step 1/N` counts them.
        steps: usize,
    },
    /// The context was read.
    Context {
        /// Files that `.dockerignore` leaves in.
        files: u64,
        /// Bytes of them.
        bytes: u64,
    },
    /// A base image is being pulled, by the step that needs it.
    Pull {
        /// The step.
        step: usize,
        /// As `docker pull` would show it.
        message: Message,
    },
    /// A step begins.
    StepStarted {
        /// Its number.
        step: usize,
        /// First line of its instruction in the Dockerfile.
        line: usize,
        /// Last line of it.
        last_line: usize,
        /// Stage that it belongs to, from 0.
        stage: usize,
        /// The instruction as `Step 1/3 : …` prints it, variables expanded.
        instruction: String,
        /// `ONBUILD` triggers have no line of their own: theirs is the `FROM`'s, and this is true.
        trigger: bool,
    },
    /// The step runs in a container.
    Container {
        /// The step.
        step: usize,
        /// The container's id.
        id: String,
    },
    /// The step's program printed something.
    Output {
        /// The step.
        step: usize,
        /// Where.
        source: Source,
        /// Text as it was printed, escape sequences and all. What isn't UTF-8 is replaced; a character is never cut
        /// in two by the end of an event.
        text: String,
    },
    /// Something the user should know that stops nothing: `One or more build-args [x] were not consumed`.
    Warning {
        /// The step, if it is about one.
        step: Option<usize>,
        /// What.
        message: String,
    },
    /// A step ended well.
    StepDone {
        /// Its number.
        step: usize,
        /// How.
        outcome: StepOutcome,
        /// The image as the step left it.
        image: ImageId,
        /// The layer that it made, if it made one.
        layer: Option<DiffId>,
        /// Bytes of that layer's files.
        bytes: u64,
        /// How long it took.
        milliseconds: u64,
    },
    /// A step, or the build before its first step, failed; the last line.
    Failed {
        /// The step, if it is one's fault.
        step: Option<usize>,
        /// First line of what is wrong in the Dockerfile, if it is known.
        line: Option<usize>,
        /// Last line of it.
        last_line: Option<usize>,
        /// What the step's program ended with, if it ran one.
        code: Option<i64>,
        /// What was wrong, as docker words it.
        message: String,
        /// Whether the file system as the step left it is kept: then [`BuiltStep::image`] has it, and a shell in the
        /// step works.
        ///
        /// [`BuiltStep::image`]: super::BuiltStep::image
        kept: bool,
        /// How long the build took.
        milliseconds: u64,
    },
    /// It was stopped; the last line, if anybody still reads.
    Cancelled {
        /// The step that was stopped.
        step: Option<usize>,
    },
    /// It is done; the last line.
    Done {
        /// The image.
        image: ImageId,
        /// The names that it got.
        names: Vec<String>,
        /// How long the build took.
        milliseconds: u64,
    },
}

/// Where a step's program printed something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
    /// The builder itself: ` ---> Running in …`.
    Builder,
}

/// How a step ended well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepOutcome {
    /// It was done before.
    Cached,
    /// It was done now.
    Ran,
    /// A `FROM`: nothing to do but to find the base.
    Base,
}
