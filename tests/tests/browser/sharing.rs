//! What images share: the map, and what removing one or several really frees.

use std::{collections::HashSet, fs, os::unix::fs::MetadataExt, path::Path};

use crate::{
    images::{in_row, ready, row, stocked},
    scene::*,
};
use serde_json::json;
use strata_forge::{Compression, Form, Image, Layer, Noise, Texture};
use strata_tests::{Docker, Strata};

/// Bytes of all regular files below a directory, each once however many names it has.
fn bytes_in(dir: &Path) -> u64 {
    fn walk(dir: &Path, seen: &mut HashSet<u64>) -> u64 {
        let entries = fs::read_dir(dir).into_iter().flatten().flatten();
        let bytes = |entry: fs::DirEntry| {
            let facts = entry.path().symlink_metadata().expect("nothing else writes here");
            if facts.is_dir() {
                walk(&entry.path(), seen)
            } else if facts.is_file() && seen.insert(facts.ino()) {
                facts.len()
            } else {
                0
            }
        };
        entries.map(bytes).sum()
    }
    walk(dir, &mut HashSet::new())
}

/// What the engine takes of the disk: stored blobs, and files of layers without what is beside them.
fn on_disk(strata: &Strata) -> (u64, u64) {
    let blobs = bytes_in(&strata.data().join("blobs"));
    let mut files = 0;
    for layer in strata.get("/api/sharing").json()["layers"].as_array().expect("layers") {
        files += layer["unpacked"].as_u64().expect("bytes");
    }
    (files, blobs)
}

fn layered(layers: &[(u64, usize)]) -> Image {
    let mut image = Image::new().form(Form::Docker).compression(Compression::Gzip(1));
    for (seed, size) in layers {
        let file = Layer::new().file(format!("file-{seed}"), Noise::bytes(*seed, Texture::Random, *size));
        image = image.layer(&format!("RUN make layer {seed}"), file);
    }
    image
}

#[test]
fn several_images_saved_and_removed() {
    if !ready() {
        return;
    }
    let base = [(1, 300_000), (2, 50_000)];
    let app = [base[0], base[1], (3, 120_000)];
    let strata =
        stocked(&[("base", layered(&base)), ("app", layered(&app)), ("apart", layered(&[(9, 70_000)]))]);
    let docker = Docker::new(&strata.socket());
    docker.run(&["tag", "app", "app:again"]).ok();
    let page = enter(&strata, "/");
    for name in ["app:latest", "apart:latest"] {
        page.click(&in_row(name, "choose"));
    }
    page.wait_text(&id("chosen-count"), "2 images selected");
    let archive = page.eval_async(
        "fetch(document.querySelector(\"[data-testid='save-chosen']\").href).then(a => a.arrayBuffer()).then(b => done(new TextDecoder('latin1').decode(b).includes('app:latest') && b.byteLength))",
        vec![],
    );
    assert!(archive.as_u64().is_some_and(|bytes| bytes > 400_000), "{archive}");
    page.click(&id("remove-chosen"));
    page.wait(&id("outlook"));
    // app has another name: only the other image goes.
    page.wait_text(&id("outlook"), "1 only loses this name");
    page.picture("remove-chosen");
    let told: u64 =
        page.attribute(&id("outlook"), "data-frees").and_then(|text| text.parse().ok()).expect("bytes");
    let before = on_disk(&strata);
    page.click(&id("remove-chosen-yes"));
    page.wait_gone(&row("apart:latest"));
    page.wait_gone(&row("app:latest"));
    page.wait_gone(&id("chosen"));
    let after = on_disk(&strata);
    assert_eq!(before.0 - after.0 + before.1 - after.1, told);
    assert!(told > 140_000, "files and their blob: {told}");

    // What can't go is said before anything is done.
    docker.run(&["create", "--name", "user", "base", "x"]).ok();
    page.click(&in_row("base:latest", "remove"));
    page.wait_text(&id("outlook-refused"), "container");
    page.wait_text(&id("outlook"), "frees nothing");
    page.picture("remove-refused");
}

