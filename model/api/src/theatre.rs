//! The registry theatre: the requests of a pull or push, as they are made.
//!
//! | route | answer |
//! | --- | --- |
//! | `GET /api/theatre` | `Vec<`[`Play`]`>`, the last one first |
//! | `GET /api/theatre/live` | a line for each change of the list: `Vec<`[`Play`]`>` that are new or changed |
//! | `GET /api/theatre/{id}/scenes` | a [`Scenes`] per line, from the first on until the play is over |
//! | `POST /api/theatre` | the same of a pull or push that begins with this [`Begin`], and ends when nobody reads it |
//!
//! Pulls and pushes of every client are here, the last of them kept in memory. A row is told anew whenever it changes; who takes the
//! last of each number has the whole. Nothing told here is a secret: no header, query, body, or name of an upload.

use serde::{Deserialize, Serialize};
use strata_oci::Digest;

/// A pull or push to begin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begin {
    /// Which.
    pub deed: Deed,
    /// The image, as docker takes it, with a tag or digest.
    pub image: String,
}

/// What is done with a registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    /// An image is fetched.
    Pull,
    /// An image is sent.
    Push,
}

/// A pull or push, in short.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Play {
    /// Its id.
    pub id: String,
    /// What it does.
    pub deed: Deed,
    /// The image, as it was asked for.
    pub image: String,
    /// Milliseconds since 1970 at its beginning.
    pub began: i64,
    /// How long it took, in milliseconds; nothing while it goes on.
    pub took: Option<u64>,
    /// How it ended.
    pub end: Option<End>,
    /// Requests so far.
    pub requests: u32,
    /// Bytes received in bodies.
    pub received: u64,
    /// Bytes sent in bodies.
    pub sent: u64,
    /// Bytes of layers that didn't have to go over the network.
    pub spared: u64,
}

/// How a pull or push ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// Well.
    Done,
    /// Whoever wanted it went away, or stopped it.
    Stopped,
    /// Not: why.
    Failed(String),
}

/// What happened since the line before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scenes {
    /// How the whole stands.
    pub play: Play,
    /// The layers known so far, bottom first: which colour a row has.
    pub layers: Vec<Digest>,
    /// Rows that are new or changed.
    pub rows: Vec<Row>,
    /// Rows that are not kept, because there are too many.
    pub dropped: u32,
}

/// A row: a request, or one that was not made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Its number, from 0, in order.
    pub number: u32,
    /// Milliseconds since the beginning of the play.
    pub at: u64,
    /// What it is about.
    pub what: What,
    /// The request; nothing where none was made.
    pub call: Option<Call>,
}

/// What a row is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// First contact.
    Ping,
    /// A token for a scope.
    Token {
        /// The scope.
        scope: String,
    },
    /// A manifest or index, or its head.
    Manifest {
        /// The tag or digest.
        reference: String,
    },
    /// A blob's bytes.
    Blob {
        /// The blob.
        digest: Digest,
    },
    /// Whether a blob is there.
    Check {
        /// The blob.
        digest: Digest,
    },
    /// A blob to be taken over from another repository.
    Mount {
        /// The blob.
        digest: Digest,
        /// The other repository.
        from: String,
    },
    /// A place to send a blob to.
    Begin {
        /// The blob.
        digest: Digest,
    },
    /// A blob's bytes, sent.
    Send {
        /// The blob.
        digest: Digest,
    },
    /// The end of an upload.
    Finish {
        /// The blob.
        digest: Digest,
    },
    /// How much of an upload arrived.
    Progress {
        /// The blob.
        digest: Digest,
    },
    /// A manifest, sent.
    Put {
        /// The tag or digest.
        reference: String,
    },
    /// A list of tags.
    Tags,
    /// A list of repositories.
    Catalog,
    /// A list of what refers to a manifest.
    Referrers {
        /// The manifest.
        digest: Digest,
    },
    /// A search.
    Search,
    /// Not asked for: the layer is here.
    Here {
        /// Its blob.
        digest: Digest,
        /// Bytes of the blob.
        size: u64,
    },
    /// Not asked for: another pull is fetching the layer.
    Joined {
        /// Its blob.
        digest: Digest,
        /// Bytes of the blob.
        size: u64,
    },
    /// Nothing more is asked for: the image is here.
    UpToDate,
}

impl What {
    /// The blob that it is about.
    pub fn digest(&self) -> Option<&Digest> {
        match self {
            Self::Blob { digest }
            | Self::Check { digest }
            | Self::Mount { digest, .. }
            | Self::Begin { digest }
            | Self::Send { digest }
            | Self::Finish { digest }
            | Self::Progress { digest }
            | Self::Here { digest, .. }
            | Self::Joined { digest, .. } => Some(digest),
            _ => None,
        }
    }
}

/// A request and its answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// `GET`, `HEAD`, …
    pub method: String,
    /// `host[:port]` that it was sent to.
    pub host: String,
    /// Its path, without query; what a registry calls an upload is left out.
    pub path: String,
    /// Which try it is, from 1.
    pub attempt: u32,
    /// The first byte asked for or sent: more than 0 where something broken off goes on.
    pub from: u64,
    /// Bytes that it carries or that its answer announces.
    pub expected: Option<u64>,
    /// Bytes that went over the network so far.
    pub bytes: u64,
    /// Whether it showed a login or token.
    pub authorized: bool,
    /// The answer's status.
    pub status: Option<u16>,
    /// Hosts that it was redirected to.
    pub redirects: Vec<String>,
    /// How long it took, in milliseconds; nothing while it goes on.
    pub took: Option<u64>,
    /// What went wrong.
    pub failure: Option<String>,
}
