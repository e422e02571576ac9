//! The `filters` parameter of list, prune and event requests, and the glob that names are matched with.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::{Error, Kind};

/// Filter values by key; a thing passes a key if any of its values accepts it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filters(BTreeMap<String, Vec<String>>);

impl From<Filters> for strata_containers::Filters {
    fn from(filters: Filters) -> Self {
        Self(filters.0)
    }
}

impl Filters {
    /// Reads both of docker's forms, `{"key":["value"]}` and `{"key":{"value":true}}`; empty text is no filter.
    pub fn parse(json: &str) -> Result<Self, Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Values {
            List(Vec<String>),
            Set(BTreeMap<String, bool>),
        }
        if json.is_empty() {
            return Ok(Self::default());
        }
        let wrong = |error| {
            Error::new(
                Kind::InvalidArgument,
                format!("invalid filter {json}: expected {{\"key\":[\"value\"]}}: {error}"),
            )
        };
        let map: BTreeMap<String, Values> = serde_json::from_str(json).map_err(wrong)?;
        Ok(Self(
            map.into_iter()
                .map(|(key, values)| match values {
                    Values::List(list) => (key, list),
                    Values::Set(set) => {
                        (key, set.into_iter().filter(|(_, on)| *on).map(|(v, _)| v).collect())
                    }
                })
                .collect(),
        ))
    }

    /// Refuses keys that the request doesn't know, as dockerd does.
    pub fn only(&self, known: &[&str]) -> Result<(), Error> {
        match self.0.keys().find(|key| !known.contains(&key.as_str())) {
            Some(key) => Err(Error::new(Kind::InvalidArgument, format!("Invalid filter '{key}'"))),
            None => Ok(()),
        }
    }

    /// The values of a key.
    pub fn get(&self, key: &str) -> &[String] {
        self.0.get(key).map_or(&[], Vec::as_slice)
    }

    /// The one value of a yes-or-no key.
    pub fn flag(&self, key: &str) -> Result<Option<bool>, Error> {
        match self.get(key) {
            [] => Ok(None),
            [value] if matches!(value.as_str(), "1" | "true") => Ok(Some(true)),
            [value] if matches!(value.as_str(), "0" | "false") => Ok(Some(false)),
            values => Err(Error::new(
                Kind::InvalidArgument,
                format!("Invalid filter '{key}=[{}]'", values.join(" ")),
            )),
        }
    }

    /// Whether labels pass `key`, whose values are `name` or `name=value`; all of them must hold.
    pub fn labels(&self, key: &str, labels: &BTreeMap<String, String>) -> bool {
        self.get(key).iter().all(|wanted| match wanted.split_once('=') {
            Some((name, value)) => labels.get(name).is_some_and(|have| have == value),
            None => labels.contains_key(wanted),
        })
    }

    /// Whether `value` is among a key's values, or the key is absent.
    pub fn accepts(&self, key: &str, value: &str) -> bool {
        let values = self.get(key);
        values.is_empty() || values.iter().any(|wanted| wanted == value)
    }
}

/// Matches as Go's `path.Match`: `*` and `?` stop at slashes, `[a-z]`, `[^a]`, `\` quotes.
pub fn glob(pattern: &str, name: &str) -> Result<bool, Error> {
    let wrong = || Error::new(Kind::InvalidArgument, format!("syntax error in pattern {pattern:?}"));
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    validate(&pattern).ok_or_else(wrong)?;
    Ok(matches(&pattern, &name))
}

fn validate(mut pattern: &[char]) -> Option<()> {
    while let Some((first, rest)) = pattern.split_first() {
        pattern = match first {
            '[' => class(rest, None)?.1,
            '\\' => rest.split_first()?.1,
            _ => rest,
        };
    }
    Some(())
}

/// Backtracks to the last star only: linear in pattern × name.
fn matches(pattern: &[char], name: &[char]) -> bool {
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    loop {
        if p < pattern.len() && pattern[p] == '*' {
            star = Some((p + 1, n));
            p += 1;
            continue;
        }
        if n == name.len() && p == pattern.len() {
            return true;
        }
        if let Some(used) = name.get(n).and_then(|c| one(&pattern[p..], *c)) {
            p += used;
            n += 1;
            continue;
        }
        match star {
            Some((after, at)) if at < name.len() && name[at] != '/' => {
                star = Some((after, at + 1));
                p = after;
                n = at + 1;
            }
            _ => return false,
        }
    }
}

/// How many pattern characters matched `c`, if they did.
fn one(pattern: &[char], c: char) -> Option<usize> {
    match *pattern.first()? {
        '?' => (c != '/').then_some(1),
        '[' => {
            let (hit, rest) = class(&pattern[1..], Some(c))?;
            (hit && c != '/').then_some(pattern.len() - rest.len())
        }
        '\\' => (*pattern.get(1)? == c).then_some(2),
        other => (other == c).then_some(1),
    }
}

/// Reads a class after its `[`: whether it has `c`, and what follows its `]`.
fn class(mut rest: &[char], c: Option<char>) -> Option<(bool, &[char])> {
    let negated = rest.first() == Some(&'^');
    if negated {
        rest = &rest[1..];
    }
    let mut hit = false;
    let mut first = true;
    loop {
        if !first && rest.first() == Some(&']') {
            return Some((hit != negated, &rest[1..]));
        }
        first = false;
        let (low, after) = class_char(rest)?;
        let (high, after) = match after.first() {
            Some('-') => class_char(&after[1..])?,
            _ => (low, after),
        };
        hit |= c.is_some_and(|c| (low..=high).contains(&c));
        rest = after;
    }
}

fn class_char(rest: &[char]) -> Option<(char, &[char])> {
    match rest.split_first()? {
        ('\\', rest) => rest.split_first().map(|(c, rest)| (*c, rest)),
        ('-' | ']', _) => None,
        (c, rest) => Some((*c, rest)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_forms() {
        let list = Filters::parse(r#"{"reference":["de*","a"]}"#).expect("valid");
        assert_eq!(list.get("reference"), ["de*", "a"]);
        let set = Filters::parse(r#"{"dangling":{"true":true,"false":false}}"#).expect("valid");
        assert_eq!(set.flag("dangling").expect("one value"), Some(true));
        assert!(Filters::parse("[]").is_err());
        assert!(list.only(&["label"]).expect_err("unknown").message.contains("'reference'"));
    }

    #[test]
    fn globs_as_go_does() {
        let cases = [
            ("de*", "demo", true),
            ("de*", "demo/x", false),
            ("*/demo", "host:5000/demo", true),
            ("d?mo", "demo", true),
            ("d?mo", "d/mo", false),
            ("[a-d]emo", "demo", true),
            ("[^a-d]emo", "demo", false),
            ("d\\*", "d*", true),
            ("a*b*c", "axxbxxc", true),
            ("a*b*c", "axxbxx", false),
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
        ];
        for (pattern, name, expected) in cases {
            assert_eq!(glob(pattern, name).expect(pattern), expected, "{pattern} {name}");
        }
        for bad in ["[", "[]", "[a", "a\\", "[a-", "[-]"] {
            assert!(glob(bad, "a").is_err(), "{bad}");
        }
    }
}
