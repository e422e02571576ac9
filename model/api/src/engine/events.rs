//! What happened.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A line of `GET /events`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The action again, for old clients.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// The actor's id again, for old clients.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The image of the container that it happened to, for old clients.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// `image`, `container`, …
    #[serde(rename = "Type")]
    pub kind: String,
    /// `pull`, `tag`, `untag`, `delete`, …
    #[serde(rename = "Action")]
    pub action: String,
    /// Whom it happened to.
    #[serde(rename = "Actor")]
    pub actor: Actor,
    /// `local`.
    pub scope: String,
    /// Unix seconds.
    pub time: i64,
    /// Unix nanoseconds.
    #[serde(rename = "timeNano")]
    pub time_nano: i64,
}

/// Whom an event happened to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// Its id, or a name for pulls.
    #[serde(rename = "ID")]
    pub id: String,
    /// More about it: `name`, labels.
    #[serde(rename = "Attributes")]
    pub attributes: BTreeMap<String, String>,
}
