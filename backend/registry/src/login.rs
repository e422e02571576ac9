//! What a user shows to a registry.

use std::fmt;

use base64::{Engine as _, engine::GeneralPurpose, engine::general_purpose};
use http::HeaderValue;
use serde::Deserialize;
use thiserror::Error;

/// A password or token; never printed.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Secret(String);

impl Secret {
    /// The secret itself, to be put on the wire.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What a user shows to a registry.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Login {
    /// A name and a password (or an access token in its place).
    Password {
        /// The user.
        username: String,
        /// The password.
        password: Secret,
    },
    /// An OAuth2 refresh token, which the token server exchanges (docker calls it `identitytoken`).
    Identity(Secret),
    /// A bearer token sent to the registry as it is (docker calls it `registrytoken`).
    Bearer(Secret),
}

/// Why an `X-Registry-Auth` header was not understood.
#[derive(Debug, Error)]
pub enum LoginError {
    /// Not base64.
    #[error("X-Registry-Auth is not base64")]
    Base64(#[from] base64::DecodeError),
    /// Not the JSON expected.
    #[error("X-Registry-Auth is not the base64 of a JSON object")]
    Json(#[from] serde_json::Error),
}

/// Both alphabets, padded or not: clients differ.
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::URL_SAFE, LENIENT);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::STANDARD, LENIENT);
const LENIENT: general_purpose::GeneralPurposeConfig = general_purpose::GeneralPurposeConfig::new()
    .with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent);

pub(crate) fn decode_base64(text: &str) -> Result<Vec<u8>, base64::DecodeError> {
    let text = text.trim();
    URL_SAFE.decode(text).or_else(|_| STANDARD.decode(text))
}

impl Login {
    /// A name and a password.
    pub fn password(username: impl Into<String>, password: impl Into<Secret>) -> Self {
        Self::Password { username: username.into(), password: password.into() }
    }

    /// Reads the `X-Registry-Auth` header of the engine API; `None` if it carries no credentials, as docker's CLI
    /// sends when nobody is logged in.
    pub fn from_registry_auth(header: &str) -> Result<Option<Self>, LoginError> {
        if header.trim().is_empty() {
            return Ok(None);
        }
        Self::from_json(&decode_base64(header)?)
    }

    /// Reads the `AuthConfig` object of the engine API; `None` if it carries no credentials.
    pub fn from_json(json: &[u8]) -> Result<Option<Self>, LoginError> {
        Ok(serde_json::from_slice::<AuthFields>(json)?.login())
    }
}

/// The header that shows a name and a password.
pub(crate) fn basic(username: &str, password: &Secret) -> HeaderValue {
    let pair = general_purpose::STANDARD.encode(format!("{username}:{}", password.expose()));
    let mut header = HeaderValue::try_from(format!("Basic {pair}")).expect("base64 may stand in a header");
    header.set_sensitive(true);
    header
}

/// docker's `AuthConfig`, as in `X-Registry-Auth` and in `config.json`.
#[derive(Deserialize, Default)]
pub(crate) struct AuthFields {
    #[serde(default)]
    username: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    auth: String,
    #[serde(default, alias = "IdentityToken")]
    identitytoken: String,
    #[serde(default)]
    registrytoken: String,
}

impl AuthFields {
    pub(crate) fn login(self) -> Option<Login> {
        if !self.registrytoken.is_empty() {
            return Some(Login::Bearer(self.registrytoken.into()));
        }
        if !self.identitytoken.is_empty() {
            return Some(Login::Identity(self.identitytoken.into()));
        }
        if !self.username.is_empty() {
            return Some(Login::password(self.username, self.password));
        }
        let pair = String::from_utf8(decode_base64(&self.auth).ok()?).ok()?;
        let (username, password) = pair.split_once(':')?;
        // docker pads the password with NUL bytes in some versions.
        let found = !username.is_empty();
        found.then(|| Login::password(username, password.trim_matches('\0')))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_header_of_the_engine_api() {
        let encode = |json: &str| general_purpose::URL_SAFE.encode(json);
        let cases = [
            (r#"{"username":"u","password":"p"}"#, Some(Login::password("u", "p"))),
            (r#"{"auth":"dTpwOnE="}"#, Some(Login::password("u", "p:q"))),
            (r#"{"identitytoken":"t","username":"u"}"#, Some(Login::Identity("t".into()))),
            (r#"{"registrytoken":"t"}"#, Some(Login::Bearer("t".into()))),
            (r#"{"serveraddress":"x"}"#, None),
            ("{}", None),
        ];
        for (json, expected) in cases {
            assert_eq!(Login::from_registry_auth(&encode(json)).expect(json), expected);
            assert_eq!(Login::from_registry_auth(encode(json).trim_end_matches('=')).expect(json), expected);
        }
        assert_eq!(Login::from_registry_auth("").expect("empty"), None);
        assert!(matches!(Login::from_registry_auth("!"), Err(LoginError::Base64(_))));
        assert!(matches!(Login::from_registry_auth("e30x"), Err(LoginError::Json(_))));
    }

    #[test]
    fn a_secret_is_not_printed() {
        let printed = format!("{:?}", Login::password("u", "hunter2"));
        assert!(!printed.contains("hunter2"), "{printed}");
    }
}
