//! Registries and the registry theatre: our own registry, Debian's, and one that fails as told.

use crate::{
    look::{CONTRAST, NAMELESS, OVERFLOW},
    scene::*,
};
use serde_json::json;
use strata_faulty_registry::{Account, Auth, Fault, FaultyRegistry, Layer as Blob, When};
use strata_forge::{Compression, Form, Image, Layer, Noise, Texture};
use strata_oci::MediaType;
use strata_tests::{Docker, DockerRegistry, Skopeo, Strata, fixture, skip_without};

/// Loads are over, and nothing moves any more.
const REST: &str = "!document.querySelector(\".skeleton\") && document.getAnimations().every(one => one.playState !== 'running')";

fn own(strata: &Strata, name: &str) -> String {
    format!("127.0.0.1:{}/{name}", strata.port())
}

/// A server whose own registry has some repositories, by the real CLI.
fn stocked() -> Option<(Strata, Docker)> {
    if skip_without(&["chromedriver", "chromium", "docker", "skopeo"]) {
        return None;
    }
    let strata = Strata::start();
    let docker = Docker::new(&strata.socket());
    let registry = FaultyRegistry::start();
    for (name, image) in [("demo", fixture::demo()), ("other", fixture::other())] {
        fixture::offer(&registry, &image.build(), name);
        docker.run(&["pull", "-q", &format!("{}/{name}", registry.domain())]).ok();
        docker.run(&["tag", &format!("{}/{name}", registry.domain()), name]).ok();
        for tag in ["latest", "1.9", "1.10"] {
            let to = own(&strata, &format!("team/{name}:{tag}"));
            docker.run(&["tag", name, &to]).ok();
            docker.run(&["push", "-q", &to]).ok();
        }
    }
    Some((strata, docker))
}

#[test]
fn our_own_registry_is_looked_into() {
    let Some((strata, docker)) = stocked() else { return };
    let page = enter(&strata, "/");
    page.click(&id("nav-registry"));
    page.wait(&id("repository"));
    assert_eq!(page.texts(&id("repository")), ["team/demo", "team/other"]);
    page.click(&format!("{}[href$='team/demo']", id("repository")));
    page.wait_for(
        "what the rows say",
        "document.querySelectorAll(\"[data-testid='tag-row'] code\").length === 3",
    );
    let tags: Vec<_> = page.texts(".tag-row:not(.tag-head) .tag-name");
    assert_eq!(tags, ["latest", "1.10", "1.9"], "the newest version first");
    assert!(page.text(&id("tag-row")).contains("amd64"), "{}", page.text(&id("tag-row")));
    page.wait_for("rest", REST);
    page.picture("registry-tags");

    // A tag by keyboard alone.
    page.eval("document.querySelector('#tags-0').focus()", vec![]);
    page.keys(thirtyfour::Key::Down);
    page.wait_for("the next row", "document.activeElement.id === 'tags-1'");
    page.keys(thirtyfour::Key::Enter);
    page.wait(&id("registry-layer"));
    assert!(page.address().ends_with("/team/demo:1.10"), "{}", page.address());
    assert_eq!(page.count(&id("registry-layer")), 3);
    // The lowest layer is that of the other image too, here and in the registry.
    let users = page.texts(&id("layer-users"));
    assert!(users[2].contains("other") && users[2].contains("demo"), "{users:?}");
    assert!(page.text(&id("tag-here")).contains("demo"));
    page.wait(&id("no-referrers"));
    page.wait_for("rest", REST);
    page.picture("registry-tag");
    for scheme in ["light", "dark"] {
        page.prefer_scheme(scheme);
        page.wait_for("rest", REST);
        assert_eq!(page.eval(CONTRAST, vec![]), json!([]), "in {scheme}");
        page.picture(&format!("registry-{scheme}"));
    }
    page.prefer_scheme("light");
    page.click(&id("tag-explore"));
    page.wait(&id("sheet"));
    page.back();
    page.wait(&id("registry-layer"));

    // Removing says first what it frees: nothing, as other tags mean the same image.
    page.click(&id("remove-tag"));
    page.wait_text(&id("remove-tag-frees"), "nothing is freed");
    page.keys(thirtyfour::Key::Escape);
    page.wait_gone(&id("remove-tag-ask"));
    page.click(&id("remove-tag"));
    page.wait_for("the figures", "!document.querySelector(\"[data-testid='remove-tag-yes']\").disabled");
    page.picture("registry-remove");
    page.click(&id("remove-tag-yes"));
    page.wait_for("two tags", "document.querySelectorAll(\"[data-testid='tag-row']\").length === 2");
    docker.run(&["pull", &own(&strata, "team/demo:1.10")]).fails();
    docker.run(&["pull", "-q", &own(&strata, "team/demo:1.9")]).ok();
    page.finish("registry-removed");
}

