//! Paths, archives and settings that mean harm.

use std::{fs, os::unix::fs::symlink};

use serde_json::json;
use strata_forge::{Entry, Layer};
use strata_tests::{Scratch, Strata, http::Request};

use crate::scene::{fine, paths, post, put, refused, workshop};

#[test]
fn no_path_leads_out() {
    let strata = Strata::start();
    let workshop = workshop(&strata);
    let outside = Scratch::new("outside");
    fs::write(outside.join("secret"), "secret").expect("writes");
    let hostile = ["..", "../x", "a/../../x", "%2e%2e/%2e%2e/x", "..%2f..%2fx", "a%00b", "."];
    for path in hostile {
        for (method, route) in [("PUT", "file"), ("GET", "file"), ("DELETE", "file"), ("PUT", "directory")] {
            let answer =
                strata.ask(Request::new(method, &format!("{workshop}/{route}?path={path}")).body("x"));
            assert!(
                matches!(answer.status, 400 | 404 | 409),
                "{method} {route} {path}: {} {}",
                answer.status,
                answer.text()
            );
        }
    }
    let long = "a/".repeat(3000);
    refused(put(&strata, &workshop, &long, "x"), 400);
    // An absolute path is one from the context's root.
    fine(put(&strata, &workshop, "/etc/passwd", "x"));
    assert!(paths(&strata, &workshop).contains(&"f etc/passwd".to_owned()));

    // Links that an archive brings lead nowhere, whether they are on the way or at the end.
    let target = outside.path().display().to_string();
    let tar = Layer::new()
        .symlink("out", &target)
        .symlink("secret", format!("{target}/secret"))
        .symlink("up", "../../..")
        .tar();
    fine(strata.ask(Request::new("POST", &format!("{workshop}/upload?path=")).body(tar)));
    for path in ["out/secret", "out/new", "up/x", "secret"] {
        let read = strata.get(&format!("{workshop}/file?path={path}"));
        assert!(matches!(read.status, 400 | 404 | 409), "{path}: {} {}", read.status, read.text());
    }
    for path in ["out/new", "up/x"] {
        assert!(refused(put(&strata, &workshop, path, "x"), 409).contains("link"), "{path}");
        let answer = strata.ask(Request::new("PUT", &format!("{workshop}/directory?path={path}/d")));
        refused(answer, 409);
    }
    let answer =
        strata.ask(Request::new("POST", &format!("{workshop}/move?path=Dockerfile&to=out/Dockerfile")));
    refused(answer, 409);
    // A write to a link replaces the link.
    fine(put(&strata, &workshop, "secret", "mine"));
    assert_eq!(fs::read_to_string(outside.join("secret")).expect("is there"), "secret");
    fine(strata.ask(Request::new("DELETE", &format!("{workshop}/file?path=out"))));
    assert_eq!(fs::read_dir(outside.path()).expect("is there").count(), 1);

    // One that somebody put there by hand is not followed either.
    let id = workshop.rsplit('/').next().expect("an id");
    symlink("/etc", strata.data().join(format!("workshops/{id}/context/planted"))).expect("links");
    refused(put(&strata, &workshop, "planted/strata-test", "x"), 409);
    assert!(!std::path::Path::new("/etc/strata-test").exists());
}

#[test]
fn archives_stay_inside() {
    let strata = Strata::start();
    let workshop = workshop(&strata);
    let outside = Scratch::new("outside");
    let target = outside.path().display().to_string();
    let upload = |layer: Layer| {
        strata.ask(Request::new("POST", &format!("{workshop}/upload?path=")).body(layer.tar()))
    };
    let through = Layer::new().symlink("d", &target).file("d/x", "x");
    assert_ne!(upload(through).status, 500);
    for layer in [
        Layer::new().file("../x", "x"),
        Layer::new().with(Entry::hardlink("h", "/etc/passwd")),
        Layer::new().with(Entry::hardlink("h", "../../../../etc/passwd")),
        Layer::new().fifo("p"),
        Layer::new().block_device("b", 8, 0),
    ] {
        refused(upload(layer), 400);
    }
    assert_eq!(fs::read_dir(outside.path()).expect("is there").count(), 0);
    let listed = paths(&strata, &workshop);
    assert!(!listed.iter().any(|path| path.contains("passwd") || path.ends_with('h')), "{listed:?}");
}

#[test]
fn a_context_has_limits() {
    let strata = Strata::start();
    let workshop = workshop(&strata);
    let large =
        strata.ask(Request::new("PUT", &format!("{workshop}/file?path=x")).body(vec![b'x'; (64 << 20) + 1]));
    assert!(refused(large, 400).contains("tar"));
    assert_eq!(paths(&strata, &workshop), ["f Dockerfile"]);
}

#[test]
fn ids_and_names_are_checked() {
    let strata = Strata::start();
    for id in ["x", "..", "..%2f..%2fetc", "tmp", "000000000000", "00000000000g", "%00"] {
        let answer = strata.get(&format!("/api/workshops/{id}"));
        assert_eq!(answer.status, 404, "{id}: {}", answer.text());
    }
    for name in ["a\nb", &"x".repeat(101)] {
        refused(
            post(&strata, "/api/workshops", &json!({ "name": name, "origin": { "kind": "empty" } })),
            400,
        );
    }
    refused(post(&strata, "/api/workshops", &json!({ "name": "x", "origin": { "kind": "upload" } })), 400);
    refused(post(&strata, "/api/workshops", &json!({ "name": "x", "origin": { "kind": "nothing" } })), 400);
    assert_eq!(fine(strata.get("/api/workshops")), json!([]));
}
