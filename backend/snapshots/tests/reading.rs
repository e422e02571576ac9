//! Which files are told to be read.

mod support;

use std::{fs, process::Command, time::Duration};

use strata_snapshots::Read;
use support::{Place, path, put, sid};

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
    let mut reads = match place.snapshots.reads(&sid("c")) {
        Ok(reads) => reads,
        Err(error) => {
            eprintln!("LEFT OUT: {error}");
            return;
        }
    };
    let mut next = || {
        let mut told = Vec::new();
        loop {
            let some = reads.next(Duration::from_millis(100)).expect("follows");
            if some.is_empty() {
                told.sort_by(|a: &Read, b| a.path.cmp(&b.path));
                return told;
            }
            told.extend(some);
        }
    };
    let read = |name: &str| fs::read(merged.join(name)).expect("reads");
    let of = |name: &str, layer| Read { path: path(name), layer };
    assert_eq!(next(), []);
    for name in ["etc/passwd", "etc/motd", "etc/passwd"] {
        read(name);
    }
    assert_eq!(next(), [of("etc/motd", Some(1)), of("etc/passwd", Some(0))]);
    read("etc/passwd");
    assert_eq!(next(), []);
    fs::write(merged.join("etc/new"), "x").expect("writes");
    read("etc/new");
    assert_eq!(next(), [of("etc/new", None)]);

    if !merged.join("cat").exists() {
        eprintln!("LEFT OUT: no busybox");
        return;
    }
    // As a container does it: a mount namespace of its own, in which the snapshot is the root.
    let script = format!(
        "cd {} && mount --make-rprivate / && mount --bind . . && cd $PWD && pivot_root . old && exec /cat /etc/unread",
        merged.display()
    );
    let ended = Command::new("unshare").args(["-m", "sh", "-c", &script]).status().expect("unshare");
    if ended.success() {
        assert!(next().contains(&of("cat", Some(0))));
    }
}
