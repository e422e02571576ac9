//! The checks that every request on TCP passes.

use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use thiserror::Error;

use super::{Access, Door, Hosts, Secret, SecretError, Sessions, Tickets, hosts::is_origin_of};
use crate::http::Request;

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// It is not addressed to us.
    #[error("this server is not {got:?}: open it as http://{right}, or start it with --allowed-host")]
    WrongHost {
        /// The header's value.
        got: String,
        /// One that would be right.
        right: String,
    },
    /// A page of another site sent it.
    #[error("requests that a page of another site makes are refused")]
    Foreign,
    /// It has neither session nor token.
    #[error(
        "no session: open the address that `strata serve` printed, or send the token of the data directory as X-Strata-Token"
    )]
    NoSession,
    /// It shows nothing that opens the registry for it.
    #[error("authentication required")]
    Closed {
        /// What it should show, for `WWW-Authenticate`.
        challenge: String,
    },
}

impl Refusal {
    /// Its status.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::WrongHost { .. } => StatusCode::MISDIRECTED_REQUEST,
            Self::Foreign => StatusCode::FORBIDDEN,
            Self::NoSession | Self::Closed { .. } => StatusCode::UNAUTHORIZED,
        }
    }
}

/// What the checks need to know.
#[derive(Debug)]
pub struct Guard {
    hosts: Hosts,
    sessions: Sessions,
    token: Secret,
    tickets: Tickets,
    policy: HeaderValue,
    door: Door,
}

impl Guard {
    /// A guard of a server that is `hosts` and serves a page with Content-Security-Policy `policy`.
    pub fn new(hosts: Hosts, sessions: Sessions, token: Secret, policy: HeaderValue) -> Self {
        Self { hosts, sessions, token, tickets: Tickets::default(), policy, door: Door::default() }
    }

    /// With a door to the registry that isn't open.
    #[must_use]
    pub fn with_door(self, door: Door) -> Self {
        Self { door, ..self }
    }

    /// The door to the registry.
    pub fn door(&self) -> &Door {
        &self.door
    }

    /// Lets a request into the registry that needs `needed`: the owner's always. May take a tenth of a second.
    pub fn check_registry(&self, headers: &HeaderMap, needed: &[Access]) -> Result<(), Refusal> {
        if self.has_session(headers) {
            return Ok(());
        }
        self.door.judge(headers, needed).map_err(|challenge| Refusal::Closed { challenge })
    }

    /// The page's Content-Security-Policy.
    pub fn content_security_policy(&self) -> &HeaderValue {
        &self.policy
    }

    /// Refuses what is not addressed to us: a name that an attacker points at this address is not on the list.
    pub fn check_host(&self, request: &Request) -> Result<(), Refusal> {
        let wrong = |got: &str| Refusal::WrongHost {
            got: got.chars().take(100).collect(),
            right: self.hosts.first().into(),
        };
        let mut headers = request.headers().get_all(header::HOST).iter();
        let host = headers.next().and_then(|host| host.to_str().ok()).unwrap_or_default();
        let others =
            [headers.next().map(|_| ""), request.uri().authority().map(|authority| authority.as_str())];
        match std::iter::once(host).chain(others.into_iter().flatten()).find(|host| !self.hosts.has(host)) {
            Some(got) => Err(wrong(got)),
            None => Ok(()),
        }
    }

    /// Refuses what a page of another site makes the browser send. Following a link to one of our pages is allowed.
    ///
    /// Call after [`Guard::check_host`].
    pub fn check_origin(&self, request: &Request, page: bool) -> Result<(), Refusal> {
        let header = |name: &str| request.headers().get(name).map(|value| value.to_str().unwrap_or("?"));
        let host = header("host").unwrap_or_default();
        if header("origin").is_some_and(|origin| !is_origin_of(origin, host)) {
            return Err(Refusal::Foreign);
        }
        match header("sec-fetch-site") {
            None | Some("same-origin" | "none") => Ok(()),
            Some(_) => {
                let link = header("sec-fetch-mode") == Some("navigate")
                    && header("sec-fetch-dest") == Some("document");
                let reads = matches!(*request.method(), Method::GET | Method::HEAD);
                if page && link && reads { Ok(()) } else { Err(Refusal::Foreign) }
            }
        }
    }

    /// Whether a request has a session cookie or the token.
    pub fn has_session(&self, headers: &HeaderMap) -> bool {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let bearer = header("authorization").and_then(|value| {
            let (scheme, token) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
        });
        let token = bearer.into_iter().chain(header("x-strata-token")).any(|token| self.token.is(token));
        token || self.sessions.has(headers)
    }

    /// A new ticket.
    pub fn issue_ticket(&self) -> Result<Secret, SecretError> {
        self.tickets.issue()
    }

