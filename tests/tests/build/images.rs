//! What builds leave: intermediate images, containers, names, the cache.

use serde_json::Value;
use strata_tests::Run;

use crate::{
    compare::normal,
    scene::{build, context, scene},
};

fn lines(run: &Run) -> Vec<String> {
    run.stdout.lines().map(str::to_owned).collect()
}

#[test]
fn intermediate_images_are_there_and_go_with_the_last_name() {
    let Some(scene) = scene() else { return };
    let files = context(&[("Dockerfile", "FROM bb\nENV chain=1\nRUN echo chain > /chain\nLABEL chain=2\n")]);
    let mut seen = Vec::new();
    for client in scene.clients() {
        build(&client, files.path(), &["-t", "chain", "-t", "chain:two"]).ok();
        let history = client.run(&["history", "-q", "--no-trunc", "chain"]).ok();
        let ids: Vec<String> = lines(&history).into_iter().filter(|id| id != "<missing>").collect();
        // Those of the base are images too.
        assert_eq!(ids.len(), 5, "{history}");
        let listed = |all: &[&str]| lines(&client.run(&[&["images", "-q", "--no-trunc"], all].concat()).ok());
        assert!(
            !listed(&[]).contains(&ids[1]) && listed(&["-a"]).contains(&ids[1]),
            "intermediates are listed with -a"
        );
        assert!(!listed(&["-f", "dangling=true"]).contains(&ids[1]));
        client.run(&["rmi", "-f", &ids[1]]).fails();
        let removed = client.run(&["rmi", "chain"]).ok();
        assert_eq!(lines(&removed).len(), 1, "another name is left: {removed}");
        let removed = client.run(&["rmi", "chain:two"]).ok();
        for id in &ids[..3] {
            assert!(removed.stdout.contains(id.as_str()), "{id} stays: {removed}");
            assert!(!listed(&["-a"]).contains(id));
        }
        assert!(!removed.stdout.contains(&ids[3]), "the base goes: {removed}");
        seen.push(
            lines(&removed)
                .iter()
                .map(|line| line.split(':').next().unwrap_or_default().to_owned())
                .collect::<Vec<_>>(),
        );
    }
    assert_eq!(seen[0], seen[1]);
}

#[test]
fn a_step_is_done_once_and_again_when_something_changed() {
    let Some(scene) = scene() else { return };
    let files = context(&[
        ("Dockerfile", "FROM bb\nARG V=1\nCOPY in /in\nRUN cat /in && echo $V\nENV once=1\n"),
        ("in", "one\n"),
    ]);
    let mut told: Vec<Vec<String>> = Vec::new();
    for client in scene.clients() {
        let mut outputs = Vec::new();
        let mut again = |args: &[&str]| {
            let built = build(&client, files.path(), &[&["-t", "once"], args].concat()).ok();
            outputs.push(normal(&built.stdout));
            built.stdout.matches("Using cache").count()
        };
        again(&["--no-cache"]);
        assert_eq!(again(&[]), 4, "everything is cached");
        // Only its time.
        crate::scene::write(files.path(), "in", 0o644, "one\n");
        assert_eq!(again(&[]), 4, "a time alone changes nothing");
        assert_eq!(again(&["--build-arg", "V=2"]), 2, "an argument counts where it is used");
        crate::scene::write(files.path(), "in", 0o644, "two\n");
        assert_eq!(again(&[]), 1, "content counts");
        crate::scene::write(files.path(), "in", 0o600, "two\n");
        assert_eq!(again(&[]), 1, "permissions count");
        assert_eq!(again(&["--no-cache"]), 0);
        crate::scene::write(files.path(), "in", 0o644, "one\n");
        crate::scene::settle(files.path());
        told.push(outputs);
    }
    assert_eq!(told[0], told[1]);
}

