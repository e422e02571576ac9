//! A container that is run, typed into, watched and committed, all from the page.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use crate::scene::*;
use serde_json::Value;
use strata_faulty_registry::FaultyRegistry;
use strata_forge::Layer;
use strata_tests::{Docker, Strata, fixture, http::Request, skip_without};

/// A row of the writable layer as the page draws it: what happened, docker's letter, the layer below that has the path
/// (or empty), bytes that were copied for it, and whether it is a ghost.
type Row = (String, String, String, String, bool);

/// What the writable layer shows, by path.
fn rows(page: &Visit) -> BTreeMap<String, Row> {
    let script = "return Object.fromEntries([...document.querySelectorAll(\"[data-testid='writable-row']\")].map(row =>
        [row.dataset.path, [row.dataset.deed, row.dataset.change, row.dataset.from ?? '', row.dataset.copied, row.classList.contains('ghost')]]))";
    serde_json::from_value(page.eval(script, vec![])).expect("rows have that shape")
}

/// A server with the image `box`: busybox, and above it a layer that has `etc/group` and a large file.
///
/// Containers that are started before a page is open have no network: a new interface of the machine makes Chromium
/// give up what another test is loading.
pub(crate) fn server() -> Option<(Strata, Docker, FaultyRegistry)> {
    if skip_without(&["chromedriver", "chromium", "docker", "runc"]) || !rustix::process::geteuid().is_root()
    {
        return None;
    }
    let registry = FaultyRegistry::start();
    let top = Layer::new().dir("etc").dir("srv").file("etc/group", "root:x:0:\nada:x:1000:\n");
    let top = top.file("srv/large", vec![b'.'; 300_000]).file("srv/cold", "never read\n");
    fixture::offer(&registry, &fixture::busybox().layer("COPY etc srv /", top).build(), "box");
    let strata = Strata::start();
    let docker = Docker::new(&strata.socket());
    docker.run(&["pull", "-q", &format!("{}/box", registry.domain())]).ok();
    docker.run(&["tag", &format!("{}/box", registry.domain()), "box"]).ok();
    Some((strata, docker, registry))
}

#[test]
fn copy_on_write_is_seen_and_committed() {
    let Some((strata, docker, _registry)) = server() else { return };
    let page = enter(&strata, "/containers");
    page.click(&id("run-open"));
    page.wait(&id("run-dialog"));
    page.fill(&id("run-image"), "box");
    page.fill(&id("run-name"), "seen");
    page.click(&id("run"));
    page.wait(&format!("{}[data-state='open']", id("terminal")));
    page.wait_text(".xterm-rows", "/ #");
    page.click(".xterm-screen");
    page.keys(
        "echo hi > /etc/hello; rm /bin/vi; chmod 600 /etc/passwd; mkdir /etc/new; mv /etc/group /etc/g2\n",
    );
    let row = |deed: &str, change: &str, from: &str, copied: &str, ghost: bool| -> Row {
        (deed.into(), change.into(), from.into(), copied.into(), ghost)
    };
    // Each in its place: what is new is of no layer, what was there is of the one that has it.
    let expected = BTreeMap::from([
        ("bin/vi".to_owned(), row("whited_out", "D", "0", "0", true)),
        ("etc/g2".to_owned(), row("renamed", "A", "", "22", false)),
        ("etc/group".to_owned(), row("whited_out", "D", "1", "0", true)),
        ("etc/hello".to_owned(), row("created", "A", "", "0", false)),
        ("etc/new".to_owned(), row("created", "A", "", "0", false)),
        ("etc/passwd".to_owned(), row("attributes", "C", "0", "30", false)),
    ]);
    page.wait_for("six changes", "document.querySelectorAll(\"[data-testid='writable-row']\").length >= 6");
    page.wait_text(&id("writable-row"), "/etc/group");
    assert_eq!(rows(&page), expected);
    let moved = "document.querySelector(\"[data-path='etc/g2'] .did\").innerText.includes('/etc/group')";
    page.wait_for("where it was moved from", moved);
    // Whoever comes late sees the same.
    page.reload();
    page.wait_for("six changes", "document.querySelectorAll(\"[data-testid='writable-row']\").length >= 6");
    assert_eq!(rows(&page), expected);
    page.finish("container");

    page.click(&id("tab-commit"));
    page.fill(&id("commit-repository"), "hardened");
    page.click(&id("commit"));
    page.wait_for("the new image", "location.pathname.startsWith('/image/hardened')");
    page.wait(&id("sheet"));
    assert_eq!(page.count(&id("sheet")), 3, "one layer more");
    page.finish("committed");
    drop(page);

    let image = docker.run(&["image", "inspect", "hardened"]).ok();
    let image: Value = serde_json::from_str(image.text()).expect("JSON");
    assert_eq!(image[0]["RootFS"]["Layers"].as_array().map(Vec::len), Some(3));
    let files = docker.run(&["run", "--rm", "hardened", "ls", "/etc"]).ok();
    assert_eq!(files.lines(), ["g2", "hello", "hostname", "hosts", "mtab", "new", "passwd", "resolv.conf"]);
}

#[test]
fn bytes_copied_are_told_against_bytes_changed() {
    let Some((strata, docker, _registry)) = server() else { return };
    docker.run(&["run", "-d", "--network", "none", "--name", "few", "box", "sleep", "1000"]).ok();
    let page = enter(&strata, "/container/few");
    page.wait(&id("writable-empty"));
    docker.run(&["exec", "few", "sh", "-c", "echo 'twelve here' >> /srv/large"]).ok();
    page.wait("[data-path='srv/large'][data-copied='300000'][data-changed='12']");
    page.wait_text(&id("copied-for"), "300 kB copied for 12 B changed");
    page.wait(&format!("{}[data-bytes='12']", id("figure-changed")));
    assert!(!page.text(&id("figure-changed")).contains("at least"));
    page.wait(&format!("{}[data-bytes='300000']", id("figure-copied")));
    page.finish("copied-changed");
}

