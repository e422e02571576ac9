//! Bearer tokens: where they may be fetched, with what, and for how long they hold.

use std::{sync::Arc, time::Duration};

use http::{HeaderValue, Method, StatusCode};
use reqwest::Url;
use serde::Deserialize;

use crate::{
    Error, Login, Request,
    contact::Contact,
    exchange::{Failed, Outgoing, exchange, read_body},
    login::basic,
    origin::Origin,
    pace::retry_after,
    refusal::one_line,
    transport::Transport,
    watch::{Begun, Purpose, Track, Watcher},
};

const BODY_MAX: u64 = 1 << 20;
/// What a token server that does not say grants, by the specification.
const DEFAULT_LIFE: f64 = 60.0;
const LONGEST_LIFE: f64 = 86_400.0;

/// A token, ready to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) header: HeaderValue,
    /// How long it may be used, a margin taken off.
    pub(crate) life: Duration,
}

/// What to ask a token server for.
pub(crate) struct TokenAsk<'a> {
    pub(crate) realm: &'a str,
    pub(crate) service: Option<&'a str>,
    pub(crate) scope: &'a str,
    pub(crate) login: Option<&'a Login>,
    /// The request that the token is for.
    pub(crate) request: &'a Request,
    pub(crate) watcher: Option<&'a Arc<Watcher>>,
}

/// Whether a token server may see credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trust {
    Credentials,
    Anonymous,
}

/// How far the token server at `realm`, named by the registry at `registry`, is trusted; `allowed` if the user named it.
///
/// What an https registry names over https is, on whatever host, as with docker: that is how Docker Hub works. What comes over plain
/// http anybody on the way can have written, so there a login goes to the host and port that it is for, or where the user allows it.
fn trust(registry: &Origin, realm: &Origin, allowed: bool) -> Result<Trust, &'static str> {
    match (registry.secure, realm.secure) {
        (true, true) => Ok(Trust::Credentials),
        (true, false) => Err("the registry is https but its token server is not"),
        (false, _) if realm == registry || allowed => Ok(Trust::Credentials),
        (false, _) => Ok(Trust::Anonymous),
    }
}

/// Fetches a token.
pub(crate) async fn fetch(
    transport: &Transport,
    contact: &Contact,
    ask: &TokenAsk<'_>,
    patience: Duration,
) -> Result<Token, Failed> {
    let refuse = |cause: String| Failed::for_good(Error::Protocol { request: ask.request.clone(), cause });
    let realm: Url =
        ask.realm.parse().map_err(|_| refuse("the token server's address is not a URL".into()))?;
    let origin = Origin::of(&realm).filter(|_| realm.username().is_empty() && realm.password().is_none());
    let origin = origin.ok_or_else(|| refuse("the token server's address is not one on the web".into()))?;
    let trust = trust(&contact.origin, &origin, transport.is_listed(&origin));
    let trust = trust.map_err(|cause| refuse(cause.into()))?;
    if trust == Trust::Anonymous && ask.login.is_some() {
        let (registry, realm) = (contact.origin.authority(), origin.authority());
        let reason = format!(
            "not sending the login of {registry} to {realm}: the registry named that token server over plain http. \
            If it is right, allow it with --insecure-registry {realm}"
        );
        return Err(Failed::for_good(Error::Unauthorized { request: Some(ask.request.clone()), reason }));
    }
    let lane = if origin == contact.origin {
        contact.lane
    } else {
        let refused = |cause| {
            let target = realm.as_str().split('?').next().unwrap_or_default().to_owned();
            Failed::for_good(Error::Redirect { request: ask.request.clone(), target, cause })
        };
        transport.sent(contact.reach, &origin).map_err(refused)?
    };
    let outgoing = outgoing(realm, ask);
    let track = Track::begin(ask.watcher, || Begun {
        request: 0,
        method: outgoing.method.clone(),
        host: origin.shown(),
        path: String::new(),
        purpose: Purpose::Token { scope: one_line(ask.scope) },
        attempt: 1,
        from: 0,
        carries: 0,
        authorized: ask.login.is_some(),
    });
    let answer = exchange(transport, lane, outgoing, patience, track).await?;
    let status = answer.response.status();
    let request = answer.request.clone();
    let asked_wait = retry_after(answer.response.headers(), std::time::SystemTime::now());
    let body = read_body(answer, "token", BODY_MAX, patience).await?;
    if !status.is_success() {
        return Err(refused(status, &body, ask.request, asked_wait));
    }
    read(&body).ok_or_else(|| {
        let cause = "the token server sent no token".to_owned();
        Failed::for_good(Error::Protocol { request, cause })
    })
}

fn outgoing(mut realm: Url, ask: &TokenAsk<'_>) -> Outgoing {
    let scope = Some(ask.scope).filter(|scope| !scope.is_empty());
    if let Some(Login::Identity(token)) = ask.login {
        let mut form = Url::parse("form:").expect("a URL with a scheme alone");
        form.query_pairs_mut()
            .append_pair("grant_type", "refresh_token")
            .append_pair("refresh_token", token.expose())
            .append_pair("client_id", "strata")
            .extend_pairs(ask.service.map(|service| ("service", service)))
            .extend_pairs(scope.map(|scope| ("scope", scope)));
        let form = form.query().map(str::to_owned);
        return Outgoing { method: Method::POST, form, ..Outgoing::get(realm) };
    }
    let mut authorization = None;
    {
        let mut query = realm.query_pairs_mut();
        query.extend_pairs(ask.service.map(|service| ("service", service)));
        // A registry may want several; each is a parameter of its own.
        query.extend_pairs(
            scope.into_iter().flat_map(|scopes| scopes.split(' ')).map(|scope| ("scope", scope)),
        );
        if let Some(Login::Password { username, password }) = ask.login {
            query.append_pair("account", username);
            authorization = Some(basic(username, password));
        }
    }
    Outgoing { authorization, ..Outgoing::get(realm) }
}

