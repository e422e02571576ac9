//! `POST /containers/create`.

use http::StatusCode;
use strata_api::engine::{CreateRequest, HostConfig, Mount};
use strata_engine::{Engine, Error, Kind, containers::is_memory_volume};

use crate::{
    docker::Failure,
    http::{Call, Response, json, read_json},
};

/// What containers may be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Powers {
    /// Whatever the client asks for: it may open the socket, so it is trusted with the machine.
    All,
    /// Nothing that leads out of the container: this client is a page.
    Contained,
}

/// `POST /containers/create`: `name`, `platform`.
pub async fn create((engine, powers): (Engine, Powers), mut call: Call) -> Result<Response, Failure> {
    let query = call.query();
    let mut request: CreateRequest = read_json(&mut call).await?;
    if powers == Powers::Contained {
        contain(&mut request.host_config)?;
    }
    let networks = request.networking_config.endpoints_config.iter().flatten();
    let networks: Vec<&str> = networks.map(|(name, _)| name.as_str()).collect();
    if networks.len() > 1 && !call.version.since(44) {
        let message = format!("Container cannot be connected to network endpoints: {}", networks.join(", "));
        return Err(Failure::invalid(message));
    }
    let options =
        request.host_config.mounts.iter().flatten().filter_map(|mount| mount.volume_options.as_ref());
    if !call.version.since(45) && options.into_iter().any(|options| !options.subpath.is_empty()) {
        return Err(Failure::invalid("VolumeOptions.Subpath needs API v1.45 or newer"));
    }
    let name = query.text("name").unwrap_or_default();
    let platform = query.text("platform");
    let created = engine.create_container(&name, request, platform.as_deref()).await?;
    let mut response = json(&created);
    *response.status_mut() = StatusCode::CREATED;
    Ok(response)
}

/// Whether a mount makes a volume of something of the host.
fn shows_host(mount: &Mount) -> bool {
    let driver = mount.volume_options.as_ref().and_then(|options| options.driver_config.as_ref());
    driver.and_then(|driver| driver.options.as_ref()).is_some_and(|options| !is_memory_volume(options))
}

/// Refuses what leads out of a container, and takes away what may make it more powerful than it starts.
fn contain(host: &mut HostConfig) -> Result<(), Failure> {
    let outside = |mode: &str| mode == "host";
    let bind = |bind: &String| bind.starts_with('/') || bind.starts_with('.') || bind.starts_with('~');
    let refused = [
        (host.privileged, "--privileged"),
        (outside(&host.network_mode), "--network host"),
        (outside(&host.pid_mode), "--pid host"),
        (outside(&host.ipc_mode), "--ipc host"),
        (outside(&host.uts_mode), "--uts host"),
        (outside(&host.userns_mode), "--userns host"),
        (host.binds.iter().flatten().any(bind), "a directory of the host as a volume"),
        (host.mounts.iter().flatten().any(|mount| mount.kind == "bind"), "--mount type=bind"),
        (host.mounts.iter().flatten().any(shows_host), "a volume that is a device or directory of the host"),
        (host.resources.devices.as_ref().is_some_and(|devices| !devices.is_empty()), "--device"),
        (host.cap_add.as_ref().is_some_and(|list| !list.is_empty()), "--cap-add"),
        (host.security_opt.as_ref().is_some_and(|list| !list.is_empty()), "--security-opt"),
        (!host.resources.cgroup_parent.is_empty(), "--cgroup-parent"),
    ];
    if let Some((_, what)) = refused.iter().find(|(asked, _)| *asked) {
        let message = format!("{what} is only allowed through the unix socket, not from the page");
        return Err(Error::new(Kind::Forbidden, message).into());
    }
    host.security_opt = Some(vec!["no-new-privileges".into()]);
    Ok(())
}
