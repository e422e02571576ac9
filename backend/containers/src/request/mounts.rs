//! Mounts: from `-v`, `--mount` and `--volumes-from` to what is mounted where.
//!
//! ```text
//! bind := target | source ":" target [ ":" option { "," option } ]
//! option := "ro" | "rw" | "z" | "Z" | "nocopy" | propagation | consistency
//! ```

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use strata_api::engine::{HostConfig, Mount};

use crate::{Error, ids::random_id, names::is_restricted_name};

const PROPAGATIONS: [&str; 6] = ["private", "rprivate", "slave", "rslave", "shared", "rshared"];

/// What is mounted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum MountKind {
    /// A path of the host.
    #[default]
    Bind,
    /// A volume.
    Volume,
    /// A file system in memory.
    Tmpfs,
}

/// A mount of a container, before its volume is there.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct MountPlan {
    /// What is mounted.
    pub kind: MountKind,
    /// Name of the volume; empty for one that is to be made up.
    pub name: String,
    /// Path on the host; of a volume, once it is there.
    pub source: String,
    /// Path in the container, cleaned.
    pub destination: String,
    /// Options as they were given.
    pub mode: String,
    /// Whether it can be written.
    pub writable: bool,
    /// How mounts propagate.
    pub propagation: String,
    /// Whether a new volume is filled from the image.
    pub copy: bool,
    /// Whether a missing source is made a directory.
    pub create_source: bool,
    /// Whether only the source itself is mounted, not what is mounted below it.
    pub non_recursive: bool,
    /// For tmpfs.
    pub options: String,
    /// What of a volume is mounted, relative and without a way out; empty for all of it.
    pub subpath: String,
    /// Labels of a volume that this creates.
    pub labels: Option<BTreeMap<String, String>>,
    /// Driver options of a volume that this creates.
    pub driver_options: Option<BTreeMap<String, String>>,
    /// Whether the volume has no name of its own and goes with the container.
    pub anonymous: bool,
}

/// The mounts of a host config, in the order in which docker settles conflicts; `inherited` are those of
/// `--volumes-from`. `image_volumes` are mounted where nothing else is.
pub(crate) fn plan_mounts<'a>(
    host: &HostConfig,
    inherited: Vec<MountPlan>,
    image_volumes: impl Iterator<Item = &'a str>,
) -> Result<Vec<MountPlan>, Error> {
    let mut all: BTreeMap<String, MountPlan> =
        inherited.into_iter().map(|mount| (mount.destination.clone(), mount)).collect();
    let mut taken = Vec::new();
    let tmpfs: Vec<String> = host.tmpfs.iter().flat_map(|map| map.keys()).map(|path| clean(path)).collect();
    for bind in host.binds.iter().flatten() {
        let plan = parse_bind(bind)?;
        if plan.kind == MountKind::Volume && !matches!(host.volume_driver.as_str(), "" | "local") {
            return Err(no_driver(&plan.name, &host.volume_driver));
        }
        if taken.contains(&plan.destination) || tmpfs.contains(&plan.destination) {
            return Err(duplicate(&plan.destination));
        }
        taken.push(plan.destination.clone());
        all.insert(plan.destination.clone(), plan);
    }
    for mount in host.mounts.iter().flatten() {
        let plan = parse_mount(mount)?;
        if taken.contains(&plan.destination) {
            return Err(duplicate(&mount.target));
        }
        taken.push(plan.destination.clone());
        all.insert(plan.destination.clone(), plan);
    }
    for path in image_volumes {
        let destination = clean(path);
        if all.contains_key(&destination) || tmpfs.contains(&destination) || destination == "/" {
            continue;
        }
        all.insert(destination.clone(), volume(String::new(), destination));
    }
    Ok(all.into_values().collect())
}

fn no_driver(volume: &str, driver: &str) -> Error {
    let made_up = random_id();
    let volume = if volume.is_empty() { made_up.as_str() } else { volume };
    let message =
        format!("create {volume}: error looking up volume plugin {driver}: plugin \"{driver}\" not found");
    Error::not_found(message)
}

