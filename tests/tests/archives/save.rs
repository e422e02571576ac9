use std::{fs, process::Command};

use strata_oci::Digest;
use strata_tests::{run, skip_without};

use crate::scene::{NAMES, Scene, id, json, load, member};

fn needs() -> bool {
    skip_without(&["dockerd", "docker", "skopeo", "podman", "buildah"])
}

#[test]
fn what_was_pulled_loads_everywhere_as_it_was() {
    if needs() {
        return;
    }
    let scene = Scene::new().pulled();
    let ids: Vec<String> = NAMES.iter().map(|name| id(&scene.docker, name)).collect();
    let archive = scene.save(&NAMES, "all.tar");
    // Made reproducibly, and without copying the registry's bytes into another form.
    assert_eq!(fs::read(&archive).expect("reads"), fs::read(scene.save(&NAMES, "again.tar")).expect("reads"));

    let index = json(&archive, "index.json");
    assert_eq!(index["manifests"].as_array().expect("a list").len(), NAMES.len());
    for descriptor in index["manifests"].as_array().expect("a list") {
        let digest: Digest = descriptor["digest"].as_str().expect("text").parse().expect("a digest");
        let name = format!("blobs/sha256/{}", digest.hex());
        assert_eq!(Digest::of(&member(&archive, &name)), digest);
    }
    assert_eq!(json(&archive, "oci-layout")["imageLayoutVersion"], "1.0.0");
    assert_eq!(json(&archive, "manifest.json")[0]["RepoTags"][0], NAMES[0]);

    let (_dockerd, dockerd) = scene.dockerd();
    // dockerd 20.10 knows no zstd.
    let known = scene.save(&[NAMES[0], NAMES[2]], "known.tar");
    load(&dockerd, &known).ok();
    assert_eq!([id(&dockerd, NAMES[0]), id(&dockerd, NAMES[2])], [ids[0].clone(), ids[2].clone()]);
    let podman = scene.podman();
    run(podman.command().arg("load").arg("-i").arg(&archive)).ok();
    for (name, id) in NAMES.iter().zip(&ids) {
        let mut inspect = podman.command();
        let seen = run(inspect.args(["image", "inspect", "--format", "{{.Id}}", name])).ok();
        assert_eq!(format!("sha256:{}", seen.text()), *id, "{name}");
    }
    // One of several, by its name.
    for program in ["skopeo", "buildah"] {
        let from = format!("docker-archive:{}:docker.io/library/{}", archive.display(), NAMES[2]);
        let mut command = scene.netns.command(program);
        match program {
            "skopeo" => command.args([
                "--insecure-policy",
                "copy",
                &from,
                &format!("dir:{}", scene.path("dir").display()),
            ]),
            _ => command
                .arg("--root")
                .arg(scene.path("b-root"))
                .arg("--runroot")
                .arg(scene.path("b-run"))
                .args(["--storage-driver=vfs", "pull", "-q", &from]),
        };
        run(&mut command).ok();
    }
    for form in ["docker-archive", "oci-archive"] {
        let one = scene.save(&[NAMES[0]], "one.tar");
        let to = scene.path(form);
        let mut copy = scene.skopeo().command();
        copy.args(["copy", &format!("{form}:{}", one.display()), &format!("oci:{}:x", to.display())]);
        run(&mut copy).ok();
    }
}

#[test]
fn names_choose_as_dockerds_do() {
    if needs() {
        return;
    }
    let scene = Scene::new().pulled();
    let id = id(&scene.docker, NAMES[0]);
    scene.docker.run(&["tag", NAMES[0], "demo:two"]).ok();
    let tags = |names: &[&str]| {
        let list = json(&scene.save(names, "chosen.tar"), "manifest.json");
        let mut all = list.as_array().expect("a list").iter().map(|image| image["RepoTags"].to_string());
        let text: Vec<String> = all.by_ref().collect();
        text.join(" ")
    };
    assert_eq!(tags(&["demo"]), r#"["demo:latest","demo:two"]"#, "all tags of a repository");
    assert_eq!(tags(&["demo:two"]), r#"["demo:two"]"#);
    assert_eq!(tags(&[&id]), "null");
    assert_eq!(tags(&[&id[7..19], "demo:two"]), r#"["demo:two"]"#, "one image under an id and a name");
    let answer = |name: &str| {
        let path = scene.path("none.tar");
        scene.docker.run(&["save", "-o", path.to_str().expect("UTF-8"), name]).fails().stderr
    };
    assert!(answer("nope").contains("No such image: nope\n"));
    assert!(answer("nope:1").contains("reference does not exist"));
    assert!(answer("NOPE").contains("must be lowercase"));
    let wrong = scene.strata.get("/images/demo/get?platform=linux/arm64");
    assert_eq!(wrong.status, 404);
    assert!(wrong.text().contains("does not provide the specified platform"), "{}", wrong.text());
}

#[test]
fn what_was_made_here_is_saved_too() {
    if needs() || skip_without(&["runc", "busybox"]) {
        return;
    }
    let scene = Scene::new();
    let box_ = scene.path("box.tar");
    crate::scene::old_archive(&box_, &[(&strata_tests::fixture::busybox().build(), &["box:1"])]);
    load(&scene.docker, &box_).ok();
    // No file with holes: dockerd 20.10 loads but can't save again what has one.
    let script = "mkdir -p /new/dir; echo hello > /new/file; rm /etc/group; ln /new/file /new/hard; chmod 4755 /bin/busybox";
    scene.docker.run(&["run", "--network", "none", "--name", "maker", "box:1", "sh", "-c", script]).ok();
    scene.docker.run(&["commit", "maker", "made:1"]).ok();
    let archive = scene.save(&["made:1"], "made.tar");
    let (_dockerd, dockerd) = scene.dockerd();
    load(&dockerd, &archive).ok();
    assert_eq!(id(&dockerd, "made:1"), id(&scene.docker, "made:1"));
    let seen = dockerd.run(&[
        "run",
        "--rm",
        "--network",
        "none",
        "made:1",
        "sh",
        "-c",
        "cat /new/hard; ls /etc/group /new",
    ]);
    assert_eq!(seen.stdout, "hello\n/new:\ndir\nfile\nhard\n", "{seen}");
    let podman = scene.podman();
    run(podman.command().arg("load").arg("-i").arg(&archive)).ok();
    // And back: what dockerd saves of it is the same image.
    let back = scene.path("back.tar");
    dockerd.run(&["save", "-o", back.to_str().expect("UTF-8"), "made:1"]).ok();
    let before = id(&scene.docker, "made:1");
    scene.docker.run(&["rm", "maker"]).ok();
    scene.docker.run(&["rmi", "made:1", "box:1"]).ok();
    load(&scene.docker, &back).ok();
    assert_eq!(id(&scene.docker, "made:1"), before);
    assert_eq!(
        run(Command::new("tar").arg("-tf").arg(scene.save(&["made:1"], "last.tar"))).ok().lines().len(),
        // Four that say what is in it, two directories, manifest, config and two layers.
        10
    );
}
