//! One context laid over another, as an archive is unpacked over what is there.

use std::path::Path;

use rustix::{
    fs::{AtFlags, FileType, Mode, fchmod, mkdirat, renameat, statat},
    io::Errno,
};
use strata_layer::LayerPath;

use super::{cannot, context::Context, listing::walk};
use crate::{Error, Kind};

/// Moves everything of `from` to the directory `below` of `to`: directories merge, all else replaces what is there.
/// `aside` gives paths for what is replaced and has to be removed afterwards.
pub(super) fn merge(
    from: &Context,
    to: &Context,
    below: &LayerPath,
    mut aside: impl FnMut() -> std::path::PathBuf,
    at: &Path,
) -> Result<(), Error> {
    let fail = |error: Errno| cannot("merge a context into", at, &error);
    to.make(below)?;
    for found in walk(from)? {
        let path = LayerPath::parse(&[below.as_bytes(), b"/", found.path.as_bytes()].concat())
            .map_err(|error| Error::chain(Kind::InvalidArgument, &error))?;
        let (parent, name) = (path.parent().unwrap_or_default(), path.name().unwrap_or_default());
        let into = to.folder(&parent).map_err(fail)?;
        let directory = found.kind() == FileType::Directory;
        let there = match statat(&into, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Some(FileType::from_raw_mode(stat.st_mode) == FileType::Directory),
            Err(Errno::NOENT) => None,
            Err(error) => return Err(fail(error)),
        };
        if there.is_some_and(|was| was != directory) {
            to.take(&path, &aside())?;
        }
        if directory {
            if there != Some(true) {
                mkdirat(&into, name, Mode::RWXU).map_err(fail)?;
            }
            let made = to.folder(&path).map_err(fail)?;
            fchmod(&made, Mode::from(found.stat.st_mode & 0o7777)).map_err(fail)?;
        } else {
            let out = from.folder(&found.path.parent().unwrap_or_default()).map_err(fail)?;
            renameat(&out, found.path.name().unwrap_or_default(), &into, name).map_err(fail)?;
        }
    }
    Ok(())
}
