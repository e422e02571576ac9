//! Which rules there should be, and their text.

use std::{fmt::Write, net::SocketAddr};

use crate::{Protocol, PublishedPort, Subnet};

/// Bridges that containers of whichever server may be on; `+` is any ending.
pub const CONTAINERS: [&str; 4] = ["strata+", "st-+", "docker0", "br-+"];
/// So many ports fit one rule.
const PORTS: usize = 15;

/// All rules of a server.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// The server's mark.
    pub tag: String,
    /// Networks that have a bridge, closed ones first: what they drop must not be let through for another.
    pub networks: Vec<Range>,
    /// Published ports.
    pub forwards: Vec<Forward>,
    /// TCP ports of the host that containers don't reach.
    pub protected: Vec<u16>,
}

/// What the rules need to know of a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    /// The bridge's name.
    pub bridge: String,
    /// Its address ranges.
    pub subnets: Vec<Subnet>,
    /// Whether what leaves gets the host's address.
    pub masquerade: bool,
    /// No way out and none in.
    pub internal: bool,
    /// Whether its containers reach each other.
    pub between: bool,
}

/// A port of the host, and where its packets go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forward {
    /// The port.
    pub port: PublishedPort,
    /// The container's.
    pub to: SocketAddr,
}

/// One of our chains and the jump to it.
pub struct Chain {
    /// The end of its name.
    pub name: &'static str,
    /// The table.
    pub table: &'static str,
    /// The shared chain that jumps to it.
    pub from: &'static str,
    /// What the jump is for.
    condition: &'static str,
}

/// Our chains, by table.
pub const CHAINS: [Chain; 5] = [
    Chain { name: "NAT", table: "nat", from: "POSTROUTING", condition: "" },
    Chain { name: "DNAT", table: "nat", from: "PREROUTING", condition: "-m addrtype --dst-type LOCAL " },
    Chain { name: "ISO", table: "mangle", from: "FORWARD", condition: "" },
    Chain { name: "FWD", table: "filter", from: "FORWARD", condition: "" },
    Chain { name: "IN", table: "filter", from: "INPUT", condition: "" },
];

impl Plan {
    /// The name of one of our chains.
    pub fn chain(&self, name: &str) -> String {
        format!("STRATA-{}-{name}", self.tag)
    }

    /// The jump to one of our chains, without the command.
    pub fn jump(&self, chain: &Chain) -> String {
        let Chain { name, from, condition, .. } = chain;
        format!("{from} {condition}-m comment --comment strata-{} -j {}", self.tag, self.chain(name))
    }

    fn ranges(&self, v4: bool) -> impl Iterator<Item = &Range> {
        self.networks.iter().filter(move |range| range.subnets.iter().any(|subnet| subnet.is_v4() == v4))
    }

    fn translations(&self, v4: bool) -> Vec<String> {
        self.forwards.iter().filter_map(|forward| translation(forward, v4)).flatten().collect()
    }

    /// Whose packets get another source address.
    fn sources(&self, range: &Range, v4: bool) -> Vec<String> {
        if range.internal {
            return Vec::new();
        }
        let bridge = &range.bridge;
        let mut rules = Vec::new();
        for subnet in range.subnets.iter().filter(|subnet| subnet.is_v4() == v4) {
            if range.masquerade {
                rules.push(format!("-s {subnet} ! -o {bridge} -j MASQUERADE"));
            }
            // A neighbour's answer must come back through the host if the question went to the host's address.
            if !self.translations(v4).is_empty() {
                rules.push(format!("-s {subnet} -o {bridge} -m conntrack --ctstate DNAT -j MASQUERADE"));
            }
        }
        rules
    }

    /// The rules of one chain, each a line of `iptables-restore`.
    pub fn rules(&self, chain: &Chain, v4: bool) -> String {
        let mut text = String::new();
        let name = self.chain(chain.name);
        let mut rule = |rule: String| {
            let _ = writeln!(text, "-A {name} {rule}");
        };
        match chain.name {
            "NAT" => {
                let rules: Vec<String> = self.ranges(v4).flat_map(|range| self.sources(range, v4)).collect();
                if !rules.is_empty() {
                    // What the host says to itself from a bridge's address doesn't leave.
                    rule("-o lo -j RETURN".to_owned());
                }
                rules.into_iter().for_each(rule);
            }
            "DNAT" => {
                let translations = self.translations(v4);
                if !translations.is_empty() {
                    let closed = self.ranges(v4).filter(|range| range.internal);
                    closed.for_each(|range| rule(format!("-i {} -j RETURN", range.bridge)));
                }
                translations.into_iter().for_each(rule);
            }
            "ISO" => self.ranges(v4).flat_map(isolation).for_each(rule),
            "FWD" => self.ranges(v4).flat_map(acceptance).for_each(rule),
            _ => protection(self).into_iter().for_each(rule),
        }
        text
    }
}

fn translation(forward: &Forward, v4: bool) -> Option<[String; 2]> {
    let Forward { port: PublishedPort { port, host_ip, host_port }, to } = forward;
    if to.is_ipv4() != v4 || host_ip.is_ipv4() != v4 || host_ip.is_loopback() {
        return None;
    }
    let address = if host_ip.is_unspecified() { String::new() } else { format!("-d {host_ip} ") };
    let protocol = match port.protocol {
        Protocol::Tcp => "tcp",
        Protocol::Udp => "udp",
    };
    let at = format!("{address}-p {protocol} --dport {host_port}");
    // A bridge doesn't send a packet back to where it came from: to itself, a container goes through the proxy.
    Some([format!("-s {} {at} -j RETURN", to.ip()), format!("{at} -j DNAT --to-destination {to}")])
}

