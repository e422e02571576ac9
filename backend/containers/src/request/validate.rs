//! What makes no sense is refused, in dockerd's words and order, before anything is made.

use std::net::IpAddr;

use strata_api::engine::{CreateRequest, HostConfig, NetworkingConfig, RestartPolicy};
use strata_oci::{ContainerConfig, HealthConfig};

use super::{
    limits::{Machine, validate_resources},
    mode::ContainerMode,
    ports, security,
};
use crate::{Error, logging, signal, sizes, spec::parse_capabilities};

/// The least time between two probes, and for one.
const LEAST_PROBE: i64 = 1_000_000;

/// Checks a request and returns warnings. What the machine can't do is taken out of it.
pub(crate) fn validate(request: &mut CreateRequest, machine: Machine) -> Result<Vec<String>, Error> {
    network_mode(&request.config, &request.host_config)?;
    config(&request.config)?;
    host_config(&request.host_config)?;
    let mut warnings = validate_resources(&mut request.host_config.resources, machine, false)?;
    let host = &request.host_config;
    if host.shm_size < 0 {
        return Err(Error::invalid("SHM size can not be less than 0"));
    }
    if !(-1000..=1000).contains(&host.oom_score_adj) {
        let given = host.oom_score_adj;
        return Err(Error::invalid(format!(
            "Invalid value {given}, range for oom score adj is [-1000, 1000]"
        )));
    }
    if host.network_mode == "host" && host.port_bindings.as_ref().is_some_and(|ports| !ports.is_empty()) {
        warnings.push("Published ports are discarded when using host network mode".into());
    }
    if let Some(option) = host.storage_opt.as_ref().and_then(|options| options.keys().next()) {
        return Err(Error::invalid(match option.as_str() {
            "size" => {
                "--storage-opt is supported only for overlay over xfs with 'pquota' mount option".into()
            }
            other => format!("Unknown option {other}"),
        }));
    }
    if !matches!(host.runtime.as_str(), "" | "runc" | "crun") {
        return Err(Error::invalid(format!("Unknown runtime specified {}", host.runtime)));
    }
    for path in host.tmpfs.iter().flat_map(|map| map.keys()) {
        if !path.starts_with('/') {
            return Err(Error::invalid(format!("invalid mount path: '{path}' mount path must be absolute")));
        }
        if path.trim_matches('/').is_empty() {
            return Err(Error::invalid("invalid specification: destination can't be '/'"));
        }
    }
    if !matches!(host.cgroupns_mode.as_str(), "" | "private" | "host") {
        return Err(Error::invalid(format!("invalid cgroup namespace mode: {}", host.cgroupns_mode)));
    }
    log_config(host)?;
    networking(&request.networking_config)?;
    security::security(host.security_opt.as_deref().unwrap_or_default())?;
    Ok(warnings)
}

fn network_mode(config: &ContainerConfig, host: &HostConfig) -> Result<(), Error> {
    let given = |list: &Option<Vec<String>>| list.as_ref().is_some_and(|list| !list.is_empty());
    let mode = ContainerMode::of(&host.network_mode);
    let own = format!("conflicting options: {}", "");
    let conflict = |what: &str| Err(Error::invalid(format!("{own}{what}")));
    let mac = config.mac_address.as_deref().is_some_and(|mac| !mac.is_empty());
    if let ContainerMode::Container(name) = mode {
        if name.is_empty() {
            return Err(Error::invalid("Invalid network mode: invalid container format container:<name|id>"));
        }
        let ports = host.port_bindings.as_ref().is_some_and(|ports| !ports.is_empty());
        let exposed = config.exposed_ports.as_ref().is_some_and(|ports| !ports.is_empty());
        if !config.hostname.is_empty() {
            return conflict("hostname and the network mode");
        }
        if given(&host.links) {
            return conflict(
                "container type network can't be used with links. This would result in undefined behavior",
            );
        }
        if given(&host.dns) {
            return conflict("dns and the network mode");
        }
        if given(&host.extra_hosts) {
            return conflict("custom host-to-IP mapping and the network mode");
        }
        if mac {
            return conflict("mac-address and the network mode");
        }
        if ports || host.publish_all_ports {
            return conflict("port publishing and the container type network mode");
        }
        if exposed {
            return conflict("port exposing and the container type network mode");
        }
    }
    if mode == ContainerMode::Host && mac {
        return conflict("mac-address and the network mode");
    }
    if host.uts_mode == "host" && !config.hostname.is_empty() {
        return conflict("hostname and the UTS mode");
    }
    if mode == ContainerMode::Host && given(&host.links) {
        return conflict(
            "host type networking can't be used with links. This would result in undefined behavior",
        );
    }
    Ok(())
}

fn config(config: &ContainerConfig) -> Result<(), Error> {
    if !config.working_dir.is_empty() && !config.working_dir.starts_with('/') {
        return Err(Error::invalid(format!(
            "the working directory '{}' is invalid, it needs to be an absolute path",
            config.working_dir
        )));
    }
    if let Some(text) = config.stop_signal.as_deref().filter(|text| !text.is_empty()) {
        signal::parse(text)?;
    }
    for entry in config.env.iter().flatten() {
        if entry.is_empty() || entry.starts_with('=') {
            return Err(Error::invalid(format!("invalid environment variable: {entry}")));
        }
    }
    config.healthcheck.as_ref().map_or(Ok(()), health)
}

fn health(health: &HealthConfig) -> Result<(), Error> {
    let times = [
        ("Interval", health.interval),
        ("Timeout", health.timeout),
        ("StartPeriod", health.start_period),
        ("StartInterval", health.start_interval),
    ];
    for (name, time) in times {
        if (1..LEAST_PROBE).contains(&time.unwrap_or(0)) || time.unwrap_or(0) < 0 {
            return Err(Error::invalid(format!("{name} in Healthcheck cannot be less than 1ms")));
        }
    }
    if health.retries.unwrap_or(0) < 0 {
        return Err(Error::invalid("Retries in Healthcheck cannot be negative"));
    }
    Ok(())
}

