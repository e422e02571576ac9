//! A store in a temporary directory, layers to put into it, and trees to compare.

#![allow(dead_code, reason = "each test file uses some of it")]

mod tree;

use std::{io, path::PathBuf};

use bytes::Bytes;
use strata_blobs::{BlobStore as _, DiskBlobs, DiskStaged};
use strata_forge::{Compression, Layer, compress};
use strata_layers::{Expected, IntakeError, Layers, Limits, Source, Staged, Taken, Watch};
use strata_oci::{Descriptor, DiffId, Digest, MediaType};
#[allow(unused_imports, reason = "each test file uses some of it")]
pub use tree::{Facts, tree_of};

pub struct Store {
    pub dir: tempfile::TempDir,
    pub blobs: DiskBlobs,
    pub layers: Layers,
}

impl Store {
    pub fn new() -> Self {
        Self::with(Limits::default())
    }

    pub fn with(limits: Limits) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let blobs = DiskBlobs::open(&dir.path().join("blobs")).expect("opens");
        let layers = Layers::open(&dir.path().join("layers"), limits).expect("opens");
        Self { dir, blobs, layers }
    }

    /// Takes bytes in as what they are.
    pub fn stage(&self, bytes: &[u8]) -> Result<Staged<DiskStaged>, IntakeError> {
        self.stage_as(bytes, &Expected { blob: describe(bytes), diff_id: None })
    }

    /// Takes bytes in as something that they may not be.
    pub fn stage_as(&self, bytes: &[u8], expected: &Expected) -> Result<Staged<DiskStaged>, IntakeError> {
        self.stage_from(Pieces::of(bytes, 10_000), expected)
    }

    pub fn stage_from(
        &self,
        source: impl Source,
        expected: &Expected,
    ) -> Result<Staged<DiskStaged>, IntakeError> {
        let writer = self.blobs.ingest(&expected.blob.digest, Some(expected.blob.size)).expect("starts");
        self.layers.intake(source, Some(writer), expected, &Watch::default())
    }

    /// Takes a layer in, gzipped, and publishes it.
    pub fn add(&self, layer: &Layer) -> Taken {
        self.publish(&compress(&layer.tar(), Compression::Gzip(1)))
    }

    pub fn publish(&self, bytes: &[u8]) -> Taken {
        let staged = self.stage(bytes).expect("takes it in");
        self.layers.publish(&self.blobs, vec![staged], Vec::new()).expect("publishes").remove(0)
    }

    pub fn tree(&self, diff_id: &DiffId) -> PathBuf {
        self.layers.tree(diff_id)
    }

    /// Nothing unfinished, no blob and no layer is there.
    pub fn assert_empty(&self) {
        self.assert_nothing_unfinished();
        assert_eq!(self.blobs.list().expect("lists"), []);
        assert_eq!(self.layers.list().expect("lists"), []);
    }

    pub fn assert_nothing_unfinished(&self) {
        for tmp in ["blobs/tmp", "layers/tmp"] {
            let left = std::fs::read_dir(self.dir.path().join(tmp)).expect("is there").count();
            assert_eq!(left, 0, "{tmp} is not empty");
        }
    }
}

pub fn describe(bytes: &[u8]) -> Descriptor {
    Descriptor::new(MediaType::DOCKER_LAYER, Digest::of(bytes), bytes.len() as u64)
}

pub fn diff_id(layer: &Layer) -> DiffId {
    DiffId(Digest::of(&layer.tar()))
}

/// A source that gives bytes in pieces of a size, and then perhaps fails.
pub struct Pieces {
    bytes: Bytes,
    size: usize,
    failure: Option<io::Error>,
}

impl Pieces {
    pub fn of(bytes: &[u8], size: usize) -> Self {
        Self { bytes: Bytes::copy_from_slice(bytes), size, failure: None }
    }

    pub fn failing(mut self, error: io::Error) -> Self {
        self.failure = Some(error);
        self
    }
}

impl Source for Pieces {
    fn next(&mut self) -> io::Result<Option<Bytes>> {
        if self.bytes.is_empty() {
            return self.failure.take().map_or(Ok(None), Err);
        }
        Ok(Some(self.bytes.split_to(self.size.min(self.bytes.len()))))
    }
}

/// Whether the process is root in every respect; says so when a test is left out because it is not.
pub fn root(why: &str) -> bool {
    let store = Store::new();
    let powers = store.layers.powers();
    let root = powers.owners && powers.devices && powers.trusted;
    if !root {
        eprintln!("LEFT OUT: needs root ({why})");
    }
    root
}

/// Runs a program and fails with what it printed if it fails.
pub fn run(program: &str, arguments: &[&str]) -> String {
    let output = std::process::Command::new(program).args(arguments).output().expect(program);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "{program} {arguments:?}: {}{}",
        text(&output.stdout),
        text(&output.stderr)
    );
    text(&output.stdout)
}
