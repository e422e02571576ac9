use std::{fs, process::Command};

use strata_forge::Compression;
use strata_tests::{fixture, http::Request, run, skip_without};

use crate::scene::{NAMES, Scene, id, load, load_stdin, old_archive};

fn needs() -> bool {
    skip_without(&["dockerd", "docker", "skopeo", "podman", "zstd", "gzip", "bzip2", "xz"])
}

#[test]
fn archives_of_others_in_every_form() {
    if needs() {
        return;
    }
    let scene = Scene::new();
    let (demo, other) = (fixture::demo().build(), fixture::other().build());
    let old = scene.path("old.tar");
    old_archive(&old, &[(&demo, &["demo:1", "demo:2"]), (&other, &["other:1"])]);
    let loaded = load(&scene.docker, &old).ok();
    assert_eq!(loaded.stdout, "Loaded image: demo:1\nLoaded image: demo:2\nLoaded image: other:1\n");
    assert_eq!(id(&scene.docker, "demo:2"), demo.id().to_string());
    assert_eq!(id(&scene.docker, "other:1"), other.id().to_string());
    let stored = scene.stored();

    // The same again, whatever it is wrapped in, changes nothing.
    for program in ["gzip", "zstd", "bzip2", "xz"] {
        let packed = scene.path(program);
        let line = format!("{program} -c {} > {}", old.display(), packed.display());
        run(Command::new("sh").args(["-c", &line])).ok();
        assert_eq!(load_stdin(&scene.docker, &packed, program == "gzip").ok().stdout, loaded.stdout);
    }
    assert_eq!(scene.stored(), stored);

    // dockerd and podman, docker and OCI forms.
    let (_dockerd, dockerd) = scene.dockerd();
    load(&dockerd, &old).ok();
    let by_dockerd = scene.path("dockerd.tar");
    dockerd.run(&["save", "-o", by_dockerd.to_str().expect("UTF-8"), "demo:1", "other:1"]).ok();
    load(&scene.docker, &by_dockerd).ok();
    let podman = scene.podman();
    run(podman.command().arg("load").arg("-i").arg(&old)).ok();
    for form in ["docker-archive", "oci-archive"] {
        let archive = scene.path(form);
        run(podman.command().args(["save", "--format", form, "-o"]).arg(&archive).arg("other:1")).ok();
        let said = load(&scene.docker, &archive).ok();
        // An OCI archive has another config, so another id: the name moves.
        assert!(said.stdout.ends_with("Loaded image: localhost/other:1\n"), "{form}: {said}");
    }
}

#[test]
fn an_old_archive_gets_the_id_that_dockerd_gives_it() {
    if needs() {
        return;
    }
    let scene = Scene::new();
    let (_dockerd, dockerd) = scene.dockerd();
    let archive = scene.path("new.tar");
    old_archive(&archive, &[(&fixture::demo().build(), &["demo:1"])]);
    load(&dockerd, &archive).ok();
    let saved = scene.path("saved.tar");
    dockerd.run(&["save", "-o", saved.to_str().expect("UTF-8"), "demo:1"]).ok();
    let folder = scene.scratch.dir("legacy");
    run(Command::new("tar").arg("-xf").arg(&saved).arg("-C").arg(&folder)).ok();
    for entry in fs::read_dir(&folder).expect("lists").flatten() {
        if entry.path().extension().is_some_and(|extension| extension == "json") {
            fs::remove_file(entry.path()).expect("removes");
        }
    }
    let legacy = scene.path("legacy.tar");
    run(Command::new("tar").arg("-cf").arg(&legacy).arg("-C").arg(&folder).arg(".")).ok();
    dockerd.run(&["rmi", "-f", "demo:1"]).ok();
    load(&dockerd, &legacy).ok();
    assert_eq!(load(&scene.docker, &legacy).ok().stdout, "Loaded image: demo:1\n");
    assert_eq!(id(&scene.docker, "demo:1"), id(&dockerd, "demo:1"));
}

#[test]
fn layers_that_are_here_are_shared_and_registries_bytes_kept() {
    if needs() {
        return;
    }
    let scene = Scene::new();
    // An OCI layout in a tar, with gzip: the blobs stay what they are.
    let layout = scene.path("layout");
    fixture::layout(&fixture::other().compression(Compression::Gzip(9)).build(), &layout, "name/other:1");
    let tar = scene.path("layout.tar");
    run(Command::new("tar").arg("-cf").arg(&tar).arg("-C").arg(&layout).arg(".")).ok();
    assert_eq!(load(&scene.docker, &tar).ok().stdout, "Loaded image: name/other:1\n");
    let before = scene.stored().iter().filter(|name| name.starts_with("layers/")).count();
    // Shares its first layer with it.
    let demo = scene.path("demo.tar");
    old_archive(&demo, &[(&fixture::demo().build(), &["demo:1"])]);
    load(&scene.docker, &demo).ok();
    let after = scene.stored().iter().filter(|name| name.starts_with("layers/")).count();
    assert_eq!(after, before + 2, "three layers, one of them shared");

    let saved = scene.save(&["name/other:1"], "saved.tar");
    let blobs = run(Command::new("tar").arg("-tf").arg(&saved)).ok().stdout;
    for entry in fs::read_dir(layout.join("blobs/sha256")).expect("lists").flatten() {
        let name = format!("blobs/sha256/{}", entry.file_name().to_string_lossy());
        assert!(blobs.contains(&name), "{name} of the layout is not in\n{blobs}");
    }
}

