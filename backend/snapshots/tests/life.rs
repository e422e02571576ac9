//! A snapshot from preparing to removing, by every driver that works here.

mod support;

use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
};

use strata_snapshots::{Driver, Placeholder, PlaceholderKind, SnapshotError, Snapshots};
use support::{Place, path, put, sid};

/// Runs a test with every driver that works here.
fn each(test: impl Fn(&Place, Driver)) {
    for driver in Driver::ALL {
        if let Some(place) = Place::with(driver) {
            eprintln!("by {driver}");
            test(&place, driver);
        }
    }
}

#[test]
fn what_is_written_is_told_and_lowers_stay() {
    each(|place, _| {
        let base = place.layer("base", |at| {
            put(at, "etc/passwd", "root");
            put(at, "etc/group", "wheel");
            put(at, "bin/vi", "editor");
            put(at, "var/log/a", "1");
            put(at, "var/log/b", "2");
        });
        let top = place.layer("top", |at| put(at, "etc/motd", "hello"));
        let before = tree(&base);
        let merged = place.mount("c", &[base.clone(), top]);
        assert_eq!(fs::read_to_string(merged.join("etc/motd")).expect("reads"), "hello");
        assert_eq!(place.diff("c"), Vec::<String>::new());

        fs::write(merged.join("etc/hello"), "hi").expect("writes");
        fs::remove_file(merged.join("bin/vi")).expect("removes");
        fs::set_permissions(merged.join("etc/passwd"), fs::Permissions::from_mode(0o600)).expect("chmods");
        fs::create_dir(merged.join("etc/new")).expect("creates");
        fs::rename(merged.join("etc/group"), merged.join("etc/g2")).expect("renames");
        fs::remove_dir_all(merged.join("var/log")).expect("removes");
        fs::create_dir(merged.join("var/log")).expect("creates");
        fs::write(merged.join("var/log/b"), "3!").expect("writes");
        assert_eq!(
            place.diff("c"),
            [
                "C /bin",
                "D /bin/vi",
                "C /etc",
                "A /etc/g2",
                "D /etc/group",
                "A /etc/hello",
                "A /etc/new",
                "C /etc/passwd",
                "C /var",
                "C /var/log",
                "D /var/log/a",
                "C /var/log/b"
            ]
        );
        assert_eq!(tree(&base), before);
        let below = |name: &str| {
            let (layer, file) = place.snapshots.open_below(&sid("c"), &path(name)).expect("looks")?;
            Some((layer, std::io::read_to_string(file).expect("reads")))
        };
        assert_eq!(below("var/log/b"), Some((0, "2".into())));
        assert_eq!(below("etc/motd"), Some((1, "hello".into())));
        assert_eq!((below("etc/hello"), below("etc"), below("no/such")), (None, None, None));
        let usage = place.snapshots.usage(&sid("c")).expect("counts");
        assert_eq!(usage.bytes, 2 + 4 + 5 + 2, "hello, passwd, g2, b");
    });
}

#[test]
fn a_snapshot_outlives_its_server_and_ends_whole() {
    each(|place, driver| {
        let base = place.layer("base", |at| put(at, "f", "x"));
        let merged = place.mount("c", std::slice::from_ref(&base));
        fs::write(merged.join("f"), "written").expect("writes");

        let options = strata_snapshots::Options { driver: Some(driver) };
        let root = place.dir.path().join("snapshots");
        let next = Snapshots::open_with(&root, &options).expect("opens again");
        assert!(next.is_mounted(&sid("c")).expect("looks"));
        assert_eq!(next.mount(&sid("c")).expect("is mounted").merged, merged);
        assert_eq!(next.mount(&sid("c")).expect("is mounted").plan, next.plan(&sid("c")).expect("reads"));
        next.unmount(&sid("c")).expect("unmounts");
        next.unmount(&sid("c")).expect("again is fine");
        assert_eq!(next.is_mounted(&sid("c")).expect("looks"), driver == Driver::Copy);
        next.mount(&sid("c")).expect("mounts again");
        assert_eq!(fs::read_to_string(merged.join("f")).expect("reads"), "written");

        next.prepare(&sid("d"), std::slice::from_ref(&base), &[], true).expect("prepares");
        assert_eq!(next.list().expect("lists"), [sid("c"), sid("d")]);
        let error = next.prepare(&sid("d"), &[base], &[], true).expect_err("is there");
        assert!(matches!(error, SnapshotError::Exists(_)), "{error}");
        assert_eq!(next.sweep(&|id| *id == sid("d")).expect("sweeps"), 1);
        assert_eq!(next.list().expect("lists"), [sid("d")]);
        assert!(next.remove(&sid("d")).expect("removes"));
        assert!(!next.remove(&sid("d")).expect("was removed"));
        assert!(matches!(next.mount(&sid("d")), Err(SnapshotError::NotFound(_))));
        assert!(matches!(next.changes(&sid("d")), Err(SnapshotError::NotFound(_))));
        let left: Vec<_> =
            fs::read_dir(&root).expect("lists").map(|entry| entry.expect("one").file_name()).collect();
        assert_eq!(left, ["tmp"]);
        assert_eq!(fs::read_dir(root.join("tmp")).expect("lists").count(), 0);
    });
}

