//! How a process ended.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The end of a process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exit {
    /// What the process returned; 128 + the number of the signal that killed it; 255 if nobody saw it end.
    pub code: u8,
    /// The signal that killed it.
    pub signal: Option<i32>,
    /// Whether the kernel killed a process of the container because its memory limit was reached.
    pub oom_killed: bool,
    /// When the process was started; none if it ended before.
    pub started_at: Option<Time>,
    /// When it ended.
    pub finished_at: Time,
    /// Whether the shim was lost, so that the code is a guess (137 if we had to kill the process, else 255).
    #[serde(default)]
    pub lost: bool,
}

/// A point in time; RFC 3339 with up to nine decimals as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Time(pub Timestamp);

impl Time {
    /// The present.
    pub fn now() -> Self {
        Self(Timestamp::now())
    }
}

impl TryFrom<String> for Time {
    type Error = jiff::Error;

    fn try_from(text: String) -> Result<Self, jiff::Error> {
        text.parse().map(Self)
    }
}

impl From<Time> for String {
    fn from(time: Time) -> Self {
        time.0.to_string()
    }
}

impl std::fmt::Display for Time {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
