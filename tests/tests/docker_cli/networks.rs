//! Names and addresses: both engines have bridges here, each in a network of its own.

use std::sync::OnceLock;

use strata_tests::{Docker, Pair, duel::Duel, skip_without};

use crate::containers::{essence, sweep};

/// Runs a scenario with each client between the engines with networks.
fn each(scenario: impl Fn(&Duel<'_>)) {
    static PAIR: OnceLock<Pair> = OnceLock::new();
    if skip_without(&["dockerd", "docker", "iptables"]) {
        return;
    }
    let pair = PAIR.get_or_init(Pair::start);
    for (version, program) in Docker::installed() {
        eprintln!("docker {version}");
        let duel = pair.scenario(&program);
        let _sweep = sweep(&duel);
        scenario(&duel);
    }
}

#[test]
fn links_of_the_default_network() {
    each(|duel| {
        let db = [
            "-e",
            "A=1",
            "-e",
            "PATH=/bin",
            "--expose",
            "80-82",
            "--expose",
            "53/udp",
            "--hostname",
            "dbhost",
        ];
        duel.prepare(&[&["run", "-d", "--name", "db"], &db[..], &["box", "sleep", "100"]].concat());
        // dockerd writes several links in no fixed order.
        let look = "{ env | grep -v ^HOSTNAME; grep dbhost /etc/hosts; } | sort";
        duel.same(&["run", "--rm", "--name", "first", "--link", "db:my-db", "box", "sh", "-c", look]).ok();
        duel.same(&[
            "run", "--rm", "--link", "db", "--link", "db:other", "--name", "once", "box", "sh", "-c", look,
        ])
        .ok();
        duel.prepare(&[
            "run",
            "-d",
            "--name",
            "web",
            "--link",
            "db:store",
            "-e",
            "STORE_NAME=mine",
            "box",
            "sleep",
            "100",
        ]);
        duel.same(&["inspect", "-f", "{{json .HostConfig.Links}}", "web"]);
        duel.same(&["inspect", "-f", "{{.Name}}", "web/store", "/web/store"]);
        duel.same(&["exec", "web", "sh", "-c", look]);
        duel.same(&["ps", "--no-trunc", "--format", "{{.Names}}"]);
        duel.same(&["ps", "--filter", "name=store", "--format", "{{.Names}}"]);
        // A new address is told to those that are linked.
        duel.prepare(&["stop", "-t", "0", "db"]);
        duel.same_as(&["restart", "-t", "0", "web"], essence).fails();
        duel.prepare(&["run", "-d", "--name", "between", "box", "sleep", "100"]);
        duel.prepare(&["start", "db"]);
        duel.prepare(&["start", "web"]);
        duel.same(&["exec", "web", "grep", "store", "/etc/hosts"]).ok();
        duel.same(&["rename", "db", "data"]);
        duel.same(&["inspect", "-f", "{{json .HostConfig.Links}}", "web"]);
        duel.same(&["rm", "--link", "web/store"]);
        duel.same(&["inspect", "-f", "{{json .HostConfig.Links}}", "web"]);
        duel.same(&["ps", "--no-trunc", "--format", "{{.Names}}"]);
        for wrong in [&["nobody"][..], &["data:a:b"], &[""], &["data", "--network", "host"]] {
            duel.same_as(&[&["run", "--rm", "--link"], wrong, &["box", "true"]].concat(), essence).fails();
        }
        duel.same_as(&["rm", "--link", "data"], essence).fails();
        duel.same_as(&["rm", "--link", "web/nothing"], essence).fails();
    });
}

#[test]
fn links_and_names_of_a_user_network() {
    each(|duel| {
        duel.prepare(&["network", "create", "--subnet", "10.77.0.0/24", "own"]);
        let on = ["--network", "own"];
        duel.prepare(
            &[&["run", "-d", "--name", "db", "--network-alias", "data"], &on[..], &["box", "sleep", "100"]]
                .concat(),
        );
        let look = "ping -c1 store | head -1; env | grep -i store; grep store /etc/hosts";
        duel.same(&[&["run", "--rm", "--link", "db:store"], &on[..], &["box", "sh", "-c", look]].concat());
        let find = "ping -c1 store | grep PING";
        duel.same_as(&[&["run", "--rm"], &on[..], &["box", "sh", "-c", find]].concat(), essence).fails();
        let shown = "{{(index .NetworkSettings.Networks.own.Aliases 0)}} {{len .NetworkSettings.Networks.own.Aliases}} {{.NetworkSettings.Networks.own.IPAddress}}";
        duel.same(&["inspect", "-f", shown, "db"]);
        duel.same_as(&[&["run", "--rm", "--ip", "10.78.0.1"], &on[..], &["box"]].concat(), essence).fails();
        duel.same(&[
            "network",
            "inspect",
            "-f",
            "{{.IPAM.Driver}} {{json .IPAM.Options}} {{json .Options}}",
            "own",
        ]);
        duel.prepare(&["rm", "-f", "db"]);
        duel.same(&["network", "rm", "own"]);
    });
}

#[test]
fn a_full_name_is_in_hosts_with_its_first_word() {
    each(|duel| {
        for args in [&["-h", "a.b.c"][..], &["-h", "a.b", "--domainname", "c"], &["-h", "a"]] {
            duel.same(&[&["run", "--rm"], args, &["box", "grep", "172.17", "/etc/hosts"]].concat()).ok();
        }
    });
}

#[test]
fn a_container_starts_on_one_network_before_1_44() {
    each(|duel| {
        for name in ["left", "right"] {
            duel.prepare(&["network", "create", name]);
        }
        let both = ["run", "--rm", "--network", "right", "--network", "left", "box", "true"];
        let order = |text: &str| essence(text).replace("right, left", "left, right");
        duel.same_as(&both, order).fails();
        duel.same(&["network", "rm", "left", "right"]);
    });
}
