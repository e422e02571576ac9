//! Archives that are broken or that swell.

use crate::scene::{
    Fate::{Either, Refused},
    *,
};
use std::fs;
use strata_forge::{Compression, Entry, Image, Kind, Layer, SparseForm};
use strata_tests::{Scratch, skip_without};

#[test]
fn broken_archives() {
    let whole = Layer::new().file("a", vec![7; 5000]).file("b", "x").tar();
    let raw = |bytes: &[u8]| image([Layer::new().unterminated().raw(bytes)]);
    let mut checksum = whole.clone();
    checksum[10] ^= 1;
    let mut size = whole.clone();
    size[124..136].copy_from_slice(b"zzzzzzzzzzzz");
    let other = |flag: u8| image([Layer::new().with(Entry::new("x", Kind::Other(flag, b"x".to_vec())))]);
    let cases = vec![
        ("cut-in-content", raw(&whole[..2000]), Refused("")),
        ("cut-in-header", raw(&whole[..300]), Refused("")),
        ("no-end", image([Layer::new().file("a", "x").unterminated()]), Either),
        ("nothing", raw(b""), Either),
        ("not-a-tar", raw(&[b'x'; 2048]), Refused("")),
        ("zip", raw(b"PK\x03\x04 and so on"), Refused("")),
        ("checksum", raw(&checksum), Refused("checksum")),
        ("size-field", raw(&size), Refused("")),
        ("unknown-type", other(b'Z'), Refused("not supported")),
        ("multi-volume", other(b'M'), Refused("not supported")),
        ("volume-label", other(b'V'), Either),
        (
            "global-path",
            image([Layer::new()
                .with(Entry::new("pax", Kind::Other(b'g', b"16 path=../evil\n".to_vec())))
                .file("x", "x")]),
            Either,
        ),
        (
            "pax-malformed",
            image([Layer::new()
                .with(Entry::new("pax", Kind::Other(b'x', b"999 path=y\n".to_vec())))
                .file("x", "x")]),
            Refused("PAX"),
        ),
        (
            "sparse-map",
            image([Layer::new().sparse("s", 10, &[(1 << 40, b"x")], SparseForm::Gnu)]),
            Refused("sparse"),
        ),
    ];
    all(cases);
}

#[test]
fn bombs() {
    if skip_without(&[]) {
        return;
    }
    let range = range();
    let zeros = |size: u64| {
        move |tar: &mut strata_forge::TarWriter<&mut dyn std::io::Write>| {
            tar.stream(&Entry::file("zeros", ""), size, std::io::Read::take(std::io::repeat(0), size))
        }
    };
    let scratch = Scratch::new("bombs");
    for (name, compression) in [("gzip-bomb", Compression::Gzip(6)), ("zstd-bomb", Compression::Zstd(3))] {
        let layout = scratch.join(name);
        let bomb = Image::new().layer_from("COPY zeros /", zeros(5 << 28)).compression(compression);
        let descriptor = bomb.write_layout(&layout, "bomb").expect("the scratch directory is writable");
        for entry in fs::read_dir(layout.join("blobs/sha256")).expect("it was just written").flatten() {
            range.registry.add_blob(fs::read(entry.path()).expect("it can be read"));
        }
        let manifest =
            fs::read(layout.join("blobs/sha256").join(descriptor.digest.hex())).expect("it can be read");
        let digest = range.registry.add_manifest(name, &descriptor.media_type.0, manifest);
        range.registry.tag(name, "latest", &digest);
        let wrong = range.try_pull(name, Refused("bomb"), || {});
        assert_eq!(wrong, None);
        assert!(range.strata.peak_memory() < 200 << 20, "{} bytes of memory", range.strata.peak_memory());
    }
    // A sparse file is small in the archive and small on disk; its size is what it says.
    let sparse = |size: u64| image([Layer::new().sparse("s", size, &[(0, b"x")], SparseForm::Pax)]);
    let cases = vec![
        ("sparse-large", sparse(8 << 30), Either),
        ("sparse-absurd", sparse(1 << 60), Refused("")),
        ("sparse-huge", sparse(100 << 30), Either),
    ];
    all(cases);
}
