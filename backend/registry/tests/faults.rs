//! Transfers that go wrong, and what the client makes of them.

mod support;

use std::time::{Duration, Instant};

use futures_util::StreamExt;
use strata_faulty_registry::{Fault, FaultyRegistry, Image, Layer, When};
use strata_oci::Repository;
use strata_registry::{Error, ErrorKind};
use support::{client, fetch, noise, reference, repository};

const SIZE: usize = 3_000_000;

struct Setting {
    registry: FaultyRegistry,
    image: Image,
    repository: Repository,
    bytes: Vec<u8>,
}

fn setting() -> Setting {
    let registry = FaultyRegistry::start();
    let bytes = noise(SIZE);
    let image = registry.add_image("demo:v1", &[Layer::plain(bytes.clone())]);
    let repository = repository(&format!("{}/demo", registry.domain()));
    Setting { registry, image, repository, bytes }
}

impl Setting {
    /// Lets requests for the layer fail and fetches it.
    async fn outcome(&self, faults: Vec<(When, Fault)>) -> Result<(), Error> {
        for (when, fault) in faults {
            self.registry.fault(when, fault);
        }
        let bytes = fetch(&client(), &self.repository, &self.image.layers[0]).await?;
        assert_eq!(bytes, self.bytes);
        Ok(())
    }

    fn ranges(&self) -> Vec<Option<String>> {
        let requests = self.registry.requests_for("/blobs/");
        requests.iter().map(|request| request.header("range").map(str::to_owned)).collect()
    }
}

fn blob() -> When {
    When::path("/blobs/")
}

#[tokio::test]
async fn a_whole_blob_comes_in_one_request() {
    let it = setting();
    it.outcome(vec![]).await.expect("no fault");
    assert_eq!(it.ranges(), [None]);
    let request = &it.registry.requests_for("/blobs/")[0];
    assert!(request.header("user-agent").is_some_and(|agent| agent.starts_with("strata/")), "{request:?}");
    assert_eq!(request.header("authorization"), None);
}

#[tokio::test]
async fn a_cut_is_resumed_where_it_fell() {
    for fault in [Fault::Close { after: 1_000_000 }, Fault::Reset { after: 1_000_000 }] {
        let it = setting();
        it.outcome(vec![(blob().first(1), fault)]).await.expect("resumed");
        assert_eq!(it.ranges(), [None, Some("bytes=1000000-".to_owned())]);
    }
}

#[tokio::test]
async fn many_cuts_are_survived_while_something_comes() {
    let it = setting();
    it.outcome(vec![(blob(), Fault::Close { after: 200_000 })]).await.expect("fifteen pieces");
    assert_eq!(it.ranges().len(), SIZE.div_ceil(200_000));
}

#[tokio::test]
async fn cuts_without_progress_end_in_an_error() {
    let it = setting();
    let error = it.outcome(vec![(blob(), Fault::Close { after: 0 })]).await.expect_err("nothing comes");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().contains("unexpected EOF"), "{error}");
    assert_eq!(it.ranges().len(), 4);
    // A few bytes each time are no progress either.
    let it = setting();
    let error =
        it.outcome(vec![(blob(), Fault::Close { after: 10 })]).await.expect_err("next to nothing comes");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(it.ranges().len(), 4);
}

#[tokio::test]
async fn a_stalled_transfer_is_resumed() {
    let it = setting();
    let stall = Fault::Stall { after: 2_000_000, pause: Duration::from_secs(20) };
    let start = Instant::now();
    it.outcome(vec![(blob().first(1), stall)]).await.expect("resumed");
    assert!(start.elapsed() < Duration::from_secs(5));
    assert_eq!(it.ranges(), [None, Some("bytes=2000000-".to_owned())]);
}

#[tokio::test]
async fn slow_is_not_stalled() {
    let registry = FaultyRegistry::start();
    let image = registry.add_image("demo", &[Layer::plain(noise(40_000))]);
    registry.fault(blob(), Fault::Slow { bytes_per_second: 40_000 });
    let repository = repository(&format!("{}/demo", registry.domain()));
    let start = Instant::now();
    fetch(&client(), &repository, &image.layers[0]).await.expect("slow but sure");
    assert!(start.elapsed() > Duration::from_millis(700));
    assert_eq!(registry.requests_for("/blobs/").len(), 1);
}

#[tokio::test]
async fn a_server_without_ranges_sends_all_again() {
    let it = setting();
    it.outcome(vec![(blob().first(1), Fault::Reset { after: 1_000_000 }), (blob(), Fault::IgnoreRange)])
        .await
        .expect("what came before is skipped");
    assert_eq!(it.ranges().len(), 2);
}

