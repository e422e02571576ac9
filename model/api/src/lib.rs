//! Wire types, one definition for the server and the page.
//!
//! - [`explorer`]: our own routes under `/api`, what the page draws.
//! - [`live`]: containers as the page draws them.
//! - [`progress`]: the messages of docker's JSON streams.
//! - [`engine`]: bodies of the Docker Engine API.
//! - [`error`]: the engine API's error body.
//! - [`workshop`]: Dockerfiles with their context, builds, surgery on layers.
//!
//! Paths of files inside images are bytes, not text. On the wire they are percent-encoded ([`path`]).

pub mod engine;
pub mod error;
pub mod explorer;
pub mod live;
pub mod path;
pub mod progress;
pub mod workshop;