fn duplicate(destination: &str) -> Error {
    Error::invalid(format!("Duplicate mount point: {destination}"))
}

fn volume(name: String, destination: String) -> MountPlan {
    MountPlan {
        kind: MountKind::Volume,
        anonymous: name.is_empty(),
        name,
        destination,
        writable: true,
        copy: true,
        ..MountPlan::default()
    }
}

/// Reads a `-v`.
fn parse_bind(text: &str) -> Result<MountPlan, Error> {
    let wrong = || Error::invalid(format!("invalid volume specification: '{text}'"));
    let parts: Vec<&str> = text.split(':').collect();
    let (source, target, mode) = match parts[..] {
        [target] => ("", target, ""),
        [_, second] if is_mode(second) => return Err(wrong()),
        [source, target] => (source, target, ""),
        [source, target, mode] => (source, target, mode),
        _ => return Err(wrong()),
    };
    if parts[0].is_empty() {
        return Err(wrong());
    }
    if !is_mode(mode) {
        return Err(Error::invalid(format!("invalid mode: {mode}")));
    }
    let kind = if source.starts_with('/') { "bind" } else { "volume" };
    let inner = |error: String| {
        Error::invalid(format!(
            "invalid volume specification: '{text}': invalid mount config for type \"{kind}\": {error}"
        ))
    };
    check_target(target).map_err(inner)?;
    let has = |option: &str| mode.split(',').any(|given| given == option);
    let propagation = mode.split(',').find(|given| PROPAGATIONS.contains(given));
    let mut plan = volume(source.to_owned(), clean(target));
    if kind == "bind" {
        plan = MountPlan {
            kind: MountKind::Bind,
            source: clean(source),
            propagation: propagation.unwrap_or("rprivate").to_owned(),
            create_source: true,
            destination: plan.destination,
            ..MountPlan::default()
        };
    } else if propagation.is_some() {
        return Err(inner("field BindOptions must not be specified".into()));
    } else {
        check_volume_name(source)?;
        plan.copy = !has("nocopy");
    }
    plan.writable = !has("ro");
    plan.mode = if mode.is_empty() && kind == "volume" { "z".into() } else { mode.into() };
    Ok(plan)
}

/// Reads a `--mount`. Whether the source of a bind is there is for the caller to see.
fn parse_mount(mount: &Mount) -> Result<MountPlan, Error> {
    let kind = mount.kind.as_str();
    let wrong = |error: String| Error::invalid(format!("invalid mount config for type \"{kind}\": {error}"));
    if mount.target.is_empty() {
        return Err(wrong("field Target must not be empty".into()));
    }
    check_target(&mount.target).map_err(wrong)?;
    let destination = clean(&mount.target);
    let extra = |field: &str| wrong(format!("field {field} must not be specified"));
    let mut plan = match kind {
        "bind" => {
            let options = mount.bind_options.clone().unwrap_or_default();
            if mount.source.is_empty() {
                return Err(wrong("field Source must not be empty".into()));
            }
            if !options.propagation.is_empty() && !PROPAGATIONS.contains(&options.propagation.as_str()) {
                return Err(wrong(format!("invalid propagation mode: {}", options.propagation)));
            }
            if mount.volume_options.is_some() {
                return Err(extra("VolumeOptions"));
            }
            check_absolute(&mount.source).map_err(wrong)?;
            let propagation =
                if options.propagation.is_empty() { "rprivate".into() } else { options.propagation };
            MountPlan {
                kind: MountKind::Bind,
                source: clean(&mount.source),
                destination,
                propagation,
                create_source: options.create_mountpoint,
                non_recursive: options.non_recursive,
                ..MountPlan::default()
            }
        }
        "volume" => {
            if mount.bind_options.is_some() {
                return Err(extra("BindOptions"));
            }
            if mount.source.is_empty() && mount.read_only {
                return Err(wrong("must not set ReadOnly mode when using anonymous volumes".into()));
            }
            let options = mount.volume_options.clone().unwrap_or_default();
            if !options.subpath.is_empty() {
                if mount.source.is_empty() {
                    return Err(wrong("must not set Subpath when using anonymous volumes".into()));
                }
                if !is_local(&options.subpath) {
                    return Err(wrong("subpath must be a relative path within the volume".into()));
                }
            }
            check_volume_name(&mount.source)?;
            let driver = options.driver_config.unwrap_or_default();
            if !matches!(driver.name.as_str(), "" | "local") {
                return Err(no_driver(&mount.source, &driver.name));
            }
            let mut plan = volume(mount.source.clone(), destination);
            plan.copy = !options.no_copy && options.subpath.is_empty();
            plan.subpath = options.subpath;
            plan.labels = options.labels;
            plan.driver_options = driver.options;
            plan.mode = "z".into();
            plan
        }
        "tmpfs" => {
            if mount.bind_options.is_some() {
                return Err(extra("BindOptions"));
            }
            if !mount.source.is_empty() {
                return Err(extra("Source"));
            }
            let options = tmpfs_options(mount);
            MountPlan { kind: MountKind::Tmpfs, destination, options, ..MountPlan::default() }
        }
        _ => return Err(wrong("mount type unknown".into())),
    };
    plan.writable = !mount.read_only;
    Ok(plan)
}

