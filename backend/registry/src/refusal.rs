//! What a registry says when it says no: `{"errors":[{"code","message"}]}`.

use http::StatusCode;
use serde::Deserialize;
use strata_oci::{Digest, Reference, Repository};

use crate::{Error, Refusal, Request, challenge::Challenge, watch::Purpose};

/// Longest text taken over from a registry, in characters.
const TEXT_MAX: usize = 500;

/// What a request was about, for the wording.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Subject<'a> {
    Manifest(&'a Reference),
    Blob(&'a Repository, &'a Digest),
    Tags(&'a Repository),
    /// Something that changes the repository, or asks for a blob of it in order to.
    Push(&'a Repository, Option<&'a Digest>),
    /// Taking a blob from the second one to the first.
    Mount(&'a Repository, &'a Repository),
    /// What refers to a manifest.
    Referrers(&'a Repository, &'a Digest),
    /// The list of repositories.
    Catalog,
    Registry,
}

impl<'a> Subject<'a> {
    fn repository(self) -> Option<&'a Repository> {
        match self {
            Self::Manifest(reference) => Some(reference.repository()),
            Self::Blob(repository, _)
            | Self::Tags(repository)
            | Self::Push(repository, _)
            | Self::Mount(repository, _)
            | Self::Referrers(repository, _) => Some(repository),
            Self::Registry | Self::Catalog => None,
        }
    }

    /// What a question about it is for, unless whoever asks says otherwise.
    pub(crate) fn purpose(self) -> Purpose {
        match self {
            Self::Manifest(reference) => Purpose::Manifest(reference.locator()),
            Self::Blob(_, digest) | Self::Push(_, Some(digest)) => Purpose::Blob(digest.clone()),
            Self::Referrers(_, digest) => Purpose::Referrers(digest.clone()),
            Self::Tags(_) => Purpose::Tags,
            Self::Catalog => Purpose::Catalog,
            Self::Registry | Self::Push(_, None) | Self::Mount(..) => Purpose::Ping,
        }
    }

    /// What a token has to allow for this.
    pub(crate) fn scope(self) -> String {
        match self {
            Self::Push(repository, _) => format!("repository:{}:pull,push", repository.path()),
            Self::Mount(to, from) => {
                format!("repository:{}:pull,push repository:{}:pull", to.path(), from.path())
            }
            Self::Catalog => "registry:catalog:*".into(),
            other => other
                .repository()
                .map_or_else(String::new, |repository| format!("repository:{}:pull", repository.path())),
        }
    }
}

/// A response that is not what was asked for.
pub(crate) struct Refused {
    pub(crate) request: Request,
    pub(crate) status: StatusCode,
    pub(crate) challenge: Option<Challenge>,
    pub(crate) retry_after: Option<std::time::Duration>,
    pub(crate) body: bytes::Bytes,
}

impl Refused {
    /// The error that this response stands for.
    pub(crate) fn into_error(self, subject: Subject<'_>) -> Error {
        let given = Refusal::read(&self.body);
        let or = |code: &str, message: &str| {
            given.clone().unwrap_or_else(|| Refusal { code: code.into(), message: message.into() })
        };
        let repository = subject.repository().map_or_else(String::new, Repository::familiar);
        let insufficient = matches!(&self.challenge, Some(Challenge::Bearer { error: Some(e), .. }) if e == "insufficient_scope");
        let denied = given.as_ref().is_some_and(|given| given.code == "DENIED");
        match self.status {
            StatusCode::UNAUTHORIZED if !insufficient && !denied => Error::Unauthorized {
                request: None,
                reason: or("UNAUTHORIZED", "authentication required").to_string(),
            },
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                let cause = if denied { or("", "") } else { denial() };
                match subject {
                    Subject::Push(..) | Subject::Mount(..) => Error::PushDenied { cause },
                    _ => Error::Denied { repository, cause },
                }
            }
            StatusCode::NOT_FOUND => match (subject, given.as_ref().map(|given| given.code.as_str())) {
                (Subject::Manifest(_) | Subject::Blob(..), Some("NAME_UNKNOWN")) | (Subject::Tags(_), _) => {
                    Error::NameUnknown {
                        repository,
                        cause: or("NAME_UNKNOWN", "repository name not known to registry"),
                    }
                }
                (Subject::Manifest(reference), _) => Error::ManifestUnknown {
                    reference: reference.familiar(),
                    cause: or("MANIFEST_UNKNOWN", "manifest unknown"),
                },
                (Subject::Blob(_, digest) | Subject::Push(_, Some(digest)), _) => Error::BlobUnknown {
                    repository,
                    digest: digest.clone(),
                    cause: or("BLOB_UNKNOWN", "blob unknown to registry"),
                },
                (Subject::Referrers(_, digest), _) => Error::BlobUnknown {
                    repository,
                    digest: digest.clone(),
                    cause: or("UNSUPPORTED", "the registry keeps no list of referrers"),
                },
                (Subject::Registry | Subject::Catalog | Subject::Push(..) | Subject::Mount(..), _) => {
                    self.unexpected(StatusCode::NOT_FOUND)
                }
            },
            StatusCode::TOO_MANY_REQUESTS => Error::TooManyRequests {
                cause: or("TOOMANYREQUESTS", "Too Many Requests"),
                retry_after: self.retry_after,
            },
            status => self.unexpected(status),
        }
    }

    fn unexpected(self, status: StatusCode) -> Error {
        let reason = status.canonical_reason().unwrap_or("unknown");
        let said = Refusal::read(&self.body).map_or_else(String::new, |refusal| format!(": {refusal}"));
        let cause = format!("received unexpected HTTP status: {} {reason}{said}", status.as_u16());
        Error::Status { request: self.request, status: status.as_u16(), cause }
    }
}

