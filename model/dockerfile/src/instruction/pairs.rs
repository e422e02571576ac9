//! ENV, LABEL and ARG: names and values.

use super::{
    Arg, ArgPair, Command, Env, Keyword, Label, Pair, Word,
    cursor::{Cursor, Refused},
};
use crate::{expand::go_quote, syntax::words};

pub(super) fn parse(cursor: &Cursor<'_>, kind: Keyword) -> Result<Command, Refused> {
    let name = kind.name();
    let places = words::quoted(&cursor.line.text, cursor.rest, cursor.escape);
    let legacy = places.first().is_some_and(|first| !cursor.line.text[first.0..first.1].contains('='));
    let pairs = if legacy {
        vec![old_form(cursor, name)?]
    } else {
        places.into_iter().map(|place| pair(cursor, place)).collect::<Result<_, _>>()?
    };
    cursor.check_flags(&[])?;
    if pairs.is_empty() {
        return Err(cursor.too_few(name).help(format!("{name} name=value")));
    }
    if let Some(blank) = pairs.iter().find(|pair: &&Pair| pair.name.text.is_empty()) {
        return Err(Refused::new(blank.value.span, format!("{name} names can not be blank")));
    }
    Ok(if kind == Keyword::Env {
        Command::Env(Env { pairs, legacy })
    } else {
        Command::Label(Label { pairs, legacy })
    })
}

/// `NAME the whole rest`.
fn old_form(cursor: &Cursor<'_>, name: &str) -> Result<Pair, Refused> {
    let (first, rest) = words::keyword(cursor.text());
    if rest.0 == rest.1 {
        return Err(Refused::new(cursor.span(), format!("{name} must have two arguments"))
            .help(format!("{name} name=value"))
            .while_reading());
    }
    let at = cursor.rest.0;
    let word = |place: words::Place| cursor.word((at + place.0, at + place.1));
    Ok(Pair { name: word(first), value: word(rest) })
}

fn pair(cursor: &Cursor<'_>, place: words::Place) -> Result<Pair, Refused> {
    let text = &cursor.line.text[place.0..place.1];
    match split(cursor, place) {
        (name, Some(value)) => Ok(Pair { name, value }),
        (_, None) => Err(Refused::new(
            cursor.line.span(place.0, place.1),
            format!("Syntax error - can't find = in {}. Must be of the form: name=value", go_quote(text)),
        )
        .help("put a value with blanks in quotes")
        .while_reading()),
    }
}

fn split(cursor: &Cursor<'_>, place: words::Place) -> (Word, Option<Word>) {
    let text = &cursor.line.text[place.0..place.1];
    match text.find('=') {
        Some(at) => {
            let name = cursor.word((place.0, place.0 + at));
            (name, Some(cursor.word((place.0 + at + 1, place.1))))
        }
        None => (cursor.word(place), None),
    }
}

pub(super) fn arg(cursor: &Cursor<'_>) -> Result<Command, Refused> {
    let places = words::quoted(&cursor.line.text, cursor.rest, cursor.escape);
    if places.is_empty() {
        return Err(cursor.too_few("ARG").help("ARG name or ARG name=default"));
    }
    let mut pairs = Vec::with_capacity(places.len());
    for place in places {
        let (name, value) = split(cursor, place);
        if let (true, Some(value)) = (name.text.is_empty(), &value) {
            return Err(Refused::new(value.span, "ARG names can not be blank"));
        }
        pairs.push(ArgPair { name, value });
    }
    Ok(Command::Arg(Arg { pairs }))
}
