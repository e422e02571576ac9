//! HEALTHCHECK.

use super::{
    Command, CommandLine, Healthcheck, Probe,
    cursor::{Cursor, Refused},
    parse_duration,
};
use crate::expand::go_quote;

const FLAGS: [&str; 5] = ["interval", "timeout", "start-period", "start-interval", "retries"];

pub(super) fn parse(cursor: &Cursor<'_>) -> Result<Command, Refused> {
    if cursor.is_empty() {
        return Err(cursor.too_few("HEALTHCHECK").help("HEALTHCHECK CMD command, or HEALTHCHECK NONE"));
    }
    let text = cursor.text();
    let word = text.find(char::is_whitespace).unwrap_or(text.len());
    let from = cursor.rest.0 + word + (text[word..].len() - text[word..].trim_start().len());
    let command = cursor.command_line(from)?;
    match &text[..word].to_uppercase()[..] {
        "NONE" if command.is_some() => {
            Err(Refused::new(cursor.span(), "HEALTHCHECK NONE takes no arguments"))
        }
        "NONE" => Ok(Command::Healthcheck(Healthcheck::None)),
        "CMD" => probe(cursor, command).map(|probe| Command::Healthcheck(Healthcheck::Probe(probe))),
        other => {
            cursor.check_flags(&FLAGS)?;
            let span = cursor.line.span(cursor.rest.0, cursor.rest.0 + word);
            let message = format!("Unknown type {} in HEALTHCHECK (try CMD)", go_quote(other));
            Err(Refused::new(span, message).help("CMD or NONE"))
        }
    }
}

fn probe(cursor: &Cursor<'_>, command: Option<CommandLine>) -> Result<Probe, Refused> {
    cursor.check_flags(&FLAGS)?;
    let empty = |command: &CommandLine| matches!(command, CommandLine::Exec(words) if words.is_empty());
    let Some(command) = command.filter(|command| !empty(command)) else {
        return Err(Refused::new(cursor.span(), "Missing command after HEALTHCHECK CMD"));
    };
    let interval = interval(cursor, "interval")?;
    let timeout = self::interval(cursor, "timeout")?;
    let start_period = self::interval(cursor, "start-period")?;
    let start_interval = self::interval(cursor, "start-interval")?;
    Ok(Probe { command, interval, timeout, start_period, start_interval, retries: retries(cursor)? })
}

/// Nanoseconds; 0 when not given.
fn interval(cursor: &Cursor<'_>, name: &str) -> Result<i64, Refused> {
    const LEAST: i64 = 1_000_000;
    let Some(word) = cursor.flag(name).filter(|word| !word.text.is_empty()) else { return Ok(0) };
    let nanos = parse_duration(&word.text)
        .map_err(|error| Refused::new(word.span, error.to_string()).help("for example 30s or 1m30s"))?;
    if nanos < LEAST {
        let message = format!("Interval {} cannot be less than 1ms", go_quote(name));
        return Err(Refused::new(word.span, message));
    }
    Ok(nanos)
}

fn retries(cursor: &Cursor<'_>) -> Result<i64, Refused> {
    let Some(word) = cursor.flag("retries").filter(|word| !word.text.is_empty()) else { return Ok(0) };
    let quoted = go_quote(&word.text);
    let digits = word.text.strip_prefix(['+', '-']).unwrap_or(&word.text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let message = format!("strconv.ParseInt: parsing {quoted}: invalid syntax");
        return Err(Refused::new(word.span, message).help("a whole number"));
    }
    match word.text.parse::<i32>() {
        Ok(retries) if retries < 0 => {
            Err(Refused::new(word.span, format!("--retries must be at least 1 (not {retries})")))
        }
        Ok(0) => Err(Refused::new(word.span, "--retries must be at least 1 (not 0)")),
        Ok(retries) => Ok(retries.into()),
        Err(_) => {
            let message = format!("strconv.ParseInt: parsing {quoted}: value out of range");
            Err(Refused::new(word.span, message).help("a smaller number"))
        }
    }
}
