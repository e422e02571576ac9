//! Where a word is searched for, and what comes of it.

use serde::Deserialize;

/// A registry that is asked, and the term that the engine takes for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// `docker.io` or `host[:port]`.
    pub registry: String,
    /// What `docker search` would be given.
    pub term: String,
}

/// A repository that was found, as the engine tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Found {
    /// Its name, without the registry's.
    pub name: String,
    /// What it is.
    pub description: String,
    /// How many people starred it.
    pub star_count: i64,
    /// Whether it is one of Docker's official images.
    pub is_official: bool,
    /// Whether it was built automatically.
    pub is_automated: bool,
}

/// Docker Hub.
pub const HUB: &str = "docker.io";

/// Who is asked for what was typed: the registry that it begins with; else the server's own at `own`, and Docker Hub. A tag
/// or digest is no part of a repository's name.
pub fn places(typed: &str, own: &str) -> Vec<Place> {
    let typed = typed.trim().split('@').next().unwrap_or_default();
    let (before, last) = typed.rsplit_once('/').map_or(("", typed), |(before, last)| (before, last));
    let bare = last.split(':').next().unwrap_or_default();
    // `host:5000` alone has no word yet; with a slash its port is not a tag.
    let word = if before.is_empty() { bare.to_owned() } else { format!("{before}/{bare}") };
    let place = |registry: &str, word: &str| {
        let term = if registry == HUB { word.to_owned() } else { format!("{registry}/{word}") };
        Place { registry: registry.to_owned(), term }
    };
    match word.split_once('/') {
        Some((host, rest)) if host.contains(['.', ':']) || host == "localhost" => vec![place(host, rest)],
        _ if word.is_empty() => Vec::new(),
        _ => vec![place(own, &word), place(HUB, &word)],
    }
}

/// By which the found repository is pulled.
pub fn pull_name(registry: &str, found: &str) -> String {
    if registry == HUB { found.to_owned() } else { format!("{registry}/{found}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registry_stands_before_the_word() {
        let cases: [(&str, &[(&str, &str)]); 6] = [
            ("nginx", &[("own:1", "own:1/nginx"), ("docker.io", "nginx")]),
            (" nginx:1.2 ", &[("own:1", "own:1/nginx"), ("docker.io", "nginx")]),
            ("team/nginx@sha256:ab", &[("own:1", "own:1/team/nginx"), ("docker.io", "team/nginx")]),
            ("127.0.0.1:5000/a/b:2", &[("127.0.0.1:5000", "127.0.0.1:5000/a/b")]),
            ("docker.io/nginx", &[("docker.io", "nginx")]),
            ("", &[]),
        ];
        for (typed, expected) in cases {
            let found = places(typed, "own:1");
            let found: Vec<(&str, &str)> = found.iter().map(|p| (&*p.registry, &*p.term)).collect();
            assert_eq!(found, expected, "{typed}");
        }
        assert_eq!(pull_name(HUB, "nginx"), "nginx");
        assert_eq!(pull_name("h:5000", "a/b"), "h:5000/a/b");
    }
}
