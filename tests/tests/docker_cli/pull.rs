//! `docker pull`.

use crate::scene::*;
use strata_tests::{
    Docker, Scratch, Strata,
    duel::{settled, sorted},
    fixture, mount, registry, skip_without, strata,
};

#[test]
fn pull() {
    each(|duel, names| {
        let demo = names.open("demo");
        let first = duel.same(&["pull", &demo]);
        assert!(first.stdout.contains("Status: Downloaded newer image for"), "{first}");
        let again = duel.same(&["pull", &demo]);
        assert!(again.stdout.contains("Status: Image is up to date for"), "{again}");
        duel.same(&["pull", &names.open("demo:v1")]);
        let shared = duel.same(&["pull", &names.open("demo:other")]);
        assert!(shared.stdout.contains(": Already exists"), "{shared}");
        duel.same(&["pull", "--quiet", &names.open("team/tool:1.0")]);
        duel.same(&["pull", "-q", &demo]);
        let image = duel.same(&["image", "inspect", "--format", "{{index .RepoDigests 0}}", &demo]);
        duel.empty();
        let pinned = duel.same(&["pull", image.text()]);
        assert!(pinned.stdout.contains("Digest: sha256:"), "{pinned}");
        duel.same_as(&["images", "--digests", "--no-trunc"], sorted);
        duel.same(&["pull", image.text()]);
        duel.same(&["pull", &demo]);
        duel.same_as(&["images", "--digests", "--no-trunc"], sorted);
    });
}

#[test]
fn pull_of_all_tags() {
    each(|duel, names| {
        duel.same(&["pull", "--all-tags", &names.open("demo")]);
        duel.same_as(&["images"], sorted);
        duel.same(&["pull", "--all-tags", &names.open("demo:v1")]);
        duel.same(&["pull", "--all-tags", &names.open("nowhere")]);
    });
}

#[test]
fn pull_that_fails() {
    each(|duel, names| {
        let nobody = format!("127.0.0.1:{}/x", arena().open.port().wrapping_add(1).max(1024));
        let absent = format!("{}@sha256:{}", names.open("demo"), "0".repeat(64));
        for name in [&names.open("demo:nosuchtag"), &names.open("nowhere"), &absent] {
            let run = duel.same(&["pull", name]);
            assert_eq!((run.code, run.stdout.contains("Downloaded")), (1, false), "{run}");
        }
        let refused = duel.same(&["pull", &nobody]);
        assert!(refused.stderr.contains("connection refused"), "{refused}");
        for wrong in
            ["team/Upper", "a//b", "demo:", "demo:-x", "-x/y", "demo@sha256:12", "demo@sha256:zz", "", "ü"]
        {
            duel.same(&["pull", wrong]).fails();
        }
        duel.same(&["pull", "--platform=linux/s390x", &names.open("demo")]);
        let platform = ["pull", "--platform=nonsense/1/2/3/4", &names.open("demo")];
        duel.same_code(&platform, "ours says what would be right").fails();
        duel.same_as(&["images", "--all"], sorted);
    });
}

#[test]
fn pull_with_a_login() {
    each(|duel, names| {
        let name = names.closed("private");
        // Strata asks for the manifest at once, dockerd first whether there is one.
        let method = |text: &str| settled(text).replace("Head \"http", "Get \"http");
        let denied = duel.same_as(&["pull", &name], method);
        assert!(denied.stderr.contains("no basic auth credentials"), "{denied}");
        let registry = names.closed.trim_end_matches('/').to_owned();
        duel.log_in(&registry, registry::USER, "wrong");
        duel.same_as(&["pull", &name], method).fails();
        duel.log_in(&registry, registry::USER, registry::PASSWORD);
        duel.same(&["pull", &name]);
        duel.same_as(&["images"], sorted);
    });
}

#[test]
fn a_full_disk() {
    if skip_without(&["docker-registry", "skopeo", "docker"]) || arena().strata().is_none() {
        return;
    }
    let arena = arena();
    let image = strata_forge::Image::new().layer(
        "COPY big /",
        strata_forge::Layer::new()
            .file("big", strata_forge::Noise::bytes(7, strata_forge::Texture::Random, 24 << 20)),
    );
    let name = arena.open.name("big");
    fixture::push(&arena.skopeo, &image.build(), &name);
    let disk = Scratch::new("disk");
    let data = disk.join("data");
    mount::tmpfs(&data, 20 << 20);
    let options = strata::Options {
        netns: Some(arena.netns.clone()),
        data: Some(data.clone()),
        ..strata::Options::default()
    };
    let mut strata = Strata::with(options);
    let docker = Docker::new(&strata.socket());
    docker.run(&["pull", "-q", &arena.open.name("team/tool:1.0")]).ok();
    let before = space_used(&data);
    let full = docker.run(&["pull", &name]);
    assert_eq!(full.code, 1, "{full}");
    assert!(full.stderr.to_lowercase().contains("no space left on device"), "{full}");
    // Nothing half-stored: the image isn't there, what it took of the disk is given back, the rest still works.
    assert_eq!(docker.run(&["images", "--format", "{{.Repository}}"]).ok().lines().len(), 1);
    let left = space_used(&data).saturating_sub(before);
    assert!(left < 1 << 20, "{left} bytes are still taken:\n{}", listing(&data));
    strata.stop();
    strata.restart();
    docker.run(&["image", "inspect", &arena.open.name("team/tool:1.0")]).ok();
    mount::enlarge(&data, 200 << 20);
    let pulled = docker.run(&["pull", &name]).ok();
    assert!(settled(&pulled.stdout).contains("Status: Downloaded newer image"), "{pulled}");
}

fn space_used(at: &std::path::Path) -> u64 {
    let stat = rustix::fs::statvfs(at).expect("it is mounted");
    (stat.f_blocks - stat.f_bfree) * stat.f_frsize
}

fn listing(at: &std::path::Path) -> String {
    strata_tests::run(std::process::Command::new("find").arg(at).args(["-size", "+16k", "-ls"])).stdout
}
