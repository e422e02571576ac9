//! What happens in a build, for those who show it.
//!
//! ```text
//! build := Dockerfile? Context? Started step* (Warning | StageDone)* (Done | Failed | Cancelled)
//! step  := StepStarted (Pull | Triggers | Copied | Container | Output | Removed | Warning | trigger)* StepDone?
//! ```
//!
//! Of a step without `StepDone` the build failed or was stopped. A trigger is a step inside the `FROM` that it belongs to,
//! with that one's number.

use std::time::Duration;

use bytes::Bytes;
use strata_api::progress::Message;
use strata_dockerfile::context::Entry;
use strata_oci::{DiffId, ImageId};

use crate::Error;

/// Something that happened in a build.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The Dockerfile was found; it may be one that is refused.
    Dockerfile {
        /// Its text.
        text: String,
    },
    /// The context is here.
    Context {
        /// Files that `.dockerignore` leaves in.
        files: u64,
        /// Bytes of them.
        bytes: u64,
    },
    /// The Dockerfile was read: the steps begin.
    Started {
        /// How many steps it has, as `Step 1/N` counts them.
        steps: usize,
    },
    /// A step begins.
    StepStarted(Step),
    /// An image is pulled, by the step that needs it.
    Pull {
        /// The step's number.
        step: usize,
        /// As `docker pull` would show it.
        message: Message,
    },
    /// The base image has triggers, which run now.
    Triggers {
        /// How many.
        count: usize,
    },
    /// The step copies something of the context, or did when it was done before.
    Copied {
        /// What it is: files with all that is in a directory. `None` when that is too much to tell, or not known.
        files: Option<Vec<Entry>>,
    },
    /// The step runs in a container. Also where none is needed: then nothing is known by this id.
    Container {
        /// The step's number.
        step: usize,
        /// The container's id.
        id: String,
    },
    /// Something was printed.
    Output {
        /// The step's number.
        step: usize,
        /// By whom.
        stream: Stream,
        /// What, as it came: a character may be cut in two by the end of an event.
        bytes: Bytes,
    },
    /// An intermediate container was removed.
    Removed {
        /// The container's id.
        id: String,
    },
    /// Something the user should know that stops nothing.
    Warning {
        /// The step's number, if it is about one.
        step: Option<usize>,
        /// What, without a word like "warning" before it.
        message: String,
    },
    /// A step ended well.
    StepDone {
        /// The step's number.
        step: usize,
        /// Whether it is a trigger of that step.
        trigger: bool,
        /// How.
        outcome: Outcome,
        /// The image that it was done on; nothing on `scratch`.
        parent: Option<ImageId>,
        /// The image as the step left it; nothing for `FROM scratch` and for an `ARG` before the first `FROM`.
        image: Option<ImageId>,
        /// The layer that it made, if it made one.
        layer: Option<DiffId>,
        /// Bytes of that layer's files.
        bytes: u64,
        /// How long it took.
        took: Duration,
    },
    /// A stage is done.
    StageDone {
        /// Its image.
        image: ImageId,
    },
    /// The image has its names; the last event of a build that went well.
    Done {
        /// The image.
        image: ImageId,
        /// The names that it got, as docker prints them.
        names: Vec<String>,
        /// How long the build took.
        took: Duration,
    },
    /// The last event of a build that did not go well.
    Failed {
        /// The step, if it is one's fault.
        step: Option<Step>,
        /// What was wrong. [`Error::code`] has what the step's program ended with.
        error: Error,
        /// The container that the failing program ran in, if it was not removed: its file system is as the program
        /// left it, and a commit of it can be looked into.
        container: Option<String>,
        /// How long the build took.
        took: Duration,
    },
    /// It was stopped; the last event.
    Cancelled {
        /// The number of the step that was stopped.
        step: Option<usize>,
    },
}

/// A step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its number, from 1, as `Step 1/N` counts them. A trigger has its `FROM`'s.
    pub number: usize,
    /// How many steps there are.
    pub of: usize,
    /// The stage that it belongs to, from 0; for an `ARG` before the first `FROM` that stage.
    pub stage: usize,
    /// First and last line of its instruction in the Dockerfile, from 1.
    pub lines: (usize, usize),
    /// The instruction as docker prints it.
    pub text: String,
    /// Whether it is an `ONBUILD` trigger.
    pub trigger: bool,
}

/// Who prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stream {
    /// The step's program, to its standard output.
    Stdout,
    /// The step's program, to its standard error.
    Stderr,
    /// The builder itself.
    Builder,
}

/// How a step ended well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It was done before.
    Cached,
    /// It was done now.
    Ran,
    /// A `FROM`.
    Base,
    /// An `ARG` before the first `FROM`.
    Argument,
}
