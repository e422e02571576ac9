//! One pattern: `*` and `?` within a name, `**` over names, `[a-z]`, `\` before a character that is meant itself.

/// A parsed pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    parts: Vec<Part>,
    /// The characters at its start that are meant themselves.
    literal: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Char(char),
    /// `?`
    Any,
    /// `*`
    Star,
    /// `**/`: nothing, or anything that ends with `/`
    Directories,
    /// `**` at the end: anything. Also in front of nothing but characters, where docker compares ends.
    Everything,
    /// `[a-z]`
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
}

/// Why a text is no pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// A bracket or an escape without its end.
    #[error("syntax error in pattern")]
    Syntax,
    /// `!` alone.
    #[error("illegal exclusion pattern: \"!\"")]
    OnlyExclusion,
}

impl PatternError {
    /// What would be right.
    pub fn help(self) -> &'static str {
        match self {
            Self::Syntax => "close the bracket, or write \\ before a character that is meant itself",
            Self::OnlyExclusion => "name what is taken back in behind the !",
        }
    }
}

impl Pattern {
    /// Reads a pattern of Go's `filepath.Match`, where `**` is no more than `*`.
    ///
    /// # Errors
    /// A bracket or an escape without its end.
    pub fn names(text: &str) -> Result<Self, PatternError> {
        Self::read(text, false)
    }

    /// Reads a pattern with `**`, which is [`clean`].
    ///
    /// # Errors
    /// A bracket or an escape without its end.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        Self::read(text, true)
    }

    fn read(text: &str, double: bool) -> Result<Self, PatternError> {
        let mut parts = Vec::new();
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            parts.push(match c {
                '*' if double && chars.next_if_eq(&'*').is_some() => {
                    // `**/` is `**`.
                    let _slash = chars.next_if_eq(&'/');
                    match chars.peek() {
                        None => Part::Everything,
                        Some(_) => Part::Directories,
                    }
                }
                '*' => Part::Star,
                '?' => Part::Any,
                '\\' => Part::Char(chars.next().ok_or(PatternError::Syntax)?),
                '[' => class(&mut chars)?,
                c => Part::Char(c),
            });
        }
        if double && text.starts_with("**") && !text.starts_with("**/") {
            let plain = |part: &Part| matches!(part, Part::Char(_));
            if parts.len() > 1 && parts[1..].iter().all(plain) && !text.contains('\\') {
                parts[0] = Part::Everything;
            }
        }
        let literal = parts.iter().map_while(|part| match part {
            Part::Char(c) => Some(*c),
            _ => None,
        });
        Ok(Self { literal: literal.collect(), parts })
    }

    /// Whether it matches the whole path.
    pub fn matches(&self, path: &str) -> bool {
        if self.literal.len() == path.len() && self.is_literal() {
            return self.literal == path;
        }
        path.starts_with(&self.literal) && self.run(path, false)
    }

    /// Whether it matches the path or a directory that the path is in.
    pub fn matches_or_parent(&self, path: &str) -> bool {
        path.starts_with(&self.literal) && self.run(path, true)
    }

    /// Whether something below a directory could match.
    pub fn reaches_into(&self, directory: &str) -> bool {
        let directory = format!("{directory}/");
        if self.is_literal() {
            return self.literal.starts_with(&directory);
        }
        self.literal.starts_with(&directory) || directory.starts_with(&self.literal)
    }

    fn is_literal(&self) -> bool {
        self.parts.iter().all(|part| matches!(part, Part::Char(_)))
    }

    /// Follows all states at once, so no pattern takes more than its length times the path's.
    fn run(&self, path: &str, parents: bool) -> bool {
        let end = self.parts.len();
        let mut states = vec![false; end + 1];
        let mut next = states.clone();
        self.enter(&mut states, 0);
        for c in path.chars() {
            if parents && c == '/' && states[end] {
                return true;
            }
            next.fill(false);
            for (at, part) in self.parts.iter().enumerate().filter(|(at, _)| states[*at]) {
                let moves = match part {
                    Part::Char(own) => *own == c,
                    Part::Any => c != '/',
                    Part::Star if c == '/' => false,
                    Part::Star | Part::Everything => {
                        self.enter(&mut next, at);
                        false
                    }
                    // Once it has eaten something it is left behind a slash only.
                    Part::Directories => {
                        next[at] = true;
                        c == '/'
                    }
                    Part::Class { negated, ranges } => {
                        ranges.iter().any(|(low, high)| (low..=high).contains(&&c)) != *negated
                    }
                };
                if moves {
                    self.enter(&mut next, at + 1);
                }
            }
            std::mem::swap(&mut states, &mut next);
            if !states.contains(&true) {
                return false;
            }
        }
        states[end]
    }

    /// Begins a part, and those behind it as long as parts may match nothing.
    fn enter(&self, states: &mut [bool], mut at: usize) {
        while !std::mem::replace(&mut states[at], true) || at < self.parts.len() {
            match self.parts.get(at) {
                Some(Part::Star | Part::Everything | Part::Directories) => at += 1,
                _ => return,
            }
        }
    }
}

fn class(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Result<Part, PatternError> {
    let negated = chars.next_if_eq(&'^').is_some();
    let mut ranges = Vec::new();
    let one = |chars: &mut std::iter::Peekable<std::str::Chars<'_>>| match chars.next() {
        Some('\\') => chars.next().ok_or(PatternError::Syntax),
        None | Some('-' | ']') => Err(PatternError::Syntax),
        Some(c) => Ok(c),
    };
    loop {
        if !ranges.is_empty() && chars.next_if_eq(&']').is_some() {
            return Ok(Part::Class { negated, ranges });
        }
        let low = one(chars)?;
        let high = if chars.next_if_eq(&'-').is_some() { one(chars)? } else { low };
        ranges.push((low, high));
    }
}

/// A path without `.`, `..`, doubled and trailing slashes, as Go's `filepath.Clean`.
pub fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut names: Vec<&str> = Vec::new();
    for name in path.split('/') {
        match name {
            "" | "." => {}
            ".." if names.last().is_some_and(|last| *last != "..") => drop(names.pop()),
            ".." if rooted => {}
            name => names.push(name),
        }
    }
    let joined = names.join("/");
    match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}