#[test]
fn a_real_registry_elsewhere_with_a_login() {
    if skip_without(&["chromedriver", "chromium", "docker", "skopeo", "docker-registry"]) {
        return;
    }
    let strata = Strata::start();
    let (open, locked) = (DockerRegistry::start(None), DockerRegistry::protected(None));
    fixture::push(&Skopeo::new(None), &fixture::demo().build(), &open.name("a/demo:v1"));
    let page = enter(&strata, "/registry");
    page.wait(&id("nothing-pushed"));
    page.picture("registry-empty");
    page.fill(&id("registry-place"), &open.name(""));
    page.click(&id("registry-go"));
    page.wait(&id("repository"));
    page.click(&id("repository"));
    page.wait(&format!("{} code", id("tag-row")));
    page.click(&id("tag-row"));
    page.wait(&id("registry-layer"));
    assert_eq!(page.count(&id("remove-tag")), 0, "tags of others are theirs");
    // Pulled from here, each request is seen.
    page.click(&id("tag-pull"));
    page.wait(&format!("{}[data-state='done']", id("stage")));
    page.wait(&id("tag-here"));
    page.picture("registry-pulled");

    // One that wants a login says so, and takes one.
    page.fill(&id("registry-place"), &locked.name(""));
    page.click(&id("registry-go"));
    page.wait(&format!("{}[data-kind='Unauthorized']", id("registry-trouble")));
    page.picture("registry-unauthorized");
    page.click(&id("trouble-login"));
    page.fill(&id("login-user"), strata_tests::registry::USER);
    page.fill(&id("login-password"), strata_tests::registry::PASSWORD);
    page.click(&id("log-in"));
    page.wait(&id("login-done"));
    page.click(&id("login-close"));
    page.wait(&id("no-repositories"));
    page.finish("registry-login");
}

#[test]
fn troubles_are_told_by_name() {
    if skip_without(&["chromedriver", "chromium"]) {
        return;
    }
    let strata = Strata::start();
    let (plain, tls) = (FaultyRegistry::start(), FaultyRegistry::start_tls());
    let page = enter(&strata, "/registry");
    let kind = |host: &str, kind: &str| {
        page.fill(&id("registry-place"), host);
        page.click(&id("registry-go"));
        page.wait(&format!("{}[data-kind='{kind}']", id("registry-trouble")));
    };
    kind("127.0.0.1:1", "Unreachable");
    page.picture("registry-unreachable");
    let other = format!("localhost:{}", tls.address().port());
    page.fill(&id("registry-place"), "Not A Name");
    page.click(&id("registry-go"));
    page.wait(&id("registry-wrong"));
    // Loopback may speak plain http or have any certificate, so that one is a registry like any.
    page.fill(&id("registry-place"), &other);
    page.click(&id("registry-go"));
    page.wait(&id("no-repositories"));
    // A registry that gives no catalog says so, and a name is asked for.
    plain.add_image("demo:v1", &[Blob::plain(b"x".to_vec())]);
    plain.fault(When::path("/v2/_catalog"), Fault::error(405, "UNSUPPORTED", "no catalog"));
    kind(&plain.domain(), "NotOffered");
    page.picture("registry-not-offered");
    page.fill(&id("repository-name"), "demo");
    page.click(&id("repository-open"));
    page.wait(&format!("{}[data-tag='v1']", id("tag-row")));
    plain.fault(When::any(), Fault::html());
    let web = FaultyRegistry::start();
    let headers = vec![("Content-Type".to_owned(), "text/html".to_owned())];
    web.fault(When::any(), Fault::Status { code: 404, headers, body: b"<h1>It works</h1>".to_vec() });
    kind(&web.domain(), "NotRegistry");
    page.finish("registry-not-a-registry");
}