fn denial() -> Refusal {
    Refusal { code: "DENIED".into(), message: "requested access to the resource is denied".into() }
}

impl Refusal {
    /// The first error of a body, if it is of the specification's form.
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Body {
            errors: Vec<Entry>,
        }
        #[derive(Deserialize)]
        struct Entry {
            code: String,
            #[serde(default)]
            message: String,
        }
        let body: Body = serde_json::from_slice(body).ok()?;
        let Entry { code, message } = body.errors.into_iter().next()?;
        let code: String = code.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(64).collect();
        let message =
            if message.is_empty() { code.to_ascii_lowercase().replace('_', " ") } else { one_line(&message) };
        (!code.is_empty()).then(|| Self { code: code.to_ascii_uppercase(), message })
    }
}

/// Foreign text made harmless: one line, no control or bidirectional characters, not too long.
pub(crate) fn one_line(text: &str) -> String {
    let harmless = |c: char| match c {
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => None,
        c if c.is_control() => Some(' '),
        c => Some(c),
    };
    text.trim().chars().take(TEXT_MAX).filter_map(harmless).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, body: &str, challenge: Option<Challenge>) -> Refused {
        Refused {
            request: Request { method: http::Method::GET, url: "https://r.example/v2/x/manifests/y".into() },
            status: StatusCode::from_u16(status).expect("a status"),
            challenge,
            retry_after: None,
            body: bytes::Bytes::copy_from_slice(body.as_bytes()),
        }
    }

    #[test]
    fn is_worded_as_docker_words_it() {
        let reference: Reference = "127.0.0.1:5000/demo:nope".parse().expect("a reference");
        let insufficient = Challenge::Bearer {
            realm: "https://x".into(),
            service: None,
            scope: None,
            error: Some("insufficient_scope".into()),
        };
        let unknown = r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown","detail":{"Tag":"nope"}}]}"#;
        let no_name =
            r#"{"errors":[{"code":"NAME_UNKNOWN","message":"repository name not known to registry"}]}"#;
        let denied =
            r#"{"errors":[{"code":"DENIED","message":"requested access to the resource is denied"}]}"#;
        let limit =
            r#"{"errors":[{"code":"TOOMANYREQUESTS","message":"You have reached your pull rate limit."}]}"#;
        let access = "pull access denied for 127.0.0.1:5000/demo, repository does not exist or may require 'docker login': \
                      denied: requested access to the resource is denied";
        let cases = [
            (
                404,
                unknown,
                None,
                "manifest for 127.0.0.1:5000/demo:nope not found: manifest unknown: manifest unknown",
            ),
            (
                404,
                "404 page not found",
                None,
                "manifest for 127.0.0.1:5000/demo:nope not found: manifest unknown: manifest unknown",
            ),
            (
                404,
                no_name,
                None,
                "repository 127.0.0.1:5000/demo not found: name unknown: repository name not known to registry",
            ),
            (403, denied, None, access),
            (403, "<html>", None, access),
            (401, denied, None, access),
            (401, "", Some(insufficient), access),
            (401, "", None, "unauthorized: authentication required"),
            (429, limit, None, "toomanyrequests: You have reached your pull rate limit."),
            (
                500,
                "oops",
                None,
                "Get \"https://r.example/v2/x/manifests/y\": received unexpected HTTP status: 500 Internal Server Error",
            ),
        ];
        for (status, body, challenge, expected) in cases {
            let error = refused(status, body, challenge).into_error(Subject::Manifest(&reference));
            assert_eq!(error.to_string(), expected);
        }
    }

    #[test]
    fn foreign_text_is_made_harmless() {
        let body = format!(
            r#"{{"errors":[{{"code":"a_b\u001b[31m","message":"x\r\ny\u202ez{}"}}]}}"#,
            "w".repeat(9999)
        );
        let refusal = Refusal::read(body.as_bytes()).expect("of the right form");
        assert_eq!(refusal.code, "A_B31M");
        assert!(refusal.message.starts_with("x  yz"));
        assert!(refusal.message.len() <= TEXT_MAX);
        for nonsense in
            ["", "[]", "{}", r#"{"errors":[]}"#, r#"{"errors":[{"code":""}]}"#, r#"{"errors":"x"}"#]
        {
            assert_eq!(Refusal::read(nonsense.as_bytes()), None, "{nonsense}");
        }
    }
}