#[test]
fn containers_stay_where_they_are_asked_to() {
    let Some(scene) = scene() else { return };
    let files = context(&[(
        "Dockerfile",
        "FROM bb\nLABEL suite=kept\nRUN echo kept > /kept\nENV kept=1\nWORKDIR /kept-dir\n",
    )]);
    let failing = context(&[("Dockerfile", "FROM bb\nLABEL suite=kept\nRUN echo left > /left; exit 9\n")]);
    let mut kept = Vec::new();
    for client in scene.clients() {
        let ids = || lines(&client.run(&["ps", "-aq", "--no-trunc", "--filter", "label=suite=kept"]).ok());
        let before = ids();
        build(&client, files.path(), &["-t", "kept", "--rm=false"]).ok();
        let new: Vec<String> = ids().into_iter().filter(|id| !before.contains(id)).collect();
        let describe = |id: &String| {
            let inspected: Value = client.run(&["inspect", id]).ok().json();
            let of = |path: &str| inspected[0].pointer(path).cloned().unwrap_or_default();
            let image = of("/Image").as_str().is_some_and(|id| id.starts_with("sha256:"));
            (of("/Config/Cmd"), of("/State/Status"), of("/State/ExitCode"), image)
        };
        let mut described: Vec<_> = new.iter().map(describe).collect();
        let failed = build(&client, failing.path(), &["-t", "failed"]).fails();
        assert_eq!(failed.code, 9, "{failed}");
        let left: Vec<String> =
            ids().into_iter().filter(|id| !before.contains(id) && !new.contains(id)).collect();
        assert_eq!(left.len(), 1, "the failed step's container stays");
        let image = client.run(&["commit", &left[0], "failed-step"]).ok();
        assert!(image.stdout.starts_with("sha256:"));
        described.extend(left.iter().map(describe));
        // dockerd would take the commit for the step's image.
        build(&client, failing.path(), &["--force-rm", "--no-cache"]).fails();
        for id in new.iter().chain(&left) {
            client.run(&["rm", id]).ok();
        }
        assert_eq!(ids(), before, "nothing else stays");
        kept.push(described);
    }
    assert_eq!(kept[0], kept[1]);
}

#[test]
fn a_build_that_failed_goes_on_where_it_was() {
    let Some(scene) = scene() else { return };
    let client = scene.client();
    let text = "FROM bb\nRUN echo first > /first\nRUN test -e /flag\n";
    let files = context(&[("Dockerfile", text)]);
    build(&client, files.path(), &["--no-cache"]).fails();
    let again = build(&client, files.path(), &[]).fails();
    assert!(again.stdout.contains("Using cache"), "{again}");
}

#[test]
fn what_was_reported_survives_a_killed_server() {
    let Some(_) = scene() else { return };
    let netns = strata_tests::NetNs::new();
    let mut strata = strata_tests::Strata::start_in(&netns);
    let files =
        context(&[("Dockerfile", "FROM scratch\nCOPY . /\nLABEL a=b\nWORKDIR /w\n"), ("f", "survives\n")]);
    let client = |strata: &strata_tests::Strata| strata_tests::Docker::new(&strata.socket()).api("1.41");
    let built = build(&client(&strata), files.path(), &["-t", "survives"]).ok();
    strata.kill();
    strata.restart();
    let client = client(&strata);
    let again = build(&client, files.path(), &["-t", "survives"]).ok();
    assert_eq!(again.stdout.matches("Using cache").count(), 3, "{again}");
    assert_eq!(built.stdout.lines().rev().nth(1), again.stdout.lines().rev().nth(1));
}

#[test]
fn a_squashed_image_has_one_layer_more_than_its_base_and_the_same_files() {
    let Some(scene) = scene() else { return };
    let client = scene.client();
    let text = "FROM bb\nRUN echo 1 > /a && mkdir /d && echo 2 > /d/x\nRUN rm /a && echo 3 > /b && chown 5:6 /d\nCOPY f /d/f\nENV k=v\nRUN rm /etc/group\n";
    let files = context(&[("Dockerfile", text), ("f", "copied\n")]);
    build(&client, files.path(), &["-t", "tall-one"]).ok();
    build(&client, files.path(), &["-t", "squashed", "--squash"]).ok();
    let layers =
        |name: &str| client.run(&["image", "inspect", "--format", "{{len .RootFS.Layers}}", name]).ok();
    assert_eq!((layers("tall-one").text(), layers("squashed").text()), ("5", "2"));
    let script = "find / -xdev -exec stat -c '%n %u %g %a %s' {} + | grep -v '^/proc\\|^/sys\\|^/dev'; cat /b /d/x /d/f; env | grep k=";
    let all = |name: &str| {
        let args = ["run", "--rm", "--network", "none", "--hostname", "same", name, "sh", "-c", script];
        let listed = client.run(&args).ok();
        let mut found = lines(&listed);
        found.sort_unstable();
        found
    };
    assert_eq!(all("tall-one"), all("squashed"));
    let history =
        client.run(&["history", "--no-trunc", "--format", "{{.CreatedBy}}|{{.Comment}}", "squashed"]).ok();
    assert!(history.stdout.starts_with("|merge sha256:"), "{history}");
    assert_eq!(history.lines().len(), 8, "{history}");
}
