//! `docker cp` both ways, and `docker export`.

use std::{
    io::{BufReader, Read, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use jiff::Timestamp;
use strata_api::engine::PathStat;
use strata_layers::{ArchiveError, ExtractOptions, Limits, Located, decompressed, extract, locate};
use tokio::sync::OwnedMutexGuard;

use super::create::snapshot_id;
use crate::{
    Containers, Error, Kind,
    container::Container,
    containers::Inner,
    record::Record,
    request::{MountKind, MountPlan},
    rootfs, user,
};

/// Something in a container that can be written as a tar.
pub struct Archive {
    tree: Tree,
    shown: Vec<u8>,
    /// What it is; of an export, the root.
    pub stat: PathStat,
}

/// Where a path is on the host; whoever has it keeps it mounted.
struct Tree {
    root: PathBuf,
    path: String,
    writable: bool,
    /// Whether it is in a mount of the container, not in its own file system.
    in_mount: bool,
    _kept: Option<Mounted>,
}

/// The mounted root of a container without processes: nobody else may start it meanwhile, and it is unmounted after.
struct Mounted {
    inner: Arc<Inner>,
    record: Record,
    _alone: OwnedMutexGuard<()>,
}

impl Drop for Mounted {
    fn drop(&mut self) {
        if let Err(error) = self.inner.take_bundle_down(&self.record) {
            tracing::warn!(id = self.record.id, %error, "can't be unmounted after a copy");
        }
    }
}

impl Archive {
    /// Writes the tar. Blocks.
    pub fn write(self, out: impl Write) -> Result<(), Error> {
        let written = strata_layers::archive(&self.tree.root, self.tree.path.as_bytes(), &self.shown, out);
        written.map(|_| ()).map_err(|error| Error::internal("cannot archive", &error))
    }
}

impl Containers {
    /// What is at a path of a container.
    pub async fn stat_path(&self, name: &str, path: &str) -> Result<PathStat, Error> {
        let container = self.0.find(name)?;
        Ok(self.prepare_archive(&container, name, &absolute(path)).await?.stat)
    }

    /// What is at a path of a container, ready to be written as a tar.
    pub async fn archive(&self, name: &str, path: &str) -> Result<Archive, Error> {
        let (container, name, path) = (self.0.find(name)?, name.to_owned(), absolute(path));
        let archive = self.prepare_archive(&container, &name, &path).await?;
        self.0.tell(&container.snapshot(), "archive-path", &[]);
        Ok(archive)
    }

    async fn prepare_archive(
        &self,
        container: &Arc<Container>,
        name: &str,
        path: &str,
    ) -> Result<Archive, Error> {
        let tree = self.tree(container, path).await?;
        let (name, path) = (name.to_owned(), path.to_owned());
        self.0
            .blocking(move |_| {
                let located = locate(&tree.root, tree.path.as_bytes());
                let located = located.map_err(|error| refused(error, &path, &name))?;
                let base = base(&path);
                Ok(Archive { stat: stat(&located, base), shown: base.as_bytes().to_vec(), tree })
            })
            .await
    }

    /// The whole file system of a container, without its mounts.
    pub async fn export(&self, name: &str) -> Result<Archive, Error> {
        let container = self.0.find(name)?;
        let record = container.snapshot();
        let kept = self.mounted(&container).await?;
        let root = self.0.stores.snapshots.paths(&snapshot_id(&record.id)?).merged;
        let tree = Tree { root, path: "/".into(), writable: true, in_mount: false, _kept: kept };
        self.0.tell(&record, "export", &[]);
        Ok(Archive { tree, shown: Vec::new(), stat: PathStat::default() })
    }

    /// Extracts a tar, packed in any of the ways of [`strata_layers::Packing`], to a directory of a container.
    ///
    /// `keep_kinds` refuses to put a file in place of a directory or the other way round; `own` gives everything to the
    /// container's user.
    pub async fn extract(
        &self,
        name: &str,
        path: &str,
        tar: impl Read + Send + 'static,
        keep_kinds: bool,
        own: bool,
    ) -> Result<(), Error> {
        let container = self.0.find(name)?;
        let (name, path) = (name.to_owned(), absolute(path));
        // The directory itself, wherever links lead.
        let tree = self.tree(&container, &format!("{}/.", path.trim_end_matches('/'))).await?;
        let record = container.snapshot();
        if !tree.writable {
            return Err(Error::new(
                Kind::Internal,
                match tree.in_mount {
                    true => "mounted volume is marked read-only",
                    false => "container rootfs is marked read-only",
                },
            ));
        }
        let of = record.clone();
        self.0
            .blocking(move |_| {
                let located = locate(&tree.root, tree.path.as_bytes());
                located.map_err(|error| refused(error, &path, &name))?;
                let owner = if own { Some(owner(&tree.root, &of)?) } else { None };
                let options = ExtractOptions { keep_kinds, owner, ..ExtractOptions::default() };
                let tar = decompressed(BufReader::new(tar), &Limits::default());
                let tar = tar.map_err(|error| Error::invalid(format!("the archive: {error}")))?;
                let done = extract(&tree.root, tree.path.as_bytes(), tar, &options);
                done.map_err(|error| refused(error, &path, &name))
            })
            .await?;
        self.0.tell(&record, "extract-to-dir", &[]);
        Ok(())
    }

    /// Where a path is: in the mount namespace of the container if it runs, else in its root or in what would be mounted
    /// there.
    async fn tree(&self, container: &Arc<Container>, path: &str) -> Result<Tree, Error> {
        let record = container.snapshot();
        let mount = mount_of(&record.mounts, path);
        let writable = match mount {
            Some((mount, _)) => mount.writable,
            None => !record.host.readonly_rootfs,
        };
        let in_mount = mount.is_some();
        if record.state.status.has_process() {
            let root = format!("/proc/{}/root", record.state.pid).into();
            return Ok(Tree { root, path: path.to_owned(), writable, in_mount, _kept: None });
        }
        if let Some((mount, rest)) = mount.filter(|(mount, _)| mount.kind != MountKind::Tmpfs) {
            let root = mount.source.clone().into();
            let rest = if mount.subpath.is_empty() { rest } else { format!("/{}{rest}", mount.subpath) };
            let kept = self.mounted(container).await?;
            return Ok(Tree { root, path: rest, writable, in_mount, _kept: kept });
        }
        let kept = self.mounted(container).await?;
        let root = self.0.stores.snapshots.paths(&snapshot_id(&record.id)?).merged;
        Ok(Tree { root, path: path.to_owned(), writable, in_mount, _kept: kept })
    }

    /// Mounts the root and the volumes of a container unless it runs.
    async fn mounted(&self, container: &Arc<Container>) -> Result<Option<Mounted>, Error> {
        let alone = Arc::clone(&container.work).lock_owned().await;
        let record = container.snapshot();
        if record.state.status.has_process() {
            return Ok(None);
        }
        let id = snapshot_id(&record.id)?;
        self.0
            .blocking(move |inner| {
                let mounted = inner.stores.snapshots.mount(&id);
                mounted.map_err(|error| Error::internal("cannot mount its file system", &error))?;
                let mounted = Mounted { inner: Arc::clone(inner), record, _alone: alone };
                inner.use_volumes(&mounted.record)?;
                Ok(Some(mounted))
            })
            .await
    }
}

/// The mount that a path is in, and the path inside of it.
fn mount_of<'a>(mounts: &'a [MountPlan], path: &str) -> Option<(&'a MountPlan, String)> {
    let inside = |mount: &'a MountPlan| {
        let rest = path.strip_prefix(mount.destination.as_str())?;
        (rest.is_empty() || rest.starts_with('/'))
            .then(|| (mount, format!("/{}", rest.trim_start_matches('/'))))
    };
    mounts.iter().filter_map(inside).max_by_key(|(mount, _)| mount.destination.len())
}

