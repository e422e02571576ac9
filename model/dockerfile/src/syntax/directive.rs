//! `# syntax=…`, `# escape=…`, `# check=…` at the top of a file.

use crate::Span;

/// One directive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directive {
    /// The name in lower case.
    pub name: String,
    /// The value.
    pub value: String,
    /// The whole comment.
    pub span: Span,
}

/// The directives of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Directives {
    found: Vec<Directive>,
    backtick: bool,
    done: bool,
}

impl Directives {
    /// The character that escapes and continues lines.
    pub fn escape(&self) -> char {
        if self.backtick { '`' } else { '\\' }
    }

    /// The value of a directive: `syntax`, `escape` or `check`.
    pub fn get(&self, name: &str) -> Option<&Directive> {
        self.found.iter().find(|directive| directive.name == name)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Directive> {
        self.found.iter()
    }

    /// Looks at a line; the first that is no directive ends them. The error is in dockerd's words.
    pub(super) fn read(&mut self, line: &str, span: Span) -> Result<(), String> {
        if self.done {
            return Ok(());
        }
        let Some((name, value)) = directive(line) else {
            self.done = true;
            return Ok(());
        };
        if self.get(&name).is_some() {
            return Err(format!("only one {name} parser directive can be used"));
        }
        if name == "escape" {
            if !matches!(value, "\\" | "`") {
                return Err(format!("invalid escape token '{value}' does not match ` or \\"));
            }
            self.backtick = value == "`";
        }
        self.found.push(Directive { name, value: value.to_owned(), span });
        Ok(())
    }
}

fn directive(line: &str) -> Option<(String, &str)> {
    let (name, value) = line.strip_prefix('#')?.trim_start().split_once('=')?;
    let name = name.trim_end().to_ascii_lowercase();
    let value = value.trim();
    (matches!(&name[..], "syntax" | "escape" | "check") && !value.is_empty()).then_some((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives_end_at_the_first_other_line() {
        let mut directives = Directives::default();
        for line in ["# syntax=docker/dockerfile:1", "#ESCAPE = `", "# a comment", "# check=skip=all"] {
            directives.read(line, Span::default()).expect("valid");
        }
        assert_eq!(directives.escape(), '`');
        assert_eq!(directives.get("syntax").map(|d| &d.value[..]), Some("docker/dockerfile:1"));
        assert_eq!(directives.get("check"), None);
    }

    #[test]
    fn wrong_directives_are_refused() {
        let mut directives = Directives::default();
        let error = directives.read("# escape=x", Span::default()).expect_err("wrong");
        assert_eq!(error, "invalid escape token 'x' does not match ` or \\");
        directives.read("# escape=`", Span::default()).expect("valid");
        let error = directives.read("# escape=`", Span::default()).expect_err("twice");
        assert_eq!(error, "only one escape parser directive can be used");
    }
}