/// Whether a path stays below where it starts, going by its words.
fn is_local(path: &str) -> bool {
    let mut depth = 0_usize;
    let inside = path.split('/').all(|part| match part {
        "" | "." => true,
        ".." => depth.checked_sub(1).map(|less| depth = less).is_some(),
        _ => {
            depth += 1;
            true
        }
    });
    inside && !path.is_empty() && !path.starts_with('/')
}

/// The mount options of a `--mount type=tmpfs`.
fn tmpfs_options(mount: &Mount) -> String {
    let mut options = Vec::new();
    if mount.read_only {
        options.push("ro".to_owned());
    }
    if let Some(given) = &mount.tmpfs_options {
        if given.mode != 0 {
            options.push(format!("mode={:o}", given.mode));
        }
        if given.size_bytes != 0 {
            options.push(format!("size={}", given.size_bytes));
        }
    }
    options.join(",")
}

/// Reads a `--volumes-from`: the container and whether its mounts stay writable.
pub(crate) fn volumes_from(text: &str) -> Result<(&str, bool), Error> {
    if text.is_empty() {
        return Err(Error::invalid("volumes-from specification cannot be an empty string"));
    }
    let (container, mode) = text.split_once(':').unwrap_or((text, "rw"));
    let allowed = |option: &str| matches!(option, "ro" | "rw" | "z" | "Z");
    if !is_mode(mode) || !mode.split(',').all(allowed) {
        return Err(Error::invalid(format!("invalid mode: {mode}")));
    }
    Ok((container, !mode.split(',').any(|option| option == "ro")))
}

/// Whether options are known ones, each of its sort once.
fn is_mode(mode: &str) -> bool {
    if mode.is_empty() {
        return true;
    }
    let mut seen = Vec::new();
    mode.split(',').all(|option| {
        let sort = match option {
            "ro" | "rw" => 0,
            "z" | "Z" => 1,
            "nocopy" => 2,
            "consistent" | "cached" | "delegated" => 3,
            _ if PROPAGATIONS.contains(&option) => 4,
            _ => return false,
        };
        let new = !seen.contains(&sort);
        seen.push(sort);
        new
    })
}

fn check_target(target: &str) -> Result<(), String> {
    if clean(target) == "/" && !target.is_empty() {
        return Err("invalid specification: destination can't be '/'".into());
    }
    check_absolute(target)
}

fn check_absolute(path: &str) -> Result<(), String> {
    if path.starts_with('/') {
        return Ok(());
    }
    Err(format!("invalid mount path: '{path}' mount path must be absolute"))
}

fn check_volume_name(name: &str) -> Result<(), Error> {
    if name.is_empty() || is_restricted_name(name) {
        return Ok(());
    }
    Err(crate::volumes::invalid_name(name))
}

/// A path without `.`, `..` and doubled slashes; absolute ones stay below the root.
fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    let start = if path.starts_with('/') { "/" } else { "" };
    format!("{start}{}", parts.join("/"))
}

#[cfg(test)]
mod tests;
