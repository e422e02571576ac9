//! Containers: run, exec, logs, diff, commit, cp and the rest, with a shell in them that is busybox.

use crate::scene::*;
use strata_tests::duel::Duel;

/// Ids, times and what the runtime's wrapping of an error adds are not comparable.
pub(crate) fn anonymous(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let mut words: Vec<String> = line.split(' ').map(word).collect();
        words.retain(|word| !word.is_empty());
        out += words.join(" ").trim_end();
        out.push('\n');
    }
    out
}

/// A hexadecimal id becomes `<id>`, with whatever stands around it.
fn word(word: &str) -> String {
    let core = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    let is_id = matches!(core.len(), 12 | 64) && core.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if is_id { word.replace(core, "<id>") } else { word.to_owned() }
}

/// The words of an error without the names of the programs that pass it on, which differ by version.
pub(crate) fn essence(text: &str) -> String {
    let mut text = anonymous(text);
    for wrapping in [
        "failed to create shim task: ",
        "failed to create task for container: ",
        "OCI runtime create failed: ",
    ] {
        text = text.replace(wrapping, "");
    }
    // An old client tells of a wait that its own failure ended, a new one does not.
    let told = |line: &&str| !line.contains("level=error") && !line.contains("rror waiting for container");
    text.lines().filter(told).map(|line| line.trim_end_matches('.').to_owned() + "\n").collect()
}

/// Runs a scenario with the image `box` in both engines, and removes all containers after it.
pub(crate) fn with_box(scenario: impl Fn(&Duel<'_>)) {
    each(|duel, names| {
        duel.prepare(&["pull", "--quiet", &names.open("box")]);
        duel.prepare(&["tag", &names.open("box"), "box"]);
        let _sweep = sweep(duel);
        scenario(duel);
    });
}

/// Removes all containers when what it returns is dropped, also if the scenario fails.
pub(crate) fn sweep<'a>(duel: &'a Duel<'a>) -> impl Drop + 'a {
    Sweep(duel)
}

struct Sweep<'a>(&'a Duel<'a>);

impl Drop for Sweep<'_> {
    fn drop(&mut self) {
        for client in [self.0.clients().0, self.0.clients().1] {
            let ids = client.run(&["ps", "-aq", "--no-trunc"]);
            if !ids.lines().is_empty() {
                client.run(&[&["rm", "-f", "-v"], &ids.lines()[..]].concat());
            }
        }
    }
}

const RUN: [&str; 4] = ["run", "--rm", "--network", "none"];

pub(crate) fn run<'a>(args: &[&'a str]) -> Vec<&'a str> {
    [&RUN[..], args].concat()
}

#[test]
fn what_a_command_prints_and_returns() {
    with_box(|duel| {
        let cases: [&[&str]; 16] = [
            &["box", "echo", "hello"],
            &["box", "sh", "-c", "echo out; echo err >&2; exit 3"],
            &["box", "false"],
            &["box", "sh", "-c", "kill -9 $$"],
            &["box"],
            &["--hostname", "here", "-e", "A=1", "-e", "B", "box", "env"],
            &["--hostname", "here", "box", "hostname"],
            &["-w", "/made/up", "box", "pwd"],
            &["-u", "1000:1001", "box", "id"],
            &["-u", "root", "box", "id"],
            &["--entrypoint", "echo", "box", "from", "the", "entrypoint"],
            &["--entrypoint", "", "box", "echo", "none"],
            &["--read-only", "box", "touch", "/x"],
            &["--tmpfs", "/t", "box", "sh", "-c", "touch /t/x && ls /t"],
            &["--memory", "32m", "box", "cat", "/sys/fs/cgroup/memory/memory.limit_in_bytes"],
            &["--pids-limit", "50", "box", "cat", "/sys/fs/cgroup/pids/pids.max"],
        ];
        for case in cases {
            duel.same_as(&run(case), anonymous);
        }
    });
}

#[test]
fn what_cannot_be_run() {
    with_box(|duel| {
        let cases: [&[&str]; 14] = [
            &["box", "nosuch"],
            &["box", "/etc"],
            &["-u", "nobody-here", "box", "true"],
            &["-w", "relative", "box", "true"],
            &["--memory", "1k", "box", "true"],
            &["--memory", "nonsense", "box", "true"],
            &["--name", "bad name", "box", "true"],
            &["--name", "a", "box", "true"],
            &["--network", "nosuch", "box", "true"],
            &["-v", "relative/path:/x", "box", "true"],
            &["-v", "/a:relative", "box", "true"],
            &["--cap-add", "NONSENSE", "box", "true"],
            &["--volumes-from", "nosuch", "box", "true"],
            &["--restart", "sometimes", "box", "true"],
        ];
        for case in cases {
            let args = if case[0] == "--network" { [&["run", "--rm"], case].concat() } else { run(case) };
            duel.same_as(&args, essence).fails();
        }
    });
}