fn read(body: &[u8]) -> Option<Token> {
    #[derive(Deserialize)]
    struct Granted {
        token: Option<String>,
        access_token: Option<String>,
        expires_in: Option<f64>,
    }
    let granted: Granted = serde_json::from_slice(body).ok()?;
    let text = granted.token.filter(|token| !token.is_empty()).or(granted.access_token)?;
    let header = bearer(&text).filter(|_| !text.is_empty())?;
    let life = granted.expires_in.filter(|life| life.is_finite() && *life > 0.0).unwrap_or(DEFAULT_LIFE);
    let life = life.min(LONGEST_LIFE);
    Some(Token { header, life: Duration::from_secs_f64(life - (life / 10.0).min(10.0)) })
}

/// The header that shows a token; `None` if it cannot stand in one.
pub(crate) fn bearer(token: &str) -> Option<HeaderValue> {
    let mut header = HeaderValue::try_from(format!("Bearer {token}")).ok()?;
    header.set_sensitive(true);
    Some(header)
}

fn refused(status: StatusCode, body: &[u8], wanted: &Request, asked_wait: Option<Duration>) -> Failed {
    #[derive(Deserialize)]
    struct Said {
        details: Option<String>,
        error_description: Option<String>,
        message: Option<String>,
    }
    let refusal = crate::Refusal::read(body);
    let said = serde_json::from_slice::<Said>(body)
        .ok()
        .and_then(|s| s.details.or(s.error_description).or(s.message));
    let said =
        refusal.as_ref().map(|refusal| refusal.message.clone()).or_else(|| said.map(|said| one_line(&said)));
    match status {
        // OAuth2 says 400 of a refresh token that is not valid.
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::BAD_REQUEST => {
            let reason = format!("unauthorized: {}", said.as_deref().unwrap_or("authentication required"));
            Failed::for_good(Error::Unauthorized { request: Some(wanted.clone()), reason })
        }
        StatusCode::TOO_MANY_REQUESTS => {
            let message = said.unwrap_or_else(|| "Too Many Requests".into());
            let cause = crate::Refusal { code: "TOOMANYREQUESTS".into(), message };
            Failed { error: Error::TooManyRequests { cause, retry_after: asked_wait }, passing: true }
        }
        status => {
            let reason = status.canonical_reason().unwrap_or("unknown");
            let cause =
                format!("token server: received unexpected HTTP status: {} {reason}", status.as_u16());
            let error = Error::Status { request: wanted.clone(), status: status.as_u16(), cause };
            Failed { error, passing: status.is_server_error() }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_go_to_few_places() {
        let origin = |url: &str| Origin::of(&url.parse().expect(url)).expect(url);
        let judge =
            |registry: &str, realm: &str, insecure| trust(&origin(registry), &origin(realm), insecure).ok();
        let cases = [
            (
                "https://registry-1.docker.io/",
                "https://auth.docker.io/token",
                false,
                Some(Trust::Credentials),
            ),
            ("https://r.example/", "https://r.example:8443/token", false, Some(Trust::Credentials)),
            ("http://127.0.0.1:5000/", "http://127.0.0.1:5000/token", false, Some(Trust::Credentials)),
            ("http://127.0.0.1:5000/", "http://127.0.0.1:5001/token", false, Some(Trust::Anonymous)),
            ("http://127.0.0.1:5000/", "http://127.0.0.1:5001/token", true, Some(Trust::Credentials)),
            ("http://127.0.0.1:5000/", "http://localhost:5000/token", false, Some(Trust::Anonymous)),
            ("http://127.0.0.1:5000/", "https://127.0.0.1:5000/token", false, Some(Trust::Anonymous)),
            ("http://127.0.0.1:5000/", "https://auth.example/token", false, Some(Trust::Anonymous)),
            ("http://127.0.0.1:5000/", "https://auth.example/token", true, Some(Trust::Credentials)),
            ("http://10.0.0.1:5000/", "http://evil.example/token", false, Some(Trust::Anonymous)),
            ("https://r.example/", "http://r.example/token", false, None),
            ("https://r.example/", "http://127.0.0.1/token", true, None),
        ];
        for (registry, realm, insecure, expected) in cases {
            assert_eq!(judge(registry, realm, insecure), expected, "{registry} {realm}");
        }
    }

    #[test]
    fn reads_what_token_servers_grant() {
        let token = |body: &str| read(body.as_bytes()).map(|t| (t.header, t.life.as_secs()));
        let is = |header: &'static str, life| Some((HeaderValue::from_static(header), life));
        assert_eq!(token(r#"{"token":"a"}"#), is("Bearer a", 54));
        assert_eq!(token(r#"{"access_token":"b","expires_in":300,"issued_at":"x"}"#), is("Bearer b", 290));
        assert_eq!(token(r#"{"token":"","access_token":"b","expires_in":1e300}"#), is("Bearer b", 86_390));
        assert_eq!(token(r#"{"token":"a","expires_in":-1}"#), is("Bearer a", 54));
        for nonsense in ["", "{}", "[]", r#"{"token":""}"#, r#"{"token":"a\r\nX: y"}"#, r#"{"token":7}"#] {
            assert_eq!(token(nonsense), None, "{nonsense}");
        }
    }
}
