//! The messages of docker's JSON streams (pull, push, load, build): one object per line.

use serde::{Deserialize, Serialize};

/// One line of a pull's stream.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Message {
    /// `Pulling from library/busybox`, `Downloading`, `Pull complete`, …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// How far, for `Downloading` and `Extracting`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress_detail: Option<Detail>,
    /// The same as a bar, for clients that print it as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<String>,
    /// The layer: the first twelve digits of its blob's digest; or the tag in the first message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Text to print as it is (build output).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream: Option<String>,
    /// Something for programs: of a push the digest, of a build a stage's image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aux: Option<serde_json::Value>,
    /// The error that ended the stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The same, structured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_detail: Option<ErrorDetail>,
}

/// Bytes done and to do; both zero in messages that only name a state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Detail {
    /// Bytes done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current: Option<u64>,
    /// Bytes in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
}

/// An error inside a stream, after the status line was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ErrorDetail {
    /// HTTP-like code, where docker sends one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<i64>,
    /// The message.
    pub message: String,
}
