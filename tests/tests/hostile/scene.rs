//! One Strata, one registry, and a host that must not be touched.

use serde_json::Value;
use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Mutex, OnceLock, PoisonError},
    thread,
    time::{Duration, Instant},
};
use strata_faulty_registry::FaultyRegistry;
use strata_forge::{Built, Compression, Form, Image, Layer};
use strata_tests::{
    Scratch, Strata, fixture,
    http::Request,
    skip_without,
    walk::{Tree, walk},
};

use Fate::{Contained, Either, Refused};

/// What has to become of a pull.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fate {
    /// It fails with a message that contains this.
    Refused(&'static str),
    /// It succeeds, and does harm to nobody.
    Contained,
    /// Either: what peers do differs, and both are safe.
    Either,
}

pub(crate) struct Range {
    pub(crate) strata: Strata,
    pub(crate) registry: FaultyRegistry,
    /// A directory of the host that archives try to reach.
    pub(crate) outside: PathBuf,
    pub(crate) untouched: Tree,
    /// One pull at a time, so that what changes in the store is known to be its doing.
    pub(crate) turn: Mutex<()>,
    pub(crate) _scratch: Scratch,
}

/// One Strata and one registry for all tests here; each test has its own repositories.
pub(crate) fn range() -> &'static Range {
    static RANGE: OnceLock<Range> = OnceLock::new();
    RANGE.get_or_init(|| {
        let scratch = Scratch::new("hostile");
        let outside = scratch.dir("outside");
        fs::write(outside.join("canary"), "untouched").expect("the scratch directory is writable");
        fs::create_dir(outside.join("dir")).expect("the scratch directory is writable");
        fs::write(outside.join("dir/canary"), "untouched").expect("the scratch directory is writable");
        let untouched = walk(&outside);
        let range = Range {
            strata: Strata::start(),
            registry: FaultyRegistry::start(),
            outside,
            untouched,
            turn: Mutex::new(()),
            _scratch: scratch,
        };
        range.add("kept", &fixture::demo().build());
        assert_eq!(range.pull("kept"), Ok(()));
        range
    })
}

impl Range {
    /// Puts an image into the registry, to the byte.
    pub(crate) fn add(&self, name: &str, image: &Built) {
        fixture::offer(&self.registry, image, name);
    }

    /// Pulls `name:latest`; the error is what docker would print.
    pub(crate) fn pull(&self, name: &str) -> Result<(), String> {
        self.pull_of(&format!("{}/{name}&tag=latest", self.registry.domain()))
    }

    pub(crate) fn pull_of(&self, from: &str) -> Result<(), String> {
        let request = Request::new("POST", &format!("/v1.41/images/create?fromImage={from}"));
        let answer = request.send(&self.strata.unix()).expect("the server answers to the end");
        let message = |value: &Value| value["message"].as_str().unwrap_or_default().to_owned();
        if answer.status != 200 {
            return Err(message(&answer.json()));
        }
        let lines = answer.text();
        let parsed = |line: &str| -> Value {
            serde_json::from_str(line)
                .unwrap_or_else(|e| panic!("a line of the stream isn't JSON ({e}): {line}"))
        };
        let error = lines.lines().map(parsed).find(|line| line["error"].is_string());
        error.map_or(Ok(()), |line| {
            assert_eq!(line["error"], line["errorDetail"]["message"]);
            Err(message(&line["errorDetail"]))
        })
    }

    pub(crate) fn remove(&self, name: &str) {
        let target = format!("/v1.41/images/{}/{name}?force=1", self.registry.domain());
        let answer = Request::new("DELETE", &target).send(&self.strata.unix()).expect("the server answers");
        assert_eq!(answer.status, 200, "{}", answer.text());
    }

    /// Names of all blobs, layers and images, and of what is on its way.
    pub(crate) fn store(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        let mut pending = vec!["blobs".to_owned(), "layers".to_owned()];
        while let Some(name) = pending.pop() {
            let dir = self.strata.data().join(&name);
            for entry in fs::read_dir(&dir).into_iter().flatten().flatten() {
                let child = format!("{name}/{}", entry.file_name().to_string_lossy());
                // A layer counts as one.
                let digest = child.rsplit('/').next().is_some_and(|last| last.len() == 64);
                if !digest && entry.path().is_dir() {
                    pending.push(child);
                } else {
                    names.insert(child);
                }
            }
        }
        let images = Request::get("/v1.41/images/json?all=1")
            .send(&self.strata.unix())
            .expect("the server answers")
            .json();
        let ids = images.as_array().expect("a list").iter().map(|image| image["Id"].to_string());
        names.extend(ids);
        names
    }

