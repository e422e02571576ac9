//! Whose files are where an ordinary user runs containers: it can't give files away, and what stays its own is root's in them.

use std::sync::OnceLock;

use rustix::{fs::Stat, io::Errno};

/// What came of giving a file away; that an ordinary user can't is no error.
pub fn given(chown: Result<(), Errno>) -> Result<(), Errno> {
    match chown {
        Err(Errno::PERM) if own().is_some() => Ok(()),
        other => other,
    }
}

/// The owner and group that a file has in containers.
pub(super) fn in_containers(stat: &Stat) -> (u32, u32) {
    match own() {
        None => (stat.st_uid, stat.st_gid),
        Some((user, group)) => {
            let inside = |id: u32, own: u32| if id == own { 0 } else { id };
            (inside(stat.st_uid, user), inside(stat.st_gid, group))
        }
    }
}

/// The user and group that we are, unless that is root.
fn own() -> Option<(u32, u32)> {
    static OWN: OnceLock<Option<(u32, u32)>> = OnceLock::new();
    *OWN.get_or_init(|| {
        let user = rustix::process::geteuid();
        (!user.is_root()).then(|| (user.as_raw(), rustix::process::getegid().as_raw()))
    })
}
