//! Whole images, made from the bytes of their layers.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use serde_json::json;
use strata_oci::{Descriptor, Digest, MediaType};

/// Whose media types to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The OCI image specification's.
    Oci,
    /// Docker's schema 2.
    Docker,
}

/// A layer: the blob, and the digest of what is in it.
#[derive(Clone, Debug)]
pub struct Layer {
    /// The blob's bytes.
    pub bytes: Vec<u8>,
    /// The digest of the uncompressed tar.
    pub diff_id: Digest,
    gzip: bool,
}

impl Layer {
    /// An uncompressed layer.
    pub fn plain(tar: Vec<u8>) -> Self {
        Self { diff_id: Digest::of(&tar), bytes: tar, gzip: false }
    }

    /// The same, as gzip.
    pub fn gzip(tar: &[u8]) -> Self {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(tar).expect("a Vec takes all");
        let bytes = encoder.finish().expect("a Vec takes all");
        Self { diff_id: Digest::of(tar), bytes, gzip: true }
    }

    fn media_type(&self, form: Form) -> &'static str {
        match (form, self.gzip) {
            (Form::Oci, false) => MediaType::OCI_LAYER,
            (Form::Oci, true) => "application/vnd.oci.image.layer.v1.tar+gzip",
            (Form::Docker, false) => "application/vnd.docker.image.rootfs.diff.tar",
            (Form::Docker, true) => MediaType::DOCKER_LAYER,
        }
    }
}

/// An image as the registry holds it.
#[derive(Clone, Debug)]
pub struct Image {
    /// Of the manifest.
    pub manifest: Descriptor,
    /// Of the config.
    pub config: Descriptor,
    /// Of the layers' blobs, bottom first.
    pub layers: Vec<Descriptor>,
    /// The manifest's bytes.
    pub manifest_bytes: Vec<u8>,
    /// The config's bytes.
    pub config_bytes: Vec<u8>,
}

impl Image {
    pub(crate) fn new(form: Form, layers: &[Layer]) -> Self {
        let (manifest_type, config_type) = match form {
            Form::Oci => (MediaType::OCI_MANIFEST, MediaType::OCI_CONFIG),
            Form::Docker => (MediaType::DOCKER_MANIFEST, MediaType::DOCKER_CONFIG),
        };
        let created = "2024-01-01T00:00:00Z";
        let diff_ids: Vec<String> = layers.iter().map(|layer| layer.diff_id.to_string()).collect();
        let history: Vec<_> =
            layers.iter().map(|_| json!({"created": created, "created_by": "COPY . /"})).collect();
        let config_bytes = json!({
            "architecture": "amd64",
            "os": "linux",
            "created": created,
            "config": {"Cmd": ["/bin/sh"]},
            "rootfs": {"type": "layers", "diff_ids": diff_ids},
            "history": history,
        });
        let config_bytes = config_bytes.to_string().into_bytes();
        let describe =
            |kind: &str, bytes: &[u8]| Descriptor::new(kind, Digest::of(bytes), bytes.len() as u64);
        let config = describe(config_type, &config_bytes);
        let layers: Vec<_> =
            layers.iter().map(|layer| describe(layer.media_type(form), &layer.bytes)).collect();
        let manifest =
            json!({"schemaVersion": 2, "mediaType": manifest_type, "config": config, "layers": layers});
        let manifest_bytes = manifest.to_string().into_bytes();
        let manifest = describe(manifest_type, &manifest_bytes);
        Self { manifest, config, layers, manifest_bytes, config_bytes }
    }
}

pub(crate) fn index(manifests: &[Descriptor]) -> (&'static str, Vec<u8>) {
    let index = json!({"schemaVersion": 2, "mediaType": MediaType::OCI_INDEX, "manifests": manifests});
    (MediaType::OCI_INDEX, index.to_string().into_bytes())
}
