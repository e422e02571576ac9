//! What batches make of the writable layer.

use strata_api::live::{CowEvent, Measured, UpperEntry};

use super::*;

fn entry(change: Change, kind: char, from: Option<usize>) -> UpperEntry {
    let copied = if matches!(change, Change::Modified | Change::Metadata) { 100 } else { 0 };
    let size = if matches!(kind, 'f') { 104 } else { 0 };
    UpperEntry { change, kind, size, from, copied, opaque: false }
}

fn event(path: &str, deed: Deed, entry: Option<UpperEntry>) -> CowEvent {
    CowEvent { at: 0, path: path.into(), deed, entry }
}

fn batch(reset: bool, events: Vec<CowEvent>) -> Batch {
    Batch { reset, events, measured: Vec::new() }
}

fn added(kind: char) -> Option<UpperEntry> {
    Some(entry(Change::Added, kind, None))
}

/// The line of the issue: each effect in its place.
fn story() -> Vec<CowEvent> {
    let modified = |change, from| Some(entry(change, 'f', Some(from)));
    vec![
        event("etc", Deed::CopiedUp, Some(entry(Change::Metadata, 'd', Some(0)))),
        event("etc/hello", Deed::Created, added('f')),
        event("bin", Deed::CopiedUp, Some(entry(Change::Metadata, 'd', Some(0)))),
        event("bin/vi", Deed::WhitedOut, Some(entry(Change::Deleted, 'w', Some(0)))),
        event("etc/passwd", Deed::CopiedUp, modified(Change::Same, 1)),
        event("etc/passwd", Deed::Attributes, modified(Change::Metadata, 1)),
        event("etc/new", Deed::Created, added('d')),
        event("etc/group", Deed::WhitedOut, Some(entry(Change::Deleted, 'w', Some(1)))),
        event("etc/g2", Deed::Renamed { from: "etc/gro%75p".into() }, added('f')),
    ]
}

fn told(upper: &Upper) -> Vec<(String, &'static str, char)> {
    let (rows, _) = upper.sheet(100);
    let mut rows: Vec<_> = rows
        .iter()
        .map(|row| (String::from_utf8_lossy(&row.path).into_owned(), row.did.name(), row.letter()))
        .collect();
    rows.sort();
    rows
}

#[test]
fn every_deed_is_in_its_place() {
    let mut upper = Upper::default();
    assert!(!upper.is_known());
    assert_eq!(upper.take(batch(true, Vec::new())), []);
    assert!(upper.is_known());
    let motions = upper.take(batch(false, story()));
    let lifts: Vec<_> =
        motions.iter().filter_map(|m| Some((String::from_utf8_lossy(&m.path), m.from?))).collect();
    assert_eq!(lifts, [("etc".into(), 0), ("bin".into(), 0), ("etc/passwd".into(), 1)]);
    let expected = [
        ("bin/vi", "whited_out", 'D'),
        ("etc/g2", "renamed", 'A'),
        ("etc/group", "whited_out", 'D'),
        ("etc/hello", "created", 'A'),
        ("etc/new", "created", 'A'),
        ("etc/passwd", "attributes", 'C'),
    ];
    assert_eq!(told(&upper), expected.map(|(path, did, letter)| (path.to_owned(), did, letter)));
    assert_eq!((upper.len(), upper.covered(2)), (8, vec![1, 2]));
}

#[test]
fn a_page_that_comes_late_sees_the_same() {
    let mut live = Upper::default();
    live.take(batch(true, Vec::new()));
    live.take(batch(false, story()));
    let whole = live
        .rows()
        .map(|row| {
            let path = String::from_utf8_lossy(&row.path).into_owned();
            event(&path, row.deed.clone().unwrap_or(Deed::Created), Some(row.entry.clone()))
        })
        .collect::<Vec<_>>();
    let mut late = Upper::default();
    assert_eq!(late.take(batch(true, whole.clone())), []);
    assert_eq!(told(&late), told(&live));
    assert_eq!(live.take(batch(true, whole)), [], "nothing new, so nothing moves");
}

#[test]
fn what_is_gone_takes_what_it_held_along() {
    let mut upper = Upper::default();
    upper.take(batch(true, Vec::new()));
    let made = ["a", "a/b", "a/b/c", "a-side"];
    let made = made.map(|path| event(path, Deed::Created, added(if path == "a-side" { 'f' } else { 'd' })));
    upper.take(batch(false, made.into()));
    let motions = upper.take(batch(
        false,
        vec![
            event("x", Deed::Created, added('f')),
            event("x", Deed::Gone, None),
            event("a", Deed::Gone, None),
        ],
    ));
    assert_eq!(motions, []);
    assert_eq!(upper.rows().map(|row| row.path.as_slice()).collect::<Vec<_>>(), [b"a-side"]);
    let out = entry(Change::Deleted, 'w', Some(0));
    upper.take(batch(false, vec![event("d/e", Deed::Created, added('f'))]));
    upper.take(batch(false, vec![event("d", Deed::WhitedOut, Some(out))]));
    assert_eq!(upper.len(), 2);
}

