//! Publishing, looking, removing, starting again.

mod support;

use std::{fs, io::Read as _, os::unix::fs::PermissionsExt as _};

use strata_blobs::BlobStore as _;
use strata_forge::{Compression, Layer, compress};
use strata_layer::LayerPath;
use strata_layers::{FromRead, IndexError, Layers, Limits, OpenFileError, Watch};
use strata_oci::{DiffId, Digest};
use support::{Store, describe, diff_id};

fn path(text: &str) -> LayerPath {
    LayerPath::parse(text.as_bytes()).expect("a path")
}

#[test]
fn nothing_is_visible_before_it_is_published() {
    let store = Store::new();
    let layers: Vec<Layer> = (0..5).map(|number| Layer::new().file("name", format!("{number}"))).collect();
    let staged: Vec<_> = layers
        .iter()
        .map(|layer| store.stage(&compress(&layer.tar(), Compression::Gzip(1))).expect("stages"))
        .collect();
    assert_eq!(store.layers.list().expect("lists"), []);
    assert_eq!(store.blobs.list().expect("lists"), []);
    assert_eq!(staged[3].taken().diff_id, diff_id(&layers[3]));

    let config = store.blobs.stage(&Digest::of(b"{}"), b"{}").expect("stages");
    let taken = store.layers.publish(&store.blobs, staged, vec![config]).expect("publishes");
    assert_eq!(taken.len(), 5);
    assert_eq!(store.blobs.list().expect("lists").len(), 6);
    for layer in &layers {
        assert!(store.layers.contains(&diff_id(layer)));
    }
    store.assert_nothing_unfinished();
}

#[test]
fn publishing_what_is_there_is_fine() {
    let store = Store::new();
    let layer = Layer::new().file("a", "a");
    let bytes = compress(&layer.tar(), Compression::Gzip(1));
    let twice = vec![store.stage(&bytes).expect("stages"), store.stage(&bytes).expect("stages")];
    store.layers.publish(&store.blobs, twice, Vec::new()).expect("publishes");
    store.add(&layer);
    assert_eq!(store.layers.list().expect("lists"), [diff_id(&layer)]);
    store.assert_nothing_unfinished();
}

#[test]
fn opens_regular_files_only_and_follows_nothing() {
    let store = Store::new();
    let layer = Layer::new()
        .file("dir/file", "content")
        .hardlink("dir/hard", "dir/file")
        .symlink("dir/link", "file")
        .symlink("out", "/etc")
        .fifo("dir/pipe")
        .whiteout("dir/gone");
    let id = store.add(&layer).diff_id;
    for name in ["dir/file", "dir/hard"] {
        let mut text = String::new();
        let mut file = store.layers.open_file(&id, &path(name)).expect(name);
        file.read_to_string(&mut text).expect("reads");
        assert_eq!(text, "content");
    }
    for name in ["dir/link", "dir/pipe", "dir", "", "dir/gone", "out"] {
        let error = store.layers.open_file(&id, &path(name)).expect_err(name);
        assert!(matches!(error, OpenFileError::NotRegular { .. }), "{name}: {error:?}");
    }
    for name in ["none", "dir/none", "dir/file/below", "out/passwd", "dir/link/below"] {
        let error = store.layers.open_file(&id, &path(name)).expect_err(name);
        assert!(matches!(error, OpenFileError::NotFound { .. }), "{name}: {error:?}");
    }
    let nobody = DiffId(Digest::of(b"nobody"));
    assert!(matches!(store.layers.open_file(&nobody, &path("a")), Err(OpenFileError::NoLayer(_))));
}

#[test]
fn a_damaged_index_is_noticed_and_made_again() {
    let store = Store::new();
    let layer = Layer::new().file("a", "a").symlink("b", "a");
    let bytes = compress(&layer.tar(), Compression::Zstd(1));
    let id = store.publish(&bytes).diff_id;
    let file = store.tree(&id).parent().expect("a directory").join("index");
    let whole = fs::read(&file).expect("reads");
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    for damaged in [&flipped[..], &whole[..whole.len() - 1], b"", b"short"] {
        fs::write(&file, damaged).expect("writes");
        assert!(matches!(store.layers.index(&id), Err(IndexError::Damaged(_))));
        let source = FromRead(store.blobs.open(&describe(&bytes).digest).expect("opens"));
        let index =
            store.layers.rebuild_index(&id, source, &describe(&bytes), &Watch::default()).expect("rebuilds");
        assert_eq!(index, store.layers.layer_index(&id).expect("reads"));
        assert_eq!(fs::read(&file).expect("reads"), whole);
    }
    let nobody = DiffId(Digest::of(b"nobody"));
    assert!(matches!(store.layers.index(&nobody), Err(IndexError::NotFound(_))));
    store.assert_nothing_unfinished();
}

#[test]
fn removes_whatever_is_in_a_tree() {
    let store = Store::new();
    let deep = format!("{}file", "deep/".repeat(700));
    let layer = Layer::new()
        .with(strata_forge::Entry::dir("closed").mode(0))
        .file("closed/a", "a")
        .file(deep, "at the end of a long way")
        .whiteout("gone")
        .opaque("closed");
    let id = store.add(&layer).diff_id;
    assert!(store.layers.remove(&id).expect("removes"));
    assert!(!store.layers.remove(&id).expect("nothing to remove"));
    assert!(!store.layers.contains(&id));
    store.assert_nothing_unfinished();

    let id = store.add(&layer).diff_id;
    let doomed = store.layers.detach(&id).expect("detaches").expect("was there");
    assert!(!store.layers.contains(&id));
    let again = store.add(&layer).diff_id;
    doomed.delete().expect("deletes");
    assert!(store.layers.contains(&again), "the new one is another directory");
}

#[test]
fn a_start_removes_what_is_unfinished_and_a_sweep_what_is_unknown() {
    let store = Store::new();
    let (kept, unknown) = (Layer::new().file("a", "kept"), Layer::new().file("a", "unknown"));
    store.add(&kept);
    store.add(&unknown);
    std::mem::forget(store.stage(&Layer::new().file("b", "b").tar()).expect("stages"));
    let root = store.dir.path().join("layers");
    assert_eq!(fs::read_dir(root.join("tmp")).expect("lists").count(), 1);
    assert_eq!(fs::metadata(&root).expect("is there").permissions().mode() & 0o777, 0o700);

    let layers = Layers::open(&root, Limits::default()).expect("opens again");
    assert_eq!(fs::read_dir(root.join("tmp")).expect("lists").count(), 0);
    assert_eq!(layers.sweep(&|id| *id == diff_id(&kept)).expect("sweeps"), 1);
    assert_eq!(layers.list().expect("lists"), [diff_id(&kept)]);
}