#[test]
fn placeholders_are_below_and_the_root_keeps_its_metadata() {
    each(|place, _| {
        let base = place.layer("base", |at| {
            put(at, "etc/hosts", "the image's");
            fs::set_permissions(at.join("etc"), fs::Permissions::from_mode(0o711)).expect("chmods");
            fs::set_permissions(at, fs::Permissions::from_mode(0o1751)).expect("chmods");
            std::os::unix::fs::symlink("/nowhere", at.join("run")).expect("links");
        });
        let place_of = |at: &str, kind| Placeholder { path: path(at), kind };
        let placeholders = [
            place_of("etc/hosts", PlaceholderKind::File { mode: 0o644 }),
            place_of("etc/hostname", PlaceholderKind::File { mode: 0o640 }),
            place_of("dev/shm", PlaceholderKind::Directory { mode: 0o1777 }),
            place_of("etc/mtab", PlaceholderKind::Symlink { target: "/proc/mounts".into() }),
            place_of("run/lock", PlaceholderKind::Directory { mode: 0o755 }),
        ];
        place.snapshots.prepare(&sid("c"), &[base], &placeholders, true).expect("prepares");
        let merged = place.snapshots.mount(&sid("c")).expect("mounts").merged;
        let mode = |name: &str| fs::symlink_metadata(merged.join(name)).expect("is there").mode() & 0o7777;
        assert_eq!(fs::read_to_string(merged.join("etc/hosts")).expect("reads"), "the image's");
        assert_eq!((mode("etc/hostname"), mode("dev/shm"), mode("dev")), (0o640, 0o1777, 0o755));
        assert_eq!((mode("etc"), mode("")), (0o711, 0o1751));
        assert_eq!(fs::read_link(merged.join("etc/mtab")).expect("reads").to_str(), Some("/proc/mounts"));
        assert_eq!(fs::read_link(merged.join("run")).expect("reads").to_str(), Some("/nowhere"));
        assert_eq!(place.diff("c"), Vec::<String>::new());
        fs::write(merged.join("etc/hostname"), "c").expect("writes");
        assert_eq!(place.diff("c"), ["C /etc", "C /etc/hostname"]);
    });
}

#[test]
fn an_image_without_layers_has_a_file_system_too() {
    each(|place, _| {
        let merged = place.mount("c", &[]);
        fs::write(merged.join("f"), "x").expect("writes");
        assert_eq!(place.diff("c"), ["A /f"]);
    });
}

#[test]
fn all_of_127_layers_are_seen() {
    for driver in Driver::ALL.into_iter().filter(|driver| *driver != Driver::Copy) {
        let Some(place) = Place::with(driver) else { continue };
        let layer = |number: usize| {
            place.layer(&format!("{number:064}"), |at| {
                put(at, &format!("f{number}"), "");
                put(at, "common", &number.to_string());
            })
        };
        let layers: Vec<_> = (0..127).map(layer).collect();
        let merged = place.mount("c", &layers);
        assert_eq!(fs::read_dir(&merged).expect("lists").count(), 128, "{driver}");
        assert_eq!(fs::read_to_string(merged.join("common")).expect("reads"), "126", "{driver}");
    }
}

fn tree(at: &std::path::Path) -> Vec<(std::path::PathBuf, u32, i64, Vec<u8>)> {
    let mut found = Vec::new();
    let mut pending = vec![at.to_owned()];
    while let Some(path) = pending.pop() {
        let metadata = fs::symlink_metadata(&path).expect("is there");
        let content = if metadata.is_file() { fs::read(&path).expect("reads") } else { Vec::new() };
        if metadata.is_dir() {
            pending.extend(fs::read_dir(&path).expect("lists").map(|entry| entry.expect("one").path()));
        }
        found.push((path, metadata.mode(), metadata.mtime_nsec(), content));
    }
    found.sort();
    found
}
