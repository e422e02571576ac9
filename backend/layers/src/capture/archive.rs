//! `docker export` and `docker cp` out of a container.

use std::{io::Write, path::Path};

use rustix::fs::{FileType, Mode, OFlags, openat};
use strata_layer::LayerPath;

use super::{
    ArchiveError, CaptureError, Marks, Tree,
    inside::{Inside, stat},
    pack::Pack,
    scan::scan,
};
use crate::walk::FOLDER;

/// What was archived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Archived {
    /// Bytes of the archive.
    pub size: u64,
    /// How many members it has.
    pub members: u64,
}

/// Writes what is at `path` inside of `root` as an uncompressed tar in which it is named `shown`; with all that is
/// in it if it is a directory. An empty `shown` names the things in a directory by their names, and not the
/// directory: that is an export. Sockets are left out.
///
/// A symlink at the end of `path` is archived as such, unless a `/` or `/.` comes after it.
pub fn archive(root: &Path, path: &[u8], shown: &[u8], out: impl Write) -> Result<Archived, ArchiveError> {
    let place = Inside::open(root)?.find(path)?;
    let top = stat(&place, path)?;
    let mut pack = Pack::new(out);
    let fail = |error| ArchiveError::from_errno("open", path, error);
    let here = LayerPath::root();
    if FileType::from_raw_mode(top.st_mode) != FileType::Directory {
        pack.add(&place.folder, &place.name, &top, shown, &here)?;
    } else {
        let folder = openat(&place.folder, &place.name[..], FOLDER, Mode::empty()).map_err(fail)?;
        if !shown.is_empty() {
            let dot = openat(&folder, ".", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).map_err(fail)?;
            pack.add(&dot, b".", &top, shown, &here)?;
        }
        scan(&Tree::of(folder, root), Marks::Copy, &here, false, &mut |item| {
            let name = match shown {
                b"" => item.path.as_bytes().to_vec(),
                shown => [shown, b"/", item.path.as_bytes()].concat(),
            };
            pack.add(item.folder, item.name, &item.stat, &name, item.path)?;
            Ok(true)
        })?;
    }
    let members = pack.members;
    let (size, _) = pack.writer.finish().map_err(CaptureError::Output)?;
    Ok(Archived { size, members })
}
