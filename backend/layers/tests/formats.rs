//! Compressions, pieces of any size, and bytes that are not the announced ones.

mod support;

use std::io::{self, ErrorKind, Write as _};

use strata_blobs::{BlobStore, DiskBlobs};
use strata_forge::{Compression, Entry, Layer, Noise, Texture, compress};
use strata_layers::{Expected, FromRead, IntakeError, Limits, Watch, pipe};
use strata_oci::{DiffId, Digest, VerifyError};
use support::{Pieces, Store, describe, diff_id};

fn sample() -> Layer {
    let layer = Layer::new().dir("etc").file("etc/motd", "hello").symlink("etc/issue", "motd");
    (0..40).fold(layer, |layer, number| {
        layer.file(
            format!("usr/lib/{number}"),
            Noise::bytes(number, Texture::Binary, 9_000 + 777 * number as usize),
        )
    })
}

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("packs")
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 1);
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("packs")
}

#[test]
fn every_form_gives_the_same_layer() {
    let (layer, tar) = (sample(), sample().tar());
    let (front, back) = tar.split_at(tar.len() / 3);
    let skippable = [&[0x5a, 0x2a, 0x4d, 0x18, 4, 0, 0, 0][..], b"note"].concat();
    let gzip = |bytes: &[u8]| compress(bytes, Compression::Gzip(6));
    let zstd = |bytes: &[u8]| compress(bytes, Compression::Zstd(3));
    let forms = [
        ("plain", tar.clone()),
        ("gzip", gzip(&tar)),
        ("stored gzip", compress(&tar, Compression::Gzip(0))),
        ("gzip of two members", [gzip(front), gzip(back)].concat()),
        ("gzip with an empty member", [gzip(front), gzip(b""), gzip(back)].concat()),
        ("gzip padded with zeros", [gzip(&tar), vec![0; 1000]].concat()),
        ("zstd", zstd(&tar)),
        ("bzip2 of two streams", [bzip2(front), bzip2(back)].concat()),
        ("xz of two streams", [xz(front), xz(back)].concat()),
        ("zstd of two frames", [zstd(front), zstd(back)].concat()),
        (
            "zstd with skippable frames",
            [&skippable[..], &zstd(front), &skippable, &zstd(back), &skippable].concat(),
        ),
    ];
    for (name, bytes) in forms {
        for piece in [1, 3, 4096, usize::MAX] {
            if piece < 10 && bytes.len() > 200_000 {
                continue;
            }
            let store = Store::new();
            let expected = Expected { blob: describe(&bytes), diff_id: Some(diff_id(&layer)) };
            let staged = store.stage_from(Pieces::of(&bytes, piece), &expected).expect(name);
            let taken = store.layers.publish(&store.blobs, vec![staged], Vec::new()).expect(name).remove(0);
            assert_eq!((taken.tar, taken.totals.files), (tar.len() as u64, 41), "{name}");
            assert_eq!(store.blobs.read(&expected.blob.digest, 1 << 30).expect(name), bytes, "{name}");
            let index = store.layers.layer_index(&taken.diff_id).expect(name);
            assert_eq!(index.totals(), taken.totals, "{name}");
            store.assert_nothing_unfinished();
        }
    }
}

#[test]
fn bytes_that_are_not_the_announced_ones_are_named_as_that() {
    let bytes = compress(&sample().tar(), Compression::Gzip(6));
    let digest = Digest::of(b"something else");
    let mut flipped = bytes.clone();
    flipped[bytes.len() / 2] ^= 0x10;
    let longer = [&bytes[..], b"more"].concat();
    let cases: [(&str, &[u8], strata_oci::Descriptor); 4] = [
        ("another digest", &bytes, strata_oci::Descriptor { digest, ..describe(&bytes) }),
        ("a flipped bit", &flipped, describe(&bytes)),
        ("cut short", &bytes[..bytes.len() - 100], describe(&bytes)),
        ("too long", &longer, describe(&bytes)),
    ];
    for (name, bytes, blob) in cases {
        let store = Store::new();
        let error = store.stage_as(bytes, &Expected { blob, diff_id: None }).expect_err(name);
        assert!(matches!(error, IntakeError::Verify(_)), "{name}: {error:?}");
        store.assert_empty();
    }
    let store = Store::new();
    let expected = Expected { blob: describe(&bytes), diff_id: Some(DiffId(Digest::of(b"another tar"))) };
    let error = store.stage_as(&bytes, &expected).expect_err("another diff id");
    assert!(matches!(error, IntakeError::DiffId { .. }), "{error:?}");
    store.assert_empty();
}

#[test]
fn announced_bytes_that_are_no_layer_are_refused() {
    let tar = sample().tar();
    let gzip = compress(&tar, Compression::Gzip(6));
    let zstd = compress(&tar, Compression::Zstd(3));
    let (bzip2, xz) = (bzip2(&tar), xz(&tar));
    let cases: [(&str, Vec<u8>, &str); 9] = [
        ("truncated gzip", gzip[..gzip.len() - 100].to_vec(), "not valid gzip"),
        ("truncated gzip header", gzip[..5].to_vec(), "not valid gzip"),
        ("garbage after gzip", [&gzip[..], b"garbage"].concat(), "not valid gzip"),
        ("truncated zstd", zstd[..zstd.len() - 100].to_vec(), "not valid zstd"),
        ("garbage after zstd", [&zstd[..], b"garbage"].concat(), "not valid zstd"),
        ("truncated tar", tar[..tar.len() - 5000].to_vec(), "in the middle"),
        ("truncated bzip2", bzip2[..bzip2.len() - 100].to_vec(), "not valid bzip2"),
        ("truncated xz", xz[..xz.len() - 100].to_vec(), "not valid xz"),
        ("a web page", b"<html>not found</html>".repeat(100), "byte 0"),
    ];
    for (name, bytes, message) in cases {
        let store = Store::new();
        let error = store.stage(&bytes).expect_err(name);
        assert!(matches!(error, IntakeError::Compression(_) | IntakeError::Archive(_)), "{name}: {error:?}");
        assert!(error.to_string().contains(message), "{name}: {error}");
        store.assert_empty();
    }
}

