//! Logins: Basic, or Bearer with a token server at `/token`.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::json;

use crate::{Recorded, request::parameters, response::Response};

/// A user.
#[derive(Clone, Debug)]
pub struct Account {
    /// The name.
    pub username: String,
    /// The password.
    pub password: String,
    /// A refresh token that stands for both.
    pub identity: Option<String>,
}

impl Account {
    /// A user with a password.
    pub fn new(username: &str, password: &str) -> Self {
        Self { username: username.into(), password: password.into(), identity: None }
    }

    fn basic(&self) -> String {
        format!("Basic {}", STANDARD.encode(format!("{}:{}", self.username, self.password)))
    }
}

/// Who may read.
#[derive(Clone, Debug)]
pub enum Auth {
    /// Anybody.
    None,
    /// Who shows this name and password.
    Basic(Account),
    /// Who shows a token. Any registry of this crate accepts the tokens of any other, until they expire.
    Bearer {
        /// Who gets a token; `None` is anybody, without a login.
        account: Option<Account>,
        /// For how long a token is good.
        life: Duration,
        /// The `expires_in` that is told, in seconds, if it is not the truth.
        told: Option<u64>,
        /// Where tokens are to be fetched; `None` is `/token` here.
        realm: Option<String>,
    },
}

/// Tokens are numbered, so that each differs from the last.
static SERIAL: AtomicU64 = AtomicU64::new(1);

impl Auth {
    /// Tokens for this account, good for a minute.
    pub fn bearer(account: Account) -> Self {
        Self::Bearer { account: Some(account), life: Duration::from_secs(60), told: None, realm: None }
    }

    /// Tokens for anybody, good for a minute.
    pub fn anonymous_bearer() -> Self {
        Self::Bearer { account: None, life: Duration::from_secs(60), told: None, realm: None }
    }

    /// The refusal of a request, or `None` if it may pass.
    pub(crate) fn check(&self, request: &Recorded, repository: Option<&str>, url: &str) -> Option<Response> {
        let shown = request.header("authorization").unwrap_or_default();
        match self {
            Self::None => None,
            Self::Basic(account) if shown == account.basic() => None,
            Self::Basic(_) => Some(unauthorized("Basic realm=\"faulty\"".into())),
            Self::Bearer { realm, .. } => {
                let actions =
                    if matches!(request.method.as_str(), "GET" | "HEAD") { "pull" } else { "pull,push" };
                let repository = repository.map(|name| name.strip_suffix("/blobs").unwrap_or(name));
                let scope = repository.map(|repository| format!("repository:{repository}:{actions}"));
                let good = shown.strip_prefix("Bearer ").map(|token| judge(token, scope.as_deref()));
                let error = match good {
                    Some(Verdict::Good) => return None,
                    Some(Verdict::Expired) => ",error=\"invalid_token\"",
                    Some(Verdict::Scope) => ",error=\"insufficient_scope\"",
                    None => "",
                };
                let realm = realm.clone().unwrap_or_else(|| format!("{url}/token"));
                let scope = scope.map_or_else(String::new, |scope| format!(",scope=\"{scope}\""));
                Some(unauthorized(format!("Bearer realm=\"{realm}\",service=\"faulty\"{scope}{error}")))
            }
        }
    }

    /// Answers `/token`.
    pub(crate) fn token(&self, request: &Recorded) -> Response {
        let Self::Bearer { account, life, told, .. } = self else {
            return Response::error(404, "NOT_FOUND", "no tokens");
        };
        let given =
            if request.method == "POST" { parameters(&request.body) } else { parameters(&request.query) };
        let given = |name: &str| -> Vec<String> {
            given.iter().filter(|(key, _)| key == name).map(|(_, value)| value.clone()).collect()
        };
        if let Some(account) = account {
            let by_password = request.header("authorization") == Some(account.basic().as_str());
            let by_identity = given("grant_type") == ["refresh_token"]
                && account
                    .identity
                    .as_ref()
                    .is_some_and(|identity| given("refresh_token") == [identity.clone()]);
            if !by_password && !by_identity {
                let body = json!({"details": "incorrect username or password"});
                return Response::json(401, &body);
            }
        }
        let until = millis(SystemTime::now() + *life);
        let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
        let scopes = STANDARD.encode(given("scope").join(" "));
        let token = format!("faulty.{serial}.{until}.{scopes}");
        Response::json(200, &json!({"token": token, "expires_in": told.unwrap_or(life.as_secs())}))
    }
}

enum Verdict {
    Good,
    Expired,
    Scope,
}

fn judge(token: &str, scope: Option<&str>) -> Verdict {
    let mut parts = token.strip_prefix("faulty.").unwrap_or_default().splitn(3, '.');
    let until = parts.nth(1).and_then(|until| until.parse::<u128>().ok());
    if until.is_none_or(|until| until <= millis(SystemTime::now())) {
        return Verdict::Expired;
    }
    let scopes = parts.next().and_then(|scopes| STANDARD.decode(scopes).ok()).unwrap_or_default();
    let scopes = String::from_utf8_lossy(&scopes);
    let covered = scope.is_none_or(|scope| scopes.split(' ').any(|granted| covers(granted, scope)));
    if covered { Verdict::Good } else { Verdict::Scope }
}

/// Whether a scope, `repository:NAME:ACTIONS`, has all of another; clients order the actions as they like.
fn covers(granted: &str, wanted: &str) -> bool {
    let parts = |scope: &str| scope.rsplit_once(':').map(|(of, actions)| (of.to_owned(), actions.to_owned()));
    let (Some((granted, may)), Some((wanted, wants))) = (parts(granted), parts(wanted)) else { return false };
    granted == wanted && wants.split(',').all(|action| may.split(',').any(|may| may == action))
}

fn millis(time: SystemTime) -> u128 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()
}

fn unauthorized(challenge: String) -> Response {
    let mut response = Response::error(401, "UNAUTHORIZED", "authentication required");
    response.set("WWW-Authenticate", challenge);
    response
}
