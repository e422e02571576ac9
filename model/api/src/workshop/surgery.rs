//! Surgery on the layers of an image. The image itself stays; another comes out.
//!
//! `POST /api/surgery/plan` says what would come of it and changes nothing; `POST /api/surgery` does it, with
//! `?events=1` telling how far it is ([`SurgeryEvent`]). Layers are
//! numbered from 0 at the bottom.

use serde::{Deserialize, Serialize};
use strata_oci::ImageId;

use super::InBoth;

/// What is wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SurgeryRequest {
    /// The image: anything docker takes for one.
    pub image: String,
    /// What is done to it.
    pub operation: Operation,
    /// The name that the outcome gets; `None` for none.
    pub name: Option<String>,
    /// Does it although something needs what it takes away ([`SurgeryPlan::dependents`]); else that is refused with 409.
    #[serde(default)]
    pub force: bool,
}

/// What can be done to layers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Operation {
    /// Makes one layer of several: what they hide among each other is no longer shipped.
    Squash {
        /// The lowest of them.
        from: usize,
        /// The highest of them, above `from`.
        to: usize,
    },
    /// Leaves a layer out. What it hid comes back; layers above stay as they are.
    Drop {
        /// The layer.
        layer: usize,
    },
    /// Puts the layers above the base on another base.
    Rebase {
        /// How many layers at the bottom are the old base.
        base: usize,
        /// The new base: anything docker takes for an image.
        onto: String,
    },
}

/// What would come of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SurgeryPlan {
    /// The image that it starts from.
    pub image: ImageId,
    /// History as it would be, oldest first, with what happens to each row.
    pub rows: Vec<SurgeryRow>,
    /// How many layers there are.
    pub layers_before: usize,
    /// How many there would be.
    pub layers_after: usize,
    /// Bytes of the files of all layers.
    pub bytes_before: u64,
    /// What that would be; for a squash known only from here on.
    pub bytes_after: u64,
    /// Paths where the outcome differs from what one may expect, sorted; at most 10,000. Empty for a squash.
    pub overridden: Vec<Overridden>,
    /// How many there are in all.
    pub overridden_count: u64,
    /// What needs something that goes, at most 1,000.
    #[serde(default)]
    pub dependents: Vec<Dependent>,
    /// Settings of the new base that the outcome doesn't take over: `ENV PATH`, `CMD`, … Empty but for a rebase.
    #[serde(default)]
    pub settings: Vec<String>,
    /// What this means for a Dockerfile and its cache, a sentence each.
    #[serde(default)]
    pub consequences: Vec<InBoth>,
}

/// Something that needs what the operation takes away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dependent {
    /// The layer of the image, as it is now, that has it; `None` for a setting of the config.
    pub layer: Option<usize>,
    /// Its path, percent-encoded; for a setting `ENTRYPOINT`, `CMD` or `WORKDIR`.
    pub path: String,
    /// What it needs.
    pub needs: Need,
    /// The path that is needed, percent-encoded.
    pub target: String,
}

/// How something needs a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// It is in that directory, whose owner and mode no layer would say any more.
    Directory,
    /// It is a link that leads there.
    Link,
    /// A container starts with it, or in it.
    Setting,
}

/// A row of the history that would be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SurgeryRow {
    /// The instruction, as the config has it.
    pub created_by: String,
    /// What happens to it.
    pub fate: SurgeryRowFate,
    /// Its layer in the image as it is, if it has one there.
    pub layer_before: Option<usize>,
    /// Its layer in the outcome, if it has one there.
    pub layer_after: Option<usize>,
}

/// What happens to a row of the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SurgeryRowFate {
    /// It stays.
    Kept,
    /// It stays as an empty row: its layer went into another one.
    Emptied,
    /// It carries the layer that several became.
    Squashed,
    /// It goes; the outcome doesn't have it.
    Removed,
    /// It is the new base's.
    New,
}

/// A path that isn't what one may expect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overridden {
    /// The path, percent-encoded.
    pub path: String,
    /// What about it.
    pub what: Override,
    /// The layer of the image, as it is now, whose entry it is about.
    pub layer: usize,
    /// Bytes of the version that is hidden in the outcome, or that comes back.
    pub bytes: u64,
}

/// What a rebase or a drop does to a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Override {
    /// Rebase: the image replaces it, and the new base's version is another than the old one's. The image's version, made
    /// from the old one's, stays.
    ReplacesOther,
    /// Rebase: the image has it, and the new base has it too while the old one didn't.
    ReplacesNew,
    /// Rebase: the image deletes it, and the new base's version is another than the old one's.
    DeletesOther,
    /// Rebase: the image deletes it, but the new base has no such thing.
    DeletesNothing,
    /// Rebase: the image changed only some of a directory that the new base doesn't have.
    ParentMissing,
    /// Drop: it was only in that layer and is gone, but a layer above changes or deletes it.
    LostBelow,
    /// Drop: the layer hid it; it comes back.
    ComesBack,
    /// Drop: it was in that layer and is gone.
    Gone,
}

/// What happens while it is done: the answer to `POST /api/surgery?events=1`, one JSON object per line. What is refused
/// has a status of its own and no events; closing the connection stops the work, and nothing comes of it.
///
/// ```text
/// surgery := started progress* ( done | failed )
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum SurgeryEvent {
    /// It begins.
    Started {
        /// Layers that have to be made.
        layers: usize,
        /// Files, directories, links and deletions that they have together.
        entries: u64,
    },
    /// How far it is.
    Progress {
        /// Entries that are made.
        entries: u64,
        /// Bytes of the new layers so far.
        bytes: u64,
    },
    /// It is done; the last line.
    Done {
        /// [`SurgeryOutcome::image`].
        image: ImageId,
        /// [`SurgeryOutcome::name`].
        name: Option<String>,
    },
    /// Nothing came of it; the last line.
    Failed {
        /// Why.
        message: String,
    },
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SurgeryOutcome {
    /// The new image.
    pub image: ImageId,
    /// The name that it got.
    pub name: Option<String>,
}
