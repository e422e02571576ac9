//! Image references, normalised as the docker CLI does.
//!
//! ```text
//! reference  := name [ ":" tag ] [ "@" digest ]
//! name       := [ domain "/" ] path
//! domain     := host [ ":" port ]
//! host       := label *( "." label ) | "[" IPv6 "]"
//! path       := component *( "/" component )
//! component  := alnum *( separator alnum )        alnum := [a-z0-9]+
//! separator  := "." | "_" | "__" | "-"+
//! tag        := [A-Za-z0-9_][A-Za-z0-9_.-]{0,127}
//! ```
//!
//! The part before the first slash is a domain only if it has a dot, a colon or an upper-case letter, or is
//! `localhost`. Without a domain it is `docker.io`, and there a single component gets `library/` before it.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use thiserror::Error;

use crate::{Digest, DigestError};

const DEFAULT_DOMAIN: &str = "docker.io";
const OFFICIAL: &str = "library/";
const NAME_MAX: usize = 255;

/// A repository on a registry: `docker.io/library/busybox`, `127.0.0.1:5000/demo`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Repository {
    domain: Box<str>,
    path: Box<str>,
}

/// A tag: `latest`, `v1.2`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(Box<str>);

/// A repository with a tag, a digest, or both; a bare name has tag `latest`.
///
/// [`fmt::Display`] is canonical (`docker.io/library/busybox:latest`), [`Reference::familiar`] is what docker prints.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    repository: Repository,
    tag: Option<Tag>,
    digest: Option<Digest>,
}

/// Why a string is not a reference; every message starts as docker's does.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ReferenceError {
    /// Nothing to parse.
    #[error("invalid reference format: the name is empty")]
    Empty,
    /// Upper case in the path.
    #[error("invalid reference format: repository name ({0}) must be lowercase")]
    Uppercase(String),
    /// A path component that breaks the grammar.
    #[error(
        "invalid reference format: {0:?} is not a path component (a-z, 0-9, and single . _ - or __ between them)"
    )]
    Component(String),
    /// The registry part.
    #[error("invalid reference format: {0:?} is not a registry host[:port]")]
    Domain(String),
    /// The tag.
    #[error(
        "invalid reference format: {0:?} is not a tag (up to 128 of A-Z a-z 0-9 _ . -, not starting with . or -)"
    )]
    Tag(String),
    /// The digest.
    #[error("invalid reference format: {0}")]
    Digest(#[from] DigestError),
    /// More than 255 characters.
    #[error("invalid reference format: repository name must not be more than {NAME_MAX} characters, is {0}")]
    TooLong(usize),
    /// 64 hex digits are an image id.
    #[error("invalid repository name ({0}), cannot specify 64-byte hexadecimal strings")]
    LooksLikeId(String),
}

impl Repository {
    /// The registry's `host[:port]`; `docker.io` for Docker Hub.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The path on the registry, with `library/` where docker adds it.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// As docker prints it: without `docker.io/` and `library/`.
    pub fn familiar(&self) -> String {
        if &*self.domain != DEFAULT_DOMAIN {
            return format!("{}/{}", self.domain, self.path);
        }
        let short = self.path.strip_prefix(OFFICIAL).filter(|rest| !rest.contains('/'));
        short.unwrap_or(&self.path).to_owned()
    }

    /// This repository at `tag`.
    pub fn with_tag(&self, tag: Tag) -> Reference {
        Reference { repository: self.clone(), tag: Some(tag), digest: None }
    }

    /// This repository at `digest`.
    pub fn with_digest(&self, digest: Digest) -> Reference {
        Reference { repository: self.clone(), tag: None, digest: Some(digest) }
    }
}

impl FromStr for Repository {
    type Err = ReferenceError;

