//! Contexts: made, written, listed, moved, removed; whole after a crash.

use std::os::unix::fs::MetadataExt as _;

use serde_json::{Value, json};
use strata_forge::{Compression, Entry, Layer, compress};
use strata_oci::Digest;
use strata_tests::{Strata, http::Request};

use crate::scene::{fine, paths, post, put, refused, workshop};

#[test]
fn a_context_is_written_and_read() {
    let strata = Strata::start();
    let workshop = workshop(&strata);
    assert_eq!(paths(&strata, &workshop), ["f Dockerfile"]);
    let entry = fine(put(&strata, &workshop, "src/deep/main.c", "int main;\n"));
    assert_eq!(entry["digest"], json!(Digest::of(b"int main;\n")));
    assert_eq!(
        (entry["mode"].as_u64(), entry["size"].as_u64(), entry["uid"].as_u64()),
        (Some(0o644), Some(10), Some(0))
    );
    let read = strata.get(&format!("{workshop}/file?path=src/deep/main.c"));
    assert_eq!((read.status, read.text().as_str()), (200, "int main;\n"));
    assert_eq!(paths(&strata, &workshop), ["f Dockerfile", "d src", "d src/deep", "f src/deep/main.c"]);

    let script =
        strata.ask(Request::new("PUT", &format!("{workshop}/file?path=run.sh&mode=755")).body("#!/bin/sh\n"));
    assert_eq!(fine(script)["mode"], json!(0o755));
    let again = fine(put(&strata, &workshop, "run.sh", "#!/bin/sh\necho\n"));
    assert_eq!(again["mode"], json!(0o755), "a mode stays");
    let moved = strata.ask(Request::new("POST", &format!("{workshop}/move?path=src&to=lib/code")));
    assert_eq!(fine(moved)["path"], "lib/code");
    let taken = strata.ask(Request::new("POST", &format!("{workshop}/move?path=run.sh&to=Dockerfile")));
    assert!(refused(taken, 409).contains("Dockerfile"));
    let inside = strata.ask(Request::new("POST", &format!("{workshop}/move?path=lib&to=lib/code/x")));
    assert!(refused(inside, 409).contains("itself"));
    fine(strata.ask(Request::new("PUT", &format!("{workshop}/directory?path=empty/one"))));
    fine(strata.ask(Request::new("DELETE", &format!("{workshop}/file?path=lib"))));
    assert_eq!(paths(&strata, &workshop), ["f Dockerfile", "d empty", "d empty/one", "f run.sh"]);
    assert_eq!(strata.get(&format!("{workshop}/file?path=lib")).status, 404);

    let odd = "%E4%B8%AD%0A%20%FF";
    fine(put(&strata, &workshop, odd, "any bytes"));
    assert_eq!(strata.get(&format!("{workshop}/file?path={odd}")).text(), "any bytes");
}

#[test]
fn a_writer_that_knows_an_old_version_is_told() {
    let strata = Strata::start();
    let workshop = workshop(&strata);
    let write = |was: &str, content: &str| {
        strata.ask(Request::new("PUT", &format!("{workshop}/file?path=a{was}")).body(content))
    };
    fine(write("&was=", "one"));
    assert!(refused(write("&was=", "two"), 409).contains("somebody else"));
    let one = Digest::of(b"one");
    fine(write(&format!("&was={one}"), "two"));
    refused(write(&format!("&was={one}"), "three"), 409);
    assert!(refused(write("&was=nonsense", "three"), 400).contains("digest"));
    assert_eq!(strata.get(&format!("{workshop}/file?path=a")).text(), "two");
}

#[test]
fn settings_are_kept_over_a_restart() {
    let mut strata = Strata::start();
    let workshop = workshop(&strata);
    let change =
        json!({ "name": "我的", "tags": ["demo:1"], "args": [["A", "1"], ["B", null]], "target": "build" });
    fine(post(&strata, &workshop, &change));
    assert!(refused(post(&strata, &workshop, &json!({ "name": "x", "tags": ["NO"] })), 400).contains("NO"));
    fine(put(&strata, &workshop, "Dockerfile", "FROM scratch\n"));
    strata.kill();
    strata.restart();
    let found = fine(strata.get(&workshop));
    assert_eq!(found["card"]["name"], "我的");
    assert_eq!(found["tags"], json!(["demo:1"]));
    assert_eq!(found["args"], json!([["A", "1"], ["B", null]]));
    assert_eq!(found["target"], "build");
    assert_eq!(strata.get(&format!("{workshop}/file?path=Dockerfile")).text(), "FROM scratch\n");
    let cards = fine(strata.get("/api/workshops"));
    assert_eq!(cards.as_array().map(Vec::len), Some(1));
    fine(strata.ask(Request::new("DELETE", &workshop)));
    assert_eq!(strata.get(&workshop).status, 404);
    assert_eq!(fine(strata.get("/api/workshops")), json!([]));
}

