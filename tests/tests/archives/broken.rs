//! Archives that were cut at every boundary, altered at many places, or that say the same thing twice.

use std::{collections::BTreeSet, fs, path::Path};

use strata_forge::{Built, Entry, Image, Layer, TarWriter};
use strata_tests::{fixture, http::Request, skip_without};

use crate::scene::{Scene, archive, id, load, old_archive, parts};

/// What a load said: `None` if it did what it should.
fn refusal(scene: &Scene, bytes: &[u8]) -> Option<String> {
    let answer = scene.strata.ask(Request::new("POST", "/images/load?quiet=1").body(bytes));
    assert_eq!(answer.status, 200);
    let text = answer.text();
    let last = text.lines().rfind(|line| !line.is_empty()).unwrap_or_default();
    let last: serde_json::Value = serde_json::from_str(last).expect("lines of JSON");
    last["error"].as_str().map(str::to_owned)
}

fn images(scene: &Scene) -> BTreeSet<String> {
    let list = scene.strata.ask(Request::get("/images/json")).json();
    list.as_array().expect("a list").iter().map(|image| image["Id"].to_string()).collect()
}

/// An archive with its members: name, where its header begins, its content, and the next header.
struct Whole {
    bytes: Vec<u8>,
    members: Vec<(String, usize, usize, usize)>,
}

fn whole(scene: &Scene, image: &Built) -> Whole {
    let parts = parts(image);
    let borrowed: Vec<(&str, &[u8])> =
        parts.iter().map(|(name, bytes)| (name.as_str(), &bytes[..])).collect();
    let bytes = fs::read(archive(scene, "whole", &borrowed)).expect("reads");
    let mut at = 0;
    let mut members = Vec::new();
    for (name, content) in &parts {
        let begins = at + 512;
        assert_eq!(&bytes[begins..begins + content.len()], content, "headers are one block");
        at = begins + content.len().next_multiple_of(512);
        members.push((name.clone(), begins - 512, begins + content.len(), at));
    }
    Whole { bytes, members }
}

fn small() -> Built {
    let layer =
        |text: &str| Layer::new().dir("etc").file("etc/motd", text.repeat(300)).symlink("etc/issue", "motd");
    Image::new().layer("one", layer("one")).layer("two", layer("two")).build()
}

#[test]
fn cut_at_any_boundary_an_archive_leaves_nothing_and_names_the_file() {
    let scene = Scene::new();
    let Whole { bytes, members } = whole(&scene, &small());
    let before = scene.stored();
    for (at, (name, header, end, next)) in members.iter().enumerate() {
        let content = header + 512;
        let mut cuts = BTreeSet::from([*header, header + 1, header + 511, content, content + 1, end - 1]);
        cuts.extend((content..*end).step_by(997));
        // In the padding, and at the next header: the file is whole, others are missing.
        cuts.extend([*end, next - 1]);
        for cut in cuts {
            let last = at + 1 == members.len() && cut >= *end;
            let said = refusal(&scene, &bytes[..cut]);
            assert!(said.is_some() || last, "cut at {cut} in {name}");
            let Some(said) = said else {
                assert_eq!(images(&scene).len(), 1, "all was there");
                scene.docker.run(&["rmi", "x:1"]).ok();
                continue;
            };
            if cut > content && cut < *end {
                assert!(said.contains(name.as_str()), "cut at {cut} in {name}: {said}");
            }
            assert_eq!(scene.stored(), before, "cut at {cut} in {name}: {said}");
        }
    }
    assert!(images(&scene).is_empty());
}

#[test]
fn altered_anywhere_an_archive_is_refused_or_means_the_same() {
    let scene = Scene::new();
    let image = small();
    let Whole { bytes, members } = whole(&scene, &image);
    let before = scene.stored();
    for at in (0..bytes.len()).step_by(211) {
        let mut altered = bytes.clone();
        altered[at] ^= 1 << (at % 8);
        let member = members.iter().find(|(_, header, _, next)| (*header..*next).contains(&at));
        match refusal(&scene, &altered) {
            Some(said) => {
                // The list of images names others; it has no digest of its own.
                if let Some((name, header, end, _)) = member
                    && name != "manifest.json"
                    && (header + 512..*end).contains(&at)
                {
                    assert!(said.contains(name.as_str()), "altered at {at} in {name}: {said}");
                }
                assert_eq!(scene.stored(), before, "altered at {at}: {said}");
            }
            None => {
                assert_eq!(
                    images(&scene),
                    BTreeSet::from([format!("\"{}\"", image.id())]),
                    "altered at {at}"
                );
                // The list may call it something else now.
                scene.strata.ask(Request::new("DELETE", &format!("/images/{}?force=1", image.id())));
                assert_eq!(scene.stored(), before);
            }
        }
    }
    // Compressed, every bit counts.
    let packed = strata_forge::compress(&bytes, strata_forge::Compression::Gzip(6));
    for at in (10..packed.len()).step_by(packed.len() / 20) {
        refusal(&scene, &packed[..at]).expect("it is cut");
        let mut altered = packed.clone();
        altered[at] ^= 0x10;
        refusal(&scene, &altered).expect("it is altered");
        assert_eq!(scene.stored(), before);
    }
}

