//! The engines and the archives.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use serde_json::Value;
use strata_forge::{Built, Compression, Entry, Form, TarWriter, docker_archive};
use strata_tests::{
    Docker, Dockerd, NetNs, Run, Scratch, Skopeo, Strata, fixture, podman::Podman, run, strata,
};

/// Strata with `demo` (gzip), `team/zstd:1` and `plain:v1.0` in its own registry, and the peers in one network.
pub(crate) struct Scene {
    pub(crate) scratch: Scratch,
    pub(crate) strata: Strata,
    pub(crate) docker: Docker,
    pub(crate) netns: Arc<NetNs>,
}

pub(crate) const NAMES: [&str; 3] = ["demo:latest", "team/zstd:1", "plain:v1.0"];

impl Scene {
    pub(crate) fn new() -> Self {
        let scratch = Scratch::new("archives");
        let netns = NetNs::new();
        let data = scratch.join("data");
        let compressions = [Compression::Gzip(6), Compression::Zstd(3), Compression::None];
        let bases = [fixture::demo(), fixture::other(), fixture::small("plain")];
        for ((name, image), compression) in NAMES.iter().zip(bases).zip(compressions) {
            let layout = scratch.join(name.replace(['/', ':'], "-"));
            fixture::layout(&image.form(Form::Oci).compression(compression).build(), &layout, "x");
            let mut seed = Command::new(Strata::binary());
            run(seed.arg("seed").arg("--data").arg(&data).arg(layout).arg(name)).ok();
        }
        let strata = Strata::with(strata::Options {
            netns: Some(netns.clone()),
            data: Some(data),
            ..strata::Options::default()
        });
        let docker = Docker::new(&strata.socket());
        Self { scratch, strata, docker, netns }
    }

    /// Pulls all of [`NAMES`] from Strata's own registry and gives them their short names.
    pub(crate) fn pulled(self) -> Self {
        for name in NAMES {
            let remote = format!("127.0.0.1:{}/{name}", self.strata.port());
            self.docker.run(&["pull", "--quiet", &remote]).ok();
            self.docker.run(&["tag", &remote, name]).ok();
            self.docker.run(&["rmi", &remote]).ok();
        }
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.scratch.join(name)
    }

    pub(crate) fn save(&self, names: &[&str], to: &str) -> PathBuf {
        let path = self.path(to);
        let mut args = vec!["save", "-o", path.to_str().expect("UTF-8")];
        args.extend(names);
        self.docker.run(&args).ok();
        path
    }

    pub(crate) fn dockerd(&self) -> (Dockerd, Docker) {
        let dockerd = Dockerd::start(&self.netns);
        let docker = Docker::new(&dockerd.socket());
        (dockerd, docker)
    }

    pub(crate) fn podman(&self) -> Podman {
        Podman::new(Some(&self.netns))
    }

    pub(crate) fn skopeo(&self) -> Skopeo {
        Skopeo::new(Some(&self.netns))
    }

    /// What is stored: blobs, layers and what is being written.
    pub(crate) fn stored(&self) -> Vec<String> {
        let mut found = Vec::new();
        for folder in ["blobs/sha256", "blobs/tmp", "layers", "layers/tmp"] {
            for entry in fs::read_dir(self.strata.data().join(folder)).expect("is there") {
                found.push(format!("{folder}/{}", entry.expect("reads").file_name().to_string_lossy()));
            }
        }
        found.sort();
        found
    }
}

pub(crate) fn load(docker: &Docker, archive: &Path) -> Run {
    docker.run(&["load", "-i", archive.to_str().expect("UTF-8")])
}

/// `docker load` from standard input.
pub(crate) fn load_stdin(docker: &Docker, archive: &Path, quiet: bool) -> Run {
    let flag = if quiet { "-q" } else { "" };
    let mut shell = docker.command(&[]);
    let program = shell.get_program().to_string_lossy().into_owned();
    let line = format!("{program} load {flag} < {}", archive.display());
    let mut command = Command::new("sh");
    command.args(["-c", &line]).env_clear();
    for (key, value) in shell.get_envs() {
        command.env(key, value.unwrap_or_default());
    }
    shell.stdin(std::process::Stdio::null());
    run(&mut command)
}

/// The ids of the images by name.
pub(crate) fn id(docker: &Docker, name: &str) -> String {
    docker.run(&["image", "inspect", "--format", "{{.Id}}", name]).ok().text().to_owned()
}

/// A file of an archive.
pub(crate) fn member(archive: &Path, name: &str) -> Vec<u8> {
    let output = Command::new("tar").arg("-xOf").arg(archive).arg(name).output().expect("tar runs");
    assert!(output.status.success(), "{}: {name}", archive.display());
    output.stdout
}

pub(crate) fn json(archive: &Path, name: &str) -> Value {
    serde_json::from_slice(&member(archive, name)).expect("JSON")
}

/// An archive as dockerd 20.10 writes it.
pub(crate) fn old_archive(at: &Path, images: &[(&Built, &[&str])]) {
    docker_archive(images, fs::File::create(at).expect("creates")).expect("writes");
}

/// An archive with these files in it, by name and content.
pub(crate) fn archive(scene: &Scene, name: &str, members: &[(&str, &[u8])]) -> PathBuf {
    let path = scene.path(name);
    let mut tar = TarWriter::new(fs::File::create(&path).expect("creates"));
    for (name, content) in members {
        tar.entry(&Entry::file(*name, *content)).expect("writes");
    }
    tar.finish().expect("writes");
    path
}

/// The members of an archive of `image`, layers by digest.
pub(crate) fn parts(image: &Built) -> Vec<(String, Vec<u8>)> {
    let blob = |digest: &strata_oci::Digest| format!("blobs/sha256/{}", digest.hex());
    let layers: Vec<String> = image.layers.iter().map(|layer| blob(&layer.blob.digest)).collect();
    let list = serde_json::json!([
        { "Config": blob(&image.config.digest), "RepoTags": ["x:1"], "Layers": layers }
    ]);
    let mut parts = vec![("manifest.json".to_owned(), list.to_string().into_bytes())];
    parts.push((blob(&image.config.digest), image.config.bytes.clone()));
    parts.extend(image.layers.iter().map(|layer| (blob(&layer.blob.digest), layer.blob.bytes.clone())));
    parts
}
