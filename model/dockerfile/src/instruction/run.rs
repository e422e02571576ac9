//! RUN, CMD, ENTRYPOINT and SHELL.

use super::{
    Command, Mount, Run, Word,
    cursor::{Cursor, Form, Refused},
};
use crate::expand::go_quote;

pub(super) fn run(cursor: &Cursor<'_>) -> Result<Command, Refused> {
    let command = cursor.command_line(cursor.rest.0)?;
    cursor.check_flags(&["mount", "network", "security"])?;
    let mounts = cursor.values("mount");
    for mount in &mounts {
        check_mount(mount)?;
    }
    let network = one_of(cursor, "network", &["default", "none", "host"])?;
    let security = one_of(cursor, "security", &["sandbox", "insecure"])?;
    Ok(Command::Run(Run { command, mounts, network, security }))
}

/// Mounts with variables are read when these have values.
fn check_mount(mount: &Word) -> Result<(), Refused> {
    if mount.text.contains('$') {
        return Ok(());
    }
    Mount::read(&mount.text, |value| Ok(value.to_owned()))
        .map(drop)
        .map_err(|error| Refused::new(mount.span, error.to_string()))
}

fn one_of(cursor: &Cursor<'_>, name: &str, known: &[&str]) -> Result<Option<Word>, Refused> {
    let Some(word) = cursor.flag(name) else { return Ok(None) };
    if !known.contains(&&word.text[..]) {
        let message = format!("{name} mode {} is not valid", go_quote(&word.text));
        return Err(Refused::new(word.span, message).help(format!("one of {}", known.join(", "))));
    }
    Ok(Some(word))
}

pub(super) fn cmd(cursor: &Cursor<'_>) -> Result<Command, Refused> {
    let command = cursor.command_line(cursor.rest.0)?;
    cursor.check_flags(&[])?;
    Ok(Command::Cmd(command))
}

pub(super) fn entrypoint(cursor: &Cursor<'_>) -> Result<Command, Refused> {
    let command = cursor.command_line(cursor.rest.0)?;
    cursor.check_flags(&[])?;
    Ok(Command::Entrypoint(command))
}

pub(super) fn shell(cursor: &Cursor<'_>) -> Result<Command, Refused> {
    let form = cursor.form(cursor.rest.0)?;
    cursor.check_flags(&[])?;
    match form {
        Form::Json(words) if !words.is_empty() => Ok(Command::Shell(words)),
        Form::Text if !cursor.is_empty() => {
            Err(Refused::new(cursor.span(), "SHELL requires the arguments to be in JSON form")
                .help("for example SHELL [\"/bin/bash\", \"-c\"]"))
        }
        _ => Err(cursor.too_few("SHELL").help("for example SHELL [\"/bin/bash\", \"-c\"]")),
    }
}
