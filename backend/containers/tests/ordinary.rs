//! Containers of an ordinary user.

mod support;

use std::{fs, os::unix::fs::PermissionsExt as _, process::Command};

use support::{ORDINARY, with_bench};

/// The user and group `nobody`.
const NOBODY: &str = "65534";

/// Runs the test below as nobody: it needs a process of its own, and programs where nobody finds them.
#[test]
fn an_ordinary_user_runs_containers() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let folder = tempfile::tempdir().expect("a directory");
    let open = |path: &std::path::Path| {
        fs::set_permissions(path, fs::Permissions::from_mode(0o777)).expect("sets");
    };
    open(folder.path());
    let own = std::env::current_exe().expect("we exist");
    let (test, shim) = (folder.path().join("test"), folder.path().join("shim"));
    fs::copy(own, &test).expect("copies");
    fs::copy(env!("CARGO_BIN_EXE_strata-containers-shim"), &shim).expect("copies");
    for program in [&test, &shim] {
        open(program);
    }
    let done = Command::new("setpriv")
        .args([&format!("--reuid={NOBODY}"), &format!("--regid={NOBODY}"), "--clear-groups"])
        .arg(&test)
        .args(["as_nobody", "--exact", "--nocapture"])
        .env(ORDINARY, &shim)
        .env("TMPDIR", folder.path())
        .env("HOME", folder.path())
        .env("XDG_RUNTIME_DIR", folder.path())
        .current_dir(folder.path())
        .output()
        .expect("setpriv of util-linux");
    let text = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{text}{}", String::from_utf8_lossy(&done.stdout));
}

#[test]
fn as_nobody() {
    if std::env::var_os(ORDINARY).is_none() {
        return;
    }
    with_bench(|bench| async move {
        let script = "id -u; echo hi > /file; touch /sys/x; cat /data/sub/file; cat /proc/self/uid_map";
        let request = format!(r#"{{"Cmd":["sh","-c","{script}"],"HostConfig":{{"Binds":["store:/data"]}}}}"#);
        let (code, out, err) = bench.run("box", &request).await;
        assert_eq!(code, 0, "{err}");
        let words: Vec<&str> = out.split_whitespace().collect();
        assert_eq!(words, ["0", "from", "the", "image", "0", NOBODY, "1"], "{out}");
        assert!(err.contains("Read-only file system"), "{err}");
        let changes = bench.containers.diff("box").await.expect("reads");
        assert_eq!((changes.len(), changes[0].path.as_str()), (1, "/file"));
        bench.create("idle", r#"{"Cmd":["sleep","60"]}"#).await.expect("creates");
        bench.containers.start("idle").await.expect("starts");
        let (code, ..) = bench.exec("idle", &["true"]).await.expect("runs");
        assert_eq!(code, 0);
        for name in ["idle", "box"] {
            bench.containers.remove(name, true, true).await.expect("removes");
        }
        assert_eq!(bench.traces(), Vec::<String>::new());
    });
}
