//! kill -9 at random moments: what is visible is whole, what was acknowledged is there.
//!
//! `STRATA_KILLS` says how often; 50 by default.

mod support;

use std::{
    collections::HashSet,
    fs::{self, File, OpenOptions},
    io::{Read as _, Write as _},
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use strata_blobs::{BlobStore as _, DiskBlobs};
use strata_forge::{Compression, Layer, Noise, Texture, compress};
use strata_layer::Kind;
use strata_layers::{Expected, FromRead, Layers, Limits, Watch};
use strata_oci::{DiffId, Digest};
use support::describe;

const CHILD: &str = "STRATA_KILL_CHILD";

/// Images of three layers each, made once: the killed process is to spend its life taking them in.
const IMAGES: u64 = 40;

/// Layers of some kilobytes to a megabyte.
fn layer(number: u64) -> Layer {
    let files = 5 + number * 37 % 80;
    (0..files).fold(Layer::new().whiteout("gone"), |layer, file| {
        let size = ((number * 7919 + file * 104_729) % 30_000) as usize;
        layer.file(
            format!("dir{}/file{file}", file % 7),
            Noise::bytes(number * 1000 + file, Texture::Binary, size),
        )
    })
}

fn prepared(dir: &Path, image: u64, layer: u64) -> std::path::PathBuf {
    dir.join(format!("{image}-{layer}.tar.gz"))
}

fn open(dir: &Path) -> (DiskBlobs, Layers) {
    let blobs = DiskBlobs::open(&dir.join("blobs")).expect("opens");
    (blobs, Layers::open(&dir.join("layers"), Limits::default()).expect("opens"))
}

/// The records, in the place of a catalog: a line per layer, `diff_id blob`.
fn records(dir: &Path) -> Vec<(DiffId, Digest)> {
    let text = fs::read_to_string(dir.join("records")).unwrap_or_default();
    let whole = text.rsplit_once('\n').map_or("", |(lines, _)| lines);
    let line = |line: &str| {
        let (diff_id, blob) = line.split_once(' ').expect("two words");
        (diff_id.parse().expect("a diff id"), blob.parse().expect("a digest"))
    };
    whole.lines().map(line).collect()
}

/// Not a test of its own: what the killed process does.
#[test]
fn child() {
    let Ok(dir) = std::env::var(CHILD) else { return };
    let dir = Path::new(&dir);
    let (blobs, layers) = open(dir);
    let known = records(dir);
    layers.sweep(&|id| known.iter().any(|(known, _)| known == id)).expect("sweeps");
    blobs.sweep(&|digest| known.iter().any(|(_, known)| known == digest)).expect("sweeps");
    let mut file = OpenOptions::new().create(true).append(true).open(dir.join("records")).expect("opens");
    // A line that the last kill cut is ended, so that it does not spoil ours.
    let text = fs::read(dir.join("records")).expect("reads");
    file.set_len(text.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end as u64 + 1)).expect("cuts");
    for round in known.len() as u64 / 3..u64::MAX {
        let image: Vec<Vec<u8>> =
            (0..3).map(|n| fs::read(prepared(dir, round % IMAGES, n)).expect("was prepared")).collect();
        let take = |bytes: &Vec<u8>| {
            let expected = Expected { blob: describe(bytes), diff_id: None };
            let writer = blobs.ingest(&expected.blob.digest, Some(expected.blob.size)).expect("starts");
            layers.intake(FromRead(&bytes[..]), Some(writer), &expected, &Watch::default()).expect("takes in")
        };
        let staged = std::thread::scope(|scope| {
            let taking: Vec<_> = image.iter().map(|bytes| scope.spawn(|| take(bytes))).collect();
            taking.into_iter().map(|taking| taking.join().expect("no panic")).collect()
        });
        let taken = layers.publish(&blobs, staged, Vec::new()).expect("publishes");
        let lines: String = (taken.iter().zip(&image))
            .map(|(taken, bytes)| format!("{} {}\n", taken.diff_id, describe(bytes).digest))
            .collect();
        file.write_all(lines.as_bytes()).and_then(|()| file.sync_all()).expect("records");
        println!("{round}");
    }
}

#[test]
fn survives_kills_at_random_moments() {
    let kills: u64 = std::env::var("STRATA_KILLS").map_or(50, |text| text.parse().expect("a number"));
    let dir = tempfile::tempdir().expect("a directory");
    for (image, n) in (0..IMAGES).flat_map(|image| (0..3).map(move |n| (image, n))) {
        let bytes = compress(&layer(image * 3 + n).tar(), Compression::Gzip(1));
        fs::write(prepared(dir.path(), image, n), bytes).expect("writes");
    }
    let mut acknowledged = HashSet::new();
    let seed =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_nanos()
            as u64;
    println!("seed {seed}");
    let mut random = Noise::new(seed, Texture::Random);
    for kill in 0..kills {
        let mut child = Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", "child", "--nocapture"])
            .env(CHILD, dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("starts");
        let mut bytes = [0; 8];
        random.read_exact(&mut bytes).expect("noise has no end");
        let until = Instant::now() + Duration::from_micros(10_000 + u64::from_le_bytes(bytes) % 300_000);
        std::thread::sleep(until.saturating_duration_since(Instant::now()));
        child.kill().expect("kills");
        child.wait().expect("ends");
        check(dir.path(), &mut acknowledged, kill);
    }
    println!("{} layers acknowledged over {kills} kills", acknowledged.len());
    assert!(kills < 50 || acknowledged.len() >= 3, "the kills left no time to do anything");
}

fn check(dir: &Path, acknowledged: &mut HashSet<DiffId>, kill: u64) {
    let known = records(dir);
    // Looked at before anything is cleaned: whatever has its place must be whole, recorded or not.
    if dir.join("layers").exists() {
        for entry in fs::read_dir(dir.join("layers")).expect("lists") {
            let name = entry.expect("an entry").file_name().into_string().expect("text");
            if name != "tmp" {
                check_layer(dir, &format!("sha256:{name}").parse().expect("a diff id"), kill);
            }
        }
    }
    for (diff_id, blob) in &known {
        assert!(
            dir.join("layers").join(diff_id.0.hex()).join("index").exists(),
            "kill {kill}: {diff_id} is missing"
        );
        let bytes =
            fs::read(dir.join("blobs/sha256").join(blob.hex())).expect("an acknowledged blob is there");
        assert_eq!(Digest::of(&bytes), *blob, "kill {kill}");
    }
    let now: HashSet<DiffId> = known.into_iter().map(|(diff_id, _)| diff_id).collect();
    assert!(acknowledged.is_subset(&now), "kill {kill}: something acknowledged is missing");
    *acknowledged = now;
}

/// Every file of the index is in the tree, with its bytes.
fn check_layer(dir: &Path, diff_id: &DiffId, kill: u64) {
    let place = dir.join("layers").join(diff_id.0.hex());
    let encoded = fs::read(place.join("index")).expect("a visible layer has an index");
    let index = strata_layer::LayerIndex::decode(&encoded[..encoded.len() - 16]).expect("whole");
    for entry in index.entries().filter(|entry| entry.kind() == Kind::File && entry.size() > 0) {
        let path = place.join("fs").join(entry.path().to_string());
        let mut bytes = Vec::new();
        File::open(&path).and_then(|mut file| file.read_to_end(&mut bytes)).expect("every file is there");
        assert_eq!(xxhash_rust::xxh3::xxh3_128(&bytes), entry.hash(), "kill {kill}: {}", path.display());
    }
}
