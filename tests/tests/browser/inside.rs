//! Images of registries in the explorer, before and after they are pulled.

use crate::{
    look::{CONTRAST, OVERFLOW},
    scene::*,
};
use serde_json::json;
use strata_faulty_registry::{Account, Auth, Fault, FaultyRegistry, Layer as Blob, When};
use strata_forge::Layer;
use strata_tests::{Docker, Strata, fixture, skip_without};

const REST: &str = "!document.querySelector(\".skeleton\") && document.getAnimations().every(one => one.playState !== 'running')";
const READ: &str = "document.querySelectorAll(\"[data-testid='sheet-reading']\").length === 0";

fn address(strata: &Strata, name: &str) -> String {
    format!("{}/image/{name}?source=registry", strata.home())
}

#[test]
fn an_image_is_looked_into_and_then_pulled() {
    if skip_without(&["chromedriver", "chromium", "docker"]) {
        return;
    }
    let strata = Strata::start();
    let docker = Docker::new(&strata.socket());
    let registry = FaultyRegistry::start();
    fixture::offer(&registry, &fixture::demo().build(), "demo");
    let name = format!("{}/demo:latest", registry.domain());
    // From the registry's page.
    let page = enter(&strata, &format!("/registry/{name}"));
    page.wait(&id("tag-look"));
    page.picture("inside-tag");
    page.click(&id("tag-look"));
    page.wait(&id("not-pulled"));
    page.wait(&id("outside-pull"));
    assert!(page.address().ends_with("/demo:latest?source=registry"), "{}", page.address());
    page.wait_for("all layers", READ);
    page.wait_text(&id("outside-read"), "All layers are read");
    assert_eq!(page.count(&id("sheet")), 3);
    assert_eq!(page.count(&id("run-open")) + page.count(&id("surgery-open")), 0, "nothing can be run");
    page.unfold();
    let rows = page.rows();
    assert!(rows.iter().any(|(name, _, ghost, _)| name == "secret" && *ghost), "{rows:?}");
    let figures = page.text(&id("bottom-line"));
    page.click_row("page", false);
    page.wait_text(&id("file-content"), "<h1>two</h1>");
    assert_eq!(page.count(&id("blame-row")), 2);
    page.wait_for("rest", REST);
    page.picture("inside-file");
    // A ghost's content is there too.
    page.click_row("secret", true);
    page.wait(&id("ghost-note"));
    page.wait(&id("file-content"));
    for scheme in ["dark", "light"] {
        page.prefer_scheme(scheme);
        page.wait_for("rest", REST);
        assert_eq!(page.eval(CONTRAST, vec![]), json!([]), "in {scheme}");
        page.picture(&format!("inside-{scheme}"));
    }
    assert_eq!(docker.run(&["images", "-q"]).ok().stdout, "");
    // The address is the state, in either language and on a phone.
    page.click(&id("language"));
    page.wait_text(&id("not-pulled"), "未拉取");
    page.reload();
    page.wait(&id("ghost-note"));
    page.wait_for("rest", REST);
    page.picture("inside-chinese");
    for width in [320, 390, 768, 1280] {
        page.resize(width, 844);
        page.eval_async("requestAnimationFrame(() => requestAnimationFrame(() => done(1)))", vec![]);
        assert_eq!(page.eval(OVERFLOW, vec![]), json!([true, []]), "at {width}");
        page.picture(&format!("inside-chinese-{width}"));
    }
    page.click(&id("language"));
    page.resize(1280, 844);

    // Pulled from here, it is the same place of what is here now.
    page.click(&id("outside-pull"));
    page.wait_gone(&id("not-pulled"));
    page.wait(&id("run-open"));
    page.wait(&id("ghost-note"));
    assert!(!page.address().contains("source="), "{}", page.address());
    page.unfold();
    assert_eq!(page.rows(), rows, "the very same tree");
    assert_eq!(page.text(&id("bottom-line")), figures);
    docker.run(&["image", "inspect", &name]).ok();
    // Looked into once more, it says that it is here.
    page.open(&address(&strata, &name));
    page.wait_text(&id("outside-here"), "demo:latest");
    page.click(&id("outside-open"));
    page.wait(&id("run-open"));
    page.finish("inside-pulled");
}

