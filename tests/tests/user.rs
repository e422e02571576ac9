//! Pulling and exploring as an ordinary user, without privileges.

use std::{collections::BTreeMap, fs, os::unix::fs::MetadataExt, path::PathBuf, sync::Arc};

use strata_layer::{Kind, LayerIndex, LayerSet, Stack, Union};
use strata_tests::{
    Docker, DockerRegistry, Scratch, Skopeo, Strata, fixture,
    http::Request,
    mount::{Marks, Overlay},
    odd, skip_without, strata, umoci,
    walk::{Tree, walk},
};

const UID: u32 = 1000;

#[test]
fn an_ordinary_user_pulls_and_explores() {
    if skip_without(&["docker-registry", "skopeo", "umoci", "docker", "setpriv"]) {
        return;
    }
    let registry = DockerRegistry::start(None);
    let scratch = Scratch::new("user");
    let image = odd::odd().build();
    fixture::layout(&image, &scratch.join("layout"), "odd");
    let expected = walk(&umoci::unpack(&scratch.join("layout"), "odd", &scratch.join("bundle")));
    let name = registry.name("odd");
    fixture::push(&Skopeo::new(None), &image, &name);

    let mut strata = Strata::with(strata::Options { uid: Some(UID), ..strata::Options::default() });
    let owner = fs::metadata(format!("/proc/{}", strata.pid())).expect("it runs").uid();
    assert_eq!(owner, UID, "the test would prove nothing");
    let docker = Docker::new(&strata.socket());
    docker.run(&["pull", &name]).ok();
    let reference = docker.run(&["image", "inspect", "--format", "{{.Id}}", &name]).ok();
    assert_eq!(reference.text(), image.id().to_string());

    let layers: Vec<Arc<LayerIndex>> = image
        .layers
        .iter()
        .map(|layer| {
            let answer = strata.get(&format!("/api/layers/{}/index", layer.diff_id));
            assert_eq!(answer.status, 200, "{}", answer.text());
            Arc::new(LayerIndex::decode(&answer.body).expect("the server's index can be read"))
        })
        .collect();
    let stack = Stack::new(layers);
    let union = Union::of(&stack, &LayerSet::all(stack.len()));
    let mut live = BTreeMap::new();
    for (number, node) in union.nodes().iter().enumerate().filter(|(_, node)| !node.is_ghost()) {
        use std::os::unix::ffi::OsStringExt;
        let path = union.path(number as u32);
        let entry = union.entry(number as u32);
        live.insert(
            PathBuf::from(std::ffi::OsString::from_vec(path.as_bytes().to_vec())),
            (node.layer, entry),
        );
    }
    let missing: Vec<_> = expected.keys().filter(|path| !live.contains_key(*path)).collect();
    assert!(missing.is_empty() && live.len() == expected.len(), "missing: {missing:?}");

    // Owners, modes and devices are in the index though the user could not make them; contents can be read.
    for (path, facts) in
        expected.iter().filter(|(path, facts)| facts.kind != 'd' && !path.as_os_str().is_empty())
    {
        let (layer, entry) = &live[path];
        let found = (u32::from(entry.mode()), entry.uid(), entry.gid(), entry.size());
        assert_eq!(found, (facts.mode, facts.uid, facts.gid, facts.size), "{}", path.display());
        if facts.kind == 'f' {
            use std::os::unix::ffi::OsStrExt;
            assert_eq!(entry.resolved_kind(), Kind::File);
            let diff_id = &image.layers[*layer as usize].diff_id;
            let encoded = strata_api::path::encode(path.as_os_str().as_bytes());
            let answer = strata.ask(Request::get(&format!("/api/layers/{diff_id}/file?path={encoded}")));
            assert_eq!(answer.status, 200, "{}: {}", path.display(), answer.text());
            assert_eq!(Some(strata_oci::Digest::of(&answer.body)), facts.content, "{}", path.display());
        }
    }

    // The directories serve as lowers of a user's own overlay: `user.overlay.opaque`, whiteouts or their stand-ins.
    let directories: Vec<PathBuf> = image
        .layers
        .iter()
        .map(|layer| strata.data().join("layers").join(&layer.diff_id.to_string()[7..]).join("fs"))
        .collect();
    let mounted = walk(&Overlay::mount(&directories, Marks::User).path());
    let kinds = |tree: &Tree| -> BTreeMap<PathBuf, (char, Option<strata_oci::Digest>)> {
        let comparable = |(path, facts): (&PathBuf, &strata_tests::walk::Facts)| {
            (!matches!(facts.kind, 'c' | 'b')).then(|| (path.clone(), (facts.kind, facts.content.clone())))
        };
        tree.iter().filter_map(comparable).collect()
    };
    let (ours, theirs) = (kinds(&mounted), kinds(&expected));
    let differing: Vec<_> = theirs.iter().filter(|(path, fact)| ours.get(*path) != Some(fact)).collect();
    assert!(differing.is_empty(), "the user's union differs: {differing:?}");

    // It all survives a restart, and goes when asked, modes of 0 and all.
    strata.kill();
    strata.restart();
    docker.run(&["image", "inspect", &name]).ok();
    docker.run(&["rmi", &name]).ok();
    for directory in directories {
        assert!(!directory.exists(), "{} is still there", directory.display());
    }
    assert!(strata.stop().success());
}

