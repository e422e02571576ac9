//! Made-up images for the catalog's tests: everything is named by a short text.

#![allow(dead_code, reason = "each test file uses some of it")]

use strata_catalog::{Blob, Child, Layer, NewImage, NewManifest, RepoDigest, SqliteCatalog, Tagged};
use strata_oci::{DiffId, Digest, ImageId, MediaType};

pub fn digest(text: &str) -> Digest {
    Digest::of(text.as_bytes())
}

pub fn blob(text: &str) -> Blob {
    Blob {
        digest: digest(text),
        size: text.len() as u64,
        media_type: MediaType::from(MediaType::DOCKER_LAYER),
    }
}

pub fn diff_id(text: &str) -> DiffId {
    DiffId(digest(&format!("tar of {text}")))
}

pub fn layer(text: &str) -> Layer {
    Layer { diff_id: diff_id(text), unpacked: 100, entries: 3, blobs: vec![blob(text)] }
}

pub fn id(name: &str) -> ImageId {
    ImageId(digest(&format!("config of {name}")))
}

pub fn manifest(name: &str, layers: &[&str]) -> NewManifest {
    let config = Child::Here(blob(&format!("config of {name}")));
    let layers = layers.iter().map(|text| Child::Here(blob(text)));
    NewManifest {
        blob: blob(&format!("manifest of {name}")),
        children: std::iter::once(config).chain(layers).collect(),
    }
}

/// An image with a tag `name:latest`.
pub fn image(name: &str, layers: &[&str]) -> NewImage {
    NewImage {
        config: blob(&format!("config of {name}")),
        created: Some("2024-01-02T03:04:05Z".into()),
        layers: layers.iter().map(|text| layer(text)).collect(),
        manifests: vec![manifest(name, layers)],
        parent: None,
        tag: Some(tagged(&format!("{name}:latest"))),
        repo_digest: Some(pinned(name)),
    }
}

pub fn tagged(name: &str) -> Tagged {
    let (repository, tag) = name.rsplit_once(':').expect("name:tag");
    Tagged {
        repository: repository.parse().expect("a repository"),
        tag: tag.parse().expect("a tag"),
        pulled: Some(digest(&format!("manifest of {repository}"))),
    }
}

pub fn pinned(name: &str) -> RepoDigest {
    RepoDigest {
        repository: name.parse().expect("a repository"),
        digest: digest(&format!("manifest of {name}")),
    }
}

pub fn open() -> (tempfile::TempDir, SqliteCatalog) {
    let dir = tempfile::tempdir().expect("a directory");
    let catalog = SqliteCatalog::open(dir.path()).expect("a fresh catalog opens");
    (dir, catalog)
}