#[test]
fn bombs_are_defused() {
    let zeros = Layer::new().file("zeros", vec![0; 64 << 20]).tar();
    for compression in [Compression::Gzip(9), Compression::Zstd(3)] {
        let bytes = compress(&zeros, compression);
        let by_ratio = Limits { ratio: 100, ratio_floor: 4 << 20, ..Limits::default() };
        let by_size = Limits { tar: 8 << 20, ..Limits::default() };
        for (limits, message) in
            [(by_ratio, "decompression bomb"), (by_size, "8388608 bytes that are allowed")]
        {
            let store = Store::with(limits);
            let error = store.stage(&bytes).expect_err(message).to_string();
            assert!(error.contains(message), "{error}");
            store.assert_empty();
        }
        Store::new().stage(&bytes).expect("64 MiB of zeros is fine");
    }
}

#[test]
fn a_failing_source_is_named_and_leaves_nothing() {
    let bytes = compress(&sample().tar(), Compression::Gzip(6));
    let store = Store::new();
    let source = Pieces::of(&bytes[..bytes.len() / 2], 1000).failing(ErrorKind::ConnectionReset.into());
    let error =
        store.stage_from(source, &Expected { blob: describe(&bytes), diff_id: None }).expect_err("fails");
    assert!(
        matches!(&error, IntakeError::Source(why) if why.kind() == ErrorKind::ConnectionReset),
        "{error:?}"
    );
    store.assert_empty();
}

#[test]
fn a_stopped_intake_ends_and_leaves_nothing() {
    let bytes = compress(&sample().tar(), Compression::Gzip(6));
    let store = Store::new();
    let watch = Watch::default();
    watch.stop();
    let expected = Expected { blob: describe(&bytes), diff_id: None };
    let writer = store.blobs.ingest(&expected.blob.digest, None).expect("starts");
    let error =
        store.layers.intake(Pieces::of(&bytes, 100), Some(writer), &expected, &watch).expect_err("stops");
    assert!(matches!(error, IntakeError::Stopped), "{error:?}");
    store.assert_empty();
}

#[test]
fn a_pipe_carries_a_layer_in_bounded_memory() {
    let bytes = compress(&sample().tar(), Compression::Gzip(6));
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    for capacity in [1, 1 << 12, 1 << 20] {
        let store = Store::new();
        let expected = Expected { blob: describe(&bytes), diff_id: None };
        let (sender, receiver) = pipe(capacity);
        std::thread::scope(|scope| {
            let taking = scope.spawn(|| store.stage_from(receiver, &expected));
            runtime.block_on(async {
                for piece in bytes.chunks(3000) {
                    sender.send(piece.to_vec().into()).await.expect("is read");
                }
                sender.finish().await.expect("is read");
            });
            taking.join().expect("no panic").expect("takes it in");
        });
    }
}

#[test]
fn a_pipe_that_breaks_on_either_side_says_so() {
    let bytes = compress(&sample().tar(), Compression::Gzip(6));
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let store = Store::new();
    let expected = Expected { blob: describe(&bytes), diff_id: None };
    for failing in [false, true] {
        let (sender, receiver) = pipe(1 << 20);
        let half = bytes[..bytes.len() / 2].to_vec().into();
        runtime.block_on(async {
            sender.send(half).await.expect("has room");
            if failing {
                sender.fail(io::Error::other("503")).await.expect("has room");
            }
        });
        let error = store.stage_from(receiver, &expected).expect_err("breaks");
        assert!(matches!(error, IntakeError::Source(_)), "{error:?}");
    }
    let (sender, receiver) = pipe(1000);
    drop(receiver);
    runtime.block_on(async { sender.send(vec![0; 5000].into()).await.expect_err("nobody reads") });
    store.assert_empty();
}

#[test]
fn a_size_that_lies_is_caught_at_the_first_byte_too_many() {
    let bytes = sample().tar();
    let store = Store::new();
    let blob = strata_oci::Descriptor { size: 100, ..describe(&bytes) };
    let error = store.stage_as(&bytes, &Expected { blob, diff_id: None }).expect_err("longer");
    assert!(matches!(error, IntakeError::Verify(VerifyError::Size { expected: 100, .. })), "{error:?}");
    store.assert_empty();
}

#[test]
fn an_empty_layer_is_a_layer() {
    for layer in [Layer::new(), Layer::new().with(Entry::dir("./"))] {
        let store = Store::new();
        let taken = store.add(&layer);
        assert_eq!(taken.diff_id, diff_id(&layer));
        assert!(store.tree(&taken.diff_id).is_dir());
    }
}

#[test]
fn a_tar_made_here_needs_no_blob() {
    let (store, tar) = (Store::new(), sample().tar());
    let staged = store
        .layers
        .intake_made::<_, <DiskBlobs as BlobStore>::Writer>(FromRead(&tar[..]), &Watch::default())
        .expect("takes it in");
    let taken = store.layers.publish(&store.blobs, vec![staged], Vec::new()).expect("publishes").remove(0);
    assert_eq!(taken.diff_id, diff_id(&sample()));
    assert!(store.tree(&taken.diff_id).join("etc/motd").is_file());
    assert_eq!(store.blobs.list().expect("lists"), []);
}
