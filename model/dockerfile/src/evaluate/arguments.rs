//! Build arguments: which a stage may see, with which values.

use std::collections::{BTreeMap, BTreeSet};

use crate::expand::Variables;

/// Arguments that every build may be given without declaring them. They are for reaching the network: unless declared, no
/// history and no cache knows of them.
pub const PROXIES: [&str; 10] = [
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "FTP_PROXY",
    "ftp_proxy",
    "NO_PROXY",
    "no_proxy",
    "ALL_PROXY",
    "all_proxy",
];

/// What arguments there are at a place in a Dockerfile.
#[derive(Clone, Debug, Default)]
pub struct Arguments {
    /// Given by the client; `None` for a name without a value.
    given: BTreeMap<String, Option<String>>,
    /// Declared before the first `FROM`.
    global: BTreeMap<String, Option<String>>,
    /// Declared in this stage.
    declared: BTreeMap<String, Option<String>>,
    /// Declared anywhere.
    referenced: BTreeSet<String>,
}

impl Arguments {
    /// With what the client gave.
    pub fn new(given: BTreeMap<String, Option<String>>) -> Self {
        Self { given, ..Self::default() }
    }

    /// An `ARG` before the first `FROM`.
    pub fn declare_globally(&mut self, name: String, value: Option<String>) {
        self.declare(name.clone(), value.clone());
        self.global.insert(name, value);
    }

    /// An `ARG` of a stage.
    pub fn declare(&mut self, name: String, value: Option<String>) {
        self.referenced.insert(name.clone());
        self.declared.insert(name, value);
    }

    /// What a new stage starts with: nothing is declared in it.
    pub fn for_stage(&self) -> Self {
        Self { declared: BTreeMap::new(), ..self.clone() }
    }

    /// Remembers what a stage has declared.
    pub fn merge(&mut self, stage: &Self) {
        self.referenced.extend(stage.referenced.iter().cloned());
    }

    /// What a `FROM` sees.
    pub fn globals(&self) -> Globals<'_> {
        Globals(self)
    }

    /// The value of an argument that this stage declares, or of a proxy's.
    pub fn get(&self, name: &str) -> Option<&str> {
        let known = self.declared.contains_key(name) || PROXIES.contains(&name);
        if known { self.value(name, &self.declared) } else { None }
    }

    /// What the instructions of this stage see, but for what the environment has by that name.
    pub fn seen(&self, env: &[String]) -> BTreeMap<String, String> {
        let mut values = self.values(&self.declared);
        values.retain(|name, _| env.value(name).is_none());
        values
    }

    /// Those of [`Self::seen`] that a history and a cache know of.
    pub fn recorded(&self, seen: &BTreeMap<String, String>) -> Vec<(String, String)> {
        let known = |name: &str| self.declared.contains_key(name) || !PROXIES.contains(&name);
        seen.iter()
            .filter(|(name, _)| known(name))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }

    /// What was given and never declared, sorted.
    pub fn unused(&self) -> Vec<String> {
        let names = self.given.keys();
        names
            .filter(|name| !self.referenced.contains(*name) && !PROXIES.contains(&name.as_str()))
            .cloned()
            .collect()
    }

    fn values(&self, declared: &BTreeMap<String, Option<String>>) -> BTreeMap<String, String> {
        let names = declared.keys().map(String::as_str).chain(PROXIES);
        names.filter_map(|name| Some((name.to_owned(), self.value(name, declared)?.to_owned()))).collect()
    }

    fn value<'a>(&'a self, name: &str, declared: &'a BTreeMap<String, Option<String>>) -> Option<&'a str> {
        if let Some(Some(given)) = self.given.get(name) {
            return Some(given);
        }
        match declared.get(name) {
            Some(Some(default)) => Some(default),
            _ => self.global.get(name)?.as_deref(),
        }
    }
}

/// What a `FROM` sees: what is declared before the first one, and proxies.
#[derive(Clone, Copy, Debug)]
pub struct Globals<'a>(&'a Arguments);

impl Variables for Globals<'_> {
    fn value(&self, name: &str) -> Option<&str> {
        let known = self.0.global.contains_key(name) || PROXIES.contains(&name);
        if known { self.0.value(name, &self.0.global) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(pairs: &[(&str, Option<&str>)]) -> Arguments {
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), value.map(str::to_owned)));
        Arguments::new(pairs.collect())
    }

    fn names(values: &BTreeMap<String, String>) -> Vec<String> {
        values.iter().map(|(name, value)| format!("{name}={value}")).collect()
    }

    #[test]
    fn a_stage_sees_what_it_declares() {
        let mut args =
            given(&[("A", Some("given")), ("B", None), ("HTTP_PROXY", Some("p")), ("X", Some("x"))]);
        args.declare_globally("G".into(), Some("global".into()));
        args.declare_globally("A".into(), Some("default".into()));
        let from = |name| args.globals().value(name).map(str::to_owned);
        assert_eq!(
            [from("A"), from("G"), from("HTTP_PROXY"), from("X")].map(Option::unwrap_or_default),
            ["given", "global", "p", ""]
        );
        let mut stage = args.for_stage();
        assert_eq!(names(&stage.seen(&[])), ["HTTP_PROXY=p"]);
        for (name, value) in [("A", None), ("B", Some("b")), ("G", None), ("N", None)] {
            stage.declare(name.into(), value.map(str::to_owned));
        }
        assert_eq!(names(&stage.seen(&[])), ["A=given", "B=b", "G=global", "HTTP_PROXY=p"]);
        let seen = stage.seen(&["B=env".into()]);
        assert_eq!(names(&seen), ["A=given", "G=global", "HTTP_PROXY=p"]);
        let recorded: Vec<String> = stage.recorded(&seen).into_iter().map(|(name, _)| name).collect();
        assert_eq!(recorded, ["A", "G"]);
        args.merge(&stage);
        assert_eq!(args.unused(), ["X"]);
    }
}
