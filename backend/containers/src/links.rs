//! `--link`: one container of the default network finds another by a name, in `/etc/hosts` and in variables.
//!
//! A link belongs to the one that has it, and is also a name of the other: `/parent/alias`. On networks with names of
//! their own a link is an alias that only one container sees, which is the networks' matter.

use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};
use strata_api::engine::HostConfig;
use strata_network::{Endpoint, ExtraHost};

use crate::{
    Error, Kind,
    containers::Inner,
    record::Record,
    request::{container_of, parse_port},
};

/// A link to another container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Link {
    /// The other's id.
    pub child: String,
    /// What the other is called here.
    pub alias: String,
}

/// The other's name and the alias of `NAME[:ALIAS]`, or of `/NAME:/PARENT/ALIAS`, which is how links are inspected.
pub(crate) fn parse(text: &str) -> Result<(&str, &str), Error> {
    if text.is_empty() {
        return Err(Error::invalid("invalid string specified for links"));
    }
    match text.split(':').collect::<Vec<_>>()[..] {
        [name] => Ok((name, name)),
        [name, path] => match name.strip_prefix('/') {
            Some(name) => Ok((name, path.rsplit('/').next().unwrap_or(path))),
            None => Ok((name, path)),
        },
        _ => Err(Error::invalid(format!("invalid format for links: {text}"))),
    }
}

/// Whether links of a container with this network are those of the default network.
fn is_default(host: &HostConfig) -> bool {
    matches!(host.network_mode.as_str(), "" | "default" | "bridge")
}

impl Inner {
    /// The links of a request: from here on they are kept by id.
    pub(crate) fn resolve_links(&self, host: &mut HostConfig) -> Result<Vec<Link>, Error> {
        let mut links: Vec<Link> = Vec::new();
        if !is_default(host) {
            return Ok(links);
        }
        for text in host.links.take().iter().flatten() {
            let (name, alias) = parse(text)?;
            let lost = |error: Error| {
                Error::invalid(format!("could not get container for {name}: {}", error.message))
            };
            let mut child = self.find(name).map_err(lost)?.snapshot();
            while let Some(other) = container_of(&child.host.network_mode) {
                child = self.find(other).map_err(lost)?.snapshot();
            }
            if child.host.network_mode == "host" {
                return Err(Error::invalid(
                    "host type networking can't be used with links. This would result in undefined behavior",
                ));
            }
            // The first of several with one alias counts.
            if links.iter().all(|link| link.alias != alias) {
                links.push(Link { child: child.id, alias: alias.to_owned() });
            }
        }
        Ok(links)
    }

    /// The names that links give containers, `/parent/alias`, by the container's id.
    pub(crate) fn link_names(&self) -> HashMap<String, Vec<String>> {
        let mut names: HashMap<String, Vec<String>> = HashMap::new();
        for parent in self.all() {
            let parent = parent.record();
            for Link { child, alias } in &parent.links {
                names.entry(child.clone()).or_default().push(format!("/{}/{alias}", parent.name));
            }
        }
        names
    }

    /// A container's links as they are inspected: `/child:/parent/alias`.
    pub(crate) fn link_texts(&self, record: &Record) -> Option<Vec<String>> {
        let mut texts = record.host.links.clone().unwrap_or_default();
        texts.extend(record.links.iter().filter_map(|link| {
            let child = self.find(&link.child).ok()?;
            Some(format!("/{}:/{}/{}", child.record().name, record.name, link.alias))
        }));
        Some(texts).filter(|texts| !texts.is_empty())
    }

    /// The variables of a container's links; all it is linked to must run on the default network.
    pub(crate) fn link_variables(&self, record: &Record) -> Result<Vec<String>, Error> {
        let mut all = Vec::new();
        for link in &record.links {
            let Ok(child) = self.find(&link.child) else { continue };
            let child = child.snapshot();
            let path = format!("/{}/{}", record.name, link.alias);
            if !child.state.status.is_up() {
                let message = format!("Cannot link to a non running container: /{} AS {path}", child.name);
                return Err(Error::new(Kind::Internal, message));
            }
            let Some(endpoint) = on_bridge(&child) else {
                let message =
                    format!("Cannot link to /{}, as it does not belong to the default network", child.name);
                return Err(Error::new(Kind::Internal, message));
            };
            let address = endpoint.ipv4.map(|address| address.ip.to_string()).unwrap_or_default();
            let ports = child.config.exposed_ports.iter().flat_map(|ports| ports.keys());
            let ports = ports.filter_map(|port| parse_port(port).ok());
            let ports =
                ports.flat_map(|(range, protocol)| range.map(move |port| (port, protocol.to_owned())));
            let env = child.config.env.as_deref().unwrap_or_default();
            all.extend(variables(&path, &address, &ports.collect(), env));
        }
        Ok(all)
    }

    /// The lines of `/etc/hosts` for a container's links.
    pub(crate) fn link_hosts(&self, record: &Record) -> Vec<ExtraHost> {
        let host = |link: &Link| {
            let child = self.find(&link.child).ok()?.snapshot();
            let address = on_bridge(&child)?.addresses().next()?;
            let mut name = format!("{} {}", link.alias, child.hostname());
            if link.alias != child.name {
                name = format!("{name} {}", child.name);
            }
            Some(ExtraHost { name, address })
        };
        record.links.iter().filter_map(host).collect()
    }

    /// Tells those that are linked to a container its address, which a start may have changed.
    pub(crate) fn tell_parents(&self, id: &str) -> Result<(), Error> {
        for parent in self.all() {
            let record = parent.snapshot();
            if record.state.status.has_process() && record.links.iter().any(|link| link.child == id) {
                self.write_hosts(&record)?;
            }
        }
        Ok(())
    }
}

