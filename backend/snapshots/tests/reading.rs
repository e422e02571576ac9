//! Which files are told to be read.

mod support;

use std::{collections::BTreeMap, fs, path::Path, process::Command, time::Duration};

use strata_snapshots::{Driver, How, Read, Reads, SnapshotError};
use support::{Place, path, put, sid};

/// What was told by now: path → from which layer, and the most that was done.
fn told(reads: &mut Reads) -> BTreeMap<String, (Option<usize>, How)> {
    let mut told = BTreeMap::new();
    loop {
        let batch = reads.next(Duration::from_millis(100)).expect("follows").expect("is mounted");
        assert!(!batch.lost);
        if batch.reads.is_empty() {
            return told;
        }
        for Read { path, layer, how, .. } in batch.reads {
            told.insert(path.to_string(), (layer, how));
        }
    }
}

/// Reads as somebody else: what this process reads is not told.
fn read(merged: &Path, names: &[&str]) {
    let done = Command::new("cat").args(names).current_dir(merged).output().expect("cat");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

fn of(expected: &[(&str, Option<usize>, How)]) -> BTreeMap<String, (Option<usize>, How)> {
    expected.iter().map(|(path, layer, how)| ((*path).to_owned(), (*layer, *how))).collect()
}

/// Follows a snapshot; nothing, and it says so, where that is not possible.
fn follow(place: &Place, id: &str) -> Option<Reads> {
    match place.snapshots.reads(&sid(id)) {
        Ok(reads) => Some(reads),
        Err(error) if std::env::var_os("STRATA_TESTS_STRICT").is_none() => {
            eprintln!("LEFT OUT: {error}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn files_light_up_in_their_layer_once() {
    let Some(place) = Place::new() else { return };
    let base = place.layer("base", |at| {
        put(at, "etc/passwd", "root");
        put(at, "etc/unread", "nobody");
        fs::create_dir(at.join("old")).expect("creates");
        if fs::exists("/bin/busybox").expect("looks") {
            fs::copy("/bin/busybox", at.join("cat")).expect("copies");
        }
    });
    let top = place.layer("top", |at| put(at, "etc/motd", "hello"));
    let merged = place.mount("c", &[base, top]);
    let Some(mut reads) = follow(&place, "c") else { return };
    assert_eq!(told(&mut reads), of(&[]));
    read(&merged, &["etc/passwd", "etc/motd", "etc/passwd"]);
    let both = of(&[("etc/motd", Some(1), How::Read), ("etc/passwd", Some(0), How::Read)]);
    assert_eq!(told(&mut reads), both);
    read(&merged, &["etc/passwd"]);
    fs::read(merged.join("etc/unread")).expect("reads");
    assert_eq!(told(&mut reads), of(&[]), "told before, or read by this process");
    // Opened to be written to is not read.
    let write = |name: &str| Command::new("cp").arg("/dev/null").arg(merged.join(name)).status().expect("cp");
    assert!(write("etc/new").success() && write("etc/unread").success());
    assert_eq!(told(&mut reads), of(&[]));
    fs::write(merged.join("etc/new"), "x").expect("writes");
    read(&merged, &["etc/new"]);
    assert_eq!(told(&mut reads), of(&[("etc/new", None, How::Read)]));

    if !merged.join("cat").exists() {
        eprintln!("LEFT OUT: no busybox");
        return;
    }
    // As a container does it: a mount namespace of its own, in which the snapshot is the root.
    let script = format!(
        "cd {} && mount --make-rprivate / && mount --bind . . && cd $PWD && pivot_root . old && exec /cat /etc/motd",
        merged.display()
    );
    let ended = Command::new("unshare").args(["-m", "sh", "-c", &script]).status().expect("unshare");
    if ended.success() {
        assert_eq!(told(&mut reads).get("cat"), Some(&(Some(0), How::Executed)));
    }
}

#[test]
fn a_file_has_its_size_and_a_burst_is_told_in_batches() {
    let Some(place) = Place::new() else { return };
    let base = place.layer("base", |at| {
        for number in 0..3000 {
            put(at, &format!("many/{number}"), "four");
        }
    });
    let merged = place.mount("c", &[base]);
    let Some(mut reads) = follow(&place, "c") else { return };
    let done = Command::new("grep").args(["-rq", "nothing", "many"]).current_dir(&merged).status();
    done.expect("grep");
    let mut seen = BTreeMap::new();
    while seen.len() < 3000 {
        let batch = reads.next(Duration::from_secs(5)).expect("follows").expect("is mounted");
        assert!(!batch.lost && !batch.reads.is_empty() && batch.reads.len() < 1100, "{}", batch.reads.len());
        seen.extend(batch.reads.into_iter().map(|read| (read.path, read.size)));
    }
    assert_eq!(seen.get(&path("many/17")), Some(&4));
    assert_eq!(seen.values().sum::<u64>(), 12_000);
}

#[test]
fn it_ends_with_the_mount_and_may_begin_again() {
    let Some(place) = Place::new() else { return };
    let base = place.layer("base", |at| put(at, "etc/passwd", "root"));
    let merged = place.mount("c", &[base]);
    let Some(mut reads) = follow(&place, "c") else { return };
    place.snapshots.unmount(&sid("c")).expect("unmounts");
    assert_eq!(reads.next(Duration::from_secs(5)).expect("follows"), None);
    let error = place.snapshots.reads(&sid("c")).expect_err("not mounted");
    assert!(matches!(error, SnapshotError::NoReads(_)), "{error}");
    place.snapshots.mount(&sid("c")).expect("mounts");
    let mut reads = place.snapshots.reads(&sid("c")).expect("follows");
    read(&merged, &["etc/passwd"]);
    assert_eq!(told(&mut reads), of(&[("etc/passwd", Some(0), How::Read)]));
}

#[test]
fn a_copy_is_not_followed() {
    let Some(place) = Place::with(Driver::Copy) else { return };
    let base = place.layer("base", |at| put(at, "etc/passwd", "root"));
    place.mount("c", &[base]);
    let error = place.snapshots.reads(&sid("c")).expect_err("all of the machine's files would be told");
    assert!(matches!(error, SnapshotError::NoReads(_)), "{error}");
}
