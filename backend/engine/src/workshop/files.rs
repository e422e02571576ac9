//! The files of a workshop.

use std::{
    fs::{self, File},
    io::Read,
    os::unix::fs::DirBuilderExt as _,
    path::Path,
};

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
    shelf::{checked, sync_tree},
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

    /// Unpacks a tar, plain or compressed, below a path: all of it or nothing.
    pub(crate) fn unpack(
        &self,
        id: &str,
        path: &LayerPath,
        tar: &mut (dyn Read + Send),
    ) -> Result<Listing, Error> {
        // Before the workshop is held: who sends it may be slow.
        drop(self.hold(id)?);
        let unpacked = self.unpacked(tar)?;
        checked(unpacked.root())?;
        self.lay_over(id, path, unpacked.root())
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

    /// Copies a context as it is now for a build: to `place`, where it stays, and for the builder, which takes away from its
    /// copy what is ignored. Also lists it.
    pub(crate) fn begin_build(
        &self,
        id: &str,
        place: &Path,
    ) -> Result<(Vec<FileEntry>, strata_builder::Context), Error> {
        let held = self.hold(id)?;
        let mut digests = lock(&held);
        let context = self.context(id)?;
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(place)
            .map_err(|error| cannot("create", place, &error))?;
        copy(&context, &mut digests, &place.join("context"))?;
        let (sent, copied) = (self.room.empty()?, self.temporary());
        let moved = copy(&context, &mut digests, &copied).and_then(|()| {
            fs::rename(&copied, sent.root()).map_err(|error| cannot("replace", sent.root(), &error))
        });
        if moved.is_err() {
            let _ = strata_layers::remove_tree(&copied);
        }
        moved?;
        Ok((list(&context, &mut digests)?, sent))
    }

    /// The text of a file, for looking at; empty if there is none.
    pub(crate) fn text(&self, id: &str, path: &str) -> Result<String, Error> {
        let path = super::context_path(&strata_api::path::decode(path))?;
        let file = match self.open_file(id, &path) {
            Err(error) if error.kind == Kind::NotFound => return Ok(String::new()),
            file => file?,
        };
        let mut bytes = Vec::new();
        let read = file.take(limits::TEXT as u64).read_to_end(&mut bytes);
        read.map_err(|error| Error::new(Kind::Internal, format!("cannot read {path}: {error}")))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
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
