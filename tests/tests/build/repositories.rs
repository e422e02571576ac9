//! Repositories as contexts where it is about whom to trust: certificates, protocols, private addresses.

use std::{fs, process::Command, sync::Arc};

use strata_tests::{
    Daemon, NetNs, Scratch, Strata,
    http::Request,
    netns::{free_port, wait_for_port},
    run, skip_without,
    strata::Options,
};

use crate::scene::write;

/// A web server for the directory that it is in, with a certificate of its own.
const HTTPS: &str = "import http.server, ssl, sys\n\
    server = http.server.ThreadingHTTPServer(('127.0.0.1', int(sys.argv[1])), http.server.SimpleHTTPRequestHandler)\n\
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)\n\
    context.load_cert_chain('cert.pem', 'key.pem')\n\
    server.socket = context.wrap_socket(server.socket, server_side=True)\n\
    server.serve_forever()\n";

/// `git ARGS` in a directory, of nobody's configuration.
fn git(directory: &Scratch, args: &[&str]) {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=t", "-c", "user.email=t@t", "-c", "init.defaultBranch=main"]).args(args);
    run(command.current_dir(directory.path()).env("GIT_CONFIG_NOSYSTEM", "1").env("HOME", directory.path()))
        .ok();
}

/// A directory with the bare repository `repo.git`: a branch `dev` with the directory `sub`, and a link that leads out of it.
fn repository() -> Scratch {
    let (work, served) = (Scratch::new("work"), Scratch::new("served"));
    git(&work, &["init", "-q"]);
    write(work.path(), "Dockerfile", 0o644, "FROM scratch\nCOPY f /f\nLABEL from=main\n");
    write(work.path(), "f", 0o644, "f\n");
    git(&work, &["add", "."]);
    git(&work, &["commit", "-q", "-m", "one"]);
    git(&work, &["checkout", "-q", "-b", "dev"]);
    write(work.path(), "sub/Dockerfile", 0o644, "FROM scratch\nCOPY f /f\nLABEL from=sub\n");
    write(work.path(), "sub/f", 0o644, "sub\n");
    std::os::unix::fs::symlink("/etc", work.join("out")).expect("it is ours");
    git(&work, &["add", "."]);
    git(&work, &["commit", "-q", "-m", "two"]);
    git(&work, &["checkout", "-q", "main"]);
    git(&work, &["clone", "-q", "--bare", ".", &served.join("repo.git").display().to_string()]);
    run(Command::new("git").arg("update-server-info").current_dir(served.join("repo.git"))).ok();
    served
}

fn server(netns: &Arc<NetNs>, env: &[(&str, &str)]) -> Strata {
    let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Strata::with(Options { netns: Some(Arc::clone(netns)), env, ..Options::default() })
}

/// What a build from there says.
fn build(strata: &Strata, remote: &str) -> String {
    let remote: String = remote.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let request = Request::new("POST", &format!("/build?networkmode=none&nocache=1&remote={remote}"));
    request.send(&strata.unix()).expect("an answer").text()
}

#[test]
fn repositories_come_over_what_can_be_trusted() {
    if skip_without(&["runc", "ip", "git", "python3", "openssl"]) {
        return;
    }
    let netns = NetNs::new();
    let served = repository();
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]);
    openssl.args(["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out", "cert.pem"]);
    run(openssl.current_dir(served.path())).ok();
    let port = free_port(Some(&netns));
    let mut https = netns.command("python3");
    https.args(["-c", HTTPS, &port.to_string()]).current_dir(served.path());
    let mut https = Daemon::start(&mut https, &served.join(".https"));
    wait_for_port(&mut https, Some(&netns), port);
    let git_port = free_port(Some(&netns));
    let mut daemon = netns.command("git");
    daemon.args(["daemon", "--export-all", "--reuseaddr", "--listen=127.0.0.1"]);
    daemon.arg(format!("--port={git_port}")).arg(format!("--base-path={}", served.path().display()));
    let mut daemon = Daemon::start(&mut daemon, &served.join(".git-daemon"));
    wait_for_port(&mut daemon, Some(&netns), git_port);
    let secure = format!("https://127.0.0.1:{port}/repo.git");
    let plain = format!("git://127.0.0.1:{git_port}/repo.git");

    // This machine is nobody's to ask, unless it was said so.
    let careful = server(&netns, &[]);
    for remote in [&secure, &plain] {
        let said = build(&careful, remote);
        assert!(said.contains("127.0.0.1") && said.contains("may not fetch from"), "{said}");
    }
    drop(careful);

    let allowed = ("STRATA_BUILD_PRIVATE_ADDRESSES", "true");
    let strata = server(&netns, &[allowed]);
    let said = build(&strata, &secure);
    assert!(said.contains("unable to 'git fetch' to temporary context directory"), "{said}");
    assert!(said.contains("certificate"), "{said}");
    // As with dockerd: without encryption, for those who ask for that.
    assert!(build(&strata, &format!("{plain}#dev:sub")).contains("LABEL from=sub"));
    let said = build(&strata, &format!("{plain}#dev:out"));
    assert!(said.contains("errorDetail") || said.contains("message"), "{said}");
    assert!(!said.contains("Successfully built"), "{said}");
    // Other protocols, and words for git itself, are none of its business.
    let bait = served.join("bait");
    let programs = [
        format!("ext::sh -c touch% {}", bait.display()),
        format!("ext::sh -c touch% {} #main.git", bait.display()),
        "file:///etc/.git".to_owned(),
        "ssh://127.0.0.1/x.git".to_owned(),
        "git@127.0.0.1:x.git".to_owned(),
        format!("{plain}#--upload-pack=touch {}", bait.display()),
        format!("git://-oProxyCommand=touch/{}", bait.display()),
    ];
    for hostile in &programs {
        let said = build(&strata, hostile);
        assert!(!said.contains("Successfully built") && !said.is_empty(), "{hostile}: {said}");
        let message = said.contains("\"message\":\"") || said.contains("errorDetail");
        assert!(message && !said.contains("internal error"), "{hostile}: {said}");
    }
    assert!(!bait.exists());
    drop(strata);

    let certificate = served.join("cert.pem").display().to_string();
    let trusting =
        server(&netns, &[allowed, ("SSL_CERT_FILE", &certificate), ("GIT_SSL_CAINFO", &certificate)]);
    assert!(build(&trusting, &secure).contains("LABEL from=main"));
    assert!(build(&trusting, &format!("{secure}#dev:sub")).contains("LABEL from=sub"));
    assert!(fs::read_dir(trusting.data().join("builds/tmp")).expect("it is there").next().is_none());
}
