//! A call of a program, and questions about its arguments.

use super::Place;

/// What is between a call and its neighbour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Joint {
    /// Nothing: the first.
    Start,
    /// `&&`
    And,
    /// `||`
    Or,
    /// `|`
    Pipe,
    /// `;`, a line's end, `&`, or a word such as `then`.
    Then,
    /// Nothing: the last.
    End,
}

/// A word of a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Arg {
    /// Without quotes and escapes; substitutions as they are written.
    pub text: String,
    /// Where.
    pub place: Place,
    /// Whether any of it is quoted or escaped.
    pub quoted: bool,
    /// The first `$(…)` in it that isn't quoted.
    pub substitution: Option<Place>,
    /// Whether it is nothing but one substitution, quoted or not.
    pub all_substitution: bool,
    /// Whether a `*` or `?` of it isn't quoted.
    pub glob: bool,
    /// Whether it begins with one.
    pub glob_first: bool,
}

impl Arg {
    pub fn plain(text: &str, place: Place) -> Self {
        Self { text: text.to_owned(), place, quoted: true, ..Self::default() }
    }
}

/// A call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Call {
    /// The program.
    pub name: Arg,
    /// Its arguments.
    pub args: Vec<Arg>,
    /// All of it.
    pub place: Place,
    /// What is before it.
    pub before: Joint,
    /// What is behind it.
    pub after: Joint,
}

impl Call {
    pub fn is(&self, name: &str) -> bool {
        self.name.text == name
    }

    /// Whether it is a program of a name with one of the arguments.
    pub fn has(&self, name: &str, args: &[&str]) -> bool {
        self.is(name) && self.has_arg(args)
    }

    pub fn has_arg(&self, args: &[&str]) -> bool {
        self.args.iter().any(|arg| args.contains(&&arg.text[..]))
    }

    /// The names of an argument's flags: of `--x=1` `x`, of `-abc` `a`, `b` and `c`.
    fn flags_of(arg: &str) -> impl Iterator<Item = &str> {
        let long = arg.strip_prefix("--").filter(|long| !long.is_empty());
        let long = long.map(|long| long.split('=').next().unwrap_or(long));
        let short = if arg.starts_with("--") { "" } else { arg.strip_prefix('-').unwrap_or("") };
        let letters = short.char_indices().map(move |(at, c)| &short[at..at + c.len_utf8()]);
        long.into_iter().chain(letters)
    }

    pub fn count_flag(&self, flag: &str) -> usize {
        self.args.iter().flat_map(|arg| Self::flags_of(&arg.text)).filter(|found| *found == flag).count()
    }

    pub fn has_flag(&self, flags: &[&str]) -> bool {
        self.args.iter().flat_map(|arg| Self::flags_of(&arg.text)).any(|found| flags.contains(&found))
    }

    /// Arguments that are no flags, nor the values of `valued` flags.
    pub fn plain_args(&self, valued: &[&str]) -> impl Iterator<Item = &Arg> {
        let mut value = false;
        self.args.iter().filter(move |arg| {
            let is_value = std::mem::replace(&mut value, false);
            let is_flag = arg.text.starts_with('-') && arg.text.len() > 1 && arg.text != "--";
            if is_flag {
                value =
                    !arg.text.contains('=') && Self::flags_of(&arg.text).any(|flag| valued.contains(&flag));
            }
            !is_value && !is_flag
        })
    }

    /// The values of a flag: `-u 1`, `--uid 1`, `--uid=1`, `-u1`.
    pub fn values(&self, long: &str, short: &str) -> Vec<&str> {
        let mut found = Vec::new();
        let mut args = self.args.iter();
        while let Some(arg) = args.next() {
            let text = &arg.text[..];
            let long_name = text.strip_prefix("--");
            if long_name == Some(long) || text.strip_prefix('-') == Some(short) {
                found.extend(args.next().map(|arg| &arg.text[..]));
            } else if let Some(value) = long_name.and_then(|rest| rest.strip_prefix(long)?.strip_prefix('='))
            {
                found.push(value);
            } else if let Some(value) = text.strip_prefix('-').and_then(|rest| rest.strip_prefix(short)) {
                found.push(value);
            }
        }
        found
    }

    /// Whether arguments follow one another.
    pub fn has_sequence(&self, sequence: &[&str]) -> bool {
        self.args
            .windows(sequence.len())
            .any(|args| args.iter().map(|arg| &arg.text[..]).eq(sequence.iter().copied()))
    }
}
