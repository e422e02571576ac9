//! Whole pulls from a real (and at times faulty) registry into a real store.

use std::time::Duration;

use strata_api::{engine::Removed, progress::Message};
use strata_engine::{Engine, Filters, Kind, Options, PullRequest};
use strata_faulty_registry::{Fault, FaultyRegistry, Layer, When};
use strata_forge::Layer as Tar;
use tempfile::TempDir;

struct Bench {
    registry: FaultyRegistry,
    engine: Engine,
    data: TempDir,
}

fn bench() -> Bench {
    let data = tempfile::tempdir().expect("a temporary directory");
    let mut options = Options::new(data.path().join("data"));
    options.docker_config = Some(data.path().join("no-config"));
    let engine = Engine::open(options).expect("an empty store opens");
    Bench { registry: FaultyRegistry::start(), engine, data }
}

fn base() -> Layer {
    Layer::gzip(&Tar::new().dir("etc").file("etc/passwd", "root:x:0:0\n").symlink("bin", "usr/bin").tar())
}

fn top() -> Layer {
    Layer::gzip(&Tar::new().file("etc/motd", "hi").whiteout("etc/passwd").tar())
}

impl Bench {
    async fn pull(&self, name: &str) -> Vec<Message> {
        let image = format!("{}/{name}", self.registry.domain());
        let mut messages = self.engine.pull(PullRequest { image, ..PullRequest::default() });
        let mut all = Vec::new();
        while let Some(message) = messages.recv().await {
            all.push(message);
        }
        all
    }

    async fn ids(&self) -> usize {
        self.engine.images(false, &Filters::default(), false).await.expect("lists").len()
    }

    /// Files under the store's blobs and layers, temporary ones included.
    fn leftovers(&self) -> usize {
        let count = |path: &str| walk(&self.data.path().join("data").join(path));
        count("blobs") + count("layers")
    }
}

fn walk(path: &std::path::Path) -> usize {
    let Ok(entries) = std::fs::read_dir(path) else { return 0 };
    entries.flatten().map(|e| if e.path().is_dir() { walk(&e.path()) } else { 1 }).sum()
}