#[test]
fn a_thousand_tags_stay_fluid() {
    if skip_without(&["chromedriver", "chromium"]) {
        return;
    }
    let strata = Strata::start();
    let registry = FaultyRegistry::start();
    let image = registry.add_image("many:v0", &[Blob::gzip(&Layer::new().file("x", "x").tar())]);
    for number in 1..1200 {
        registry.tag("many", &format!("v{number}"), &image.manifest.digest);
    }
    let page = enter(&strata, &format!("/registry/{}/many", registry.domain()));
    page.wait_text(&id("tag-count"), "1\u{202f}200 tags");
    let rows = || page.count(&id("tag-row"));
    assert!(rows() < 80, "{} rows are drawn", rows());
    page.wait_for("what the first row says", "document.querySelector(\"[data-testid='tag-row'] code\")");
    let asked = registry.requests_for("/manifests/").len();
    assert!(asked < 80, "{asked} tags were asked about, of which a screen is seen");
    assert!(page.text(&id("tag-row")).starts_with("v1199"), "{}", page.text(&id("tag-row")));
    // To the end in one go, and what is passed over isn't asked for.
    let frame = page.eval_async(
        "const list = document.querySelector(\"[data-testid='tags']\");
         const begun = performance.now(); list.scrollTop = list.scrollHeight;
         requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - begun)))",
        vec![],
    );
    page.wait_text(&id("tag-row"), "v0");
    assert!(frame.as_f64().expect("a time") < 1500.0, "{frame} ms");
    page.wait_for(
        "what the last row says",
        "[...document.querySelectorAll(\"[data-testid='tag-row']\")].at(-1).querySelector('code')",
    );
    let asked = registry.requests_for("/manifests/").len();
    assert!(asked < 160, "{asked} tags were asked about");
    page.fill(&id("filter-tags"), "v119");
    page.wait_text(&id("tag-count"), "11 of");
    page.finish("registry-many");
}

#[test]
fn what_refers_to_an_image_is_named() {
    if skip_without(&["chromedriver", "chromium"]) {
        return;
    }
    let strata = Strata::start();
    let registry = FaultyRegistry::start();
    let (one, two) = (
        registry.add_image("app:one", &[Blob::plain(b"a".to_vec())]),
        registry.add_image("app:two", &[Blob::plain(b"b".to_vec())]),
    );
    let entry = |digest: &strata_oci::Digest, size: u64, more: serde_json::Value| {
        let mut entry = json!({ "mediaType": MediaType::OCI_MANIFEST, "digest": digest, "size": size });
        entry.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        entry
    };
    let config = registry.add_blob(b"{}".to_vec());
    let statement = registry.add_blob(b"statement".to_vec());
    let attestation = json!({
        "schemaVersion": 2, "mediaType": MediaType::OCI_MANIFEST,
        "config": { "mediaType": MediaType::OCI_CONFIG, "digest": config, "size": 2 },
        "layers": [{ "mediaType": "application/vnd.in-toto+json", "digest": statement, "size": 9,
                     "annotations": { "in-toto.io/predicate-type": "https://spdx.dev/Document" } }],
    });
    let attestation = registry.add_manifest("app", MediaType::OCI_MANIFEST, attestation.to_string());
    let index = json!({ "schemaVersion": 2, "mediaType": MediaType::OCI_INDEX, "manifests": [
        entry(&one.manifest.digest, one.manifest.size, json!({ "platform": { "os": "linux", "architecture": "amd64" } })),
        entry(&two.manifest.digest, two.manifest.size, json!({ "platform": { "os": "linux", "architecture": "arm64", "variant": "v8" } })),
        entry(&attestation, 300, json!({ "platform": { "os": "unknown", "architecture": "unknown" },
            "annotations": { "vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": one.manifest.digest } })),
    ] });
    let index = registry.add_manifest("app", MediaType::OCI_INDEX, index.to_string());
    registry.tag("app", "latest", &index);
    let signatures = json!({ "schemaVersion": 2, "mediaType": MediaType::OCI_INDEX, "manifests": [
        entry(&two.manifest.digest, 7, json!({ "artifactType": "application/vnd.dev.cosign.artifact.sig.v1+json" })),
    ] });
    let signatures = registry.add_manifest("app", MediaType::OCI_INDEX, signatures.to_string());
    registry.tag("app", &format!("sha256-{}", index.hex()), &signatures);

    let page = enter(&strata, &format!("/registry/{}/app:latest", registry.domain()));
    page.wait(&id("platform"));
    assert_eq!(page.count(&id("platform")), 2);
    page.wait(&format!("{}[data-label='Signature']", id("referrer")));
    page.wait(&format!("{}[data-label='Sbom']", id("referrer")));
    let text = page.text(&id("tag"));
    assert!(!text.contains("unknown"), "{text}");
    page.click(&format!("li:nth-child(2) > {}", id("platform")));
    page.wait_text(".layers-title", "arm64");
    page.finish("registry-referrers");
}

