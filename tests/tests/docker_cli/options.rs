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
fn options_of_logs() {
    with_box(|duel| {
        for options in [
            "compress=true",
            "compress=x",
            "compress=true max-size=1m max-file=2",
            "max-size=x",
            "max-size=0",
            "max-file=0",
            "max-file=x",
            "mode=blocking max-buffer-size=1m",
            "mode=non-blocking max-buffer-size=1m",
            "mode=non-blocking max-buffer-size=x",
            "labels-regex=[",
        ] {
            let options: Vec<&str> = options.split(' ').flat_map(|option| ["--log-opt", option]).collect();
            let args = run(&[&options[..], &["box", "true"]].concat());
            match options[1].contains("regex") {
                true => duel.same_code(&args, "how an expression is wrong, each says itself"),
                false => duel.same_as(&args, essence),
            };
        }
        let named = [
            "--log-opt",
            "labels=one,none",
            "--log-opt",
            "env-regex=^SO",
            "--log-opt",
            "env=A",
            "--log-opt",
            "tag={{.Name}}/x",
            "-l",
            "one=1 &",
            "-l",
            "two=2",
            "-e",
            "SOME=thing",
            "-e",
            "A=b",
        ];
        let told = ["run", "--network", "none", "--name", "told"];
        duel.prepare(&[&told[..], &named, &["box", "echo", "word"]].concat());
        duel.same(&["logs", "--details", "told"]);
        duel.same(&["logs", "told"]);
        for option in ["labels=one", "tag=x", "compress=false", "max-size=1m"] {
            let driver = ["--log-driver", "local", "--log-opt", option, "box", "echo", "word"];
            duel.same_as(&run(&driver), essence);
        }
    });
}

#[test]
fn changes_with_a_commit() {
    with_box(|duel| {
        duel.prepare(&["create", "--network", "none", "--name", "base", "box"]);
        let changes: [&[&str]; 17] = [
            &["CMD a b", "ENTRYPOINT [\"e\"]"],
            &["ENTRYPOINT e", "USER"],
            &["LABEL a=b", "STOPSIGNAL 9", "SHELL [\"q\"]"],
            &["HEALTHCHECK NONE", "MAINTAINER me"],
            &["HEALTHCHECK --interval=5s CMD x", "ENV B 2 3", "LABEL y=\"2 3\""],
            &["VOLUME [\"/a\",\"/b\"]", "WORKDIR rel", "WORKDIR ../up"],
            &["ONBUILD RUN x", "EXPOSE 1-3 9/udp"],
            &["ONBUILD FROM x"],
            &["EXPOSE x"],
            &["COPY a b"],
            &["ARG x"],
            &["nonsense"],
            &["ENV A"],
            &["CMD [\"x\""],
            &["# only said"],
            &[""],
            &["cmd x"],
        ];
        for change in changes {
            let change: Vec<&str> = change.iter().flat_map(|change| ["--change", change]).collect();
            let commit = [&["commit"][..], &change, &["base", "made"]].concat();
            duel.same_as(&commit, |text| essence(&text.replace("sha256:", "")));
            duel.same_as(&["inspect", "-f", "{{json .Config}}", "made"], |text| {
                // It is of the container's own, a hash.
                let (before, after) = text.split_once("\"Hostname\":\"").unwrap_or((text, ""));
                before.to_owned() + after.split_once('"').map_or("", |(_, after)| after)
            });
            duel.both(&["rmi", "made"]);
        }
    });
}

#[test]
fn updates_that_contradict() {
    with_box(|duel| {
        duel.prepare(&["run", "-d", "--network", "none", "--name", "up", "box", "sleep", "100"]);
        let updates: [&[&str]; 8] = [
            &["-m", "64m"],
            &["-m", "64m", "--memory-swap", "128m"],
            &["--cpus", "0.5"],
            &["--cpu-period", "50000"],
            &["--cpu-quota", "10000"],
            &["--blkio-weight", "300"],
            &["--kernel-memory", "50m"],
            &["--pids-limit", "-1"],
        ];
        for update in updates {
            duel.same_as(&[&["update"], update, &["up"]].concat(), essence);
        }
        duel.same(&["inspect", "-f", "{{.HostConfig.PidsLimit}}", "up"]);
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
            &["builder", "prune", "-f", "--filter", "foo=x", "--filter", "label=x"],
            &["images", "--filter", "dangling=x"],
            &["volume", "ls", "--filter", "dangling=x"],
        ] {
            duel.same(args).fails();
        }
        duel.same(&["builder", "prune", "-f", "--filter", "label=x"]).ok();
    });
}