#[test]
fn the_map_of_shared_layers_tells_what_goes() {
    if !ready() {
        return;
    }
    let base = [(1, 300_000), (2, 50_000)];
    let app = [base[0], base[1], (3, 120_000)];
    let web = [base[0], base[1], (4, 10_000), (5, 0)];
    // The layer of `base` again, on top of another.
    let odd = [(6, 20_000), (2, 50_000)];
    let images =
        [("base", layered(&base)), ("app", layered(&app)), ("web", layered(&web)), ("odd", layered(&odd))];
    let strata = stocked(&images);
    let page = enter(&strata, "/");
    page.click(&id("sharing-open"));
    page.wait(&id("sharing-map"));
    let rows =
        "return [...document.querySelectorAll(\"[data-testid='sharing-row']\")].map(e => e.dataset.image)";
    assert_eq!(page.eval(rows, vec![]), json!(["base:latest", "app:latest", "web:latest", "odd:latest"]));
    let blocks =
        "return [...document.querySelectorAll(\"[data-testid='sharing-block']\")].map(e => +e.dataset.rows)";
    assert_eq!(page.eval(blocks, vec![]), json!([3, 3, 1, 1, 1, 1, 1]));
    assert_eq!(page.count(".block.elsewhere"), 2, "the layer that is in two places of the map");

    // Shared and unique are docker's.
    let usage = strata.get("/system/df").json();
    for image in usage["Images"].as_array().expect("images") {
        let name = image["RepoTags"][0].as_str().expect("a name");
        let figure = |what: &str| -> i64 {
            let selector = format!("[data-testid='sharing-row'][data-image='{name}'] {}", id(what));
            page.attribute(&selector, "data-bytes").and_then(|text| text.parse().ok()).expect("bytes")
        };
        let (size, shared) =
            (image["Size"].as_i64().expect("bytes"), image["SharedSize"].as_i64().expect("bytes"));
        assert_eq!((figure("sharing-shared"), figure("sharing-unique")), (shared, size - shared), "{name}");
    }
    assert_eq!(
        page.attribute(&id("sharing-total"), "data-bytes"),
        usage["LayersSize"].as_i64().map(|n| n.to_string())
    );
    page.picture("sharing");

    // By keyboard to an image, and what it tells is what docker then frees.
    page.click("[data-testid='sharing-row'][data-image='base:latest']");
    page.wait(&id("sharing-frees"));
    assert_eq!(
        page.attribute(&id("sharing-frees"), "data-files").as_deref(),
        Some("0"),
        "all of it is shared"
    );
    page.keys(thirtyfour::Key::Down);
    page.wait(&format!("{}[data-image='app:latest']", id("sharing-facts")));
    page.wait_for(
        "its own layer",
        "document.querySelector(\"[data-testid='sharing-frees']\")?.dataset.files === '120000'",
    );
    assert!(page.address().contains("image=app"), "{}", page.address());
    page.wait(".block.goes");
    page.picture("sharing-chosen");
    let docker = Docker::new(&strata.socket());
    for name in ["app", "odd", "web", "base"] {
        page.click(&format!("[data-testid='sharing-row'][data-image='{name}:latest']"));
        page.wait(&format!("{}[data-image='{name}:latest'] {}", id("sharing-facts"), id("sharing-frees")));
        let told: u64 = page
            .attribute(&id("sharing-frees"), "data-frees")
            .and_then(|text| text.parse().ok())
            .expect("bytes");
        let before = on_disk(&strata);
        docker.run(&["rmi", name]).ok();
        let after = on_disk(&strata);
        assert_eq!(before.0 - after.0 + before.1 - after.1, told, "{name}");
        page.wait_gone(&format!("[data-testid='sharing-row'][data-image='{name}:latest']"));
    }
    assert_eq!(on_disk(&strata), (0, 0));
    page.wait(&id("no-images"));
}

