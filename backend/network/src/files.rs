//! The contents of a container's `/etc/hosts` and `/etc/resolv.conf`.

use std::{
    fmt::Write,
    net::{IpAddr, Ipv4Addr},
};

use crate::Dns;

/// Where a container on a user network asks for names.
pub(crate) const RESOLVER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 11);
/// Whom to ask if the host only asks itself, where a container can't.
const PUBLIC: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::new(8, 8, 8, 8)), IpAddr::V4(Ipv4Addr::new(8, 8, 4, 4))];

/// A name that was given on the command line (`--add-host`, `--link`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtraHost {
    /// The name.
    pub name: String,
    /// Its address.
    pub address: IpAddr,
}

/// `/etc/hosts`: the usual names, those that were given, and the container's own with each of its addresses.
pub fn hosts_file(hostname: &str, domain: &str, addresses: &[IpAddr], extra: &[ExtraHost]) -> String {
    let mut text = String::from(
        "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::0\tip6-localnet\nff00::0\tip6-mcastprefix\nff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n",
    );
    for ExtraHost { name, address } in extra {
        let _ = writeln!(text, "{address}\t{name}");
    }
    let full = if domain.is_empty() { hostname.to_owned() } else { format!("{hostname}.{domain}") };
    let names = full.split_once('.').map_or(full.clone(), |(first, _)| format!("{full} {first}"));
    for address in addresses {
        let _ = writeln!(text, "{address}\t{names}");
    }
    text
}

/// `/etc/resolv.conf`, made of the host's and of what was asked for. `embedded` is whether the container is on a
/// network that resolves names: then the server itself is asked, and asks the others.
pub fn resolv_conf(host: &str, dns: &Dns, embedded: bool) -> String {
    let search = match dns.search.as_slice() {
        [] => words(host, "search").or_else(|| words(host, "domain")).unwrap_or_default(),
        [dot] if dot == "." => Vec::new(),
        given => given.to_vec(),
    };
    let mut options =
        if dns.options.is_empty() { words(host, "options").unwrap_or_default() } else { dns.options.clone() };
    let servers: Vec<String> = if embedded {
        if !options.iter().any(|option| option.starts_with("ndots:")) {
            options.push("ndots:0".to_owned());
        }
        vec![RESOLVER.to_string()]
    } else {
        reachable(host, dns).iter().map(IpAddr::to_string).collect()
    };
    let mut text = String::new();
    if !search.is_empty() {
        let _ = writeln!(text, "search {}", search.join(" "));
    }
    for server in servers {
        let _ = writeln!(text, "nameserver {server}");
    }
    if !options.is_empty() {
        let _ = writeln!(text, "options {}", options.join(" "));
    }
    text
}

/// Name servers that a container itself reaches.
fn reachable(host: &str, dns: &Dns) -> Vec<IpAddr> {
    if !dns.servers.is_empty() {
        return dns.servers.clone();
    }
    let servers: Vec<IpAddr> = nameservers(host).into_iter().filter(|server| !server.is_loopback()).collect();
    if servers.is_empty() { PUBLIC.to_vec() } else { servers }
}

/// Name servers that the server asks for a container: from the host, so its own loopback is as good as any.
pub(crate) fn upstreams(host: &str, dns: &Dns) -> Vec<IpAddr> {
    if !dns.servers.is_empty() {
        return dns.servers.clone();
    }
    let servers = nameservers(host);
    if servers.is_empty() { PUBLIC.to_vec() } else { servers }
}

fn nameservers(host: &str) -> Vec<IpAddr> {
    lines(host, "nameserver").filter_map(|words| words.first()?.parse().ok()).collect()
}

/// The words of the last line of a kind, which is the one that counts.
fn words(host: &str, kind: &str) -> Option<Vec<String>> {
    lines(host, kind).last()
}

fn lines(host: &str, kind: &str) -> impl Iterator<Item = Vec<String>> {
    host.lines().filter_map(move |line| {
        let line = line.split(['#', ';']).next().unwrap_or_default();
        let mut words = line.split_whitespace();
        (words.next() == Some(kind)).then(|| words.map(str::to_owned).collect())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: &str = "# made by hand\nsearch lan example.org\nnameserver 127.0.0.53\nnameserver 192.0.2.1 ; near\noptions edns0\n";

    fn strings(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn a_container_asks_whom_it_reaches() {
        let text = resolv_conf(HOST, &Dns::default(), false);
        assert_eq!(text, "search lan example.org\nnameserver 192.0.2.1\noptions edns0\n");
        let text = resolv_conf("nameserver 127.0.0.53\n", &Dns::default(), false);
        assert_eq!(text, "nameserver 8.8.8.8\nnameserver 8.8.4.4\n");
    }

    #[test]
    fn on_a_user_network_the_server_is_asked() {
        let text = resolv_conf(HOST, &Dns::default(), true);
        assert_eq!(text, "search lan example.org\nnameserver 127.0.0.11\noptions edns0 ndots:0\n");
        assert_eq!(upstreams(HOST, &Dns::default()).len(), 2);
    }

    #[test]
    fn what_was_asked_for_counts() {
        let dns = Dns {
            servers: vec!["9.9.9.9".parse().unwrap()],
            search: strings(&["."]),
            options: strings(&["ndots:3"]),
        };
        assert_eq!(resolv_conf(HOST, &dns, false), "nameserver 9.9.9.9\noptions ndots:3\n");
        assert_eq!(resolv_conf(HOST, &dns, true), "nameserver 127.0.0.11\noptions ndots:3\n");
        assert_eq!(upstreams(HOST, &dns), [IpAddr::from([9, 9, 9, 9])]);
    }

    #[test]
    fn hosts_are_those_that_docker_writes() {
        let extra = [ExtraHost { name: "db".into(), address: "10.0.0.9".parse().unwrap() }];
        let text = hosts_file("web", "", &["172.17.0.2".parse().unwrap()], &extra);
        assert!(
            text.starts_with("127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::0\t")
        );
        assert!(text.ends_with("\nff02::2\tip6-allrouters\n10.0.0.9\tdb\n172.17.0.2\tweb\n"));
        for (host, domain) in [("web", "example.org"), ("web.example", "org"), ("web.example.org", "")] {
            let text = hosts_file(host, domain, &["172.17.0.2".parse().unwrap()], &[]);
            assert!(text.ends_with("172.17.0.2\tweb.example.org web\n"), "{text}");
        }
    }
}