#[test]
fn from_create_to_rm() {
    with_box(|duel| {
        let first =
            ["create", "--network", "none", "--name", "first", "box", "sh", "-c", "echo started; sleep 100"];
        duel.prepare(&first);
        duel.same_as(&["create", "--network", "none", "--name", "first", "box"], essence).fails();
        duel.same(&["ps", "-a", "--format", "{{.Names}} {{.Image}} {{.Command}} {{.Status}} {{.Ports}}"]);
        duel.same(&["start", "first"]);
        duel.same(&["start", "first"]);
        duel.same(&["ps", "--format", "{{.Names}} {{.State}}"]);
        duel.same(&[
            "inspect",
            "-f",
            "{{.State.Status}} {{.State.Running}} {{.Path}} {{json .Args}} {{.Name}}",
            "first",
        ]);
        duel.same(&[
            "inspect",
            "-f",
            "{{json .Config.Cmd}} {{json .Config.Env}} {{.HostConfig.NetworkMode}}",
            "first",
        ]);
        duel.same(&["logs", "first"]);
        duel.same_as(&["rm", "first"], essence).fails();
        duel.same(&["pause", "first"]);
        duel.same_as(&["exec", "first", "true"], essence).fails();
        duel.same(&["unpause", "first"]);
        duel.same(&["exec", "first", "sh", "-c", "echo in; exit 4"]);
        duel.same_as(&["exec", "first", "nosuch"], essence).fails();
        duel.same(&["exec", "-e", "X=y", "-w", "/tmp", "first", "sh", "-c", "echo $X; pwd"]);
        duel.same(&["rename", "first", "second"]);
        duel.same_as(&["rename", "first", "third"], essence).fails();
        duel.same(&["stop", "-t", "0", "second"]);
        duel.same(&["stop", "second"]);
        duel.same(&["inspect", "-f", "{{.State.Status}} {{.State.ExitCode}}", "second"]);
        duel.same(&["wait", "second"]);
        duel.same(&["restart", "-t", "0", "second"]);
        duel.same(&["kill", "second"]);
        duel.same_as(&["kill", "second"], essence).fails();
        duel.same_as(&["exec", "second", "true"], essence).fails();
        duel.same(&["rm", "second"]);
        for verb in
            ["start", "stop", "kill", "restart", "pause", "logs", "top", "wait", "diff", "inspect", "rm"]
        {
            duel.same_as(&[verb, "second"], essence).fails();
        }
    });
}

#[test]
fn changes_and_commits() {
    with_box(|duel| {
        let script = "echo hi > /etc/hello; rm /bin/vi; chmod 600 /etc/passwd; mkdir -p /etc/new/deep; mv /etc/group /etc/g2";
        duel.prepare(&["run", "--network", "none", "--name", "changed", "box", "sh", "-c", script]);
        duel.same_as(&["diff", "changed"], strata_tests::duel::sorted);
        let changes = ["-c", "CMD [\"sh\",\"-c\",\"cat /etc/hello\"]", "-c", "ENV A=b", "-c", "EXPOSE 80"];
        let commit = [&["commit", "-a", "me", "-m", "why"][..], &changes, &["changed", "made:1"]].concat();
        duel.prepare(&commit);
        let shown = "{{json .Config.Cmd}} {{json .Config.Env}} {{json .Config.ExposedPorts}} {{.Author}} {{.Comment}} {{len .RootFS.Layers}}";
        duel.same(&["inspect", "-f", shown, "made:1"]);
        duel.same(&["history", "--format", "{{.CreatedBy}} {{.Comment}} {{.Size}}", "made:1"]);
        duel.same(&run(&["made:1"]));
        duel.same(&run(&["made:1", "sh", "-c", "ls /etc; stat -c %a /etc/passwd; ls /bin/vi"]));
        duel.same_as(&["commit", "nosuch", "x"], essence).fails();
        duel.same_as(&["commit", "changed", "UPPER"], |text| unnamed(&essence(text))).fails();
        duel.same_as(&["rmi", "box"], essence);
        duel.same(&["rm", "changed"]);
    });
}

#[test]
fn files_in_and_out() {
    with_box(|duel| {
        duel.prepare(&["run", "-d", "--network", "none", "--name", "files", "box", "sleep", "100"]);
        let scratch = strata_tests::Scratch::new("cp");
        std::fs::create_dir_all(scratch.join("dir/sub")).expect("a directory");
        std::fs::write(scratch.join("dir/sub/file"), "one\n").expect("a file");
        let dir = scratch.join("dir").display().to_string();
        duel.same(&["cp", &dir, "files:/tmp"]).ok();
        duel.same(&["cp", &format!("{dir}/."), "files:/made"]);
        duel.same(&["exec", "files", "sh", "-c", "cat /tmp/dir/sub/file; ls /made"]);
        for (from, what) in [("files:/nosuch", "/nosuch"), ("nosuch:/x", "no container")] {
            let target = scratch.join(what.trim_start_matches('/')).display().to_string();
            duel.same_as(&["cp", from, &target], essence).fails();
        }
        duel.same_as(&["cp", &dir, "files:/etc/passwd"], essence).fails();
        duel.same(&["rm", "-f", "files"]);
    });
}

