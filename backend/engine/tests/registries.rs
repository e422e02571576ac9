//! Registries looked into without pulling, and pulls watched request by request.

use futures_util::StreamExt as _;
use strata_api::{
    registry::{Told, TroubleKind},
    theatre::{Begin, Deed, End, What},
};
use strata_engine::{Engine, Kind, Options, Shop};
use strata_faulty_registry::{Account, Auth, Fault, FaultyRegistry, Layer, When};
use strata_forge::{Image, Layer as Tar};
use tempfile::TempDir;

fn engine() -> (Engine, TempDir) {
    let data = tempfile::tempdir().expect("a temporary directory");
    let mut options = Options::new(data.path().join("data"));
    options.docker_config = Some(data.path().join("no-config"));
    (Engine::open(options).expect("an empty store opens"), data)
}

fn ours() -> Shop {
    Shop { host: "127.0.0.1:7878".into(), ours: true, login: None }
}

fn other(registry: &FaultyRegistry) -> Shop {
    Shop { host: registry.domain(), ours: false, login: None }
}

fn layer(text: &str) -> Layer {
    Layer::gzip(&Tar::new().file("text", text).tar())
}

#[track_caller]
fn answer<T>(told: Told<T>) -> T {
    match told {
        Told::Answer(answer) => answer,
        Told::Trouble(trouble) => panic!("{trouble:?}"),
    }
}

