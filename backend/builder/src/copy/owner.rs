//! `--chown`: names looked up in the image.

use std::{io::Read as _, path::Path};

use strata_layers::{ArchiveError, open_inside};

use crate::{Error, Kind};

/// The most that is read of a file of names.
const LARGEST: u64 = 4 << 20;

/// User and group of `user[:group]` in the image at `root`. A user alone is also the group's name, as with dockerd.
pub(crate) fn owner(text: &str, root: &Path) -> Result<(u32, u32), Error> {
    let parts: Vec<&str> = text.split(':').collect();
    let (user, group) = match parts[..] {
        [both] => (both, both),
        [user, group] => (user, group),
        _ => return Err(wrong(&format!("invalid chown string format: {text}"))),
    };
    let uid = look_up(user, root, b"/etc/passwd")
        .map_err(|why| wrong(&format!("can't find uid for user {user}: {why}")))?;
    let gid = look_up(group, root, b"/etc/group")
        .map_err(|why| wrong(&format!("can't find gid for group {group}: {why}")))?;
    let uid = uid.ok_or_else(|| wrong(&format!("can't find uid for user {user}: no such user: {user}")))?;
    let gid =
        gid.ok_or_else(|| wrong(&format!("can't find gid for group {group}: no such group: {group}")))?;
    Ok((uid, gid))
}

/// An owner that was asked for in these words, unless this server can't give files away.
pub(crate) fn givable(owner: (u32, u32), text: &str) -> Result<(u32, u32), Error> {
    if owner == (0, 0) || rustix::process::geteuid().is_root() {
        return Ok(owner);
    }
    let message = format!(
        "--chown={text}: this server runs as an ordinary user, who can't give files to {}:{}; leave it out, or run the server as root",
        owner.0, owner.1
    );
    Err(Error::new(Kind::Unsupported, message))
}

fn wrong(why: &str) -> Error {
    Error::invalid(format!("unable to convert uid/gid chown string to host mapping: {why}"))
}

/// A number as it is; a name by the third field of its line.
fn look_up(name: &str, root: &Path, path: &[u8]) -> Result<Option<u32>, String> {
    if let Ok(number) = name.parse::<u32>() {
        return Ok(Some(number));
    }
    let mut text = Vec::new();
    match open_inside(root, path) {
        Ok(file) => drop(file.take(LARGEST).read_to_end(&mut text).map_err(|error| error.to_string())?),
        Err(ArchiveError::NotFound(_)) => {
            return Err(format!("open {}: no such file or directory", String::from_utf8_lossy(path)));
        }
        Err(error) => return Err(error.to_string()),
    }
    let text = String::from_utf8_lossy(&text);
    Ok(text.lines().find_map(|line| {
        let mut fields = line.trim().split(':');
        (fields.next()? == name).then(|| fields.nth(1)?.parse().ok())?
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_looked_up_in_the_image() {
        let root = tempfile::tempdir().expect("a directory");
        std::fs::create_dir(root.path().join("etc")).expect("creates");
        std::fs::write(root.path().join("etc/passwd"), "root:x:0:0::/:\nweb:x:33:44::/:\n").expect("writes");
        std::fs::write(root.path().join("etc/group"), "root:x:0:\nweb:x:44:\nlog:x:50:\n").expect("writes");
        let cases =
            [("web", (33, 44)), ("web:log", (33, 50)), ("1:2", (1, 2)), ("7", (7, 7)), ("web:9", (33, 9))];
        for (text, expected) in cases {
            assert_eq!(owner(text, root.path()), Ok(expected), "{text}");
        }
        for (text, message) in [
            ("ghost", "can't find uid for user ghost: no such user: ghost"),
            ("web:ghosts", "can't find gid for group ghosts: no such group: ghosts"),
            ("a:b:c", "invalid chown string format: a:b:c"),
        ] {
            assert!(owner(text, root.path()).expect_err(text).message.ends_with(message));
        }
        let empty = tempfile::tempdir().expect("a directory");
        assert!(
            owner("web", empty.path()).expect_err("no names").message.contains("no such file or directory")
        );
        assert_eq!(owner("1:2", empty.path()), Ok((1, 2)));
    }
}