fn isolation(range: &Range) -> Vec<String> {
    let bridge = &range.bridge;
    let between = if range.between { "RETURN" } else { "DROP" };
    let mut rules = Vec::new();
    if range.internal {
        rules.push(format!("-i {bridge} -o {bridge} -j {between}"));
        rules.push(format!("-i {bridge} -j DROP"));
    } else {
        rules.push(format!("-o {bridge} -m conntrack --ctstate RELATED,ESTABLISHED,DNAT -j RETURN"));
        rules.push(format!("-i {bridge} -o {bridge} -j {between}"));
    }
    rules.push(format!("-o {bridge} -j DROP"));
    rules
}

fn acceptance(range: &Range) -> Vec<String> {
    let bridge = &range.bridge;
    vec![format!("-i {bridge} -j ACCEPT"), format!("-o {bridge} -j ACCEPT")]
}

fn protection(plan: &Plan) -> Vec<String> {
    let own = plan.networks.iter().map(|range| range.bridge.as_str());
    let named = own.filter(|name| !CONTAINERS.iter().any(|known| covers(known, name)));
    let bridges: Vec<&str> = CONTAINERS.into_iter().chain(named).collect();
    let mut rules = Vec::new();
    for ports in plan.protected.chunks(PORTS) {
        let ports: Vec<String> = ports.iter().map(u16::to_string).collect();
        rules.extend(bridges.iter().map(|bridge| {
            format!(
                "-i {bridge} -p tcp -m multiport --dports {} -j REJECT --reject-with tcp-reset",
                ports.join(",")
            )
        }));
    }
    rules
}

fn covers(pattern: &str, name: &str) -> bool {
    pattern.strip_suffix('+').map_or(pattern == name, |start| name.starts_with(start))
}

/// One of everything.
#[cfg(test)]
pub fn example() -> Plan {
    let range = |bridge: &str, subnet: &str| Range {
        bridge: bridge.into(),
        subnets: vec![subnet.parse().unwrap()],
        masquerade: true,
        internal: false,
        between: true,
    };
    let forward = |host: &str, to: &str| Forward {
        port: PublishedPort {
            port: crate::Port { number: 80, protocol: Protocol::Tcp },
            host_ip: host.parse().unwrap(),
            host_port: 8080,
        },
        to: to.parse().unwrap(),
    };
    Plan {
        tag: "0badcafe".into(),
        networks: vec![
            Range { internal: true, between: false, ..range("mine", "10.0.0.0/24") },
            range("strata0", "172.17.0.0/16"),
        ],
        forwards: vec![
            forward("0.0.0.0", "172.17.0.2:80"),
            forward("127.0.0.1", "172.17.0.2:80"),
            forward("192.0.2.2", "172.17.0.3:80"),
            forward("::", "172.17.0.2:80"),
        ],
        protected: vec![7878],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(name: &str, v4: bool) -> String {
        let plan = example();
        let chain = CHAINS.iter().find(|chain| chain.name == name).unwrap();
        plan.rules(chain, v4).replace(&format!("-A STRATA-0badcafe-{name} "), "")
    }

    #[test]
    fn only_networks_with_a_way_out_are_masqueraded() {
        assert_eq!(
            text("NAT", true),
            "-o lo -j RETURN\n\
             -s 172.17.0.0/16 ! -o strata0 -j MASQUERADE\n\
             -s 172.17.0.0/16 -o strata0 -m conntrack --ctstate DNAT -j MASQUERADE\n"
        );
        assert_eq!(text("NAT", false), "");
    }

    #[test]
    fn ports_of_the_loopback_are_left_to_the_proxy() {
        assert_eq!(
            text("DNAT", true),
            "-i mine -j RETURN\n\
             -s 172.17.0.2 -p tcp --dport 8080 -j RETURN\n\
             -p tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80\n\
             -s 172.17.0.3 -d 192.0.2.2 -p tcp --dport 8080 -j RETURN\n\
             -d 192.0.2.2 -p tcp --dport 8080 -j DNAT --to-destination 172.17.0.3:80\n"
        );
        assert_eq!(text("DNAT", false), "");
    }

    #[test]
    fn networks_are_apart_and_internal_ones_closed() {
        assert_eq!(
            text("ISO", true),
            "-i mine -o mine -j DROP\n\
             -i mine -j DROP\n\
             -o mine -j DROP\n\
             -o strata0 -m conntrack --ctstate RELATED,ESTABLISHED,DNAT -j RETURN\n\
             -i strata0 -o strata0 -j RETURN\n\
             -o strata0 -j DROP\n"
        );
    }

    #[test]
    fn control_ports_are_closed_to_every_bridge_in_both_families() {
        let rules = text("IN", true);
        assert_eq!(rules, text("IN", false));
        for bridge in ["strata+", "st-+", "docker0", "br-+", "mine"] {
            assert!(rules.contains(&format!("-i {bridge} -p tcp -m multiport --dports 7878 -j REJECT")));
        }
        assert!(!rules.contains("-i strata0"));
    }

    #[test]
    fn many_ports_take_several_rules() {
        let plan = Plan { protected: (1..=16).collect(), ..Plan::default() };
        assert_eq!(protection(&plan).len(), 2 * CONTAINERS.len());
    }
}
