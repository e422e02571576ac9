//! Containers' pages on every screen, in both languages, light and dark.

use crate::{
    container::server,
    look::{CONTRAST, OVERFLOW},
    scene::*,
};
use serde_json::json;

/// Figures that are cut off or have to be scrolled to.
const CUT: &str = "
    return [...document.querySelectorAll('.bottom, .image-head, .panel-tabs, .pane-head, .changes-bar, .share, .shelf-bar')]
        .filter(e => e.getClientRects().length && e.scrollWidth > e.clientWidth + 1)
        .map(e => `${e.className}: ${e.scrollWidth} of ${e.clientWidth}`)";

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
            page.wait_for("rest", "document.getAnimations().every(one => one.playState !== 'running')");
            let pale = page.eval(CONTRAST, vec![]);
            if pale != json!([]) {
                wrong.push(format!("{path} in {scheme}: {pale}"));
            }
            for (width, height) in [(1280, 800), (900, 700), (640, 800), (390, 844), (320, 640)] {
                page.resize(width, height);
                page.eval_async("requestAnimationFrame(() => requestAnimationFrame(() => done(1)))", vec![]);
                page.picture(&format!("{}-{lang}-{width}", path.trim_start_matches('/').replace('/', "_")));
                for (what, right) in [(OVERFLOW, json!([true, []])), (CUT, json!([]))] {
                    let found = page.eval(what, vec![]);
                    if found != right {
                        wrong.push(format!("{path} at {width} in {lang}: {found}"));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    page.finish("container-pages");
}
