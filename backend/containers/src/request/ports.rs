//! Ports: `80/tcp`, ranges, and what is published where.
//!
//! ```text
//! port := number [ "-" number ] [ "/" ( "tcp" | "udp" | "sctp" ) ]
//! ```

use std::{net::IpAddr, ops::RangeInclusive};

use strata_api::engine::{HostConfig, PortBinding, PortMap};
use strata_oci::ContainerConfig;

use crate::Error;

/// A port of a container that is to be reachable through the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Published {
    /// In the container.
    pub port: u16,
    /// `tcp`, `udp`, `sctp`.
    pub protocol: String,
    /// On the host; `None` for every address.
    pub host_ip: Option<IpAddr>,
    /// On the host: one of these; empty range 0 for any free one.
    pub host_ports: RangeInclusive<u16>,
}

/// Reads `number[/protocol]` or a range.
pub(crate) fn parse_port(text: &str) -> Result<(RangeInclusive<u16>, &str), Error> {
    let (ports, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    let wrong = || Error::invalid(format!("invalid port specification: \"{ports}\""));
    if !matches!(protocol, "tcp" | "udp" | "sctp") {
        return Err(Error::invalid(format!(
            "invalid protocol \"{protocol}\" in port specification: \"{text}\""
        )));
    }
    Ok((parse_range(ports).ok_or_else(wrong)?, protocol))
}

/// How a port is written as a key of maps.
pub(crate) fn port_key(port: u16, protocol: &str) -> String {
    format!("{port}/{protocol}")
}

/// What is published: what the request binds, and with `-P` every other exposed port.
pub(crate) fn published(config: &ContainerConfig, host: &HostConfig) -> Result<Vec<Published>, Error> {
    let none = PortMap::new();
    let bindings = host.port_bindings.as_ref().unwrap_or(&none);
    let mut all = Vec::new();
    for (port, wanted) in bindings {
        let (range, protocol) = parse_port(port)?;
        for port in range {
            for binding in wanted.iter().flatten() {
                all.push(bind(port, protocol, binding)?);
            }
        }
    }
    if host.publish_all_ports {
        for exposed in config.exposed_ports.iter().flat_map(|ports| ports.keys()) {
            // Images may have odd ones; nobody asked for these by name.
            let Ok((range, protocol)) = parse_port(exposed) else { continue };
            for port in range {
                if !all.iter().any(|known| known.port == port && known.protocol == protocol) {
                    all.push(bind(port, protocol, &PortBinding::default())?);
                }
            }
        }
    }
    Ok(all)
}

fn bind(port: u16, protocol: &str, binding: &PortBinding) -> Result<Published, Error> {
    let wrong_port = || Error::invalid(format!("invalid port specification: \"{}\"", binding.host_port));
    let text = binding.host_port.split_once('/').map_or(binding.host_port.as_str(), |(ports, _)| ports);
    let host_ports = if text.is_empty() { 0..=0 } else { parse_host_range(text).ok_or_else(wrong_port)? };
    let host_ip = match binding.host_ip.as_str() {
        "" => None,
        text => Some(text.parse().map_err(|_| Error::invalid(format!("Invalid ip address: {text}")))?),
    };
    Ok(Published { port, protocol: protocol.to_owned(), host_ip, host_ports })
}

fn parse_range(text: &str) -> Option<RangeInclusive<u16>> {
    parse_host_range(text).filter(|range| *range.start() > 0)
}

fn parse_host_range(text: &str) -> Option<RangeInclusive<u16>> {
    let number = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten();
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (number(first)?, number(last)?);
    (first <= last).then_some(first..=last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_numbers_with_a_protocol() {
        assert_eq!(parse_port("80"), Ok((80..=80, "tcp")));
        assert_eq!(parse_port("53/udp"), Ok((53..=53, "udp")));
        assert_eq!(parse_port("8000-8002/tcp"), Ok((8000..=8002, "tcp")));
        for wrong in ["", "0", "65536", "-1", "80-", "9-8", "x", "80/icmp", "80/", "+80", " 80"] {
            assert!(parse_port(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn publishing_takes_bindings_and_with_a_flag_the_exposed() {
        let config: ContainerConfig =
            serde_json::from_str(r#"{"ExposedPorts":{"80/tcp":{},"53/udp":{}}}"#).expect("valid");
        let host: HostConfig = serde_json::from_str(
            r#"{"PublishAllPorts":true,"PortBindings":{"80/tcp":[{"HostIp":"127.0.0.1","HostPort":"8080"},
            {"HostPort":"9000-9010"}]}}"#,
        )
        .expect("valid");
        let all = published(&config, &host).expect("valid");
        let text: Vec<String> = all
            .iter()
            .map(|p| format!("{}/{} {:?} {:?}", p.port, p.protocol, p.host_ip, p.host_ports))
            .collect();
        assert_eq!(
            text,
            ["80/tcp Some(127.0.0.1) 8080..=8080", "80/tcp None 9000..=9010", "53/udp None 0..=0"]
        );
        let wrong: HostConfig =
            serde_json::from_str(r#"{"PortBindings":{"80/tcp":[{"HostPort":"99999"}]}}"#).expect("valid");
        let error = published(&config, &wrong).expect_err("no such port");
        assert_eq!(error.message, "invalid port specification: \"99999\"");
    }
}
