//! What happened, from what was known and what is there.

use strata_layer::{Change, LayerPath};
use strata_layers::Mark;

use super::{Deed, EntryKind, seen::Seen};

/// What somebody saw of it besides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Hint {
    /// It was written to.
    pub written: bool,
    /// It was made, here or elsewhere.
    pub made: bool,
    /// It was moved here.
    pub from: Option<LayerPath>,
}

/// What must have happened to a path, in order. A file is often copied up and changed before we look: that is two.
pub(super) fn deeds(before: Option<&Seen>, now: Option<&Seen>, hint: &Hint) -> Vec<Deed> {
    match (before, now) {
        (None, None) => Vec::new(),
        (Some(_), None) => vec![Deed::Gone],
        (before, Some(now)) => {
            let whited_out = before.is_some_and(|before| before.kind() == EntryKind::Whiteout);
            match before.filter(|_| !whited_out) {
                _ if now.kind() == EntryKind::Whiteout => {
                    if whited_out {
                        Vec::new()
                    } else {
                        vec![Deed::WhitedOut]
                    }
                }
                Some(before) if is_same_file(before, now) => further(before, now, hint),
                other => appeared(other.is_none() && !whited_out, now, hint),
            }
        }
    }
}

/// It was not there, or something else was.
fn appeared(fresh: bool, now: &Seen, hint: &Hint) -> Vec<Deed> {
    if let Some(from) = &hint.from {
        return vec![Deed::Renamed { from: from.clone() }];
    }
    if fresh && now.copied_up && now.mark == Mark::None {
        let then = match now.change() {
            Change::Modified => Some(Deed::Modified),
            Change::Metadata => Some(Deed::Attributes),
            _ => None,
        };
        return [Deed::CopiedUp { bytes: now.copied() }].into_iter().chain(then).collect();
    }
    match now.mark {
        Mark::Opaque if now.below.is_some_and(|found| found.is_directory()) => vec![Deed::MadeOpaque],
        _ => vec![Deed::Created],
    }
}

/// It was there already.
fn further(before: &Seen, now: &Seen, hint: &Hint) -> Vec<Deed> {
    let (old, new) = (&before.stat, &now.stat);
    let mut deeds = Vec::new();
    if before.mark != Mark::Opaque && now.mark == Mark::Opaque {
        deeds.push(Deed::MadeOpaque);
    }
    let mode = (old.st_mode, old.st_uid, old.st_gid) != (new.st_mode, new.st_uid, new.st_gid);
    if now.is_directory() {
        // Its times change with what is in it, which has events of its own.
        deeds.extend(mode.then_some(Deed::Attributes));
        return deeds;
    }
    let time = (old.st_mtime, old.st_mtime_nsec) != (new.st_mtime, new.st_mtime_nsec);
    let state = (old.st_ctime, old.st_ctime_nsec) != (new.st_ctime, new.st_ctime_nsec);
    if old.st_size != new.st_size || (time && hint.written) {
        deeds.push(Deed::Modified);
        deeds.extend(mode.then_some(Deed::Attributes));
    } else if mode || time || (state && old.st_nlink == new.st_nlink) {
        deeds.push(Deed::Attributes);
    }
    deeds
}

fn is_same_file(before: &Seen, now: &Seen) -> bool {
    (before.stat.st_ino, before.kind()) == (now.stat.st_ino, now.kind())
}
