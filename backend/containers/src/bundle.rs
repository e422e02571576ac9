//! A container's bundle: its mounted root and the `config.json` that the runtime reads.

use std::{
    fs,
    os::unix::fs::{FileTypeExt as _, MetadataExt as _},
    path::{Path, PathBuf},
};

use rustix::{
    fs::OFlags,
    mount::{MountFlags, mount},
};
use strata_api::engine::DeviceMapping;

use crate::{
    Error, Kind,
    containers::Inner,
    machine,
    record::Record,
    request::{self, MountKind, MountPlan, Security, container_of},
    rootfs,
    spec::{self, types},
    user,
    verbs::snapshot_id,
    volumes::Part,
};

/// What joins another container's namespace, and where that is.
const SHARED: [(&str, &str); 3] = [("network", "net"), ("pid", "pid"), ("ipc", "ipc")];

impl Inner {
    /// Mounts the root and writes everything that the runtime needs. What is returned with it has to be kept until the
    /// runtime has made the container. Blocks.
    pub(crate) fn make_bundle(&self, record: &Record) -> Result<(PathBuf, Vec<Part>), Error> {
        let id = snapshot_id(&record.id)?;
        let mounted = self
            .stores
            .snapshots
            .mount(&id)
            .map_err(|error| Error::internal("cannot mount its file system", &error))?;
        let root = rootfs::open_root(&mounted.merged)
            .map_err(|error| Error::internal("cannot open its file system", &error))?;
        self.write_files(record)?;
        let read = |path: &str| {
            rootfs::read_text(&root, path)
                .map_err(|error| Error::internal(format!("cannot read {path}"), &error))
        };
        let groups = record.host.group_add.as_deref().unwrap_or_default();
        let who = user::look_up(&record.config.user, &read("/etc/passwd")?, &read("/etc/group")?, groups)?;
        check_cwd(&root, &mounted.merged, &record.config.working_dir)?;
        self.use_volumes(record)?;
        make_sources(&record.mounts)?;
        let (mounts, held) = self.parts(record)?;
        let security = self.security(record)?;
        let mut resources = spec::resources(&record.host.resources, &block_device)?;
        let (devices, rules) = host_devices(record)?;
        resources.devices = rules;
        let files = self.engine_files(record);
        for options in record.host.tmpfs.iter().flat_map(|map| map.values()) {
            spec::check_tmpfs(options)?;
        }
        let spec = spec::build(spec::Input {
            id: &record.id,
            config: &record.config,
            host: &record.host,
            args: &record.args(),
            links: &self.link_variables(record)?,
            hostname: record.hostname(),
            rootfs: mounted.merged.display().to_string(),
            who,
            mounts: &mounts,
            files: &files,
            security: &security,
            shm: self.shared_memory(record)?,
            init: self.init(record)?,
            joined: self.joined(record)?,
            devices,
            resources,
            cgroup_parent: &self.options.cgroup_parent,
            own_capabilities: self.capabilities,
            bounds: machine::bounds(),
            ordinary: machine::ordinary(),
        })?;
        let bundle = self.folder(&record.id);
        let path = bundle.join("config.json");
        let text = serde_json::to_vec(&spec).map_err(|error| {
            Error::new(Kind::Internal, format!("cannot write its specification: {error}"))
        })?;
        fs::write(&path, text)
            .map_err(|error| Error::internal(format!("cannot write {}", path.display()), &error))?;
        Ok((bundle, held))
    }

    /// A container's security options, without a profile that this machine can't apply.
    pub(crate) fn security(&self, record: &Record) -> Result<Security, Error> {
        let mut security = request::security(record.host.security_opt.as_deref().unwrap_or_default())?;
        if !machine::has_apparmor() {
            security.apparmor.clear();
        }
        Ok(security)
    }

    /// Namespaces of other containers.
    fn joined(&self, record: &Record) -> Result<Vec<(&'static str, String)>, Error> {
        let modes = [&record.host.network_mode, &record.host.pid_mode, &record.host.ipc_mode];
        let mut joined = Vec::new();
        for (mode, (kind, file)) in modes.into_iter().zip(SHARED) {
            let Some(other) = container_of(mode) else { continue };
            let other = self.find(other)?.snapshot();
            if !other.state.status.has_process() {
                return Err(Error::conflict(format!(
                    "cannot join {kind} of a non running container: {}",
                    other.id
                )));
            }
            if kind == "ipc" && !matches!(other.host.ipc_mode.as_str(), "shareable") {
                return Err(Error::invalid(format!(
                    "can't join IPC of container {}: non-shareable IPC (hint: use IpcMode:shareable for the donor container)",
                    other.id
                )));
            }
            joined.push((kind, format!("/proc/{}/ns/{file}", other.state.pid)));
        }
        Ok(joined)
    }

