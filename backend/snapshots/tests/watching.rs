//! What a watch tells of what is done in a mounted snapshot.

mod support;

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    time::{Duration, Instant},
};

use strata_layer::Change;
use strata_snapshots::{Deed, Driver, EntryKind, Event, Watch};
use support::{Place, path, put, sid};

struct Scene {
    watch: Watch,
    merged: PathBuf,
    place: Place,
}

impl Scene {
    fn new(driver: Driver) -> Option<Self> {
        let place = Place::with(driver)?;
        let base = place.layer("base", |at| {
            put(at, "etc/passwd", "root:x:0:0");
            put(at, "etc/group", "wheel");
            put(at, "bin/vi", "editor");
        });
        let top = place.layer("top", |at| put(at, "bin/sh", "a shell"));
        let merged = place.mount("c", &[base, top]);
        let watch = place.snapshots.watch(&sid("c")).expect("watches");
        Some(Self { watch, merged, place })
    }

    /// Does something and takes what is told of it, path and deed.
    fn told(&mut self, act: impl FnOnce(&PathBuf)) -> Vec<(String, Deed)> {
        self.events(act).into_iter().map(|event| (event.path.to_string(), event.deed)).collect()
    }

    fn events(&mut self, act: impl FnOnce(&PathBuf)) -> Vec<Event> {
        act(&self.merged);
        let mut events = Vec::new();
        while let Some(batch) = self.watch.next(Duration::from_millis(60)).expect("follows") {
            assert!(!batch.reset && !batch.events.is_empty());
            events.extend(batch.events);
        }
        events
    }

    fn begin(&mut self) {
        let first = self.watch.next(Duration::from_secs(1)).expect("follows").expect("the state");
        assert!(first.reset && first.events.is_empty());
    }
}

fn deeds(expected: &[(&str, Deed)]) -> Vec<(String, Deed)> {
    expected.iter().map(|(path, deed)| ((*path).to_owned(), deed.clone())).collect()
}

fn sorted(mut told: Vec<(String, Deed)>) -> Vec<(String, Deed)> {
    told.sort_by(|a, b| a.0.cmp(&b.0));
    told
}

#[test]
fn each_deed_is_told_as_what_it_is() {
    for driver in Driver::ALL.into_iter().filter(|driver| matches!(driver, Driver::Overlay { .. })) {
        let Some(mut scene) = Scene::new(driver) else { continue };
        scene.begin();
        let told = scene.told(|at| fs::write(at.join("etc/hello"), "hi").expect("writes"));
        let up = |bytes| Deed::CopiedUp { bytes };
        assert_eq!(told, deeds(&[("etc", up(0)), ("etc/hello", Deed::Created)]), "{driver}");
        let told = scene.told(|at| fs::remove_file(at.join("bin/vi")).expect("removes"));
        assert_eq!(told, deeds(&[("bin", up(0)), ("bin/vi", Deed::WhitedOut)]));
        let told = scene.told(|at| {
            fs::set_permissions(at.join("etc/passwd"), fs::Permissions::from_mode(0o600)).expect("chmods");
        });
        assert_eq!(told, deeds(&[("etc/passwd", up(10)), ("etc/passwd", Deed::Attributes)]));
        let told = scene.told(|at| fs::create_dir(at.join("etc/new")).expect("creates"));
        assert_eq!(told, deeds(&[("etc/new", Deed::Created)]));
        let events = scene.events(|at| fs::rename(at.join("etc/group"), at.join("etc/g2")).expect("renames"));
        let told: Vec<_> = events.iter().map(|event| (event.path.to_string(), event.deed.clone())).collect();
        let renamed = Deed::Renamed { from: path("etc/group") };
        assert_eq!(sorted(told), deeds(&[("etc/g2", renamed), ("etc/group", Deed::WhitedOut)]));
        let g2 = events.iter().find(|event| event.path == path("etc/g2")).and_then(|event| event.entry);
        let g2 = g2.expect("is there");
        assert_eq!(
            (g2.change, g2.kind, g2.size, g2.from, g2.copied),
            (Change::Added, EntryKind::File, 5, None, 5)
        );

        let told = scene.told(|at| fs::write(at.join("etc/hello"), "hello").expect("writes"));
        assert_eq!(told, deeds(&[("etc/hello", Deed::Modified)]));
        let told = scene.told(|at| fs::write(at.join("bin/sh"), "another").expect("writes"));
        assert_eq!(told, deeds(&[("bin/sh", up(7)), ("bin/sh", Deed::Modified)]));
        let told = scene.told(|at| fs::remove_file(at.join("etc/hello")).expect("removes"));
        assert_eq!(told, deeds(&[("etc/hello", Deed::Gone)]));
        let told = scene.told(|at| fs::write(at.join("bin/vi"), "mine").expect("writes"));
        assert_eq!(told, deeds(&[("bin/vi", Deed::Created)]));
        let told = scene.told(|at| {
            fs::remove_dir_all(at.join("bin")).expect("removes");
        });
        assert_eq!(
            sorted(told),
            deeds(&[("bin", Deed::WhitedOut), ("bin/sh", Deed::Gone), ("bin/vi", Deed::Gone)])
        );
        let told = scene.told(|at| fs::create_dir(at.join("bin")).expect("creates"));
        assert_eq!(told, deeds(&[("bin", Deed::MadeOpaque)]));
        let told = scene.told(|at| {
            put(at, "etc/new/deep/f", "x");
            fs::rename(at.join("etc/new"), at.join("moved")).expect("renames");
        });
        let told: Vec<_> =
            sorted(told).into_iter().map(|(path, deed)| (path, std::mem::discriminant(&deed))).collect();
        let kinds = |path: &str| {
            told.iter().filter(|(told, _)| told == path).map(|(_, kind)| *kind).collect::<Vec<_>>()
        };
        assert_eq!(kinds("etc/new"), [std::mem::discriminant(&Deed::Gone)]);
        assert_eq!(kinds("moved").len(), 1);
        let entries: Vec<_> =
            scene.watch.entries().map(|(path, entry)| format!("{} {path}", entry.kind.letter())).collect();
        assert_eq!(
            entries,
            [
                "d bin",
                "d etc",
                "- etc/g2",
                "w etc/group",
                "- etc/passwd",
                "d moved",
                "d moved/deep",
                "- moved/deep/f"
            ]
        );
    }
}

