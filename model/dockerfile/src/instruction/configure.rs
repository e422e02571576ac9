//! The instructions that set one thing: EXPOSE, MAINTAINER, STOPSIGNAL, USER, VOLUME, WORKDIR.

use super::{
    Command,
    cursor::{Cursor, Refused},
};

pub(super) fn expose(cursor: &Cursor<'_>) -> Result<Command, Refused> {
    if cursor.is_empty() {
        return Err(cursor.too_few("EXPOSE").help("for example EXPOSE 80/tcp"));
    }
    cursor.check_flags(&[])?;
    Ok(Command::Expose(cursor.plain()))
}

pub(super) fn maintainer(cursor: &Cursor<'_>) -> Result<Command, Refused> {
    let name = cursor.one("MAINTAINER")?;
    cursor.check_flags(&[])?;
    Ok(Command::Maintainer(name))
}

pub(super) fn stopsignal(cursor: &Cursor<'_>) -> Result<Command, Refused> {
    // Flags are not looked at, as in dockerd.
    let signal = cursor.one("STOPSIGNAL")?;
    Ok(Command::Stopsignal(signal))
}

pub(super) fn user(cursor: &Cursor<'_>) -> Result<Command, Refused> {
    let user = cursor.one("USER")?;
    cursor.check_flags(&[])?;
    Ok(Command::User(user))
}

pub(super) fn workdir(cursor: &Cursor<'_>) -> Result<Command, Refused> {
    let path = cursor.one("WORKDIR")?;
    cursor.check_flags(&[])?;
    Ok(Command::Workdir(path))
}

pub(super) fn volume(cursor: &Cursor<'_>) -> Result<Command, Refused> {
    let (mut paths, _) = cursor.list()?;
    if paths.is_empty() {
        return Err(cursor.too_few("VOLUME").help("for example VOLUME /data"));
    }
    cursor.check_flags(&[])?;
    for path in &mut paths {
        path.text = path.text.trim().to_owned();
        if path.text.is_empty() {
            return Err(Refused::new(path.span, "VOLUME specified can not be an empty string"));
        }
    }
    Ok(Command::Volume(paths))
}
