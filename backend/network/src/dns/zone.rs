//! Who is called what, seen from one container: pure decisions.

use std::net::IpAddr;

use crate::{Alias, Endpoint};

/// What a container is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The name's addresses, none of them perhaps of the family that was asked for.
    Addresses(Vec<IpAddr>),
    /// The address's name.
    Name(String),
    /// Not ours: ask the world.
    Elsewhere,
    /// Not ours, and the world can't be reached.
    Nowhere,
}

/// The endpoints on user networks.
#[derive(Debug, Default)]
pub struct Zone<'a> {
    /// On the networks of the container that asks, its own included.
    pub endpoints: Vec<&'a Endpoint>,
    /// What the container that asks calls others, with the network's identifier.
    pub links: Vec<(&'a str, &'a Alias)>,
    /// Whether one of its networks has a way out.
    pub outside: bool,
}

impl Zone<'_> {
    /// The addresses of a name: a container's name, alias, or the first twelve digits of its identifier; each also
    /// with the network's name behind it; or what the one that asks calls it.
    pub fn find(&self, name: &str) -> Answer {
        let name = name.trim_end_matches('.');
        let mut found: Vec<IpAddr> = self
            .endpoints
            .iter()
            .filter(|endpoint| {
                let qualified = strip(name, &endpoint.network_name);
                let asked = |known: &str| {
                    known.eq_ignore_ascii_case(name)
                        || qualified.is_some_and(|name| known.eq_ignore_ascii_case(name))
                };
                let is = |target: &str| {
                    endpoint.container.id == target || names(endpoint).any(|known| known == target)
                };
                let linked = |(network, link): &(&str, &Alias)| {
                    *network == endpoint.network && asked(&link.name) && is(&link.target)
                };
                names(endpoint).any(asked) || self.links.iter().any(linked)
            })
            .flat_map(|endpoint| endpoint.addresses())
            .collect();
        found.sort();
        found.dedup();
        if found.is_empty() { self.other() } else { Answer::Addresses(found) }
    }

    /// The name of an address.
    pub fn reverse(&self, ip: IpAddr) -> Answer {
        let owner = self.endpoints.iter().find(|endpoint| endpoint.addresses().any(|own| own == ip));
        owner.map_or(self.other(), |owner| {
            Answer::Name(format!("{}.{}", owner.container.name, owner.network_name))
        })
    }

    fn other(&self) -> Answer {
        if self.outside { Answer::Elsewhere } else { Answer::Nowhere }
    }
}

fn names(endpoint: &Endpoint) -> impl Iterator<Item = &str> {
    let short = endpoint.container.id.get(..12).unwrap_or(&endpoint.container.id);
    [endpoint.container.name.as_str(), short]
        .into_iter()
        .chain(endpoint.aliases.iter().map(String::as_str))
        .filter(|name| !name.is_empty())
}

/// What is before `.network`.
fn strip<'a>(name: &'a str, network: &str) -> Option<&'a str> {
    let at = name.len().checked_sub(network.len() + 1)?;
    let (front, back) = (name.get(..at)?, name.get(at..)?);
    back.strip_prefix('.').filter(|back| back.eq_ignore_ascii_case(network)).map(|_| front)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Address, Container};

    fn endpoint(name: &str, ip: &str, aliases: &[&str]) -> Endpoint {
        Endpoint {
            id: String::new(),
            network: "n".into(),
            network_name: "My.Net".into(),
            container: Container::new(format!("{name:0<64}"), name, ""),
            interface: "eth0".into(),
            host_interface: String::new(),
            ipv4: Some(Address { ip: ip.parse().unwrap(), prefix: 24 }),
            ipv6: None,
            gateway: None,
            gateway6: None,
            default_route: true,
            mac: None,
            ports: Vec::new(),
            aliases: aliases.iter().map(|alias| (*alias).to_owned()).collect(),
            links: Vec::new(),
        }
    }

    #[test]
    fn all_names_are_found_whatever_their_case() {
        let (web, db) = (endpoint("web", "10.0.0.2", &["front"]), endpoint("db", "10.0.0.3", &["front"]));
        let link = |target: &str| Alias { name: "store".into(), target: target.into() };
        let (here, elsewhere) = (link("db"), link("web"));
        let links = vec![("n", &here), ("other", &elsewhere)];
        let zone = Zone { endpoints: vec![&web, &db], links, outside: true };
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        for name in ["web", "WEB", "web.", "web000000000", "web.my.net"] {
            assert_eq!(zone.find(name), Answer::Addresses(vec![ip("10.0.0.2")]), "{name}");
        }
        for name in ["store", "Store.my.net"] {
            assert_eq!(zone.find(name), Answer::Addresses(vec![ip("10.0.0.3")]), "{name}");
        }
        assert_eq!(zone.find("front"), Answer::Addresses(vec![ip("10.0.0.2"), ip("10.0.0.3")]));
        for name in ["", "we", "web.other", "my.net", ".my.net", "example.org"] {
            assert_eq!(zone.find(name), Answer::Elsewhere, "{name}");
        }
        assert_eq!(zone.reverse(ip("10.0.0.3")), Answer::Name("db.My.Net".into()));
        assert_eq!(zone.reverse(ip("10.0.0.4")), Answer::Elsewhere);
    }

    #[test]
    fn an_internal_network_asks_nobody() {
        assert_eq!(Zone::default().find("example.org"), Answer::Nowhere);
    }
}