/// Loads an archive here and by dockerd; both must take it for the same images, or refuse it.
#[track_caller]
fn as_dockerd(scene: &Scene, dockerd: &strata_tests::Docker, at: &Path, name: &str, loads: bool) {
    let (ours, theirs) = (load(&scene.docker, at), load(dockerd, at));
    assert_eq!((ours.code == 0, theirs.code == 0), (loads, loads), "{ours} {theirs}");
    if loads {
        assert_eq!(id(&scene.docker, name), id(dockerd, name));
        scene.docker.run(&["rmi", name]).ok();
        dockerd.run(&["rmi", name]).ok();
    }
}

#[test]
fn what_comes_twice_or_is_a_link_means_what_it_means_to_dockerd() {
    if skip_without(&["dockerd", "docker"]) {
        return;
    }
    let scene = Scene::new();
    let (_dockerd, dockerd) = scene.dockerd();
    let image = fixture::demo().build();
    let list = |layers: &[&str]| {
        serde_json::json!([{ "Config": "c.json", "RepoTags": ["x:1"], "Layers": layers }]).to_string()
    };
    let write = |name: &str, entries: Vec<Entry>| {
        let path = scene.path(name);
        let mut tar = TarWriter::new(fs::File::create(&path).expect("creates"));
        for entry in entries {
            tar.entry(&entry).expect("writes");
        }
        tar.finish().expect("writes");
        path
    };
    let config = || Entry::file("c.json", image.config.bytes.clone());
    let layer = |path: &str, at: usize| Entry::file(path, image.layers[at].tar.clone());
    let (usual, all) = (["0/layer.tar", "1/layer.tar", "2/layer.tar"], [0, 1, 2]);
    let layers = || all.map(|at| layer(usual[at], at));
    let manifest = |layers: &[&str]| Entry::file("manifest.json", list(layers).into_bytes());

    // The last one counts.
    let mut twice = vec![layer(usual[0], 2), Entry::file("c.json", "{}"), manifest(&[])];
    twice.extend(layers());
    twice.extend([config(), manifest(&usual)]);
    as_dockerd(&scene, &dockerd, &write("twice", twice), "x:1", true);
    let mut worse: Vec<Entry> = layers().into();
    worse.extend([config(), manifest(&usual), layer(usual[0], 1)]);
    as_dockerd(&scene, &dockerd, &write("worse", worse), "x:1", false);

    // Layers that images share were links once.
    let mut linked: Vec<Entry> = vec![layer("a/real.tar", 0), Entry::symlink("0/layer.tar", "../a/real.tar")];
    linked.extend([layer(usual[1], 1), layer(usual[2], 2), config(), manifest(&usual)]);
    as_dockerd(&scene, &dockerd, &write("linked", linked), "x:1", true);
    for outside in ["/etc/passwd", "../../../../../../etc/passwd", "layer.tar"] {
        let mut bad: Vec<Entry> = vec![Entry::symlink("0/layer.tar", outside)];
        bad.extend([layer(usual[1], 1), layer(usual[2], 2), config(), manifest(&usual)]);
        as_dockerd(&scene, &dockerd, &write("bad", bad), "x:1", false);
    }
    for outside in ["/etc/passwd", "../../etc/passwd", "0/../../x", "", "."] {
        let mut bad: Vec<Entry> = layers().into();
        bad.extend([config(), manifest(&[outside, usual[1], usual[2]])]);
        as_dockerd(&scene, &dockerd, &write("bad", bad), "x:1", false);
    }
    let before = scene.stored();
    let two = scene.path("two.tar");
    old_archive(&two, &[(&image, &["x:1"]), (&fixture::other().build(), &["x:2"])]);
    let whole = fs::read(&two).expect("reads");
    // One image of two is broken: none is there.
    assert!(refusal(&scene, &whole[..whole.len() - 4096]).is_some());
    assert_eq!(scene.stored(), before);
}
