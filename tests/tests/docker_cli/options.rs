//! Options of `docker run`, `update` and lists that few use: what they do, or the same refusal.

use crate::containers::{essence, run, with_box};

#[test]
fn limits_and_modes() {
    with_box(|duel| {
        let cases: [&[&str]; 14] = [
            &["--read-only", "box", "sh", "-c", "touch /etc/hosts"],
            &["--blkio-weight", "300", "box", "true"],
            &["--blkio-weight", "5", "box", "true"],
            &["--kernel-memory", "10m", "box", "true"],
            &["--storage-opt", "foo=1", "box", "true"],
            &["--storage-opt", "size=1g", "box", "true"],
            &["--cpu-shares", "1", "box", "true"],
            &["--cpu-shares", "-1", "box", "true"],
            &["--cpuset-cpus", "1-0", "box", "true"],
            &["--cpuset-cpus", "99", "box", "true"],
            &["--cpuset-mems", "9", "box", "true"],
            &["--log-opt", "mode=foo", "box", "true"],
            &["--log-driver", "local", "--log-opt", "foo=1", "box", "true"],
            &["--log-driver", "nosuch", "box", "true"],
        ];
        for case in cases {
            duel.same_as(&run(case), essence);
        }
        duel.same_as(&["pull", "--platform", "a/b/c/d", "box"], essence).fails();
    });
}

#[test]
fn updates_that_contradict() {
    with_box(|duel| {
        duel.prepare(&["run", "-d", "--network", "none", "--name", "up", "box", "sleep", "100"]);
        let updates: [&[&str]; 7] = [
            &["-m", "64m"],
            &["-m", "64m", "--memory-swap", "128m"],
            &["--cpus", "0.5"],
            &["--cpu-period", "50000"],
            &["--cpu-quota", "10000"],
            &["--blkio-weight", "300"],
            &["--kernel-memory", "50m"],
        ];
        for update in updates {
            duel.same_as(&[&["update"], update, &["up"]].concat(), essence);
        }
    });
}

#[test]
fn filters_that_make_no_sense() {
    with_box(|duel| {
        duel.prepare(&["create", "--network", "none", "--name", "one", "box"]);
        for filter in [
            "status=foo",
            "foo=bar",
            "exited=x",
            "name=[",
            "since=nosuch",
            "before=nosuch",
            "is-task=x",
            "health=foo",
            "publish=x",
            "publish=1:2",
            "expose=9-8",
        ] {
            duel.same(&["ps", "-a", "--filter", filter, "--format", "{{.Names}}"]);
        }
        for args in [
            &["container", "prune", "-f", "--filter", "until=x"][..],
            &["container", "prune", "-f", "--filter", "foo=x"],
            &["image", "prune", "-f", "--filter", "until=x"],
            &["builder", "prune", "-f", "--filter", "foo=x"],
            &["images", "--filter", "dangling=x"],
            &["volume", "ls", "--filter", "dangling=x"],
        ] {
            duel.same(args).fails();
        }
    });
}
