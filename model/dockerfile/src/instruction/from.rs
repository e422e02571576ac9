//! FROM.

use super::{
    Command, From,
    cursor::{Cursor, Refused},
};
use crate::expand::go_quote;

pub(super) fn parse(cursor: &Cursor<'_>) -> Result<Command, Refused> {
    let mut words = cursor.plain().into_iter();
    let (image, keyword, name, more) = (words.next(), words.next(), words.next(), words.next());
    let (image, alias) = match (image, keyword, name, more) {
        (Some(image), None, ..) => (image, None),
        (Some(image), Some(keyword), Some(name), None) if keyword.text.eq_ignore_ascii_case("as") => {
            if !is_stage_name(&name.text.to_lowercase()) {
                return Err(Refused::new(
                    name.span,
                    format!(
                        "invalid name for build stage: {}, name can't start with a number or contain symbols",
                        go_quote(&name.text)
                    ),
                )
                .help("a letter, then letters, digits, `-`, `_` and `.`"));
            }
            (image, Some((keyword, name)))
        }
        _ => {
            return Err(Refused::new(cursor.span(), "FROM requires either one or three arguments")
                .help("FROM image, or FROM image AS name"));
        }
    };
    cursor.check_flags(&["platform"])?;
    Ok(Command::From(From { image, alias, platform: cursor.flag("platform") }))
}

fn is_stage_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_lowercase())
        && bytes.all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_' | b'.')
        })
}
