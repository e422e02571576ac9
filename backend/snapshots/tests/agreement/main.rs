//! Random work in a mounted snapshot: what we tell of it against what the mount and the directory say themselves.

mod deeds;
mod facts;
#[path = "../support/mod.rs"]
mod support;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use proptest::{prelude::*, test_runner::TestRunner};
use strata_layer::{Change, LayerIndex, LayerPath, LayerSet, Limits, Stack, Union, read_layer};
use strata_layers::{Written, capture};
use strata_snapshots::{Batch, Driver, Entry, EntryKind, Marks, Watch};

use self::{
    deeds::Op,
    facts::{Facts, Tree, tree_of},
};
use support::{OVERLAY, Place, sid};

/// How many sequences, of up to so many operations.
fn sequences() -> u32 {
    std::env::var("STRATA_SEQUENCES").ok().and_then(|text| text.parse().ok()).unwrap_or(150)
}
const LONGEST: usize = 25;

#[test]
fn all_accounts_of_random_work_agree_by_overlay() {
    agree(OVERLAY, sequences());
}

#[test]
fn all_accounts_of_random_work_agree_by_the_other_drivers() {
    let others = sequences() / 10;
    agree(Driver::Overlay { fsopen: true, userxattr: true }, others);
    agree(Driver::FuseOverlayfs, others);
    agree(Driver::Copy, others);
}

/// What is the same for all sequences.
struct Ground {
    lowers: Vec<PathBuf>,
    base: Tree,
    indexes: Vec<Arc<LayerIndex>>,
}

fn agree(driver: Driver, cases: u32) {
    let Some(place) = Place::with(driver) else { return };
    // fuse-overlayfs takes the names of one file for each other and copies up any of them, and shows something else
    // than what is on the disk after an exchange.
    let links = driver != Driver::FuseOverlayfs;
    let ground = ground(&place, driver.marks(), links);
    let config = ProptestConfig {
        cases,
        failure_persistence: None,
        max_shrink_iters: 400,
        ..ProptestConfig::default()
    };
    let number = std::cell::Cell::new(0);
    let work = proptest::collection::vec(deeds::any(), 1..LONGEST);
    let outcome = TestRunner::new(config).run(&work, |ops| {
        number.set(number.get() + 1);
        // A failure is shown with the operations that lead to it, in as few as possible.
        let mut ops = ops;
        ops.retain(|op| links || !matches!(op, Op::HardLink(..) | Op::Exchange(..)));
        sequence(&place, &ground, &format!("s{}", number.get()), driver, &ops).map_err(TestCaseError::fail)
    });
    if let Err(error) = outcome {
        panic!("{driver}: {error}");
    }
}

fn ground(place: &Place, marks: Marks, links: bool) -> Ground {
    // What copies are made of may be marked either way; this one anybody may set.
    let lower_marks = if marks == Marks::Copy { Marks::User } else { marks };
    let opaque = if lower_marks == Marks::User { "user.overlay.opaque" } else { "trusted.overlay.opaque" };
    let lowers = deeds::lowers(place, opaque, links);
    let index = |number: usize| {
        let mut tar = Vec::new();
        let written = Written { upper: &lowers[number], lowers: &lowers[..number], marks: lower_marks };
        capture(&written, &mut tar).expect("captures");
        Arc::new(read_layer(&mut &tar[..], &Limits::default(), &mut ()).expect("reads"))
    };
    let indexes = (0..lowers.len()).map(index).collect();
    let merged = place.mount("base", &lowers);
    Ground { base: tree_of(&merged), lowers, indexes }
}

fn sequence(place: &Place, ground: &Ground, id: &str, driver: Driver, ops: &[Op]) -> Result<(), String> {
    let merged = place.mount(id, &ground.lowers);
    let mut follower =
        Follower { watch: place.snapshots.watch(&sid(id)).expect("watches"), told: BTreeMap::new() };
    for op in ops {
        match op {
            Op::Look => follower.catch_up(),
            op => drop(op.perform(&merged)),
        }
    }
    let now = tree_of(&merged);
    check_changes(place, ground, id, &now)?;
    check_capture(place, ground, id, &now)?;
    if driver != Driver::Copy {
        follower.catch_up();
        check_watch(place, ground, id, &now, &follower)?;
    }
    place.snapshots.remove(&sid(id)).expect("removes");
    Ok(())
}

fn check_changes(place: &Place, ground: &Ground, id: &str, now: &Tree) -> Result<(), String> {
    let told = place.diff(id);
    let expected = facts::diff(&ground.base, now);
    same("docker diff", &told, &expected)
}