fn statuses(messages: &[Message]) -> Vec<String> {
    let moving = ["Downloading", "Extracting", "Waiting"];
    let texts = messages.iter().filter_map(|m| m.status.clone().or_else(|| m.error.clone()));
    texts.filter(|text| !moving.contains(&text.as_str())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pull_tells_its_steps_and_a_second_one_finds_everything_here() {
    let bench = bench();
    let image = bench.registry.add_image("demo:latest", &[base(), top()]);
    let name = format!("{}/demo:latest", bench.registry.domain());
    let first = statuses(&bench.pull("demo:latest").await);
    assert_eq!(first[0], "Pulling from demo");
    assert_eq!(first.iter().filter(|s| *s == "Pulling fs layer").count(), 2);
    assert_eq!(first.iter().filter(|s| *s == "Pull complete").count(), 2);
    let end =
        [format!("Digest: {}", image.manifest.digest), format!("Status: Downloaded newer image for {name}")];
    assert_eq!(first[first.len() - 2..], end);
    bench.registry.forget();
    let second = statuses(&bench.pull("demo:latest").await);
    assert_eq!(second.last().map(String::as_str), Some(&*format!("Status: Image is up to date for {name}")));
    assert_eq!(bench.registry.requests().len(), 1, "an unchanged pull asks once");

    let inspected = bench.engine.inspect(&name).await.expect("is there");
    assert_eq!(inspected.id.digest(), &image.config.digest);
    assert_eq!(inspected.repo_tags, [name.as_str()]);
    assert_eq!(
        inspected.repo_digests,
        [format!("{}/demo@{}", bench.registry.domain(), image.manifest.digest)]
    );
    // docker's size: files and the targets of symlinks.
    assert_eq!(inspected.size, 11 + 7 + 2);
    let history = bench.engine.history(&name).await.expect("is there");
    assert_eq!(history.iter().map(|row| row.size).collect::<Vec<_>>(), [2, 18]);
    assert_eq!(history[1].id, "<missing>");
}

#[tokio::test(flavor = "multi_thread")]
async fn layers_are_shared_and_a_removed_image_takes_only_its_own() {
    let bench = bench();
    bench.registry.add_image("a:1", &[base()]);
    bench.registry.add_image("b:1", &[base(), top()]);
    bench.pull("a:1").await;
    let b = bench.pull("b:1").await;
    assert!(statuses(&b).contains(&"Already exists".to_owned()));
    let usage = bench.engine.disk_usage().await.expect("counts");
    assert_eq!(usage.layers_size, 20);
    assert_eq!(usage.images.iter().map(|image| image.shared_size).collect::<Vec<_>>(), [18, 18]);

    let name = format!("{}/b:1", bench.registry.domain());
    let removed = bench.engine.remove(&name, false, true).await.expect("nothing uses it");
    let deleted = removed.iter().filter(|step| matches!(step, Removed::Deleted(_))).count();
    assert_eq!((removed.len(), deleted), (4, 2), "tag, pinned name, image and one layer: {removed:?}");
    assert!(bench.engine.detail(&format!("{}/a:1", bench.registry.domain())).await.is_ok());
    let error = bench.engine.inspect(&name).await.expect_err("is gone");
    assert_eq!((error.kind, error.message), (Kind::NotFound, format!("No such image: {name}")));
    bench
        .engine
        .remove(&format!("{}/a:1", bench.registry.domain()), false, true)
        .await
        .expect("nothing uses it");
    assert_eq!(bench.leftovers(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_move_and_an_id_with_two_names_needs_force() {
    let bench = bench();
    let image = bench.registry.add_image("a:1", &[base()]);
    bench.pull("a:1").await;
    let id = image.config.digest.to_string();
    bench.engine.tag(&id, "demo", "").await.expect("tags");
    bench.engine.tag("demo", "team/demo", "v1").await.expect("tags");
    let error = bench.engine.remove(&id[7..19], false, true).await.expect_err("has names elsewhere");
    assert_eq!(error.kind, Kind::Conflict);
    assert!(error.message.contains("(must be forced) - image is referenced in multiple repositories"));
    let untagged = bench.engine.remove("demo", false, true).await.expect("a name goes");
    assert_eq!(untagged, [Removed::Untagged("demo:latest".into())]);
    for (filter, expected) in [(r#"{"reference":["*/demo"]}"#, 1), (r#"{"reference":["nope"]}"#, 0)] {
        let filters = Filters::parse(filter).expect("valid");
        assert_eq!(bench.engine.images(false, &filters, false).await.expect("lists").len(), expected);
    }
    for (repo, tag) in [("Upper", "x"), ("a", "?")] {
        assert_eq!(bench.engine.tag(&id, repo, tag).await.expect_err("bad name").kind, Kind::InvalidArgument);
    }
    let removed = bench.engine.remove(&id, true, true).await.expect("forced");
    assert_eq!(removed.iter().filter(|step| matches!(step, Removed::Untagged(_))).count(), 3);
    assert_eq!((bench.ids().await, bench.leftovers()), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_pull_leaves_nothing_and_says_why() {
    let bench = bench();
    let image = bench.registry.add_image("demo:latest", &[base(), top()]);
    let layer = format!("/blobs/{}", image.layers[1].digest);
    bench.registry.fault(When::path(&layer), Fault::Corrupt { at: 20 });
    let messages = bench.pull("demo:latest").await;
    let error =
        messages.last().and_then(|message| message.error.clone()).expect("the last message is the error");
    assert!(error.contains(&image.layers[1].digest.to_string()), "{error}");
    // The other layer may be under way when the error is told; what it has staged goes a moment later.
    for _ in 0..500 {
        if bench.leftovers() == 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!((bench.ids().await, bench.leftovers()), (0, 0), "{error}");
    bench.registry.heal();
    assert!(bench.pull("demo:latest").await.iter().all(|message| message.error.is_none()));

    let unknown = bench.pull("demo:nope").await;
    let detail = unknown[0].error_detail.clone().expect("the first message is the error");
    assert_eq!((unknown.len(), detail.code), (1, Some(404)), "{detail:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_config_that_lies_about_a_layer_is_refused() {
    let bench = bench();
    let mut lying = base();
    lying.diff_id = strata_oci::Digest::of(b"something else");
    bench.registry.add_image("demo:latest", &[lying]);
    let messages = bench.pull("demo:latest").await;
    let error = messages.last().and_then(|message| message.error.clone()).expect("fails");
    assert!(error.contains("the image's config says"), "{error}");
    assert_eq!((bench.ids().await, bench.leftovers()), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn pulls_of_the_same_layers_at_once_fetch_them_once() {
    let bench = bench();
    let image = bench.registry.add_image("demo:latest", &[base(), top()]);
    bench.registry.add_image("other:latest", &[base(), top()]);
    let blobs = format!("/blobs/{}", image.layers[0].digest);
    bench.registry.fault(When::path(&blobs), Fault::Slow { bytes_per_second: 400 });
    let (one, two, three) =
        tokio::join!(bench.pull("demo:latest"), bench.pull("demo:latest"), bench.pull("other:latest"));
    for messages in [one, two, three] {
        assert!(messages.iter().all(|message| message.error.is_none()), "{messages:?}");
    }
    assert_eq!(bench.registry.requests_for(&blobs).len(), 1);
    assert_eq!(bench.ids().await, 1, "both names are the same image");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_that_leaves_cancels_the_pull() {
    let bench = bench();
    let image = bench.registry.add_image("demo:latest", &[base()]);
    let blobs = format!("/blobs/{}", image.layers[0].digest);
    bench.registry.fault(When::path(&blobs), Fault::Stall { after: 10, pause: Duration::from_secs(20) });
    let name = format!("{}/demo:latest", bench.registry.domain());
    let mut messages = bench.engine.pull(PullRequest { image: name, ..PullRequest::default() });
    while bench.registry.requests_for(&blobs).is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(messages.recv().await.is_some());
    drop(messages);
    for _ in 0..500 {
        if bench.leftovers() == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!((bench.ids().await, bench.leftovers()), (0, 0));
    bench.registry.heal();
    assert!(bench.pull("demo:latest").await.iter().all(|message| message.error.is_none()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_engine_on_the_same_directory_is_refused() {
    let bench = bench();
    let error = Engine::open(Options::new(bench.data.path().join("data"))).err().expect("in use");
    assert!(error.message.contains("in use"), "{error}");
}
