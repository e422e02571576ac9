//! Registries as the page draws them: ours and any other, without pulling.
//!
//! | route | answer |
//! | --- | --- |
//! | `GET /api/registry/repositories?host=HOST[&next=NEXT]` | [`Told`]`<`[`Names`]`>`: repositories, without the host |
//! | `GET /api/registry/tags?ref=REF[&next=NEXT]` | [`Told`]`<`[`Names`]`>`: tags of a repository |
//! | `GET /api/registry/tag?ref=REF` | [`Told`]`<`[`TagFacts`]`>` |
//! | `GET /api/registry/detail?ref=REF` | [`Told`]`<`[`TagDetail`]`>` |
//! | `GET /api/registry/freed?ref=REF` | [`Freed`]: what removing the tag would free; our own registry only |
//! | `DELETE /api/registry/tag?ref=REF` | [`Freed`]: what that freed |
//!
//! `HOST` is a registry's `host[:port]`; the one that the request itself is sent to is ours. `REF` begins with it. `NEXT` is
//! [`Names::next`] of the page before. A login for the registry may come in `X-Registry-Auth`, as with docker's API.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use strata_oci::{Digest, Platform};

/// What a registry answered. That it refuses is an answer too, and not an error of ours.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told<T> {
    /// It is this.
    Answer(T),
    /// It is not told.
    Trouble(Trouble),
}

/// Why a registry doesn't tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// What kind of trouble.
    pub kind: TroubleKind,
    /// What happened, in the registry's words or the network's.
    pub message: String,
}

/// Kinds of trouble with a registry, by what a person can do about them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TroubleKind {
    /// It wants a login, or doesn't accept the one it got.
    Unauthorized,
    /// It knows who asks, and refuses.
    Denied,
    /// It doesn't have that.
    NotFound,
    /// It can't be reached.
    Unreachable,
    /// The encrypted connection can't be trusted, or there is none.
    Tls,
    /// Who answers isn't a registry.
    NotRegistry,
    /// It is one, and doesn't give this list.
    NotOffered,
    /// It asks to be asked less often.
    TooMany,
    /// What it sent can't be used.
    Malformed,
}

/// A page of names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Names {
    /// The names.
    pub names: Vec<String>,
    /// What leads to the next page; nothing on the last.
    pub next: Option<String>,
}

/// What a row says of a tag.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TagFacts {
    /// Digest of what the tag points at.
    pub digest: Digest,
    /// Its media type.
    pub media_type: String,
    /// For artifacts that are no images: what they are.
    pub artifact_type: Option<String>,
    /// Compressed bytes of the image for this machine, or of the first there is: what a pull would fetch at most.
    pub size: u64,
    /// RFC 3339 time of creation, if the image tells.
    pub created: Option<String>,
    /// What it is for; empty if it doesn't tell.
    pub platforms: Vec<Platform>,
    /// A name by which this very image is here already.
    pub here: Option<String>,
}

/// A tag, whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TagDetail {
    /// What a row says of it.
    pub facts: TagFacts,
    /// The image, or those of an index.
    pub images: Vec<Image>,
    /// Attestations, signatures and other things that refer to it.
    pub referrers: Vec<Referrer>,
    /// Manifests of the index that were not looked at, because there are too many.
    pub more: usize,
}

/// An image of a tag.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Image {
    /// What it is for, if that is told.
    pub platform: Option<Platform>,
    /// Digest of its manifest.
    pub digest: Digest,
    /// The manifest's media type.
    pub media_type: String,
    /// Compressed bytes of its layers and config.
    pub size: u64,
    /// Its layers, bottom first; empty where the manifest can't be had.
    pub layers: Vec<Layer>,
    /// A name by which this very image is here already.
    pub here: Option<String>,
}

/// A layer as a registry has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Layer {
    /// Digest of its blob.
    pub digest: Digest,
    /// Bytes of its blob.
    pub size: u64,
    /// Its media type.
    pub media_type: String,
    /// Local images that have it.
    pub images: Vec<String>,
    /// Other tags of our own registry that have it, `demo:latest`.
    pub tags: Vec<String>,
}

/// Something that refers to a manifest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Referrer {
    /// Digest of its manifest.
    pub digest: Digest,
    /// Bytes of its manifest.
    pub size: u64,
    /// What it says it is: an artifact type, or predicate types of an attestation.
    pub types: Vec<String>,
    /// What it refers to, if that is one image of an index.
    pub subject: Option<Digest>,
    /// Its notes.
    pub annotations: BTreeMap<String, String>,
}

/// What removing a tag frees.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Freed {
    /// Bytes on disk.
    pub bytes: u64,
    /// How many blobs go.
    pub blobs: usize,
    /// Whether other tags of the repository point at the same manifest, so that nothing goes.
    pub shared: bool,
    /// Local images that keep its layers, if some do.
    pub kept_by: Vec<String>,
}
