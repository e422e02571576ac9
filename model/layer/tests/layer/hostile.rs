//! Bytes that mean harm, or nothing.

use proptest::prelude::*;
use strata_forge::{Entry, Format, Layer, SparseForm};
use strata_layer::{LayerIndex, LayerPath, Limits, read_layer};
use xxhash_rust::xxh3::xxh3_128;

use crate::stacks;

/// A layer with one of everything.
fn sample() -> Vec<u8> {
    let long = "n".repeat(200);
    let mut layer = Layer::new()
        .dir("etc")
        .file("etc/passwd", "root")
        .with(Entry::file("etc/shadow", "").mode(0o600).owner(1, 42).mtime_nanos(-5, 7))
        .with(Entry::file("bin/ping", "x".repeat(3000)).xattr("security.capability", b"\x01\0\0\x02"))
        .symlink("bin/sh", "busybox")
        .hardlink("bin/ping6", "bin/ping")
        .with(Entry::file(format!("d/{long}"), "gnu").format(Format::Gnu))
        .with(Entry::file(format!("e/{long}/{long}"), "pax").format(Format::Pax))
        .char_device("dev/null", 1, 3)
        .fifo("run/pipe")
        .whiteout("gone")
        .opaque("etc");
    for (name, form) in [("gnu", SparseForm::Gnu), ("pax", SparseForm::Pax)] {
        layer = layer.sparse(format!("sparse/{name}"), 100_000, &[(512, b"one"), (70_000, b"two")], form);
    }
    let mapped = |name: &str| {
        let file = Entry::file(format!("GNUSparseFile.0/{name}"), "onetwo").record("GNU.sparse.name", name);
        file.record("GNU.sparse.size", "100000").record("GNU.sparse.numblocks", "2")
    };
    let pairs = [("offset", "512"), ("numbytes", "3"), ("offset", "70000"), ("numbytes", "3")];
    let pairs = pairs
        .into_iter()
        .fold(mapped("sparse/00"), |entry, (key, value)| entry.record(format!("GNU.sparse.{key}"), value));
    layer = layer.with(pairs).with(mapped("sparse/01").record("GNU.sparse.map", "512,3,70000,3"));
    layer.tar()
}

fn read(tar: &[u8]) -> Result<LayerIndex, String> {
    let limits = Limits { unpacked: 1 << 24, ..Limits::default() };
    read_layer(tar, &limits, &mut ()).map_err(|error| error.to_string())
}

/// Bytes to overwrite, where they go by thousandths of the whole.
fn mutations() -> impl Strategy<Value = Vec<(usize, u8)>> {
    proptest::collection::vec((0_usize..1000, any::<u8>()), 1..6)
}

fn mutate(bytes: &mut [u8], mutations: &[(usize, u8)], shift: usize) {
    for (at, byte) in mutations {
        let at = (at * bytes.len() / 1000 + shift) % bytes.len();
        bytes[at] = *byte;
    }
}

/// Makes every block that may be a header count as one, so that mutations get past the checksum.
fn repair_checksums(tar: &mut [u8]) {
    for block in tar.as_chunks_mut::<512>().0.iter_mut().filter(|block| &block[257..262] == b"ustar") {
        block[148..156].copy_from_slice(b"        ");
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    }
}

#[test]
fn the_four_sparse_formats_agree() {
    let index = read(&sample()).expect("valid");
    let mut expected = vec![0; 100_000];
    expected[512..515].copy_from_slice(b"one");
    expected[70_000..70_003].copy_from_slice(b"two");
    for name in ["gnu", "pax", "00", "01"] {
        let path = LayerPath::parse(format!("sparse/{name}").as_bytes()).expect("a path");
        let entry = index.get(&path).expect("listed");
        assert!(entry.is_sparse());
        assert_eq!((entry.size(), entry.hash()), (100_000, xxh3_128(&expected)), "{name}");
    }
}

#[test]
fn every_truncation_is_an_error_or_an_end() {
    let tar = sample();
    let whole = read(&tar).expect("valid");
    for end in 0..tar.len() {
        if let Ok(index) = read(&tar[..end]) {
            assert!(index.len() <= whole.len());
        }
    }
}

#[test]
fn every_truncation_of_an_encoding_is_an_error() {
    let bytes = read(&sample()).expect("valid").encode();
    for end in 0..bytes.len() {
        assert!(LayerIndex::decode(&bytes[..end]).is_err(), "{end} of {}", bytes.len());
    }
}

/// What a decoded index allows must not panic either.
fn walk(index: &LayerIndex) {
    for entry in index.entries() {
        let path = entry.path();
        assert_eq!(index.get(&path).map(|found| found.id()), Some(entry.id()));
        let _ = (
            entry.mode(),
            entry.uid(),
            entry.gid(),
            entry.mtime(),
            entry.size(),
            entry.hash(),
            entry.offset(),
        );
        let _ =
            (entry.symlink(), entry.hardlink().map(|target| target.path()), entry.device(), entry.xattrs());
    }
    let layer = std::sync::Arc::new(index.clone());
    let stack = strata_layer::Stack::new(vec![layer.clone(), layer]);
    let union = strata_layer::Union::of(&stack, &strata_layer::LayerSet::all(2));
    assert!(!union.nodes().is_empty());
    let _ = (strata_layer::waste(&stack), strata_layer::duplicates(&stack), strata_layer::copy_ups(&stack));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn mutated_tars_never_panic(mutations in mutations(), shift in 0_usize..512, repair: bool) {
        let mut tar = sample();
        mutate(&mut tar, &mutations, shift);
        if repair {
            repair_checksums(&mut tar);
        }
        if let Ok(index) = read(&tar) {
            prop_assert_eq!(&LayerIndex::decode(&index.encode()).expect("decodes"), &index);
        }
    }

    #[test]
    fn mutated_encodings_never_panic(mutations in mutations(), shift in 0_usize..64) {
        let mut bytes = read(&sample()).expect("valid").encode();
        mutate(&mut bytes, &mutations, shift);
        if let Ok(index) = LayerIndex::decode(&bytes) {
            walk(&index);
            prop_assert_eq!(LayerIndex::decode(&index.encode()).expect("decodes"), index);
        }
    }

    #[test]
    fn any_bytes_are_no_index(mut bytes in proptest::collection::vec(any::<u8>(), 0..200), head: bool) {
        if head {
            bytes.splice(..0, b"strata.layer\x01".iter().copied());
        }
        if let Ok(index) = LayerIndex::decode(&bytes) {
            walk(&index);
        }
    }

}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..Default::default() })]

    #[test]
    fn encodings_come_back(layers in stacks::stack(1, 30)) {
        for index in stacks::indexes(&[stacks::tar(&layers[0])]) {
            let bytes = index.encode();
            prop_assert_eq!(&LayerIndex::decode(&bytes).expect("decodes"), &*index);
            walk(&index);
        }
    }
}
