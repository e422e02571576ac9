//! What is wrong with a Dockerfile, as the editor's lint gutter takes it.

use serde::Serialize;
use strata_dockerfile::{
    Diagnostic, Dockerfile, Lines, PARSE, Severity, apply, context::Listing, format, ignore::Ignore, lint,
};

use crate::words::Lang;

/// A problem; offsets are UTF-16.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Where it begins.
    pub from: u32,
    /// Where it ends.
    pub to: u32,
    /// `error`, `warning`, `info` or `hint`.
    pub severity: &'static str,
    /// What is wrong, and what would be right.
    pub message: String,
    /// Its code; nothing for what the builder refuses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<&'static str>,
    /// What would make it right.
    pub fixes: Vec<QuickFix>,
}

/// Changes that belong together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct QuickFix {
    /// What happens.
    pub name: String,
    /// The changes, all by the offsets of the text as it is.
    pub changes: Vec<Change>,
}

/// A change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Where what goes begins.
    pub from: u32,
    /// Where it ends.
    pub to: u32,
    /// What comes.
    pub insert: String,
}

/// The problems of a text, in its order.
///
/// `context` is the whole context, what is ignored too, and what ignores it.
pub fn problems(
    text: &str,
    file: &Dockerfile,
    context: Option<(&Listing, &Ignore)>,
    lang: Lang,
) -> Vec<Problem> {
    let lines = Lines::of(text);
    found(text, file, context).iter().map(|one| problem(one, &lines, lang)).collect()
}

/// How many problems there are.
pub fn count(text: &str, file: &Dockerfile, context: Option<(&Listing, &Ignore)>) -> usize {
    found(text, file, context).len()
}

/// The text as it would be formatted.
pub fn formatted(text: &str) -> String {
    apply(text, &format::format(&Dockerfile::parse(text), text))
}

/// What the builder refuses, then what could be better.
fn found(text: &str, file: &Dockerfile, context: Option<(&Listing, &Ignore)>) -> Vec<Diagnostic> {
    let mut found = file.diagnostics.clone();
    found.extend(lint::lint(file, text, &lint::Options { context, ..lint::Options::default() }));
    found.sort_by_key(|one| one.span);
    found
}

fn problem(one: &Diagnostic, lines: &Lines, lang: Lang) -> Problem {
    let said = (lang == Lang::Zh).then(|| lint::in_chinese(&one.message)).flatten();
    let said = said.unwrap_or_else(|| one.message.to_string());
    let found = match (said.is_empty(), one.help.is_empty()) {
        (_, true) => said,
        (true, _) => one.help.to_string(),
        _ => format!("{said}: {}", one.help),
    };
    // A finding is about this line, its rule's page about all such lines. What the builder refuses is told in its words.
    let page = lint::pages().find(|page| page.code == one.code);
    let parts = match (lang, page) {
        (Lang::Zh, Some(page)) => [page.title[1].to_owned(), page.why[1].to_owned(), found],
        (Lang::En, Some(page)) => [found, page.why[0].to_owned(), String::new()],
        (_, None) => [found, String::new(), String::new()],
    };
    let message = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n");
    let fix = one.fix.iter().map(|fix| QuickFix {
        name: (lang == Lang::Zh)
            .then(|| lint::in_chinese(&fix.title))
            .flatten()
            .unwrap_or_else(|| fix.title.to_string()),
        changes: fix
            .edits
            .iter()
            .map(|edit| Change {
                from: lines.utf16(edit.span.start),
                to: lines.utf16(edit.span.end),
                insert: edit.text.clone(),
            })
            .collect(),
    });
    Problem {
        from: lines.utf16(one.span.start),
        to: lines.utf16(one.span.end),
        severity: match one.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "info",
            Severity::Style => "hint",
        },
        message,
        source: (one.code != PARSE).then_some(one.code),
        fixes: fix.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_keyword_is_told_with_its_fix() {
        let text = "# 😀\nFORM busybox\n";
        let problems = problems(text, &Dockerfile::parse(text), None, Lang::En);
        let one = problems.iter().find(|one| one.severity == "error").expect("it is refused");
        assert_eq!((one.from, one.to, one.source), (5, 9, None));
        assert!(one.message.contains("FORM") && one.message.contains("FROM"), "{}", one.message);
        assert_eq!(one.fixes[0].changes, [Change { from: 5, to: 9, insert: "FROM".into() }]);
    }

    #[test]
    fn findings_speak_the_page_s_language() {
        let text = "FROM debian\n";
        let problems = problems(text, &Dockerfile::parse(text), None, Lang::Zh);
        let one = problems.iter().find(|one| one.source == Some("DL3006")).expect("it is found");
        assert!(one.message.contains("请写明 debian 的版本"), "{}", one.message);
        assert!(!one.message.contains("Say which version"), "{}", one.message);
    }

    #[test]
    fn findings_have_their_codes_and_formatting_is_stable() {
        let text = "FROM debian\nrun   cd /x\n";
        let codes: Vec<_> = problems(text, &Dockerfile::parse(text), None, Lang::En)
            .into_iter()
            .filter_map(|one| one.source)
            .collect();
        assert!(codes.contains(&"DL3006") && codes.contains(&"DL3003"), "{codes:?}");
        let once = formatted(text);
        assert_eq!((once.as_str(), formatted(&once)), ("FROM debian\nRUN cd /x\n", once.clone()));
    }
}
