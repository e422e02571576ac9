//! The files of a workshop.

use std::{fs::File, io::Read, path::Path};

use rustix::fs::{CWD, FileType, RenameFlags, renameat_with};
use strata_api::workshop::{FileEntry, Listing};
use strata_layer::LayerPath;
use strata_oci::Digest;

use super::{
    Workshops, cannot,
    context::Context,
    copy::copy,
    limits,
    listing::{Digests, Found, entry, list, totals, walk},
    lock,
    merge::merge,
    record::{Record, now},
    shelf::{checked, make, sync_tree, unpack},
};
use crate::{Error, Kind};

/// What a writer believes to be at a path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Was {
    /// It doesn't say.
    #[default]
    Anything,
    /// Nothing.
    Nothing,
    /// A file with this content.
    Content(Digest),
}

impl Workshops {
    /// Everything in a context.
    pub(crate) fn listing(&self, id: &str) -> Result<Listing, Error> {
        let held = self.hold(id)?;
        let mut digests = lock(&held);
        Ok(Listing { entries: list(&self.context(id)?, &mut digests)? })
    }

    /// Opens a file for reading.
    pub(crate) fn open_file(&self, id: &str, path: &LayerPath) -> Result<File, Error> {
        let held = self.hold(id)?;
        let _held = lock(&held);
        self.context(id)?.file(path)
    }

    /// Writes a file. Without a mode it keeps the one it had, or gets 0644.
    pub(crate) fn write_file(
        &self,
        id: &str,
        path: &LayerPath,
        was: &Was,
        mode: Option<u32>,
        bytes: &[u8],
    ) -> Result<FileEntry, Error> {
        let held = self.hold(id)?;
        let mut digests = lock(&held);
        let context = self.context(id)?;
        let found = context.stat(path)?;
        let kind = found.map(|stat| FileType::from_raw_mode(stat.st_mode));
        if kind == Some(FileType::Directory) {
            return Err(Error::new(Kind::Conflict, format!("{path} is a directory")));
        }
        let now_there = match (&found, kind) {
            (Some(stat), Some(FileType::RegularFile)) => Some(digests.of(&context, path, stat)?),
            _ => None,
        };
        let expected = match was {
            Was::Anything => true,
            Was::Nothing => found.is_none(),
            Was::Content(digest) => now_there.as_ref() == Some(digest),
        };
        if !expected {
            let message =
                format!("{path} was changed by somebody else meanwhile: look at it again before you write");
            return Err(Error::new(Kind::Conflict, message));
        }
        let (files, all) = totals(&walk(&context)?);
        let old = found.map_or(0, |stat| u64::try_from(stat.st_size).unwrap_or(0));
        limits::check(files + u64::from(found.is_none()), all + bytes.len() as u64 - old.min(all))?;
        let mode =
            mode.or(found.filter(|_| kind != Some(FileType::Symlink)).map(|stat| stat.st_mode & 0o7777));
        context.write(path, &self.temporary(), mode.unwrap_or(0o644), bytes)?;
        self.touch(id)?;
        told(&context, path, &mut digests)
    }

    /// Makes a directory; one that is there is fine.
    pub(crate) fn make_directory(&self, id: &str, path: &LayerPath) -> Result<FileEntry, Error> {
        if path.is_root() {
            return Err(Error::new(Kind::InvalidArgument, "the context's root is there already"));
        }
        let held = self.hold(id)?;
        let mut digests = lock(&held);
        let context = self.context(id)?;
        let (files, bytes) = totals(&walk(&context)?);
        limits::check(files + path.components().count() as u64, bytes)?;
        context.make(path)?;
        self.touch(id)?;
        told(&context, path, &mut digests)
    }

    /// Removes a file, or a directory with all in it.
    pub(crate) fn remove_file(&self, id: &str, path: &LayerPath) -> Result<(), Error> {
        let held = self.hold(id)?;
        let _held = lock(&held);
        let doomed = self.temporary();
        self.context(id)?.take(path, &doomed)?;
        self.touch(id)?;
        discard(&doomed)
    }

    /// Gives a file or directory another path.
    pub(crate) fn move_file(&self, id: &str, from: &LayerPath, to: &LayerPath) -> Result<FileEntry, Error> {
        let held = self.hold(id)?;
        let mut digests = lock(&held);
        let context = self.context(id)?;
        context.rename(from, to)?;
        self.touch(id)?;
        told(&context, to, &mut digests)
    }

    /// Unpacks an uncompressed tar below a path: all of it or nothing.
    pub(crate) fn unpack(&self, id: &str, path: &LayerPath, tar: &mut dyn Read) -> Result<Listing, Error> {
        // Before the workshop is held: who sends it may be slow.
        drop(self.hold(id)?);
        let unpacked = self.temporary();
        make(&unpacked)?;
        let done = unpack(tar, &unpacked)
            .and_then(|()| checked(&unpacked))
            .and_then(|_| self.lay_over(id, path, &unpacked));
        let _ = strata_layers::remove_tree(&unpacked);
        done
    }

    /// Lays a tree over what is below a path: all of it or nothing.
    pub(crate) fn lay_over(&self, id: &str, path: &LayerPath, tree: &Path) -> Result<Listing, Error> {
        let held = self.hold(id)?;
        let mut digests = lock(&held);
        let (place, next) = (self.place(id).join("context"), self.temporary());
        let laid = (|| {
            copy(&self.context(id)?, &mut digests, &next)?;
            let context = Context::open(&next)?;
            let mut replaced = Vec::new();
            let aside = || {
                replaced.push(self.temporary());
                replaced[replaced.len() - 1].clone()
            };
            let merged = merge(&Context::open(tree)?, &context, path, aside, &next);
            for doomed in replaced {
                let _ = discard(&doomed);
            }
            merged?;
            checked(&next)?;
            sync_tree(&next)?;
            renameat_with(CWD, &next, CWD, &place, RenameFlags::EXCHANGE)
                .map_err(|error| cannot("replace", &place, &error))
        })();
        // What was there before, or what did not become it.
        let _ = strata_layers::remove_tree(&next);
        laid?;
        self.touch(id)?;
        Ok(Listing { entries: list(&self.context(id)?, &mut digests)? })
    }

    /// Copies a context as it is now to a place that is not there yet: other names of the same files.
    pub(crate) fn copy_context(&self, id: &str, to: &Path) -> Result<(), Error> {
        let held = self.hold(id)?;
        let mut digests = lock(&held);
        copy(&self.context(id)?, &mut digests, to)
    }

    /// Notes that something changed.
    fn touch(&self, id: &str) -> Result<(), Error> {
        let place = self.place(id);
        let mut record = Record::read(&place)?;
        record.changed = now();
        record.write(&place)
    }
}

fn told(context: &Context, path: &LayerPath, digests: &mut Digests) -> Result<FileEntry, Error> {
    let gone = || Error::new(Kind::Internal, format!("{path} is gone again"));
    let stat = context.stat(path)?.ok_or_else(gone)?;
    entry(context, &Found { path: path.clone(), stat }, digests)
}

/// Removes what was taken out of a context.
fn discard(doomed: &Path) -> Result<(), Error> {
    match std::fs::remove_file(doomed) {
        Ok(()) => Ok(()),
        Err(_) => strata_layers::remove_tree(doomed).map_err(Error::internal),
    }
}