#[test]
fn layers_appear_one_by_one_and_reading_can_be_stopped() {
    if skip_without(&["chromedriver", "chromium"]) {
        return;
    }
    let strata = Strata::start();
    let registry = FaultyRegistry::start();
    let noise: Vec<u8> =
        (0..1_500_000u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let layers = [
        Blob::gzip(&Layer::new().dir("etc").file("etc/motd", "hello").tar()),
        Blob::plain(Layer::new().file("noise", noise).tar()),
        Blob::gzip(&[b'x'; 4096]),
    ];
    let image = registry.add_image("app:v1", &layers);
    let slow = format!("/blobs/{}", image.layers[1].digest);
    registry.fault(When::path(&slow), Fault::Slow { bytes_per_second: 400_000 });
    let page = enter(&strata, &format!("/image/{}/app:v1?source=registry", registry.domain()));
    let sheet = |layer: usize, what: &str| format!(".sheet[data-layer='{layer}'] {}", id(what));
    // The lowest is there while the next still comes, and the top one is no layer.
    page.wait_gone(&sheet(0, "sheet-reading"));
    page.wait(".sheet[data-layer='1'] [data-phase='reading'] [role='progressbar']");
    page.wait_text(&sheet(2, "sheet-failed"), "refused");
    page.wait_for("a row", "document.querySelectorAll(\"[data-testid='row']\").length > 0");
    page.wait_text(&id("outside-read"), "1 of 3");
    page.picture("inside-reading");
    page.resize(390, 844);
    page.eval_async("requestAnimationFrame(() => requestAnimationFrame(() => done(1)))", vec![]);
    assert_eq!(page.eval(OVERFLOW, vec![]), json!([true, []]));
    page.picture("inside-reading-390");
    page.resize(1280, 844);
    page.click(&id("outside-stop"));
    page.wait(&format!("{}[data-phase='unread']", id("sheet-reading")));
    page.wait(&id("outside-rest"));
    page.click(&sheet(1, "sheet-select"));
    page.wait_text(&id("no-rows"), "Layer 2 is not read yet");
    page.picture("inside-stopped");
    // One alone, from its sheet.
    registry.heal();
    page.click(&sheet(1, "sheet-read"));
    page.wait_gone(&sheet(1, "sheet-reading"));
    page.wait_text(&id("tree"), "noise");
    assert_eq!(
        page.count(&format!("{}[data-phase='failed']", id("sheet-reading"))),
        1,
        "it stays what it is"
    );
    page.finish("inside-read");
}

#[test]
fn platforms_troubles_and_the_way_from_a_search() {
    if skip_without(&["chromedriver", "chromium", "docker"]) {
        return;
    }
    let strata = Strata::start();
    let docker = Docker::new(&strata.socket());
    let registry = FaultyRegistry::start();
    let parts = [("amd64", "one"), ("arm64", "two")].map(|(architecture, text)| {
        let image =
            registry.add_image(&format!("many:{text}"), &[Blob::gzip(&Layer::new().file(text, text).tar())]);
        let platform = strata_oci::Platform::new("linux", architecture, None);
        strata_oci::Descriptor { platform: Some(platform), ..image.manifest }
    });
    registry.add_index("many:latest", &parts);
    let many = format!("{}/many:latest", registry.domain());
    let page = enter(&strata, &format!("/image/{many}?source=registry"));
    page.wait_text(&id("tree"), "one");
    page.eval(
        "const s = document.querySelector(\"[data-testid='outside-platform']\"); s.value = 'linux/arm64'; s.dispatchEvent(new Event('change', {bubbles: true}))",
        vec![],
    );
    page.wait_text(&id("tree"), "two");
    assert!(page.address().contains("platform=linux"), "{}", page.address());
    page.picture("inside-platform");
    page.back();
    page.wait_text(&id("tree"), "one");

    // What the registry refuses is said, with what can be done.
    page.open(&address(&strata, &format!("{}/none:v1", registry.domain())));
    page.wait(&format!("{}[data-kind='NotFound']", id("outside-trouble")));
    registry.require(Auth::Basic(Account::new("ada", "secret")));
    page.open(&address(&strata, &many));
    page.wait(&format!("{}[data-kind='Unauthorized']", id("outside-trouble")));
    page.wait(&id("trouble-login"));
    page.picture("inside-locked");
    page.click(&id("trouble-login"));
    page.fill(&id("login-user"), "ada");
    page.fill(&id("login-password"), "secret");
    page.click(&id("log-in"));
    page.wait(&id("login-done"));
    page.click(&id("login-close"));
    page.wait_text(&id("tree"), "one");
    page.picture("inside-again");

    // From a search on the first page, whose program has no such explorer.
    let ours = format!("127.0.0.1:{}/team/many", strata.port());
    docker.run(&["pull", "-q", &many]).ok();
    docker.run(&["tag", &many, &ours]).ok();
    docker.run(&["push", "-q", &ours]).ok();
    docker.run(&["rmi", &ours, &many]).ok();
    page.open(&strata.home());
    page.fill(&id("pull-reference"), &ours);
    page.click(&id("search"));
    page.wait(&id("found-look"));
    page.picture("inside-search");
    page.click(&id("found-look"));
    page.wait(&id("not-pulled"));
    page.wait_text(&id("tree"), "one");
    page.picture("inside-ours");
}
