//! Random stacks of layers.

use std::{collections::BTreeSet, sync::Arc};

use proptest::{collection::vec, prelude::*, sample::select};
use strata_forge::{Entry, Kind, Layer};
use strata_layer::{LayerIndex, Limits, read_layer};

/// One entry of a random layer.
#[derive(Clone, Debug)]
pub struct Op {
    pub path: String,
    pub what: What,
}

/// What it is.
#[derive(Clone, Debug)]
pub enum What {
    Dir {
        mode: u32,
    },
    File {
        content: usize,
        mode: u32,
    },
    Symlink {
        target: String,
    },
    Hardlink {
        target: String,
    },
    Whiteout,
    Opaque,
    /// A whiteout with content, which counts for dive.
    HeavyWhiteout {
        content: usize,
    },
    /// A file of aufs's own in a directory.
    Aufs {
        name: &'static str,
        directory: bool,
    },
    /// An entry without content whose header claims a size.
    Claim {
        directory: bool,
        size: u64,
    },
}

/// Few names, so that layers meet; some sort before `.wh.`.
const NAMES: [&str; 7] = ["a", "b", "-c", "!d", "e.f", "wh", "zz"];

const AUFS: [&str; 4] = [".wh..wh.plnk", ".wh..wh.plnk/1.2", ".wh..wh.aufs", ".wh..wh..tmp/x"];

fn path() -> impl Strategy<Value = String> {
    vec(select(&NAMES[..]), 1..4).prop_map(|names| names.join("/"))
}

fn op() -> impl Strategy<Value = Op> {
    let what = prop_oneof![
        3 => select(vec![0o755, 0o700]).prop_map(|mode| What::Dir { mode }),
        5 => (0_usize..40, select(vec![0o644, 0o600])).prop_map(|(content, mode)| What::File { content, mode }),
        1 => path().prop_map(|target| What::Symlink { target }),
        1 => path().prop_map(|target| What::Hardlink { target }),
        4 => Just(What::Whiteout),
        1 => Just(What::Opaque),
        1 => (1_usize..50).prop_map(|content| What::HeavyWhiteout { content }),
        1 => (select(&AUFS[..]), any::<bool>()).prop_map(|(name, directory)| What::Aufs { name, directory }),
        1 => (any::<bool>(), 1_u64..100).prop_map(|(directory, size)| What::Claim { directory, size }),
    ];
    (path(), what).prop_map(|(path, what)| Op { path, what })
}

/// Layers, bottom first. What [`tar`] cannot take of them it leaves out.
pub fn stack(layers: usize, entries: usize) -> impl Strategy<Value = Vec<Vec<Op>>> {
    vec(vec(op(), 0..entries), 1..=layers)
}

/// The tar of a layer: of its operations those that can follow the ones before, and none below a symlink.
pub fn tar(ops: &[Op]) -> Vec<u8> {
    let mut layer = Layer::new().unterminated();
    let mut links = BTreeSet::new();
    for op in ops {
        let above = op.path.match_indices('/').map(|(end, _)| &op.path[..end]);
        if above.chain([op.path.as_str()]).any(|path| links.contains(path)) {
            continue;
        }
        let next = add(layer.clone(), op);
        if read_layer(&next.tar()[..], &Limits::default(), &mut ()).is_err() {
            continue;
        }
        if matches!(op.what, What::Symlink { .. } | What::Hardlink { .. }) {
            links.insert(op.path.clone());
        }
        layer = next;
    }
    let mut tar = layer.tar();
    tar.resize(tar.len() + 1024, 0);
    tar
}

fn add(layer: Layer, op: &Op) -> Layer {
    let path = &op.path;
    match &op.what {
        What::Dir { mode } => layer.with(Entry::dir(path).mode(*mode)),
        What::File { content, mode } => layer.with(Entry::file(path, "x".repeat(*content)).mode(*mode)),
        What::Symlink { target } => layer.symlink(path, target),
        What::Hardlink { target } => layer.hardlink(path, target),
        What::Whiteout => layer.whiteout(path),
        What::Opaque => layer.opaque(path),
        What::HeavyWhiteout { content } => {
            let (above, name) =
                path.rsplit_once('/').map_or(("", path.as_str()), |(above, name)| (above, name));
            layer.file(format!("{above}/.wh.{name}"), "w".repeat(*content))
        }
        What::Aufs { name, directory: true } => layer.dir(format!("{path}/{name}")),
        What::Aufs { name, directory: false } => layer.file(format!("{path}/{name}"), "aufs"),
        What::Claim { directory, size } => {
            let kind = if *directory { Kind::Directory } else { Kind::Fifo };
            let mut bytes = Layer::new().with(Entry::new(path, kind)).unterminated().tar();
            claim(&mut bytes, *size);
            layer.raw(bytes)
        }
    }
}

/// Writes a size into a header of one block.
fn claim(header: &mut [u8], size: u64) {
    header[124..136].copy_from_slice(format!("{size:011o}\0").as_bytes());
    header[148..156].copy_from_slice(b"        ");
    let sum: u32 = header[..512].iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

/// The indexes of tars.
pub fn indexes(tars: &[Vec<u8>]) -> Vec<Arc<LayerIndex>> {
    let read = |tar: &Vec<u8>| read_layer(&tar[..], &Limits::default(), &mut ()).expect("a valid layer");
    tars.iter().map(read).map(Arc::new).collect()
}
