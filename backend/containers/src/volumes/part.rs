//! A part of a volume, mounted in place of the whole of it.

use std::{
    fs, io,
    os::fd::AsRawFd as _,
    path::{Path, PathBuf},
};

use rustix::{
    fs::{FileType, fstat},
    mount::{UnmountFlags, mount_bind, unmount},
};

use crate::{Error, containers::Inner, record::Record, request::MountPlan, rootfs};

/// A place that shows a part of a volume, until it is dropped: the runtime takes it from there.
///
/// Telling the runtime the part's own path wouldn't do: containers that have the volume too could put a link in its place after we have
/// looked. Nor does a descriptor: the kernel binds nothing of another mount namespace. The place lies beside the volume's
/// files, where nothing but the volume's removal ever removes.
pub(crate) struct Part(PathBuf);

impl Part {
    fn show(volume: &Path, subpath: &str, place: PathBuf) -> io::Result<Self> {
        let root = rootfs::open_root(volume)?;
        let found = rootfs::open_beneath(&root, subpath)?;
        // What an earlier server left.
        drop(Self(place.clone()));
        match FileType::from_raw_mode(fstat(&found)?.st_mode) {
            FileType::Directory => fs::create_dir(&place)?,
            _ => fs::write(&place, "")?,
        }
        let part = Self(place);
        mount_bind(format!("/proc/self/fd/{}", found.as_raw_fd()), &part.0)?;
        Ok(part)
    }
}

impl Drop for Part {
    /// The container has a mount of its own by then.
    fn drop(&mut self) {
        let _ = unmount(&self.0, UnmountFlags::DETACH | UnmountFlags::NOFOLLOW);
        // Only what is empty, in case it is still mounted.
        if fs::remove_dir(&self.0).is_err() {
            let _ = fs::remove_file(&self.0);
        }
    }
}

impl Inner {
    /// The mounts of a container as they are told to the runtime, and what has to be kept until it has them. Blocks.
    pub(crate) fn parts(&self, record: &Record) -> Result<(Vec<MountPlan>, Vec<Part>), Error> {
        let (mut plans, mut parts) = (record.mounts.clone(), Vec::new());
        for plan in plans.iter_mut().filter(|plan| !plan.subpath.is_empty()) {
            let MountPlan { name, source, subpath, .. } = &*plan;
            let place = self.volume_folder(name).join(format!("part-{}-{}", record.id, parts.len()));
            let part = Part::show(Path::new(source), subpath, place).map_err(|error| {
                Error::invalid(format!("cannot access path {subpath} of volume {name}: {error}"))
            })?;
            plan.source = part.0.display().to_string();
            parts.push(part);
        }
        Ok((plans, parts))
    }
}
