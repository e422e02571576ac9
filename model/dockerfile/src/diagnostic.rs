//! What is wrong, where, and what would be right.

use std::borrow::Cow;

use crate::Span;

/// How much something matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// A matter of taste.
    Style,
    /// Worth knowing.
    Info,
    /// Likely a mistake.
    Warning,
    /// The build refuses it.
    Error,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Where.
    pub span: Span,
    /// How much it matters.
    pub severity: Severity,
    /// `DL3006`, `SC2046`, `StageNameCasing`; `parse` for what the builder refuses.
    pub code: &'static str,
    /// What is wrong, in English; for `parse` in dockerd's words.
    pub message: Cow<'static, str>,
    /// What would be right; empty when the message says it.
    pub help: Cow<'static, str>,
    /// Changes that make it right.
    pub fix: Option<Fix>,
}

impl Diagnostic {
    /// Something that the builder refuses.
    pub(crate) fn refused(
        span: Span,
        message: impl Into<Cow<'static, str>>,
        help: impl Into<Cow<'static, str>>,
    ) -> Self {
        let (message, help) = (message.into(), help.into());
        Self { span, severity: Severity::Error, code: PARSE, message, help, fix: None }
    }
}

/// The code of what the builder refuses.
pub const PARSE: &str = "parse";

/// Edits that belong together, and a name for the button that makes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What happens, as an imperative.
    pub title: Cow<'static, str>,
    /// Not overlapping, in ascending order.
    pub edits: Vec<Edit>,
}

/// One replacement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What goes.
    pub span: Span,
    /// What comes.
    pub text: String,
}

impl Edit {
    /// Replaces `span` by `text`.
    pub fn new(span: Span, text: impl Into<String>) -> Self {
        Self { span, text: text.into() }
    }
}

/// The text after the edits, which must not overlap and be in ascending order; others are left out.
pub fn apply(text: &str, edits: &[Edit]) -> String {
    let mut out = String::with_capacity(text.len() + edits.iter().map(|edit| edit.text.len()).sum::<usize>());
    let mut at = 0;
    for edit in edits {
        let (start, end) = (edit.span.start as usize, edit.span.end as usize);
        let (Some(kept), Some(_)) = (text.get(at..start), text.get(start..end)) else { continue };
        out.push_str(kept);
        out.push_str(&edit.text);
        at = end;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_applied_in_order_and_never_twice() {
        let edits = [
            Edit::new(Span::new(0, 1), "x"),
            Edit::new(Span::new(2, 2), "-"),
            Edit::new(Span::new(1, 2), "overlaps"),
            Edit::new(Span::new(9, 12), "outside"),
        ];
        assert_eq!(apply("abc", &edits), "xb-c");
    }
}