fn owner(root: &Path, record: &Record) -> Result<(u32, u32), Error> {
    let root =
        rootfs::open_root(root).map_err(|error| Error::internal("cannot open its file system", &error))?;
    let read = |path: &str| rootfs::read_text(&root, path).unwrap_or_default();
    let who = user::look_up(&record.config.user, &read("/etc/passwd"), &read("/etc/group"), &[])?;
    Ok((who.uid, who.gid))
}

fn absolute(path: &str) -> String {
    format!("/{}", path.trim_start_matches('/'))
}

/// The last part of a path, as Go has it: a `.` at the end counts, a slash doesn't.
fn base(path: &str) -> &str {
    let bare = path.trim_end_matches('/');
    if bare.is_empty() { "/" } else { bare.rsplit('/').next().unwrap_or(bare) }
}

fn refused(error: ArchiveError, path: &str, name: &str) -> Error {
    match error {
        ArchiveError::NotFound(_) | ArchiveError::Loop(_) => {
            Error::not_found(format!("Could not find the file {path} in container {name}"))
        }
        ArchiveError::NotDirectory(_) => Error::new(Kind::Internal, "extraction point is not a directory"),
        ArchiveError::OverDirectory(_) | ArchiveError::OverFile(_) | ArchiveError::Refused(_) => {
            Error::invalid(error.to_string())
        }
        other => Error::internal(format!("cannot copy {path}"), &other),
    }
}