#[test]
fn who_comes_late_is_told_the_same() {
    let Some(mut scene) = Scene::new(support::OVERLAY) else { return };
    scene.begin();
    scene.events(|at| {
        fs::rename(at.join("etc/group"), at.join("etc/g2")).expect("renames");
        fs::rename(at.join("bin/vi"), at.join("etc/passwd")).expect("renames over another");
        put(at, "etc/own", "made here");
    });
    scene.events(|at| {
        fs::rename(at.join("etc/g2"), at.join("etc/g3")).expect("renames again");
        fs::hard_link(at.join("bin/sh"), at.join("bin/ash")).expect("links");
    });
    let live: Vec<_> = scene.watch.entries().map(|(path, entry)| (path.clone(), entry)).collect();
    let mut late = scene.place.snapshots.watch(&sid("c")).expect("watches");
    let whole = late.next(Duration::ZERO).expect("follows").expect("everything");
    assert_eq!(late.entries().map(|(path, entry)| (path.clone(), entry)).collect::<Vec<_>>(), live);
    let copied = |name: &str| live.iter().find(|(at, _)| *at == path(name)).map(|(_, entry)| entry.copied);
    let all = ["etc/g3", "etc/passwd", "bin/sh", "bin/ash", "etc/own"].map(copied);
    assert_eq!(all, [Some(5), Some(6), Some(7), Some(7), Some(0)]);
    let deed = |name: &str| {
        let events = whole.events.iter().filter(|event| event.path == path(name));
        events.map(|event| event.deed.clone()).collect::<Vec<_>>()
    };
    assert_eq!(deed("etc/g3"), [Deed::Renamed { from: path("etc/group") }]);
    assert_eq!(deed("etc/own"), [Deed::Created]);
}

#[test]
fn a_move_into_what_nobody_watched_yet_is_one_too() {
    let Some(mut scene) = Scene::new(support::OVERLAY) else { return };
    scene.begin();
    // Until somebody looks, the directory is not in the writable layer, and so not watched.
    let told = scene.told(|at| fs::rename(at.join("etc/group"), at.join("etc/g2")).expect("renames"));
    let moved = told.iter().find(|(path, _)| path == "etc/g2").map(|(_, deed)| deed.clone());
    assert_eq!(moved, Some(Deed::Renamed { from: path("etc/group") }));
    assert!(told.contains(&("etc/group".to_owned(), Deed::WhitedOut)));
}

#[test]
fn every_name_of_a_file_is_told_of() {
    let Some(mut scene) = Scene::new(support::OVERLAY) else { return };
    scene.begin();
    scene.told(|at| fs::hard_link(at.join("etc/passwd"), at.join("bin/link")).expect("links"));
    let told = scene.told(|at| fs::write(at.join("etc/passwd"), "").expect("writes"));
    assert_eq!(sorted(told), deeds(&[("bin/link", Deed::Modified), ("etc/passwd", Deed::Modified)]));
}

