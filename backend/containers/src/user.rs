//! Users and groups, looked up in the files of a container's own root.
//!
//! ```text
//! user := [ name | uid ] [ ":" ( name | gid ) ]
//! ```

use crate::Error;

/// Largest id that is accepted.
const LARGEST: u32 = i32::MAX as u32;

/// Who a process runs as.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Who {
    /// User id.
    pub uid: u32,
    /// Group id.
    pub gid: u32,
    /// Further groups.
    pub groups: Vec<u32>,
    /// Home directory.
    pub home: String,
}

struct User<'a> {
    name: &'a str,
    uid: u32,
    gid: u32,
    home: &'a str,
}

struct Group<'a> {
    name: &'a str,
    gid: u32,
    members: &'a str,
}

/// Looks `text` up in the contents of `/etc/passwd` and `/etc/group`, which may be empty; `more` are further groups.
pub(crate) fn look_up(text: &str, passwd: &str, group: &str, more: &[String]) -> Result<Who, Error> {
    let (user, wanted_group) = text.split_once(':').unwrap_or((text, ""));
    let mut who = Who { home: "/".into(), ..Who::default() };
    let uid = number(user)?;
    let found = users(passwd).find(|known| {
        if user.is_empty() { known.uid == 0 } else { known.name == user || Some(known.uid) == uid }
    });
    match (&found, uid) {
        (Some(found), _) => (who.uid, who.gid, who.home) = (found.uid, found.gid, found.home.to_owned()),
        (None, Some(uid)) => who.uid = uid,
        (None, None) if user.is_empty() => {}
        (None, None) => {
            return Err(missing(format!("unable to find user {user}: no matching entries in passwd file")));
        }
    }
    if wanted_group.is_empty() {
        let name = found.as_ref().map(|found| found.name);
        let is_in = |group: &Group<'_>| name.is_some_and(|name| group.members.split(',').any(|m| m == name));
        who.groups = groups(group).filter(is_in).map(|group| group.gid).collect();
    } else {
        who.gid = group_id(wanted_group, group)?.ok_or_else(|| {
            missing(format!("unable to find group {wanted_group}: no matching entries in group file"))
        })?;
    }
    for name in more {
        let gid = group_id(name, group)?.ok_or_else(|| {
            missing(format!("Unable to find group {name}: no matching entries in group file"))
        })?;
        who.groups.push(gid);
    }
    // As dockerd does: the main group is among the further ones too.
    who.groups.insert(0, who.gid);
    who.groups.dedup();
    Ok(who)
}

fn missing(message: String) -> Error {
    Error::new(crate::Kind::Internal, message)
}

fn group_id(text: &str, file: &str) -> Result<Option<u32>, Error> {
    let gid = number(text)?;
    let found = groups(file).find(|known| known.name == text || Some(known.gid) == gid);
    Ok(found.map(|group| group.gid).or(gid))
}

/// A number, if it is one; an error if it is too large.
fn number(text: &str) -> Result<Option<u32>, Error> {
    match text.parse::<i64>() {
        Err(_) => Ok(None),
        Ok(id) => match u32::try_from(id) {
            Ok(id) if id <= LARGEST => Ok(Some(id)),
            _ => Err(missing("uids and gids must be in range 0-2147483647".into())),
        },
    }
}

fn users(file: &str) -> impl Iterator<Item = User<'_>> {
    file.lines().filter_map(|line| {
        let mut fields = line.trim().split(':');
        let (name, _password) = (fields.next()?, fields.next()?);
        let (uid, gid) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
        Some(User { name, uid, gid, home: fields.nth(1).unwrap_or("/") })
    })
}

fn groups(file: &str) -> impl Iterator<Item = Group<'_>> {
    file.lines().filter_map(|line| {
        let mut fields = line.trim().split(':');
        let (name, _password) = (fields.next()?, fields.next()?);
        Some(Group { name, gid: fields.next()?.parse().ok()?, members: fields.next().unwrap_or("") })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str =
        "root:x:0:0:root:/root:/bin/sh\nbad line\nweb:x:33:33:www:/srv:/bin/false\n1000:x:7:8::/odd:\n";
    const GROUP: &str = "root:x:0:\nweb:x:33:\nlog:x:50:root,web\nadm:x:4:web\n";

    fn look(text: &str, more: &[&str]) -> Result<(u32, u32, Vec<u32>, String), String> {
        let more: Vec<String> = more.iter().map(|name| (*name).to_owned()).collect();
        let who = look_up(text, PASSWD, GROUP, &more).map_err(|error| error.message)?;
        Ok((who.uid, who.gid, who.groups, who.home))
    }

    #[test]
    fn users_are_looked_up_as_runc_does() {
        let ok = |uid, gid, groups: &[u32], home: &str| Ok((uid, gid, groups.to_vec(), home.to_owned()));
        assert_eq!(look("", &[]), ok(0, 0, &[0, 50], "/root"));
        assert_eq!(look("web", &[]), ok(33, 33, &[33, 50, 4], "/srv"));
        assert_eq!(look("33", &[]), ok(33, 33, &[33, 50, 4], "/srv"));
        assert_eq!(look("web:adm", &[]), ok(33, 4, &[4], "/srv"));
        assert_eq!(look("web:77", &[]), ok(33, 77, &[77], "/srv"));
        assert_eq!(look(":adm", &[]), ok(0, 4, &[4], "/root"));
        assert_eq!(look("500", &[]), ok(500, 0, &[0], "/"));
        assert_eq!(look("500:600", &["log", "9"]), ok(500, 600, &[600, 50, 9], "/"));
        // A name of digits wins over a number.
        assert_eq!(look("1000", &[]), ok(7, 8, &[8], "/odd"));
    }

    #[test]
    fn nobody_is_an_error_in_dockers_words() {
        let table = [
            ("ghost", "unable to find user ghost: no matching entries in passwd file"),
            ("web:ghosts", "unable to find group ghosts: no matching entries in group file"),
            ("2147483648", "uids and gids must be in range 0-2147483647"),
            ("-1", "uids and gids must be in range 0-2147483647"),
        ];
        for (text, message) in table {
            assert_eq!(look(text, &[]), Err(message.to_owned()));
        }
        assert_eq!(
            look("", &["ghosts"]),
            Err("Unable to find group ghosts: no matching entries in group file".into())
        );
        assert!(look_up("", "", "", &[]).is_ok_and(|who| who.home == "/" && who.groups == [0]));
    }
}
