//! Volumes that are something mounted are so as long as a container uses them.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::CString,
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
};

use rustix::{
    io::Errno,
    mount::{MountFlags, UnmountFlags, mount, mount_change, mount_remount, unmount},
};

use super::options::{self, Device};
use crate::{Error, containers::Inner, record::Record, request::MountKind};

/// The containers that use a volume, by its name; only of volumes that are mounted for them.
#[derive(Debug, Default)]
pub(crate) struct Active(Mutex<BTreeMap<String, BTreeSet<String>>>);

impl Active {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, BTreeSet<String>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Mounts the volumes of a container that need it, unless another one has. Blocks.
    pub(crate) fn use_volumes(&self, record: &Record) -> Result<(), Error> {
        for mount in record.mounts.iter().filter(|mount| mount.kind == MountKind::Volume) {
            self.use_volume(&mount.name, &record.id)?;
        }
        Ok(())
    }

    /// Mounts a volume if it needs it, for `user`. Blocks.
    pub(crate) fn use_volume(&self, name: &str, user: &str) -> Result<(), Error> {
        let Some(device) = self.device_of(name)? else { return Ok(()) };
        let mut active = self.active.lock();
        if !active.contains_key(name) {
            attach(&device, &self.volume_folder(name).join("_data"))?;
        }
        active.entry(name.to_owned()).or_default().insert(user.to_owned());
        Ok(())
    }

    /// Unmounts the volumes of a container that nobody else uses. What fails is logged. Blocks.
    pub(crate) fn leave_volumes(&self, record: &Record) {
        for mount in record.mounts.iter().filter(|mount| mount.kind == MountKind::Volume) {
            let mut active = self.active.lock();
            let Some(users) = active.get_mut(&mount.name) else { continue };
            users.remove(&record.id);
            if users.is_empty() {
                active.remove(&mount.name);
                if let Err(error) = self.detach_volume(&mount.name) {
                    tracing::warn!(%error, "a volume stays mounted");
                }
            }
        }
    }

    /// Sees to it that nothing is mounted where a volume's files are: what is removed there must be its own.
    pub(crate) fn detach_volume(&self, name: &str) -> Result<(), Error> {
        let path = self.volume_folder(name).join("_data");
        let mut flags = UnmountFlags::NOFOLLOW;
        loop {
            match unmount(&path, flags) {
                // There may be another mount below it.
                Ok(()) => {}
                // Nothing is mounted; who may not unmount could not mount either.
                Err(Errno::INVAL | Errno::NOENT | Errno::PERM) => return Ok(()),
                // Somebody looks into it: it vanishes for everybody else.
                Err(Errno::BUSY) if !flags.contains(UnmountFlags::DETACH) => flags |= UnmountFlags::DETACH,
                Err(errno) => {
                    let error = std::io::Error::from(errno);
                    return Err(Error::internal(format!("cannot unmount {}", path.display()), &error));
                }
            }
        }
    }

    /// Takes over what an earlier server has left: volumes of containers that run are in use, others aren't mounted.
    pub(crate) fn restore_volumes(&self) -> Result<(), Error> {
        for kept in self.stores.catalog.volumes()? {
            if self.device_of(&kept.name)?.is_none() {
                continue;
            }
            let runs = |id: &String| self.find(id).is_ok_and(|one| one.record().state.status.has_process());
            let users: BTreeSet<String> = self.users_of(&kept.name).into_iter().filter(runs).collect();
            if users.is_empty() {
                self.detach_volume(&kept.name)?;
            } else {
                self.active.lock().insert(kept.name, users);
            }
        }
        Ok(())
    }

    fn device_of(&self, name: &str) -> Result<Option<Device>, Error> {
        let Some(kept) = self.stores.catalog.volume(name)? else { return Ok(None) };
        super::Body::of(&kept).options.as_ref().map_or(Ok(None), options::parse)
    }
}

/// Mounts a device.
fn attach(device: &Device, path: &Path) -> Result<(), Error> {
    let device = device.resolved()?;
    let data = CString::new(device.data.as_str()).unwrap_or_default();
    let failed = |errno: Errno| {
        let data = if device.data.is_empty() { String::new() } else { format!(", data: {}", device.data) };
        let what = format!(
            "error while mounting volume '{path}': failed to mount local volume: mount {}:{path}, flags: {:#x}{data}",
            device.source,
            device.flags.bits(),
            path = path.display(),
        );
        Error::internal(what, &std::io::Error::from(errno))
    };
    mount(device.source.as_str(), path, device.kind.as_str(), device.flags, data.as_c_str())
        .map_err(failed)?;
    let finished = (|| {
        if !device.propagation.is_empty() {
            mount_change(path, device.propagation)?;
        }
        if device.flags.contains(MountFlags::BIND | MountFlags::RDONLY) {
            // A bind takes no flags when it is made.
            mount_remount(path, device.flags, data.as_c_str())?;
        }
        Ok(())
    })();
    finished.map_err(|errno| {
        let _ = unmount(path, UnmountFlags::DETACH);
        failed(errno)
    })
}
