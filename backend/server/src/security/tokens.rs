//! Tokens of the registry: JSON web tokens (RFC 7519), signed with HMAC-SHA-256 by a key that never leaves the data directory.
//!
//! An access token is for minutes and says what may be done; a refresh token is for months and only gets access tokens. It ends
//! when its account gets another password.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use super::{Access, Secret};

/// Seconds that an access token is good for.
pub const LIFE: u64 = 300;
/// Seconds that a refresh token is good for: 90 days.
const REFRESH_LIFE: u64 = 90 * 24 * 3600;
/// The only header that is issued, and so the only one that is believed.
const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;
/// Whom tokens are for and by.
pub const SERVICE: &str = "strata";

/// Makes tokens, and knows its own.
#[derive(Debug)]
pub struct Tokens {
    key: Secret,
}

/// What a token is for. One can't stand for the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Purpose {
    Access,
    Refresh,
}

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    iat: u64,
    exp: u64,
    purpose: Purpose,
    #[serde(default)]
    access: Vec<Access>,
    /// Stands for the account's password.
    #[serde(default)]
    mark: String,
}

impl Tokens {
    /// Tokens signed with `key`.
    pub fn new(key: Secret) -> Self {
        Self { key }
    }

    /// A token for `account` that allows `access`, from `now` on (seconds since 1970).
    pub fn access(&self, account: &str, access: &[Access], now: u64) -> String {
        self.sign(account, Purpose::Access, access.to_vec(), String::new(), now, LIFE)
    }

    /// A token that gets others for `account`, as long as its password is the one that `mark` stands for.
    pub fn refresh(&self, account: &str, mark: &str, now: u64) -> String {
        self.sign(account, Purpose::Refresh, Vec::new(), mark.to_owned(), now, REFRESH_LIFE)
    }

    /// What a token allows; `None` if it is none of ours, or none any more.
    pub fn allowed(&self, token: &str, now: u64) -> Option<Vec<Access>> {
        self.read(token, Purpose::Access, now).map(|claims| claims.access)
    }

    /// The account of a refresh token, and the mark of its password.
    pub fn account(&self, token: &str, now: u64) -> Option<(String, String)> {
        self.read(token, Purpose::Refresh, now).map(|claims| (claims.sub, claims.mark))
    }

    fn sign(
        &self,
        account: &str,
        purpose: Purpose,
        access: Vec<Access>,
        mark: String,
        now: u64,
        life: u64,
    ) -> String {
        let claims = Claims {
            iss: SERVICE.into(),
            aud: SERVICE.into(),
            sub: account.into(),
            iat: now,
            exp: now + life,
            purpose,
            access,
            mark,
        };
        let claims = serde_json::to_vec(&claims).expect("text and numbers can be written as JSON");
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(HEADER), URL_SAFE_NO_PAD.encode(claims));
        let signature = URL_SAFE_NO_PAD.encode(self.signature(&signed));
        format!("{signed}.{signature}")
    }

    fn read(&self, token: &str, purpose: Purpose, now: u64) -> Option<Claims> {
        let (signed, signature) = token.rsplit_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        if !bool::from(self.signature(signed)[..].ct_eq(&signature)) {
            return None;
        }
        let (_, claims) = signed.split_once('.')?;
        let claims: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
        (claims.purpose == purpose && claims.iat <= now.saturating_add(LIFE) && now < claims.exp)
            .then_some(claims)
    }

    fn signature(&self, signed: &str) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.key.expose().as_bytes())
            .expect("HMAC takes keys of every length");
        mac.update(signed.as_bytes());
        mac.finalize().into_bytes().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_signed_here_and_lately_is_believed() {
        let [tokens, others] = [(); 2].map(|()| Tokens::new(Secret::random().expect("random")));
        let access = Access::parse_all("repository:demo:pull");
        let token = tokens.access("ada", &access, 1000);
        assert_eq!(tokens.allowed(&token, 1000), Some(access.clone()));
        assert_eq!(tokens.allowed(&token, 1000 + LIFE - 1), Some(access.clone()));
        assert_eq!(tokens.allowed(&token, 1000 + LIFE), None, "expired");
        assert_eq!(others.allowed(&token, 1000), None, "another key");
        let refresh = tokens.refresh("ada", "mark", 1000);
        assert_eq!(tokens.allowed(&refresh, 1000), None, "a refresh token opens nothing");
        assert_eq!(tokens.account(&token, 1000), None);
        assert_eq!(tokens.account(&refresh, 5000), Some(("ada".into(), "mark".into())));
        assert_eq!(tokens.account(&refresh, 1000 + REFRESH_LIFE), None);
        for at in 0..token.len() {
            let mut altered = token.clone().into_bytes();
            altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(altered).expect("ASCII");
            // The last digit of a signature has bits that mean nothing; decoders that are strict refuse them.
            assert_eq!(tokens.allowed(&altered, 1000), None, "byte {at}");
        }
        let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
        let claims = token.split('.').nth(1).expect("claims");
        for forged in [format!("{none}.{claims}."), format!("{none}.{claims}"), String::new(), "..".into()] {
            assert_eq!(tokens.allowed(&forged, 1000), None, "{forged}");
        }
    }
}
