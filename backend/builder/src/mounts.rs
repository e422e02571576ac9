//! `RUN --mount`.
//!
//! Mounts are bind mounts of directories that the build has: the context, a mounted image, a cache that outlives builds, a file of
//! its own. What is made in the step's file system for them to be mounted on is taken away again.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::{DirBuilderExt as _, PermissionsExt as _},
    path::PathBuf,
};

use rustix::fs::{Gid, Uid};
use strata_dockerfile::{
    Mount, MountKind, Run, Sharing,
    evaluate::{Scope, StageState},
    expand::Expander,
};
use strata_layers::{follow, given};
use strata_oci::Digest;
use strata_snapshots::SnapshotId;

use crate::{Context, Error, Kind, build::Build, copying::Mounted};

/// What the flags of a `RUN` say.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    mounts: Vec<Mount>,
    /// Files to be run: where they are mounted, and what is in them.
    pub scripts: Vec<(String, String)>,
    working_dir: String,
}

impl Settings {
    pub(crate) fn of(run: &Run, expander: &Expander, state: &StageState) -> Result<Self, Error> {
        if run.security.as_ref().is_some_and(|security| security.text == "insecure") {
            return Err(Error::new(
                Kind::Forbidden,
                "security.insecure is not allowed: steps run in a sandbox",
            ));
        }
        let env = state.config.env.clone().unwrap_or_default();
        let scope = Scope { env: &env, args: &state.arguments };
        let read = |mount: &strata_dockerfile::Word| {
            Mount::read(&mount.text, |value| expander.word(value, &scope))
                .map_err(|error| Error::invalid(error.to_string()))
        };
        let mounts = run.mounts.iter().map(read).collect::<Result<_, _>>()?;
        Ok(Self { mounts, scripts: Vec::new(), working_dir: state.config.working_dir.clone() })
    }

    fn target(&self, mount: &Mount) -> Result<String, Error> {
        match (&mount.target, mount.kind, &mount.id, &mount.source) {
            (Some(target), ..) => Ok(strata_dockerfile::evaluate::directory(&self.working_dir, target)),
            (None, MountKind::Secret, id, source) => {
                let name = id.as_ref().or(source.as_ref()).cloned().unwrap_or_default();
                Ok(format!("/run/secrets/{}", name.rsplit('/').next().unwrap_or_default()))
            }
            _ => Err(Error::invalid(format!("mount target is required for type {}", mount.kind.name()))),
        }
    }
}

/// The mounts of a step, with what keeps their sources there.
#[derive(Default)]
pub(crate) struct Mounts {
    /// Source, target, read-only, directory.
    binds: Vec<(PathBuf, String, bool, bool)>,
    _images: Vec<Mounted>,
    _files: Vec<Context>,
    locks: Vec<std::fs::File>,
}

/// What was made to be mounted on: paths from the root, and whether it is a directory; the deepest last.
pub(crate) type Stubs = Vec<(Vec<u8>, bool)>;

impl Mounts {
    pub(crate) fn prepare(build: &mut Build, settings: &Settings) -> Result<Self, Error> {
        let mut mounts = Self::default();
        for mount in &settings.mounts {
            match mount.kind {
                MountKind::Tmpfs => {}
                MountKind::Bind => mounts.bind(build, settings, mount)?,
                MountKind::Cache => mounts.cache(build, settings, mount)?,
                MountKind::Secret => mounts.secret(build, settings, mount)?,
                MountKind::Ssh if mount.required => {
                    return Err(Error::new(
                        Kind::Unsupported,
                        "no agent is forwarded: --mount=type=ssh needs one",
                    ));
                }
                MountKind::Ssh => {}
            }
        }
        for (target, content) in &settings.scripts {
            mounts.file(build, target, content.as_bytes(), 0o755, (0, 0))?;
        }
        Ok(mounts)
    }

    /// As `docker run -v` takes them.
    pub(crate) fn binds(&self) -> Vec<String> {
        let option = |read_only: bool| if read_only { "ro" } else { "rw" };
        self.binds
            .iter()
            .map(|(source, target, read_only, _)| {
                format!("{}:{target}:{}", source.display(), option(*read_only))
            })
            .collect()
    }

