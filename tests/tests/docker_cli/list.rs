//! `docker images`.

use crate::scene::*;
use strata_tests::{
    duel::{settled, sorted},
    fixture,
};

#[test]
fn images() {
    with_images(|duel, names| {
        let demo = names.open("demo");
        let tool = names.open("team/tool:1.0");
        for name in ["demo", "demo:x", "demo:v1", "team/demo", "library/other"] {
            duel.prepare(&["tag", &demo, name]);
        }
        duel.prepare(&["tag", &tool, "decade"]);
        let (before, since) = (format!("before={tool}"), format!("since={tool}"));
        let cases: &[&[&str]] = &[
            &[],
            &["-a"],
            &["-q"],
            &["--no-trunc"],
            &["-q", "--no-trunc"],
            &["--digests"],
            &["--digests", "--no-trunc"],
            &["demo"],
            &["demo:x"],
            &["demo:nosuch"],
            &["nosuch"],
            &["library/demo"],
            &["docker.io/library/demo"],
            &["docker.io/demo"],
            &["127.0.0.1*/demo"],
            &[&demo],
            &[&names.open("demo:v1")],
            &["de*"],
            &["d?mo"],
            &["[a-d]ec*"],
            &["*"],
            &["*/*"],
            &["*/*/*"],
            &["team/*"],
            &["de*:x"],
            &["*:v1"],
            &["other"],
            &["library/other"],
            &["Upper"],
            &["--filter", "reference=de*"],
            &["--filter", "reference=*:v1"],
            &["--filter", "reference=demo", "--filter", "reference=decade"],
            &["--filter", "reference=demo", "--filter", "label=org.example.kind=demo"],
            &["--filter", "label=org.example.kind"],
            &["--filter", "label=org.example.kind=other"],
            &["--filter", "label=org.example.kind=nosuch"],
            &["--filter", "label=nosuch"],
            &["--filter", "label=org.example.kind=demo", "--filter", "label=maintainer"],
            &["--filter", "dangling=true"],
            &["--filter", "dangling=false"],
            &["--filter", &before],
            &["--filter", &since],
            &["--filter", "before=nosuch"],
            &["--filter", "since=nosuch"],
            &["--filter", "dangling=false", "de*"],
            &[
                "--format",
                "{{.Repository}} {{.Tag}} {{.ID}} {{.Digest}} {{.Size}} {{.CreatedAt}} {{.CreatedSince}}",
            ],
            &["--format", "table {{.Repository}}\t{{.SharedSize}}\t{{.VirtualSize}}\t{{.Containers}}"],
            &["--format", "json"],
            &["one", "two"],
        ];
        for case in cases {
            duel.same_as(&[&["images"], *case].concat(), sorted);
        }
        // Worded as later versions of dockerd have it, or with the part that is wrong.
        let wrong: &[(&[&str], &str)] = &[
            (&["["], "syntax error in pattern"),
            (&["demo:["], "syntax error in pattern"),
            (&["--filter", "reference=["], "syntax error in pattern"),
            (&["--filter", "dangling=maybe"], "nvalid filter 'dangling="),
            (&["--filter", "nosuch=1"], "nvalid filter 'nosuch'"),
        ];
        for (case, message) in wrong {
            let run = duel.same_code(&[&["images"], *case].concat(), "worded by each engine").fails();
            assert!(run.stderr.contains(message), "{run}");
        }
        duel.same_as(&["image", "ls"], sorted);
        duel.same_as(&["image", "list", "de*"], sorted);
    });
}

/// Newest first; images of one second, or with several names, come in no fixed order from either.
#[test]
fn images_are_listed_newest_first() {
    each(|duel, names| {
        for day in ["03", "01", "02", "05", "04"] {
            let created = format!("2024-05-{day}T10:00:00.5Z");
            let image = fixture::created(&fixture::small(day).build(), &created);
            let name = names.open(&format!("day:{day}"));
            fixture::push(&arena().skopeo, &image, &name);
            duel.prepare(&["pull", "-q", &name]);
        }
        let rows = duel.same(&["images"]);
        assert!(rows.stdout.find("05").expect("listed") < rows.stdout.find(" 01").expect("listed"), "{rows}");
        duel.same(&["images", "--format", "{{.Tag}} {{.CreatedAt}} {{.CreatedSince}}"]);
        duel.same(&["images", "-q", "--filter", &format!("before={}", names.open("day:03"))]);
        duel.same(&["images", "-q", "--filter", &format!("since={}", names.open("day:03"))]);
        duel.same_as(&["image", "prune", "-af", "--filter", "until=2024-05-03T00:00:00"], sorted);
        duel.same(&["images", "--format", "{{.Tag}}"]);
    });
}

#[test]
fn dangling_images() {
    each(|duel, names| {
        let moving = names.open("moving");
        let push = |text: &str| fixture::push(&arena().skopeo, &fixture::small(text).build(), &moving);
        push("first");
        duel.same(&["pull", &moving]);
        push("second");
        // The name moves to the new image, the old one is left without.
        duel.same(&["pull", &moving]);
        for filter in ["dangling=true", "dangling=false"] {
            duel.same_as(&["images", "--filter", filter], sorted);
            duel.same_as(&["images", "--digests", "--filter", filter], sorted);
        }
        duel.same_as(&["images"], sorted);
        duel.same_as(&["images", "-q"], sorted);
        duel.same_as(&["images", "moving"], sorted);
        duel.same(&["system", "df"]);
        duel.same_as(&["system", "df", "-v"], sorted);
        let prune = duel.same(&["image", "prune", "--force"]);
        assert!(prune.stdout.contains("deleted: sha256:"), "{prune}");
        duel.same(&["image", "prune", "--force"]);
        duel.same_as(&["images", "-a"], sorted);
    });
}

/// What nobody lists shares nothing: an image made in two steps has the layers of both for its own.
#[test]
fn steps_are_no_sharers() {
    with_images(|duel, names| {
        let mut from = names.open("demo");
        for (step, file) in [("one", "/bin/busybox"), ("two", "/etc/os-release")] {
            duel.prepare(&["create", "--name", step, &from, "true"]);
            duel.prepare(&["cp", file, &format!("{step}:/{step}")]);
            duel.prepare(&["commit", step, &format!("step:{step}")]);
            duel.prepare(&["rm", step]);
            from = format!("step:{step}");
        }
        duel.same_as(&["rmi", "step:one"], settled);
        let row =
            "{{range .Images}}{{.Repository}} {{.Tag}} {{.Size}} {{.SharedSize}} {{.UniqueSize}}\n{{end}}";
        let listed = duel.same_as(&["system", "df", "-v", "--format", row], sorted);
        assert!(!listed.stdout.contains("step two 0B"), "{listed}");
    });
}
