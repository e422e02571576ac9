//! Containers' pages on every screen, in both languages, light and dark.

use crate::{
    container::server,
    look::{CONTRAST, NAMELESS, OVERFLOW},
    scene::*,
};
use serde_json::{Value, json};

/// Figures that are cut off or have to be scrolled to.
const CUT: &str = "
    return [...document.querySelectorAll('.bottom, .image-head, .panel-tabs, .pane-head, .changes-bar, .share, .shelf-bar')]
        .filter(e => e.getClientRects().length && e.scrollWidth > e.clientWidth + 1)
        .map(e => `${e.className}: ${e.scrollWidth} of ${e.clientWidth}`)";

/// What is too pale, cut off or reaches out of the page, from a phone to a desk.
pub(crate) fn misfits(page: &Visit, scene: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut check = |what: &str, script: &str, right: Value| {
        let found = page.eval(script, vec![]);
        if found != right {
            wrong.push(format!("{scene}, {what}: {found}"));
        }
    };
    page.wait_for("rest", "document.getAnimations().every(one => one.playState !== 'running')");
    check("contrast", CONTRAST, json!([]));
    check("names", NAMELESS, json!([]));
    for (width, height) in [(1280, 800), (900, 700), (640, 800), (390, 844), (320, 640)] {
        page.resize(width, height);
        page.eval_async("requestAnimationFrame(() => requestAnimationFrame(() => done(1)))", vec![]);
        page.picture(&format!("{scene}-{width}"));
        check(&format!("{width} wide"), OVERFLOW, json!([true, []]));
        check(&format!("{width} wide"), CUT, json!([]));
    }
    page.resize(1280, 800);
    wrong
}

#[test]
fn every_dialog_and_empty_page_fits() {
    let Some((strata, docker, _registry)) = server() else { return };
    let page = enter(&strata, "/containers");
    let mut wrong = Vec::new();
    for (lang, scheme) in [("en", "dark"), ("zh-CN", "light")] {
        page.prefer_scheme(scheme);
        page.eval("localStorage['strata-language'] = arguments[0]", vec![json!(lang)]);
        page.resize(1280, 800);
        page.open(&format!("{}/containers", strata.home()));
        page.wait(&id("no-containers"));
        wrong.extend(misfits(&page, &format!("empty-{lang}")));
        page.click(&id("run-open"));
        page.wait(&id("run-dialog"));
        page.fill(&id("run-image"), "box");
        page.fill(&id("run-name"), "x");
        page.fill(&id("run-ports"), "80:80:80:80");
        page.wait(&id("run-wrong-name"));
        wrong.extend(misfits(&page, &format!("run-{lang}")));
        page.open(&format!("{}/container/nobody", strata.home()));
        page.wait(&id("container-failed"));
        wrong.extend(misfits(&page, &format!("nobody-{lang}")));
        docker.run(&["run", "-dt", "--network", "none", "--name", "ended", "box", "false"]).ok();
        page.open(&format!("{}/container/ended", strata.home()));
        page.wait(&format!("{}[data-state='exited']", id("container-state")));
        page.wait(&id("terminal-ended"));
        page.wait(&id("writable-empty"));
        wrong.extend(misfits(&page, &format!("ended-{lang}")));
        page.click(&id("remove"));
        page.wait(&id("remove-ask"));
        wrong.extend(misfits(&page, &format!("remove-{lang}")));
        page.click(&id("remove-yes"));
        page.wait(&id("no-containers"));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_page_of_a_container_fits() {
    let Some((strata, docker, _registry)) = server() else { return };
    for name in ["tour", "other"] {
        docker
            .run(&[
                "run",
                "-d",
                "--network",
                "none",
                "--name",
                name,
                "box",
                "sh",
                "-c",
                "echo out; echo err >&2; sleep 1000",
            ])
            .ok();
    }
    let work = "echo bob:x:1001: >> /etc/group; chmod 600 /etc/passwd; rm /bin/vi; mkdir -p /srv/a/rather/long/path/to; \
                mv /srv/cold /srv/a/rather/long/path/to/something-with-a-long-name; echo '12 bytes it' >> /srv/large";
    docker.run(&["exec", "tour", "sh", "-c", work]).ok();
    docker.run(&["exec", "other", "sh", "-c", "echo x > /srv/x"]).ok();
    let page = enter(&strata, "/containers");
    let pages = [
        ("/containers", "container-row"),
        ("/container/tour", "writable-row"),
        ("/container/tour?shell=on", "terminal-shell"),
        ("/container/tour/changes/etc/group", "diff"),
        ("/container/tour/reads", "reads"),
        ("/container/tour/logs", "log-line"),
        ("/container/tour/mount", "mount-command"),
        ("/container/tour/commit", "commit-form"),
        ("/container/tour/beside/other", "shared-bytes"),
    ];
    let mut wrong = Vec::new();
    for (lang, scheme) in [("en", "light"), ("zh-CN", "dark")] {
        page.prefer_scheme(scheme);
        page.eval("localStorage['strata-language'] = arguments[0]", vec![json!(lang)]);
        for (path, sign) in pages {
            page.resize(1280, 800);
            page.open(&format!("{}{path}", strata.home()));
            page.wait(&id(sign));
            if path.ends_with("/reads") {
                page.click(&id("reads-follow"));
                page.wait(&id("reads-total"));
                docker.run(&["exec", "tour", "cat", "/etc/group"]).ok();
                page.wait(&id("read-row"));
            } else if path.starts_with("/container/tour") {
                page.wait(&format!("{}[data-bytes='24']", id("figure-changed")));
            }
            wrong.extend(misfits(
                &page,
                &format!("{}-{lang}", path.trim_start_matches('/').replace('/', "_")),
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));

    // Its program reads nothing that is typed; a shell of its own does, and ends with its page.
    page.open(&format!("{}/container/tour", strata.home()));
    page.click(&id("terminal-shell"));
    page.wait_for("its address", "location.search === '?shell=on'");
    page.wait_text(".xterm-rows", "/ #");
    page.click(".xterm-screen");
    page.keys("echo typed > /srv/typed\n");
    page.wait("[data-testid='writable-row'][data-path='srv/typed']");
    page.keys("exit\n");
    page.wait_text(&id("terminal-reason"), "shell");
    page.picture("shell-ended");
    page.click(&id("terminal-again"));
    page.wait_for("another", "document.querySelector(\"[data-testid='terminal']\").dataset.state === 'open'");
    page.wait_text(".xterm-rows", "/ #");
    page.back();
    page.wait_text(".xterm-rows", "out");
    let processes = || docker.run(&["top", "tour", "-o", "pid,args"]).ok().lines().len();
    let begun = std::time::Instant::now();
    while processes() > 2 {
        assert!(begun.elapsed().as_secs() < 10, "the shell stays");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    page.finish("container-pages");
}