    /// Path and options of those in memory.
    pub(crate) fn tmpfs(&self, settings: &Settings) -> BTreeMap<String, String> {
        let tmpfs = settings.mounts.iter().filter(|mount| mount.kind == MountKind::Tmpfs);
        tmpfs
            .filter_map(|mount| {
                let size = mount.size.map_or_else(String::new, |size| format!("size={size},"));
                Some((settings.target(mount).ok()?, format!("{size}mode=1777,exec")))
            })
            .collect()
    }

    fn bind(&mut self, build: &mut Build, settings: &Settings, mount: &Mount) -> Result<(), Error> {
        let target = settings.target(mount)?;
        let root = match &mount.from {
            Some(from) => {
                let current = crate::copying::stage_number(build);
                let chain = build.source_of(current, from)?;
                let mounted = Mounted::new(&build.bench.stores().snapshots, &build.directories(&chain))?;
                let root = mounted.root.clone();
                self._images.push(mounted);
                root
            }
            // What is written over a context is thrown away.
            None if !mount.read_only => {
                let context = context_root(build)?;
                let mounted = Mounted::new(&build.bench.stores().snapshots, &[context])?;
                let root = mounted.root.clone();
                self._images.push(mounted);
                root
            }
            None => context_root(build)?,
        };
        let source = mount.source.as_deref().unwrap_or("/");
        let found = follow(&root, source.as_bytes())?;
        if found.stat.is_none() {
            return Err(Error::invalid(format!("failed to compute cache key: {source}: not found")));
        }
        let path = root.join(path_of(&found.path));
        self.binds.push((path, target, mount.read_only, found.is_directory()));
        Ok(())
    }

