//! Addresses of registries and of the registry theatre.
//!
//! ```text
//! registry := "/registry" [ "/" HOST [ "/" REPOSITORY [ ":" TAG ] ] ] [ "?q=" filter ]
//! theatre  := "/registry/theatre" [ "/" ID ]
//! HOST     := a registry as docker names it: it has a dot or a colon, or is "localhost"; without one it is this server's
//! ID       := digits
//! ```

use std::fmt::Write as _;

use strata_api::path;
use strata_oci::Repository;

use super::Place;

/// What a registry's page shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registry {
    /// The registry; nothing for this server's.
    pub host: Option<String>,
    /// The repository, without the host. There is none without a host.
    pub repository: Option<String>,
    /// The tag. There is none without a repository.
    pub tag: Option<String>,
    /// Shows what has it: tags in a repository, else repositories.
    pub filter: String,
}

impl Registry {
    /// The page of a registry.
    pub fn of(host: &str) -> Self {
        Self { host: Some(host.to_owned()), ..Self::default() }
    }

    /// The page of one of its repositories.
    pub fn repository(host: &str, repository: &str) -> Self {
        Self { repository: Some(repository.to_owned()), ..Self::of(host) }
    }

    /// The page of a tag.
    pub fn tag(host: &str, repository: &str, tag: &str) -> Self {
        Self { tag: Some(tag.to_owned()), ..Self::repository(host, repository) }
    }

    /// What a person typed: `HOST`, `HOST/REPOSITORY[:TAG]`, or a name of Docker Hub; with or without a scheme.
    pub fn typed(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or(text);
        let text = text.trim_end_matches('/');
        let (host, rest) = text.split_once('/').unwrap_or((text, ""));
        if is_host(host) {
            return Self::read(text.strip_suffix("/v2").unwrap_or(text));
        }
        if text.is_empty() {
            return None;
        }
        // As docker reads it: `alpine` is `docker.io/library/alpine`.
        let whole: strata_oci::Reference = text.parse().ok()?;
        let named = rest.contains([':', '@']) || host.contains([':', '@']);
        let place = Self::repository(whole.repository().domain(), whole.repository().path());
        Some(Self { tag: whole.tag().filter(|_| named).map(ToString::to_string), ..place })
    }

    /// Reads what comes after `/registry/`.
    fn read(rest: &str) -> Option<Self> {
        let decoded = String::from_utf8(path::decode(rest.trim_end_matches('/'))).ok()?;
        let (host, rest) = decoded.split_once('/').unwrap_or((&decoded, ""));
        if !is_host(host) {
            return None;
        }
        if rest.is_empty() {
            return Some(Self::of(host));
        }
        let slash = rest.rfind('/').map_or(0, |slash| slash + 1);
        let (repository, tag) = match rest[slash..].find([':', '@']) {
            Some(at) => (&rest[..slash + at], Some(&rest[slash + at + 1..])),
            None => (rest, None),
        };
        // A name that no registry can have is no page.
        format!("{host}/{repository}").parse::<Repository>().ok().filter(|known| known.domain() == host)?;
        let place = Self::repository(host, repository);
        Some(Self { tag: tag.filter(|tag| !tag.is_empty()).map(str::to_owned), ..place })
    }

    pub(super) fn print(&self) -> String {
        let mut text = "/registry".to_owned();
        let mut add = |before: &str, part: &Option<String>| {
            if let Some(part) = part {
                let part = path::encode(part.as_bytes()).replace("%3A", ":");
                write!(text, "{before}{part}").expect("a String takes every write");
            }
        };
        add("/", &self.host);
        add("/", &self.repository);
        let digest = self.tag.as_deref().is_some_and(|tag| tag.contains(':'));
        add(if digest { "@" } else { ":" }, &self.tag);
        super::print_list(&text, &self.filter)
    }
}

/// Whether the first part of a name is a host, by docker's rule.
fn is_host(text: &str) -> bool {
    let named = text.contains(['.', ':']) || text == "localhost";
    named && format!("{text}/x").parse::<Repository>().is_ok_and(|repository| repository.domain() == text)
}

/// Reads what comes after `/registry`.
pub(super) fn read(rest: &str, filter: String) -> Option<Place> {
    let rest = rest.trim_matches('/');
    if rest.is_empty() {
        return Some(Place::Registry(Box::new(Registry { filter, ..Registry::default() })));
    }
    if rest == "theatre" {
        return Some(Place::Theatre { id: None });
    }
    if let Some(id) = rest.strip_prefix("theatre/") {
        let fits = (1..=20).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit());
        return fits.then(|| Place::Theatre { id: Some(id.to_owned()) });
    }
    Registry::read(rest).map(|place| Place::Registry(Box::new(Registry { filter, ..place })))
}

pub(super) fn print_theatre(id: Option<&str>) -> String {
    id.map_or_else(|| "/registry/theatre".to_owned(), |id| format!("/registry/theatre/{id}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(address: &str) -> Place {
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        Place::read(path, query)
    }

    #[test]
    fn prints_what_it_reads() {
        let digest = format!("sha256:{}", "0".repeat(64));
        let places = [
            Registry::default(),
            Registry { filter: "a b&c".into(), ..Registry::default() },
            Registry::of("docker.io"),
            Registry::of("127.0.0.1:5000"),
            Registry::of("[::1]:5000"),
            Registry::repository("127.0.0.1:5000", "team/app"),
            Registry { filter: "1.".into(), ..Registry::tag("localhost", "theatre", "1.36-a") },
            Registry::tag("docker.io", "library/alpine", &digest),
        ];
        for place in places {
            let place = Place::Registry(Box::new(place));
            assert_eq!(read(&place.print()), place, "{}", place.print());
        }
        for id in [None, Some("12".to_owned())] {
            let place = Place::Theatre { id };
            assert_eq!(read(&place.print()), place);
        }
    }

    #[test]
    fn nonsense_is_nowhere() {
        for address in [
            "/registry/word",
            "/registry/a.b/UPPER",
            "/registry/theatre/x",
            "/registryx",
            "/registry/a.b/x%20y",
        ] {
            assert!(matches!(read(address), Place::Nowhere(_)), "{address}");
        }
    }

    #[test]
    fn what_is_typed_is_understood() {
        let cases = [
            ("127.0.0.1:5000", Some(Registry::of("127.0.0.1:5000"))),
            ("https://registry.example/v2/", Some(Registry::of("registry.example"))),
            ("quay.io/org/app:1 ", Some(Registry::tag("quay.io", "org/app", "1"))),
            ("alpine", Some(Registry::repository("docker.io", "library/alpine"))),
            ("alpine:3.20", Some(Registry::tag("docker.io", "library/alpine", "3.20"))),
            ("grafana/loki", Some(Registry::repository("docker.io", "grafana/loki"))),
            ("", None),
            ("Upper", None),
            ("a b", None),
        ];
        for (text, expected) in cases {
            assert_eq!(Registry::typed(text), expected, "{text}");
        }
    }
}
