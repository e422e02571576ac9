//! Writing the rules with nft, where the iptables programs are absent.
//!
//! A table of our own holds everything, and is replaced as a whole. Accepting there doesn't overrule another table's
//! refusal, so with a `FORWARD` policy of DROP that somebody set with iptables nothing passes; but then iptables is
//! there, and this isn't used.

use std::fmt::Write;

use super::{
    plan::{CONTAINERS, Forward, Plan, Range},
    program,
};
use crate::{NetworkError, PublishedPort};

/// Makes the rules of both families be those of a plan; an empty plan leaves nothing of ours.
pub fn write(plan: &Plan) -> Result<(), NetworkError> {
    program::run("nft", &["-f", "-"], &text(plan)).map(drop)
}

/// The transaction: the table is made if it wasn't there, so that it can be removed, and made again.
fn text(plan: &Plan) -> String {
    let mut text = String::new();
    for (family, v4) in [("ip", true), ("ip6", false)] {
        let table = format!("table {family} strata_{}", plan.tag);
        let _ = writeln!(text, "{table}\ndelete {table}");
        let chains = [
            ("leaving", "type nat hook postrouting priority srcnat", sources(plan, v4)),
            ("published", "type nat hook prerouting priority dstnat", translations(plan, v4)),
            ("apart", "type filter hook forward priority mangle", isolation(plan, v4)),
            ("control", "type filter hook input priority filter", protection(plan)),
        ];
        if chains.iter().all(|(_, _, rules)| rules.is_empty()) {
            continue;
        }
        let _ = writeln!(text, "{table} {{");
        for (name, hook, rules) in chains.into_iter().filter(|(_, _, rules)| !rules.is_empty()) {
            let _ = writeln!(text, " chain {name} {{\n  {hook};\n  {}\n }}", rules.join("\n  "));
        }
        let _ = writeln!(text, "}}");
    }
    text
}

fn ranges(plan: &Plan, v4: bool) -> impl Iterator<Item = &Range> {
    plan.networks.iter().filter(move |range| range.subnets.iter().any(|subnet| subnet.is_v4() == v4))
}

fn forwards(plan: &Plan, v4: bool) -> impl Iterator<Item = &Forward> {
    plan.forwards.iter().filter(move |forward| {
        let host = forward.port.host_ip;
        forward.to.is_ipv4() == v4 && host.is_ipv4() == v4 && !host.is_loopback()
    })
}

fn sources(plan: &Plan, v4: bool) -> Vec<String> {
    let family = if v4 { "ip" } else { "ip6" };
    let mut rules = Vec::new();
    for range in ranges(plan, v4).filter(|range| !range.internal) {
        let Range { bridge, subnets, masquerade, .. } = range;
        for subnet in subnets.iter().filter(|subnet| subnet.is_v4() == v4) {
            if *masquerade {
                rules.push(format!(
                    "{family} saddr {subnet} oifname != {{ \"lo\", \"{bridge}\" }} masquerade"
                ));
            }
            if forwards(plan, v4).next().is_some() {
                rules.push(format!("{family} saddr {subnet} oifname \"{bridge}\" ct status dnat masquerade"));
            }
        }
    }
    rules
}

fn translations(plan: &Plan, v4: bool) -> Vec<String> {
    let family = if v4 { "ip" } else { "ip6" };
    let translations = forwards(plan, v4).map(|Forward { port, to }| {
        let PublishedPort { port, host_ip, host_port } = port;
        let local = if host_ip.is_unspecified() {
            "fib daddr type local".to_owned()
        } else {
            format!("{family} daddr {host_ip}")
        };
        format!("{local} {} dport {host_port} {family} saddr != {} dnat to {to}", port.protocol, to.ip())
    });
    let translations: Vec<String> = translations.collect();
    if translations.is_empty() {
        return translations;
    }
    let closed = ranges(plan, v4).filter(|range| range.internal);
    closed.map(|range| format!("iifname \"{}\" return", range.bridge)).chain(translations).collect()
}

fn isolation(plan: &Plan, v4: bool) -> Vec<String> {
    let rules = ranges(plan, v4).flat_map(|range| {
        let bridge = &range.bridge;
        let between = if range.between { "return" } else { "drop" };
        let among = format!("iifname \"{bridge}\" oifname \"{bridge}\" {between}");
        let first = if range.internal {
            [among, format!("iifname \"{bridge}\" drop")]
        } else {
            let known = [("state established,related"), ("status dnat")]
                .map(|ct| format!("oifname \"{bridge}\" ct {ct} return"));
            [known.join("\n  "), among]
        };
        first.into_iter().chain([format!("oifname \"{bridge}\" drop")])
    });
    rules.collect()
}

fn protection(plan: &Plan) -> Vec<String> {
    if plan.protected.is_empty() {
        return Vec::new();
    }
    let ports: Vec<String> = plan.protected.iter().map(u16::to_string).collect();
    let own = plan.networks.iter().map(|range| range.bridge.as_str());
    let bridges = CONTAINERS.into_iter().map(|name| name.replace('+', "*")).chain(own.map(str::to_owned));
    let rule =
        |bridge| format!("iifname \"{bridge}\" tcp dport {{ {} }} reject with tcp reset", ports.join(", "));
    bridges.map(rule).collect()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use crate::firewall::plan::example;

    #[test]
    fn an_empty_plan_leaves_nothing() {
        let plan = Plan { tag: "0badcafe".into(), ..Plan::default() };
        assert_eq!(
            text(&plan),
            "table ip strata_0badcafe\ndelete table ip strata_0badcafe\n\
             table ip6 strata_0badcafe\ndelete table ip6 strata_0badcafe\n"
        );
    }

    #[test]
    fn nft_takes_it_twice_and_gives_it_back() {
        let may = rustix::process::geteuid().is_root() && Command::new("nft").arg("-v").output().is_ok();
        if !may {
            assert!(std::env::var_os("STRATA_TESTS_STRICT").is_none(), "this test needs root and nft");
            eprintln!("skipped: needs root and nft");
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let (full, empty) = (dir.path().join("full"), dir.path().join("empty"));
        std::fs::write(&full, text(&example())).unwrap();
        std::fs::write(&empty, text(&Plan { tag: example().tag, ..Plan::default() })).unwrap();
        let script = format!(
            "nft -f {0} && nft -f {0} && nft list ruleset && nft -f {1} && test -z \"$(nft list ruleset)\"",
            full.display(),
            empty.display()
        );
        let output = Command::new("unshare").args(["--net", "sh", "-c", &script]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let ruleset = String::from_utf8_lossy(&output.stdout);
        for rule in [
            "ip saddr 172.17.0.0/16 oifname != { \"lo\", \"strata0\" } masquerade",
            "tcp dport 8080 ip saddr != 172.17.0.2 dnat to 172.17.0.2:80",
            "iifname \"mine\" drop",
            "iifname \"strata*\" tcp dport 7878 reject with tcp reset",
        ] {
            assert!(ruleset.contains(rule), "{rule} is not in {ruleset}");
        }
    }
}
