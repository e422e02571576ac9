//! What the page asks for about logins at registries.
//!
//! | route | answer |
//! | --- | --- |
//! | `GET /api/logins` | `Vec<KeptLogin>`, by registry |
//! | `POST /api/logins` | of a [`NewLogin`]: [`KeptLogin`] once the registry has accepted it; 403 with the registry's words if it doesn't |
//! | `DELETE /api/logins/{registry}` | 204; 404 if none is kept |
//!
//! A password goes one way only: no route tells it.

use serde::{Deserialize, Serialize};

/// A login to be tried and kept.
#[derive(Clone, Deserialize, Serialize)]
pub struct NewLogin {
    /// `host[:port]`; empty for Docker Hub.
    pub registry: String,
    /// The user.
    pub username: String,
    /// The user's password, or a token that stands for it.
    pub password: String,
}

/// A login that the server keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptLogin {
    /// The domain of references to the registry: `docker.io`, `127.0.0.1:5000`.
    pub registry: String,
    /// The user.
    pub username: String,
}
