//! A kill at any moment: nothing visible is damaged, nothing acknowledged is missing, nothing is left over.
//!
//! `STRATA_KILLS` sets how often, 25 by default. Moments are random but of a printed seed (`STRATA_SEED`).

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use strata_faulty_registry::{Fault, FaultyRegistry, When};
use strata_forge::{Entry, Form, Image, Layer, Noise, Texture};
use strata_layer::{Kind, LayerIndex};
use strata_oci::{Digest, Manifest};
use strata_tests::{Docker, DockerRegistry, Run, Skopeo, Strata, fixture, skip_without};

/// Nine layers, about 25 MB and 1,500 files; the two lowest are also those of [`kept`].
fn large() -> Image {
    let image = (0..6u64).fold(kept(), |image, number| image.layer("COPY", files(number + 10, 200, 8_000)));
    image.layer("COPY one /", Layer::new().file("one", Noise::bytes(3, Texture::Random, 8 << 20)))
}

/// What stays in the store all the time.
fn kept() -> Image {
    Image::new().layer("COPY", files(1, 200, 8_000)).layer("COPY", files(2, 20, 50_000)).form(Form::Docker)
}

fn files(seed: u64, count: u64, size: u64) -> Layer {
    let mut noise = Noise::new(seed, Texture::Random);
    let mut layer = Layer::new().dir(format!("d{seed}"));
    for number in 0..count {
        let size = noise.below(2 * size) as usize;
        let content = Noise::bytes(seed * 100_000 + number, Texture::Binary, size);
        layer.push(Entry::file(format!("d{seed}/f{number}"), content).mode(0o640));
    }
    layer.whiteout(format!("d{seed}/gone")).symlink(format!("d{seed}/link"), "f1")
}

struct Store {
    strata: Strata,
    docker: Docker,
    large: String,
    kept: String,
}

impl Store {
    fn images(&self) -> Vec<String> {
        let run = self.docker.run(&["images", "--format", "{{.Repository}}:{{.Tag}}"]).ok();
        run.lines().into_iter().map(str::to_owned).collect()
    }

    /// Checks every image that is listed: its config, its layers' files against their indexes, its blobs.
    #[track_caller]
    fn check(&self, when: &str) {
        let mut checked = BTreeSet::new();
        for name in self.images() {
            let run = self.docker.run(&["image", "inspect", "--format", "{{json .RootFS.Layers}}", &name]);
            assert_eq!(run.code, 0, "{when}: {run}");
            let history = self.docker.run(&["history", &name]);
            assert_eq!(history.code, 0, "{when}: {history}");
            let layers: Vec<String> = serde_json::from_str(run.text()).expect("an array of digests");
            for layer in layers {
                if checked.insert(layer.clone()) {
                    self.check_layer(&layer, &format!("{when}: {name} {layer}"));
                }
            }
        }
        self.check_blobs(when);
    }

    #[track_caller]
    fn check_layer(&self, diff_id: &str, when: &str) {
        let answer = self.strata.get(&format!("/api/layers/{diff_id}/index"));
        assert_eq!(answer.status, 200, "{when}: {}", answer.text());
        let index = LayerIndex::decode(&answer.body).unwrap_or_else(|e| panic!("{when}: {e}"));
        let root = self.strata.data().join("layers").join(&diff_id["sha256:".len()..]).join("fs");
        let mut files = 0;
        for entry in index.entries() {
            let path = root
                .join(String::from_utf8(entry.path().as_bytes().to_vec()).expect("these names are UTF-8"));
            let meta =
                fs::symlink_metadata(&path).unwrap_or_else(|e| panic!("{when}: {}: {e}", path.display()));
            if entry.kind() == Kind::File {
                let content = fs::read(&path).unwrap_or_else(|e| panic!("{when}: {}: {e}", path.display()));
                let hash = xxhash_rust::xxh3::xxh3_128(&content);
                assert_eq!((meta.len(), hash), (entry.size(), entry.hash()), "{when}: {}", path.display());
                files += 1;
            }
        }
        assert!(files > 0, "{when}: the index has no files");
    }

