//! A reader of shell scripts that knows as much as the rules need: which programs are called with which arguments, what is
//! piped, what isn't portable. What it can't follow it calls broken, and then no rule says anything.

mod call;
mod lexer;
mod word;

pub(super) use call::{Arg, Call, Joint};

/// From and to in the script.
pub(super) type Place = (usize, usize);

/// Something that a rule may want to know of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Note {
    /// `` `…` ``
    Backticks,
    /// `[[ … ]]`
    DoubleBracket,
    /// `<(…)`
    ProcessSubstitution,
    /// `{a,b}`
    Braces,
    /// `&>`
    BothRedirected,
    /// `<<<`
    HereString,
    /// `${x//a/b}`
    Replacement,
    /// `${x:1:2}`
    Substring,
    /// `2>&1 >file`
    ErrorsFirst,
    /// `|`
    Pipe,
    /// `((…))`
    Arithmetic,
}

/// A script that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Script {
    /// Every call of a program, in order; those in substitutions before the one they are in.
    pub calls: Vec<Call>,
    /// What else was seen.
    pub notes: Vec<(Note, Place)>,
    /// A quote that is never closed.
    pub unclosed: Option<Place>,
    /// Whether it could not be followed.
    pub broken: bool,
}

impl Script {
    /// Reads a script.
    pub fn read(text: &str) -> Self {
        lexer::Lexer::new(text).read()
    }

    /// The call that a list of words is.
    pub fn of_words<'a>(words: impl Iterator<Item = (&'a str, Place)>) -> Self {
        let mut words = words.map(|(text, place)| Arg::plain(text, place));
        let Some(name) = words.next() else { return Self::default() };
        let args: Vec<Arg> = words.collect();
        let end = args.last().map_or(name.place.1, |last| last.place.1);
        let place = (name.place.0, end);
        let call = Call { name, args, place, before: Joint::Start, after: Joint::End };
        Self { calls: vec![call], ..Self::default() }
    }

    /// Whether a program is called.
    pub fn calls_any(&self, test: impl Fn(&Call) -> bool) -> bool {
        self.calls.iter().any(test)
    }
}

#[cfg(test)]
mod tests;
