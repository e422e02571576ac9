//! Session cookies: an expiry and a nonce under a MAC, so that the server remembers nothing.
//!
//! ```text
//! cookie := expiry "." nonce "." mac     expiry in Unix seconds; nonce and mac in hex
//! mac    := HMAC-SHA256(key, "strata session " expiry "." nonce)
//! ```

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderValue, header};
use sha2::Sha256;

use super::{Secret, SecretError};

const LIFE: Duration = Duration::from_secs(30 * 24 * 3600);

/// Makes and checks session cookies.
#[derive(Clone, Debug)]
pub struct Sessions {
    key: Secret,
    cookie: String,
}

impl Sessions {
    /// Sessions signed with `key`. The port is in the cookie's name because browsers send the cookies of one port of a
    /// host to all of its ports: several servers must not overwrite each other's.
    pub fn new(key: Secret, port: u16) -> Self {
        Self { key, cookie: format!("strata-session-{port}") }
    }

    /// The cookie's name.
    pub fn cookie_name(&self) -> &str {
        &self.cookie
    }

    /// `Set-Cookie` of a new session.
    pub fn begin(&self) -> Result<HeaderValue, SecretError> {
        let nonce = Secret::random()?;
        let value = self.sign(now() + LIFE.as_secs(), &nonce.expose()[..32]);
        let cookie =
            format!("{}={value}; Path=/; Max-Age={}; HttpOnly; SameSite=Strict", self.cookie, LIFE.as_secs());
        Ok(HeaderValue::from_str(&cookie).expect("hex, digits and ASCII names"))
    }

    /// Whether a request's cookies have a session of ours.
    pub fn has(&self, headers: &HeaderMap) -> bool {
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.filter(|(name, _)| *name == self.cookie).any(|(_, value)| self.is_valid(value, now()))
    }

    fn is_valid(&self, value: &str, now: u64) -> bool {
        let Some((payload, mac)) = value.rsplit_once('.') else { return false };
        let Some(mac) = from_hex(mac) else { return false };
        let signed = self.mac(payload).verify_slice(&mac).is_ok();
        let expiry = payload.split_once('.').and_then(|(expiry, _)| expiry.parse::<u64>().ok());
        signed && expiry.is_some_and(|expiry| now < expiry)
    }

    fn sign(&self, expiry: u64, nonce: &str) -> String {
        let payload = format!("{expiry}.{nonce}");
        let mac = self.mac(&payload).finalize().into_bytes();
        let mac: String = mac.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{payload}.{mac}")
    }

    fn mac(&self, payload: &str) -> Hmac<Sha256> {
        let mut mac =
            Hmac::new_from_slice(self.key.expose().as_bytes()).expect("HMAC takes keys of every length");
        mac.update(b"strata session ");
        mac.update(payload.as_bytes());
        mac
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |b: &u8| char::from(*b).to_digit(16);
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| Some((digit(pair.first()?)? * 16 + digit(pair.get(1)?)?) as u8)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(cookie: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_str(cookie).expect("ascii"))])
    }

    #[test]
    fn a_begun_session_is_known_and_a_forged_one_is_not() {
        let sessions = Sessions::new(Secret::random().expect("random"), 7878);
        let set = sessions.begin().expect("random").to_str().expect("ascii").to_owned();
        assert!(
            set.starts_with("strata-session-7878=")
                && set.contains("SameSite=Strict")
                && set.contains("HttpOnly")
        );
        let cookie = set.split(';').next().expect("first part");
        assert!(sessions.has(&headers(cookie)));
        assert!(sessions.has(&headers(&format!("a=b; {cookie}; strata-session-1=x"))));

        let value = cookie.split_once('=').expect("a pair").1;
        let other = Sessions::new(Secret::random().expect("random"), 7878);
        assert!(!other.has(&headers(cookie)), "another key");
        assert!(!sessions.has(&headers(&format!("strata-session-1={value}"))), "another server's cookie");
        let mut later: Vec<&str> = value.split('.').collect();
        later[0] = "99999999999";
        for forged in [later.join(".").as_str(), "", ".", "..", "1.2.3", "1.2.zz", &value[..value.len() - 2]]
        {
            assert!(!sessions.has(&headers(&format!("strata-session-7878={forged}"))), "{forged}");
        }
    }

    #[test]
    fn sessions_end() {
        let sessions = Sessions::new(Secret::random().expect("random"), 1);
        let value = sessions.sign(1000, "00");
        assert!(sessions.is_valid(&value, 999));
        assert!(!sessions.is_valid(&value, 1000));
    }
}
