//! What is done with images on their page: pushed, searched for, loaded.

use std::{collections::HashSet, fs, os::unix::fs::MetadataExt};

use crate::scene::*;
use serde_json::{Value, json};
use strata_faulty_registry::{Account, Auth, Fault, FaultyRegistry, When};
use strata_forge::{Compression, Form, Image, Layer, Noise, Texture};
use strata_tests::{
    Docker, Strata, fixture,
    http::Request,
    registry::{DockerRegistry, PASSWORD, USER},
    skip_without,
};

/// A server of its own, with images as they are named; pulled from a registry that then goes away.
pub(crate) fn stocked(images: &[(&str, Image)]) -> Strata {
    let (strata, registry) = (Strata::start(), FaultyRegistry::start());
    let docker = Docker::new(&strata.socket());
    for (name, image) in images {
        fixture::offer(&registry, &image.build(), name);
        let from = format!("{}/{name}", registry.domain());
        docker.run(&["pull", "-q", &from]).ok();
        docker.run(&["tag", &from, name]).ok();
        docker.run(&["rmi", &from]).ok();
    }
    strata
}

pub(crate) fn ready() -> bool {
    !skip_without(&["chromedriver", "chromium", "docker", "docker-registry"])
}

pub(crate) fn row(name: &str) -> String {
    format!("[data-testid='image-row'][data-image='{name}']")
}

pub(crate) fn in_row(name: &str, what: &str) -> String {
    format!("{} {}", row(name), id(what))
}

/// Everything that the page keeps or shows, to look for what must not be there.
const EVERYTHING: &str =
    "return JSON.stringify([{...localStorage}, {...sessionStorage}, location.href, document.cookie,
    document.documentElement.outerHTML, performance.getEntriesByType('resource').map(one => one.name)])";

