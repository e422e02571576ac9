//! Workshops as a whole: made, listed, changed, removed.

use std::{
    fs,
    io::Read,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

use rustix::fs::{CWD, FileType, RenameFlags, renameat_with};
use strata_api::workshop::{ChangeWorkshop, Origin};
use strata_builder::UnpackLimits;

use super::{
    Workshops, cannot,
    context::Context,
    copy::copy,
    limits::{self, MOST_BYTES, MOST_FILES, MOST_WORKSHOPS},
    listing::{totals, walk},
    lock,
    record::{Record, checked_name},
};
use crate::{Error, Kind};

/// A workshop with what its card counts.
pub(crate) struct Shelved {
    pub(crate) record: Record,
    /// Files, directories and links.
    pub(crate) files: u64,
    /// Bytes of files.
    pub(crate) bytes: u64,
}

/// What a new workshop's context starts with.
pub(crate) enum Fill<'a> {
    /// Files by their paths.
    Files(Vec<(String, Vec<u8>)>),
    /// A tar, plain or compressed.
    Tar(&'a mut (dyn Read + Send)),
    /// What was fetched.
    Fetched(strata_builder::Context),
    /// What another workshop has.
    Copy(String),
    /// What a build had.
    Built(Built),
}

/// What a build had, and what its Dockerfile is to be.
pub(crate) struct Built {
    /// Its workshop.
    pub(crate) workshop: String,
    /// Its context.
    pub(crate) context: PathBuf,
    /// Where in it the Dockerfile is, percent-encoded.
    pub(crate) dockerfile: String,
    /// The text that the Dockerfile is to have.
    pub(crate) text: String,
}

impl Workshops {
    /// All workshops, changed last first. One that can't be read is left out, with a warning.
    pub(crate) fn list(&self) -> Result<Vec<Shelved>, Error> {
        let mut found = Vec::new();
        for id in self.ids()? {
            match self.look(&id) {
                Ok(shelved) => found.push(shelved),
                Err(error) if error.kind == Kind::NotFound => {}
                Err(error) => tracing::warn!(id, %error, "a workshop can't be read"),
            }
        }
        found.sort_by_key(|one| std::cmp::Reverse((one.record.changed, one.record.id.clone())));
        Ok(found)
    }

    /// A workshop.
    pub(crate) fn look(&self, id: &str) -> Result<Shelved, Error> {
        let held = self.hold(id)?;
        let _held = lock(&held);
        let record = Record::read(&self.place(id))?;
        let (files, bytes) = totals(&walk(&self.context(id)?)?);
        Ok(Shelved { record, files, bytes })
    }

    /// Makes a workshop; it is there when its context is whole.
    pub(crate) fn create(&self, name: &str, origin: Origin, fill: Fill<'_>) -> Result<Shelved, Error> {
        let name = checked_name(name)?;
        if self.ids()?.len() >= MOST_WORKSHOPS {
            let message = format!("there are {MOST_WORKSHOPS} workshops already: remove one first");
            return Err(Error::new(Kind::Conflict, message));
        }
        let making = self.temporary();
        let mut record = Record::new(new_id(&self.root), name, origin);
        if let Fill::Built(built) = &fill {
            record.dockerfile.clone_from(&built.dockerfile);
        }
        let made = self.fill(&making, fill).and_then(|(files, bytes)| {
            record.write(&making)?;
            sync_tree(&making)?;
            let place = self.place(&record.id);
            fs::rename(&making, &place).map_err(|error| cannot("create", &place, &error))?;
            sync(&self.root)?;
            Ok(Shelved { record, files, bytes })
        });
        if made.is_err() {
            let _ = strata_layers::remove_tree(&making);
        }
        made
    }

    fn fill(&self, making: &Path, fill: Fill<'_>) -> Result<(u64, u64), Error> {
        let context = making.join("context");
        make(making)?;
        match &fill {
            Fill::Copy(other) => {
                let held = self.hold(other)?;
                copy(&self.context(other)?, &mut lock(&held), &context)?;
                return checked(&context);
            }
            Fill::Built(built) => {
                let held = self.hold(&built.workshop)?;
                copy(&Context::open(&built.context)?, &mut lock(&held), &context)?;
                let path = super::context_path(&strata_api::path::decode(&built.dockerfile))?;
                let opened = Context::open(&context)?;
                opened.write(&path, &making.join("part"), 0o644, built.text.as_bytes())?;
                return checked(&context);
            }
            Fill::Files(_) | Fill::Tar(_) | Fill::Fetched(_) => {}
        }
        make(&context)?;
        fs::set_permissions(&context, std::os::unix::fs::PermissionsExt::from_mode(0o755))
            .map_err(|error| cannot("open up", &context, &error))?;
        let take = |from: &strata_builder::Context| {
            // Of the two directories, the empty one goes where it will be removed.
            renameat_with(CWD, from.root(), CWD, &context, RenameFlags::EXCHANGE)
                .map_err(|error| cannot("take", from.root(), &error))
        };
        match fill {
            Fill::Copy(_) | Fill::Built(_) => {}
            Fill::Tar(tar) => take(&self.unpacked(tar)?)?,
            Fill::Fetched(fetched) => take(&fetched)?,
            Fill::Files(files) => {
                let opened = Context::open(&context)?;
                for (path, bytes) in files {
                    let path = super::context_path(path.as_bytes())?;
                    opened.write(&path, &making.join("part"), 0o644, &bytes)?;
                }
            }
        }
        checked(&context)
    }

    /// Takes new settings.
    pub(crate) fn change(&self, id: &str, change: ChangeWorkshop) -> Result<(), Error> {
        let held = self.hold(id)?;
        let _held = lock(&held);
        let place = self.place(id);
        let mut record = Record::read(&place)?;
        record.change(change)?;
        record.write(&place)
    }

    /// Removes a workshop with all its files.
    pub(crate) fn remove(&self, id: &str) -> Result<(), Error> {
        let held = self.hold(id)?;
        let _held = lock(&held);
        let doomed = self.temporary();
        let place = self.place(id);
        fs::rename(&place, &doomed).map_err(|error| cannot("remove", &place, &error))?;
        sync(&self.root)?;
        self.held.lock().unwrap_or_else(std::sync::PoisonError::into_inner).remove(id);
        strata_layers::remove_tree(&doomed).map_err(Error::internal)
    }

    /// What is in a tar, plain or compressed.
    pub(super) fn unpacked(&self, tar: &mut (dyn Read + Send)) -> Result<strata_builder::Context, Error> {
        let limits = UnpackLimits { entries: MOST_FILES as usize, bytes: MOST_BYTES };
        Ok(self.room.unpack_checked(tar, limits)?)
    }

    pub(super) fn context(&self, id: &str) -> Result<Context, Error> {
        Context::open(&self.place(id).join("context"))
    }

    fn ids(&self) -> Result<Vec<String>, Error> {
        let fail = |error: std::io::Error| cannot("list", &self.root, &error);
        let names = fs::read_dir(&self.root).map_err(fail)?.map(|entry| Ok(entry.map_err(fail)?.file_name()));
        let names: Vec<_> = names.collect::<Result<_, Error>>()?;
        Ok(names
            .into_iter()
            .filter_map(|name| name.into_string().ok())
            .filter(|name| name != "tmp")
            .collect())
    }
}

/// Refuses what a context can't have. Counts the rest.
pub(super) fn checked(context: &Path) -> Result<(u64, u64), Error> {
    let found = walk(&Context::open(context)?)?;
    let odd =
        |kind: FileType| !matches!(kind, FileType::RegularFile | FileType::Directory | FileType::Symlink);
    if let Some(one) = found.iter().find(|one| odd(one.kind())) {
        let message = format!(
            "{} is a device, pipe or socket: a context has files, directories and links only",
            one.path
        );
        return Err(Error::new(Kind::InvalidArgument, message));
    }
    let (files, bytes) = totals(&found);
    limits::check(files, bytes)?;
    Ok((files, bytes))
}

pub(super) fn make(path: &Path) -> Result<(), Error> {
    fs::DirBuilder::new().mode(0o700).create(path).map_err(|error| cannot("create", path, &error))
}

fn sync(directory: &Path) -> Result<(), Error> {
    let synced = fs::File::open(directory).and_then(|directory| directory.sync_all());
    synced.map_err(|error| cannot("sync", directory, &error))
}

/// Makes everything in a tree durable at once.
pub(super) fn sync_tree(tree: &Path) -> Result<(), Error> {
    let opened = fs::File::open(tree).map_err(|error| cannot("open", tree, &error))?;
    rustix::fs::syncfs(&opened).map_err(|error| cannot("sync", tree, &error))
}

/// 12 hex digits that no workshop has.
fn new_id(root: &Path) -> String {
    loop {
        let id = strata_containers::random_id();
        let id = strata_containers::short_id(&id);
        if !root.join(id).exists() {
            return id.to_owned();
        }
    }
}