    fn cache(&mut self, build: &mut Build, settings: &Settings, mount: &Mount) -> Result<(), Error> {
        let target = settings.target(mount)?;
        let id = mount.id.clone().unwrap_or_else(|| target.clone());
        let private = mount.sharing == Some(Sharing::Private);
        let fail = |error: std::io::Error| Error::internal("cannot make room for a cache", &error);
        let caches = build.bench.stores().caches.clone();
        let name = Digest::of(format!("{id}\0{}", mount.from.as_deref().unwrap_or_default()).as_bytes())
            .hex()[..32]
            .to_owned();
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&caches).map_err(fail)?;
        let lock = fs::File::create(caches.join(format!("{name}.lock"))).map_err(fail)?;
        let folder = match mount.sharing {
            Some(Sharing::Locked) => {
                // Another build has it: it ends some time.
                while !try_lock(&lock).map_err(fail)? {
                    build.listener.check()?;
                    std::thread::sleep(std::time::Duration::from_millis(50));
                }
                self.locks.push(lock);
                caches.join(&name)
            }
            _ if private => {
                let mut number = 0;
                loop {
                    let lock =
                        fs::File::create(caches.join(format!("{name}.{number}.lock"))).map_err(fail)?;
                    if try_lock(&lock).map_err(fail)? {
                        self.locks.push(lock);
                        break caches.join(format!("{name}.{number}"));
                    }
                    number += 1;
                }
            }
            _ => caches.join(&name),
        };
        if fs::DirBuilder::new().mode(0o700).create(&folder).is_ok() {
            let mode = mount.mode.unwrap_or(0o755);
            fs::set_permissions(&folder, fs::Permissions::from_mode(mode)).map_err(fail)?;
            let (uid, gid) = (mount.uid.unwrap_or(0), mount.gid.unwrap_or(0));
            given(rustix::fs::chown(&folder, Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid))))
                .map_err(|error| fail(error.into()))?;
            if let Some(from) = &mount.from {
                let current = crate::copying::stage_number(build);
                let chain = build.source_of(current, from)?;
                let mounted = Mounted::new(&build.bench.stores().snapshots, &build.directories(&chain))?;
                let source = mount.source.as_deref().unwrap_or("/");
                for found in crate::copy::gather(&mounted.root, source, false)? {
                    crate::copy::place(&found, &folder, b"/", &crate::copy::Placing::default())?;
                }
            }
        }
        self.binds.push((folder, target, mount.read_only, true));
        Ok(())
    }

    fn secret(&mut self, build: &mut Build, settings: &Settings, mount: &Mount) -> Result<(), Error> {
        let target = settings.target(mount)?;
        let id = mount.id.clone().or_else(|| mount.source.clone());
        let id = id.unwrap_or_else(|| target.rsplit('/').next().unwrap_or_default().to_owned());
        let Some(secret) = build.options.secrets.get(&id).cloned() else {
            return match mount.required {
                true => Err(Error::new(Kind::NotFound, format!("secret {id}: not found"))),
                false => Ok(()),
            };
        };
        let owner = (mount.uid.unwrap_or(0), mount.gid.unwrap_or(0));
        self.file(build, &target, &secret, mount.mode.unwrap_or(0o400), owner)
    }

    /// A file of the build's own.
    fn file(
        &mut self,
        build: &Build,
        target: &str,
        content: &[u8],
        mode: u32,
        owner: (u32, u32),
    ) -> Result<(), Error> {
        let scratch = build.bench.stores().room.scratch()?;
        let path = scratch.root().join("file");
        let fail = |error: std::io::Error| Error::internal("cannot write a file for a mount", &error);
        fs::write(&path, content).map_err(fail)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).map_err(fail)?;
        given(rustix::fs::chown(&path, Some(Uid::from_raw(owner.0)), Some(Gid::from_raw(owner.1))))
            .map_err(|error| fail(error.into()))?;
        self.binds.push((path, target.to_owned(), true, false));
        self._files.push(scratch);
        Ok(())
    }

    /// Notes what is not there to be mounted on; the runtime will make it.
    pub(crate) fn make_stubs(&self, build: &Build, id: &str) -> Result<Stubs, Error> {
        let mut stubs = Stubs::new();
        if self.binds.is_empty() {
            return Ok(stubs);
        }
        let (snapshots, id) = (&build.bench.stores().snapshots, snapshot(id)?);
        let mounted = snapshots.mount(&id)?;
        for (_, target, _, directory) in &self.binds {
            let found = follow(&mounted.merged, target.as_bytes())?;
            if found.stat.is_some() {
                continue;
            }
            let parts: Vec<&[u8]> = found.path.split(|byte| *byte == b'/').collect();
            for end in 1..=parts.len() {
                let part = parts[..end].join(&b'/');
                if follow(&mounted.merged, &part)?.stat.is_none()
                    && !stubs.iter().any(|(known, _)| *known == part)
                {
                    stubs.push((part, end < parts.len() || *directory));
                }
            }
        }
        Ok(stubs)
    }

    /// Takes away what the runtime made to mount on, unless the step put something there.
    pub(crate) fn remove_stubs(&self, build: &Build, id: &str, stubs: Stubs) -> Result<(), Error> {
        if stubs.is_empty() {
            return Ok(());
        }
        let (snapshots, id) = (&build.bench.stores().snapshots, snapshot(id)?);
        let mounted = snapshots.mount(&id)?;
        for (path, directory) in stubs.iter().rev() {
            let followed = follow(&mounted.merged, path)?;
            let Some(stat) = followed.stat.filter(|_| followed.path == *path) else { continue };
            // Nothing runs in there any more that could put something else in its place.
            let place = mounted.merged.join(path_of(path));
            let _stays_if_used = match directory {
                true => fs::remove_dir(&place),
                false if stat.st_size == 0 => fs::remove_file(&place),
                false => Ok(()),
            };
        }
        Ok(snapshots.unmount(&id)?)
    }
}

fn try_lock(file: &fs::File) -> std::io::Result<bool> {
    match rustix::fs::flock(file, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn context_root(build: &mut Build) -> Result<PathBuf, Error> {
    let context = build.context.as_mut().ok_or_else(|| Error::invalid("missing build context"))?;
    context.lay_out().map(PathBuf::from)
}

fn snapshot(id: &str) -> Result<SnapshotId, Error> {
    id.parse().map_err(|error: strata_snapshots::IdError| Error::internal("no id", &error))
}

fn path_of(bytes: &[u8]) -> &std::path::Path {
    std::path::Path::new(<std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(bytes))
}
