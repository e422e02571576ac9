//! A container as the page draws it, and its copy-on-write as it happens.
//!
//! | route | answer |
//! | --- | --- |
//! | `GET /api/containers/{id}` | [`ContainerDetail`] |
//! | `GET /api/containers/{id}/live` | a [`Batch`] per line: first the writable layer as it is, then what happens to it |
//! | `GET /api/containers/{id}/reads` | a [`ReadBatch`] per line: first how much each layer has, then what is read of it |
//! | `GET /api/containers/{id}/file?path=PATH` | the bytes of a file as the container sees it, with `Range` |
//! | `GET /api/containers/{id}/terminal` | a WebSocket to its process, or with `?shell=on` to a shell that ends with the connection: binary frames are the terminal's bytes both ways, a text frame from the page is a [`TerminalSize`] |
//!
//! `PATH` is encoded with [`crate::path::encode`], without a leading slash. Everything else about containers (list,
//! create, start, stop, logs, stats, commit) goes through the engine API.

use serde::{Deserialize, Serialize};
use strata_oci::ImageId;

use crate::explorer::Change;

/// A container with what is below it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ContainerDetail {
    /// Its id, 64 hex digits.
    pub id: String,
    /// Its name, without docker's slash.
    pub name: String,
    /// The image it was made from: open it in the explorer for its layers.
    pub image: ImageId,
    /// The image's name as it was given.
    pub image_name: String,
    /// Whether its process has a terminal.
    pub tty: bool,
    /// How it is mounted.
    pub mount: Mount,
}

/// How a container's file system is put together; paths are on the engine's machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    /// `overlay`, `fuse-overlayfs` or `copy`.
    pub driver: String,
    /// A command that would mount the same.
    pub command: String,
    /// Directories of the image's layers, bottom first.
    pub lower: Vec<String>,
    /// Directory of the writable layer.
    pub upper: String,
    /// overlayfs's own directory.
    pub work: String,
    /// Where it is mounted.
    pub merged: String,
}

/// Some of what happened to a writable layer, in order, or was found out about it. Never empty but for the first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Batch {
    /// Forget what was known: `events` are the writable layer whole. True for the first batch, and whenever events came
    /// faster than they could be told.
    pub reset: bool,
    /// What happened.
    pub events: Vec<CowEvent>,
    /// How much of files that were told of before is changed, found out after they were told of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub measured: Vec<Measured>,
}

/// How much of a copied file's content is other than what it was copied from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measured {
    /// The path, percent-encoded, without a leading slash.
    pub path: String,
    /// Bytes that differ, place by place, and those that the longer version has more.
    pub changed: u64,
    /// Whether all was compared; else more may have changed: of a file only the first 64 MiB are compared.
    pub whole: bool,
}

/// Something that happened to a path of a writable layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CowEvent {
    /// Unix milliseconds.
    pub at: i64,
    /// The path, percent-encoded, without a leading slash.
    pub path: String,
    /// What happened.
    pub deed: Deed,
    /// What the writable layer now has at the path; nothing if it has nothing there any more.
    pub entry: Option<UpperEntry>,
}

/// What can happen to a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    /// A file of a layer below was copied into the writable layer, because it was about to change.
    CopiedUp,
    /// Something new was made.
    Created,
    /// What was in the writable layer already was written to.
    Modified,
    /// Only mode, owner, time or extended attributes changed.
    Attributes,
    /// What a layer below has was deleted: a whiteout stands for it.
    WhitedOut,
    /// A directory was made that hides everything below it.
    MadeOpaque,
    /// It was moved here.
    Renamed {
        /// Where it was, percent-encoded, without a leading slash; that path has an event of its own.
        from: String,
    },
    /// What only the writable layer had is gone.
    Gone,
}

/// What a writable layer has at a path.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UpperEntry {
    /// Against what the layers below have there.
    pub change: Change,
    /// `f`ile, `d`irectory, `l`ink, `c`haracter or `b`lock device, `p`ipe, `s`ocket, `w`hiteout.
    pub kind: char,
    /// Bytes of its content.
    pub size: u64,
    /// The layer below that has another version, 0 at the bottom.
    pub from: Option<usize>,
    /// Bytes that had to be copied up for it, under this name or another: the size of what it was copied from. The
    /// same whenever it is told. (A file that is opened to be emptied is copied without its content; nothing tells.)
    pub copied: u64,
    /// Whether it hides everything below it.
    pub opaque: bool,
}

/// What was read, in order, each file when it is read first and again when more is done with it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ReadBatch {
    /// What each layer of the image has, 0 at the bottom; empty but in the first batch.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub layers: Vec<LayerFiles>,
    /// Files that were read.
    pub reads: Vec<FileRead>,
    /// More was read than could be told.
    pub lost: bool,
}

/// The regular files of a layer; of several names of a file each counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerFiles {
    /// How many.
    pub files: u64,
    /// Bytes of their content.
    pub bytes: u64,
}

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FileRead {
    /// Unix milliseconds.
    pub at: i64,
    /// The path, percent-encoded, without a leading slash.
    pub path: String,
    /// The layer of the image that it is from, 0 at the bottom; nothing for the writable layer.
    pub layer: Option<usize>,
    /// What was done with it.
    pub how: How,
    /// Bytes of the whole file: how many of them were read is not known.
    pub size: u64,
}

/// What was done with a file, the more it says the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// It was opened, perhaps to be mapped into memory.
    Opened,
    /// Some of it was read.
    Read,
    /// It was started as a program.
    Executed,
}

/// The size of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TerminalSize {
    /// Characters in a row.
    pub columns: u16,
    /// Rows.
    pub rows: u16,
}