    /// The cookie of a new session in exchange for a ticket; `None` if it is none.
    pub fn redeem_ticket(&self, ticket: &str) -> Result<Option<HeaderValue>, SecretError> {
        if self.tickets.redeem(ticket) { self.sessions.begin().map(Some) } else { Ok(None) }
    }

    /// The cookie of a new session in exchange for a ticket or the token.
    pub fn log_in(&self, secret: &str) -> Result<Option<HeaderValue>, SecretError> {
        if self.token.is(secret) { self.sessions.begin().map(Some) } else { self.redeem_ticket(secret) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Body;

    fn guard() -> Guard {
        let sessions = Sessions::new(Secret::random().expect("random"), 7878);
        let hosts = Hosts::new("127.0.0.1:7878".parse().expect("valid"), &[]);
        Guard::new(
            hosts,
            sessions,
            Secret::random().expect("random"),
            HeaderValue::from_static("default-src 'self'"),
        )
    }

    fn request(method: Method, uri: &str, headers: &[(&str, &str)]) -> Request {
        let mut builder = http::Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        builder.body(Body::empty()).expect("valid")
    }

    #[test]
    fn the_host_must_be_one_and_ours() {
        let guard = guard();
        let host = |uri: &str, hosts: &[&str]| {
            let headers: Vec<_> = hosts.iter().map(|host| ("host", *host)).collect();
            guard.check_host(&request(Method::GET, uri, &headers)).is_ok()
        };
        assert!(host("/", &["127.0.0.1:7878"]));
        assert!(host("http://localhost:7878/", &["localhost:7878"]));
        assert!(!host("/", &[]), "HTTP/1.0 without a host");
        assert!(!host("/", &["evil.example"]));
        assert!(!host("/", &["127.0.0.1:7878", "evil.example"]));
        assert!(!host("/", &["127.0.0.1:7878", "127.0.0.1:7878"]));
        assert!(!host("http://evil.example/", &["127.0.0.1:7878"]));
    }

    #[test]
    fn another_origin_is_refused() {
        let guard = guard();
        let check = |method: &Method, page, headers: &[(&str, &str)]| {
            let mut all = vec![("host", "127.0.0.1:7878")];
            all.extend(headers);
            guard.check_origin(&request(method.clone(), "/", &all), page).is_ok()
        };
        for method in [Method::GET, Method::POST, Method::DELETE] {
            assert!(check(&method, false, &[]), "not a browser");
            assert!(check(
                &method,
                false,
                &[("origin", "http://127.0.0.1:7878"), ("sec-fetch-site", "same-origin")]
            ));
            assert!(!check(&method, false, &[("origin", "http://evil.example")]));
            assert!(
                !check(&method, false, &[("origin", "http://localhost:7878")]),
                "another of our names is another site"
            );
            assert!(!check(&method, false, &[("origin", "null")]));
            for site in ["cross-site", "same-site", "?"] {
                assert!(!check(&method, false, &[("sec-fetch-site", site)]), "{site}");
                assert!(
                    !check(&method, true, &[("sec-fetch-site", site), ("sec-fetch-mode", "no-cors")]),
                    "{site}"
                );
            }
        }
        let link = [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "document"),
        ];
        assert!(check(&Method::GET, true, &link));
        assert!(!check(&Method::POST, true, &link));
        assert!(!check(&Method::GET, false, &link));
        let frame =
            [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")];
        assert!(!check(&Method::GET, true, &frame));
    }

    #[test]
    fn token_headers_and_tickets() {
        let guard = guard();
        let has = |name: &str, value: &str| {
            guard.has_session(request(Method::GET, "/", &[(name, value)]).headers())
        };
        let token = guard.token.expose().to_owned();
        assert!(has("x-strata-token", &token));
        assert!(has("authorization", &format!("Bearer {token}")));
        assert!(has("authorization", &format!("bearer  {token}")));
        for wrong in ["", "x", &token[1..], &format!("Basic {token}"), &format!("Bearer{token}"), "Bearer "] {
            assert!(!has("authorization", wrong) && !has("x-strata-token", wrong), "{wrong}");
        }
        let ticket = guard.issue_ticket().expect("random");
        assert!(!has("x-strata-token", ticket.expose()), "a ticket is not a token");
        assert!(guard.redeem_ticket(&token).expect("random").is_none(), "the token is not a ticket");
        let cookie = guard.redeem_ticket(ticket.expose()).expect("random").expect("first use");
        let pair = cookie.to_str().expect("ascii").split(';').next().expect("a pair").to_owned();
        assert!(has("cookie", &pair));
        assert!(guard.redeem_ticket(ticket.expose()).expect("random").is_none(), "second use");
        assert!(guard.log_in(&token).expect("random").is_some());
    }
}
