//! The filters of lists and prunings: values by key.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::Error;

/// Filter values by key, as the engine reads them from a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filters(pub BTreeMap<String, Vec<String>>);

impl Filters {
    /// Refuses keys that the request doesn't know.
    pub fn only(&self, known: &[&str]) -> Result<(), Error> {
        match self.0.keys().find(|key| !known.contains(&key.as_str())) {
            Some(key) => Err(Error::invalid(format!("Invalid filter '{key}'"))),
            None => Ok(()),
        }
    }

    /// The values of a key.
    pub(crate) fn get(&self, key: &str) -> &[String] {
        self.0.get(key).map_or(&[], Vec::as_slice)
    }

    /// Whether `value` is among a key's values, or the key is absent.
    pub(crate) fn accepts(&self, key: &str, value: &str) -> bool {
        let values = self.get(key);
        values.is_empty() || values.iter().any(|wanted| wanted == value)
    }

    /// A key's values as regular expressions, of which one must be found. What isn't one is only found as it is written.
    pub fn patterns(&self, key: &str) -> Patterns {
        let compile = |text: &String| regex::Regex::new(text).map_err(|_| text.clone());
        Patterns(self.get(key).iter().map(compile).collect())
    }

    /// The one value of a yes-or-no key.
    pub(crate) fn flag(&self, key: &str) -> Result<Option<bool>, Error> {
        match self.get(key) {
            [] => Ok(None),
            [value] if matches!(value.as_str(), "1" | "true") => Ok(Some(true)),
            [value] if matches!(value.as_str(), "0" | "false") => Ok(Some(false)),
            values => Err(Error::invalid(format!("Invalid filter '{key}=[{}]'", values.join(" ")))),
        }
    }

    /// Whether labels pass a key, whose values are `name` or `name=value`; all of them must hold.
    pub(crate) fn labels(&self, key: &str, labels: &BTreeMap<String, String>) -> bool {
        self.get(key).iter().all(|wanted| has_label(labels, wanted))
    }

    /// Whether something with these labels may be pruned: `label` must hold, `label!` must not.
    pub fn prunes(&self, labels: &BTreeMap<String, String>) -> bool {
        self.labels("label", labels) && !self.get("label!").iter().any(|unwanted| has_label(labels, unwanted))
    }

    /// The moment that `until` names: a time, Unix seconds, or how long ago (`24h`, `1h30m`).
    pub fn until(&self, now: Timestamp) -> Result<Option<Timestamp>, Error> {
        let [text] = self.get("until") else {
            return match self.get("until") {
                [] => Ok(None),
                _ => Err(Error::invalid("more than one until filter specified")),
            };
        };
        let wrong = || Error::invalid(format!("failed to parse value as time or duration: {text:?}"));
        if let Ok(time) = text.parse::<Timestamp>() {
            return Ok(Some(time));
        }
        if let Ok(seconds) = text.parse::<i64>() {
            return Timestamp::from_second(seconds).map(Some).map_err(|_| wrong());
        }
        let ago = duration(text).ok_or_else(wrong)?;
        now.checked_sub(ago).map(Some).map_err(|_| wrong())
    }
}

/// What names are looked for with.
#[derive(Clone, Debug)]
pub struct Patterns(Vec<Result<regex::Regex, String>>);

impl Patterns {
    /// Whether one of them is found in `text`, or there are none.
    pub fn accept(&self, text: &str) -> bool {
        let found = |pattern: &Result<regex::Regex, String>| match pattern {
            Ok(pattern) => pattern.is_match(text),
            Err(word) => word == text,
        };
        self.0.is_empty() || self.0.iter().any(found)
    }
}

fn has_label(labels: &BTreeMap<String, String>, wanted: &str) -> bool {
    match wanted.split_once('=') {
        Some((name, value)) => labels.get(name).is_some_and(|have| have == value),
        None => labels.contains_key(wanted),
    }
}

/// A span as Go writes it: numbers with `h`, `m`, `s` or `ms`.
fn duration(text: &str) -> Option<SignedDuration> {
    let mut rest = text;
    let mut total = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let letters = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        total += number
            * match &rest[..letters] {
                "h" => 3600.0,
                "m" => 60.0,
                "s" => 1.0,
                "ms" => 0.001,
                _ => return None,
            };
        rest = &rest[letters..];
    }
    (!text.is_empty()).then(|| SignedDuration::try_from_secs_f64(total).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filters(key: &str, values: &[&str]) -> Filters {
        Filters(BTreeMap::from([(key.into(), values.iter().map(|value| (*value).to_owned()).collect())]))
    }

    #[test]
    fn until_is_a_time_or_a_span() {
        let now = Timestamp::from_second(100_000).expect("a time");
        let until = |text| filters("until", &[text]).until(now).map(|time| time.map(|time| time.as_second()));
        assert_eq!(until("1970-01-01T00:01:00Z"), Ok(Some(60)));
        assert_eq!(until("77"), Ok(Some(77)));
        assert_eq!(until("1h30m"), Ok(Some(100_000 - 5400)));
        assert!(until("x").is_err() && until("5").is_ok() && until("5x").is_err());
        assert_eq!(Filters::default().until(now), Ok(None));
    }

    #[test]
    fn names_are_patterns() {
        let accept = |pattern, text| filters("name", &[pattern]).patterns("name").accept(text);
        assert_eq!(
            [accept("^a", "ab"), accept("^b", "ab"), accept("b", "ab"), accept("(", "a(b"), accept("(", "(")],
            [true, false, true, false, true]
        );
        assert!(Filters::default().patterns("name").accept("x"));
    }

    #[test]
    fn labels_must_hold_and_must_not() {
        let labels = BTreeMap::from([("a".to_owned(), "1".to_owned())]);
        assert!(filters("label", &["a", "a=1"]).prunes(&labels));
        assert!(!filters("label", &["a=2"]).prunes(&labels));
        assert!(!filters("label!", &["a"]).prunes(&labels));
        assert!(filters("label!", &["b"]).prunes(&labels));
        assert!(filters("x", &[]).only(&["y"]).is_err());
    }
}
