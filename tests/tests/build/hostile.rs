//! Contexts, Dockerfiles and programs that mean harm.

use std::{fs, time::Duration};

use strata_forge::{Entry, Kind, Layer};
use strata_tests::{
    NetNs, Scratch, Strata, fixture,
    http::{Dial, Request},
    skip_without,
};

use crate::scene::{build, context, scene};

/// Sends a context as it is to the server.
fn send(to: &Dial, query: &str, tar: Vec<u8>) -> (u16, String) {
    let request = Request::new("POST", &format!("/build?{query}"))
        .header("content-type", "application/x-tar")
        .body(tar);
    let answer = request.send(to).unwrap_or_else(|e| panic!("a build of {query}: {e}"));
    (answer.status, answer.text())
}

/// The tar of a layer, whatever is in it.
fn tar(entries: Vec<Entry>) -> Vec<u8> {
    let mut layer = Layer::new();
    for entry in entries {
        layer.push(entry);
    }
    layer.tar()
}

#[test]
fn nothing_of_a_context_leads_out() {
    let Some(scene) = scene() else { return };
    let unix = scene.strata.unix();
    let outside = Scratch::new("outside");
    let secret = outside.join("secret");
    fs::write(&secret, "of the host").expect("the scratch directory is writable");
    let secret = secret.display().to_string();
    let file = |path: &str, text: &str| Entry::file(path, text);
    let dockerfile = |text: &str| file("Dockerfile", text);
    // Links that lead out lead nowhere: inside there is nothing at that place.
    for (link, source) in [
        (secret.clone(), "link"),
        ("../../../../etc/hostname".into(), "link"),
        ("/".into(), "link/etc/hostname"),
    ] {
        let entries =
            vec![Entry::symlink("link", &link), dockerfile(&format!("FROM scratch\nCOPY {source} /x\n"))];
        let (_, text) = send(&unix, "q=1", tar(entries));
        assert!(text.contains("file not found in build context"), "{link}: {text}");
    }
    // Files through links stay in the context.
    let entries = vec![
        Entry::symlink("out", outside.path().display().to_string()),
        file("out/written", "x"),
        dockerfile("FROM scratch\nCOPY . /\n"),
    ];
    send(&unix, "q=1", tar(entries));
    assert!(!outside.join("written").exists(), "a context wrote to the host");
    // Hard links are to the context's own files.
    let entries = vec![Entry::hardlink("hard", &secret), dockerfile("FROM scratch\nCOPY hard /x\n")];
    let (_, text) = send(&unix, "q=1", tar(entries));
    assert!(text.contains("Error processing tar file") || text.contains("file not found"), "{text}");
    // Devices have no place in a context.
    let entries = vec![Entry::new("null", Kind::CharDevice(1, 3)), dockerfile("FROM scratch\nCOPY . /\n")];
    let (status, text) = send(&unix, "q=1", tar(entries));
    assert!(status == 400 && text.contains("devices are not accepted"), "{status} {text}");
    // A Dockerfile outside.
    for path in ["../../etc/passwd", "/etc/passwd"] {
        let (status, text) =
            send(&unix, &format!("dockerfile={path}"), tar(vec![dockerfile("FROM scratch\n")]));
        assert!(status == 500 && text.contains("Cannot locate specified Dockerfile"), "{status} {text}");
    }
    let (status, text) = send(&unix, "q=1", b"no archive at all".repeat(99));
    assert!(status == 400 && text.contains("Error processing tar file"), "{status} {text}");
    assert_eq!(fs::read_to_string(&secret).expect("it is there"), "of the host");
}