#[tokio::test]
async fn a_wrong_content_range_is_not_believed() {
    for value in ["bytes 5-9/10", "bytes 999999-2999999/3000000", "bytes 1000000-2999999/4000000", "nonsense"]
    {
        let it = setting();
        let wrong = Fault::Header { name: "Content-Range".into(), value: value.into() };
        let faults = vec![(blob().first(1), Fault::Close { after: 1_000_000 }), (blob().nth(2), wrong)];
        it.outcome(faults).await.expect("the whole is asked for");
        assert_eq!(it.ranges(), [None, Some("bytes=1000000-".to_owned()), None]);
    }
    // A range that nobody asked for.
    let it = setting();
    let partial = Fault::Status {
        code: 206,
        headers: vec![("Content-Range".into(), "bytes 0-1/3000000".into())],
        body: b"xx".to_vec(),
    };
    let error = it.outcome(vec![(blob(), partial)]).await.expect_err("not asked for");
    assert_eq!(error.kind(), ErrorKind::Protocol);
}

#[tokio::test]
async fn a_wrong_length_is_refused_at_once() {
    for by in [-1, 1, 1_000_000_000_000] {
        let it = setting();
        let error = it.outcome(vec![(blob(), Fault::Length(by))]).await.expect_err("a wrong length");
        assert_eq!(error.kind(), ErrorKind::Mismatch, "{error}");
        assert!(error.to_string().contains("its descriptor says 3000000"), "{error}");
        assert_eq!(it.ranges().len(), 1);
    }
}

#[tokio::test]
async fn without_a_length_the_end_is_watched_for() {
    let it = setting();
    it.outcome(vec![(blob(), Fault::Chunked)]).await.expect("the right length after all");
    let it = setting();
    let error = it.outcome(vec![(blob(), Fault::Chunked), (blob(), Fault::Append(b"!".to_vec()))]).await;
    assert_eq!(error.expect_err("a byte too many").kind(), ErrorKind::Mismatch);
    let it = setting();
    let error = it.outcome(vec![(blob(), Fault::Endless)]).await.expect_err("no end");
    assert_eq!(error.kind(), ErrorKind::Mismatch);
    let it = setting();
    it.outcome(vec![(blob(), Fault::Chunked), (blob().first(1), Fault::Close { after: 70_000 })])
        .await
        .expect("resumed");
}

#[tokio::test]
async fn wrong_bytes_are_the_consumers_to_find() {
    let it = setting();
    it.registry.fault(blob(), Fault::Corrupt { at: 1_234_567 });
    let mut stream = client().blob(&it.repository, &it.image.layers[0]);
    let mut verifier = strata_oci::Verifier::new(it.image.layers[0].digest.clone(), None);
    while let Some(chunk) = stream.next().await {
        verifier.update(&chunk.expect("the transfer is fine")).expect("no size is checked here");
    }
    assert!(verifier.finish().is_err());
}

#[tokio::test]
async fn a_wrong_config_is_refused() {
    let it = setting();
    it.registry.fault(When::path(it.image.config.digest.hex()), Fault::Corrupt { at: 3 });
    let error = client().config(&it.repository, &it.image.config).await.expect_err("corrupted");
    assert_eq!(error.kind(), ErrorKind::Mismatch, "{error}");
    it.registry.heal();
    assert_eq!(
        client().config(&it.repository, &it.image.config).await.expect("healed"),
        it.image.config_bytes
    );
    let huge = strata_oci::Descriptor { size: 9 << 20, ..it.image.config.clone() };
    assert!(matches!(client().config(&it.repository, &huge).await, Err(Error::TooLarge { .. })));
}

#[tokio::test]
async fn passing_failures_are_tried_again() {
    for fault in [
        Fault::status(500),
        Fault::status(502),
        Fault::status(408),
        Fault::status(429),
        Fault::Garbage(vec![]),
    ] {
        let it = setting();
        it.outcome(vec![(blob().first(2), fault.clone())])
            .await
            .unwrap_or_else(|error| panic!("{fault:?}: {error}"));
        assert_eq!(it.ranges().len(), 3, "{fault:?}");
    }
}