    /// Every blob under its final name is what its name says.
    #[track_caller]
    fn check_blobs(&self, when: &str) {
        for path in entries(&self.strata.data().join("blobs/sha256")) {
            let name = path.file_name().expect("it has one").to_string_lossy().into_owned();
            if name.len() == 64 {
                let content = fs::read(&path).expect("it is there");
                assert_eq!(Digest::of(&content).hex(), name, "{when}: a damaged blob");
            }
        }
    }

    /// Nothing is on disk that the image `kept` doesn't need.
    #[track_caller]
    fn check_leftovers(&self, kept: &Image, when: &str) {
        let built = kept.build();
        let manifest: Manifest = serde_json::from_slice(&built.manifest.bytes).expect("it is a manifest");
        let mut blobs: BTreeSet<String> =
            manifest.layers.iter().map(|layer| layer.digest.hex().to_owned()).collect();
        blobs.extend([built.config.digest.hex().to_owned(), built.manifest.digest.hex().to_owned()]);
        let layers: BTreeSet<String> =
            built.layers.iter().map(|layer| layer.diff_id.to_string()[7..].to_owned()).collect();
        let names = |dir: &str| {
            let all = entries(&self.strata.data().join(dir));
            all.into_iter()
                .map(|p| p.file_name().expect("it has one").to_string_lossy().into_owned())
                .collect::<BTreeSet<_>>()
        };
        let extra = |dir: &str, wanted: &BTreeSet<String>| {
            // A directory for what is on its way may stay, empty.
            let empty = |name: &&String| {
                entries(&self.strata.data().join(dir).join(name)).is_empty() && name.len() != 64
            };
            names(dir)
                .into_iter()
                .filter(|name| !wanted.contains(name))
                .filter(|name| !empty(&name))
                .collect::<Vec<_>>()
        };
        // Removing files happens behind the answer.
        let begun = Instant::now();
        loop {
            let left = (
                extra("blobs/sha256", &blobs),
                extra("layers", &layers),
                extra("blobs", &["sha256".to_owned()].into()),
            );
            if left.0.is_empty() && left.1.is_empty() && left.2.is_empty() {
                break;
            }
            assert!(begun.elapsed() < Duration::from_secs(10), "{when}: left over: {left:?}");
            thread::sleep(Duration::from_millis(50));
        }
        assert!(layers.is_subset(&names("layers")), "{when}: a layer is missing");
    }
}

fn entries(dir: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(dir) else { return Vec::new() };
    entries.map(|entry| entry.expect("a directory can be read on").path()).collect()
}

