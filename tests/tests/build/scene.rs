//! The two engines, their base image, and contexts to build.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
    process::Command,
    sync::{Arc, OnceLock},
    time::{Duration, SystemTime},
};

use strata_tests::{Docker, Dockerd, NetNs, Run, Scratch, Strata, run, skip_without};

/// When the files of all contexts were changed last.
pub(crate) const LONG_AGO: u64 = 1_577_836_800;

/// dockerd and Strata, both with the image `bb`.
pub(crate) struct Scene {
    pub(crate) dockerd: Dockerd,
    pub(crate) strata: Strata,
    _netns: Arc<NetNs>,
}

/// The scene that the tests of this suite share; nothing where it can't be.
pub(crate) fn scene() -> Option<&'static Scene> {
    static SCENE: OnceLock<Option<Scene>> = OnceLock::new();
    let made = SCENE.get_or_init(|| {
        let needed = ["dockerd", "docker", "runc", "ip", "tar", "bzip2", "xz"];
        if skip_without(&needed) || !rustix::process::geteuid().is_root() {
            return None;
        }
        let netns = NetNs::new();
        let scene =
            Scene { dockerd: Dockerd::start(&netns), strata: Strata::start_in(&netns), _netns: netns };
        let base = base();
        for client in scene.clients() {
            build(&client, base.path(), &["-q", "-t", "bb"]).ok();
        }
        Some(scene)
    });
    made.as_ref()
}

impl Scene {
    /// Clients of dockerd and of Strata.
    pub(crate) fn clients(&self) -> [Docker; 2] {
        [self.dockerd.socket(), self.strata.socket()].map(|socket| Docker::new(&socket).api("1.41"))
    }

    /// A client of Strata.
    pub(crate) fn client(&self) -> Docker {
        Docker::new(&self.strata.socket()).api("1.41")
    }
}

/// Runs `docker build ARGS .` in a directory. Steps have no network: dockerd has no bridge here.
#[track_caller]
pub(crate) fn build(client: &Docker, context: &Path, args: &[&str]) -> Run {
    let network: &[&str] = if args.contains(&"--network") { &[] } else { &["--network", "none"] };
    let mut command = client.command(&[&["build"], network, args, &["."]].concat());
    run(command.current_dir(context).env("DOCKER_BUILDKIT", "0"))
}

/// Files from texts: path, permissions, content.
pub(crate) fn context(files: &[(&str, &str)]) -> Scratch {
    let scratch = Scratch::new("context");
    for (path, text) in files {
        write(scratch.path(), path, 0o644, text);
    }
    settle(scratch.path());
    scratch
}

pub(crate) fn write(root: &Path, path: &str, mode: u32, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().expect("it has one")).expect("the scratch directory is writable");
    fs::write(&path, text).expect("the scratch directory is writable");
    fs::set_permissions(&path, PermissionsExt::from_mode(mode)).expect("it was just made");
}

/// Gives everything in a context the same time.
pub(crate) fn settle(root: &Path) {
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(LONG_AGO);
    for entry in fs::read_dir(root).expect("it can be read").flatten() {
        let kind = entry.file_type().expect("it has one");
        if kind.is_dir() {
            settle(&entry.path());
        }
        if kind.is_file() {
            let file = fs::File::options().write(true).open(entry.path()).expect("it is ours");
            file.set_modified(time).expect("it is ours");
        }
    }
}

/// A busybox with what the corpus runs, two users and two groups.
fn base() -> Scratch {
    const COMMANDS: &str = "sh ls cat echo mkdir touch rm ln chmod chown stat id env pwd sleep find true false mknod mv cp head wc \
                            grep sed test seq dd yes sync";
    let scratch = Scratch::new("base");
    let root = scratch.dir("root");
    for folder in ["bin", "etc", "tmp"] {
        fs::create_dir(root.join(folder)).expect("the scratch directory is writable");
    }
    fs::copy("/bin/busybox", root.join("bin/busybox")).expect("the package busybox-static is installed");
    for command in COMMANDS.split_whitespace() {
        symlink("busybox", root.join("bin").join(command)).expect("the scratch directory is writable");
    }
    write(&root, "etc/passwd", 0o644, "root:x:0:0:root:/root:/bin/sh\nweb:x:33:44:w:/srv:/bin/sh\n");
    write(&root, "etc/group", 0o644, "root:x:0:\nweb:x:44:\nlog:x:50:web\n");
    fs::set_permissions(root.join("tmp"), PermissionsExt::from_mode(0o1777)).expect("it was just made");
    run(Command::new("tar")
        .args(["--numeric-owner", "--owner=0", "--group=0", "-cf"])
        .arg(scratch.join("base.tar"))
        .arg("-C")
        .arg(&root)
        .arg("."))
    .ok();
    fs::remove_dir_all(&root).expect("it is ours");
    write(scratch.path(), "Dockerfile", 0o644, "FROM scratch\nADD base.tar /\nCMD [\"sh\"]\n");
    scratch
}