#[tokio::test]
async fn lasting_failures_are_not() {
    let cases = [
        (Fault::error(404, "BLOB_UNKNOWN", "blob unknown to registry"), ErrorKind::NotFound),
        (Fault::status(403), ErrorKind::Denied),
        (Fault::status(401), ErrorKind::Unauthorized),
        (Fault::status(302), ErrorKind::Unavailable),
        (Fault::status(418), ErrorKind::Unavailable),
        (Fault::HeaderBomb { count: 500, size: 10 }, ErrorKind::Unavailable),
        (Fault::HeaderBomb { count: 50, size: 60_000 }, ErrorKind::Unavailable),
        (Fault::Garbage(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()), ErrorKind::Unavailable),
    ];
    for (fault, kind) in cases {
        let it = setting();
        let error = it.outcome(vec![(blob(), fault.clone())]).await.expect_err("fails for good");
        assert_eq!(error.kind(), kind, "{fault:?}: {error}");
        assert_eq!(it.ranges().len(), 1, "{fault:?}: {error}");
    }
    let it = setting();
    let error = it.outcome(vec![(blob(), Fault::status(503))]).await.expect_err("for ever");
    assert!(
        error.to_string().ends_with("received unexpected HTTP status: 503 Service Unavailable"),
        "{error}"
    );
    assert_eq!(it.ranges().len(), 4);
}

#[tokio::test]
async fn retry_after_is_honoured() {
    for code in [429, 503] {
        let it = setting();
        let start = Instant::now();
        it.outcome(vec![(blob().first(1), Fault::retry_after(code, "1"))]).await.expect("a second later");
        assert!(start.elapsed() >= Duration::from_secs(1));
    }
    let it = setting();
    let start = Instant::now();
    let error =
        it.outcome(vec![(blob(), Fault::retry_after(429, "3600"))]).await.expect_err("too long to wait");
    assert!(
        matches!(&error, Error::TooManyRequests { retry_after: Some(wait), .. } if wait.as_secs() == 3600)
    );
    assert_eq!(error.to_string(), "toomanyrequests: Too Many Requests");
    assert!(start.elapsed() < Duration::from_secs(1));
}

#[tokio::test]
async fn layers_in_parallel_share_connections_with_what_follows() {
    let registry = FaultyRegistry::start();
    let layers: Vec<Layer> = (1..5).map(|n| Layer::plain(noise(n * 100_000))).collect();
    let image = registry.add_image("demo", &layers);
    let repository = repository(&format!("{}/demo", registry.domain()));
    let client = client();
    for _ in 0..3 {
        client.resolve(&reference(&repository.to_string())).await.expect("resolved");
        let fetches = image.layers.iter().map(|layer| fetch(&client, &repository, layer));
        for outcome in futures_util::future::join_all(fetches).await {
            outcome.expect("fetched");
        }
    }
    let connections = registry.requests().iter().map(|request| request.connection).max();
    assert!(connections.is_some_and(|last| last < 4), "{connections:?}");
}

#[tokio::test]
async fn a_dropped_stream_ends_the_transfer() {
    let registry = FaultyRegistry::start();
    let image = registry.add_image("demo", &[Layer::plain(noise(50_000_000))]);
    let repository = repository(&format!("{}/demo", registry.domain()));
    let mut stream = client().blob(&repository, &image.layers[0]);
    assert!(registry.requests().is_empty(), "nothing is sent before the first poll");
    stream.chunk().await.expect("the first bytes come").expect("there are some");
    drop(stream);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(registry.requests_for("/blobs/").len(), 1);
}

#[tokio::test]
async fn an_empty_blob_needs_no_request() {
    let it = setting();
    let empty = strata_oci::Descriptor::new("x", strata_oci::Digest::of(b""), 0);
    assert_eq!(fetch(&client(), &it.repository, &empty).await.expect("empty"), b"");
}

#[tokio::test]
async fn nonsense_is_survived() {
    let mut heads: Vec<Vec<u8>> = [
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 3000000, 7\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\nContent-Length: 7\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nabc",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        "HTTP/1.1 999 What\r\n\r\n",
        "HTTP/1.1 307 Told\r\nLocation: \u{fffd}\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 401 Told\r\nWWW-Authenticate: Bearer realm=\"\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 401 Told\r\nWWW-Authenticate: Bearer realm=\"::\"\r\nContent-Length: 0\r\n\r\n",
        "HTTP/9.9 200 OK\r\n\r\n",
    ]
    .map(Vec::from)
    .into();
    heads.push("HTTP/1.1 103 Early Hints\r\n\r\n".repeat(20_000).into_bytes());
    heads.extend((0..20).map(|n| [b"HTTP/1.1 200 OK\r\n", &noise(5000 + n)[n..]].concat()));
    let it = setting();
    for head in heads {
        it.registry.heal();
        it.registry.fault(blob(), Fault::Garbage(head.clone()));
        let outcome = fetch(&client(), &it.repository, &it.image.layers[0]).await;
        assert!(outcome.is_err(), "{}", String::from_utf8_lossy(&head));
    }
}
