//! What happens to containers, volumes and networks is told as dockerd tells it: in its words and order.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::containers::with_box;
use strata_tests::duel::Duel;

/// Unix time as clients send it.
fn now() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    format!("{}.{:09}", now.as_secs(), now.subsec_nanos())
}

/// Everything but ids of execs.
const SHOWN: &str = "{{.Type}} {{.Action}}{{range $k, $v := .Actor.Attributes}}{{if ne $k \"execID\"}} {{$k}}={{$v}}{{end}}{{end}}";

fn compare(duel: &Duel<'_>, since: &str, filters: &[&str]) {
    let until = now();
    let mut args = vec!["events", "--since", since, "--until", &until, "--format", SHOWN];
    for filter in filters {
        args.extend(["--filter", filter]);
    }
    duel.same_as(&args, comparable);
}

/// Without ids, and without the networks that dockerd can't have where the two are. dockerd tells of a volume's creation
/// again for each container that names it.
fn comparable(text: &str) -> String {
    let word = |word: &str| match word.len() >= 64 && word.ends_with(|c: char| c.is_ascii_hexdigit()) {
        true => word[..word.len() - 64].to_owned(),
        false => word.to_owned(),
    };
    let mut lines: Vec<String> = text
        .lines()
        .filter(|line| !line.starts_with("network"))
        .map(|line| line.split(' ').map(word).collect::<Vec<_>>().join(" "))
        .collect();
    lines.dedup();
    lines.join("\n")
}

#[test]
fn a_life_is_told() {
    with_box(|duel| {
        let begun = now();
        duel.prepare(&["volume", "create", "kept"]);
        let life =
            ["run", "--network", "none", "--name", "one", "-l", "k=v", "-v", "kept:/data", "box", "true"];
        duel.prepare(&life);
        duel.prepare(&["rm", "one"]);
        duel.prepare(&["volume", "rm", "kept"]);
        duel.prepare(&["run", "-d", "--network", "none", "--name", "two", "box", "sleep", "100"]);
        duel.prepare(&["exec", "two", "true"]);
        duel.both(&["exec", "two", "sh", "-c", "exit 4"]);
        duel.prepare(&["pause", "two"]);
        duel.prepare(&["unpause", "two"]);
        duel.prepare(&["top", "two"]);
        duel.prepare(&["cp", "/etc/hostname", "two:/tmp/x"]);
        duel.prepare(&["cp", "/etc/hostname", "two:/tmp"]);
        duel.prepare(&["cp", "two:/tmp/x", "-"]);
        duel.prepare(&["commit", "-m", "why", "two", "made"]);
        duel.prepare(&["rename", "two", "three"]);
        duel.prepare(&["update", "--memory", "64m", "--memory-swap", "64m", "three"]);
        duel.prepare(&["kill", "-s", "USR1", "three"]);
        duel.prepare(&["restart", "-t", "0", "three"]);
        duel.prepare(&["stop", "-t", "0", "three"]);
        duel.prepare(&["rm", "three"]);
        duel.prepare(&["rmi", "made"]);
        compare(duel, &begun, &[]);
        for filters in [
            &["container=two"][..],
            &["container=t"],
            &["event=exec_create"],
            &["event=exec"],
            &["event=start", "event=die"],
            &["type=image", "type=volume"],
            &["label=k"],
            &["label=k=w"],
            &["image=box"],
            &["volume=kept"],
            &["scope=swarm"],
            &["nosuch=1"],
        ] {
            compare(duel, &begun, filters);
        }
        duel.same(&["events", "--since", "2000", "--until", "1000"]).fails();
    });
}

#[test]
fn health_and_memory_are_told() {
    with_box(|duel| {
        let begun = now();
        let hungry = "x=x; while true; do x=$x$x; done";
        let args = [
            "run",
            "--network",
            "none",
            "--name",
            "hungry",
            "-m",
            "8m",
            "--memory-swap",
            "8m",
            "box",
            "sh",
            "-c",
            hungry,
        ];
        duel.same(&args).fails();
        duel.prepare(&["rm", "hungry"]);
        compare(duel, &begun, &[]);

        let begun = now();
        let probe =
            ["--health-cmd", "test -e /tmp/well", "--health-interval", "100ms", "--health-retries", "1"];
        let args =
            [&["run", "-d", "--network", "none", "--name", "sick"], &probe[..], &["box", "sleep", "100"]];
        duel.prepare(&args.concat());
        let verdict = |wanted: &str| {
            let status = ["inspect", "-f", "{{.State.Health.Status}}", "sick"];
            for client in [duel.clients().0, duel.clients().1] {
                while client.run(&status).ok().text() != wanted {
                    std::thread::sleep(std::time::Duration::from_millis(50));
                }
            }
        };
        verdict("unhealthy");
        duel.prepare(&["exec", "sick", "touch", "/tmp/well"]);
        verdict("healthy");
        compare(duel, &begun, &["event=health_status"]);
        duel.prepare(&["rm", "-f", "sick"]);
    });
}