#[test]
fn a_directory_takes_along_what_is_in_it() {
    let Some(mut scene) = Scene::new(support::OVERLAY) else { return };
    scene.begin();
    scene.told(|at| put(at, "a/b/f", "x"));
    let told = scene.told(|at| fs::rename(at.join("a"), at.join("z")).expect("renames"));
    let from = |from: &str| Deed::Renamed { from: path(from) };
    assert_eq!(
        sorted(told),
        deeds(&[
            ("a", Deed::Gone),
            ("a/b", Deed::Gone),
            ("a/b/f", Deed::Gone),
            ("z", from("a")),
            ("z/b", from("a/b")),
            ("z/b/f", from("a/b/f")),
        ])
    );
    // Its watches went along.
    let told = scene.told(|at| fs::write(at.join("z/b/f"), "longer").expect("writes"));
    assert_eq!(told, deeds(&[("z/b/f", Deed::Modified)]));
    let told = scene.told(|at| fs::write(at.join("z/b/g"), "new").expect("writes"));
    assert_eq!(told, deeds(&[("z/b/g", Deed::Created)]));
}

#[test]
fn nothing_of_a_burst_is_lost_and_the_end_is_told_in_time() {
    let Some(mut scene) = Scene::new(support::OVERLAY) else { return };
    scene.begin();
    // More than the kernel keeps.
    let events = scene.events(|at| {
        for folder in 0..20 {
            let folder = at.join(format!("burst/{folder}/deep"));
            fs::create_dir_all(&folder).expect("creates");
            for file in 0..150 {
                fs::write(folder.join(file.to_string()), "x").expect("writes");
            }
        }
    });
    assert_eq!(events.iter().filter(|event| event.deed == Deed::Created).count(), 1 + 20 + 20 + 3000);
    let started = Instant::now();
    fs::write(scene.merged.join("now"), "x").expect("writes");
    let batch = scene.watch.next(Duration::from_secs(5)).expect("follows").expect("an event");
    assert_eq!(batch.events[0].path, path("now"));
    assert!(started.elapsed() < Duration::from_millis(200), "{:?}", started.elapsed());
}

#[test]
fn what_was_lost_is_told_whole() {
    let Some(mut scene) = Scene::new(support::OVERLAY) else { return };
    scene.begin();
    fs::create_dir(scene.merged.join("d")).expect("creates");
    scene.told(|_| {});
    // Names of a directory that is watched, twice as many as the kernel keeps.
    let most: usize = fs::read_to_string("/proc/sys/fs/inotify/max_queued_events")
        .ok()
        .and_then(|text| text.trim().parse().ok())
        .unwrap_or(16_384);
    if most > 50_000 {
        eprintln!("LEFT OUT: the kernel keeps {most} events");
        return;
    }
    let (one, two) = (scene.merged.join("d/one"), scene.merged.join("d/two"));
    for _ in 0..most {
        fs::write(&one, "").expect("writes");
        fs::rename(&one, &two).expect("renames");
    }
    let batch = scene.watch.next(Duration::from_secs(1)).expect("follows").expect("everything");
    let told: Vec<_> = batch.events.iter().map(|event| event.path.to_string()).collect();
    assert!(batch.reset);
    assert_eq!(told, ["d", "d/two"]);
    let told = scene.told(|_| fs::remove_file(&two).expect("removes"));
    assert_eq!(told, deeds(&[("d/two", Deed::Gone)]));
}

#[test]
fn other_drivers_are_followed_too() {
    for driver in [Driver::FuseOverlayfs, Driver::Copy] {
        let Some(mut scene) = Scene::new(driver) else { continue };
        scene.begin();
        fs::write(scene.merged.join("etc/hello"), "hi").expect("writes");
        fs::remove_file(scene.merged.join("bin/vi")).expect("removes");
        fs::write(scene.merged.join("etc/passwd"), "changed it").expect("writes");
        let deadline = Instant::now() + Duration::from_secs(3);
        let wanted = ["D /bin/vi", "A /etc/hello", "C /etc/passwd"];
        let mut seen = Vec::new();
        while seen != wanted && Instant::now() < deadline {
            scene.watch.next(Duration::from_millis(700)).expect("follows");
            let letter = |change| match change {
                Change::Added => Some('A'),
                Change::Modified => Some('C'),
                Change::Deleted => Some('D'),
                _ => None,
            };
            let entries = scene.watch.entries();
            seen = entries
                .filter_map(|(path, entry)| letter(entry.change).map(|letter| format!("{letter} /{path}")))
                .collect();
        }
        assert_eq!(seen, wanted, "{driver}");
        assert!(scene.place.diff("c").contains(&"C /etc/passwd".to_owned()));
    }
}

#[test]
fn waiting_can_be_ended() {
    let Some(mut scene) = Scene::new(support::OVERLAY) else { return };
    scene.begin();
    let stopper = scene.watch.stopper();
    let waiting = std::thread::spawn(move || scene.watch.next(Duration::from_secs(30)).expect("follows"));
    stopper.stop();
    let started = Instant::now();
    assert_eq!(waiting.join().expect("ends"), None);
    assert!(started.elapsed() < Duration::from_secs(5));
}