fn stat(located: &Located, name: &str) -> PathStat {
    let (seconds, nanoseconds) = located.mtime;
    let mtime =
        Timestamp::new(seconds, i32::try_from(nanoseconds).unwrap_or(0)).unwrap_or(Timestamp::UNIX_EPOCH);
    let target = located.target.as_ref().map(|target| String::from_utf8_lossy(target).into_owned());
    PathStat {
        name: name.to_owned(),
        size: i64::try_from(located.size).unwrap_or(i64::MAX),
        mode: go_mode(located.mode),
        mtime: mtime.to_string(),
        link_target: target.unwrap_or_default(),
    }
}

/// A mode as Go's `os.FileMode` has it.
fn go_mode(mode: u32) -> u32 {
    let kind = match mode & 0o170_000 {
        0o040_000 => 1 << 31,
        0o120_000 => 1 << 27,
        0o060_000 => 1 << 26,
        0o020_000 => (1 << 26) | (1 << 21),
        0o010_000 => 1 << 25,
        0o140_000 => 1 << 24,
        _ => 0,
    };
    let bit = |mask: u32, shift: u32| if mode & mask == 0 { 0 } else { 1 << shift };
    kind | bit(0o4000, 23) | bit(0o2000, 22) | bit(0o1000, 20) | (mode & 0o777)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_mount_has_a_path() {
        let mount = |destination: &str| MountPlan { destination: destination.into(), ..MountPlan::default() };
        let mounts = [mount("/data"), mount("/data/deep"), mount("/log")];
        let find = |path| mount_of(&mounts, path).map(|(mount, rest)| (mount.destination.as_str(), rest));
        assert_eq!(find("/data/x"), Some(("/data", "/x".into())));
        assert_eq!(find("/data/deep"), Some(("/data/deep", "/".into())));
        assert_eq!(find("/database"), None);
    }

    #[test]
    fn modes_and_names_are_gos() {
        assert_eq!(go_mode(0o040_755), (1 << 31) | 0o755);
        assert_eq!(go_mode(0o120_777), (1 << 27) | 0o777);
        assert_eq!(go_mode(0o104_755), (1 << 23) | 0o755);
        assert_eq!(["/", "/a/b/", "/a/.", "/a"].map(base), ["/", "b", ".", "a"]);
    }
}
