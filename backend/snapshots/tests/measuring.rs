//! How much of a copied file is told to have changed.

mod support;

use std::{
    fs::{self, File, OpenOptions},
    io::Write as _,
    os::unix::fs::{FileExt as _, PermissionsExt as _},
};

use strata_snapshots::{Driver, Measured, Meter};
use support::{Place, path, put, sid};

fn measured(meter: &mut Meter, name: &str) -> Option<(u64, bool)> {
    let measured = meter.measure(&path(name)).expect("measures");
    measured.map(|Measured { changed, whole }| (changed, whole))
}

#[test]
fn bytes_are_compared_place_by_place() {
    for driver in Driver::ALL {
        let Some(place) = Place::with(driver) else { continue };
        let base = place.layer("base", |at| {
            put(at, "etc/passwd", "root:x:0:0");
            put(at, "big", &"0123456789".repeat(100_000));
            put(at, "moved", "just moved");
            put(at, "deleted", "x");
            put(at, "still", "x");
        });
        let merged = place.mount("c", &[base]);
        let open = |name: &str| OpenOptions::new().write(true).open(merged.join(name)).expect("opens");
        let big = open("big");
        big.write_all_at(b"XX", 5).expect("writes");
        big.write_all_at(b"xxxxxxxxxx", 700_000).expect("writes");
        fs::set_permissions(merged.join("etc/passwd"), fs::Permissions::from_mode(0o600)).expect("chmods");
        fs::write(merged.join("new"), "all of it is new").expect("writes");
        fs::remove_file(merged.join("deleted")).expect("removes");
        let mut meter = place.snapshots.meter(&sid("c")).expect("measures");
        assert_eq!(measured(&mut meter, "big"), Some((12, true)), "{driver}");
        assert_eq!(measured(&mut meter, "etc/passwd"), Some((0, true)), "{driver}");
        for name in ["new", "deleted", "etc", "nothing/here"] {
            assert_eq!(measured(&mut meter, name), None, "{driver}: {name}");
        }
        // Appended to, cut off, written to again.
        OpenOptions::new()
            .append(true)
            .open(merged.join("big"))
            .expect("opens")
            .write_all(b"more")
            .expect("writes");
        assert_eq!(measured(&mut meter, "big"), Some((16, true)), "{driver}");
        big.set_len(500_000).expect("cuts");
        assert_eq!(measured(&mut meter, "big"), Some((500_002, true)), "{driver}");
        if matches!(driver, Driver::Overlay { userxattr: false, .. }) {
            fs::rename(merged.join("moved"), merged.join("here")).expect("renames");
            assert_eq!(measured(&mut meter, "here"), Some((0, true)), "{driver}: copied, not changed");
        }
    }
}

#[test]
fn of_a_huge_file_only_the_beginning_is_compared() {
    let Some(place) = Place::new() else { return };
    let size = 100 << 20;
    let base = place.layer("base", |at| {
        File::create(at.join("disk")).expect("creates").set_len(size).expect("grows");
    });
    let merged = place.mount("c", &[base]);
    let disk = OpenOptions::new().write(true).open(merged.join("disk")).expect("opens");
    disk.write_all_at(b"begin", 0).expect("writes");
    disk.write_all_at(b"end", size - 3).expect("writes");
    let mut meter = place.snapshots.meter(&sid("c")).expect("measures");
    assert_eq!(measured(&mut meter, "disk"), Some((5, false)));
}