#[test]
fn the_theatre_shows_what_a_terminal_does() {
    if skip_without(&["chromedriver", "chromium", "docker"]) {
        return;
    }
    let strata = Strata::start();
    let docker = Docker::new(&strata.socket());
    let (registry, cdn) = (FaultyRegistry::start(), FaultyRegistry::start());
    registry.accept_pushes();
    registry.require(Auth::bearer(Account::new("ada", "hunter2hunter2")));
    docker.log_in(&registry.domain(), "ada", "hunter2hunter2");
    let image = Image::new()
        .layer("COPY base", Layer::new().file("base", Noise::bytes(1, Texture::Random, 300_000)))
        .layer("COPY app", Layer::new().file("app", Noise::bytes(2, Texture::Random, 900_000)))
        .form(Form::Docker)
        .compression(Compression::Gzip(1))
        .build();
    for to in [&registry, &cdn] {
        fixture::offer(to, &image, "demo");
    }
    let (base, app) = (&image.layers[0].blob.digest, &image.layers[1].blob.digest);
    // One layer is kept elsewhere, the other breaks off once, so that both can be seen.
    let elsewhere = cdn.url(&format!("/v2/demo/blobs/{base}?signature=notforyou"));
    registry.fault(When::path(&format!("/demo/blobs/{base}")).method("GET"), Fault::redirect(&elsewhere));
    registry.fault(When::path(&format!("/demo/blobs/{app}")).first(1), Fault::Close { after: 400_000 });

    let page = enter(&strata, "/registry/theatre");
    page.wait(&id("no-plays"));
    page.picture("theatre-empty");
    let name = format!("{}/demo", registry.domain());
    docker.run(&["pull", "-q", &name]).ok();
    page.wait(&format!("{}[data-state='done']", id("stage")));
    let kinds = || -> Vec<String> {
        let script =
            "return [...document.querySelectorAll(\"[data-testid='call']\")].map(e => e.dataset.what)";
        serde_json::from_value(page.eval(script, vec![])).expect("texts")
    };
    let seen = kinds();
    assert_eq!(seen[..3], ["ping", "token", "manifest"], "{seen:?}");
    assert_eq!(
        seen.iter().filter(|kind| *kind == "blob").count(),
        4,
        "config, two layers, and the rest of one: {seen:?}"
    );
    let text = page.text(&id("calls"));
    for word in ["401", "redirected to", "on", "206", "the rest", "with login"] {
        assert!(text.contains(word), "{word}: {text}");
    }
    let everything = format!(
        "{}{}",
        page.eval("return document.documentElement.outerHTML", vec![]),
        strata.get("/api/theatre/1/scenes").text()
    );
    for secret in ["hunter2", "signature=", "notforyou", "Bearer "] {
        assert!(!everything.contains(secret), "{secret} is shown");
    }
    page.picture("theatre-pull");

    // The same again asks for little, and says why.
    docker.run(&["pull", "-q", &name]).ok();
    page.wait_for("two plays", "document.querySelectorAll(\"[data-testid='play']\").length === 2");
    page.wait(&format!("{}[data-what='up-to-date']", id("call")));
    // A push of what is there sends nothing; to another repository it is mounted.
    let moved = format!("{}/moved", registry.domain());
    docker.run(&["tag", &name, &moved]).ok();
    docker.run(&["push", "-q", &moved]).ok();
    page.wait_for("three plays", "document.querySelectorAll(\"[data-testid='play']\").length === 3");
    page.wait(&format!("{}[data-what='put']", id("call")));
    page.wait(&format!("{}[data-state='done']", id("stage")));
    let seen = kinds();
    assert!(seen.contains(&"check".to_owned()) && seen.contains(&"put".to_owned()), "{seen:?}");
    // A sentence for whoever points, by mouse or by keyboard.
    let before = page.text(&id("lesson"));
    page.eval("document.querySelector(\"[data-testid='call']\").focus()", vec![]);
    page.wait_for(
        "a lesson",
        &format!("document.querySelector(\"[data-testid='lesson']\").innerText !== {}", json!(before)),
    );
    let first = page.text(&id("lesson"));
    page.keys(thirtyfour::Key::End);
    page.wait_for(
        "another",
        &format!("document.querySelector(\"[data-testid='lesson']\").innerText !== {}", json!(first)),
    );
    page.picture("theatre-push");
    for scheme in ["dark", "light"] {
        page.prefer_scheme(scheme);
        page.wait_for("rest", REST);
        assert_eq!(page.eval(CONTRAST, vec![]), json!([]), "in {scheme}");
        page.picture(&format!("theatre-{scheme}"));
    }
    // An older one has an address of its own.
    page.click(&format!("{}[data-play='1']", id("play")));
    page.wait_for("the first", "location.pathname === '/registry/theatre/1'");
    page.wait(&format!("{}[data-what='token']", id("call")));
    page.click(&id("language"));
    page.wait_text(&id("calls"), "令牌");
    page.picture("theatre-chinese");
    page.click(&id("language"));
    docker.run(&["pull", "-q", &format!("{}/none", registry.domain())]).fails();
    page.open(&format!("{}/registry/theatre", strata.home()));
    page.wait(&format!("{}[data-state='failed']", id("stage")));
    page.finish("theatre-failed");
}