fn number(name: &str, default: u64) -> u64 {
    env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[test]
fn kills_at_random_moments() {
    if skip_without(&["docker-registry", "skopeo", "docker"]) {
        return;
    }
    let kills = number("STRATA_KILLS", 25);
    let clock =
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| u64::from(since.subsec_nanos()));
    let seed = number("STRATA_SEED", clock);
    eprintln!("STRATA_KILLS={kills} STRATA_SEED={seed}");
    let mut random = Noise::new(seed, Texture::Random);

    let registry = DockerRegistry::start(None);
    let skopeo = Skopeo::new(None);
    let (large, kept) = (registry.name("large"), registry.name("kept"));
    fixture::push(&skopeo, &self::large().build(), &large);
    fixture::push(&skopeo, &self::kept().build(), &kept);
    let strata = Strata::start();
    let docker = Docker::new(&strata.socket());
    let mut store = Store { strata, docker, large, kept };
    store.docker.run(&["pull", &store.kept]).ok();
    let whole: Run = store.docker.run(&["pull", &store.large]).ok();
    store.check("undisturbed");
    let removal = store.docker.run(&["rmi", &store.large]).ok();
    store.check_leftovers(&self::kept(), "undisturbed");
    eprintln!("a pull takes {:?}, its removal {:?}", whole.took, removal.took);

    let (mut acknowledged, mut cut) = (0, 0);
    for round in 0..kills {
        // Most kills hit the pull, some the removal or the tag after it.
        let removing = round % 5 == 4;
        if removing {
            store.docker.run(&["pull", "-q", &store.large]).ok();
        }
        let span = if removing { removal.took } else { whole.took };
        let moment = Duration::from_nanos(random.below(span.mul_f64(1.15).as_nanos() as u64));
        let when = format!(
            "round {round} of seed {seed}, killed after {moment:?}{}",
            if removing { " of rmi" } else { "" }
        );
        let args = if removing { ["rmi", &store.large] } else { ["pull", &store.large] };
        let finished = thread::scope(|scope| {
            let client = scope.spawn(|| store.docker.run(&args));
            thread::sleep(moment);
            // The client's answer and the kill race, as they would.
            let pid = rustix::process::Pid::from_raw(store.strata.pid() as i32).expect("it runs");
            rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("it is ours");
            client.join().expect("the client ends when the server does").code == 0
        });
        store.strata.kill();
        store.strata.restart();
        let images = store.images();
        assert!(
            images.iter().any(|name| name.starts_with(&store.kept)),
            "{when}: the kept image is missing: {images:?}"
        );
        let there = images.iter().any(|name| name.starts_with(&store.large));
        match (finished, removing) {
            (true, false) => assert!(there, "{when}: acknowledged and missing"),
            (true, true) => assert!(!there, "{when}: removed and still there"),
            (false, _) => {}
        }
        if finished {
            acknowledged += 1
        } else {
            cut += 1
        }
        store.check(&when);
        if there {
            store.docker.run(&["rmi", &store.large]).ok();
        }
        store.check_leftovers(&self::kept(), &when);
        if round % 3 == 0 {
            let again = store.docker.run(&["pull", &store.large]);
            assert_eq!(again.code, 0, "{when}: the next pull: {again}");
            store.check(&when);
            store.docker.run(&["rmi", &store.large]).ok();
        }
    }
    eprintln!("{cut} cut, {acknowledged} finished before the kill");
    store.docker.run(&["pull", &store.large]).ok();
    store.check("at the end");
    let prune = store.docker.run(&["image", "prune", "-af"]).ok();
    assert!(prune.stdout.contains("Total reclaimed space"), "{prune}");
    assert!(store.images().is_empty());
    assert!(store.strata.stop().success(), "SIGTERM ends it well");
}

/// SIGTERM in the middle of a pull: it ends within ten seconds and leaves nothing half done.
#[test]
fn asked_to_end_during_a_pull() {
    if skip_without(&["docker"]) {
        return;
    }
    let registry = FaultyRegistry::start();
    let image = large().build();
    fixture::offer(&registry, &image, "large");
    // Without it the pull may be over before the signal comes.
    let last = format!("/blobs/{}", image.layers.last().expect("it has layers").blob.digest);
    registry.fault(When::path(&last), Fault::Slow { bytes_per_second: 200_000 });
    let name = format!("{}/large", registry.domain());
    let mut strata = Strata::start();
    let docker = Docker::new(&strata.socket());
    let took = thread::scope(|scope| {
        let client = scope.spawn(|| docker.run(&["pull", &name]));
        let waited = Instant::now();
        while registry.requests_for(&last).is_empty() {
            assert!(waited.elapsed() < Duration::from_secs(30), "nobody asks for the last layer");
            thread::sleep(Duration::from_millis(5));
        }
        let asked = Instant::now();
        assert!(strata.stop().success());
        let took = asked.elapsed();
        client.join().expect("the client ends").fails();
        took
    });
    assert!(took < Duration::from_secs(10), "{took:?}");
    registry.heal();
    strata.restart();
    assert_eq!(docker.run(&["images", "-q"]).ok().stdout, "");
    docker.run(&["pull", &name]).ok();
}