#[test]
fn bytes_copied_against_bytes_changed() {
    let mut upper = Upper::default();
    upper.take(batch(true, story()));
    let totals = upper.totals();
    assert_eq!((totals.added, totals.modified, totals.deleted), (3, 3, 2));
    assert_eq!((totals.copied, totals.changed, totals.at_least), (100, 208, false));
    let written = entry(Change::Modified, 'f', Some(0));
    upper.take(batch(false, vec![event("etc/passwd", Deed::Modified, Some(written))]));
    let totals = upper.totals();
    assert_eq!((totals.copied, totals.changed, totals.at_least), (100, 212, true));
    let measured = |changed, whole| Batch {
        measured: vec![Measured { path: "etc/passwd".into(), changed, whole }],
        ..Batch::default()
    };
    assert_eq!(upper.take(measured(12, true)), [], "nothing happened to it");
    let totals = upper.totals();
    assert_eq!((totals.copied, totals.changed, totals.at_least), (100, 220, false));
    upper.take(measured(30, false));
    assert_eq!((upper.totals().changed, upper.totals().at_least), (238, true));
    // It is another file now.
    let replaced = UpperEntry { copied: 0, ..entry(Change::Modified, 'f', Some(0)) };
    upper.take(batch(false, vec![event("etc/passwd", Deed::Created, Some(replaced))]));
    assert_eq!((upper.totals().copied, upper.totals().changed), (0, 312));
}

#[test]
fn what_was_moved_says_from_where() {
    let mut upper = Upper::default();
    upper.take(batch(true, story()));
    let from = |upper: &Upper| upper.row(b"etc/g2").and_then(|row| row.from.clone());
    assert_eq!(from(&upper), Some(b"etc/group".to_vec()));
    upper.take(batch(false, vec![event("etc/g2", Deed::Modified, added('f'))]));
    assert_eq!(from(&upper), Some(b"etc/group".to_vec()));
    upper.take(batch(false, vec![event("etc/g2", Deed::Gone, None)]));
    upper.take(batch(false, vec![event("etc/g2", Deed::Created, added('f'))]));
    assert_eq!(from(&upper), None);
}

#[test]
fn the_tree_has_the_directories_between() {
    let mut upper = Upper::default();
    let made = ["a/b/c", "a-b", "a/b", "d"].map(|path| event(path, Deed::Created, added('f')));
    upper.take(batch(true, Vec::new()));
    for event in made {
        upper.rows.insert(
            path::decode(&event.path),
            Row {
                path: path::decode(&event.path),
                entry: event.entry.expect("has one"),
                did: Did::Created,
                born: 0,
                touched: 0,
                from: None,
                changed: None,
                deed: None,
            },
        );
    }
    let tree: Vec<_> = upper
        .tree()
        .into_iter()
        .map(|line| (line.depth, String::from_utf8_lossy(&line.name).into_owned(), line.row.is_some()))
        .collect();
    let expected = [(0, "a", false), (1, "b", true), (2, "c", true), (0, "a-b", true), (0, "d", true)];
    assert_eq!(tree, expected.map(|(depth, name, has)| (depth, name.to_owned(), has)));
}

#[test]
fn names_are_bytes() {
    let mut upper = Upper::default();
    upper.take(batch(true, vec![event("a%FF%20b", Deed::Created, added('f'))]));
    assert!(upper.row(b"a\xff b").is_some());
}

#[test]
fn a_row_keeps_its_place_while_it_is_written_to() {
    let mut upper = Upper::default();
    upper.take(batch(true, Vec::new()));
    upper.take(batch(
        false,
        vec![event("a", Deed::Created, added('f')), event("b", Deed::Created, added('f'))],
    ));
    let before = upper.row(b"a").map(|row| (row.born, row.touched));
    upper.take(batch(false, vec![event("a", Deed::Modified, added('f'))]));
    let after = upper.row(b"a").map(|row| (row.born, row.touched));
    assert_eq!(before.map(|b| b.0), after.map(|a| a.0));
    assert!(before < after);
    assert_eq!(upper.sheet(1).0[0].path, b"b");
    assert_eq!(upper.sheet(1).1, 2);
}
