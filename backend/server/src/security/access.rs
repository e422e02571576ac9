//! What a request to the registry needs, and what a token allows: the scopes of the distribution project's token
//! specification.
//!
//! ```text
//! scopes = scope *( " " scope )
//! scope  = type ":" name ":" action *( "," action )        repository:team/demo:pull,push    registry:catalog:*
//! ```

use std::fmt;

use http::Method;
use serde::{Deserialize, Serialize};

use crate::http::{Params, Query};

const REPOSITORY: &str = "repository";
const REGISTRY: &str = "registry";
const CATALOG: &str = "catalog";
/// Allows every action.
const ANY: &str = "*";
const ACTIONS: [&str; 5] = ["pull", "push", "delete", SEARCH, ANY];
/// What dockerd asks for before it searches.
const SEARCH: &str = "search";
/// Scopes of one token; a push with mounts asks for a handful.
const MOST: usize = 50;
/// As long as the names of repositories.
const LONGEST: usize = 255;

/// Actions on a repository, or on the catalog.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    /// `repository` or `registry`.
    #[serde(rename = "type")]
    kind: String,
    name: String,
    actions: Vec<String>,
}

impl Access {
    fn new(kind: &str, name: &str, actions: &[&str]) -> Self {
        let actions = actions.iter().map(|action| (*action).to_owned()).collect();
        Self { kind: kind.into(), name: name.into(), actions }
    }

    /// The scopes of a text that may be granted; what this registry doesn't know is left out.
    pub fn parse_all(text: &str) -> Vec<Self> {
        text.split(' ').filter_map(Self::parse).take(MOST).collect()
    }

    fn parse(scope: &str) -> Option<Self> {
        let (kind, rest) = scope.split_once(':')?;
        let (name, actions) = rest.rsplit_once(':')?;
        let known = match kind {
            REPOSITORY => is_plain(name),
            REGISTRY => name == CATALOG,
            _ => false,
        };
        let actions: Vec<&str> =
            ACTIONS.into_iter().filter(|known| actions.split(',').any(|a| a == *known)).collect();
        (known && !actions.is_empty()).then(|| Self::new(kind, name, &actions))
    }

    /// What a request needs that matched a route's pattern with these names. Nothing means that any login will do.
    pub fn needed(method: &Method, pattern: &str, params: &Params, query: &Query) -> Vec<Self> {
        if pattern.starts_with("/v1/") {
            return vec![Self::new(REGISTRY, CATALOG, &[SEARCH])];
        }
        if pattern == "/v2/_catalog" {
            return vec![Self::new(REGISTRY, CATALOG, &[ANY])];
        }
        let name = params.get("name");
        if name.is_empty() {
            return Vec::new();
        }
        let uploads = !params.get("id").is_empty();
        let actions: &[&str] = match *method {
            Method::GET | Method::HEAD if !uploads => &["pull"],
            Method::DELETE if !uploads => &["delete"],
            _ => &["pull", "push"],
        };
        let mut needed = vec![Self::new(REPOSITORY, name, actions)];
        if let Some(from) = query.text("from").filter(|from| *method == Method::POST && from != name) {
            needed.push(Self::new(REPOSITORY, &from, &["pull"]));
        }
        needed
    }

    /// Whether `granted` allows all of it.
    pub fn is_covered_by(&self, granted: &[Self]) -> bool {
        self.actions.iter().all(|action| {
            let of_it =
                granted.iter().filter(|granted| granted.kind == self.kind && granted.name == self.name);
            of_it.flat_map(|granted| &granted.actions).any(|allowed| allowed == action || allowed == ANY)
        })
    }

    /// Whether it can be shown in a header.
    pub fn is_plain(&self) -> bool {
        is_plain(&self.name)
    }
}

fn is_plain(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-/".contains(&byte);
    !name.is_empty() && name.len() <= LONGEST && name.bytes().all(plain)
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.kind, self.name, self.actions.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Pattern;

    #[test]
    fn scopes_are_read() {
        let read = |text: &str| {
            Access::parse_all(text).iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(read("repository:team/demo:push,pull"), "repository:team/demo:pull,push");
        assert_eq!(read("repository:a:pull repository:b:*"), "repository:a:pull repository:b:*");
        assert_eq!(read("registry:catalog:*"), "registry:catalog:*");
        for odd in [
            "",
            "repository",
            "repository:a",
            "repository:a:",
            "repository:a:own",
            "repository:A:pull",
            "repository:a\"b:pull",
            "repository::pull",
            "registry:other:*",
            "server:x:pull",
        ] {
            assert_eq!(read(odd), "", "{odd}");
        }
        assert_eq!(Access::parse_all(&"repository:a:pull ".repeat(1000)).len(), MOST);
    }

    #[test]
    fn each_request_needs_what_it_does() {
        let needed = |method: Method, pattern: &'static str, target: &str| {
            let (path, query) = target.split_once('?').unwrap_or((target, ""));
            let params = Pattern::new(pattern).matches(path).expect(target);
            let needed = Access::needed(&method, pattern, &params, &Query::parse(query));
            needed.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        };
        let (manifests, uploads) =
            ("/v2/{name...}/manifests/{reference}", "/v2/{name...}/blobs/uploads/{id}");
        assert_eq!(needed(Method::GET, manifests, "/v2/a/b/manifests/1"), "repository:a/b:pull");
        assert_eq!(needed(Method::HEAD, manifests, "/v2/a/manifests/1"), "repository:a:pull");
        assert_eq!(needed(Method::PUT, manifests, "/v2/a/manifests/1"), "repository:a:pull,push");
        assert_eq!(needed(Method::DELETE, manifests, "/v2/a/manifests/1"), "repository:a:delete");
        for method in [Method::GET, Method::PATCH, Method::PUT, Method::DELETE] {
            assert_eq!(needed(method, uploads, "/v2/a/blobs/uploads/1"), "repository:a:pull,push");
        }
        let begin = "/v2/{name...}/blobs/uploads/";
        assert_eq!(
            needed(Method::POST, begin, "/v2/a/blobs/uploads/?mount=x&from=b/c"),
            "repository:a:pull,push repository:b/c:pull"
        );
        assert_eq!(needed(Method::GET, "/v2/_catalog", "/v2/_catalog"), "registry:catalog:*");
        assert_eq!(needed(Method::GET, "/v1/search", "/v1/search?q=x"), "registry:catalog:search");
        assert_eq!(needed(Method::GET, "/v2/", "/v2/"), "");
    }

    #[test]
    fn no_more_than_was_granted() {
        let covers = |granted: &str, needed: &str| {
            let granted = Access::parse_all(granted);
            Access::parse_all(needed).iter().all(|needed| needed.is_covered_by(&granted))
        };
        assert!(covers("repository:a:pull,push", "repository:a:pull"));
        assert!(covers("repository:a:pull repository:a:push", "repository:a:pull,push"));
        assert!(covers("repository:a:*", "repository:a:delete"));
        for (granted, needed) in [
            ("repository:a:pull", "repository:a:pull,push"),
            ("repository:a:pull", "repository:b:pull"),
            ("repository:a:push", "repository:a:delete"),
            ("registry:catalog:*", "repository:catalog:pull"),
            ("registry:catalog:search", "registry:catalog:*"),
            ("", "repository:a:pull"),
        ] {
            assert!(!covers(granted, needed), "{granted} {needed}");
        }
    }
}
