//! A context's directory.

use std::{
    fs,
    io::Read,
    os::unix::{ffi::OsStrExt as _, fs::DirBuilderExt as _},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use rustix::fs::{AtFlags, unlinkat};
use strata_dockerfile::ignore::Ignore;
use strata_layer::LayerPath;
use strata_layers::{Marks, Tree, follow, open_inside, remove_tree, scan};

use super::{
    Packed, Spot, UnpackLimits,
    archive::Archive,
    packed::Received,
    unpack::{receive, unpack},
};
use crate::{Error, Kind};

/// Where contexts are unpacked. Clones share it.
#[derive(Clone, Debug)]
pub struct ContextRoom {
    root: Arc<PathBuf>,
    next: Arc<AtomicU64>,
}

/// What a build copies from: a directory, removed when dropped if it is the build's own, or an archive that may become one.
#[derive(Debug)]
pub struct Context {
    root: PathBuf,
    own: Option<PathBuf>,
    packed: Option<Still>,
}

/// A context that is still an archive.
#[derive(Debug)]
struct Still {
    packed: Arc<Packed>,
    room: ContextRoom,
    limits: UnpackLimits,
    /// Whether what is left out was taken off the list.
    thinned: bool,
}

/// Where a context's files are.
#[derive(Clone, Debug)]
pub(crate) enum Origin {
    /// In the directory.
    Directory(PathBuf),
    /// In the archive.
    Packed(Arc<Packed>),
}

/// The file that says what is left out.
const IGNORE: &str = ".dockerignore";
/// The most of a Dockerfile or `.dockerignore` that is read.
const LARGEST_TEXT: u64 = strata_dockerfile::LARGEST as u64 + 1;

impl ContextRoom {
    /// Makes `root` if it is not there, and removes what an earlier process left in it.
    pub fn open(root: &Path) -> Result<Self, Error> {
        let fail = |error: &dyn std::error::Error| Error::internal("cannot make room for contexts", error);
        remove_tree(root).map_err(|error| fail(&error))?;
        fs::DirBuilder::new().recursive(true).mode(0o700).create(root).map_err(|error| fail(&error))?;
        Ok(Self { root: Arc::new(root.into()), next: Arc::default() })
    }

    /// An empty context.
    pub fn empty(&self) -> Result<Context, Error> {
        let folder = self.root.join(self.next.fetch_add(1, Ordering::Relaxed).to_string());
        let root = folder.join("context");
        let made = fs::DirBuilder::new().mode(0o700).create(&folder);
        // Its permissions are those of what is copied with `COPY .`, which docker makes so.
        made.and_then(|()| fs::DirBuilder::new().mode(0o755).create(&root))
            .map_err(|error| Error::internal("cannot make room for the context", &error))?;
        Ok(Context { root, own: Some(folder), packed: None })
    }

    /// A context from an archive, which stays as it is for as long as its files aren't needed. Blocks.
    pub(crate) fn receive(&self, input: impl Read + Send, limits: UnpackLimits) -> Result<Context, Error> {
        let path = self.root.join(self.next.fetch_add(1, Ordering::Relaxed).to_string());
        match receive(input, &path, limits)? {
            Received::Packed(packed) => {
                let packed = Still { packed: Arc::new(packed), room: self.clone(), limits, thinned: false };
                Ok(Context { root: PathBuf::new(), own: None, packed: Some(packed) })
            }
            Received::Archive(archive) => self.unpack(whole(&archive)?, limits),
        }
    }

    /// A context from an archive. Blocks.
    pub fn unpack(&self, input: impl Read + Send, limits: UnpackLimits) -> Result<Context, Error> {
        let context = self.empty()?;
        unpack(input, &context.root, limits)?;
        Ok(context)
    }

    /// Likewise, from an archive that is read whole before any file is made: what is too much or out of place is refused at once.
    pub fn unpack_checked(&self, input: impl Read + Send, limits: UnpackLimits) -> Result<Context, Error> {
        let mut context = self.receive(input, limits)?;
        context.lay_out()?;
        Ok(context)
    }

    /// A context with a Dockerfile alone.
    pub fn of_dockerfile(&self, text: &[u8]) -> Result<Context, Error> {
        let context = self.empty()?;
        fs::write(context.root.join("Dockerfile"), text)
            .map_err(|error| Error::internal("cannot write the Dockerfile", &error))?;
        Ok(context)
    }

    /// A directory for something of a build's, which its owner removes.
    pub(crate) fn scratch(&self) -> Result<Context, Error> {
        self.empty()
    }
}

impl Context {
    /// A directory that somebody else keeps and nobody writes to meanwhile. What `.dockerignore` leaves out must not be in it.
    pub fn borrowed(root: &Path) -> Self {
        Self { root: root.into(), own: None, packed: None }
    }

    /// Where its files are. One that was received for a build may have none yet.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where its files are, in whatever form.
    pub(crate) fn origin(&self) -> Origin {
        match &self.packed {
            Some(still) => Origin::Packed(Arc::clone(&still.packed)),
            None => Origin::Directory(self.root.clone()),
        }
    }

    /// Whether it is still an archive.
    pub(crate) fn is_packed(&self) -> bool {
        self.packed.is_some()
    }

    /// Makes its files, if it is still an archive; tells where they are.
    pub(crate) fn lay_out(&mut self) -> Result<&Path, Error> {
        if let Some(Still { packed, room, limits, thinned }) = &self.packed {
            let (thinned, laid_out) = (*thinned, room.unpack(whole(packed.archive())?, *limits)?);
            *self = laid_out;
            if thinned {
                self.leave_out()?;
            }
        }
        Ok(&self.root)
    }

    /// A part of it as the context, for a directory of a repository.
    pub fn enter(mut self, directory: &str) -> Result<Self, Error> {
        let followed = follow(&self.root, directory.as_bytes())?;
        if !followed.is_directory() {
            return Err(Error::invalid(format!("{directory} is not a directory of the repository")));
        }
        self.root.push(Path::new(std::ffi::OsStr::from_bytes(&followed.path)));
        Ok(self)
    }

    /// The text of a Dockerfile and the name that it has. `dockerfile` is found in lower case too.
    pub fn dockerfile(&mut self, path: &str) -> Result<(String, String), Error> {
        let names: &[&str] =
            if path.is_empty() || path == "Dockerfile" { &["Dockerfile", "dockerfile"] } else { &[path] };
        for name in names {
            if let Some(bytes) = self.text(name)? {
                return match String::from_utf8(bytes) {
                    Ok(text) => Ok((text, (*name).to_owned())),
                    Err(error) => {
                        Ok((String::from_utf8_lossy(error.as_bytes()).into_owned(), (*name).to_owned()))
                    }
                };
            }
        }
        // dockerd has no kind for it either.
        Err(Error::new(Kind::Internal, format!("Cannot locate specified Dockerfile: {}", names[0])))
    }

    /// Removes what `.dockerignore` leaves out; of the client's doing nothing is left to be done.
    ///
    /// Also the Dockerfile and `.dockerignore` themselves, which a client sends in any case: they must not be copied then.
    pub fn leave_out(&mut self) -> Result<(), Error> {
        if self.own.is_none() && self.packed.is_none() {
            return Ok(());
        }
        let Some(text) = self.text(IGNORE)? else { return Ok(()) };
        let ignore = Ignore::parse(&String::from_utf8_lossy(&text));
        if let Some(still) = &mut self.packed
            && let Some(packed) = Arc::get_mut(&mut still.packed)
        {
            packed.thin_out(&ignore);
            still.thinned = true;
            return Ok(());
        }
        self.lay_out()?;
        self.thin_out(&ignore)
    }

    /// Removes what patterns match.
    pub(crate) fn thin_out(&self, ignore: &Ignore) -> Result<(), Error> {
        if ignore.is_empty() {
            return Ok(());
        }
        let fail = |error: &dyn std::error::Error| {
            Error::internal("cannot leave out what .dockerignore says", error)
        };
        let tree = Tree::open(&self.root).map_err(|error| fail(&error))?;
        let mut doomed = Vec::new();
        scan(&tree, Marks::Copy, &LayerPath::root(), false, &mut |item| {
            if ignore.ignores(&String::from_utf8_lossy(item.path.as_bytes())) {
                doomed.push((item.path.clone(), item.is_directory()));
            }
            Ok(true)
        })
        .map_err(|error| fail(&error))?;
        for (path, directory) in doomed.into_iter().rev() {
            let flags = if directory { AtFlags::REMOVEDIR } else { AtFlags::empty() };
            let place = tree.place(&path).map_err(|error| fail(&std::io::Error::from(error)))?;
            match unlinkat(&place.folder, &place.name[..], flags) {
                // Something in it is taken back in.
                Ok(()) | Err(rustix::io::Errno::NOTEMPTY) => {}
                Err(error) => return Err(fail(&std::io::Error::from(error))),
            }
        }
        Ok(())
    }

    /// How many files it has, and their bytes.
    pub fn size(&self) -> Result<(u64, u64), Error> {
        if let Some(Still { packed, .. }) = &self.packed {
            let files = packed.items().iter().filter(|item| item.kind != strata_layer::Kind::Directory);
            return Ok(files.fold((0, 0), |(files, bytes), item| (files + 1, bytes + item.bytes())));
        }
        let fail = |error: &dyn std::error::Error| Error::internal("cannot read the context", error);
        let tree = Tree::open(&self.root).map_err(|error| fail(&error))?;
        let (mut files, mut bytes) = (0, 0);
        scan(&tree, Marks::Copy, &LayerPath::root(), false, &mut |item| {
            if !item.is_directory() {
                files += 1;
                bytes += u64::try_from(item.stat.st_size).unwrap_or(0);
            }
            Ok(true)
        })
        .map_err(|error| fail(&error))?;
        Ok((files, bytes))
    }

    /// The bytes of a text in it, if it is there.
    fn text(&mut self, path: &str) -> Result<Option<Vec<u8>>, Error> {
        let fail = |error: std::io::Error| Error::new(Kind::Internal, format!("cannot read {path}: {error}"));
        let mut bytes = Vec::new();
        if let Some(Still { packed, .. }) = &self.packed {
            match packed.find(path.as_bytes()) {
                Spot::Absent => return Ok(None),
                Spot::Here(item) if item.kind == strata_layer::Kind::File => {
                    packed.read(item).take(LARGEST_TEXT).read_to_end(&mut bytes).map_err(fail)?;
                    return Ok(Some(bytes));
                }
                _ => drop(self.lay_out()?),
            }
        }
        let file = match open_inside(&self.root, path.as_bytes()) {
            Ok(file) => file,
            Err(strata_layers::ArchiveError::NotFound(_) | strata_layers::ArchiveError::NotDirectory(_)) => {
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        file.take(LARGEST_TEXT).read_to_end(&mut bytes).map_err(fail)?;
        Ok(Some(bytes))
    }
}

fn whole(archive: &Archive) -> Result<impl Read + Send, Error> {
    archive.whole().map_err(|error| Error::internal("cannot read the context", &error))
}

impl Drop for Context {
    fn drop(&mut self) {
        let Some(own) = self.own.take() else { return };
        if let Err(error) = remove_tree(&own) {
            tracing::warn!(%error, "cannot remove a context; the next start will");
        }
    }
}
