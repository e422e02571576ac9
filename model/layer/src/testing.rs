//! Short stories of layers, for tests.

use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_128;

use crate::{Device, Entry, Kind, LayerBuilder, LayerIndex, LayerPath, Limits, Stack, Timestamp};

/// One thing that a layer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step<'a> {
    Dir(&'a str),
    /// A directory with other permissions.
    Private(&'a str),
    File(&'a str, &'a str),
    /// A file with other permissions.
    Chmod(&'a str, &'a str),
    /// A link and what it leads to.
    Symlink(&'a str, &'a str),
    Whiteout(&'a str),
    Opaque(&'a str),
}

/// A plain entry of a kind.
pub(crate) fn entry(path: &str, kind: Kind) -> Entry {
    Entry {
        path: LayerPath::parse(path.as_bytes()).expect("a path"),
        kind,
        mode: if kind == Kind::Directory { 0o755 } else { 0o644 },
        uid: 0,
        gid: 0,
        mtime: Timestamp::default(),
        size: 0,
        offset: 0,
        link: Box::default(),
        device: Device::default(),
        xattrs: Vec::new(),
        sparse: None,
        implied: false,
        opaque: false,
        replaces: None,
    }
}

pub(crate) fn layer(steps: &[Step<'_>]) -> LayerIndex {
    let mut builder = LayerBuilder::new(&Limits::default());
    for step in steps {
        let (made, content) = match *step {
            Step::Dir(path) => (entry(path, Kind::Directory), ""),
            Step::Private(path) => (Entry { mode: 0o700, ..entry(path, Kind::Directory) }, ""),
            Step::Symlink(path, target) => {
                (Entry { link: target.as_bytes().into(), ..entry(path, Kind::Symlink) }, "")
            }
            Step::File(path, content) => (entry(path, Kind::File), content),
            Step::Chmod(path, content) => (Entry { mode: 0o600, ..entry(path, Kind::File) }, content),
            Step::Whiteout(path) => (entry(path, Kind::Whiteout), ""),
            Step::Opaque(path) => {
                let path = LayerPath::parse(path.as_bytes()).expect("a path");
                builder.opaque(&path).expect("a directory");
                continue;
            }
        };
        let hash = if content.is_empty() { 0 } else { xxh3_128(content.as_bytes()) };
        builder.put(&Entry { size: content.len() as u64, ..made }, hash).expect("accepted");
    }
    builder.finish()
}

pub(crate) fn stack(layers: &[&[Step<'_>]]) -> Stack {
    Stack::new(layers.iter().map(|steps| Arc::new(layer(steps))).collect())
}
