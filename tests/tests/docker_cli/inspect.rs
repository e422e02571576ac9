//! `docker inspect` and `docker history`.

use crate::scene::*;
use std::collections::BTreeSet;
use strata_tests::{duel::sorted, fixture};

#[test]
fn history() {
    with_images(|duel, names| {
        let demo = names.open("demo");
        let id = id(duel, &demo);
        let cases: &[&[&str]] = &[
            &[],
            &["--no-trunc"],
            &["-H=false"],
            &["--human=false", "--no-trunc"],
            &["-q"],
            &["-q", "--no-trunc"],
            &["--format", "{{.ID}}|{{.CreatedBy}}|{{.CreatedAt}}|{{.CreatedSince}}|{{.Size}}|{{.Comment}}"],
            &["--format", "{{json .}}"],
        ];
        for case in cases {
            duel.same(&[&["history"], *case, &[&demo]].concat());
        }
        duel.same(&["image", "history", &names.open("decoy")]);
        duel.same(&["history", &id]);
        duel.same(&["history", &id[7..19]]);
        duel.same(&["history", "nosuch"]).fails();
        duel.same_as(&["history", "Wrong"], unnamed).fails();
    });
}

#[test]
fn inspect() {
    with_images(|duel, names| {
        let demo = names.open("demo");
        duel.prepare(&["tag", &demo, "demo:x"]);
        let id = id(duel, &demo);
        for name in [&demo, &id, &id[7..], &id[7..19], "demo:x", &names.open("decoy")] {
            duel.same_as(&["inspect", name], without_own);
            duel.same_as(&["image", "inspect", name], without_own);
        }
        let several = ["image", "inspect", &demo, &names.open("team/tool:1.0"), "nosuch"];
        duel.same_as(&several, |text| unnamed(&without_own(text)));
        for name in
            ["nosuch", "demo", "demo:nosuch", "Wrong", "0123456789ab", &"0".repeat(64), "sha256:fffffff"]
        {
            duel.same_as(&["image", "inspect", name], unnamed).fails();
            duel.same_as(&["inspect", name], unnamed).fails();
            duel.same_as(&["inspect", "--type=image", name], unnamed).fails();
        }
        let formats = [
            "{{.Id}} {{.RepoTags}} {{.RepoDigests}} {{.Parent}} {{.Comment}} {{.Created}} {{.Author}}",
            "{{.Config.Cmd}} {{.Config.Env}} {{.Config.Labels}} {{.Config.Volumes}} {{.Config.ExposedPorts}}",
            "{{.Architecture}} {{.Os}} {{.Size}} {{.RootFS.Type}} {{.RootFS.Layers}}",
            "{{json .Config}}",
            "{{.DockerVersion}}|{{.Container}}|{{json .ContainerConfig}}",
            "{{.NoSuchKey}}",
            "{{",
        ];
        for format in formats {
            duel.same(&["image", "inspect", "--format", format, &demo]);
        }
    });
}

#[test]
fn an_ambiguous_prefix_names_nothing() {
    each(|duel, _| {
        let arena = arena();
        // One hex digit is shared by two of seventeen images at the latest.
        for number in 0..17 {
            let name = arena.open.name(&format!("many:{number}"));
            fixture::push(&arena.skopeo, &fixture::small(&number.to_string()).build(), &name);
        }
        duel.prepare(&["pull", "-q", "--all-tags", &arena.open.name("many")]);
        let ids = duel.same_as(&["images", "-q", "--no-trunc"], sorted);
        let mut seen = BTreeSet::new();
        let digit = ids
            .lines()
            .into_iter()
            .find_map(|id| Some(id[7..8].to_owned()).filter(|d| !seen.insert(d.clone())));
        let digit = digit.expect("seventeen ids share one of sixteen digits");
        // dockerd says that there is no such image; that there are several is the truth.
        let why = "ours says that the prefix is ambiguous";
        for command in [&["image", "inspect"][..], &["rmi"], &["history"]] {
            let run = duel.same_code(&[command, &[&digit]].concat(), why).fails();
            assert!(run.stderr.contains("ambiguous") || arena.strata().is_none(), "{run}");
        }
        duel.same_code(&["tag", &digit, "x"], why).fails();
        duel.same_as(&["images", "-q", "--no-trunc"], sorted);
    });
}
