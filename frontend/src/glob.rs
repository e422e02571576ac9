//! What a filter matches: a part of a path, or a glob.
//!
//! Without `*`, `?` or `[` a filter matches every path that has it somewhere, letters of either case. With them it is a
//! glob over the name, or over the whole path if it has a `/`; `*` stays within one component, `**` doesn't.

/// A filter as typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// Everything matches.
    Everything,
    /// Lower-cased text to find in the path.
    Part(Vec<u8>),
    /// A glob over the name.
    Name(Vec<u8>),
    /// A glob over the path.
    Path(Vec<u8>),
}

impl Filter {
    /// Reads what was typed.
    pub fn read(typed: &str) -> Self {
        let typed = typed.trim();
        let bytes = typed.as_bytes();
        if typed.is_empty() {
            Self::Everything
        } else if !typed.contains(['*', '?', '[']) {
            Self::Part(typed.trim_start_matches('/').to_ascii_lowercase().into_bytes())
        } else if typed.contains('/') {
            Self::Path(typed.trim_start_matches('/').as_bytes().to_vec())
        } else {
            Self::Name(bytes.to_vec())
        }
    }

    /// Whether everything matches.
    pub fn is_everything(&self) -> bool {
        matches!(self, Self::Everything)
    }

    /// Whether `path` (its last component is its name) matches.
    pub fn matches(&self, path: &[u8]) -> bool {
        let name = path.rsplit(|b| *b == b'/').next().unwrap_or(path);
        match self {
            Self::Everything => true,
            Self::Part(part) => contains(path, part),
            Self::Name(pattern) => glob(pattern, name),
            Self::Path(pattern) => glob(pattern, path),
        }
    }
}

fn contains(path: &[u8], part: &[u8]) -> bool {
    let Some((first, rest)) = part.split_first() else { return true };
    let last = path.len().saturating_sub(rest.len());
    (0..last).any(|at| {
        path[at].to_ascii_lowercase() == *first
            && rest.iter().zip(&path[at + 1..]).all(|(want, have)| have.to_ascii_lowercase() == *want)
    })
}

/// Backtracks to the last star only: at most `pattern × text` steps, whatever is typed.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut single: Option<(usize, usize)> = None;
    let mut double: Option<(usize, usize)> = None;
    loop {
        if p == pattern.len() && t == text.len() {
            return true;
        }
        if pattern[p..].starts_with(b"**") {
            // `**/` also matches no directory at all.
            p += if pattern[p + 2..].starts_with(b"/") && (t == 0 || text[t - 1] == b'/') { 3 } else { 2 };
            double = Some((p, t));
            single = None;
            continue;
        }
        if pattern.get(p) == Some(&b'*') {
            p += 1;
            single = Some((p, t));
            continue;
        }
        if let Some(length) = text.get(t).and_then(|byte| one(&pattern[p..], *byte)) {
            p += length;
            t += 1;
            continue;
        }
        match (single, double) {
            (Some((after, from)), _) if from < text.len() && text[from] != b'/' => {
                (p, t) = (after, from + 1);
                single = Some((after, from + 1));
            }
            (_, Some((after, from))) if from < text.len() => {
                (p, t) = (after, from + 1);
                double = Some((after, from + 1));
                single = None;
            }
            _ => return false,
        }
    }
}

/// How many bytes of the pattern match `byte`, if its first element does.
fn one(pattern: &[u8], byte: u8) -> Option<usize> {
    match pattern.first()? {
        b'?' if byte != b'/' => Some(1),
        b'[' => match pattern.iter().skip(2).position(|b| *b == b']') {
            Some(end) => class(&pattern[1..end + 2], byte).then_some(end + 3),
            None => (byte == b'[').then_some(1),
        },
        literal => (*literal == byte).then_some(1),
    }
}

fn class(class: &[u8], byte: u8) -> bool {
    let (negated, class) = match class {
        [b'!' | b'^', rest @ ..] => (true, rest),
        all => (false, all),
    };
    let mut at = 0;
    let mut found = false;
    while at < class.len() {
        if let [low, b'-', high, ..] = class[at..] {
            found |= (low..=high).contains(&byte);
            at += 3;
        } else {
            found |= class[at] == byte;
            at += 1;
        }
    }
    found != negated && byte != b'/'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_as_people_expect() {
        let cases = [
            ("", "any/thing", true),
            ("passwd", "etc/passwd-", true),
            ("PASS", "etc/passwd", true),
            ("etc/pa", "etc/passwd", true),
            ("/etc", "etc/passwd", true),
            ("shadow", "etc/passwd", false),
            ("*.so", "usr/lib/a.so", true),
            ("*.so", "usr/lib/a.so.1", false),
            ("lib?.so*", "usr/lib/liba.so.1", true),
            ("[a-c]*", "usr/bin/cat", true),
            ("[!a-c]*", "usr/bin/cat", false),
            ("usr/*/cat", "usr/bin/cat", true),
            ("usr/*/cat", "usr/local/bin/cat", false),
            ("usr/**/cat", "usr/local/bin/cat", true),
            ("usr/**/cat", "usr/cat", true),
            ("**/cat", "cat", true),
            ("/usr/**", "usr/bin/cat", true),
            ("[", "a[b", false),
            ("[*", "[x", true),
        ];
        for (typed, path, expected) in cases {
            assert_eq!(Filter::read(typed).matches(path.as_bytes()), expected, "{typed} on {path}");
        }
    }

    #[test]
    fn many_stars_stay_cheap() {
        let path = "a".repeat(4_000);
        assert!(!Filter::read(&format!("{}b", "*a".repeat(200))).matches(path.as_bytes()));
    }
}
