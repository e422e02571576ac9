//! Media types of manifests, configs and layers.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A media type as it stands in a descriptor; unknown ones are kept as they came.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(transparent)]
pub struct MediaType(pub String);

/// How a layer's tar is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Compression {
    /// Plain tar.
    None,
    /// gzip, possibly of several members.
    Gzip,
    /// zstd, possibly of several frames.
    Zstd,
}

impl MediaType {
    /// Docker schema 2 image manifest.
    pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
    /// Docker manifest list.
    pub const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
    /// OCI image manifest.
    pub const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
    /// OCI image index.
    pub const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
    /// Docker image config.
    pub const DOCKER_CONFIG: &str = "application/vnd.docker.container.image.v1+json";
    /// OCI image config.
    pub const OCI_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
    /// Docker layer, gzip.
    pub const DOCKER_LAYER: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";
    /// OCI layer, plain; `+gzip` and `+zstd` are its compressed forms.
    pub const OCI_LAYER: &str = "application/vnd.oci.image.layer.v1.tar";

    /// The `Accept` header values of a manifest request, best first.
    pub const ACCEPT: [&str; 4] =
        [Self::OCI_INDEX, Self::OCI_MANIFEST, Self::DOCKER_LIST, Self::DOCKER_MANIFEST];

    /// Whether this is a manifest of one image.
    pub fn is_manifest(&self) -> bool {
        matches!(self.0.as_str(), Self::DOCKER_MANIFEST | Self::OCI_MANIFEST)
    }

    /// Whether this is an index (manifest list).
    pub fn is_index(&self) -> bool {
        matches!(self.0.as_str(), Self::DOCKER_LIST | Self::OCI_INDEX)
    }

    /// Whether this is the config of a runnable image.
    pub fn is_image_config(&self) -> bool {
        matches!(self.0.as_str(), Self::DOCKER_CONFIG | Self::OCI_CONFIG)
    }

    /// Compression of a layer of this type, or `None` if it is not a file-system layer we can read.
    ///
    /// Types that lie are common, so intake looks at the first bytes too; this decides what is a layer at all.
    pub fn layer_compression(&self) -> Option<Compression> {
        match self.0.as_str() {
            Self::DOCKER_LAYER
            | "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
            | "application/vnd.oci.image.layer.v1.tar+gzip"
            | "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip" => Some(Compression::Gzip),
            Self::OCI_LAYER
            | "application/vnd.oci.image.layer.nondistributable.v1.tar"
            | "application/vnd.docker.image.rootfs.diff.tar" => Some(Compression::None),
            "application/vnd.oci.image.layer.v1.tar+zstd"
            | "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd"
            | "application/vnd.docker.image.rootfs.diff.tar.zstd" => Some(Compression::Zstd),
            _ => None,
        }
    }
}

impl From<&str> for MediaType {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