#[test]
fn an_image_in_use_stays() {
    with_box(|duel| {
        duel.prepare(&["create", "--network", "none", "--name", "user", "box"]);
        let id = id(duel, "box");
        duel.same_as(&["rmi", &id], essence).fails();
        duel.same(&["ps", "-aq", "--filter", "ancestor=nosuch"]);
        duel.same(&["ps", "-a", "--filter", "ancestor=box", "--format", "{{.Names}}"]);
        duel.same(&["ps", "-a", "--filter", "status=created", "--format", "{{.Names}}"]);
        duel.same(&["ps", "-l", "--format", "{{.Names}}"]);
        duel.same_code(&["ps", "--filter", "nosuch=1"], "dockerd's later versions write it small, as ours")
            .fails();
        duel.same(&["rm", "user"]);
        // One that is forced out leaves its layers to its container.
        duel.prepare(&["run", "--network", "none", "--name", "one", "box", "touch", "/one"]);
        duel.prepare(&["commit", "one", "layered"]);
        duel.prepare(&["create", "--network", "none", "--name", "held", "layered", "ls", "/one"]);
        let bare = |text: &str| essence(&text.replace("sha256:", ""));
        duel.same_as(&["rmi", "layered"], bare).fails();
        duel.same_as(&["rmi", "-f", "layered"], bare);
        duel.same(&["start", "-a", "held"]);
        duel.same(&["rm", "one", "held"]);
    });
}

#[test]
fn lists_logs_and_changes_of_containers() {
    with_box(|duel| {
        let up =
            ["-l", "a=b", "--restart", "on-failure:3", "-m", "64m", "--cpus", "0.5", "box", "sleep", "100"];
        duel.prepare(&[&["run", "-d", "--network", "none", "--name", "up"], &up[..]].concat());
        let dead = ["box", "sh", "-c", "echo one; echo two; exit 3"];
        duel.both(&[&["run", "--network", "none", "--name", "dead"], &dead[..]].concat());
        duel.prepare(&["create", "-it", "--network", "none", "-u", "5", "--name", "made", "box"]);
        for filter in [
            "name=^/up$",
            "name=u",
            "label=a=b",
            "label=a=c",
            "exited=3",
            "status=created",
            "health=none",
            "volume=/x",
            "before=made",
            "since=up",
            "network=none",
            "network=nosuch",
            "ancestor=box",
            "publish=80",
            "expose=80",
            "is-task=true",
        ] {
            duel.same(&["ps", "-a", "--filter", filter, "--format", "{{.Names}} {{.Labels}} {{.State}}"]);
        }
        duel.same(&["ps", "-as", "--format", "{{.Names}} {{.Size}}"]);
        let shown = "{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}} {{.HostConfig.PidsLimit}} {{json .HostConfig.RestartPolicy}} {{json .Config.Volumes}}";
        duel.same(&["inspect", "-f", shown, "up"]);
        duel.same(&["inspect", "-s", "-f", "{{.SizeRw}} {{.SizeRootFs}}", "dead"]);
        for args in
            [&["--tail", "1"][..], &["--tail", "x"], &["--details"], &["--since", "1h"], &["--until", "1h"]]
        {
            duel.same(&[&["logs"], args, &["dead"]].concat());
        }
        for args in [
            &["--memory", "32m"][..],
            &["--memory", "4m"],
            &["--restart", "bad"],
            &["--pids-limit", "20"],
            &[],
        ] {
            duel.same_as(&[&["update"], args, &["up"]].concat(), essence);
        }
        duel.same(&["inspect", "-f", shown, "up"]);
        for signal in ["NOPE", "99", "-1", "9999999999", "0"] {
            duel.same_as(&["kill", "-s", signal, "up"], essence).fails();
        }
        for name in ["bad name", "dead", "up", ""] {
            duel.same_as(&["rename", "up", name], essence).fails();
        }
        let wrong: [&[&str]; 6] = [
            &["--storage-opt", "size=1G"],
            &["--ip", "1.2.3.4"],
            &["--ipc", "container:up"],
            &["--cpuset-cpus", "99"],
            &["--log-opt", "bad=1"],
            &["--health-cmd", "x", "--health-interval", "1us"],
        ];
        for args in wrong {
            duel.same_as(&[&RUN[..], args, &["box", "true"]].concat(), essence).fails();
        }
        duel.same_code(
            &[&RUN[..], &["--platform", "linux/arm64", "box", "true"]].concat(),
            "it is looked for elsewhere",
        )
        .fails();
        duel.same(&["rm", "-f", "up", "dead", "made"]);
    });
}
