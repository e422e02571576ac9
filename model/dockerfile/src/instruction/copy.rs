//! COPY and ADD.

use super::{
    Command, Copy, Keyword, Source,
    cursor::{Cursor, Refused},
};

pub(super) fn parse(cursor: &Cursor<'_>, kind: Keyword) -> Result<Command, Refused> {
    let name = kind.name();
    let (mut words, json) = cursor.list()?;
    if words.len() < 2 {
        return Err(Refused::new(
            cursor.span(),
            format!(
                "{name} requires at least two arguments, but only one was provided. Destination could not be determined"
            ),
        )
        .help(format!("{name} source destination")));
    }
    cursor.check_flags(kind.flags())?;
    let destination = words.pop().unwrap_or_default();
    let sources = words.into_iter().map(|word| Source { word, heredoc: None }).collect();
    let copy = Copy {
        sources,
        destination,
        json,
        from: cursor.flag("from"),
        chown: cursor.flag("chown"),
        chmod: cursor.flag("chmod"),
        link: cursor.switch("link"),
        parents: cursor.switch("parents"),
        exclude: cursor.values("exclude"),
        checksum: cursor.flag("checksum"),
        keep_git_dir: cursor.switch("keep-git-dir"),
        unpack: cursor.flags.iter().any(|flag| flag.name == "unpack").then(|| cursor.switch("unpack")),
    };
    Ok(if kind == Keyword::Add { Command::Add(copy) } else { Command::Copy(copy) })
}
