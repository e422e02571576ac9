//! A route: what it answers to, who may call it, and what does it.

use std::{fmt, pin::Pin, sync::Arc};

use axum::response::IntoResponse;
use http::Method;

use super::{Call, Pattern, Response};

/// Who may call a route on the TCP listener. All of them need a right Host and no foreign Origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Permission {
    /// Everybody: it tells nothing and changes nothing.
    Public,
    /// Whoever has a session or the token.
    Session,
    /// Anonymous reading of the registry, as from a local registry; no session needed on loopback.
    Registry,
}

/// The API that a route belongs to: how paths are read, and how refusals are spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// The Docker Engine API: version prefixes, dockerd's headers and errors.
    Docker,
    /// Our own API: `{"message"}`.
    Explorer,
    /// The distribution API: `{"errors":[…]}`.
    Registry,
    /// The page: HTML.
    Page,
}

type Handler = dyn Fn(Call) -> Pin<Box<dyn Future<Output = Response> + Send>> + Send + Sync;

/// A route.
#[derive(Clone)]
pub struct Route {
    /// Its method; a GET route outside the engine API answers HEAD too.
    pub method: Method,
    /// Its paths.
    pub pattern: Pattern,
    /// Who may call it.
    pub permission: Permission,
    handler: Arc<Handler>,
}

impl Route {
    /// A route whose handler gets a clone of the one service that it needs.
    pub fn new<S, F, R>(
        method: Method,
        pattern: &'static str,
        permission: Permission,
        service: &S,
        handler: impl Fn(S, Call) -> F + Send + Sync + 'static,
    ) -> Self
    where
        S: Clone + Send + Sync + 'static,
        F: Future<Output = R> + Send + 'static,
        R: IntoResponse,
    {
        let service = service.clone();
        let handler = move |call| -> Pin<Box<dyn Future<Output = Response> + Send>> {
            let answer = handler(service.clone(), call);
            Box::pin(async move { answer.await.into_response() })
        };
        Self { method, pattern: Pattern::new(pattern), permission, handler: Arc::new(handler) }
    }

    /// Whether it answers to `method`, in a family that `heads` GET routes.
    pub(super) fn answers(&self, method: &Method, heads: bool) -> bool {
        self.method == method || (heads && method == Method::HEAD && self.method == Method::GET)
    }

    /// Calls the handler.
    pub(super) async fn call(&self, call: Call) -> Response {
        (self.handler)(call).await
    }
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {:?}", self.method, self.pattern.text(), self.permission)
    }
}

/// Routes of one family; the first that matches answers.
#[derive(Clone, Debug)]
pub struct Group {
    /// The family.
    pub family: Family,
    /// Its routes.
    pub routes: Vec<Route>,
}
