//! Contexts that come in other ways: compressed, from addresses, from repositories.

use std::{fs, process::Command, sync::Arc};

use strata_tests::{NetNs, Scratch, Strata, fixture, http::Request, run, strata::Options};

use crate::scene::{context, scene};

#[test]
fn archives_are_taken_in_every_compression() {
    let Some(scene) = scene() else { return };
    let files = context(&[("Dockerfile", "FROM scratch\nCOPY f /f\n"), ("f", "x\n")]);
    let scratch = Scratch::new("archives");
    let tar = scratch.join("t.tar");
    run(Command::new("tar").arg("-cf").arg(&tar).arg("-C").arg(files.path()).arg(".")).ok();
    for program in ["gzip", "bzip2", "xz", "zstd"] {
        if !strata_tests::skip_without(&[program]) {
            run(Command::new(program).args(["-k", "-q"]).arg(&tar)).ok();
        }
    }
    let mut ids = Vec::new();
    for entry in fs::read_dir(scratch.path()).expect("it can be read").flatten() {
        let body = fs::read(entry.path()).expect("it can be read");
        let answer =
            Request::new("POST", "/build?q=1").body(body).send(&scene.strata.unix()).expect("an answer");
        assert!(answer.text().contains("sha256:"), "{}: {}", entry.path().display(), answer.text());
        ids.push(answer.text());
    }
    ids.dedup();
    assert_eq!(ids.len(), 1, "the same files make the same image");
}

/// A server that may fetch from its own network, and files that are served there.
struct Served {
    strata: Strata,
    root: Scratch,
    base: String,
    _netns: Arc<NetNs>,
    _server: strata_tests::Daemon,
    _registry: strata_faulty_registry::FaultyRegistry,
    port: u16,
}

fn served() -> Option<Served> {
    if strata_tests::skip_without(&["runc", "ip", "busybox", "git"]) || !rustix::process::geteuid().is_root()
    {
        return None;
    }
    let netns = NetNs::new();
    let registry = netns.inside(strata_faulty_registry::FaultyRegistry::start);
    fixture::offer(&registry, &fixture::busybox().build(), "box");
    let base = format!("{}/box", registry.domain());
    let root = Scratch::new("served");
    let port = strata_tests::netns::free_port(Some(&netns));
    let mut command = netns.command("busybox");
    command.args(["httpd", "-f", "-p", &format!("127.0.0.1:{port}"), "-h"]).arg(root.path());
    let mut server = strata_tests::Daemon::start(&mut command, &root.join(".log"));
    strata_tests::netns::wait_for_port(&mut server, Some(&netns), port);
    let options = Options {
        netns: Some(Arc::clone(&netns)),
        env: vec![("STRATA_BUILD_PRIVATE_ADDRESSES".into(), "true".into())],
        ..Options::default()
    };
    let strata = Strata::with(options);
    Some(Served { strata, root, base, _netns: netns, _server: server, _registry: registry, port })
}

#[test]
fn contexts_and_files_are_fetched() {
    let Some(served) = served() else { return };
    let Served { strata, root, base, port, .. } = &served;
    let at = |path: &str| format!("http://127.0.0.1:{port}/{path}");
    // The command line fetches contexts itself; the server does for others.
    let remote = |remote: &str, more: &str| {
        let remote = remote.replace('#', "%23");
        let target = format!("/build?networkmode=none&remote={remote}{more}");
        Request::new("POST", &target).send(&strata.unix()).expect("an answer").text()
    };
    // A Dockerfile alone, which adds a file.
    fs::write(root.join("data.bin"), "fetched\n").expect("it is ours");
    let text = format!(
        "FROM {base}\nADD {} /added/\nADD {} /named\nRUN stat -c '%a %s' /added/data.bin && cat /named\n",
        at("data.bin"),
        at("data.bin")
    );
    fs::write(root.join("Plain"), &text).expect("it is ours");
    let built = remote(&at("Plain"), "&t=plain");
    assert!(
        built.contains("600 8") && built.contains("fetched") && built.contains("Successfully built"),
        "{built}"
    );
    let again = remote(&at("Plain"), "&t=plain");
    assert_eq!(again.matches("Using cache").count(), 3, "{again}");
    let missing = format!("FROM {base}\nADD {} /x\n", at("none"));
    fs::write(root.join("Missing"), missing).expect("it is ours");
    let failed = remote(&at("Missing"), "");
    assert!(failed.contains("with status 404"), "{failed}");
    // An archive.
    let files =
        context(&[("Dockerfile", &format!("FROM {base}\nCOPY f /f\nRUN cat /f\n")), ("f", "archived\n")]);
    run(Command::new("tar")
        .args(["-czf"])
        .arg(root.join("context.tar.gz"))
        .arg("-C")
        .arg(files.path())
        .arg("."))
    .ok();
    let built = remote(&at("context.tar.gz"), "");
    assert!(built.contains("archived"), "{built}");
    // A repository, over git's plain HTTP: the default branch, a tag, and a directory.
    let work = Scratch::new("work");
    let git = |args: &[&str]| {
        let mut command = Command::new("git");
        command
            .args(["-c", "user.name=t", "-c", "user.email=t@t", "-c", "init.defaultBranch=main"])
            .args(args);
        run(command.current_dir(work.path()).env("GIT_CONFIG_NOSYSTEM", "1").env("HOME", work.path())).ok()
    };
    git(&["init", "-q"]);
    let text = |word: &str| format!("FROM {base}\nCOPY . /ctx\nRUN echo {word}; ls -a /ctx\n");
    crate::scene::write(work.path(), "Dockerfile", 0o644, &text("first"));
    crate::scene::write(work.path(), "sub/Dockerfile", 0o644, &text("sub"));
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "one"]);
    git(&["tag", "v1"]);
    crate::scene::write(work.path(), "Dockerfile", 0o644, &text("second"));
    // What must not be run, and what must not be fetched.
    crate::scene::write(
        work.path(),
        ".gitmodules",
        0o644,
        "[submodule \"x\"]\n\tpath = x\n\turl = ext::touch /tmp/strata-submodule\n",
    );
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "two"]);
    git(&["clone", "-q", "--bare", ".", &root.join("repo.git").display().to_string()]);
    run(Command::new("git").args(["update-server-info"]).current_dir(root.join("repo.git"))).ok();
    let hook = root.join("repo.git/hooks/post-checkout");
    fs::create_dir_all(hook.parent().expect("it has one")).expect("it is ours");
    fs::write(&hook, "#!/bin/sh\ntouch /tmp/strata-hook\n").expect("it is ours");
    for (fragment, expected) in [("", "second"), ("#v1", "first"), ("#v1:sub", "sub"), ("#main:sub", "sub")] {
        let built = remote(&format!("{}{fragment}", at("repo.git")), "&nocache=1");
        assert!(built.contains(expected), "{fragment}: {built}");
        assert!(!built.contains(".git\\n\""), "the repository's own is no context: {built}");
    }
    let failed = remote(&at("repo.git#nowhere"), "");
    assert!(failed.contains("temporary context directory"), "{failed}");
    for path in ["/tmp/strata-hook", "/tmp/strata-submodule"] {
        assert!(fs::symlink_metadata(path).is_err(), "{path}");
    }
}
