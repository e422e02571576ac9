//! Between the wire's words for networks and those of the networks themselves.

use std::net::IpAddr;

use strata_api::engine::{self as api, EndpointIpamConfig, PortBinding, PortMap};
use strata_network::{
    Alias, Container as Member, Dns, Endpoint, EndpointSettings, HostPort, NetworkError, Publish,
};

use crate::{
    Error, Kind,
    ids::short,
    links,
    record::Record,
    request::{parse_port, port_key, published},
};

/// A network's refusal in our kinds.
pub(crate) fn error(error: NetworkError) -> Error {
    let kind = match error.kind() {
        strata_network::Kind::NotFound => Kind::NotFound,
        strata_network::Kind::Conflict => Kind::Conflict,
        strata_network::Kind::Forbidden => Kind::Forbidden,
        strata_network::Kind::Invalid => Kind::InvalidArgument,
        strata_network::Kind::Internal => Kind::Internal,
    };
    let mut message = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        message += &format!(": {cause}");
        source = cause.source();
    }
    Error::new(kind, message)
}

/// What a container asks about names.
pub(crate) fn dns(record: &Record) -> Result<Dns, Error> {
    let list = |list: &Option<Vec<String>>| list.clone().unwrap_or_default();
    let parse =
        |text: &String| text.parse().map_err(|_| Error::invalid(format!("{text} is not an ip address")));
    Ok(Dns {
        servers: list(&record.host.dns).iter().map(parse).collect::<Result<_, _>>()?,
        search: list(&record.host.dns_search),
        options: list(&record.host.dns_options),
    })
}

/// A container as networks see it.
pub(crate) fn member(record: &Record, pid: i32) -> Result<Member, Error> {
    let mut member = Member::new(&record.id, &record.name, format!("/proc/{pid}/ns/net"));
    member.dns = dns(record)?;
    Ok(member)
}

/// What a container wants of a network. Ports are published by the first one only.
pub(crate) fn settings(
    wanted: &api::EndpointSettings,
    ports: Vec<Publish>,
) -> Result<EndpointSettings, Error> {
    let ipam = wanted.ipam_config.clone().unwrap_or_default();
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let mac = given(&wanted.mac_address).map(|text| text.parse()).transpose().map_err(error)?;
    let wrong = |family: &str, text: &str| Error::invalid(format!("invalid {family} address: {text}"));
    let ipv4 =
        given(&ipam.ipv4_address).map(|text| text.parse().map_err(|_| wrong("IPv4", &text))).transpose()?;
    let ipv6 =
        given(&ipam.ipv6_address).map(|text| text.parse().map_err(|_| wrong("IPv6", &text))).transpose()?;
    let link = |text: &String| {
        let (target, name) = links::parse(text)?;
        Ok(Alias { name: name.to_owned(), target: target.to_owned() })
    };
    let links = wanted.links.iter().flatten().map(link).collect::<Result<_, Error>>()?;
    Ok(EndpointSettings {
        aliases: wanted.aliases.clone().unwrap_or_default(),
        links,
        ipv4,
        ipv6,
        mac,
        ports,
    })
}

/// Notes that a container has been on a network that finds names: it is found there by its short id too.
pub(crate) fn add_short_id(wanted: &mut api::EndpointSettings, id: &str) {
    let aliases = wanted.aliases.get_or_insert_default();
    if !aliases.iter().any(|alias| alias == short(id)) {
        aliases.push(short(id).to_owned());
    }
}

/// The ports that a container publishes.
pub(crate) fn publish(record: &Record) -> Result<Vec<Publish>, Error> {
    let one = |wanted: crate::request::Published| {
        let port = port_key(wanted.port, &wanted.protocol).parse().map_err(error)?;
        let host_port = match wanted.host_ports.clone().into_inner() {
            (0, _) => HostPort::Any,
            (first, last) => HostPort::OneOf(first..=last),
        };
        Ok(Publish { port, host_ip: wanted.host_ip, host_port })
    };
    published(&record.config, &record.host)?.into_iter().map(one).collect()
}

/// What the clients see of an endpoint, and of one that isn't there while the container doesn't run.
pub(crate) fn describe(wanted: &api::EndpointSettings, endpoint: Option<&Endpoint>) -> api::EndpointSettings {
    let mut seen = api::EndpointSettings {
        ipam_config: wanted.ipam_config.clone().filter(|ipam| *ipam != EndpointIpamConfig::default()),
        links: wanted.links.clone(),
        aliases: wanted.aliases.clone(),
        driver_opts: wanted.driver_opts.clone(),
        mac_address: wanted.mac_address.clone(),
        ..api::EndpointSettings::default()
    };
    let Some(endpoint) = endpoint else { return seen };
    let text = |ip: Option<IpAddr>| ip.map(|ip| ip.to_string()).unwrap_or_default();
    seen.network_id.clone_from(&endpoint.network);
    seen.endpoint_id.clone_from(&endpoint.id);
    seen.gateway = text(endpoint.gateway.map(IpAddr::V4));
    seen.ip_address = text(endpoint.ipv4.map(|address| address.ip));
    seen.ip_prefix_len = endpoint.ipv4.map_or(0, |address| address.prefix);
    seen.ipv6_gateway = text(endpoint.gateway6.map(IpAddr::V6));
    seen.global_ipv6_address = text(endpoint.ipv6.map(|address| address.ip));
    seen.global_ipv6_prefix_len = endpoint.ipv6.map_or(0, |address| address.prefix);
    seen.mac_address = endpoint.mac.map(|mac| mac.to_string()).unwrap_or_default();
    seen
}

/// The ports of a container: those that are published with where, those that are only exposed with nothing.
pub(crate) fn ports(record: &Record) -> PortMap {
    let mut all = PortMap::new();
    for exposed in record.config.exposed_ports.iter().flat_map(|ports| ports.keys()) {
        if let Ok((range, protocol)) = parse_port(exposed) {
            all.extend(range.map(|port| (port_key(port, protocol), None)));
        }
    }
    for published in record.attached.iter().flat_map(|endpoint| &endpoint.ports) {
        let binding = PortBinding {
            host_ip: published.host_ip.to_string(),
            host_port: published.host_port.to_string(),
        };
        let places = all.entry(published.port.to_string()).or_default();
        places.get_or_insert_default().push(binding);
    }
    all
}
