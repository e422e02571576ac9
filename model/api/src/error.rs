//! `{"message": …}`, the body of every engine API error.

use serde::{Deserialize, Serialize};

/// The body of an engine API error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// What was wrong, where, and what would be right.
    pub message: String,
}