#[test]
fn steps_do_not_reach_the_host_through_images() {
    let Some(scene) = scene() else { return };
    let client = scene.client();
    let marker = Scratch::new("marker");
    let target = marker.path().display();
    let text = format!(
        "FROM bb AS evil\nRUN ln -s / /root-link && ln -s {target} /out && ln -s /proc/self/root /magic && ln -s ../../../../../.. /up\n\
         FROM evil\nCOPY f /out/written\nCOPY f /magic/written\nCOPY f /up/written-up\nWORKDIR /out/deep\nWORKDIR /up/made\nADD f /root-link/added\n\
         COPY --from=evil /root-link/etc/passwd /copied\nRUN cat /copied | grep web\n"
    );
    let files = context(&[("Dockerfile", &text), ("f", "hostile\n")]);
    build(&client, files.path(), &["-t", "hostile"]).ok();
    assert_eq!(fs::read_dir(marker.path()).expect("it can be read").count(), 0, "a step wrote to the host");
    for path in ["/written-up", "/made", "/added", "/copied"] {
        assert!(fs::symlink_metadata(path).is_err(), "{path} is on the host");
    }
}

#[test]
fn private_addresses_and_odd_repositories_are_refused() {
    let Some(scene) = scene() else { return };
    let client = scene.client();
    for (source, expected) in [
        ("http://169.254.169.254/latest/meta-data/", "may not be fetched from"),
        ("http://127.0.0.1:1/x", "may not be fetched from"),
        ("http://[::1]:1/x", "may not be fetched from"),
        ("http://10.1.2.3/x", "may not be fetched from"),
        ("https://127.0.0.1/x.git", "may not fetch from"),
        ("git://127.0.0.1/x", "may not fetch from"),
        ("git@github.com:x/y.git", "ssh needs a key"),
    ] {
        let files = context(&[("Dockerfile", &format!("FROM scratch\nADD {source} /x/\n"))]);
        let refused = build(&client, files.path(), &[]).fails();
        assert!(refused.stderr.contains(expected), "{source}: {refused}");
    }
    // The command line fetches contexts itself; the server does for others.
    let to = scene.strata.unix();
    for remote in [
        "ext::sh%20-c%20touch%25/tmp/x",
        "file:///etc/passwd",
        "https://user:pass@host/x.git",
        "http://169.254.169.254/latest/",
        "http://localhost:1/x.tar",
        "git://127.0.0.1/x",
        "https://10.0.0.1/x.git",
    ] {
        let request = Request::new("POST", &format!("/build?remote={remote}"));
        let answer = request.send(&to).expect("an answer");
        assert!(answer.status >= 400, "{remote}: {}", answer.text());
    }
}

#[test]
fn endless_output_and_fork_bombs_leave_the_server_responsive() {
    if skip_without(&["runc", "ip"]) || !rustix::process::geteuid().is_root() {
        return;
    }
    let netns = NetNs::new();
    let registry = netns.inside(strata_faulty_registry::FaultyRegistry::start);
    fixture::offer(&registry, &fixture::busybox().build(), "box");
    let strata = Strata::start_in(&netns);
    let base = format!("{}/box", registry.domain());
    let client = strata_tests::Docker::new(&strata.socket()).api("1.41");
    for script in ["while true; do echo endless; done", "bomb() { bomb | bomb & }; bomb; while :; do :; done"]
    {
        let files = context(&[("Dockerfile", &format!("FROM {base}\nRUN {script}\n"))]);
        // A bomb that can't fork any more ends by itself, and a step that fails leaves its container.
        let mut command = client.command(&["build", "--force-rm", "--network", "none", "."]);
        command.current_dir(files.path()).env("DOCKER_BUILDKIT", "0");
        command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
        let mut building = command.spawn().expect("docker starts");
        let running = || client.run(&["ps", "-q"]).ok().lines().len();
        let deadline = std::time::Instant::now() + Duration::from_secs(60);
        while running() == 0 {
            assert!(std::time::Instant::now() < deadline, "the step doesn't start");
        }
        // The server answers meanwhile, and doesn't grow.
        for _ in 0..20 {
            client.run(&["version"]).ok();
        }
        assert!(strata.resident_memory() < 600 << 20, "{} bytes", strata.resident_memory());
        building.kill().expect("it runs");
        building.wait().expect("it ended");
        let deadline = std::time::Instant::now() + Duration::from_secs(60);
        while client.run(&["ps", "-aq"]).ok().lines().iter().any(|line| !line.is_empty()) {
            assert!(std::time::Instant::now() < deadline, "the step goes on without its client");
        }
    }
}
