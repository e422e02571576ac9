use std::{fs, path::Path};

use strata_forge::{Built, Entry, Layer, TarWriter};
use strata_tests::{fixture, skip_without};

use crate::scene::{Scene, archive, load, old_archive, parts};

/// Every archive is refused with a message that has all of these, and leaves the store as it was.
#[track_caller]
fn refused(scene: &Scene, archive: &Path, words: &[&str]) {
    let before = scene.stored();
    let said = load(&scene.docker, archive).fails();
    for word in words {
        assert!(said.stderr.contains(word), "{word:?} is not in {}", said.stderr);
    }
    assert_eq!(scene.stored(), before, "{said}");
    assert!(scene.docker.run(&["images", "-q"]).ok().stdout.is_empty());
}

fn with(
    scene: &Scene,
    name: &str,
    image: &Built,
    change: impl Fn(&mut Vec<(String, Vec<u8>)>),
) -> std::path::PathBuf {
    let mut parts = parts(image);
    change(&mut parts);
    let parts: Vec<(&str, &[u8])> = parts.iter().map(|(name, bytes)| (name.as_str(), &bytes[..])).collect();
    archive(scene, name, &parts)
}

#[test]
fn archives_that_were_cut_or_altered_leave_nothing() {
    if skip_without(&["docker"]) {
        return;
    }
    let scene = Scene::new();
    let image = fixture::demo().build();
    let last = format!("blobs/sha256/{}", image.layers[2].blob.digest.hex());
    let whole = fs::read(with(&scene, "whole", &image, |_| {})).expect("reads");
    // Cut at many places: in headers, contents and paddings.
    for at in (0..10).map(|part| whole.len() * part / 10 + part * 7) {
        let cut = scene.path("cut");
        fs::write(&cut, &whole[..at]).expect("writes");
        refused(&scene, &cut, &[]);
    }
    let cut = scene.path("cut");
    let content = &image.layers[2].blob.bytes;
    let at = whole.windows(content.len()).position(|window| window == content).expect("it is in there");
    fs::write(&cut, &whole[..at + content.len() / 2]).expect("writes");
    refused(&scene, &cut, &[&last, "ends in the middle"]);
    for at in 0..5 {
        let altered = with(&scene, "altered", &image, |parts| {
            let middle = parts[at].1.len() / 2;
            parts[at].1[middle] ^= 1;
        });
        // A changed list may still be JSON, but then it names something that isn't there.
        let names = ["blobs/sha256/"];
        refused(&scene, &altered, if at == 0 { &[] } else { &names });
    }
    let missing = with(&scene, "missing", &image, |parts| drop(parts.pop()));
    refused(&scene, &missing, &["has no layer", &last]);
    let missing = with(&scene, "missing", &image, |parts| drop(parts.remove(1)));
    refused(&scene, &missing, &["has no file blobs/sha256/", image.config.digest.hex()]);
    let swapped = with(&scene, "swapped", &image, |parts| {
        let text = String::from_utf8(parts[0].1.clone()).expect("JSON");
        let [a, b] = [0, 1].map(|at: usize| image.layers[at].blob.digest.hex());
        parts[0].1 = text.replace(a, "?").replace(b, a).replace('?', b).into_bytes();
    });
    refused(&scene, &swapped, &["has diff_id", "the config says"]);
}

#[test]
fn hostile_archives_are_refused() {
    if skip_without(&["docker"]) {
        return;
    }
    let scene = Scene::new();
    let nothing = archive(&scene, "nothing", &[("README", b"no image")]);
    refused(&scene, &nothing, &["holds no image", "docker import"]);
    let path = scene.path("text");
    fs::write(&path, "this is not an archive\n".repeat(100)).expect("writes");
    refused(&scene, &path, &["the archive is invalid at byte 0"]);
    let up = archive(&scene, "up", &[("../../etc/cron.d/x", b"x"), ("manifest.json", b"[]")]);
    refused(&scene, &up, &["the archive is invalid"]);
    let list = br#"[{"Config":"../../../etc/passwd","RepoTags":["x:1"],"Layers":[]}]"#;
    refused(
        &scene,
        &archive(&scene, "outside", &[("manifest.json", list)]),
        &["has no file ../../../etc/passwd"],
    );
    let deep = "[".repeat(200_000);
    refused(&scene, &archive(&scene, "deep", &[("manifest.json", deep.as_bytes())]), &["manifest.json"]);
    let huge = vec![b' '; 9 << 20];
    refused(&scene, &archive(&scene, "huge", &[("manifest.json", &huge)]), &["manifest.json", "too many"]);
    // A link that leads to itself.
    let path = scene.path("loop");
    let mut tar = TarWriter::new(fs::File::create(&path).expect("creates"));
    tar.entry(&Entry::symlink("manifest.json", "manifest.json")).expect("writes");
    tar.finish().expect("writes");
    refused(&scene, &path, &["holds no image"]);
    // A name that isn't one, and a layer that would leave its directory.
    let bad = fixture::small("x").build();
    let path = scene.path("bad-name");
    old_archive(&path, &[(&bad, &["UPPER:1"])]);
    refused(&scene, &path, &["\"UPPER:1\"", "lowercase"]);
    let evil = strata_forge::Image::new().layer("evil", Layer::new().file("../../evil", "x")).build();
    let path = scene.path("evil");
    old_archive(&path, &[(&evil, &["evil:1"])]);
    refused(&scene, &path, &["is not a layer", "layer.tar"]);
}
