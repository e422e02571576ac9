//! ONBUILD.

use super::{
    Command, Keyword, Onbuild, Phase,
    cursor::{Cursor, Refused},
    read,
};
use crate::syntax::Logical;

pub(super) fn parse(cursor: &Cursor<'_>) -> Result<Command, Refused> {
    if cursor.is_empty() {
        return Err(cursor.too_few("ONBUILD").help("ONBUILD followed by another instruction"));
    }
    let first = cursor.text().split_whitespace().next().unwrap_or_default().to_uppercase();
    match Keyword::parse(&first) {
        Some(Keyword::Onbuild) => {
            return Err(Refused::new(cursor.span(), "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed")
                .code("DL3043")
                .help("one ONBUILD is enough"));
        }
        Some(Keyword::From | Keyword::Maintainer) => {
            let message = format!("{first} isn't allowed as an ONBUILD trigger");
            return Err(Refused::new(cursor.span(), message).code("DL3043"));
        }
        _ => {}
    }
    let line = tail(cursor);
    let (trigger, complaint) = read(line, cursor.escape, |_, _, _| (Vec::new(), None));
    let wrong = match complaint {
        Some(complaint) if complaint.phase == Phase::Lines => return Err(Refused::from(complaint)),
        complaint => complaint.map(|complaint| Box::new(complaint.diagnostic)),
    };
    cursor.check_flags(&[])?;
    let expression = trigger.code().to_owned();
    Ok(Command::Onbuild(Onbuild { expression, trigger: Box::new(trigger), wrong }))
}

/// The trigger as a line of its own.
fn tail(cursor: &Cursor<'_>) -> Logical {
    let mut line = cursor.line.from(cursor.rest.0, cursor.rest.1);
    line.lines = cursor.line.lines;
    line
}
