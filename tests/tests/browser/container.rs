//! A container that is run, typed into, watched and committed, all from the page.

use std::collections::BTreeMap;

use crate::scene::*;
use serde_json::Value;
use strata_faulty_registry::FaultyRegistry;
use strata_tests::{Docker, Strata, fixture, skip_without};

/// What the writable layer shows: path → what happened.
fn rows(page: &Visit) -> BTreeMap<String, String> {
    let script = "return Object.fromEntries([...document.querySelectorAll(\"[data-testid='writable-row']\")]
        .map(row => [row.dataset.path, row.dataset.deed]))";
    serde_json::from_value(page.eval(script, vec![])).expect("paths and deeds")
}

#[test]
fn copy_on_write_is_seen_and_committed() {
    if skip_without(&["chromedriver", "chromium", "docker", "runc"]) || !rustix::process::geteuid().is_root()
    {
        return;
    }
    let registry = FaultyRegistry::start();
    fixture::offer(&registry, &fixture::busybox().build(), "box");
    let strata = Strata::start();
    let docker = Docker::new(&strata.socket());
    docker.run(&["pull", "-q", &format!("{}/box", registry.domain())]).ok();
    docker.run(&["tag", &format!("{}/box", registry.domain()), "box"]).ok();

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
    let expected = [
        ("bin/vi", "whited_out"),
        ("etc/g2", "created"),
        ("etc/group", "whited_out"),
        ("etc/hello", "created"),
        ("etc/new", "created"),
        ("etc/passwd", "attributes"),
    ];
    let all = "document.querySelectorAll(\"[data-testid='writable-row']\").length >= 6";
    page.wait_for("six changes", all);
    let seen = rows(&page);
    for (path, deed) in expected {
        let shown = seen.get(path).map(String::as_str);
        // A move is a renaming while it is watched; whoever comes later sees a new file.
        let renamed = path == "etc/g2" && shown == Some("renamed");
        assert!(shown == Some(deed) || renamed, "{path}: {shown:?} in {seen:?}");
    }
    page.finish("container");

    page.click(&id("tab-commit"));
    page.fill(&id("commit-repository"), "hardened");
    page.click(&id("commit"));
    page.wait_for("the new image", "location.pathname.startsWith('/image/hardened')");
    page.wait(&id("sheet"));
    assert_eq!(page.count(&id("sheet")), 2, "one layer more");
    page.finish("committed");
    drop(page);

    let image = docker.run(&["image", "inspect", "hardened"]).ok();
    let image: Value = serde_json::from_str(image.text()).expect("JSON");
    assert_eq!(image[0]["RootFS"]["Layers"].as_array().map(Vec::len), Some(2));
    let files = docker.run(&["run", "--rm", "hardened", "ls", "/etc"]).ok();
    assert_eq!(files.lines(), ["g2", "hello", "hostname", "hosts", "mtab", "new", "passwd", "resolv.conf"]);
}