fn on_bridge(record: &Record) -> Option<&Endpoint> {
    record.attached.iter().find(|endpoint| endpoint.network_name == "bridge")
}

/// The variables of one link. `path` is `/parent/alias`, `env` what the other one has.
fn variables(path: &str, address: &str, ports: &BTreeSet<(u16, String)>, env: &[String]) -> Vec<String> {
    let alias = path.rsplit('/').next().unwrap_or(path).to_uppercase().replace('-', "_");
    let ports: Vec<(u16, &str)> = ports.iter().map(|(port, protocol)| (*port, protocol.as_str())).collect();
    let mut all = Vec::new();
    if let Some((port, protocol)) = ports.first() {
        all.push(format!("{alias}_PORT={protocol}://{address}:{port}"));
    }
    let mut at = 0;
    while let Some(&(port, protocol)) = ports.get(at) {
        let end = contiguous(&ports, at);
        // Two that follow each other are no range yet.
        if end <= at + 1 {
            at += 1;
            continue;
        }
        let (last, last_protocol) = ports[end];
        let stem = format!("{alias}_PORT_{port}_{}", protocol.to_uppercase());
        let last_stem = format!("{alias}_PORT_{port}_{}", last_protocol.to_uppercase());
        all.extend([
            format!("{stem}_START={protocol}://{address}:{port}"),
            format!("{stem}_ADDR={address}"),
            format!("{stem}_PROTO={protocol}"),
            format!("{stem}_PORT_START={port}"),
            format!("{last_stem}_END={last_protocol}://{address}:{last}"),
            format!("{last_stem}_PORT_END={last}"),
        ]);
        at = end + 1;
    }
    for (port, protocol) in ports {
        let stem = format!("{alias}_PORT_{port}_{}", protocol.to_uppercase());
        all.extend([
            format!("{stem}={protocol}://{address}:{port}"),
            format!("{stem}_ADDR={address}"),
            format!("{stem}_PORT={port}"),
            format!("{stem}_PROTO={protocol}"),
        ]);
    }
    all.push(format!("{alias}_NAME={path}"));
    let own = env.iter().filter_map(|entry| entry.split_once('='));
    let own = own.filter(|(name, _)| !matches!(*name, "HOME" | "PATH"));
    all.extend(own.map(|(name, value)| format!("{alias}_ENV_{name}={value}")));
    all
}

/// Where the run of ports that follow each other ends which begins at `from`.
fn contiguous(ports: &[(u16, &str)], from: usize) -> usize {
    let first = usize::from(ports[from].0);
    let follows = |at: &usize| usize::from(ports[*at].0) <= first + (at - from);
    (from..ports.len()).take_while(follows).last().unwrap_or(from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_read_as_docker_writes_them() {
        let read = |text: &str| {
            let (name, alias) = parse(text).map_err(|error| error.message)?;
            Ok::<_, String>((name.to_owned(), alias.to_owned()))
        };
        let pair = |name: &str, alias: &str| Ok((name.to_owned(), alias.to_owned()));
        assert_eq!(read("db"), pair("db", "db"));
        assert_eq!(read("db:store"), pair("db", "store"));
        assert_eq!(read("/db:/web/store"), pair("db", "store"));
        assert_eq!(read(""), Err("invalid string specified for links".to_owned()));
        assert_eq!(read("a:b:c"), Err("invalid format for links: a:b:c".to_owned()));
    }

    #[test]
    fn variables_tell_ports_and_environment() {
        let ports = |list: &[(u16, &str)]| list.iter().map(|(port, p)| (*port, (*p).to_owned())).collect();
        let env = ["A=1".to_owned(), "HOME=/x".into(), "PATH=/y".into(), "B".into(), "C=d=e".into()];
        let all = variables("/web/my-db", "10.0.0.2", &ports(&[(5432, "tcp")]), &env);
        assert_eq!(
            all,
            [
                "MY_DB_PORT=tcp://10.0.0.2:5432",
                "MY_DB_PORT_5432_TCP=tcp://10.0.0.2:5432",
                "MY_DB_PORT_5432_TCP_ADDR=10.0.0.2",
                "MY_DB_PORT_5432_TCP_PORT=5432",
                "MY_DB_PORT_5432_TCP_PROTO=tcp",
                "MY_DB_NAME=/web/my-db",
                "MY_DB_ENV_A=1",
                "MY_DB_ENV_C=d=e",
            ]
        );
        let all =
            variables("/w/d", "10.0.0.2", &ports(&[(80, "tcp"), (81, "tcp"), (82, "tcp"), (90, "udp")]), &[]);
        assert_eq!(
            all[..8],
            [
                "D_PORT=tcp://10.0.0.2:80",
                "D_PORT_80_TCP_START=tcp://10.0.0.2:80",
                "D_PORT_80_TCP_ADDR=10.0.0.2",
                "D_PORT_80_TCP_PROTO=tcp",
                "D_PORT_80_TCP_PORT_START=80",
                "D_PORT_80_TCP_END=tcp://10.0.0.2:82",
                "D_PORT_80_TCP_PORT_END=82",
                "D_PORT_80_TCP=tcp://10.0.0.2:80",
            ]
        );
        assert_eq!(variables("/w/d", "10.0.0.2", &ports(&[]), &[]), ["D_NAME=/w/d"]);
        let two = variables("/w/d", "10.0.0.2", &ports(&[(80, "tcp"), (81, "tcp")]), &[]);
        assert!(two.iter().all(|entry| !entry.contains("_START")), "{two:?}");
    }
}
