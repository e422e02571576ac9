//! `<<EOF`: which heredocs a line opens.

use crate::{
    Span,
    expand::{Mode, raw_words},
};

/// A heredoc of an instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heredoc {
    /// The word that ends it, without quotes.
    pub name: String,
    /// The number before `<<`, for a shell.
    pub descriptor: u32,
    /// Whether variables in it are replaced: not when the word was quoted.
    pub expand: bool,
    /// `<<-`: whether leading tabs are taken away.
    pub strip_tabs: bool,
    /// Where its lines are.
    pub body: Span,
    /// Where the line that ends it is.
    pub terminator: Span,
    /// The lines, each with its end, tabs taken away if they are to be.
    pub content: String,
}

/// The heredocs that an instruction's text opens, without their bodies.
pub(crate) fn heredocs(line: &str) -> Vec<Heredoc> {
    if !line.contains("<<") {
        return Vec::new();
    }
    let mode = Mode { raw_quotes: true, raw_escapes: true, keep_unset: true, heredocs: true };
    let words = raw_words(line, mode, '\\').unwrap_or_default();
    words.iter().filter_map(|word| heredoc(word)).collect()
}

/// The name of the heredoc that a word opens.
pub(crate) fn opens_heredoc(word: &str) -> Option<String> {
    heredoc(word).map(|heredoc| heredoc.name)
}

/// Reads a word such as `3<<-"EOF"`.
fn heredoc(word: &str) -> Option<Heredoc> {
    let (before, after) = word.split_once("<<")?;
    if !before.bytes().all(|byte| byte.is_ascii_digit()) || after.contains('<') {
        return None;
    }
    let (strip_tabs, rest) = match after.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, after),
    };
    let rest = rest.trim_start();
    let mode = Mode { keep_unset: true, heredocs: true, ..Mode::default() };
    let plain = raw_words(rest, mode, '\\')?;
    let raw = raw_words(rest, Mode { raw_quotes: true, ..mode }, '\\')?;
    let ([name], [raw]) = (&plain[..], &raw[..]) else { return None };
    let quotes = |text: &str| text.matches(['\'', '"']).count();
    Some(Heredoc {
        expand: quotes(name) == quotes(raw),
        name: name.clone(),
        descriptor: before.parse().unwrap_or(0),
        strip_tabs,
        body: Span::default(),
        terminator: Span::default(),
        content: String::new(),
    })
}

impl Heredoc {
    /// Sets what was read.
    pub(crate) fn filled(mut self, text: &str, body: Span, terminator: Span) -> Self {
        let raw = body.of(text);
        self.content = if self.strip_tabs {
            raw.split_inclusive('\n').map(|line| line.trim_start_matches('\t')).collect()
        } else {
            raw.to_owned()
        };
        (self.body, self.terminator) = (body, terminator);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_open_heredocs() {
        let found = |line: &str| -> Vec<_> {
            heredocs(line).into_iter().map(|h| (h.name, h.descriptor, h.expand, h.strip_tabs)).collect()
        };
        let one = |name: &str, expand, strip| vec![(name.to_owned(), 0, expand, strip)];
        assert_eq!(found("RUN <<EOF"), one("EOF", true, false));
        assert_eq!(found("RUN << EOF"), one("EOF", true, false));
        assert_eq!(found("RUN <<-EOF cat"), one("EOF", true, true));
        assert_eq!(found("RUN <<'EOF'"), one("EOF", false, false));
        assert_eq!(found("RUN <<\"E\"OF"), one("EOF", false, false));
        assert_eq!(found("COPY <<a <<b /"), [one("a", true, false), one("b", true, false)].concat());
        assert_eq!(found("RUN 3<<EOF"), vec![("EOF".to_owned(), 3, true, false)]);
        for none in [
            "RUN a<<EOF",
            "RUN '<<EOF'",
            "RUN <<<EOF",
            "RUN \"$(cat <<EOF)\"",
            "RUN a 'b <<EOF",
            "RUN <<",
            "RUN x \\<<EOF",
        ] {
            assert_eq!(found(none), vec![], "{none}");
        }
    }
}