#[test]
fn templates_and_copies_start_with_their_files() {
    let strata = Strata::start();
    let templates = fine(strata.get("/api/templates"));
    let names: Vec<&str> =
        templates.as_array().into_iter().flatten().filter_map(|one| one["name"].as_str()).collect();
    assert!(names.contains(&"hello"), "{names:?}");
    for name in names {
        let request = json!({ "name": "", "origin": { "kind": "template", "name": name } });
        let made = fine(post(&strata, "/api/workshops", &request));
        assert_eq!(made["card"]["name"], name);
        let id = made["card"]["id"].as_str().expect("an id").to_owned();
        let listed = paths(&strata, &format!("/api/workshops/{id}"));
        assert!(listed.contains(&"f Dockerfile".to_owned()), "{name}: {listed:?}");
        let request = json!({ "name": "", "origin": { "kind": "copy", "workshop": id } });
        let copied = fine(post(&strata, "/api/workshops", &request));
        let copy = format!("/api/workshops/{}", copied["card"]["id"].as_str().expect("an id"));
        assert_eq!(paths(&strata, &copy), listed);
        // The two are one file on the disk, and still not one to those who write.
        fine(put(&strata, &copy, "Dockerfile", "FROM changed\n"));
        assert_ne!(strata.get(&format!("/api/workshops/{id}/file?path=Dockerfile")).text(), "FROM changed\n");
    }
    let missing = json!({ "name": "", "origin": { "kind": "template", "name": "../../etc" } });
    refused(post(&strata, "/api/workshops", &missing), 404);
    let shared = json!({ "name": "", "origin": { "kind": "shared", "dockerfile": "FROM scratch\n" } });
    assert_eq!(fine(post(&strata, "/api/workshops", &shared))["origin"]["dockerfile"], "FROM scratch\n");
}

#[test]
fn tars_are_unpacked_whole_or_not_at_all() {
    let strata = Strata::start();
    let layer = Layer::new()
        .file("Dockerfile", "FROM scratch\n")
        .with(Entry::file("bin/tool", "x").mode(0o755).owner(7, 8))
        .symlink("link", "bin/tool")
        .hardlink("same", "bin/tool");
    for compression in [Compression::None, Compression::Gzip(6), Compression::Zstd(3)] {
        let tar = compress(&layer.tar(), compression);
        let made = strata.ask(Request::new("POST", "/api/workshops/upload?name=tar").body(tar));
        let made = fine(made);
        let workshop = format!("/api/workshops/{}", made["card"]["id"].as_str().expect("an id"));
        let all = ["f Dockerfile", "d bin", "f bin/tool", "l link > bin/tool", "f same"];
        assert_eq!(paths(&strata, &workshop), all, "{compression:?}");
        let listing = fine(strata.get(&format!("{workshop}/files")));
        let tool =
            listing["entries"].as_array().and_then(|all| all.iter().find(|one| one["path"] == "bin/tool"));
        let tool = tool.expect("it is listed");
        assert_eq!((&tool["uid"], &tool["gid"], &tool["mode"]), (&json!(7), &json!(8), &json!(0o755)));

        let more = Layer::new().file("link", "a file now").file("bin/more", "y").tar();
        let listing = fine(strata.ask(Request::new("POST", &format!("{workshop}/upload?path=")).body(more)));
        assert_eq!(listing["entries"].as_array().map(Vec::len), Some(6));
        let below = Layer::new().file("z", "z").tar();
        fine(strata.ask(Request::new("POST", &format!("{workshop}/upload?path=a/b")).body(below)));
        assert!(paths(&strata, &workshop).contains(&"f a/b/z".to_owned()));
        let before = paths(&strata, &workshop);
        let device = Layer::new().file("first", "1").char_device("null", 1, 3).tar();
        let answer = strata.ask(Request::new("POST", &format!("{workshop}/upload?path=")).body(device));
        assert!(refused(answer, 400).contains("device"));
        let cut = &Layer::new().file("big", vec![b'x'; 100_000]).tar()[..50_000];
        refused(strata.ask(Request::new("POST", &format!("{workshop}/upload?path=")).body(cut)), 400);
        assert_eq!(paths(&strata, &workshop), before, "nothing came of it");
    }
    refused(strata.ask(Request::new("POST", "/api/workshops/upload").body("no tar")), 400);
}

