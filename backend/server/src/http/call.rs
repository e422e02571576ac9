//! What a handler gets of a request.

use http::{HeaderMap, Method, Uri};

use super::{Params, Query, Request};
use crate::docker::ApiVersion;

/// A request that matched a route and passed the guard.
#[derive(Debug)]
pub struct Call {
    /// The request.
    pub request: Request,
    /// What the names in the route's pattern stand for.
    pub params: Params,
    /// The engine API version it was made for.
    pub version: ApiVersion,
}

impl Call {
    /// What `name` in the route's pattern stands for.
    pub fn param(&self, name: &str) -> &str {
        self.params.get(name)
    }

    /// The query.
    pub fn query(&self) -> Query {
        Query::parse(self.request.uri().query().unwrap_or_default())
    }

    /// A header's value, if it is visible ASCII.
    pub fn header(&self, name: impl http::header::AsHeaderName) -> Option<&str> {
        self.request.headers().get(name).and_then(|value| value.to_str().ok())
    }

    /// All headers.
    pub fn headers(&self) -> &HeaderMap {
        self.request.headers()
    }

    /// The address.
    pub fn uri(&self) -> &Uri {
        self.request.uri()
    }

    /// Whether only the head is wanted.
    pub fn is_head(&self) -> bool {
        self.request.method() == Method::HEAD
    }
}
