//! What goes to registries: push, login, search; and images in and out of archives.

use strata_tests::{
    duel::{Duel, sorted},
    registry::{PASSWORD, USER},
};

use crate::scene::{each, id, with_images};

/// Without the digest and size of a manifest: dockerd compresses again what it pulled, Strata sends what it got.
pub(crate) fn without_digests(text: &str) -> String {
    let digest = |line: &str| match line.split_once(": digest: sha256:") {
        Some((tag, _)) => format!("{tag}: digest"),
        None => line.to_owned(),
    };
    let lines: Vec<String> = text.lines().map(digest).collect();
    // Layers are sent side by side; whether one has to wait is a matter of timing.
    let lines: Vec<&str> =
        lines.iter().map(String::as_str).filter(|line| !line.ends_with(": Waiting")).collect();
    sorted(&lines.join("\n"))
}

/// Each engine pushes to a repository of its own, so that one doesn't find what the other has sent.
fn push_both(duel: &Duel<'_>, image: &str, to: &str) -> [String; 2] {
    let (dockerd, strata) = duel.clients();
    let one = |client: &strata_tests::Docker, who: &str| {
        let name = to.replace("WHO", who);
        client.run(&["tag", image, &name]).ok();
        let run = client.run(&["push", &name]);
        format!("{}\n{}{}", run.code, without_digests(&run.stdout), run.stderr).replace(who, "WHO")
    };
    [one(dockerd, "by-dockerd"), one(strata, "by-strata")]
}

#[test]
fn pushes_say_the_same() {
    with_images(|duel, names| {
        let demo = names.open("demo");
        for (what, to) in [
            ("for the first time, from where it came", names.open("WHO/demo:1")),
            ("again", names.open("WHO/demo:1")),
            ("another tag", names.open("WHO/demo:2")),
            ("to a registry that wants a login", names.closed("WHO/demo:1")),
        ] {
            let [dockerd, strata] = push_both(duel, &demo, &to);
            if dockerd != strata {
                duel.note(format!("push {what}\n--- dockerd: {dockerd}\n--- strata: {strata}"));
            }
        }
        duel.log_in(names.closed.trim_end_matches('/'), USER, PASSWORD);
        let [dockerd, strata] = push_both(duel, &demo, &names.closed("WHO/demo:1"));
        if dockerd != strata {
            duel.note(format!("push with a login\n--- dockerd: {dockerd}\n--- strata: {strata}"));
        }
        let nowhere = names.open("nowhere");
        duel.same(&["push", &nowhere]);
        duel.same(&["push", "--all-tags", &nowhere]);
        duel.same(&["push", &format!("{demo}:none")]);
        duel.same(&["push", &names.open("UPPER")]);
    });
}

#[test]
fn logins_say_the_same() {
    each(|duel, names| {
        let closed = names.closed.trim_end_matches('/');
        duel.same(&["login", "-u", USER, "-p", "wrong", closed]);
        // The command line warns where it keeps the password, which is another place for each.
        let unplaced = |text: &str| {
            text.lines().filter(|line| !line.contains("config.json")).collect::<Vec<_>>().join("\n")
        };
        duel.same_as(&["login", "-u", USER, "-p", PASSWORD, closed], unplaced);
        duel.prepare(&["pull", &names.closed("private")]);
        duel.same(&["logout", closed]);
        duel.same_code(&["pull", &names.closed("private")], "dockerd names the URL of the manifest");
    });
}

#[test]
fn searches_that_fail_say_the_same() {
    each(|duel, names| {
        let term = names.open("demo");
        // Debian's registry has no search.
        duel.same_code(&["search", &term], "each words a 404 itself");
        duel.same(&["search", "--limit", "101", &term]);
        duel.same_code(
            &["search", "--filter", "nope=1", &term],
            "the map of what is allowed is printed as Go does",
        );
    });
}

#[test]
fn archives_say_the_same() {
    with_images(|duel, names| {
        let scratch = strata_tests::Scratch::new("duel-archives");
        let demo = names.open("demo");
        let (dockerd, strata) = duel.clients();
        let archive = scratch.join("demo.tar");
        let path = archive.to_str().expect("UTF-8");
        dockerd.run(&["save", "-o", path, &demo]).ok();
        let before = id(duel, &demo);
        duel.empty();
        duel.same(&["load", "-i", path]);
        duel.same(&["load", "-q", "-i", path]);
        assert_eq!(id(duel, &demo), before);
        // The name means what is pulled already.
        duel.same(&["pull", &demo]);
        duel.same(&["pull", &demo]);
        strata.run(&["save", "-o", path, &demo]).ok();
        duel.empty();
        duel.same_as(&["load", "-i", path], sorted);
        assert_eq!(id(duel, &demo), before);
        duel.same(&["history", "--no-trunc", &demo]);
        let none = scratch.join("none.tar");
        for name in ["nope", "nope:1", "sha256:1234"] {
            duel.same(&["save", "-o", none.to_str().expect("UTF-8"), name]);
        }
    });
}

#[test]
fn imports_make_the_same() {
    with_images(|duel, names| {
        let scratch = strata_tests::Scratch::new("duel-import");
        let files = scratch.dir("files");
        std::fs::write(files.join("hello"), "hello\n").expect("writes");
        let tar = scratch.join("files.tar");
        let packed = strata_tests::run(
            std::process::Command::new("tar").args(["-C"]).arg(&files).arg("-cf").arg(&tar).arg("."),
        );
        packed.ok();
        let path = tar.to_str().expect("UTF-8");
        let changes = ["-c", "CMD [\"/hello\"]", "-c", "ENV A=b", "-c", "EXPOSE 80", "-m", "a note"];
        duel.same_code(&[&["import"], &changes[..], &[path, "made:1"]].concat(), "ids have the time in them");
        let fields =
            "{{json .Config}} {{json .RootFS}} {{.Comment}} {{.Architecture}} {{.Size}} {{.RepoTags}}";
        duel.same(&["image", "inspect", "--format", fields, "made:1"]);
        duel.same_as(
            &["history", "--format", "{{.Comment}}|{{.Size}}|{{.CreatedBy}}", "made:1"],
            str::to_owned,
        );
        duel.same(&["import", path, "UPPER:1"]);
        duel.same(&["import", "-c", "RUN x", path, "x"]);
        duel.same(&["import", path, &format!("x@{}", id(duel, &names.open("demo")))]);
        duel.same_code(&["import", "http://127.0.0.1:1/none", "x"], "each words it itself");
        duel.prepare(&["import", path]);
        duel.same(&["images", "--filter", "dangling=true", "--format", "{{.Repository}}:{{.Tag}} {{.Size}}"]);
    });
}
