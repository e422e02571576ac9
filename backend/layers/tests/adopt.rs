//! What was written becomes a layer's directory as it is.

use std::{
    fs,
    os::unix::{
        fs::{MetadataExt as _, PermissionsExt, symlink},
        net::UnixListener,
    },
    path::PathBuf,
};

use rustix::fs::{CWD, FileType, Mode, XattrFlags, makedev, mknodat};
use strata_layers::{Layers, Limits, Marks, Watch, Written, capture};

struct Place {
    _dir: tempfile::TempDir,
    upper: PathBuf,
    lowers: Vec<PathBuf>,
    layers: Layers,
}

/// A layer below, and a writable directory in which something was made, deleted and replaced; nothing without the rights.
fn place() -> Option<Place> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let dir = tempfile::tempdir().expect("a directory");
    let (upper, lower) = (dir.path().join("upper"), dir.path().join("lower"));
    for folder in [&upper, &lower, &lower.join("replaced"), &upper.join("replaced"), &upper.join("made")] {
        fs::create_dir_all(folder).expect("creates");
        fs::set_permissions(folder, PermissionsExt::from_mode(0o755)).expect("sets");
    }
    fs::write(lower.join("gone"), "below").expect("writes");
    fs::write(lower.join("replaced/hidden"), "below").expect("writes");
    fs::write(upper.join("made/file"), "above").expect("writes");
    fs::hard_link(upper.join("made/file"), upper.join("linked")).expect("links");
    symlink("made", upper.join("symlink")).expect("links");
    mknodat(CWD, upper.join("gone"), FileType::CharacterDevice, Mode::empty(), makedev(0, 0))
        .expect("a whiteout");
    rustix::fs::setxattr(upper.join("replaced"), "trusted.overlay.opaque", b"y", XattrFlags::empty())
        .expect("a mark");
    let layers = Layers::open(&dir.path().join("layers"), Limits::default()).expect("opens");
    Some(Place { upper, lowers: vec![lower], layers, _dir: dir })
}

impl Place {
    fn written(&self) -> Written<'_> {
        Written { upper: &self.upper, lowers: &self.lowers, marks: Marks::Trusted }
    }
}

#[test]
fn a_directory_is_moved_and_is_what_its_archive_would_be() {
    let Some(place) = place() else { return };
    let mut tar = Vec::new();
    let captured = capture(&place.written(), &mut tar).expect("captures");
    let inode = fs::metadata(place.upper.join("made/file")).expect("there").ino();
    let copied = place.layers.adopt(&place.written(), true, &Watch::default()).expect("copies");
    assert!(place.upper.join("made/file").exists(), "it was to stay");
    let moved = place.layers.adopt(&place.written(), false, &Watch::default()).expect("moves");
    assert!(!place.upper.exists(), "it was not copied");
    assert_eq!(moved.taken(), copied.taken());
    assert_eq!(moved.taken().diff_id, captured.diff_id);
    let diff_id = captured.diff_id;
    let placed = place.layers.place_now(moved).expect("places");
    drop(copied);
    let tree = place.layers.tree(&diff_id);
    assert_eq!(fs::metadata(tree.join("made/file")).expect("there").ino(), inode);
    assert!(!place.layers.index(&diff_id).expect("has an index").is_empty());
    let blobs = strata_blobs::DiskBlobs::open(&tree.join("../../../blobs")).expect("opens");
    place.layers.make_durable(&blobs, &[placed], Vec::new()).expect("flushes");
    assert!(place.layers.contains(&diff_id));
    let mut again = Vec::new();
    place.layers.write_tar(&diff_id, &mut again).expect("saving and pushing need its archive");
    assert!(again == tar, "other bytes");
}

#[test]
fn what_no_layer_can_have_is_left_behind_by_a_copy() {
    let Some(place) = place() else { return };
    let _socket = UnixListener::bind(place.upper.join("made/socket")).expect("binds");
    let staged = place.layers.adopt(&place.written(), false, &Watch::default()).expect("copies");
    assert!(place.upper.join("made/socket").exists());
    let diff_id = staged.taken().diff_id.clone();
    place.layers.place_now(staged).expect("places");
    let tree = place.layers.tree(&diff_id);
    assert!(tree.join("made/file").exists() && !tree.join("made/socket").exists());
}
