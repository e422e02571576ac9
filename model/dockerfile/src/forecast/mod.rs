//! What a build will take from the cache, what will run, and why; from what earlier builds recorded.
//!
//! A build goes through all stages up to its target, in order. In each a step is taken from the cache when a record has its
//! key ([`crate::key`]) and the image that came out then is still here. From the first step of a stage that isn't, all steps
//! of that stage run. The forecast says so for every step, names the first cause, and what the step took last time.

mod cache;
mod cause;
mod walk;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use strata_oci::{ContainerConfig, ImageId};

pub use cache::Cache;
pub use cause::{Cause, Change};

use crate::{Dockerfile, context::CopiedFile, context::Listing, key::StepKey};

/// A step that a build did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Its key.
    pub key: StepKey,
    /// The image that it was done on; `None` on `scratch`.
    pub parent: Option<ImageId>,
    /// Number of the step in the build that did it, from 1.
    pub step: usize,
    /// Whose build did it; `None` for a `docker build`.
    pub workshop: Option<String>,
    /// [`crate::evaluate::Step::text`].
    pub instruction: String,
    /// [`crate::evaluate::Step::args`].
    pub args: Vec<(String, String)>,
    /// What was copied, sorted by path; `None` for other steps, and where there were too many to keep.
    pub files: Option<Vec<CopiedFile>>,
    /// The image that came out.
    pub image: ImageId,
    /// Whether that image is still here.
    pub alive: bool,
    /// Bytes that its layer added.
    pub bytes: u64,
    /// How long it took.
    pub milliseconds: u64,
    /// Unix milliseconds when it was done.
    pub at: i64,
}

/// What the name of an image means now.
#[derive(Clone, Debug, PartialEq)]
pub enum BaseImage {
    /// It is here.
    Here {
        /// Its id.
        image: ImageId,
        /// Its config.
        config: Box<ContainerConfig>,
    },
    /// A build would pull it.
    Absent,
}

/// How the build will be started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// Build arguments; `None` for a name without a value.
    pub arguments: BTreeMap<String, Option<String>>,
    /// The stage to stop at.
    pub target: Option<String>,
    /// Whether every step runs.
    pub no_cache: bool,
    /// Whose build it is, to find what it did last.
    pub workshop: Option<String>,
    /// The engine's platform, `linux/amd64`: what a stage on `scratch` is for.
    pub platform: String,
}

/// How a step will go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// An ARG before the first FROM: nothing is done.
    Argument,
    /// A FROM; with the image if it is known now.
    Base(Option<ImageId>),
    /// It was done before: this comes out.
    Cached(ImageId),
    /// It runs.
    Runs,
    /// It depends on what is only known in the build.
    Unknown,
    /// The build stops here: why, in dockerd's words.
    Fails(String),
}

/// What a step took last time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Last {
    /// Bytes that its layer added.
    pub bytes: u64,
    /// How long it took.
    pub milliseconds: u64,
}

/// What is forecast of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepForecast {
    /// Its number, from 1, as `Step 1/N` counts them; a trigger has its FROM's.
    pub number: usize,
    /// Whether it is a trigger of the base image.
    pub trigger: bool,
    /// Its instruction, an index of [`Dockerfile::instructions`].
    pub instruction: usize,
    /// Its stage; `None` for an ARG before the first FROM.
    pub stage: Option<usize>,
    /// What it will do, variables replaced.
    pub text: String,
    /// How it will go.
    pub state: State,
    /// Why it isn't taken from the cache.
    pub cause: Option<Cause>,
    /// What it took last time, or the one in its place.
    pub last: Option<Last>,
    /// Its key, if that can be told now.
    pub key: Option<StepKey>,
}

/// What is forecast of a build.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forecast {
    /// Its steps in order, up to the first that fails.
    pub steps: Vec<StepForecast>,
    /// How many steps there are, as `Step 1/N` counts them.
    pub count: usize,
    /// Why nothing will be built at all.
    pub refused: Option<String>,
}

impl Forecast {
    /// How many steps run for sure, and what they took last time together.
    pub fn runs(&self) -> (usize, Last) {
        let mut sum = Last::default();
        let mut count = 0;
        for step in self.steps.iter().filter(|step| step.state == State::Runs) {
            count += 1;
            let last = step.last.unwrap_or_default();
            sum.bytes = sum.bytes.saturating_add(last.bytes);
            sum.milliseconds = sum.milliseconds.saturating_add(last.milliseconds);
        }
        (count, sum)
    }
}

/// What a build of `file` will do. `bases` are the images that it names, by the names as they are after expansion.
pub fn forecast(
    file: &Dockerfile,
    request: &Request,
    bases: &BTreeMap<String, BaseImage>,
    context: &Listing,
    cache: &Cache,
) -> Forecast {
    walk::walk(file, request, bases, context, cache)
}