/// Whatever moment the server is killed at, a file is the old one or the new one, and nothing else is there.
#[test]
fn a_kill_leaves_whole_files() {
    let mut strata = Strata::start();
    let workshop = workshop(&strata);
    let content = |round: usize| format!("{round:05}\n").repeat(100_000);
    fine(put(&strata, &workshop, "file", &content(0)));
    for round in 1..6 {
        let request = Request::new("PUT", &format!("{workshop}/file?path=file"))
            .header("Authorization", &format!("Bearer {}", strata.token()))
            .body(content(round));
        let dial = strata.tcp();
        let writer = std::thread::spawn(move || request.send(&dial));
        // Different moments of the same work.
        std::thread::sleep(std::time::Duration::from_millis(3 * round as u64));
        strata.kill();
        let _ = writer.join();
        strata.restart();
        let text = strata.get(&format!("{workshop}/file?path=file")).text();
        let number: usize = text[..5].parse().expect("a whole line");
        assert!(text == content(number) && number <= round, "file of round {number}");
        assert_eq!(paths(&strata, &workshop), ["f Dockerfile", "f file"]);
        let left = std::fs::read_dir(strata.data().join("workshops/tmp")).expect("is there").count();
        assert_eq!(left, 0);
    }
    let root = std::fs::metadata(strata.data().join("workshops")).expect("is there");
    assert_eq!(root.mode() & 0o777, 0o700, "set-user-id programs of contexts lie in it");
}

#[test]
fn a_file_has_ranges_and_is_no_page() {
    let strata = Strata::start();
    let workshop = workshop(&strata);
    fine(put(&strata, &workshop, "page.html", "<script>alert(1)</script>"));
    let answer =
        strata.ask(Request::get(&format!("{workshop}/file?path=page.html")).header("Range", "bytes=1-6"));
    assert_eq!((answer.status, answer.text().as_str()), (206, "script"));
    assert_eq!(answer.header("content-type"), Some("application/octet-stream"));
    assert_eq!(answer.header("content-disposition"), Some("attachment"));
    assert!(answer.header("content-security-policy").is_some_and(|policy| policy.contains("sandbox")));
    let _: Value = fine(strata.get(&workshop));
}

/// An ordinary user owns everything that it keeps, and says of it what docker would: it is root's.
#[test]
fn an_ordinary_user_keeps_contexts_too() {
    if strata_tests::skip_without(&["setpriv"]) {
        return;
    }
    let options = strata_tests::strata::Options { uid: Some(65_534), ..Default::default() };
    let strata = Strata::with(options);
    let tar = Layer::new()
        .file("Dockerfile", "FROM scratch\n")
        .with(Entry::file("bin/tool", "x").mode(0o755).owner(7, 8))
        .symlink("link", "bin/tool");
    let made = fine(strata.ask(Request::new("POST", "/api/workshops/upload?name=tar").body(tar.tar())));
    let workshop = format!("/api/workshops/{}", made["card"]["id"].as_str().expect("an id"));
    let listing = fine(strata.get(&format!("{workshop}/files")));
    let owners: Vec<_> =
        listing["entries"].as_array().into_iter().flatten().map(|one| (&one["uid"], &one["gid"])).collect();
    assert!(owners.len() == 4 && owners.iter().all(|owner| *owner == (&json!(0), &json!(0))), "{owners:?}");
    fine(put(&strata, &workshop, "more/file", "x"));
    let copy =
        json!({ "name": "copy", "origin": { "kind": "copy", "workshop": workshop.rsplit('/').next() } });
    let copied = fine(post(&strata, "/api/workshops", &copy));
    let copied = format!("/api/workshops/{}", copied["card"]["id"].as_str().expect("an id"));
    assert_eq!(paths(&strata, &copied), paths(&strata, &workshop));
    fine(strata.ask(Request::new("DELETE", &workshop)));
}