    /// Waits until the store is as it was; files may go behind the answer.
    pub(crate) fn check_store(&self, before: &BTreeSet<String>, what: &str) {
        let begun = Instant::now();
        loop {
            let now = self.store();
            if now == *before {
                return;
            }
            if begun.elapsed() > Duration::from_secs(10) {
                let changed: Vec<_> = now.symmetric_difference(before).collect();
                panic!("{what}: the store changed: {changed:?}");
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    #[track_caller]
    pub(crate) fn check_host(&self, what: &str) {
        assert_eq!(walk(&self.outside), self.untouched, "{what}: the host was touched");
        for evil in ["/evil", "/etc/evil", "/tmp/evil", "/evil-link", "/root/evil"] {
            assert!(fs::symlink_metadata(evil).is_err(), "{what}: {evil} was made");
        }
        for beside in ["evil", "layers/evil", "blobs/evil", "canary"] {
            let path = self.strata.data().join(beside);
            assert!(fs::symlink_metadata(&path).is_err(), "{what}: {} was made", path.display());
        }
    }

    /// Pulls the image and checks its fate; returns what is wrong, if anything.
    pub(crate) fn try_image(&self, name: &str, image: &Built, fate: Fate) -> Option<String> {
        self.add(name, image);
        self.try_pull(name, fate, || self.check_layers(image, name))
    }

    pub(crate) fn try_pull(&self, name: &str, fate: Fate, contained: impl FnOnce()) -> Option<String> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.store();
        let begun = Instant::now();
        let outcome = self.pull(name);
        let took = begun.elapsed();
        self.check_host(name);
        if outcome.is_ok() {
            contained();
            self.remove(name);
        }
        self.check_store(&before, name);
        self.check_host(name);
        match (&outcome, fate) {
            _ if took > Duration::from_secs(45) => Some(format!("{name}: took {took:?}")),
            (Err(message), Refused(part)) if message.contains(part) => None,
            (Err(message), Either) if !message.is_empty() => None,
            (Ok(()), Contained | Either) => None,
            _ => Some(format!("{name}: wanted {fate:?}: {outcome:?}")),
        }
    }

    /// No layer has an attribute that would steer the overlay, and none of its files is one of the host's.
    pub(crate) fn check_layers(&self, image: &Built, what: &str) {
        let canary = fs::metadata(self.outside.join("canary")).expect("it is there").ino();
        for layer in &image.layers {
            let root = self.strata.data().join("layers").join(&layer.diff_id.to_string()[7..]).join("fs");
            let mut pending = vec![root];
            while let Some(path) = pending.pop() {
                // A name below others may be too long to be given to the kernel as one.
                let Ok(meta) = fs::symlink_metadata(&path) else { continue };
                assert!(meta.ino() != canary || meta.is_dir(), "{what}: {} is the host's", path.display());
                if meta.is_dir() {
                    pending.extend(
                        fs::read_dir(&path).into_iter().flatten().flatten().map(|entry| entry.path()),
                    );
                }
                check_marks(&path, what);
            }
        }
    }
}

/// Attributes that are the overlay's own: only the mark of an opaque directory may be there.
pub(crate) fn check_marks(path: &Path, what: &str) {
    let mut names = vec![0; 4096];
    let Ok(length) = rustix::fs::llistxattr(path, &mut names[..]) else { return };
    for name in names[..length].split(|b| *b == 0).filter(|name| !name.is_empty()) {
        let overlay = name.windows(9).any(|w| w == b".overlay.");
        assert!(
            !overlay || name.ends_with(b".opaque"),
            "{what}: {} has {}",
            path.display(),
            name.escape_ascii()
        );
    }
}

pub(crate) fn image(layers: impl IntoIterator<Item = Layer>) -> Built {
    let image = Image::new().form(Form::Docker).compression(Compression::Gzip(1));
    layers.into_iter().fold(image, |image, layer| image.layer("COPY hostile /", layer)).build()
}

/// Runs all cases and fails with all that went wrong.
pub(crate) fn all(cases: Vec<(&str, Built, Fate)>) {
    if skip_without(&[]) {
        return;
    }
    let range = range();
    let wrong: Vec<String> =
        cases.into_iter().filter_map(|(name, image, fate)| range.try_image(name, &image, fate)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
