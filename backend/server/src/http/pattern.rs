//! Path patterns: `/images/{name...}/json`.
//!
//! ```text
//! pattern := *( "/" part )
//! part    := literal | "{" name "}" | "{" name "...}"      the last takes one segment or more; once per pattern
//! ```

/// A path pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    text: &'static str,
    parts: Vec<Part>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Literal(&'static str),
    One(&'static str),
    Many(&'static str),
}

/// What a pattern's names stand for in a path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Params(Vec<(&'static str, String)>);

impl Params {
    /// The text that `name` stands for; empty if the pattern has no such name.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| *key == name).map_or("", |(_, value)| value)
    }
}

impl Pattern {
    /// Parses a pattern. Patterns are written in the source, so a wrong one is a bug and simply never matches.
    pub fn new(text: &'static str) -> Self {
        let part = |part: &'static str| match part.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            None => Part::Literal(part),
            Some(name) => name.strip_suffix("...").map_or(Part::One(name), Part::Many),
        };
        Self { text, parts: text.split('/').skip(1).map(part).collect() }
    }

    /// The pattern as it was written.
    pub fn text(&self) -> &'static str {
        self.text
    }

    /// Matches a decoded path. Names never stand for nothing, and many segments keep their slashes.
    pub fn matches(&self, path: &str) -> Option<Params> {
        let segments: Vec<&str> = path.strip_prefix('/')?.split('/').collect();
        let spare = (segments.len() + 1).checked_sub(self.parts.len())?;
        let mut rest = segments.as_slice();
        let mut params = Params::default();
        for part in &self.parts {
            let count = if matches!(part, Part::Many(_)) { spare } else { 1 };
            let (these, after) = rest.split_at_checked(count)?;
            rest = after;
            match part {
                Part::Literal(literal) if these[0] == *literal => {}
                Part::Literal(_) => return None,
                Part::One(name) | Part::Many(name) => {
                    let value = these.join("/");
                    if value.is_empty() {
                        return None;
                    }
                    params.0.push((name, value));
                }
            }
        }
        rest.is_empty().then_some(params)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_may_have_slashes() {
        let inspect = Pattern::new("/images/{name...}/json");
        let name = |path: &str| inspect.matches(path).map(|params| params.get("name").to_owned());
        assert_eq!(name("/images/demo/json").as_deref(), Some("demo"));
        assert_eq!(name("/images/127.0.0.1:5000/a/b:c/json").as_deref(), Some("127.0.0.1:5000/a/b:c"));
        assert_eq!(name("/images/json/json").as_deref(), Some("json"));
        for other in [
            "/images/json",
            "/images//json",
            "/images/demo/history",
            "/images/demo/json/",
            "images/a/json",
            "",
        ] {
            assert_eq!(name(other), None, "{other}");
        }
    }

    #[test]
    fn literals_and_single_segments() {
        assert!(Pattern::new("/").matches("/").is_some());
        assert!(Pattern::new("/").matches("/x").is_none());
        assert!(Pattern::new("/v2/").matches("/v2/").is_some());
        assert!(Pattern::new("/v2/").matches("/v2").is_none());
        let index = Pattern::new("/api/layers/{id}/index");
        assert_eq!(index.matches("/api/layers/x/index").expect("matches").get("id"), "x");
        assert!(index.matches("/api/layers/x/y/index").is_none());
        let blob = Pattern::new("/v2/{name...}/blobs/{digest}");
        let params = blob.matches("/v2/a/blobs/b/blobs/sha256:0").expect("matches");
        assert_eq!((params.get("name"), params.get("digest")), ("a/blobs/b", "sha256:0"));
    }
}