/// How many queues of the kernel a process has that tell of reads.
fn queues(pid: u32) -> usize {
    let open = std::fs::read_dir(format!("/proc/{pid}/fd")).expect("the server runs");
    let links = open.flatten().filter_map(|entry| std::fs::read_link(entry.path()).ok());
    links.filter(|link| link.to_string_lossy().contains("fanotify")).count()
}

/// Counts the streams of reads that are open.
const COUNT: &str = "
    const ask = window.fetch;
    window.followed = 0;
    window.fetch = (request) => {
        if (request.url?.endsWith('/reads')) {
            window.followed += 1;
            request.signal.addEventListener('abort', () => { window.followed -= 1; });
        }
        return ask(request);
    };";
const FOLLOWED: &str = "window.followed";

#[test]
fn what_is_read_lights_up_in_its_layer_when_asked_for() {
    let Some((strata, docker, _registry)) = server() else { return };
    // It runs before anybody asks.
    docker.run(&["run", "-d", "--network", "none", "--name", "warm", "box", "sleep", "1000"]).ok();
    let page = enter(&strata, "/container/warm/reads");
    page.wait(&id("reads-follow"));
    page.eval(COUNT, vec![]);
    docker.run(&["exec", "warm", "cat", "/etc/passwd"]).ok();
    assert_eq!(page.count(&id("read-row")) + page.count(&id("share-bar")), 0, "nobody asked");
    page.click(&id("reads-follow"));
    page.wait(&format!("{}[data-files='0']", id("reads-total")));
    assert_eq!(queues(strata.pid()), 1);
    let layer = |position: usize, read: u64| {
        format!("{}[data-layer='{position}'][data-read='{read}']", id("read-layer"))
    };
    page.wait(&format!("{}.cold[data-files='3']", layer(1, 0)));
    docker.run(&["exec", "warm", "sh", "-c", "cat /etc/group; echo x > /srv/new; cat /srv/new"]).ok();
    // The shell with its links is one file of the lower layer, and the runtime looks into passwd; the group is of the
    // layer above, and what was written of none.
    page.wait(&layer(1, 1));
    page.wait(&layer(0, 2));
    page.wait(&id("read-writable"));
    page.wait(&format!("{} [data-path='bin/busybox']", id("read-rows")));
    page.wait(&format!("{}[data-layer='1'] {}[data-path='etc/group']", id("sheet"), id("lit-tile")));
    page.wait(&format!("{}[data-layer='0'] {}[data-path='bin/busybox']", id("sheet"), id("lit-tile")));
    let first = "document.querySelector(\"[data-testid='read-row']\").dataset.path === 'srv/new'";
    page.wait_for("the latest first", first);
    page.wait_text(&format!("{}[data-layer='1']", id("read-layer")), "1 of 3 files");
    assert_eq!(page.count(&format!("{}.cold", id("sheet"))), 0);
    page.picture("reads");
    // It ends with the container, goes on when that is started, and stops when asked to.
    docker.run(&["restart", "-t", "0", "warm"]).ok();
    let begun = Instant::now();
    while page.count(&layer(1, 2)) == 0 {
        assert!(begun.elapsed() < Duration::from_secs(20), "what the new process reads isn't told");
        docker.run(&["exec", "warm", "cat", "/srv/cold"]).ok();
    }
    page.click(&id("reads-toggle"));
    page.wait(&format!("{}[aria-pressed='false']", id("reads-toggle")));
    page.wait_for("the end of what was followed", &format!("{FOLLOWED} === 0"));
    page.click(&id("reads-toggle"));
    page.wait_for("a new beginning", &format!("{FOLLOWED} > 0"));
    page.click(&id("nav-containers"));
    page.wait(&id("container-row"));
    page.wait_for("the end of what was followed", &format!("{FOLLOWED} === 0"));
    let begun = Instant::now();
    while queues(strata.pid()) > 0 {
        assert!(begun.elapsed() < Duration::from_secs(20), "the server still follows for nobody");
        std::thread::sleep(Duration::from_millis(20));
    }
    page.finish("reads-left");
}

#[test]
fn why_nothing_can_be_followed_is_said() {
    let Some((strata, docker, _registry)) = server() else { return };
    docker.run(&["run", "-d", "--network", "none", "--name", "cold", "box", "sleep", "1000"]).ok();
    let page = enter(&strata, "/container/cold/reads");
    page.wait(&id("reads-follow"));
    // As a server answers that may not ask the kernel.
    page.eval(
        "const ask = window.fetch;
        window.fetch = (request) => !request.url?.endsWith('/reads') ? ask(request)
            : Promise.resolve(new Response('{\"message\":\"root only\"}', { status: 501 }));",
        vec![],
    );
    page.click(&id("reads-follow"));
    page.wait_text(&id("error"), "Reads can't be followed here. root only");
    page.wait(&format!("{}[aria-pressed='false']", id("reads-toggle")));
    page.reload();
    page.wait(&id("reads-follow"));
    docker.run(&["stop", "-t", "0", "cold"]).ok();
    page.wait(&format!("{}[data-state='exited']", id("container-state")));
    page.click(&id("reads-follow"));
    page.wait_text(&id("reads"), "It isn't running");
    let refused = strata.ask(Request::get("/api/containers/cold/reads"));
    assert_eq!(refused.status, 409, "{}", refused.text());
    assert_eq!(strata.ask(Request::get("/api/containers/nobody/reads")).status, 404);
    page.finish("reads-refused");
}
