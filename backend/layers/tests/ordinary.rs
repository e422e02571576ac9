//! As an ordinary user: no owners, no devices, but everything can be taken in, shown and removed.

mod support;

use std::{
    fs,
    io::Read as _,
    os::unix::fs::{MetadataExt as _, chown},
};

use rustix::{
    process::{Gid, Uid},
    thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid},
};
use strata_blobs::DiskBlobs;
use strata_forge::{Entry, Layer};
use strata_layer::{Kind, LayerPath};
use strata_layers::{Layers, Limits, Powers};
use support::{Store, root, tree_of};

/// cap_net_raw=ep
const CAPABILITY: [u8; 20] = [1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
const NOBODY: u32 = 65_534;

/// Runs on a thread of its own that has given up all rights; the rest of the process keeps its own.
fn as_nobody<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let working = scope.spawn(|| {
            let (uid, gid) = (Uid::from_raw(NOBODY), Gid::from_raw(NOBODY));
            set_thread_groups(&[]).expect("root may");
            set_thread_res_gid(gid, gid, gid).expect("root may");
            set_thread_res_uid(uid, uid, uid).expect("root may");
            work()
        });
        working.join().expect("no panic")
    })
}

#[test]
fn takes_in_shows_and_removes() {
    if !root("to become another user") {
        return;
    }
    let dir = tempfile::tempdir().expect("a directory");
    chown(dir.path(), Some(NOBODY), Some(NOBODY)).expect("root may");
    let layer = Layer::new()
        .with(Entry::dir("./").mode(0o555))
        .with(Entry::dir("closed").mode(0).owner(0, 0))
        .with(Entry::file("closed/unreadable", "content").mode(0).owner(1, 2).mtime(77))
        .with(Entry::file("su", "x").mode(0o4755))
        .char_device("null", 1, 3)
        .hardlink("also null", "null")
        .file("null", "replaces a device that is not there")
        .block_device("disk", 8, 0)
        .fifo("pipe")
        .whiteout("gone")
        .whiteout("gone too")
        .opaque("opaque")
        .with(Entry::symlink("link", "su").owner(5, 6))
        .with(Entry::file("caps", "x").xattr("security.capability", CAPABILITY).xattr("user.kept", "1"));
    let (powers, facts, index) = as_nobody(|| {
        let blobs = DiskBlobs::open(&dir.path().join("blobs")).expect("opens");
        let layers = Layers::open(&dir.path().join("layers"), Limits::default()).expect("opens");
        let store = Store { dir: tempfile::tempdir_in(dir.path()).expect("a directory"), blobs, layers };
        let id = store.add(&layer).diff_id;
        let path = LayerPath::parse(b"closed/unreadable").expect("a path");
        let mut text = String::new();
        store.layers.open_file(&id, &path).expect("opens").read_to_string(&mut text).expect("reads");
        assert_eq!(text, "content");
        let facts = tree_of(&store.tree(&id));
        let index = store.layers.layer_index(&id).expect("reads");
        assert!(store.layers.remove(&id).expect("removes"));
        (store.layers.powers(), facts, index)
    });
    let expected = Powers { owners: false, devices: false, trusted: false, whiteouts: true };
    assert_eq!(powers, expected);
    let facts_of = |path: &str| &facts[path.as_bytes()];
    assert!(facts.values().all(|facts| facts.owner == (NOBODY, NOBODY)));
    assert_eq!(facts_of("closed/unreadable").mode & 0o7777, 0o600);
    assert_eq!(facts_of("closed/unreadable").mtime, (77, 0));
    assert_eq!(facts_of("closed").mode & 0o7777, 0o700);
    assert_eq!(facts_of("null").mode & 0o170_000, 0o100_000);
    assert!(!facts.contains_key(&b"disk"[..]) && !facts.contains_key(&b"also null"[..]));
    assert_eq!((facts_of("gone").device, facts_of("gone").mode & 0o170_000), (0, 0o020_000));
    assert_eq!(facts_of("opaque").xattrs["user.overlay.opaque"], b"y");
    assert_eq!(facts_of("caps").xattrs.keys().collect::<Vec<_>>(), ["user.kept"]);

    // The index keeps the truth.
    let entry = |path: &str| index.get(&LayerPath::parse(path.as_bytes()).expect("a path")).expect(path);
    assert_eq!((entry("closed/unreadable").uid(), entry("closed/unreadable").mode()), (1, 0));
    assert_eq!(entry("disk").kind(), Kind::BlockDevice);
    assert_eq!(entry("caps").xattrs().len(), 2);
    assert_eq!(fs::metadata(dir.path()).expect("is there").uid(), NOBODY);
}