#[test]
fn a_pull_on_the_images_page_shows_its_requests() {
    if skip_without(&["chromedriver", "chromium"]) {
        return;
    }
    let strata = Strata::start();
    let registry = FaultyRegistry::start();
    fixture::offer(&registry, &fixture::demo().build(), "demo");
    // Come from here, the program is the one that has the theatre.
    let page = enter(&strata, "/registry");
    page.click(&id("nav-images"));
    page.fill(&id("pull-reference"), &format!("{}/demo", registry.domain()));
    page.click(&id("pull"));
    page.wait(&id("pull-open"));
    page.click(&format!("{} summary", id("requests")));
    page.wait(&format!("{} {}[data-state='done']", id("requests"), id("stage")));
    assert_eq!(page.count(&format!("{}[data-what='blob']", id("call"))), 4, "config and three layers");
    page.finish("pull-requests");
}

#[test]
fn registries_fit_every_screen() {
    let Some((strata, _)) = stocked() else { return };
    let page = enter(&strata, "/");
    let host = format!("127.0.0.1:{}", strata.port());
    let places = [
        ("/registry".to_owned(), "repository"),
        (format!("/registry/{host}/team/demo"), "tag-row"),
        (format!("/registry/{host}/team/demo:latest"), "registry-layer"),
        ("/registry/theatre".to_owned(), "call"),
    ];
    for (path, there) in places {
        page.open(&format!("{}{path}", strata.home()));
        page.wait(&id(there));
        page.wait_for("rest", REST);
        assert_eq!(page.eval(NAMELESS, vec![]), json!([]), "{path}");
        for (width, height) in [(320, 640), (390, 844), (768, 1024), (1280, 800), (2560, 1300)] {
            page.resize(width, height);
            page.eval_async("requestAnimationFrame(() => requestAnimationFrame(() => done(1)))", vec![]);
            page.wait_for("rest", REST);
            assert_eq!(page.eval(OVERFLOW, vec![]), json!([true, []]), "{path} at {width}");
            page.picture(&format!("fits{}-{width}", path.replace(['/', ':', '.'], "_")));
        }
    }
    page.resize(390, 844);
    page.click(&id("language"));
    page.wait_for("rest", REST);
    assert_eq!(page.eval(OVERFLOW, vec![]), json!([true, []]), "in Chinese");
    page.finish("fits-chinese");
}