    /// The `/dev/shm` that is mounted from the host: the host's, another's, or its own that others may share.
    fn shared_memory(&self, record: &Record) -> Result<Option<String>, Error> {
        let own = |id: &str| self.folder(id).join("shm");
        match record.host.ipc_mode.as_str() {
            "host" => Ok(Some("/dev/shm".into())),
            "shareable" => {
                let path = own(&record.id);
                let fail = |error: std::io::Error| {
                    Error::internal(format!("cannot mount {}", path.display()), &error)
                };
                machine::make_private(&path).map_err(fail)?;
                let options = format!("mode=1777,size={}", record.host.shm_size);
                let options = std::ffi::CString::new(options).unwrap_or_default();
                let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
                mount("shm", &path, "tmpfs", flags, options.as_c_str())
                    .map_err(|error| fail(error.into()))?;
                Ok(Some(path.display().to_string()))
            }
            mode => match container_of(mode) {
                Some(other) => Ok(Some(own(&self.find(other)?.id).display().to_string())),
                None => Ok(None),
            },
        }
    }

    /// Takes the mounts of a bundle down; those that aren't there are nothing to do. Blocks.
    pub(crate) fn take_bundle_down(&self, record: &Record) -> Result<(), Error> {
        if record.host.ipc_mode == "shareable" {
            let shm = self.folder(&record.id).join("shm");
            // Not mounted, or not there, is what is wanted.
            let _ = rustix::mount::unmount(&shm, rustix::mount::UnmountFlags::DETACH);
        }
        self.leave_volumes(record);
        let id = snapshot_id(&record.id)?;
        let snapshots = &self.stores.snapshots;
        if !snapshots.contains(&id) {
            return Ok(());
        }
        snapshots.unmount(&id).map_err(|error| Error::internal("cannot unmount its file system", &error))
    }

    fn init(&self, record: &Record) -> Result<Option<String>, Error> {
        let own_processes = !matches!(
            request::ContainerMode::of(&record.host.pid_mode),
            request::ContainerMode::Host | request::ContainerMode::Container(_)
        );
        if record.host.init != Some(true) || !own_processes {
            return Ok(None);
        }
        let found = self
            .options
            .init
            .clone()
            .or_else(|| machine::program(&["docker-init", "catatonit", "tini-static", "tini"]));
        match found {
            Some(path) => Ok(Some(path.display().to_string())),
            None => Err(Error::new(
                Kind::Internal,
                "exec: \"docker-init\": executable file not found in $PATH: install tini or catatonit for --init",
            )),
        }
    }
}

/// Refuses a working directory in `/proc`: the runtime's own descriptors are there, and they lead out of the
/// container (CVE-2024-21626).
fn check_cwd(root: &rustix::fd::OwnedFd, path: &Path, cwd: &str) -> Result<(), Error> {
    if cwd.is_empty() {
        return Ok(());
    }
    let refused = || Error::invalid(format!("the working directory '{cwd}' is invalid, it leads into /proc"));
    match rootfs::resolve(root, path, cwd) {
        Ok(Some(found)) if found == "/proc" || found.starts_with("/proc/") => Err(refused()),
        Ok(Some(_)) if rootfs::open(root, cwd, OFlags::PATH | OFlags::DIRECTORY).is_err() => {
            Err(Error::new(Kind::Internal, format!("Cannot mkdir: {cwd} is not a directory")))
        }
        Ok(Some(_)) => Ok(()),
        // It will be made where the links lead; /proc is empty here, so nothing below it is found.
        Ok(None) if leads_to_proc(root, path, cwd) => Err(refused()),
        Ok(None) => Ok(()),
        Err(error) => Err(Error::internal(format!("cannot look at the working directory {cwd}"), &error)),
    }
}

/// Whether the longest part of a path that is there is `/proc`, or its next part links there.
pub(crate) fn leads_to_proc(root: &rustix::fd::OwnedFd, root_path: &Path, path: &str) -> bool {
    let mut rest = path.trim_end_matches('/').to_owned();
    for _ in 0..40 {
        if rest == "/proc" || rest.starts_with("/proc/") {
            return true;
        }
        let Some((parent, name)) = rest.rsplit_once('/') else { return false };
        let link = rustix::fs::readlinkat(root, rest.trim_start_matches('/'), Vec::new());
        rest = match link.ok().and_then(|link| link.into_string().ok()) {
            Some(link) if link.starts_with('/') => link,
            Some(link) => format!("{parent}/{link}"),
            None => match rootfs::resolve(root, root_path, parent) {
                Ok(Some(found)) => return found == "/proc" || found.starts_with("/proc/"),
                _ if name.is_empty() || parent.is_empty() => return false,
                _ => parent.to_owned(),
            },
        };
    }
    true
}

