//! Layers made of layers: what is mounted of them is what was mounted before.

mod support;

use std::{collections::BTreeMap, os::unix::fs::MetadataExt as _, sync::Arc};

use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};
use strata_blobs::DiskWriter;
use strata_forge::{Entry, Image, Layer};
use strata_layer::{Stack, squash};
use strata_layers::{FromRead, Watch};
use strata_oci::DiffId;
use support::{Facts, Store, root, tree_of};

/// A stack with everything that layers do to each other; parents are listed, as all builders do.
fn layers() -> Vec<Layer> {
    let dir = |path: &str| Entry::dir(path).mode(0o755).mtime(1_000);
    vec![
        Layer::new()
            .with(dir("bin"))
            .with(Entry::file("bin/tool", "one").mode(0o4755).owner(3, 4).mtime(5))
            .with(Entry::hardlink("bin/same", "bin/tool").mode(0o4755).owner(3, 4).mtime(5))
            .with(dir("etc"))
            .file("etc/kept", "kept")
            .file("etc/gone", "gone")
            .with(dir("var"))
            .with(dir("var/lib"))
            .file("var/lib/old", "old")
            .file("leaf", "leaf")
            .with(dir("tree"))
            .file("tree/x", "x"),
        Layer::new()
            .with(dir("etc").mtime(2_000))
            .whiteout("etc/gone")
            .file("etc/brief", "brief")
            .with(dir("opt").mode(0o700).owner(9, 9))
            .file("opt/first", "linked")
            .hardlink("opt/second", "opt/first")
            .hardlink("opt/third", "opt/first")
            .symlink("opt/link", "first")
            .with(dir("leaf"))
            .file("leaf/inside", "1"),
        Layer::new()
            .with(dir("etc").mtime(3_000))
            .whiteout("etc/brief")
            .with(dir("opt").mode(0o700).owner(9, 9).mtime(7))
            .whiteout("opt/first")
            .with(dir("var"))
            .with(dir("var/lib").mtime(9))
            .opaque("var/lib")
            .file("var/lib/new", "new")
            .file("tree", "a file now"),
        Layer::new()
            .with(dir("bin"))
            .whiteout("bin/same")
            .with(dir("var"))
            .whiteout("var/lib")
            .file("last", "last"),
    ]
}

/// What the kernel shows of layers, bottom first.
fn mounted(store: &Store, diff_ids: &[DiffId]) -> BTreeMap<Vec<u8>, Facts> {
    let at = store.dir.path().join("merged");
    let empty = store.dir.path().join("empty");
    std::fs::create_dir_all(&at).expect("creates");
    std::fs::create_dir_all(&empty).expect("creates");
    let lowers: Vec<String> =
        diff_ids.iter().rev().map(|diff_id| store.tree(diff_id).display().to_string()).collect();
    let options = format!("lowerdir={}:{}", lowers.join(":"), empty.display());
    let options = std::ffi::CString::new(options).expect("no zero");
    mount("overlay", &at, "overlay", MountFlags::RDONLY, options.as_c_str()).expect("mounts");
    let mut tree = tree_of(&at);
    // A layer counts its own names of a file, also those that another one deletes.
    tree.values_mut().for_each(|facts| facts.links = 0);
    let names: Vec<u64> = ["opt/second", "opt/third"]
        .iter()
        .filter_map(|name| std::fs::metadata(at.join(name)).ok().map(|found| found.ino()))
        .collect();
    assert!(names.windows(2).all(|pair| pair[0] == pair[1]), "two names of one file");
    unmount(&at, UnmountFlags::empty()).expect("unmounts");
    tree
}

#[test]
fn a_squashed_range_is_mounted_as_its_layers_were() {
    if !root("it mounts") {
        return;
    }
    let store = Store::new();
    let diff_ids: Vec<DiffId> = layers().iter().map(|layer| store.add(layer).diff_id).collect();
    let indexes = diff_ids.iter().map(|id| Arc::new(store.layers.layer_index(id).expect("is there")));
    let stack = Stack::new(indexes.collect());
    for first in 0..diff_ids.len() {
        for last in first..diff_ids.len() {
            let rows = squash(&stack, first..=last);
            let (mut tar, mut again) = (Vec::new(), Vec::new());
            let (diff_id, bytes) =
                store.layers.compose(&stack, &diff_ids, &rows, &mut tar).expect("composes");
            store.layers.compose(&stack, &diff_ids, &rows, &mut again).expect("composes");
            assert_eq!((tar.len() as u64, &tar), (bytes, &again), "the same rows give the same bytes");
            let staged = store
                .layers
                .intake_made::<_, DiskWriter>(FromRead(&tar[..]), &Watch::default())
                .expect("is a layer");
            assert_eq!(staged.taken().diff_id, diff_id);
            store.layers.publish(&store.blobs, vec![staged], Vec::new()).expect("publishes");
            let mut merged = diff_ids.clone();
            merged.splice(first..=last, [diff_id]);
            for top in first..merged.len() {
                let before = mounted(&store, &diff_ids[..=top + last - first]);
                let after = mounted(&store, &merged[..=top]);
                for (path, facts) in &before {
                    let name = String::from_utf8_lossy(path);
                    assert_eq!(
                        after.get(path),
                        Some(facts),
                        "{name} of layers {first} to {last}, up to {top}"
                    );
                }
                assert_eq!(before.len(), after.len(), "layers {first} to {last}, up to {top}");
            }
        }
    }
}

