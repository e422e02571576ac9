//! Who may do what in the registry.

use std::time::{SystemTime, UNIX_EPOCH};

use http::{HeaderMap, header};

use super::{Access, Accounts, Tokens, tokens};

/// The registry's door: open to everybody, to those who have an account, or to those whom a token allows it.
#[derive(Debug, Default)]
pub struct Door {
    accounts: Accounts,
    tokens: Option<Tokens>,
}

/// A token, as its client gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Granted {
    /// To be shown to the registry.
    pub access: String,
    /// Gets further ones; if it was asked for.
    pub refresh: Option<String>,
    /// What it allows.
    pub scopes: Vec<Access>,
    /// When it was made, in seconds since 1970.
    pub at: u64,
}

/// What a client shows to get a token.
#[derive(Clone, Debug)]
pub enum Shown {
    /// `Authorization` of a request.
    Headers(HeaderMap),
    /// A name and its password.
    Password(String, String),
    /// A refresh token.
    Refresh(String),
}

impl Door {
    /// A door for those who have an account; with `tokens` it tells them where to get one.
    pub fn new(accounts: Accounts, tokens: Option<Tokens>) -> Self {
        Self { accounts, tokens }
    }

    /// Whether everybody may come in.
    pub fn is_open(&self) -> bool {
        self.accounts.are_none()
    }

    /// Whether there are tokens.
    pub fn has_tokens(&self) -> bool {
        self.tokens.is_some() && !self.is_open()
    }

    /// Lets a request in that needs `needed`, or says what it is to be told. May take a tenth of a second.
    pub fn judge(&self, headers: &HeaderMap, needed: &[Access]) -> Result<(), String> {
        if self.is_open() || self.accounts.who(headers).is_some() {
            return Ok(());
        }
        let Some(tokens) = &self.tokens else { return Err("Basic realm=\"strata\"".into()) };
        let error = match bearer(headers).map(|token| tokens.allowed(token, now())) {
            Some(Some(granted)) if needed.iter().all(|needed| needed.is_covered_by(&granted)) => {
                return Ok(());
            }
            Some(Some(_)) => ",error=\"insufficient_scope\"",
            Some(None) => ",error=\"invalid_token\"",
            None => "",
        };
        Err(format!("{}{error}", challenge(headers, needed)))
    }

    /// A token for whoever is known by what it shows; with `offline` another one that gets further ones. May take a tenth of a
    /// second.
    pub fn grant(&self, shown: &Shown, scopes: &[Access], offline: bool) -> Option<Granted> {
        let tokens = self.tokens.as_ref()?;
        let at = now();
        let account = match shown {
            Shown::Headers(headers) => self.accounts.who(headers)?,
            Shown::Password(name, password) => self.accounts.admit(name, password).then(|| name.clone())?,
            Shown::Refresh(token) => {
                let (name, mark) = tokens.account(token, at)?;
                (self.accounts.mark(&name)? == mark).then_some(name)?
            }
        };
        let refresh = match offline {
            true => Some(tokens.refresh(&account, &self.accounts.mark(&account)?, at)),
            false => None,
        };
        let access = tokens.access(&account, scopes, at);
        Some(Granted { access, refresh, scopes: scopes.to_vec(), at })
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Where to get a token, and for what.
fn challenge(headers: &HeaderMap, needed: &[Access]) -> String {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    // The guard has found it to be one of our names. A proxy in front may speak TLS.
    let host = text("host");
    let scheme = if text("x-forwarded-proto").eq_ignore_ascii_case("https") { "https" } else { "http" };
    let scopes: Vec<String> =
        needed.iter().filter(|needed| needed.is_plain()).map(ToString::to_string).collect();
    let scope = if scopes.is_empty() { String::new() } else { format!(",scope=\"{}\"", scopes.join(" ")) };
    format!("Bearer realm=\"{scheme}://{host}/v2/token\",service=\"{}\"{scope}", tokens::SERVICE)
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::security::Secret;

    fn headers(all: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in all {
            headers.insert(*name, value.parse().expect("a header"));
        }
        headers
    }

    #[test]
    fn a_door_tells_where_to_get_what() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("accounts");
        std::fs::write(&path, Accounts::line("ada", "s3cret").expect("makes one")).expect("writes");
        let accounts = || Accounts::read(&path).expect("reads");
        let pull = Access::parse_all("repository:a/b:pull");
        let host = ("host", "127.0.0.1:7878");
        let basic = Door::new(accounts(), None);
        assert_eq!(basic.judge(&headers(&[host]), &pull), Err("Basic realm=\"strata\"".into()));
        assert_eq!(Door::default().judge(&headers(&[]), &pull), Ok(()));

        let door = Door::new(accounts(), Some(Tokens::new(Secret::random().expect("random"))));
        let plain = "Bearer realm=\"http://127.0.0.1:7878/v2/token\",service=\"strata\",scope=\"repository:a/b:pull\"";
        assert_eq!(door.judge(&headers(&[host]), &pull), Err(plain.into()));
        let secure = door.judge(&headers(&[host, ("x-forwarded-proto", "https")]), &[]);
        assert_eq!(secure, Err("Bearer realm=\"https://127.0.0.1:7878/v2/token\",service=\"strata\"".into()));

        let shown = Shown::Password("ada".into(), "s3cret".into());
        assert_eq!(door.grant(&Shown::Password("ada".into(), "wrong".into()), &pull, true), None);
        let granted = door.grant(&shown, &pull, true).expect("right");
        let with = |token: &str, needed: &str| {
            let token = format!("Bearer {token}");
            door.judge(&headers(&[host, ("authorization", &token)]), &Access::parse_all(needed))
        };
        assert_eq!(with(&granted.access, "repository:a/b:pull"), Ok(()));
        assert_eq!(with(&granted.access, ""), Ok(()));
        let refused = |outcome: Result<(), String>, why: &str| {
            let challenge = outcome.expect_err(why);
            assert!(challenge.ends_with(&format!(",error=\"{why}\"")), "{challenge}");
        };
        refused(with(&granted.access, "repository:a/b:push"), "insufficient_scope");
        refused(with(&granted.access, "repository:a/c:pull"), "insufficient_scope");
        refused(with("x", "repository:a/b:pull"), "invalid_token");
        let refresh = granted.refresh.expect("asked for");
        refused(with(&refresh, "repository:a/b:pull"), "invalid_token");
        assert!(door.grant(&Shown::Refresh(refresh.clone()), &pull, false).is_some());
        assert!(door.grant(&Shown::Refresh(granted.access), &pull, false).is_none());

        // Another password ends what the old one got.
        std::fs::write(&path, Accounts::line("ada", "other").expect("makes one")).expect("writes");
        let door = Door { accounts: accounts(), ..door };
        assert!(door.grant(&Shown::Refresh(refresh), &pull, false).is_none());
    }
}