/// Two hundred images of forty layers, of which few are shared, in place of what the server has.
const MANY: &str = "
    const hex = n => n.toString(16).padStart(64, '0');
    const layers = [], images = [];
    const layer = () => layers.push({ diff_id: 'sha256:' + hex(layers.length), unpacked: 1000 + (layers.length * 7919) % 5000000, created_by: 'RUN make ' + layers.length }) - 1;
    const bases = [...Array(20)].map(() => [...Array(5)].map(layer));
    for (let i = 0; i < 200; i++) {
        const own = [...bases[i % 20], ...[...Array(35)].map(layer)];
        const size = own.reduce((sum, at) => sum + layers[at].unpacked, 0);
        images.push({ id: 'sha256:' + hex(i + 100000), names: ['image-' + i + ':latest'], layers: own, size, shared: 1000 });
    }
    const map = { layers, images, total: layers.reduce((sum, one) => sum + one.unpacked, 0) };
    const ask = window.fetch;
    window.fetch = (request, more) => (request.url ?? '' + request).includes('/api/sharing')
        ? Promise.resolve(new Response(JSON.stringify(map))) : ask(request, more);";

/// Frame times while the map scrolls from top to bottom: milliseconds, sorted.
const SCROLL: &str = "
    const map = document.querySelector(\"[data-testid='sharing-map']\");
    const times = []; let last = performance.now(), frames = 60, most = 0;
    const step = now => { times.push(now - last); last = now; map.scrollTop += 90;
        most = Math.max(most, document.querySelectorAll(\"[data-testid='sharing-block']\").length);
        if (--frames > 0) requestAnimationFrame(step); else done([most, times.slice(2).sort((a, b) => a - b)]); };
    requestAnimationFrame(step);";

#[test]
fn a_map_of_two_hundred_images_stays_fluid() {
    let Some(page) = visit("/") else { return };
    page.cdp("Page.addScriptToEvaluateOnNewDocument", json!({ "source": MANY }));
    page.open(&format!("{}/sharing", site().strata.home()));
    page.wait(&id("sharing-row"));
    assert_eq!(page.attribute(&id("sharing-map"), "data-rows").as_deref(), Some("200"));
    page.picture("sharing-many");
    let scrolled = page.eval_async(SCROLL, vec![]);
    let (most, times): (u64, Vec<f64>) = serde_json::from_value(scrolled).expect("numbers");
    println!(
        "200 images of 40 layers: at most {most} blocks drawn, frames p50 {:.1} ms, p95 {:.1} ms, worst {:.1} ms",
        times[times.len() / 2],
        times[times.len() * 95 / 100],
        times[times.len() - 1]
    );
    assert!(most < 3000, "only what is in sight exists: {most} of 8000 blocks");
    page.eval("document.querySelector(\"[data-testid='sharing-map']\").focus()", vec![]);
    page.keys(thirtyfour::Key::End);
    page.wait_for(
        "the last row",
        "document.querySelector(\"[role=option][aria-selected=true]\")?.id === 'sharing-row-199'",
    );
}

#[test]
fn dialogs_and_map_fit_and_speak_chinese() {
    let Some(page) = visit("/") else { return };
    page.eval("localStorage['strata-language'] = 'zh-CN'", vec![]);
    let fits = |scene: &str| {
        for (width, height, scheme) in
            [(1280, 800, "light"), (390, 800, "light"), (390, 800, "dark"), (1280, 800, "dark")]
        {
            page.resize(width, height);
            page.prefer_scheme(scheme);
            page.eval_async("requestAnimationFrame(() => requestAnimationFrame(() => done(1)))", vec![]);
            page.wait_for("rest", "document.getAnimations().every(one => one.playState !== 'running')");
            page.picture(&format!("{scene}-{width}-{scheme}"));
            assert_eq!(page.eval(crate::look::OVERFLOW, vec![]), json!([true, []]), "{scene} at {width}");
            assert_eq!(page.eval(crate::look::CONTRAST, vec![]), json!([]), "{scene} in {scheme}");
        }
    };
    page.reload();
    page.click(&in_row("demo:latest", "choose"));
    page.wait(&id("chosen"));
    fits("zh-images");
    page.eval(
        "document.querySelector(\"[data-image='demo:latest'] [data-testid='push-open']\").click()",
        vec![],
    );
    page.wait(&id("login-state"));
    fits("zh-push");
    page.click(&id("push-login"));
    page.wait(&id("login-form"));
    fits("zh-login");
    page.open(&format!("{}/sharing?image=demo:latest", site().strata.home()));
    page.wait(&id("sharing-frees"));
    fits("zh-sharing");
    page.wait_text(&id("sharing-facts"), "释放");
    page.eval("localStorage['strata-language'] = 'en'", vec![]);
}