#[test]
fn an_ordinary_user_runs_containers() {
    if skip_without(&["docker-registry", "skopeo", "docker", "setpriv", "runc"]) {
        return;
    }
    let registry = DockerRegistry::start(None);
    let name = registry.name("box");
    fixture::push(&Skopeo::new(None), &fixture::busybox().build(), &name);
    let mut strata = Strata::with(strata::Options { uid: Some(UID), ..strata::Options::default() });
    let docker = Docker::new(&strata.socket());
    docker.run(&["pull", "--quiet", &name]).ok();
    docker.run(&["tag", &name, "box"]).ok();
    let run = |args: &[&str]| docker.run(&[&["run", "--network", "none"], args].concat());

    let who = run(&["--rm", "box", "sh", "-c", "id -u; cat /proc/self/uid_map; touch /made"]).ok();
    assert_eq!(who.stdout.split_whitespace().collect::<Vec<_>>(), ["0", "0", &UID.to_string(), "1"]);
    assert_eq!(run(&["--rm", "box", "sh", "-c", "exit 7"]).code, 7);
    assert_eq!(run(&["--rm", "box", "nosuch"]).code, 127);
    // The host's own network, and no other: that is said.
    docker.run(&["run", "--rm", "--network", "host", "box", "true"]).ok();
    let bridged = docker.run(&["run", "--rm", "box", "true"]).fails();
    assert!(bridged.stderr.contains("--network host or --network none"), "{bridged}");
    // Limits can't be kept: that is said too, once for each and in general.
    let limited = run(&["--rm", "--memory", "64m", "--pids-limit", "9", "box", "true"]).ok();
    assert_eq!(limited.stderr.matches("discarded").count(), 2, "{limited}");
    let told = docker.run(&["info", "--format", "{{.SecurityOptions}} {{.MemoryLimit}} {{.Warnings}}"]).ok();
    assert!(
        told.stdout.contains("name=rootless] false") && told.stdout.contains("No memory limit"),
        "{told}"
    );

    run(&["-d", "--name", "up", "-v", "kept:/data", "box", "sh", "-c", "echo said; exec sleep 100"]).ok();
    let said = |text: &str| assert_eq!(docker.run(&["logs", "up"]).ok().stdout, text);
    let edit = "echo new > /etc/new; rm /bin/vi; echo v > /data/f";
    docker.run(&["exec", "up", "sh", "-c", edit]).ok();
    docker.run(&["cp", "/etc/hostname", "up:/tmp/copied"]).ok();
    let changes = docker.run(&["diff", "up"]).ok();
    for line in ["A /etc/new", "D /bin/vi", "A /tmp/copied"] {
        assert!(changes.lines().contains(&line), "{changes}");
    }
    docker.run(&["commit", "up", "made"]).ok();
    assert_eq!(run(&["--rm", "made", "cat", "/etc/new"]).ok().stdout, "new\n");
    run(&["--rm", "made", "ls", "/bin/vi"]).fails();
    // It outlives its server.
    strata.kill();
    strata.restart();
    assert_eq!(docker.run(&["exec", "up", "cat", "/data/f"]).ok().stdout, "v\n");
    said("said\n");
    docker.run(&["stop", "-t", "0", "up"]).ok();
    assert_eq!(docker.run(&["inspect", "-f", "{{.State.ExitCode}}", "up"]).ok().text(), "137");
    docker.run(&["rm", "-v", "up"]).ok();
    assert!(strata.stop().success());
}

#[test]
fn an_ordinary_user_builds() {
    if skip_without(&["docker", "setpriv", "runc"]) {
        return;
    }
    let strata = Strata::with(strata::Options { uid: Some(UID), ..strata::Options::default() });
    let docker = Docker::new(&strata.socket());
    let context = Scratch::new("context");
    fs::copy("/bin/busybox", context.join("busybox")).expect("the package busybox-static is installed");
    fs::create_dir(context.join("src")).expect("it is ours");
    fs::write(context.join("src/a"), "a\n").expect("it is ours");
    let build = |name: &str, text: &str, args: &[&str]| {
        fs::write(context.join("Dockerfile"), text).expect("it is ours");
        let mut command = docker.command(&[&["build", "-t", name], args, &["."]].concat());
        strata_tests::run(command.current_dir(context.path()).env("DOCKER_BUILDKIT", "0"))
    };
    let none = ["--network", "none"];
    // Without programs.
    build("copied", "FROM scratch\nCOPY busybox /bin/\nCOPY src /deep/src\nWORKDIR /work\n", &[]).ok();
    // With them, where the kernel lets users have namespaces of their own.
    let text = "FROM copied\nRUN [\"/bin/busybox\", \"ln\", \"-s\", \"busybox\", \"/bin/sh\"]\nENV PATH=/bin\n\
        RUN --mount=type=cache,target=/c busybox touch /c/x && busybox rm /deep/src/a && busybox id -u > /id\nUSER 0\nCMD busybox cat /id\n";
    build("box", text, &none).ok();
    assert_eq!(docker.run(&["run", "--rm", "--network", "none", "box"]).ok().text(), "0");
    assert_eq!(build("box", text, &none).ok().stdout.matches("Using cache").count(), 5);
    // What is the user's own on the disk is root's in the image.
    let image = docker.run(&["image", "inspect", "box"]).ok().json();
    for layer in image[0]["RootFS"]["Layers"].as_array().expect("a list") {
        let diff_id = layer.as_str().expect("a text");
        let index = strata.get(&format!("/api/layers/{diff_id}/index"));
        let index = LayerIndex::decode(&index.body).expect("the server's index can be read");
        for entry in index.entries() {
            assert_eq!((entry.uid(), entry.gid()), (0, 0), "{} of {diff_id}", entry.path());
        }
    }
    // What can't be is said.
    let given = build("given", "FROM box\nCOPY --chown=33:33 src /owned\n", &none).fails();
    assert!(given.stderr.contains("ordinary user, who can't give files to 33:33"), "{given}");
    let bridged = build("bridged", "FROM box\nRUN busybox true\n", &[]).fails();
    assert!(bridged.stderr.contains("--network host or --network none"), "{bridged}");
}
