//! A context under other names: directories are made anew, files get a second name.

use std::path::Path;

use rustix::{
    fs::{
        self, AtFlags, CWD, FileType, Mode, Stat, Timespec, Timestamps, linkat, mkdirat, readlinkat, statat,
        symlinkat,
    },
    io::Errno,
};
use strata_layer::LayerPath;

use super::{
    cannot,
    context::Context,
    listing::{Digests, walk},
};
use crate::Error;

/// Makes `to`, which must not be there, a copy of a context. Its files are the very same, which is safe because neither is
/// ever written in place.
pub(super) fn copy(context: &Context, digests: &mut Digests, to: &Path) -> Result<(), Error> {
    let fail = |error: Errno| cannot("copy a context to", to, &error);
    mkdirat(CWD, to, Mode::RWXU).map_err(fail)?;
    let root = context.folder(&LayerPath::root()).map_err(fail)?;
    let copied = Context::open(to)?;
    let mut directories = vec![(LayerPath::root(), fs::fstat(&root).map_err(fail)?)];
    for found in walk(context)? {
        let (parent, name) = (found.path.parent().unwrap_or_default(), found.path.name().unwrap_or_default());
        let (from, into) = (context.folder(&parent).map_err(fail)?, copied.folder(&parent).map_err(fail)?);
        match found.kind() {
            FileType::Directory => {
                mkdirat(&into, name, Mode::RWXU).map_err(fail)?;
                directories.push((found.path.clone(), found.stat));
            }
            FileType::Symlink => {
                let target = readlinkat(&from, name, Vec::new()).map_err(fail)?;
                symlinkat(target.as_c_str(), &into, name).map_err(fail)?;
                own(&into, name, &found.stat).map_err(fail)?;
            }
            _ => {
                linkat(&from, name, &into, name, AtFlags::empty()).map_err(fail)?;
                let now = statat(&into, name, AtFlags::SYMLINK_NOFOLLOW).map_err(fail)?;
                digests.renew(&found.stat, &now);
            }
        }
    }
    // Modes may forbid what was still to be made, and times change with it.
    for (path, stat) in directories.into_iter().rev() {
        let folder = copied.folder(&path).map_err(fail)?;
        own(&folder, b".", &stat).map_err(fail)?;
        fs::fchmod(&folder, Mode::from(stat.st_mode & 0o7777)).map_err(fail)?;
        let time = Timespec { tv_sec: stat.st_mtime, tv_nsec: stat.st_mtime_nsec as _ };
        fs::futimens(&folder, &Timestamps { last_access: time, last_modification: time }).map_err(fail)?;
    }
    Ok(())
}

fn own(folder: &std::os::fd::OwnedFd, name: &[u8], stat: &Stat) -> Result<(), Errno> {
    if !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    let (uid, gid) = (fs::Uid::from_raw(stat.st_uid), fs::Gid::from_raw(stat.st_gid));
    fs::chownat(folder, name, Some(uid), Some(gid), AtFlags::SYMLINK_NOFOLLOW)
}