/// Whether a program is installed; says so when a test is left out because it is not.
fn installed(program: &str) -> bool {
    let found = std::process::Command::new(program).arg("--version").output().is_ok();
    if !found {
        eprintln!("LEFT OUT: {program} is not installed");
    }
    found
}

/// What other engines unpack of a squashed image is what the kernel shows of the original.
#[test]
fn a_squashed_image_is_one_for_others_too() {
    if !root("it mounts") || !installed("umoci") || !installed("podman") {
        return;
    }
    let store = Store::new();
    let diff_ids: Vec<DiffId> = layers().iter().map(|layer| store.add(layer).diff_id).collect();
    let indexes = diff_ids.iter().map(|id| Arc::new(store.layers.layer_index(id).expect("is there")));
    let stack = Stack::new(indexes.collect());
    let expected = comparable(mounted(&store, &diff_ids));
    for (first, last) in [(1, 2), (0, 2), (1, 3)] {
        let mut tar = Vec::new();
        let rows = squash(&stack, first..=last);
        store.layers.compose(&stack, &diff_ids, &rows, &mut tar).expect("composes");
        let mut image = Image::new();
        let all = layers();
        for layer in &all[..first] {
            image = image.layer("below", layer.clone());
        }
        image = image.layer("squashed", Layer::new().unterminated().raw(tar));
        for layer in &all[last + 1..] {
            image = image.layer("above", layer.clone());
        }
        // podman takes the path for a name, which has no capitals.
        let prefix = format!("compose-{}-{first}-{last}", std::process::id());
        let scratch = tempfile::Builder::new().prefix(&prefix).rand_bytes(0).tempdir().expect("a directory");
        let at = |name: &str| scratch.path().join(name).display().to_string();
        image.build().write_layout(&scratch.path().join("layout"), "it").expect("writes");
        support::run("umoci", &["unpack", "--image", &format!("{}:it", at("layout")), &at("bundle")]);
        let unpacked = comparable(tree_of(&scratch.path().join("bundle/rootfs")));
        assert_eq!(unpacked, expected, "umoci, layers {first} to {last}");
        let _mounted = PodmansRoot(at("root"));
        let podman = |arguments: &[&str]| {
            let (root, run, tmp) = (at("root"), at("run"), at("tmp"));
            let own = ["--root", &root, "--runroot", &run, "--tmpdir", &tmp, "--storage-driver=overlay"];
            support::run("podman", &[&own[..], arguments].concat())
        };
        let id = podman(&["pull", "-q", &format!("oci:{}:it", at("layout"))]);
        let mount = podman(&["image", "mount", id.trim()]);
        let seen = comparable(tree_of(std::path::Path::new(mount.trim())));
        podman(&["image", "unmount", id.trim()]);
        assert_eq!(seen, expected, "podman, layers {first} to {last}");
        podman(&["rmi", "-f", id.trim()]);
    }
}

/// A store of podman, whose overlay mounts its own root on itself.
struct PodmansRoot(String);

impl Drop for PodmansRoot {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg(format!("{}/overlay", self.0)).output();
    }
}

/// Without what each tool has its own way with: times of directories, the root, and how many names a layer's file has.
fn comparable(mut tree: BTreeMap<Vec<u8>, Facts>) -> BTreeMap<Vec<u8>, Facts> {
    tree.remove(&Vec::new());
    for facts in tree.values_mut() {
        facts.links = 0;
        if facts.mode & 0o170_000 == 0o040_000 {
            facts.mtime = (0, 0);
        }
        facts.xattrs.retain(|name, _| !name.contains("overlay"));
    }
    tree
}

/// A link's header has the last word on the file, as in dockerd: on the disk and in the index alike.
#[test]
fn a_hard_link_says_what_the_file_has() {
    if !root("owners differ") {
        return;
    }
    let store = Store::new();
    let layer = Layer::new()
        .with(Entry::file("tool", "x").mode(0o4755).owner(3, 4).mtime(5))
        .with(Entry::hardlink("same", "tool").mode(0o2711).owner(6, 7).mtime(8))
        .with(Entry::symlink("link", "tool").owner(1, 1))
        .with(Entry::hardlink("link2", "link").mode(0o700).owner(9, 9).mtime(9));
    let diff_id = store.add(&layer).diff_id;
    let tree = tree_of(&store.tree(&diff_id));
    let index = store.layers.layer_index(&diff_id).expect("is there");
    for (name, mode, owner) in [("tool", 0o2711, (6, 7)), ("same", 0o2711, (6, 7)), ("link", 0o777, (9, 9))] {
        let path = strata_layer::LayerPath::parse(name.as_bytes()).expect("a path");
        let (disk, entry) = (&tree[name.as_bytes()], index.get(&path).expect("is listed"));
        assert_eq!((disk.mode & 0o7777, disk.owner), (mode, owner), "{name}");
        assert_eq!((entry.uid(), entry.gid()), owner, "{name}");
        if name != "link" {
            assert_eq!((u32::from(entry.mode()), entry.mtime().seconds), (mode, disk.mtime.0), "{name}");
        }
    }
}
