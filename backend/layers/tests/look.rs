//! Looking into a layer's blob without taking it in.

mod support;

use strata_forge::{Compression, Entry, Layer, compress};
use strata_layer::{LayerIndex, LayerPath};
use strata_layers::{
    CompressionError, Expected, FromRead, IntakeError, Limits, SingleFileError, WantedFile, Watch, read_run,
};
use strata_oci::DiffId;
use support::{Pieces, Store, describe, diff_id};

fn layer() -> Layer {
    // A path that is named twice: the last one counts.
    let twice = Layer::new().file("etc/motd", "first").with(Entry::file("etc/motd", "second"));
    twice.file("big", vec![7; 300_000]).hardlink("etc/again", "etc/motd").symlink("link", "big")
}

fn wanted(index: &LayerIndex, path: &str) -> Option<WantedFile> {
    let path = LayerPath::parse(path.as_bytes()).expect("a path");
    WantedFile::of(index.get(&path).expect("is there"))
}

#[test]
fn the_index_is_that_of_an_intake_and_nothing_is_kept() {
    let (looked, kept) = (Store::new(), Store::new());
    for compression in [Compression::None, Compression::Gzip(1), Compression::Zstd(1)] {
        let bytes = compress(&layer().tar(), compression);
        let expected = Expected { blob: describe(&bytes), diff_id: Some(diff_id(&layer())) };
        let watch = Watch::default();
        let index = looked.layers.read_index(Pieces::of(&bytes, 1000), &expected, &watch).expect("reads it");
        assert_eq!(watch.received(), bytes.len() as u64);
        let taken = kept.publish(&bytes);
        assert_eq!(index.encode(), kept.layers.index(&taken.diff_id).expect("published"));
    }
    looked.assert_empty();
}

#[test]
fn what_is_not_as_announced_or_too_much_is_refused() {
    let store = Store::with(Limits { tar: 100_000, ..Limits::default() });
    let small = compress(&Layer::new().file("a", "a").tar(), Compression::Gzip(1));
    let read = |bytes: &[u8], expected: &Expected| {
        store.layers.read_index(FromRead(bytes), expected, &Watch::default())
    };
    let right = Expected { blob: describe(&small), diff_id: None };
    read(&small, &right).expect("a layer");
    let lie = Expected { diff_id: Some(DiffId(strata_oci::Digest::of(b"x"))), ..right.clone() };
    assert!(matches!(read(&small, &lie), Err(IntakeError::DiffId { .. })));
    let mut flipped = small.clone();
    flipped[20] ^= 1;
    assert!(matches!(read(&flipped, &right), Err(IntakeError::Verify(_))));
    let large = compress(&layer().tar(), Compression::Gzip(1));
    let refused = read(&large, &Expected { blob: describe(&large), diff_id: None });
    assert!(
        matches!(refused, Err(IntakeError::Compression(CompressionError::TooLarge { .. }))),
        "{refused:?}"
    );
    let watch = Watch::default();
    watch.stop();
    let stopped = store.layers.read_index(FromRead(&small[..]), &right, &watch);
    assert!(matches!(stopped, Err(IntakeError::Stopped)));
    store.assert_empty();
}

#[test]
fn a_file_is_read_out_of_any_blob_and_held_to_the_index() {
    let store = Store::new();
    let tar = layer().tar();
    let blobs =
        [Compression::None, Compression::Gzip(6), Compression::Zstd(3)].map(|how| compress(&tar, how));
    let expected = Expected { blob: describe(&blobs[0]), diff_id: None };
    let index =
        store.layers.read_index(FromRead(&blobs[0][..]), &expected, &Watch::default()).expect("reads");
    let read = |blob: &[u8], wanted: &WantedFile| {
        let mut out = Vec::new();
        store.layers.read_file(Pieces::of(blob, 3000), wanted, &mut out, &Watch::default()).map(|()| out)
    };
    let (motd, big) = (wanted(&index, "etc/motd").expect("a file"), wanted(&index, "big").expect("a file"));
    assert_eq!(wanted(&index, "etc/again"), Some(motd.clone()), "a hard link is what it names");
    assert_eq!((wanted(&index, "link"), wanted(&index, "etc")), (None, None));
    for blob in &blobs {
        assert_eq!(read(blob, &motd).expect("finds it"), b"second");
        assert_eq!(read(blob, &big).expect("finds it"), vec![7; 300_000]);
    }
    // Another layer's bytes, and half of this one's.
    let other = Layer::new().file("etc/motd", "first").with(Entry::file("etc/motd", "SECOND")).tar();
    assert!(matches!(read(&other, &motd), Err(SingleFileError::Changed(_))));
    assert!(matches!(read(&blobs[1][..200], &big), Err(SingleFileError::Intake(_))));
    // In an unpacked blob it is where the index says.
    let run = usize::try_from(big.run().expect("in one run")).expect("small");
    let mut out = Vec::new();
    read_run(FromRead(&blobs[0][run..]), &big, &mut out, &Watch::default()).expect("reads it");
    assert_eq!(out, vec![7; 300_000]);
    let elsewhere = read_run(FromRead(&blobs[0][run + 1..]), &big, &mut Vec::new(), &Watch::default());
    assert!(matches!(elsewhere, Err(SingleFileError::Changed(_))));
    store.assert_empty();
}