    /// Parses a name without tag and digest.
    fn from_str(name: &str) -> Result<Self, ReferenceError> {
        if name.is_empty() {
            return Err(ReferenceError::Empty);
        }
        if name.len() == 64 && name.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(ReferenceError::LooksLikeId(name.into()));
        }
        let (domain, path) = match name.split_once('/') {
            Some((first, rest)) if is_domain(first) => (first, rest),
            _ => (DEFAULT_DOMAIN, name),
        };
        let domain = if domain == "index.docker.io" { DEFAULT_DOMAIN } else { domain };
        check_domain(domain)?;
        if path.bytes().any(|b| b.is_ascii_uppercase()) {
            return Err(ReferenceError::Uppercase(path.into()));
        }
        for component in path.split('/') {
            check_component(component)?;
        }
        let path = match domain {
            DEFAULT_DOMAIN if !path.contains('/') => format!("{OFFICIAL}{path}"),
            _ => path.to_owned(),
        };
        let length = domain.len() + 1 + path.len();
        if length > NAME_MAX {
            return Err(ReferenceError::TooLong(length));
        }
        Ok(Self { domain: domain.into(), path: path.into() })
    }
}

fn is_domain(first: &str) -> bool {
    first == "localhost" || first.bytes().any(|b| matches!(b, b'.' | b':') || b.is_ascii_uppercase())
}

fn check_domain(domain: &str) -> Result<(), ReferenceError> {
    let wrong = || ReferenceError::Domain(domain.into());
    let (host, port) = match domain.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = rest.split_once(']').ok_or_else(wrong)?;
            address.parse::<std::net::Ipv6Addr>().map_err(|_| wrong())?;
            (None, if port.is_empty() { None } else { Some(port.strip_prefix(':').ok_or_else(wrong)?) })
        }
        None => match domain.split_once(':') {
            Some((host, port)) => (Some(host), Some(port)),
            None => (Some(domain), None),
        },
    };
    let label = |label: &str| {
        let edge = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
        let bytes = label.as_bytes();
        edge(bytes.first())
            && edge(bytes.last())
            && bytes.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-')
    };
    if host.is_some_and(|host| !host.split('.').all(label)) {
        return Err(wrong());
    }
    match port.map(str::parse::<u16>) {
        None | Some(Ok(1..)) => Ok(()),
        _ => Err(wrong()),
    }
}

fn check_component(component: &str) -> Result<(), ReferenceError> {
    let alnum = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9');
    let mut separators = component.split(|c: char| c.is_ascii() && alnum(c as u8)).filter(|s| !s.is_empty());
    let edges = component.as_bytes().first().copied().is_some_and(alnum)
        && component.as_bytes().last().copied().is_some_and(alnum);
    let separator = |s: &str| matches!(s, "." | "_" | "__") || s.bytes().all(|b| b == b'-');
    if edges && separators.all(separator) { Ok(()) } else { Err(ReferenceError::Component(component.into())) }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.domain, self.path)
    }
}

impl Tag {
    /// `latest`, docker's default.
    pub fn latest() -> Self {
        Self("latest".into())
    }

    /// The tag's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Tag {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
        let first = text.bytes().next().is_some_and(word);
        if first && text.len() <= 128 && text.bytes().all(|b| word(b) || matches!(b, b'.' | b'-')) {
            Ok(Self(text.into()))
        } else {
            Err(ReferenceError::Tag(text.into()))
        }
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Reference {
    /// The repository.
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// The tag; absent only if there is a digest.
    pub fn tag(&self) -> Option<&Tag> {
        self.tag.as_ref()
    }

    /// The digest, if the reference is pinned.
    pub fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }

    /// What to ask a registry for: the digest if there is one, else the tag.
    pub fn locator(&self) -> String {
        match (&self.digest, &self.tag) {
            (Some(digest), _) => digest.to_string(),
            (None, Some(tag)) => tag.to_string(),
            (None, None) => Tag::latest().to_string(),
        }
    }

    /// As docker prints it: `busybox:latest`, `quay.io/coreos/flannel:v0.10.0`.
    pub fn familiar(&self) -> String {
        self.print(self.repository.familiar())
    }

