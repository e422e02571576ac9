//! The tar of a layer without a blob comes back byte for byte.

mod support;

use std::{fs, process::Command};

use strata_blobs::{BlobStore, DiskBlobs};
use strata_forge::{Compression, Entry, Layer, SparseForm, compress};
use strata_layers::{FromRead, RecipeError, Watch};
use strata_oci::{DiffId, Digest};
use support::{Store, root};

fn take(store: &Store, bytes: &[u8]) -> DiffId {
    let staged = store
        .layers
        .intake_unkept::<_, <DiskBlobs as BlobStore>::Writer>(FromRead(bytes), None, &Watch::default())
        .expect("takes it in");
    store.layers.publish(&store.blobs, vec![staged], Vec::new()).expect("publishes").remove(0).diff_id
}

#[track_caller]
fn comes_back(tar: &[u8]) {
    let store = Store::new();
    for bytes in [tar.to_vec(), compress(tar, Compression::Gzip(1))] {
        let id = take(&store, &bytes);
        assert_eq!(id.0, Digest::of(tar));
        assert_eq!(store.layers.tar_size(&id).expect("is there"), tar.len() as u64);
        let mut out = Vec::new();
        assert_eq!(store.layers.write_tar(&id, &mut out).expect("writes"), tar.len() as u64);
        assert!(out == tar, "other bytes");
        store.layers.remove(&id).expect("removes");
    }
}

fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at * 31 % 251) as u8).collect()
}

#[test]
fn files_of_every_size_and_all_that_is_no_file() {
    let mut layer = Layer::new().dir("etc").file("etc/empty", "");
    for size in [1, 511, 512, 513, 4096, 100_000, 131_072, 131_073, 300_000, 3_000_000] {
        layer.push(Entry::file(format!("etc/f{size}"), pattern(size)));
    }
    let layer = layer
        .hardlink("etc/hard", "etc/f3000000")
        .symlink("etc/soft", "f1")
        .whiteout("etc/gone")
        .opaque("var")
        .sparse("etc/sparse", 9_000_000, &[(0, &[1; 100]), (8_000_000, &[2; 700])], SparseForm::Gnu)
        .file("etc/last", pattern(70_000));
    comes_back(&layer.tar());
}

#[test]
fn many_small_files_and_what_follows_the_end() {
    let mut layer = Layer::new();
    for at in 0..3000 {
        layer.push(Entry::file(format!("f{at}"), pattern(at % 2000)));
    }
    let mut tar = layer.tar();
    tar.resize(tar.len() + 2_500_000, 0);
    comes_back(&tar);
    comes_back(&Layer::new().tar());
}

#[test]
fn what_other_programs_write() {
    let scratch = tempfile::tempdir().expect("a directory");
    let at = scratch.path();
    fs::create_dir(at.join(format!("d{}", "x".repeat(60)))).expect("makes");
    fs::write(at.join(format!("d{}/file", "x".repeat(60))), pattern(200_000)).expect("writes");
    fs::write(at.join("small"), "small\n").expect("writes");
    for format in ["gnu", "pax", "ustar"] {
        let out =
            Command::new("tar").args(["--format", format, "-C"]).arg(at).args(["-cf", "-", "."]).output();
        let out = out.expect("tar runs");
        assert!(out.status.success());
        comes_back(&out.stdout);
    }
}

#[test]
fn a_file_named_twice_or_changed_is_told() {
    let store = Store::new();
    let twice = Layer::new().file("a", pattern(5000)).file("b", "b").file("a", pattern(6000)).tar();
    let id = take(&store, &twice);
    let error = store.layers.write_tar(&id, &mut Vec::new()).expect_err("the first content is gone");
    assert!(matches!(error, RecipeError::None(_)), "{error:?}");

    let id = take(&store, &Layer::new().file("a", pattern(5000)).tar());
    let file = store.tree(&id).join("a");
    fs::write(&file, pattern(5000).iter().map(|byte| byte ^ 1).collect::<Vec<_>>()).expect("writes");
    let error = store.layers.write_tar(&id, &mut Vec::new()).expect_err("another content");
    assert!(matches!(error, RecipeError::Changed { .. }), "{error:?}");
    fs::write(&file, "short").expect("writes");
    let error = store.layers.write_tar(&id, &mut Vec::new()).expect_err("too short");
    assert!(matches!(error, RecipeError::Damaged { .. }), "{error:?}");
}

#[test]
fn devices_and_set_user_id_programs() {
    if !root("to make devices") {
        return;
    }
    let layer = Layer::new().char_device("null", 1, 3).fifo("pipe").with(Entry::file("su", "x").mode(0o4755));
    comes_back(&layer.tar());
}
