use strata_layer::{LayerSet, Stack, Union};

use super::*;
use crate::fixture::layer;

fn stack() -> Stack {
    Stack::new(vec![
        layer(&[("etc/", 0), ("etc/passwd", 10), ("etc/shadow", 20), ("usr/", 0), ("usr/big", 500)]),
        layer(&[("etc/passwd", 12), ("usr/new", 30)]),
        layer(&[("!etc/shadow", 0)]),
    ])
}

fn everything() -> Show {
    Show { ghosts: true, hide: Marks::default(), only: None, filter: Filter::Everything, by_size: false }
}

fn merged() -> Union {
    Union::since(&stack(), &LayerSet::all(3), 1)
}

fn shown(tree: &Tree) -> Vec<String> {
    (0..tree.len())
        .filter_map(|row| tree.row(row))
        .map(|row| {
            let ghost = match (row.hidden_by, row.deleted) {
                (Some(layer), true) => format!("-{layer}"),
                (Some(layer), false) => format!("~{layer}"),
                _ => String::new(),
            };
            format!(
                "{}{}{}{ghost}",
                " ".repeat(row.depth - 1),
                row.name,
                row.change.letter().to_string().trim()
            )
        })
        .collect()
}

#[test]
fn directories_are_closed_at_first() {
    assert_eq!(shown(&Tree::new(merged(), everything())), ["etc", "usr"]);
}

#[test]
fn open_directories_show_live_files_and_ghosts() {
    let mut tree = Tree::new(merged(), everything());
    tree.fold_all(true);
    assert_eq!(shown(&tree), ["etc", " passwdM", " passwd~1", " shadowD-2", "usr", " big", " newA"]);
    let etc = tree.node(0).expect("a row");
    tree.fold(etc, false);
    assert_eq!(shown(&tree), ["etc", "usr", " big", " newA"]);
    tree.show(Show { ghosts: false, ..everything() });
    tree.fold(etc, true);
    assert_eq!(shown(&tree), ["etc", " passwdM", "usr", " big", " newA"]);
}

#[test]
fn marks_leave_out_what_they_name() {
    let hide = Marks { unmodified: true, deleted: true, ..Marks::default() };
    let mut tree = Tree::new(merged(), Show { hide, ..everything() });
    tree.fold_all(true);
    assert_eq!(shown(&tree), ["etc", " passwdM", "usr", " newA"]);
}

#[test]
fn a_layers_own_view_is_what_it_did() {
    let only = |layer: usize| {
        let union = Union::since(&stack(), &LayerSet::up_to(3, layer), layer);
        let hide = Marks { unmodified: true, ..Marks::default() };
        shown(&Tree::new(union, Show { hide, only: Some(layer), ..everything() }))
    };
    assert_eq!(only(1), ["etc", " passwdM", " passwd~1", "usr", " newA"]);
    assert_eq!(only(2), ["etc", " shadowD-2"]);
    assert_eq!(only(0).len(), 5);
}

#[test]
fn a_filter_opens_the_way_to_what_it_finds() {
    let mut tree = Tree::new(merged(), everything());
    tree.show(Show { filter: Filter::read("ne*"), ..everything() });
    assert_eq!(shown(&tree), ["usr", " newA"]);
    tree.show(Show { filter: Filter::read("etc/sha"), ..everything() });
    assert_eq!(shown(&tree), ["etc", " shadowD-2"]);
    tree.show(Show { filter: Filter::read("nothing"), ..everything() });
    assert!(tree.is_empty());
    tree.show(everything());
    assert_eq!(shown(&tree), ["etc", "usr"]);
}

#[test]
fn what_was_folded_by_hand_waits_for_the_filter_to_go() {
    let mut tree = Tree::new(merged(), everything());
    tree.fold_all(true);
    tree.fold(tree.node(0).expect("a row"), false);
    tree.show(Show { filter: Filter::read("passw"), ..everything() });
    tree.show(Show { filter: Filter::read("passwd"), ..everything() });
    assert_eq!(shown(&tree), ["etc", " passwdM", " passwd~1"]);
    let tree = tree.carry(Union::since(&stack(), &LayerSet::up_to(3, 1), 1), everything());
    assert_eq!(shown(&tree), ["etc", "usr", " big", " newA"]);
}

#[test]
fn by_size_the_largest_comes_first() {
    let mut tree = Tree::new(merged(), Show { by_size: true, ..everything() });
    tree.fold_all(true);
    assert_eq!(shown(&tree)[..3], ["usr", " big", " newA"]);
    assert_eq!(tree.reveal(tree.locate(b"usr/new", None).expect("there")), Some(2));
}

#[test]
fn revealing_opens_what_is_above() {
    let mut tree = Tree::new(merged(), everything());
    let passwd = tree.locate(b"etc/passwd", None).expect("there");
    assert_eq!(tree.reveal(passwd), Some(1));
    assert_eq!(tree.parent_row(1), Some(0));
    let ghost = tree.locate(b"etc/passwd", Some(0)).expect("its ghost");
    assert_eq!(tree.reveal(ghost), Some(2));
    assert_eq!(tree.locate(b"etc/passwd", Some(2)), None);
    assert_eq!(tree.locate(b"etc/../passwd", None), None);
    tree.show(Show { ghosts: false, ..everything() });
    assert_eq!(tree.reveal(ghost), None);
}

#[test]
fn what_is_open_stays_open_when_sheets_are_switched() {
    let mut tree = Tree::new(merged(), everything());
    tree.fold(tree.node(0).expect("a row"), true);
    let lower = Union::since(&stack(), &LayerSet::up_to(3, 0), 1);
    let tree = tree.carry(lower, everything());
    assert_eq!(shown(&tree), ["etc", " passwd", " shadow", "usr"]);
}