    fn print(&self, mut text: String) -> String {
        if let Some(tag) = &self.tag {
            text += &format!(":{tag}");
        }
        if let Some(digest) = &self.digest {
            text += &format!("@{digest}");
        }
        text
    }
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest.parse()?)),
            None => (text, None),
        };
        // A colon after the last slash starts the tag; one before it belongs to a port.
        let name_end = rest.rfind('/').map_or(0, |slash| slash + 1);
        let (name, tag) = match rest[name_end..].split_once(':') {
            Some((last, tag)) => (&rest[..name_end + last.len()], Some(tag.parse()?)),
            None => (rest, None),
        };
        let repository = name.parse()?;
        let tag = if tag.is_none() && digest.is_none() { Some(Tag::latest()) } else { tag };
        Ok(Self { repository, tag, digest })
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.print(self.repository.to_string()))
    }
}

impl Serialize for Reference {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Reference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn normalises_as_docker_does() {
        let cases = [
            ("busybox", "docker.io/library/busybox:latest", "busybox:latest"),
            ("docker.io/busybox", "docker.io/library/busybox:latest", "busybox:latest"),
            ("index.docker.io/library/busybox:1", "docker.io/library/busybox:1", "busybox:1"),
            ("mageedu/httpd", "docker.io/mageedu/httpd:latest", "mageedu/httpd:latest"),
            ("localhost/x", "localhost/x:latest", "localhost/x:latest"),
            (
                "dl.dockerpool.com:5000/ubuntu:12.04",
                "dl.dockerpool.com:5000/ubuntu:12.04",
                "dl.dockerpool.com:5000/ubuntu:12.04",
            ),
            (
                "quay.io/coreos/flannel:v0.10.0-amd64",
                "quay.io/coreos/flannel:v0.10.0-amd64",
                "quay.io/coreos/flannel:v0.10.0-amd64",
            ),
            ("[::1]:5000/a/b__c", "[::1]:5000/a/b__c:latest", "[::1]:5000/a/b__c:latest"),
            ("127.0.0.1:5000/demo", "127.0.0.1:5000/demo:latest", "127.0.0.1:5000/demo:latest"),
            ("docker.io/library/a/b", "docker.io/library/a/b:latest", "library/a/b:latest"),
            ("Registry/a", "Registry/a:latest", "Registry/a:latest"),
        ];
        for (text, canonical, familiar) in cases {
            let reference: Reference = text.parse().expect(text);
            assert_eq!(reference.to_string(), canonical);
            assert_eq!(reference.familiar(), familiar);
            assert_eq!(canonical.parse::<Reference>().expect(canonical), reference);
        }
    }

    #[test]
    fn keeps_tag_and_digest() {
        let both: Reference = format!("a/b:t@{DIGEST}").parse().expect("valid");
        assert_eq!((both.tag().map(Tag::as_str), both.locator().as_str()), (Some("t"), DIGEST));
        let pinned: Reference = format!("busybox@{DIGEST}").parse().expect("valid");
        assert_eq!(pinned.tag(), None);
        assert_eq!(pinned.familiar(), format!("busybox@{DIGEST}"));
    }

    #[test]
    fn names_the_wrong_part() {
        let long = "a".repeat(256);
        let tag = format!("a:{}", "t".repeat(129));
        let cases = [
            ("", "empty"),
            ("Busybox", "must be lowercase"),
            ("a//b", "\"\" is not a path component"),
            ("-a", "\"-a\" is not a path component"),
            ("a..b", "\"a..b\""),
            ("a___b", "\"a___b\""),
            ("a:", "\"\" is not a tag"),
            ("a:-x", "\"-x\" is not a tag"),
            (&tag, "is not a tag"),
            ("a@sha256:12", "has 2 characters"),
            ("host:99999/a", "\"host:99999\" is not a registry"),
            ("-x.com/a", "\"-x.com\" is not a registry"),
            ("a b", "\"a b\""),
            ("a/é", "\"é\""),
            (&long, "not be more than 255"),
            (&DIGEST[7..], "64-byte hexadecimal"),
        ];
        for (text, part) in cases {
            let error = text.parse::<Reference>().expect_err(text).to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