/// The captured layer over the lowers is what the mount shows, and the same again when captured again.
fn check_capture(place: &Place, ground: &Ground, id: &str, now: &Tree) -> Result<(), String> {
    let capture = || {
        let mut tar = Vec::new();
        let captured = place.snapshots.capture(&sid(id), &mut tar).expect("captures");
        (captured, tar)
    };
    let (captured, tar) = capture();
    if capture() != (captured.clone(), tar.clone()) {
        return Err("captured twice, two layers".into());
    }
    if !captured.left_out.is_empty() {
        return Err(format!("left out {:?}", captured.left_out));
    }
    let index = Arc::new(read_layer(&mut &tar[..], &Limits::default(), &mut ()).expect("reads"));
    let layers: Vec<_> = ground.indexes.iter().cloned().chain([index]).collect();
    let all = LayerSet::all(layers.len());
    let union = Union::of(&Stack::new(layers), &all);
    let mut seen = Tree::new();
    for id in (0..union.len() as u32).filter(|id| !union.node(*id).is_ghost()) {
        seen.insert(union.path(id).as_bytes().to_vec(), Facts::of_entry(union.entry(id)));
    }
    same("the union with the captured layer", &rows(&seen), &rows(now))
}

fn check_watch(
    place: &Place,
    ground: &Ground,
    id: &str,
    now: &Tree,
    follower: &Follower,
) -> Result<(), String> {
    let row = |path: &LayerPath, entry: &Entry| {
        let Entry { change, kind, size, opaque, .. } = entry;
        format!("{path}: {} {size} {} {opaque}", kind.letter(), change.letter())
    };
    let known: BTreeMap<_, _> = follower.watch.entries().map(|(path, entry)| (path.clone(), entry)).collect();
    let all = |entries: &BTreeMap<LayerPath, Entry>| -> Vec<_> {
        entries.iter().map(|(path, entry)| row(path, entry)).collect()
    };
    same("what was told, added up,", &all(&follower.told), &all(&known))?;
    let expected: Vec<_> = facts::written(&place.snapshots.paths(&sid(id)).upper, &ground.base)
        .into_iter()
        .map(|(path, (letter, size, opaque))| {
            let (old, new) = (ground.base.get(&path), now.get(&path).filter(|_| letter != 'w'));
            let path = LayerPath::parse(&path).expect("a path");
            format!("{path}: {letter} {size} {} {opaque}", facts::change(old, new).letter())
        })
        .collect();
    same("what the watch knows", &all(&known), &expected)?;
    let mut late = place.snapshots.watch(&sid(id)).expect("watches");
    late.next(Duration::ZERO).expect("follows");
    let whole = |watch: &Watch| -> Vec<_> {
        watch.entries().map(|(path, entry)| format!("{path}: {entry:?}")).collect()
    };
    same("what was followed", &whole(&follower.watch), &whole(&late))?;
    for entry in known.values() {
        let whiteout = entry.kind == EntryKind::Whiteout;
        if whiteout != (entry.change == Change::Deleted) || (whiteout && entry.copied > 0) {
            return Err(format!("{entry:?}"));
        }
    }
    Ok(())
}

/// Somebody who believes what is told.
struct Follower {
    watch: Watch,
    told: BTreeMap<LayerPath, Entry>,
}

impl Follower {
    fn catch_up(&mut self) {
        while let Some(Batch { reset, events }) = self.watch.next(Duration::ZERO).expect("follows") {
            if reset {
                self.told.clear();
            }
            for event in events {
                match event.entry {
                    Some(entry) => drop(self.told.insert(event.path, entry)),
                    None => drop(self.told.remove(&event.path)),
                }
            }
        }
    }
}

fn rows(tree: &Tree) -> Vec<String> {
    tree.iter().map(|(path, facts)| format!("{}: {facts:?}", path.escape_ascii())).collect()
}

/// Fails with the lines that differ.
fn same(what: &str, told: &[String], expected: &[String]) -> Result<(), String> {
    let only = |a: &[String], b: &[String]| -> Vec<String> {
        a.iter().filter(|line| !b.contains(line)).cloned().collect()
    };
    match told == expected {
        true => Ok(()),
        false => {
            Err(format!("{what}: has {:#?}, should have {:#?}", only(told, expected), only(expected, told)))
        }
    }
}

/// Where a path of an operation is.
fn at(root: &Path, path: &str) -> PathBuf {
    if path.is_empty() { root.to_owned() } else { root.join(path) }
}
