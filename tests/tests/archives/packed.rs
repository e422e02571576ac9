//! Layers that are packed in ways that no image specification names, but dockerd takes.

use std::{fs, path::Path, process::Command};

use strata_forge::Built;
use strata_oci::Digest;
use strata_tests::{fixture, run, skip_without};

use crate::scene::{Scene, archive, id, load, member};

const PROGRAMS: [&str; 4] = ["gzip", "bzip2", "xz", "zstd"];

fn packed(scene: &Scene, program: &str, bytes: &[u8]) -> Vec<u8> {
    let path = scene.path("to-be-packed");
    fs::write(&path, bytes).expect("writes");
    let mut command = Command::new(program);
    if program == "gzip" {
        command.arg("-n"); // or the time is in it
    }
    let output = command.arg("-c").arg(&path).output().expect("the program runs");
    assert!(output.status.success(), "{program}");
    output.stdout
}

/// An archive whose layers are packed, at paths that `name` gives them.
fn of(
    scene: &Scene,
    image: &Built,
    program: &str,
    name: impl Fn(usize, &[u8]) -> String,
) -> std::path::PathBuf {
    let layers = image.layers.iter().enumerate().map(|(at, layer)| {
        let bytes = packed(scene, program, &layer.tar);
        (name(at, &bytes), bytes)
    });
    let layers: Vec<(String, Vec<u8>)> = layers.collect();
    let names: Vec<&str> = layers.iter().map(|(name, _)| name.as_str()).collect();
    let list = serde_json::json!([{ "Config": "config.json", "RepoTags": ["packed:1"], "Layers": names }]);
    let list = list.to_string();
    let mut members: Vec<(&str, &[u8])> =
        vec![("config.json", &image.config.bytes), ("manifest.json", list.as_bytes())];
    members.extend(layers.iter().map(|(name, bytes)| (name.as_str(), &bytes[..])));
    archive(scene, program, &members)
}

fn blob(bytes: &[u8]) -> String {
    format!("blobs/sha256/{}", Digest::of(bytes).hex())
}

fn loads(scene: &Scene, at: &Path, image: &Built) {
    assert_eq!(load(&scene.docker, at).ok().stdout, "Loaded image: packed:1\n");
    assert_eq!(id(&scene.docker, "packed:1"), image.id().to_string());
}

#[test]
fn layers_packed_in_any_way_load_as_dockerd_loads_them() {
    if skip_without(&["dockerd", "docker", "gzip", "bzip2", "xz", "zstd"]) {
        return;
    }
    let scene = Scene::new();
    let (_dockerd, dockerd) = scene.dockerd();
    let image = fixture::demo().build();
    for program in PROGRAMS {
        let by_path = of(&scene, &image, program, |at, _| format!("{at}/layer.tar"));
        loads(&scene, &by_path, &image);
        // dockerd 20.10 knows no zstd.
        if program != "zstd" {
            load(&dockerd, &by_path).ok();
            assert_eq!(id(&dockerd, "packed:1"), image.id().to_string(), "{program}");
            dockerd.run(&["rmi", "packed:1"]).ok();
        }
        scene.docker.run(&["rmi", "packed:1"]).ok();

        let by_digest = of(&scene, &image, program, |_, bytes| blob(bytes));
        loads(&scene, &by_digest, &image);
        let saved = scene.save(&["packed:1"], "saved.tar");
        let (tar, packed) = (&image.layers[0].tar, packed(&scene, program, &image.layers[0].tar));
        // What registries have no name for is not kept.
        let kept = matches!(program, "gzip" | "zstd");
        let saved_as = if kept { &packed } else { tar };
        assert_eq!(member(&saved, &blob(saved_as)), *saved_as, "{program}");
        if program != "zstd" {
            load(&dockerd, &saved).ok();
            dockerd.run(&["rmi", "packed:1"]).ok();
        }
        scene.docker.run(&["rmi", "packed:1"]).ok();

        // One bit is enough, wherever it is: in the packed bytes, or in what they are checked with.
        for at in [packed.len() / 2, packed.len() - 3] {
            let mut bytes = fs::read(&by_digest).expect("reads");
            let begins = bytes.windows(packed.len()).position(|window| window == packed).expect("is there");
            bytes[begins + at] ^= 1;
            let altered = scene.path("altered");
            fs::write(&altered, bytes).expect("writes");
            let said = load(&scene.docker, &altered).fails();
            assert!(said.stderr.contains(&blob(&packed)), "{program}: {said}");
        }
    }
}

#[test]
fn files_packed_in_any_way_are_imported() {
    if skip_without(&["docker", "gzip", "bzip2", "xz", "zstd"]) {
        return;
    }
    let scene = Scene::new();
    let layer = &fixture::demo().build().layers[0];
    for program in PROGRAMS {
        let path = scene.path("files");
        fs::write(&path, packed(&scene, program, &layer.tar)).expect("writes");
        scene.docker.run(&["import", path.to_str().expect("UTF-8"), "imported:1"]).ok();
        let inspect = ["image", "inspect", "-f", "{{index .RootFS.Layers 0}}", "imported:1"];
        assert_eq!(scene.docker.run(&inspect).ok().text(), layer.diff_id.to_string(), "{program}");
        let cut = fs::read(&path).expect("reads");
        fs::write(&path, &cut[..cut.len() - 20]).expect("writes");
        let mut shell = Command::new("sh");
        let line =
            format!("docker -H unix://{} import - < {}", scene.strata.socket().display(), path.display());
        let said = run(shell.args(["-c", &line])).fails();
        assert!(said.stderr.contains("the archive can't be imported"), "{said}");
    }
}
