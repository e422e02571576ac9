//! `docker tag`, `docker rmi` and `docker image prune`.

use crate::scene::*;
use strata_tests::duel::sorted;

#[test]
fn prune() {
    with_images(|duel, names| {
        duel.prepare(&["tag", &names.open("demo"), "demo"]);
        duel.same(&["image", "prune", "-f"]);
        duel.same(&["image", "prune", "-f", "--filter", "label=nosuch"]);
        for wrong in ["until=yesterday", "nosuch=1"] {
            duel.same_code(&["image", "prune", "-f", "--filter", wrong], "ours says what would be right")
                .fails();
        }
        duel.same(&["image", "prune", "-a", "-f", "--filter", "label=org.example.kind=other"]);
        duel.same_as(&["images"], sorted);
        duel.same(&["image", "prune", "-a", "-f", "--filter", "label!=org.example.kind=demo"]);
        duel.same_as(&["images"], sorted);
        duel.same(&["image", "prune", "-a", "-f", "--filter", "until=1h"]);
        duel.same_as(&["images"], sorted);
        duel.prepare(&["pull", "-q", &names.open("demo")]);
        duel.same_as(&["image", "prune", "-a", "-f"], sorted);
        duel.same_as(&["images"], sorted);
    });
}

#[test]
fn tag() {
    with_images(|duel, names| {
        let demo = names.open("demo");
        let id = id(duel, &demo);
        let good =
            ["short", "short:v2", "a/b/c:1", "localhost:5000/x", "docker.io/library/full", "127.0.0.1:1/y:z"];
        for name in good {
            duel.same(&["tag", &demo, name]).ok();
        }
        duel.same(&["tag", &id, "by-id"]).ok();
        duel.same(&["tag", &id[7..19], "by-prefix"]).ok();
        duel.same(&["image", "tag", "short", "short"]).ok();
        duel.same_as(&["images"], sorted);
        // The name moves.
        duel.same(&["tag", &names.open("team/tool:1.0"), "short"]).ok();
        duel.same_as(&["images", "short"], sorted);
        let digest = format!("x@sha256:{}", "0".repeat(64));
        for bad in [
            "Upper",
            "x:",
            "x:-",
            "-x",
            "a//b",
            "",
            "x:y:z",
            &digest,
            &"f".repeat(64),
            &"x".repeat(300),
            "x y",
        ] {
            duel.same(&["tag", &demo, bad]).fails();
        }
        for bad in ["nosuch", "Upper", "nosuch:tag"] {
            duel.same(&["tag", bad, "fine"]).fails();
        }
        duel.same_as(&["images"], sorted);
    });
}

#[test]
fn rmi() {
    each(|duel, names| {
        let pull = |name: &str| duel.prepare(&["pull", "-q", &names.open(name)]);
        let demo = names.open("demo");
        pull("demo");
        duel.same(&["rmi", &demo]).ok();
        duel.same_as(&["images", "-a"], sorted);

        // One of several names only goes; the last takes the image with it.
        pull("demo");
        duel.prepare(&["tag", &demo, "second"]);
        duel.prepare(&["tag", &demo, "second:x"]);
        let untagged = duel.same(&["rmi", "second:x"]).ok();
        assert!(
            untagged.stdout.starts_with("Untagged: ") && !untagged.stdout.contains("Deleted"),
            "{untagged}"
        );
        duel.same(&["rmi", &demo]).ok();
        duel.same_as(&["images", "--digests"], sorted);
        let deleted = duel.same(&["rmi", "second"]).ok();
        assert!(deleted.stdout.contains("Deleted: sha256:"), "{deleted}");

        // By id: refused with several repositories, unless forced.
        pull("demo");
        let id = id(duel, &demo);
        duel.prepare(&["tag", &demo, "second"]);
        let refused = duel.same(&["rmi", &id[7..19]]).fails();
        assert!(refused.stderr.contains("must be forced"), "{refused}");
        duel.same(&["rmi", &id]).fails();
        duel.same_as(&["rmi", "-f", &id[7..19]], sorted).ok();
        duel.same_as(&["images", "-a"], sorted);

        // By id with several tags of one repository: refused too.
        pull("demo");
        duel.prepare(&["tag", &demo, &names.open("demo:again")]);
        duel.same(&["rmi", &id[7..19]]).fails();
        duel.same_as(&["rmi", "--force", &id], sorted);
        duel.same_as(&["images", "-a"], sorted);

        // Layers that another image has stay.
        pull("demo");
        pull("decoy");
        let shared = duel.same(&["rmi", &demo]).ok();
        assert_eq!(shared.stdout.matches("Deleted: sha256:").count(), 3, "{shared}");
        duel.same(&["rmi", &names.open("decoy")]).ok();

        // Several at once, some missing.
        pull("demo");
        pull("decoy");
        pull("team/tool:1.0");
        duel.same_as(&["rmi", &demo, "nosuch", &names.open("decoy"), "Wrong"], unnamed).fails();
        duel.same_as(&["images", "-a"], sorted);
        let digest = duel.same(&[
            "image",
            "inspect",
            "--format",
            "{{index .RepoDigests 0}}",
            &names.open("team/tool:1.0"),
        ]);
        duel.same(&["rmi", digest.text()]);
        duel.same_as(&["images", "-a", "--digests"], sorted);
        duel.empty();
        duel.same(&["rmi", "nosuch", "x:y"]).fails();
        duel.same(&["rmi", "-f", "nosuch"]);
        duel.same(&["rmi", "--no-prune", "nosuch"]).fails();
        duel.same_as(&["image", "rm", "Wrong"], unnamed).fails();
    });
}

#[test]
fn rmi_of_a_pinned_image() {
    each(|duel, names| {
        let demo = names.open("demo");
        duel.prepare(&["pull", "-q", &demo]);
        let pinned = duel.same(&["image", "inspect", "--format", "{{index .RepoDigests 0}}", &demo]);
        duel.empty();
        duel.prepare(&["pull", "-q", pinned.text()]);
        duel.same_as(&["images", "-a"], sorted);
        duel.same_as(&["inspect", pinned.text()], without_own);
        duel.same(&["rmi", pinned.text()]).ok();
        duel.same_as(&["images", "-a"], sorted);
    });
}
