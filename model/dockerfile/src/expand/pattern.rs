//! Patterns of `${x#p}` and `${x/p/y}`: `*`, `?` and escaped characters, no brackets.
//!
//! Matching follows all states at once, so no pattern takes more than its length times the text's.

/// What a pattern consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Star,
    Any,
    Char(char),
}

/// A parsed pattern.
#[derive(Clone, Debug)]
pub(super) struct Pattern(Vec<Part>);

/// A match: from and to, in characters.
type Match = (usize, usize);

impl Pattern {
    /// Reads a pattern; the error is the character that can't be escaped.
    pub fn parse(text: &str) -> Result<Self, char> {
        let mut parts = Vec::new();
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            parts.push(match c {
                '*' if parts.last() == Some(&Part::Star) => continue,
                '*' => Part::Star,
                '?' => Part::Any,
                // Of `\}` and `\/` the escape belongs to `${…}`, of the others to the pattern.
                '\\' => match chars.next() {
                    Some(c @ ('}' | '/' | '*' | '?' | '\\')) => Part::Char(c),
                    other => return Err(other.unwrap_or(char::REPLACEMENT_CHARACTER)),
                },
                c => Part::Char(c),
            });
        }
        Ok(Self(parts))
    }

    /// How many steps a match over so many characters takes at most.
    pub fn cost(&self, chars: usize) -> u64 {
        (self.0.len() as u64 + 1) * (chars as u64 + 1)
    }

    /// The value without the shortest or longest beginning that matches.
    pub fn without_prefix(&self, value: &str, longest: bool) -> String {
        let chars: Vec<char> = value.chars().collect();
        let end = self.prefix(chars.iter().copied(), longest).unwrap_or(0);
        chars[end..].iter().collect()
    }

    /// The value without the shortest or longest end that matches.
    pub fn without_suffix(&self, value: &str, longest: bool) -> String {
        let chars: Vec<char> = value.chars().collect();
        let reversed = Self(self.0.iter().rev().copied().collect());
        let gone = reversed.prefix(chars.iter().rev().copied(), longest).unwrap_or(0);
        chars[..chars.len() - gone].iter().collect()
    }

    /// The value with the first match, or every one, replaced; a match is the leftmost, then the longest.
    pub fn replace(&self, value: &str, replacement: &str, all: bool) -> String {
        let chars: Vec<char> = value.chars().collect();
        let starts = self.starts(&chars);
        let mut out = String::with_capacity(value.len());
        let mut at = 0;
        while let Some((start, end)) = self.find(&chars, &starts, at) {
            out.extend(&chars[at..start]);
            // An empty match right behind a match is none, as in Go.
            out.push_str(replacement);
            at = end;
            if start == end {
                let Some(c) = chars.get(at) else { return out };
                out.push(*c);
                at += 1;
            }
            if !all || (at == chars.len() && start != end) {
                break;
            }
        }
        out.extend(&chars[at..]);
        out
    }

    fn find(&self, chars: &[char], starts: &[bool], from: usize) -> Option<Match> {
        let start = (from..=chars.len()).find(|at| starts[*at])?;
        let length = self.prefix(chars[start..].iter().copied(), true)?;
        Some((start, start + length))
    }

    /// For every position whether a match begins there: the reversed pattern, run from the end, from everywhere.
    fn starts(&self, chars: &[char]) -> Vec<bool> {
        let reversed: Vec<Part> = self.0.iter().rev().copied().collect();
        let mut states = vec![false; reversed.len() + 1];
        let mut found = vec![false; chars.len() + 1];
        for at in (0..=chars.len()).rev() {
            if let Some(c) = chars.get(at) {
                advance(&reversed, &mut states, *c);
            }
            states[0] = true;
            close(&reversed, &mut states);
            found[at] = states[reversed.len()];
        }
        found
    }

    /// How many characters the shortest or longest matching beginning has.
    fn prefix(&self, chars: impl Iterator<Item = char>, longest: bool) -> Option<usize> {
        let mut states = vec![false; self.0.len() + 1];
        states[0] = true;
        close(&self.0, &mut states);
        let mut best = states[self.0.len()].then_some(0);
        for (at, c) in chars.enumerate() {
            if (best.is_some() && !longest) || !states.contains(&true) {
                break;
            }
            advance(&self.0, &mut states, c);
            close(&self.0, &mut states);
            if states[self.0.len()] {
                best = Some(at + 1);
            }
        }
        best
    }
}

/// The states after one more character.
fn advance(parts: &[Part], states: &mut [bool], c: char) {
    let mut carried = false;
    for (at, part) in parts.iter().enumerate() {
        let was = states[at];
        let stays = was && *part == Part::Star && c != '\n';
        let moves = was && (*part == Part::Any && c != '\n' || *part == Part::Char(c));
        states[at] = stays || carried;
        carried = moves;
    }
    states[parts.len()] = carried;
}

/// A star may match nothing.
fn close(parts: &[Part], states: &mut [bool]) {
    for (at, part) in parts.iter().enumerate() {
        states[at + 1] |= states[at] && *part == Part::Star;
    }
}
