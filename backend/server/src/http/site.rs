//! The routes of one listener, and the way of a request through them.

use std::sync::Arc;

use http::StatusCode;
use percent_encoding::percent_decode_str;

use super::{Call, Family, Group, Permission, Request, Response, Route, error};
use crate::{
    docker::{self, ApiVersion, WrongVersion},
    page, registry,
    security::{Access, Guard, Refusal, harden},
};

/// The routes of one listener.
///
/// With a guard (TCP) every request is checked before anything is looked up; without one (unix socket) who may connect
/// may call.
#[derive(Clone)]
pub struct Site {
    groups: Arc<[Group]>,
    guard: Option<Arc<Guard>>,
}

/// A route for a request, or why there is none.
enum Found<'a> {
    Route(Family, &'a Route, Call),
    Nothing(Request),
    WrongVersion(WrongVersion, Request),
}

impl Found<'_> {
    fn request(&self) -> &Request {
        match self {
            Self::Route(_, _, call) => &call.request,
            Self::Nothing(request) | Self::WrongVersion(_, request) => request,
        }
    }

    /// What it needs of the registry.
    fn needed(&self) -> Vec<Access> {
        match self {
            Self::Route(_, route, call) => {
                let pattern = route.pattern.text();
                Access::needed(call.request.method(), pattern, &call.params, &call.query())
            }
            _ => Vec::new(),
        }
    }
}

impl Site {
    /// A site of route groups.
    pub fn new(groups: Vec<Group>, guard: Option<Arc<Guard>>) -> Self {
        Self { groups: groups.into(), guard }
    }

    /// Every route, in the order in which they are tried.
    pub fn routes(&self) -> impl Iterator<Item = (Family, &Route)> {
        self.groups.iter().flat_map(|group| group.routes.iter().map(move |route| (group.family, route)))
    }

    /// Answers a request.
    pub async fn answer(&self, request: Request) -> Response {
        match &self.guard {
            None => self.dispatch(request).await,
            Some(guard) => harden(self.guarded(guard, request).await, guard.content_security_policy()),
        }
    }

    async fn guarded(&self, guard: &Arc<Guard>, request: Request) -> Response {
        if let Err(refusal) = guard.check_host(&request) {
            return refuse(self.family_of(request.uri().path()), refusal);
        }
        let found = self.find(request);
        let (family, permission) = match &found {
            Found::Route(family, route, _) => (*family, route.permission),
            Found::Nothing(request) => match self.family_of(request.uri().path()) {
                // Who may use it is told that there is no such thing, rather than to log in.
                Family::Registry => (Family::Registry, Permission::Registry),
                family => (family, Permission::Session),
            },
            Found::WrongVersion(..) => (Family::Docker, Permission::Session),
        };
        if let Err(refusal) = guard.check_origin(found.request(), family == Family::Page) {
            return refuse(family, refusal);
        }
        if permission == Permission::Registry && !guard.door().is_open() {
            // Judging a password takes a while, which must not hold up others.
            let (guard, headers) = (Arc::clone(guard), found.request().headers().clone());
            let needed = found.needed();
            let judged = tokio::task::spawn_blocking(move || guard.check_registry(&headers, &needed));
            match judged.await {
                Ok(Ok(())) => {}
                Ok(Err(refusal)) => return refuse(family, refusal),
                Err(_) => return refuse(family, Refusal::NoSession),
            }
        }
        let admitted = permission != Permission::Session || guard.has_session(found.request().headers());
        match found {
            found if !admitted && family == Family::Page => page::without_session(guard, found.request()),
            _ if !admitted => refuse(family, Refusal::NoSession),
            found => self.respond(found).await,
        }
    }

    async fn dispatch(&self, request: Request) -> Response {
        self.respond(self.find(request)).await
    }

    async fn respond(&self, found: Found<'_>) -> Response {
        match found {
            Found::Route(family, route, call) => {
                let response = route.call(call).await;
                if family == Family::Docker { docker::with_headers(response) } else { response }
            }
            Found::WrongVersion(wrong, _) => docker::refused(StatusCode::BAD_REQUEST, &wrong.to_string()),
            Found::Nothing(request) => match self.family_of(request.uri().path()) {
                Family::Registry => registry::unsupported(),
                // dockerd's words, which its clients show.
                _ => error(StatusCode::NOT_FOUND, "page not found"),
            },
        }
    }

    /// The family that a path without a route belongs to. Reading below `/v2/` always has a route.
    fn family_of(&self, path: &str) -> Family {
        let registry = self.groups.iter().any(|group| group.family == Family::Registry);
        if registry && (path == "/v2" || path.starts_with("/v2/")) {
            Family::Registry
        } else {
            Family::Explorer
        }
    }

    fn find(&self, request: Request) -> Found<'_> {
        let Ok(path) = percent_decode_str(request.uri().path()).decode_utf8().map(|path| path.into_owned())
        else {
            return Found::Nothing(request);
        };
        for group in self.groups.iter() {
            let (path, version) = match group.family {
                Family::Docker => ApiVersion::split(&path),
                _ => (path.as_str(), None),
            };
            let heads = group.family != Family::Docker;
            for route in group.routes.iter().filter(|route| route.answers(request.method(), heads)) {
                if let Some(params) = route.pattern.matches(path) {
                    return match ApiVersion::negotiate(version) {
                        Ok(version) => Found::Route(group.family, route, Call { request, params, version }),
                        Err(wrong) => Found::WrongVersion(wrong, request),
                    };
                }
            }
        }
        Found::Nothing(request)
    }
}

fn refuse(family: Family, refusal: Refusal) -> Response {
    let status = refusal.status();
    let mut response = match family {
        Family::Registry if matches!(refusal, Refusal::Closed { .. }) => {
            registry::refused(status, "UNAUTHORIZED", &refusal.to_string())
        }
        Family::Registry => registry::refused(status, "DENIED", &refusal.to_string()),
        Family::Docker => docker::refused(status, &refusal.to_string()),
        Family::Explorer | Family::Page => error(status, refusal.to_string()),
    };
    if status == StatusCode::UNAUTHORIZED {
        let challenge = match &refusal {
            Refusal::Closed { challenge } => challenge,
            _ => "Bearer realm=\"strata\"",
        };
        if let Ok(challenge) = http::HeaderValue::from_str(challenge) {
            response.headers_mut().insert(http::header::WWW_AUTHENTICATE, challenge);
        }
    }
    response
}
