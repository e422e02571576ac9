//! Layers made of layers: what is mounted of them is what was mounted before.

mod support;

use std::{collections::BTreeMap, os::unix::fs::MetadataExt as _, sync::Arc};

use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};
use strata_blobs::DiskWriter;
use strata_forge::{Entry, Layer};
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
            .hardlink("bin/same", "bin/tool")
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