#[test]
fn a_name_moves_and_events_tell() {
    if needs() {
        return;
    }
    let scene = Scene::new();
    let [one, two] = ["one", "two"].map(|text| {
        let path = scene.path(text);
        old_archive(&path, &[(&fixture::small(text).build(), &["same:1"])]);
        path
    });
    load(&scene.docker, &one).ok();
    let before = id(&scene.docker, "same:1");
    let said = load(&scene.docker, &two).ok().stdout;
    assert_eq!(
        said,
        format!(
            "The image same:1 already exists, renaming the old one with ID {before} to empty string\n\
             Loaded image: same:1\n"
        )
    );
    scene.save(&["same:1"], "saved.tar");
    let now = id(&scene.docker, "same:1");
    // An event of this second is told from the next on; the stream ends by itself.
    let listing = ["events", "--since", "300s", "--until", "0s", "--format", "{{.Action}} {{.ID}}"];
    let wanted = [format!("load {before}"), format!("load {now}"), format!("save {now}")];
    let begun = std::time::Instant::now();
    loop {
        let events = scene.docker.run(&listing).ok().stdout;
        match wanted.iter().find(|event| !events.contains(*event)) {
            None => break,
            Some(event) => assert!(begun.elapsed().as_secs() < 10, "{event} is not in\n{events}"),
        }
    }
}

#[test]
fn progress_comes_layer_by_layer_unless_quiet() {
    if needs() {
        return;
    }
    let scene = Scene::new();
    let path = scene.path("old.tar");
    old_archive(&path, &[(&fixture::demo().build(), &["demo:1"])]);
    let archive = fs::read(&path).expect("reads");
    let lines = |query: &str| {
        let answer =
            scene.strata.ask(Request::new("POST", &format!("/images/load{query}")).body(archive.clone()));
        assert_eq!(answer.status, 200);
        answer.text()
    };
    let loud = lines("");
    assert_eq!(loud.matches("Loading layer").count(), 3, "{loud}");
    assert!(loud.ends_with("{\"stream\":\"Loaded image: demo:1\\n\"}\r\n"), "{loud}");
    assert_eq!(lines("?quiet=1"), "{\"stream\":\"Loaded image: demo:1\\n\"}\r\n");
}

/// skopeo and buildah write archives of images that they have from our registry; what is loaded is what is pulled.
#[test]
fn archives_of_skopeo_and_buildah() {
    if skip_without(&["docker", "skopeo", "buildah"]) {
        return;
    }
    let scene = Scene::new();
    let remote = |name: &str| format!("127.0.0.1:{}/{name}", scene.strata.port());
    let buildah = |args: &[&str]| {
        let mut command = scene.netns.command("buildah");
        command.arg("--root").arg(scene.path("b-root")).arg("--runroot").arg(scene.path("b-run"));
        run(command.arg("--storage-driver=vfs").args(args)).ok()
    };
    for (at, name) in NAMES.iter().enumerate() {
        scene.docker.run(&["pull", "--quiet", &remote(name)]).ok();
        let pulled = id(&scene.docker, &remote(name));
        buildah(&["pull", "-q", "--tls-verify=false", &remote(name)]);
        // To them, docker's form has no zstd.
        let forms = ["oci-archive", "docker-archive"];
        for form in &forms[..if name.contains("zstd") { 1 } else { 2 }] {
            // Nothing is here that the archive need not have.
            scene.docker.run(&["rmi", "--force", &pulled]).ok();
            let by_skopeo = scene.path(&format!("skopeo-{form}-{at}"));
            let to = format!("{form}:{}:by/skopeo:{at}", by_skopeo.display());
            let from = format!("docker://{}", remote(name));
            run(scene.skopeo().command().args(["copy", "--src-tls-verify=false", &from, &to])).ok();
            let said = load(&scene.docker, &by_skopeo).ok();
            assert_eq!(said.stdout, format!("Loaded image: by/skopeo:{at}\n"), "{form}");
            assert_eq!(id(&scene.docker, &format!("by/skopeo:{at}")), pulled, "{form} of {name}");

            // On top of what is here. buildah's has its own name for the image too.
            let by_buildah = scene.path(&format!("buildah-{form}-{at}"));
            let to = format!("{form}:{}:by/buildah:{at}", by_buildah.display());
            buildah(&["push", "-q", &remote(name), &to]);
            let said = load(&scene.docker, &by_buildah).ok();
            assert!(said.stdout.contains(&format!("Loaded image: by/buildah:{at}\n")), "{form}: {said}");
            assert_eq!(id(&scene.docker, &format!("by/buildah:{at}")), pulled, "{form} of {name}");
        }
    }
}
