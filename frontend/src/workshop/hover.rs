//! What a word of a Dockerfile is, for who points at it.

use std::collections::BTreeMap;

use serde::Serialize;
use strata_api::workshop::BaseState;
use strata_dockerfile::{Command, Dockerfile, Instruction, Lines, Span, Word};

use super::manual;
use crate::{
    figures::Size,
    names,
    words::{Craft as Say, Lang},
};

/// What is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hover {
    /// Where the word begins, as a UTF-16 offset.
    pub from: u32,
    /// Where it ends.
    pub to: u32,
    /// How it is written; empty for what has no form.
    pub syntax: String,
    /// What it is.
    pub text: String,
}

/// What stands at `at`, a UTF-16 offset.
pub fn hover(
    text: &str,
    file: &Dockerfile,
    at: u32,
    bases: &BTreeMap<String, BaseState>,
    lang: Lang,
) -> Option<Hover> {
    let lines = Lines::of(text);
    let offset = lines.byte(at);
    let one = file.instructions.iter().find(|one| one.span.touches(offset))?;
    let (span, syntax, text) = look(one, offset, file, bases, lang)?;
    Some(Hover { from: lines.utf16(span.start), to: lines.utf16(span.end), syntax, text })
}

fn look(
    one: &Instruction,
    offset: u32,
    file: &Dockerfile,
    bases: &BTreeMap<String, BaseState>,
    lang: Lang,
) -> Option<(Span, String, String)> {
    if one.keyword.span.touches(offset) {
        let page = manual::keyword(one.kind()?);
        return Some((one.keyword.span, page.syntax.to_owned(), page.text(lang).to_owned()));
    }
    if let Some(flag) = one.flags.iter().find(|flag| flag.span.touches(offset)) {
        if let Some(value) =
            flag.value.as_ref().filter(|value| flag.name == "from" && value.span.touches(offset))
        {
            return source(value, one, file, bases, lang);
        }
        let page = manual::flag(one.kind()?, &flag.name)?;
        return Some((flag.span, page.syntax.to_owned(), page.text(lang).to_owned()));
    }
    match &one.command {
        Command::From(from) if from.image.span.touches(offset) => source(&from.image, one, file, bases, lang),
        Command::Onbuild(onbuild) => look(&onbuild.trigger, offset, file, bases, lang),
        _ => None,
    }
}

/// A stage or an image.
fn source(
    word: &Word,
    one: &Instruction,
    file: &Dockerfile,
    bases: &BTreeMap<String, BaseState>,
    lang: Lang,
) -> Option<(Span, String, String)> {
    let stage = file.instructions.iter().take_while(|earlier| earlier.span < one.span).find(|earlier| {
        matches!(&earlier.command, Command::From(from)
            if from.alias.as_ref().is_some_and(|(_, name)| name.text.eq_ignore_ascii_case(&word.text)))
    });
    let text = match (stage, bases.get(&word.text)) {
        (Some(stage), _) => Say::HoverStage.with(lang, &[&stage.lines.0.to_string()]),
        (None, Some(BaseState::Here { layers, bytes, image, .. })) => Say::HoverImage
            .with(lang, &[&layers.to_string(), &Size::of(*bytes).to_string(), &image.digest().hex()[..12]]),
        (None, Some(BaseState::Absent)) => Say::HoverAbsent.text(lang).to_owned(),
        (None, Some(BaseState::Invalid { message })) => names::text(message).into_owned(),
        (None, None) => return None,
    };
    Some((word.span, word.text.clone(), text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_explained() {
        let text = "# 你好\nFROM a AS one\nONBUILD COPY --from=one x y\nFROM b\n";
        let file = Dockerfile::parse(text);
        let bases = BTreeMap::from([("b".to_owned(), BaseState::Absent)]);
        let at = |word: &str| {
            let byte = text.rfind(word).expect("is there");
            let units = text[..byte].encode_utf16().count() as u32;
            hover(text, &file, units, &bases, Lang::En)
        };
        assert!(at("COPY").is_some_and(|hover| hover.syntax.starts_with("COPY")));
        assert!(at("--from").is_some_and(|hover| hover.syntax.starts_with("--from")));
        assert!(at("one x").is_some_and(|hover| hover.text.contains('2')));
        assert!(at("b\n").is_some_and(|hover| hover.syntax == "b"));
        assert_eq!(at("# "), None);
    }
}
