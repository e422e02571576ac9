//! Images of registries looked into without a pull: what is fetched, what is kept, and that it is what a pull would give.

use std::{
    io::Read as _,
    path::Path,
    time::{Duration, Instant},
};

use futures_util::StreamExt as _;
use strata_api::{
    progress::Message,
    registry::{Told, TroubleKind},
    remote::{Reading, RemoteImage},
};
use strata_engine::{Elsewhere, Engine, Kind, Options, PullRequest, Shop};
use strata_faulty_registry::{Account, Auth, Fault, FaultyRegistry, Layer, When};
use strata_forge::{Image, Layer as Tar, SparseForm};
use strata_oci::{Descriptor, DiffId, Digest, MediaType, Platform};
use tempfile::TempDir;

fn engine() -> (Engine, TempDir) {
    let data = tempfile::tempdir().expect("a temporary directory");
    (reopened(&data), data)
}

fn reopened(data: &TempDir) -> Engine {
    let mut options = Options::new(data.path().join("data"));
    options.docker_config = Some(data.path().join("no-config"));
    Engine::open(options).expect("the store opens")
}

fn shop(registry: &FaultyRegistry) -> Shop {
    Shop { host: registry.domain(), ours: false, login: None }
}

fn base() -> Tar {
    Tar::new()
        .dir("etc")
        .file("etc/motd", "hello")
        .symlink("etc/issue", "motd")
        .hardlink("etc/again", "etc/motd")
}

fn top() -> Tar {
    Tar::new().file("etc/motd", "bye").whiteout("etc/issue").sparse(
        "holes",
        100_000,
        &[(50_000, b"middle")],
        SparseForm::Pax,
    )
}

/// An image of two layers, one packed and one plain.
fn stocked() -> (FaultyRegistry, strata_faulty_registry::Image) {
    let registry = FaultyRegistry::start();
    let image = registry.add_image("app:v1", &[Layer::gzip(&base().tar()), Layer::plain(top().tar())]);
    (registry, image)
}

async fn told(engine: &Engine, shop: &Shop, name: &str) -> Told<RemoteImage> {
    engine.remote_image(shop, name, None).await.expect("asks")
}

async fn image(engine: &Engine, registry: &FaultyRegistry, name: &str) -> RemoteImage {
    match told(engine, &shop(registry), &format!("{}/{name}", registry.domain())).await {
        Told::Answer(image) => image,
        Told::Trouble(trouble) => panic!("{trouble:?}"),
    }
}

fn from(registry: &FaultyRegistry, image: &RemoteImage) -> Elsewhere {
    Elsewhere::new(shop(registry), &image.from).expect("pinned")
}

async fn read(engine: &Engine, from: &Elsewhere, layer: &DiffId) -> Reading {
    let all: Vec<Reading> = engine.read_layer(from.clone(), layer.clone()).collect().await;
    all.last().expect("it ends").clone()
}

async fn content(engine: &Engine, from: &Elsewhere, layer: &DiffId, path: &str) -> Vec<u8> {
    let mut file = engine.open_file(layer, path.as_bytes(), Some(from)).await.expect(path);
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).expect("readable");
    bytes
}

async fn pull(engine: &Engine, name: &str) -> Vec<Message> {
    let mut messages = engine.pull(PullRequest { image: name.into(), ..Default::default() });
    let mut all = Vec::new();
    while let Some(message) = messages.recv().await {
        all.push(message);
    }
    all
}