#[track_caller]
fn trouble<T>(told: Told<T>) -> TroubleKind {
    match told {
        Told::Answer(_) => panic!("there should be trouble"),
        Told::Trouble(trouble) => trouble.kind,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_removing_a_tag_frees_is_what_it_says() {
    let (engine, data) = engine();
    let image = Image::new().layer("COPY x", Tar::new().file("x", vec![b'x'; 50_000]));
    let layout = data.path().join("layout");
    image.write_layout(&layout, "v1").expect("written");
    for tag in ["v1", "v2"] {
        engine.seed(&layout, "demo", tag).await.expect("seeded");
    }
    let shop = ours();
    let names = answer(engine.browse_repositories(&shop, None).await.expect("lists"));
    assert_eq!((names.names, names.next), (vec!["demo".to_owned()], None));
    let tag = answer(engine.browse_tag(&shop, "127.0.0.1:7878/demo:v1").await.expect("looks"));
    assert!(tag.size > 0 && tag.platforms.len() == 1 && tag.here.is_none(), "{tag:?}");
    let detail = answer(engine.browse_detail(&shop, "127.0.0.1:7878/demo:v1").await.expect("looks"));
    assert_eq!(detail.images[0].layers[0].tags, ["demo:v2"], "its own name isn't among the others");

    let first = engine.browse_freed(&shop, "127.0.0.1:7878/demo:v1").await.expect("asks");
    assert!(first.shared && first.bytes == 0, "{first:?}");
    assert_eq!(engine.browse_remove(&shop, "127.0.0.1:7878/demo:v1").await.expect("removes"), first);
    let last = engine.browse_freed(&shop, "127.0.0.1:7878/demo:v2").await.expect("asks");
    assert!(!last.shared && last.bytes >= tag.size, "{last:?}");
    let again = engine.browse_freed(&shop, "127.0.0.1:7878/demo:v2").await.expect("asking changes nothing");
    assert_eq!(again, last);
    assert_eq!(engine.browse_remove(&shop, "127.0.0.1:7878/demo:v2").await.expect("removes"), last);
    assert_eq!(
        trouble(engine.browse_tags(&shop, "127.0.0.1:7878/demo", None).await.expect("lists")),
        TroubleKind::NotFound
    );
    let elsewhere = Shop { ours: false, ..shop };
    let refused = engine.browse_remove(&elsewhere, "127.0.0.1:7878/demo:v2").await.expect_err("not ours");
    assert_eq!(refused.kind, Kind::Forbidden);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_registry_is_looked_into_and_its_troubles_are_told_apart() {
    let (engine, _data) = engine();
    let registry = FaultyRegistry::start();
    let image = registry.add_image("app:v1", &[layer("one"), layer("two")]);
    let (shop, name) = (other(&registry), format!("{}/app:v1", registry.domain()));
    let tag = answer(engine.browse_tag(&shop, &name).await.expect("asks"));
    assert_eq!(tag.digest, image.manifest.digest);
    registry.forget();
    answer(engine.browse_tag(&shop, &name).await.expect("asks"));
    assert_eq!(registry.requests().len(), 1, "a tag may have moved, what it means is known");
    let detail = answer(engine.browse_detail(&shop, &name).await.expect("asks"));
    assert_eq!(detail.images[0].layers.len(), 2);
    assert!(registry.requests_for("/blobs/").is_empty(), "no layer is fetched");

    let locked = FaultyRegistry::start();
    locked.require(Auth::Basic(Account::new("ada", "secret")));
    let locked = engine.browse_repositories(&other(&locked), None).await.expect("asks");
    assert_eq!(trouble(locked), TroubleKind::Unauthorized);
    assert_eq!(
        trouble(engine.browse_tag(&shop, &format!("{}/app:none", registry.domain())).await.expect("asks")),
        TroubleKind::NotFound
    );
    registry.fault(When::path("/v2/_catalog"), Fault::error(404, "UNSUPPORTED", "no"));
    assert_eq!(
        trouble(engine.browse_repositories(&shop, None).await.expect("asks")),
        TroubleKind::NotOffered
    );
    let nobody = Shop { host: "127.0.0.1:1".into(), ours: false, login: None };
    assert_eq!(
        trouble(engine.browse_repositories(&nobody, None).await.expect("asks")),
        TroubleKind::Unreachable
    );
    for host in ["a/b", "user@host:1", "word", "x?y=z"] {
        let shop = Shop { host: host.into(), ..nobody.clone() };
        assert_eq!(
            engine.browse_repositories(&shop, None).await.expect_err(host).kind,
            Kind::InvalidArgument
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pull_is_a_play() {
    let (engine, _data) = engine();
    let registry = FaultyRegistry::start();
    registry.add_image("base:v1", &[layer("one")]);
    registry.add_image("app:v1", &[layer("one"), layer("two")]);
    let run = async |name: &str| {
        let begin = Begin { deed: Deed::Pull, image: format!("{}/{name}", registry.domain()) };
        let scenes: Vec<_> = engine.perform(begin, None).expect("begins").collect().await;
        let mut rows = std::collections::BTreeMap::new();
        for scenes in &scenes {
            rows.extend(scenes.rows.iter().map(|row| (row.number, row.clone())));
        }
        let play = scenes.last().expect("it is told").play.clone();
        (play, rows.into_values().collect::<Vec<_>>())
    };
    let (play, rows) = run("base:v1").await;
    assert_eq!(
        (play.end, play.requests, rows.len()),
        (Some(End::Done), 4, 4),
        "ping, manifest, config, layer"
    );
    assert!(rows.iter().all(|row| row.call.as_ref().is_some_and(|call| call.took.is_some())));
    let (play, rows) = run("app:v1").await;
    assert!(rows.iter().any(|row| matches!(row.what, What::Here { .. }) && row.call.is_none()), "{rows:?}");
    assert!(play.spared > 0 && play.received > 0);
    let (play, rows) = run("app:v1").await;
    assert_eq!((rows.len(), rows[1].what.clone(), play.requests), (2, What::UpToDate, 1));
    let (play, _) = run("app:none").await;
    assert!(matches!(play.end, Some(End::Failed(_))));
    // What others begin is there too, and who leaves stops what they began.
    assert_eq!(engine.plays().len(), 4);
    registry.fault(
        When::path("/manifests/"),
        Fault::Stall { after: 0, pause: std::time::Duration::from_secs(60) },
    );
    let begin = Begin { deed: Deed::Pull, image: format!("{}/base:v1", registry.domain()) };
    let scenes = engine.perform(begin, None).expect("begins");
    drop(scenes);
    let mut live = std::pin::pin!(engine.plays_live());
    let stopped = async {
        while let Some(plays) = live.next().await {
            if plays.iter().any(|play| play.end == Some(End::Stopped)) {
                return;
            }
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), stopped).await.expect("it stops");
}