#[test]
fn a_push_with_a_login() {
    if !ready() {
        return;
    }
    let strata = stocked(&[("demo", fixture::demo())]);
    let (closed, other) = (DockerRegistry::protected(None), FaultyRegistry::start());
    fixture::offer(&other, &fixture::small("elsewhere").build(), "open");
    let page = enter(&strata, "/");
    page.click(&in_row("demo:latest", "push-open"));
    // What has no registry of its own is offered to the server's.
    let suggested = page.wait_for("a name", "document.querySelector('#push-name')?.value");
    assert_eq!(suggested, format!("127.0.0.1:{}/demo:latest", strata.port()));
    page.fill(&id("push-name"), "127.0.0.1:1/Upper");
    page.wait_text(&id("push-hint"), "Upper");
    assert_eq!(page.attribute(&id("push"), "disabled").as_deref(), Some(""));

    let name = closed.name("team/demo:1");
    page.fill(&id("push-name"), &name);
    page.wait_text(&id("login-state"), "not logged in");
    assert!(page.text(&id("push-command")).contains(&format!("docker push {name}")));
    page.click(&id("push"));
    page.wait_text(&id("push-outcome"), "no basic auth credentials");
    page.picture("push-refused");

    page.click(&id("push-login"));
    let registry = page.wait_for("the registry", "document.querySelector('#login-registry')?.value");
    assert_eq!(registry, format!("127.0.0.1:{}", closed.port()));
    page.fill(&id("login-user"), USER);
    page.fill(&id("login-password"), "wrong-hunter2");
    page.click(&id("log-in"));
    page.wait_text(&format!("{} {}", id("login-form"), id("error")), "401");
    page.fill(&id("login-password"), PASSWORD);
    page.click(&id("log-in"));
    page.wait(&id("login-done"));
    page.wait_text(&id("kept-login"), USER);
    assert_eq!(page.eval("return document.querySelector('#login-password').value", vec![]), "", "forgotten");
    page.picture("login");
    page.click(&id("login-close"));
    page.wait_text(&id("login-state"), USER);
    page.click(&id("push"));
    page.wait(&id("push-digest"));
    let phases = || -> HashSet<String> {
        let script =
            "return [...document.querySelectorAll(\"[data-testid='push-layer']\")].map(e => e.dataset.phase)";
        serde_json::from_value(page.eval(script, vec![])).expect("words")
    };
    assert_eq!(phases(), ["Pushed".to_owned()].into());
    page.picture("pushed");
    page.click(&id("push"));
    page.wait_for("the second push", "[...document.querySelectorAll(\"[data-testid='push-layer']\")].length > 0
        && [...document.querySelectorAll(\"[data-testid='push-layer']\")].every(e => e.dataset.phase === 'Exists')");
    page.wait(&id("push-digest"));
    page.fill(&id("push-name"), &closed.name("other/demo:1"));
    page.click(&id("push"));
    page.wait(&id("push-digest"));
    assert_eq!(phases(), ["Mounted".to_owned()].into());
    assert!(page.text(&id("push-layer")).contains("team/demo"));
    page.click(&id("push-close"));

    // The password is in one file for its owner alone, and goes to that port only.
    let kept = strata.data().join("logins.json");
    assert_eq!(fs::metadata(&kept).expect("kept").mode() & 0o777, 0o600);
    assert!(fs::read_to_string(&kept).expect("kept").contains(PASSWORD));
    assert_eq!(
        strata.get("/api/logins").json(),
        json!([{ "registry": format!("127.0.0.1:{}", closed.port()), "username": USER }])
    );
    let everything = page.eval(EVERYTHING, vec![]);
    let everything = everything.as_str().expect("text");
    for secret in [PASSWORD, "wrong-hunter2"] {
        // The word is part of others on the page; as a value of its own it is nowhere.
        assert!(
            !everything.contains(&format!("\"{secret}\"")) && !everything.contains(&format!("={secret}")),
            "{secret}"
        );
        assert!(!strata.log().contains(secret), "{}", strata.log());
    }
    let docker = Docker::new(&strata.socket());
    docker.run(&["pull", "-q", &format!("{}/open", other.domain())]).ok();
    assert!(!other.saw_authorization());
    other.require(Auth::Basic(Account::new(USER, PASSWORD)));
    assert_ne!(docker.run(&["pull", "-q", &format!("{}/open:latest", other.domain())]).code, 0);
    assert!(!other.saw_authorization(), "another port of the same host isn't the same registry");

    // A login ends at once, whatever was made of it before.
    page.click(&id("logins-open"));
    page.click(&id("log-out"));
    page.wait_gone(&id("kept-login"));
    page.click(&id("login-close"));
    let refused = strata.ask(Request::new("POST", "/images/create").body(""));
    assert_eq!(refused.status, 400);
    let pull = format!("/images/create?fromImage={}&tag=1", closed.name("team/demo"));
    assert!(strata.ask(Request::new("POST", &pull)).text().contains("no basic auth credentials"));
    assert!(!fs::read_to_string(&kept).expect("kept").contains(PASSWORD));
}

#[test]
fn a_push_that_is_cancelled() {
    if !ready() {
        return;
    }
    let image =
        Image::new().layer("COPY a", Layer::new().file("a", Noise::bytes(1, Texture::Random, 8_000_000)));
    let strata = stocked(&[("large", image.form(Form::Docker).compression(Compression::Gzip(1)))]);
    let registry = FaultyRegistry::start();
    registry.accept_pushes();
    // Who takes the upload never reads it, which keeps the push where it is.
    let deaf = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    registry.upload_to(&format!("http://{}", deaf.local_addr().expect("it is bound")));
    let page = enter(&strata, "/");
    page.click(&in_row("large:latest", "push-open"));
    page.fill(&id("push-name"), &format!("{}/large:1", registry.domain()));
    page.click(&id("push"));
    page.wait(&id("push-layer"));
    page.click(&id("push-cancel"));
    page.wait_text(&id("push-outcome"), "Cancelled");
    page.wait(&id("push"));
}

#[test]
fn a_word_searched_for_at_registries() {
    if !ready() {
        return;
    }
    let strata = stocked(&[("demo", fixture::demo())]);
    let docker = Docker::new(&strata.socket());
    let own = format!("127.0.0.1:{}/team/demo:1", strata.port());
    docker.run(&["tag", "demo", &own]).ok();
    docker.run(&["push", "-q", &own]).ok();
    docker.run(&["rmi", &own]).ok();
    let hub = FaultyRegistry::start();
    let evil = "<img src=x onerror='window.pwned=1'>";
    let rows = json!({ "results": [
        { "name": "nginx", "description": "Official build of Nginx.", "star_count": 12345, "is_official": true, "is_automated": false },
        { "name": "someone/nginx", "description": evil, "star_count": 0, "is_official": false, "is_automated": true },
    ] });
    let headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
    hub.fault(
        When::path("/v1/search"),
        Fault::Status { code: 200, headers, body: rows.to_string().into_bytes() },
    );
    let page = enter(&strata, "/");
    page.click(&id("search"));
    page.wait_text(&id("pull-hint"), "Type a word");
    page.fill(&id("pull-reference"), "dem");
    page.click(&id("search"));
    let place = format!("[data-testid='search-place'][data-registry='127.0.0.1:{}']", strata.port());
    page.wait(&format!("{place} {}", id("found")));
    assert_eq!(
        page.attribute(&format!("{place} {}", id("found")), "data-name"),
        Some(own.trim_end_matches(":1").to_owned())
    );
    page.picture("search-own");

    page.fill(&id("pull-reference"), &format!("{}/nginx:1.2", hub.domain()));
    page.click(&id("search"));
    page.wait_text(&id("found-official"), "official");
    assert_eq!(page.count(&id("found")), 2);
    assert_eq!(page.text(&id("found-stars")), "★ 12\u{202f}345");
    assert_eq!(page.text(&id("found-automated")), "automated");
    page.wait_text(&id("found"), evil);
    assert_eq!(page.eval("return window.pwned ?? null", vec![]), Value::Null);
    page.picture("search");

    // Nobody there: it says so, and what was typed stays.
    page.fill(&id("pull-reference"), "127.0.0.1:1/nginx");
    page.click(&id("search"));
    page.wait_text(&id("search-failed"), "no search service answers there");
    // From the palette; and what is found is pulled by its button.
    page.click(&id("open-palette"));
    page.fill(&id("palette-input"), &format!("127.0.0.1:{}/dem", strata.port()));
    page.wait_text(&id("palette-item"), "Search registries");
    page.keys(thirtyfour::Key::Enter);
    page.wait(&format!("{place} {}", id("found")));
    page.click(&format!("{place} {}", id("found-pull")));
    // There is no tag latest, and the registry says so by name.
    page.wait_text(&id("pull-outcome"), "latest");
}

/// Drops what the server gives for an address, or what was kept, as a file of that name, on the page.
const DROP: &str = "
    const [address, name, gzip] = arguments;
    (async () => {
        let body = address ? (await fetch(address)).body : window.kept.stream();
        if (gzip) body = body.pipeThrough(new CompressionStream('gzip'));
        const carried = new DataTransfer();
        carried.items.add(new File([await new Response(body).blob()], name));
        const event = new DragEvent('drop', { dataTransfer: carried, bubbles: true, cancelable: true });
        document.querySelector(\"[data-testid='images-page']\").dispatchEvent(event);
        done(event.defaultPrevented);
    })();";

#[test]
fn archives_dropped_on_the_page() {
    if !ready() {
        return;
    }
    let strata = stocked(&[("demo", fixture::demo()), ("other", fixture::other())]);
    let page = enter(&strata, "/");
    page.wait(&row("other:latest"));
    // As a save of both, gzipped, held by the browser while the images go.
    page.eval_async(
        "fetch('/images/get?names=demo&names=other').then(a => a.blob()).then(b => { window.kept = b; done(1); })",
        vec![],
    );
    let docker = Docker::new(&strata.socket());
    docker.run(&["rmi", "demo", "other"]).ok();
    page.wait(&id("no-images"));
    assert_eq!(page.eval_async(DROP, vec![json!(""), json!("both.tar.gz"), json!(true)]), json!(true));
    page.wait(&format!("{}[data-phase='done']", id("loading")));
    assert_eq!(page.texts(&id("loaded")), ["demo:latest", "other:latest"]);
    page.wait(&row("demo:latest"));
    page.picture("loaded");

    // What is no archive is refused with what was wrong, and its name is only text.
    let evil = "<img src=x onerror='window.pwned=1'>.tar";
    page.eval_async(DROP, vec![json!("/api/images"), json!(evil), json!(false)]);
    page.wait(&format!("{}[data-phase='failed']", id("loading")));
    page.wait_text(&id("load-state"), "archive");
    page.wait_text(&id("loading"), "onerror");
    assert_eq!(page.eval("return window.pwned ?? null", vec![]), Value::Null);
    page.picture("not-loaded");
    // A folder is an empty file to a browser.
    page.click(&id("loads-close"));
    page.eval(
        "const carried = new DataTransfer(); carried.items.add(new File([], 'layout'));
         document.querySelector(\"[data-testid='images-page']\").dispatchEvent(new DragEvent('drop', { dataTransfer: carried, bubbles: true, cancelable: true }))",
        vec![],
    );
    page.wait_text(&id("load-state"), "tar -C");

    // By keyboard: the file chooser takes what the system gives it.
    docker.run(&["rmi", "other"]).ok();
    page.wait_gone(&row("other:latest"));
    page.eval_async(
        "const carried = new DataTransfer(); carried.items.add(new File([window.kept], 'again.tar'));
         const input = document.querySelector('#load-file'); input.files = carried.files; input.dispatchEvent(new Event('change')); done(1);",
        vec![],
    );
    page.wait(&row("other:latest"));
}