fn host_config(host: &HostConfig) -> Result<(), Error> {
    if host.auto_remove && !matches!(host.restart_policy.name.as_str(), "" | "no") {
        return Err(Error::invalid("can't create 'AutoRemove' container with restart policy"));
    }
    for entry in host.extra_hosts.iter().flatten() {
        let wrong = || Error::invalid(format!("bad format for add-host: {entry:?}"));
        let (name, address) = entry.split_once(':').ok_or_else(wrong)?;
        if name.is_empty() {
            return Err(wrong());
        }
        if address != "host-gateway" && address.parse::<IpAddr>().is_err() {
            return Err(Error::invalid(format!("invalid IP address in add-host: {address:?}")));
        }
    }
    for (port, bindings) in host.port_bindings.iter().flatten() {
        ports::parse_port(port)?;
        let _ = bindings;
    }
    ports::published(&ContainerConfig::default(), host)?;
    validate_restart_policy(&host.restart_policy)?;
    let parse = |list: &Option<Vec<String>>, field: &str| {
        parse_capabilities(list.as_deref().unwrap_or_default())
            .map(|_| ())
            .map_err(|error| error.about(format!("invalid {field}")))
    };
    parse(&host.cap_add, "CapAdd")?;
    parse(&host.cap_drop, "CapDrop")?;
    if !matches!(host.isolation.as_str(), "" | "default") {
        return Err(Error::invalid(format!(
            "Invalid isolation: \"{}\" - linux only supports 'default'",
            host.isolation
        )));
    }
    for (invalid, field, mode) in [("invalid", "PID", &host.pid_mode), ("Invalid", "IPC", &host.ipc_mode)] {
        let known = match ContainerMode::of(mode) {
            ContainerMode::Host => true,
            ContainerMode::Container(name) => !name.is_empty(),
            ContainerMode::Other(word) => {
                word.is_empty() || (field == "IPC" && matches!(word, "none" | "private" | "shareable"))
            }
        };
        if !known {
            return Err(Error::invalid(format!("{invalid} {field} mode: {mode}")));
        }
    }
    Ok(())
}

/// Checks a restart policy.
pub(crate) fn validate_restart_policy(policy: &RestartPolicy) -> Result<(), Error> {
    let name = policy.name.as_str();
    match name {
        "always" | "unless-stopped" | "no" if policy.maximum_retry_count != 0 => {
            Err(Error::invalid(format!("maximum retry count cannot be used with restart policy '{name}'")))
        }
        "on-failure" if policy.maximum_retry_count < 0 => {
            Err(Error::invalid("maximum retry count cannot be negative"))
        }
        "" | "always" | "unless-stopped" | "no" | "on-failure" => Ok(()),
        _ => Err(Error::invalid(format!("invalid restart policy '{name}'"))),
    }
}

fn log_config(host: &HostConfig) -> Result<(), Error> {
    let kind = host.log_config.kind.as_str();
    if !matches!(kind, "" | "json-file" | "local" | "none") {
        return Err(Error::invalid(format!(
            "error looking up logging plugin {kind}: plugin \"{kind}\" not found"
        )));
    }
    // Those of every driver first.
    const KNOWN: [&str; 10] = [
        "mode",
        "max-buffer-size",
        "max-size",
        "max-file",
        "compress",
        "labels",
        "labels-regex",
        "env",
        "env-regex",
        "tag",
    ];
    let known = if kind == "local" { &KNOWN[..5] } else { &KNOWN[..] };
    let option = |name: &str| logging::option(&host.log_config, name);
    if let Some(mode) = option("mode")
        && !matches!(mode, "" | "blocking" | "non-blocking")
    {
        return Err(Error::invalid(format!("logger: logging mode not supported: {mode}")));
    }
    if let Some(size) = option("max-buffer-size").filter(|_| kind != "none") {
        if option("mode") != Some("non-blocking") {
            return Err(Error::invalid(
                "logger: max-buffer-size option is only supported with 'mode=non-blocking'",
            ));
        }
        if sizes::parse(size).is_none() {
            return Err(Error::invalid(format!(
                "error parsing option max-buffer-size: invalid size: '{size}'"
            )));
        }
    }
    for option in host.log_config.config.iter().flat_map(|map| map.keys()) {
        if kind != "none" && !known.contains(&option.as_str()) {
            return Err(Error::invalid(match kind {
                "local" => format!("unknown log opt '{option}' for log driver local"),
                _ => format!("unknown log opt '{option}' for json-file log driver"),
            }));
        }
    }
    Ok(())
}

fn networking(networking: &NetworkingConfig) -> Result<(), Error> {
    for (_, endpoint) in networking.endpoints_config.iter().flatten() {
        let Some(ipam) = endpoint.as_ref().and_then(|endpoint| endpoint.ipam_config.as_ref()) else {
            continue;
        };
        let is_v4 = |text: &str| text.parse::<IpAddr>().is_ok_and(|address| address.is_ipv4());
        let is_v6 = |text: &str| text.parse::<IpAddr>().is_ok_and(|address| address.is_ipv6());
        if !ipam.ipv4_address.is_empty() && !is_v4(&ipam.ipv4_address) {
            return Err(Error::invalid(format!("invalid IPv4 address: {}", ipam.ipv4_address)));
        }
        if !ipam.ipv6_address.is_empty() && !is_v6(&ipam.ipv6_address) {
            return Err(Error::invalid(format!("invalid IPv6 address: {}", ipam.ipv6_address)));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