/// Sources of binds that aren't there become directories, as `-v` has always done.
fn make_sources(mounts: &[MountPlan]) -> Result<(), Error> {
    for mount in mounts.iter().filter(|mount| mount.kind == MountKind::Bind) {
        let source = Path::new(&mount.source);
        if source.exists() {
            continue;
        }
        if !mount.create_source {
            return Err(Error::invalid(format!(
                "invalid mount config for type \"bind\": bind source path does not exist: {}",
                mount.source
            )));
        }
        fs::create_dir_all(source).map_err(|error| {
            Error::internal(format!("error while creating mount source path '{}'", mount.source), &error)
        })?;
    }
    Ok(())
}

fn block_device(path: &str) -> Result<(i64, i64), Error> {
    let metadata = fs::metadata(path).map_err(|error| Error::internal(format!("stat {path}"), &error))?;
    Ok(numbers(metadata.rdev()))
}

fn numbers(device: u64) -> (i64, i64) {
    (i64::from(rustix::fs::major(device)), i64::from(rustix::fs::minor(device)))
}

/// The devices that a container gets, and the rules that allow them.
fn host_devices(record: &Record) -> Result<(Vec<types::Device>, Vec<types::DeviceRule>), Error> {
    let (mut devices, mut rules) = (Vec::new(), Vec::new());
    if record.host.privileged {
        gather(Path::new("/dev"), "/dev", &mut devices);
    }
    for mapping in record.host.resources.devices.iter().flatten() {
        let before = devices.len();
        add_device(mapping, &mut devices)?;
        let access = if mapping.cgroup_permissions.is_empty() { "rwm" } else { &mapping.cgroup_permissions };
        rules.extend(devices[before..].iter().map(|device| types::DeviceRule {
            allow: true,
            kind: Some(device.kind),
            major: Some(device.major),
            minor: Some(device.minor),
            access: access.to_owned(),
        }));
    }
    for text in record.host.resources.device_cgroup_rules.iter().flatten() {
        rules.push(spec::parse_rule(text)?);
    }
    if record.host.resources.device_requests.as_ref().is_some_and(|requests| !requests.is_empty()) {
        return Err(Error::invalid("could not select device driver \"\" with capabilities: [[gpu]]"));
    }
    Ok((devices, rules))
}

fn add_device(mapping: &DeviceMapping, devices: &mut Vec<types::Device>) -> Result<(), Error> {
    let fail = |error: std::io::Error| {
        Error::internal(
            format!(
                "error gathering device information while adding custom device \"{}\"",
                mapping.path_on_host
            ),
            &error,
        )
    };
    let inside =
        if mapping.path_in_container.is_empty() { &mapping.path_on_host } else { &mapping.path_in_container };
    let path = Path::new(&mapping.path_on_host).canonicalize().map_err(fail)?;
    if path.is_dir() {
        gather(&path, inside, devices);
        return Ok(());
    }
    match device(&path, inside) {
        Some(device) => devices.push(device),
        None => {
            return Err(Error::invalid(format!(
                "error gathering device information while adding custom device \"{}\": not a device node",
                mapping.path_on_host
            )));
        }
    }
    Ok(())
}

/// All device nodes below a directory but those that belong to the host's terminals and the container's own.
fn gather(folder: &Path, inside: &str, devices: &mut Vec<types::Device>) {
    const OWN: [&str; 8] = ["pts", "shm", "fd", "mqueue", ".lxc", ".lxd-mounts", ".udev", "console"];
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(name) = entry.file_name().into_string() else { continue };
        if OWN.contains(&name.as_str()) {
            continue;
        }
        let (path, inside) = (entry.path(), format!("{inside}/{name}"));
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => gather(&path, &inside, devices),
            Ok(kind) if kind.is_block_device() || kind.is_char_device() => {
                devices.extend(device(&path, &inside));
            }
            _ => {}
        }
    }
}

fn device(path: &Path, inside: &str) -> Option<types::Device> {
    let metadata = fs::metadata(path).ok()?;
    let kind = match metadata.file_type() {
        kind if kind.is_block_device() => 'b',
        kind if kind.is_char_device() => 'c',
        _ => return None,
    };
    let (major, minor) = numbers(metadata.rdev());
    let (file_mode, uid, gid) = (metadata.mode() & 0o777, metadata.uid(), metadata.gid());
    Some(types::Device { path: inside.to_owned(), kind, major, minor, file_mode, uid, gid })
}
