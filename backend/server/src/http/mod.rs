//! Requests to handlers and bodies to clients, apart from what they are about.
//!
//! The router is our own for two reasons: names of images and repositories contain slashes and stand in the middle of
//! a path (`/images/a/b:c/json`), and a route must not exist without a [`Permission`].

mod body;
mod call;
mod file;
mod hijack;
mod json;
mod pattern;
mod query;
mod range;
mod route;
mod site;

pub use body::{BodyError, pass_over, read_ahead, read_body, read_json, read_json_or};
pub use call::Call;
pub(crate) use file::matches_etag;
pub use file::{Content, content, hostile_content};
pub use hijack::{Input, Output, hijack};
pub use json::{Lines, error, json, status};
pub use pattern::{Params, Pattern};
pub use query::Query;
pub use range::{Part, Range};
pub use route::{Family, Group, Permission, Route};
pub use site::Site;

/// The body of every reply.
pub type Body = axum::body::Body;
/// What a handler gets.
pub type Request = ::http::Request<Body>;
/// What a handler gives.
pub type Response = ::http::Response<Body>;
