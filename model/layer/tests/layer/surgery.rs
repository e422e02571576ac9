//! Surgery on random stacks: what is seen afterwards is what was seen before.

use std::{collections::BTreeMap, sync::Arc};

use proptest::prelude::*;
use strata_layer::{
    Entry, EntryRef, Kind, LayerBuilder, LayerIndex, LayerPath, LayerSet, Limits, Row, Stack, Timestamp,
    Union, squash,
};

use crate::stacks;

fn stack_of(layers: &[Vec<stacks::Op>]) -> Stack {
    let tars: Vec<Vec<u8>> = layers.iter().map(|ops| stacks::tar(ops)).collect();
    Stack::new(stacks::indexes(&tars))
}

/// The index of what the rows say, as if they had been written to an archive and read again.
fn index_of(stack: &Stack, rows: &[Row]) -> LayerIndex {
    let mut builder = LayerBuilder::new(&Limits::default());
    for row in rows {
        let (made, hash) = match row {
            Row::Entry { layer, entry } => {
                let of = stack.layer(*layer).entry(*entry);
                (entry_of(of, of.resolved_kind(), &[]), of.hash())
            }
            Row::Link { layer, entry, target } => {
                let of = stack.layer(*layer).entry(*entry);
                (Entry { size: 0, ..entry_of(of, Kind::Hardlink, target.as_bytes()) }, 0)
            }
            Row::Whiteout(path) => {
                let mut made = entry_of(stack.layer(0).entry(0), Kind::Whiteout, &[]);
                made.path = path.clone();
                (made, 0)
            }
            Row::Opaque(path) => {
                builder.opaque(path).expect("a directory");
                continue;
            }
        };
        builder.put(&made, hash).expect("is accepted");
    }
    builder.finish()
}

fn entry_of(of: EntryRef<'_>, kind: Kind, link: &[u8]) -> Entry {
    Entry {
        path: of.path(),
        kind,
        mode: of.mode(),
        uid: of.uid(),
        gid: of.gid(),
        mtime: of.mtime(),
        size: of.size(),
        offset: 0,
        link: if kind == Kind::Symlink { of.symlink().unwrap_or_default().into() } else { link.into() },
        device: of.device().unwrap_or_default(),
        xattrs: of.xattrs().to_vec(),
        sparse: None,
        implied: false,
        opaque: false,
        replaces: None,
    }
}

/// What can be told of a path without knowing which layer it is from.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    kind: Kind,
    mode: u16,
    owner: (u32, u32),
    mtime: Option<Timestamp>,
    size: u64,
    hash: u128,
    symlink: Option<Vec<u8>>,
    /// The first other name of the same file.
    same_as: Option<LayerPath>,
}

fn seen(stack: &Stack) -> BTreeMap<LayerPath, Seen> {
    let union = Union::of(stack, &LayerSet::all(stack.len()));
    let mut inodes = BTreeMap::new();
    let mut found = BTreeMap::new();
    for (id, node) in union.nodes().iter().enumerate() {
        if node.is_ghost() {
            continue;
        }
        let (entry, path) = (union.entry(id as u32), union.path(id as u32));
        let directory = entry.resolved_kind() == Kind::Directory;
        let inode = (node.layer, entry.hardlink().unwrap_or(entry).id());
        let first = inodes.entry(inode).or_insert_with(|| path.clone()).clone();
        let what = Seen {
            kind: entry.resolved_kind(),
            mode: entry.mode(),
            owner: (entry.uid(), entry.gid()),
            mtime: (!directory).then(|| entry.mtime()),
            size: entry.size(),
            hash: entry.hash(),
            symlink: entry.symlink().map(<[u8]>::to_vec),
            same_as: (first != path).then_some(first),
        };
        found.insert(path, what);
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..Default::default() })]

    #[test]
    fn squashed_layers_show_what_they_showed(
        layers in stacks::stack(6, 14), first in 0_usize..6, more in 0_usize..6,
    ) {
        let stack = stack_of(&layers);
        let first = first.min(stack.len() - 1);
        let last = (first + more).min(stack.len() - 1);
        let merged = Arc::new(index_of(&stack, &squash(&stack, first..=last)));
        let mut squashed = stack.layers().to_vec();
        squashed.splice(first..=last, [merged]);
        for top in first..squashed.len() {
            let before = Stack::new(stack.layers()[..=top + last - first].to_vec());
            let after = Stack::new(squashed[..=top].to_vec());
            prop_assert_eq!(seen(&before), seen(&after), "up to layer {}", top);
        }
    }

    /// One layer alone loses what does nothing, and then nothing more.
    #[test]
    fn squashing_again_changes_nothing(layers in stacks::stack(3, 14)) {
        let stack = stack_of(&layers);
        let top = stack.len() - 1;
        let once = index_of(&stack, &squash(&stack, top..=top));
        let mut smaller = stack.layers().to_vec();
        smaller[top] = Arc::new(once.clone());
        let smaller = Stack::new(smaller);
        let twice = index_of(&smaller, &squash(&smaller, top..=top));
        prop_assert_eq!(once, twice);
    }
}
