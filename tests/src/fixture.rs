//! Images that several suites use, and how they get into a registry.

use std::path::Path;

use serde_json::{Value, json};
use strata_faulty_registry::FaultyRegistry;
use strata_forge::{Blob, Built, Compression, Entry, Form, Image, Layer};

use crate::{Scratch, Skopeo};

/// Pushes an image as it is, to the byte.
#[track_caller]
pub fn push(skopeo: &Skopeo, image: &Built, to: &str) {
    let scratch = Scratch::new("push");
    // The one form in which skopeo takes docker manifests unchanged.
    image.write_dir(scratch.path()).expect("the scratch directory is writable");
    skopeo.push_dir(scratch.path(), to);
}

/// Puts an image into a registry of our own as `name`, or `name:latest`, to the byte.
pub fn offer(registry: &FaultyRegistry, image: &Built, name: &str) {
    for blob in image.blobs() {
        registry.add_blob(blob.bytes.clone());
    }
    let (name, tag) = name.split_once(':').unwrap_or((name, "latest"));
    let digest = registry.add_manifest(name, &image.manifest.media_type, image.manifest.bytes.clone());
    registry.tag(name, tag, &digest);
}

/// Writes an image as an OCI layout.
#[track_caller]
pub fn layout(image: &Built, at: &Path, tag: &str) {
    image.write_layout(at, tag).expect("the scratch directory is writable");
}

/// The image with another time of creation (RFC 3339).
pub fn created(image: &Built, time: &str) -> Built {
    edited(image, |config| config["created"] = json!(time), |_| {})
}

/// The image with its config and then its manifest changed as JSON; digests follow.
pub fn edited(image: &Built, config: impl FnOnce(&mut Value), manifest: impl FnOnce(&mut Value)) -> Built {
    let change = |blob: &Blob, change: &mut dyn FnMut(&mut Value)| {
        let mut value = serde_json::from_slice(&blob.bytes).expect("what the forge writes is JSON");
        change(&mut value);
        Blob::new(blob.media_type.clone(), serde_json::to_vec(&value).expect("JSON can be written"))
    };
    let (mut config, mut manifest) = (Some(config), Some(manifest));
    let new_config = change(&image.config, &mut |value| {
        if let Some(config) = config.take() {
            config(value);
        }
    });
    let new_manifest = change(&image.manifest, &mut |value| {
        value["config"]["digest"] = json!(new_config.digest);
        value["config"]["size"] = json!(new_config.bytes.len());
        if let Some(manifest) = manifest.take() {
            manifest(value);
        }
    });
    Built { config: new_config, manifest: new_manifest, layers: image.layers.clone() }
}

/// An image with Debian's static busybox: something that runs.
#[track_caller]
pub fn busybox() -> Image {
    let image = Image::new().layer("ADD box /", busybox_layer()).row("CMD [\"sh\"]");
    image.config(|config| config.cmd = Some(vec!["sh".into()])).form(Form::Docker)
}

/// The files of [`busybox`].
#[track_caller]
pub fn busybox_layer() -> Layer {
    const COMMANDS: &str = "cat chmod cp echo env false grep hostname id kill ls mkdir mount mv nslookup ping ps pwd rm sh \
                            sleep sort stat sync touch true vi";
    let program = std::fs::read("/bin/busybox").expect("the package busybox-static is installed");
    let mut layer = Layer::new().dir("bin").dir("etc").dir("root").dir("tmp");
    layer.push(Entry::file("bin/busybox", program).mode(0o755));
    for command in COMMANDS.split_whitespace() {
        layer = layer.symlink(format!("bin/{command}"), "busybox");
    }
    layer.push(Entry::file("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n"));
    layer.push(Entry::file("etc/group", "root:x:0:\n"));
    layer
}

/// The layer that the demo images share.
fn base() -> Layer {
    let mut layer = Layer::new().dir("bin").dir("etc").dir("var").dir("var/cache").dir("srv");
    layer.push(Entry::file("bin/tool", vec![b'#'; 70_000]).mode(0o4755));
    layer.push(Entry::file("etc/passwd", "root:x:0:0::/root:/bin/sh\n"));
    layer.push(Entry::file("etc/secret", "hunter2\n").mode(0o600));
    layer.push(Entry::file("var/cache/big", vec![b'c'; 300_000]));
    layer.push(Entry::file("srv/page", "<h1>one</h1>\n"));
    layer.hardlink("bin/tool2", "bin/tool").symlink("etc/alias", "passwd")
}

fn second() -> Layer {
    Layer::new()
        .with(
            Entry::file("etc/passwd", "root:x:0:0::/root:/bin/sh\nada:x:1000:1000::/:/bin/sh\n").mode(0o640),
        )
        .whiteout("etc/secret")
        .opaque("var/cache")
        .with(Entry::file("var/cache/small", "kept\n"))
}

/// A small image with everything that the command line prints: three layers, empty rows, a full config.
pub fn demo() -> Image {
    Image::new()
        .layer("/bin/sh -c #(nop) ADD file:1f3a in / ", base())
        .row("/bin/sh -c #(nop)  ENV LANG=C.UTF-8")
        .layer(
            "/bin/sh -c useradd ada && rm /etc/secret && rm -rf /var/cache/* && echo kept > /var/cache/small",
            second(),
        )
        .layer(
            "COPY page /srv/page # buildkit",
            Layer::new().file("srv/page", "<h1>two</h1>\n").file("srv/new", "n\n"),
        )
        .row("/bin/sh -c #(nop)  CMD [\"/bin/tool\" \"--serve\"]")
        .config(|config| {
            let filled = json!({
                "User": "1000:1000",
                "Env": ["PATH=/bin", "LANG=C.UTF-8"],
                "Cmd": ["/bin/tool", "--serve"],
                "WorkingDir": "/srv",
                "ExposedPorts": { "8080/tcp": {} },
                "Volumes": { "/var/cache": {} },
                "Labels": { "org.example.kind": "demo", "maintainer": "Ada <ada@example.org>" },
                "StopSignal": "SIGQUIT",
            });
            *config = serde_json::from_value(filled).expect("that is a container config");
        })
        .author("Ada")
        .form(Form::Docker)
        .compression(Compression::Gzip(6))
}

/// Another image on the first layer of [`demo`], with a label `kind=other` and less in its config.
pub fn other() -> Image {
    Image::new()
        .layer("/bin/sh -c #(nop) ADD file:1f3a in / ", base())
        .layer("RUN echo other > /srv/other", Layer::new().file("srv/other", "other\n"))
        .config(|config| {
            *config =
                serde_json::from_value(json!({ "Cmd": ["sh"], "Labels": { "org.example.kind": "other" } }))
                    .expect("that is a container config");
        })
        .form(Form::Docker)
        .compression(Compression::Gzip(6))
}

/// An image of one file that says `text`.
pub fn small(text: &str) -> Image {
    Image::new()
        .layer("COPY text /text", Layer::new().file("text", text))
        .form(Form::Docker)
        .compression(Compression::Gzip(6))
}
