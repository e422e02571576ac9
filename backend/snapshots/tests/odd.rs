//! Images and containers that are not as one would like.

mod support;

use std::{fs, path::Path};

use rustix::fs::{CWD, Mode, OFlags, mkdirat, openat};
use strata_snapshots::{Driver, SnapshotError};
use support::{OVERLAY, Place, put, sid};

#[test]
fn an_image_may_have_a_layer_twice() {
    for driver in Driver::ALL {
        let Some(place) = Place::with(driver) else { continue };
        let twice = place.layer("twice", |at| {
            put(at, "f", "twice");
            put(at, "d/a", "twice");
        });
        let between = place.layer("between", |at| {
            put(at, "f", "between");
            put(at, "d/b", "between");
        });
        let merged = place.mount("c", &[twice.clone(), between, twice]);
        let text = |name: &str| fs::read_to_string(merged.join(name)).expect("reads");
        assert_eq!((text("f"), text("d/a"), text("d/b")), ("twice".into(), "twice".into(), "between".into()));
        fs::remove_file(merged.join("f")).expect("removes");
        assert_eq!(place.diff("c"), ["D /f"], "{driver}");
    }
}

/// Programs can make what has no path; it can be removed all the same.
#[test]
fn a_tree_too_deep_for_paths_is_refused_and_removed() {
    let Some(place) = Place::new() else { return };
    let merged = place.mount("c", &[]);
    let open = |at: &rustix::fd::OwnedFd, name: &str| {
        openat(at, name, OFlags::PATH | OFlags::DIRECTORY, Mode::empty())
    };
    let mut folder = openat(CWD, &merged, OFlags::PATH | OFlags::DIRECTORY, Mode::empty()).expect("opens");
    let name = "d".repeat(250);
    for _ in 0..100 {
        mkdirat(&folder, &*name, Mode::RWXU).expect("creates");
        folder = open(&folder, &name).expect("opens");
    }
    drop(folder);
    let error = place.snapshots.changes(&sid("c")).expect_err("has no path");
    assert!(error.to_string().contains("has no path that fits in a layer"), "{error}");
    assert!(place.snapshots.watch(&sid("c")).expect("opens").next(std::time::Duration::ZERO).is_err());
    assert!(place.snapshots.remove(&sid("c")).expect("removes"));
    assert_eq!(fs::read_dir(place.dir.path().join("snapshots/tmp")).expect("lists").count(), 0);
}

#[test]
fn a_missing_layer_is_named() {
    let Some(place) = Place::new() else { return };
    let base = place.layer("base", |at| put(at, "f", ""));
    let missing = place.dir.path().join("layers/missing");
    let error =
        place.snapshots.prepare(&sid("c"), &[base.clone(), missing], &[], true).expect_err("is not there");
    assert!(error.to_string().contains("layers/missing"), "{error}");
    assert_eq!(place.snapshots.list().expect("lists"), []);
    assert_eq!(fs::read_dir(place.dir.path().join("snapshots/tmp")).expect("lists").count(), 0);
    // One that vanishes later is told by the kernel.
    place.snapshots.prepare(&sid("c"), std::slice::from_ref(&base), &[], true).expect("prepares");
    fs::remove_dir_all(&base).expect("removes");
    let error = place.snapshots.mount(&sid("c")).expect_err("is not there");
    let SnapshotError::Mount { source, .. } = &error else { panic!("{error}") };
    assert!(source.to_string().contains("layers/base"), "{source}");
    place.snapshots.remove(&sid("c")).expect("removes");
}

#[test]
fn a_file_system_whose_program_died_is_mounted_again() {
    let Some(place) = Place::with(Driver::FuseOverlayfs) else { return };
    let base = place.layer("base", |at| put(at, "f", "x"));
    let merged = place.mount("c", &[base]);
    fs::write(merged.join("f"), "written").expect("writes");
    let mut killed = 0;
    for entry in fs::read_dir("/proc").expect("lists") {
        let path = entry.expect("one").path();
        let line = fs::read(path.join("cmdline")).unwrap_or_default();
        let ours =
            line.split(|byte| *byte == 0).any(|word| Path::new(&*String::from_utf8_lossy(word)) == merged);
        if let (true, Some(pid)) = (ours, path.file_name().and_then(|name| name.to_str()?.parse().ok())) {
            let pid = rustix::process::Pid::from_raw(pid).expect("a process");
            rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("kills");
            killed += 1;
        }
    }
    assert_eq!(killed, 1);
    while fs::read(merged.join("f")).is_ok() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    assert!(!place.snapshots.is_mounted(&sid("c")).expect("looks"));
    assert_eq!(place.diff("c"), ["C /f"]);
    place.snapshots.mount(&sid("c")).expect("mounts again");
    assert_eq!(fs::read_to_string(merged.join("f")).expect("reads"), "written");
}

/// A file with several names in a layer: written to by one, the others keep the old content, in the mount as in what
/// is captured.
#[test]
fn hard_links_of_a_layer_are_parted_by_writing() {
    let Some(place) = Place::with(OVERLAY) else { return };
    let base = place.layer("base", |at| {
        put(at, "one", "old");
        fs::hard_link(at.join("one"), at.join("two")).expect("links");
    });
    let merged = place.mount("c", &[base]);
    fs::write(merged.join("one"), "new").expect("writes");
    assert_eq!(fs::read_to_string(merged.join("two")).expect("reads"), "old");
    assert_eq!(place.diff("c"), ["C /one"]);
}

#[test]
fn what_a_killed_server_left_mounted_is_cleared_away() {
    let Some(place) = Place::new() else { return };
    let root = place.dir.path().join("snapshots");
    let left = root.join("tmp/probe/snapshot/merged");
    fs::create_dir_all(&left).expect("creates");
    let flags = rustix::mount::MountFlags::empty();
    rustix::mount::mount("tmpfs", &left, "tmpfs", flags, None).expect("mounts");
    let opened = strata_snapshots::Snapshots::open(&root);
    if opened.is_err() {
        let _ = rustix::mount::unmount(&left, rustix::mount::UnmountFlags::DETACH);
    }
    assert_eq!(opened.expect("opens").driver().driver, OVERLAY);
    assert_eq!(fs::read_dir(root.join("tmp")).expect("lists").count(), 0);
}
