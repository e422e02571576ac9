//! Wire types, one definition for the server and the page.
//!
//! - [`explorer`]: our own routes under `/api`, what the page draws.
//! - [`logins`]: logins at registries that the server keeps.
//! - [`sharing`]: layers that images share, and what removing images would free.
//! - [`live`]: containers as the page draws them.
//! - [`progress`]: the messages of docker's JSON streams.
//! - [`engine`]: bodies of the Docker Engine API.
//! - [`error`]: the engine API's error body.
//! - [`registry`]: registries as the page draws them.
//! - [`remote`]: images of registries, looked into without a pull.
//! - [`theatre`]: the requests of a pull or push, as they are made.
//! - [`workshop`]: Dockerfiles with their context, builds, surgery on layers.
//!
//! Paths of files inside images are bytes, not text. On the wire they are percent-encoded ([`path`]).

pub mod engine;
pub mod error;
pub mod explorer;
pub mod live;
pub mod logins;
pub mod path;
pub mod progress;
pub mod registry;
pub mod remote;
pub mod sharing;
pub mod theatre;
pub mod workshop;