/// The paths of all files below a directory.
fn files(at: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![at.to_owned()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(&next).expect("lists").map(|entry| entry.expect("lists").path()) {
            match entry.is_dir() {
                true => open.push(entry),
                false => found.push(entry.strip_prefix(at).expect("below").display().to_string()),
            }
        }
    }
    found.sort();
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_what_a_pull_gives_and_nothing_is_fetched_twice() {
    let (engine, data) = engine();
    let (registry, made) = stocked();
    let remote = image(&engine, &registry, "app:v1").await;
    assert_eq!(remote.known, [false, false]);
    assert_eq!(remote.from, format!("{}/app@{}", registry.domain(), made.manifest.digest));
    assert!(remote.here.is_none() && remote.platforms.is_empty());
    for layer in &made.layers {
        assert!(registry.requests_for(&layer.digest.to_string()).is_empty(), "the manifest is enough");
    }
    let from = from(&registry, &remote);
    let layers = remote.detail.card.layers.clone();
    // Two who ask at once, and a third who asks for the index itself.
    let (one, two, index) = tokio::join!(
        read(&engine, &from, &layers[0]),
        read(&engine, &from, &layers[0]),
        engine.layer_index(&layers[0], Some(&from))
    );
    assert_eq!((one, two), (Reading::Done, Reading::Done));
    assert_eq!(read(&engine, &from, &layers[1]).await, Reading::Done);
    let indexes = [index.expect("read"), engine.layer_index(&layers[1], None).await.expect("known by now")];
    for layer in &made.layers {
        assert_eq!(registry.requests_for(&layer.digest.to_string()).len(), 1, "each is fetched once");
    }
    let again = image(&engine, &registry, "app:v1").await;
    assert_eq!(again.known, [true, true]);
    let cards: Vec<_> = again.detail.rows.iter().filter_map(|row| row.layer.clone()).collect();

    // Nothing but two indexes is kept, and nobody calls it an image.
    let store = data.path().join("data");
    assert_eq!(files(&store.join("indexes")).len(), 2);
    assert!(files(&store.join("blobs")).is_empty() && files(&store.join("layers")).is_empty());
    assert!(engine.cards().await.expect("lists").is_empty());

    // The next server knows them too.
    drop(engine);
    let engine = reopened(&data);
    assert_eq!(image(&engine, &registry, "app:v1").await.known, [true, true]);

    let name = format!("{}/app:v1", registry.domain());
    pull(&engine, &name).await;
    let local = engine.detail(&name).await.expect("pulled");
    assert_eq!(local.card.layers, layers);
    assert_eq!(local.rows.iter().filter_map(|row| row.layer.clone()).collect::<Vec<_>>(), cards);
    assert_eq!((local.card.id, local.card.unpacked), (again.detail.card.id, again.detail.card.unpacked));
    assert_eq!((local.config, local.repo_digests), (again.detail.config, again.detail.repo_digests));
    for (layer, index) in layers.iter().zip(&indexes) {
        assert_eq!(engine.layer_index(layer, None).await.expect("here"), index, "the very same tree");
    }
    let here = image(&engine, &registry, "app:v1").await;
    assert_eq!(here.here, Some(name));
    // What is here is read from here.
    registry.forget();
    assert_eq!(content(&engine, &from, &layers[0], "etc/motd").await, b"hello");
    assert!(registry.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_fetched_when_they_are_looked_at() {
    let (engine, data) = engine();
    let (registry, made) = stocked();
    let remote = image(&engine, &registry, "app:v1").await;
    let (from, layers) = (from(&registry, &remote), &remote.detail.card.layers);
    assert_eq!(content(&engine, &from, &layers[0], "etc/motd").await, b"hello");
    assert_eq!(content(&engine, &from, &layers[0], "etc/again").await, b"hello", "of a hard link");
    assert_eq!(
        content(&engine, &from, &layers[1], "etc/motd").await,
        b"bye",
        "of the layer that is asked for"
    );
    let plain = registry.requests_for(&made.layers[1].digest.to_string());
    let ranges: Vec<_> = plain.iter().map(|request| request.header("range").is_some()).collect();
    assert_eq!(ranges, [false, true], "of a layer that isn't packed only the file is asked for");
    let mut holes = vec![0; 100_000];
    holes[50_000..50_006].copy_from_slice(b"middle");
    assert_eq!(content(&engine, &from, &layers[1], "holes").await, holes);
    registry.forget();
    let (one, two) = tokio::join!(
        content(&engine, &from, &layers[1], "holes"),
        content(&engine, &from, &layers[1], "holes")
    );
    assert!(one == holes && two == holes, "each reads from its own place");
    assert!(registry.requests_for("/blobs/").is_empty(), "looked at a moment ago");
    assert_eq!(files(&data.path().join("data/indexes")).len(), 2, "no file has a name");
    for (path, kind) in
        [("etc/issue", Kind::InvalidArgument), ("none", Kind::NotFound), ("/", Kind::InvalidArgument)]
    {
        let refused = engine.open_file(&layers[0], path.as_bytes(), Some(&from)).await.expect_err(path);
        assert_eq!(refused.kind, kind, "{refused}");
    }
    let stranger = DiffId(Digest::of(b"another"));
    assert_eq!(engine.layer_index(&stranger, Some(&from)).await.expect_err("no such").kind, Kind::NotFound);
    let moved = format!("{}/app:v1", registry.domain());
    assert_eq!(Elsewhere::new(shop(&registry), &moved).expect_err("may move").kind, Kind::InvalidArgument);

    // A registry that knows no ranges gives it all the same.
    registry.fault(When::path("/blobs/"), Fault::IgnoreRange);
    drop(engine);
    let engine = reopened(&data);
    assert_eq!(content(&engine, &from, &layers[1], "etc/motd").await, b"bye");
    registry.heal();

    // Another blob under the same name later is noticed, whatever the file has.
    let other = Layer::gzip(&base().file("etc/motd", "HELLO").tar());
    registry.add_blob_as(&made.layers[0].digest, other.bytes);
    drop(engine);
    let engine = reopened(&data);
    let refused = engine.open_file(&layers[0], b"etc/motd", Some(&from)).await.expect_err("changed");
    assert_eq!(refused.kind, Kind::Internal);
}

#[tokio::test(flavor = "multi_thread")]
async fn layers_that_are_not_what_they_say_are_refused() {
    let (engine, data) = engine();
    let registry = FaultyRegistry::start();
    let good = Layer::gzip(&base().tar());
    // Another tar than the config says; a bomb; no archive; one that leads out.
    let mut lying = good.clone();
    lying.diff_id = Digest::of(b"something else");
    let bomb = Layer::gzip(&vec![0; 1 << 20]);
    let garbage = Layer::gzip(&[b'x'; 2048]);
    let outside = Layer::gzip(&Tar::new().file("../../etc/passwd", "root::0:0").tar());
    registry.add_image("app:v1", &[good, lying, garbage, outside]);
    registry.add_image("app:empty", &[bomb]);
    let remote = image(&engine, &registry, "app:v1").await;
    let from_app = from(&registry, &remote);
    let layers = &remote.detail.card.layers;
    assert_eq!(read(&engine, &from_app, &layers[0]).await, Reading::Done);
    for (at, word) in [(1, "the image's config says"), (2, "layer refused"), (3, "layer refused")] {
        match read(&engine, &from_app, &layers[at]).await {
            Reading::Failed(reason) => assert!(reason.contains(word), "{at}: {reason}"),
            other => panic!("{at}: {other:?}"),
        }
        engine.layer_index(&layers[at], None).await.expect_err("not known");
    }
    assert_eq!(files(&data.path().join("data/indexes")).len(), 1);
    // Zeros are an empty archive.
    let empty = image(&engine, &registry, "app:empty").await;
    assert_eq!(read(&engine, &from(&registry, &empty), &empty.detail.card.layers[0]).await, Reading::Done);

    // A flipped bit, and more bytes than were announced.
    let (registry, made) = stocked();
    let remote = image(&engine, &registry, "app:v1").await;
    let blob = format!("/blobs/{}", made.layers[1].digest);
    let layer = remote.detail.card.layers[1].clone();
    for fault in [Fault::Corrupt { at: 700 }, Fault::Append(vec![1]), Fault::Endless] {
        registry.fault(When::path(&blob), fault.clone());
        let end = read(&engine, &from(&registry, &remote), &layer).await;
        assert!(matches!(end, Reading::Failed(_)), "{fault:?}: {end:?}");
        registry.heal();
    }
    // A cut is resumed where it was.
    registry.fault(When::path(&blob).first(1), Fault::Reset { after: 512 });
    registry.forget();
    assert_eq!(read(&engine, &from(&registry, &remote), &layer).await, Reading::Done);
    assert_eq!(registry.requests_for(&blob).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_stops_it() {
    let (engine, data) = engine();
    let registry = FaultyRegistry::start();
    let noise: Vec<u8> =
        (0..3_000_000u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let made = registry.add_image("app:v1", &[Layer::plain(Tar::new().file("noise", noise).tar())]);
    let blob = format!("/blobs/{}", made.layers[0].digest);
    registry.fault(When::path(&blob), Fault::Slow { bytes_per_second: 1 << 20 });
    let remote = image(&engine, &registry, "app:v1").await;
    let (from, layer) = (from(&registry, &remote), remote.detail.card.layers[0].clone());
    let mut reading = Box::pin(engine.read_layer(from.clone(), layer.clone()));
    loop {
        match reading.next().await.expect("it goes on") {
            Reading::Running { received, size } if received > 0 => {
                assert!(received < size && size == made.layers[0].size);
                break;
            }
            Reading::Waiting | Reading::Running { .. } => {}
            end => panic!("{end:?}"),
        }
    }
    drop(reading);
    // The connection ends when nobody reads; then another can be the first again.
    let then = Instant::now();
    registry.heal();
    registry.forget();
    assert_eq!(read(&engine, &from, &layer).await, Reading::Done);
    assert!(then.elapsed() < Duration::from_secs(8), "the slow transfer was not joined");
    assert_eq!(registry.requests_for(&blob).len(), 1, "asked for anew, since the first was given up");
    assert_eq!(files(&data.path().join("data/indexes")).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn troubles_platforms_and_our_own_registry() {
    let (engine, data) = engine();
    let (registry, _) = stocked();
    let trouble = |told| match told {
        Told::Trouble(strata_api::registry::Trouble { kind, .. }) => kind,
        Told::Answer(_) => panic!("there should be trouble"),
    };
    let none = format!("{}/app:none", registry.domain());
    assert_eq!(trouble(told(&engine, &shop(&registry), &none).await), TroubleKind::NotFound);
    let nobody = Shop { host: "127.0.0.1:1".into(), ours: false, login: None };
    assert_eq!(trouble(told(&engine, &nobody, "127.0.0.1:1/a").await), TroubleKind::Unreachable);

    // Locked: neither the image nor, later, a layer; and that isn't our own session.
    let remote = image(&engine, &registry, "app:v1").await;
    registry.require(Auth::Basic(Account::new("ada", "secret")));
    let name = format!("{}/app:v1", registry.domain());
    assert_eq!(trouble(told(&engine, &shop(&registry), &name).await), TroubleKind::Unauthorized);
    let layer = remote.detail.card.layers[0].clone();
    let refused = engine.layer_index(&layer, Some(&from(&registry, &remote))).await.expect_err("locked");
    assert_eq!(refused.kind, Kind::Forbidden);
    let login = Some(strata_engine::Login::password("ada", "secret"));
    let known = Elsewhere::new(Shop { login, ..shop(&registry) }, &remote.from).expect("pinned");
    engine.layer_index(&layer, Some(&known)).await.expect("let in");

    // An index: one image for each platform, attestations are none.
    let registry = FaultyRegistry::start();
    let [one, two] = [("one", "amd64"), ("two", "arm64")].map(|(text, architecture)| {
        let image =
            registry.add_image(&format!("many:{text}"), &[Layer::gzip(&Tar::new().file(text, text).tar())]);
        let platform = Platform::new("linux", architecture, None);
        Descriptor { platform: Some(platform), ..image.manifest }
    });
    let unknown = Descriptor { platform: Some(Platform::new("unknown", "unknown", None)), ..one.clone() };
    registry.add_index("many:latest", &[one.clone(), two.clone(), unknown]);
    let name = format!("{}/many", registry.domain());
    let ask = async |platform: &str| engine.remote_image(&shop(&registry), &name, Some(platform)).await;
    let Told::Answer(arm) = ask("linux/arm64").await.expect("asks") else { panic!("there is one") };
    assert!(arm.from.ends_with(&two.digest.to_string()), "{}", arm.from);
    let offered: Vec<String> = arm.platforms.iter().map(|offer| offer.platform.to_string()).collect();
    assert_eq!(offered, ["linux/amd64", "linux/arm64"]);
    assert_eq!(trouble(ask("linux/s390x").await.expect("asks")), TroubleKind::NotFound);
    assert_eq!(ask("a/b/c/d").await.expect_err("no platform").kind, Kind::InvalidArgument);

    // What is no image.
    let config = registry.add_blob(b"{}".to_vec());
    let artifact = format!(
        r#"{{"schemaVersion":2,"config":{{"mediaType":"application/x-chart","digest":"{config}","size":2}},"layers":[]}}"#
    );
    let digest = registry.add_manifest("chart", MediaType::OCI_MANIFEST, artifact);
    registry.tag("chart", "v1", &digest);
    let chart = format!("{}/chart:v1", registry.domain());
    let refused = engine.remote_image(&shop(&registry), &chart, None).await.expect_err("no image");
    assert!(
        refused.kind == Kind::Unsupported && refused.message.contains("application/x-chart"),
        "{refused}"
    );

    // Ours is read from the store.
    let layout = data.path().join("layout");
    Image::new().layer("COPY", base()).write_layout(&layout, "v1").expect("written");
    engine.seed(&layout, "demo", "v1").await.expect("seeded");
    let ours = Shop { host: "127.0.0.1:7878".into(), ours: true, login: None };
    let Told::Answer(demo) = told(&engine, &ours, "127.0.0.1:7878/demo:v1").await else {
        panic!("it is there")
    };
    let from = Elsewhere::new(ours, &demo.from).expect("pinned");
    let layer = demo.detail.card.layers[0].clone();
    assert_eq!(read(&engine, &from, &layer).await, Reading::Done);
    assert_eq!(content(&engine, &from, &layer, "etc/motd").await, b"hello");
}
