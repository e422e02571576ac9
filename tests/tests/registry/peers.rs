use std::fs;

use strata_forge::{Compression, Form};
use strata_oci::Digest;
use strata_tests::{
    Docker, Dockerd, NetNs, Scratch, Skopeo, Strata, fixture, podman::Podman, run, skip_without,
};

#[test]
fn docker_podman_buildah_and_skopeo_push_and_pull() {
    if skip_without(&["dockerd", "docker", "skopeo", "podman", "buildah"]) {
        return;
    }
    let netns = NetNs::new();
    let strata = Strata::start_in(&netns);
    let ours = Docker::new(&strata.socket());
    let dockerd = Dockerd::start(&netns);
    let docker = Docker::new(&dockerd.socket());
    let (podman, skopeo) = (Podman::new(Some(&netns)), Skopeo::new(Some(&netns)));
    let scratch = Scratch::new("peers");
    let name = |name: &str| format!("127.0.0.1:{}/{name}", strata.port());

    let image = fixture::demo().build();
    let archive = scratch.join("demo.tar");
    strata_forge::docker_archive(&[(&image, &["demo:1"])], fs::File::create(&archive).expect("creates"))
        .expect("writes");
    let archive = archive.to_str().expect("UTF-8");
    // dockerd
    docker.run(&["load", "-i", archive]).ok();
    docker.run(&["tag", "demo:1", &name("by/dockerd:1")]).ok();
    docker.run(&["push", &name("by/dockerd:1")]).ok();
    // podman and buildah share a store
    run(podman.command().args(["load", "-i", archive])).ok();
    run(podman.command().args(["push", "--tls-verify=false", "localhost/demo:1", &name("by/podman:1")])).ok();
    let mut buildah = netns.command("buildah");
    let layout = scratch.join("layout");
    fixture::layout(
        &fixture::other().form(Form::Oci).compression(Compression::Zstd(3)).build(),
        &layout,
        "x",
    );
    buildah.arg("--root").arg(scratch.join("b-root")).arg("--runroot").arg(scratch.join("b-run"));
    buildah.args(["--storage-driver=vfs", "pull", "-q"]).arg(format!("oci:{}:x", layout.display()));
    let pulled = run(&mut buildah).ok();
    let mut push = netns.command("buildah");
    push.arg("--root").arg(scratch.join("b-root")).arg("--runroot").arg(scratch.join("b-run"));
    push.args(["--storage-driver=vfs", "push", "--tls-verify=false", pulled.text()]);
    run(push.arg(format!("docker://{}", name("by/buildah:1")))).ok();
    // skopeo, to the byte
    fixture::push(&skopeo, &image, &name("by/skopeo:1"));
    assert_eq!(Digest::of(skopeo.raw(&name("by/skopeo:1")).stdout.as_bytes()), image.manifest.digest);
    // Strata to itself
    ours.run(&["load", "-i", archive]).ok();
    ours.run(&["tag", "demo:1", &name("by/strata:1")]).ok();
    ours.run(&["push", &name("by/strata:1")]).ok();

    let blobs = || fs::read_dir(strata.data().join("blobs/sha256")).expect("lists").count();
    let before = blobs();
    for by in ["dockerd", "podman", "buildah", "skopeo", "strata"] {
        let from = name(&format!("by/{by}:1"));
        ours.run(&["pull", "-q", &from]).ok();
        docker.run(&["pull", "-q", &from]).ok();
        podman.pull(&from).ok();
        let id = |client: &Docker| {
            client.run(&["image", "inspect", "-f", "{{.Id}}", &from]).ok().text().to_owned()
        };
        assert_eq!(id(&ours), id(&docker), "{by}");
    }
    assert_eq!(blobs(), before, "an image that is pulled from here is not stored again");

    let listed = run(netns.command("skopeo").args([
        "list-tags",
        "--tls-verify=false",
        &format!("docker://{}", name("by/skopeo")),
    ]));
    assert_eq!(listed.ok().json()["Tags"][0], "1");
    let mut delete = netns.command("skopeo");
    run(delete.args(["delete", "--tls-verify=false", &format!("docker://{}", name("by/skopeo:1"))])).ok();
    ours.run(&["pull", "-q", &name("by/skopeo:1")]).fails();
    assert!(ours.run(&["search", &name("by/d")]).ok().stdout.contains("by/dockerd"));
}
