//! An image: layers, history rows, config and manifest.

use std::{io, path::Path, sync::Arc};

use serde::Serialize;
use strata_oci::{
    ContainerConfig, Descriptor, DiffId, Digest, HistoryEntry, ImageConfig, ImageId, Manifest, MediaType,
    Platform, RootFs,
};

use crate::{CREATED, Compression, Layer, Layout, Packed, TarWriter, pack, pack::Source};

/// Whose media types an image has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// Docker schema 2.
    Docker,
    /// OCI.
    #[default]
    Oci,
}

/// An image under construction.
#[derive(Clone)]
pub struct Image {
    pub(crate) rows: Vec<Row>,
    config: ContainerConfig,
    platform: Platform,
    author: Option<String>,
    form: Form,
    compression: Compression,
}

#[derive(Clone)]
pub(crate) struct Row {
    history: HistoryEntry,
    layer: Option<(Source, Option<Compression>)>,
}

/// Content with its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob {
    /// What it is.
    pub media_type: String,
    /// Its digest.
    pub digest: Digest,
    /// The content.
    pub bytes: Vec<u8>,
}

/// An image in memory.
#[derive(Clone, Debug)]
pub struct Built {
    /// The manifest.
    pub manifest: Blob,
    /// The config.
    pub config: Blob,
    /// The layers, bottom first.
    pub layers: Vec<BuiltLayer>,
}

/// A layer in memory, compressed and not.
#[derive(Clone, Debug)]
pub struct BuiltLayer {
    /// Digest of the tar.
    pub diff_id: DiffId,
    /// The compressed layer.
    pub blob: Blob,
    /// The tar.
    pub tar: Vec<u8>,
}

impl Blob {
    /// A blob of these bytes.
    pub fn new(media_type: impl Into<String>, bytes: Vec<u8>) -> Self {
        Self { media_type: media_type.into(), digest: Digest::of(&bytes), bytes }
    }

    /// Its descriptor.
    pub fn descriptor(&self) -> Descriptor {
        Descriptor::new(self.media_type.as_str(), self.digest.clone(), self.bytes.len() as u64)
    }
}

impl Built {
    /// The image's id: the digest of its config.
    pub fn id(&self) -> ImageId {
        ImageId(self.config.digest.clone())
    }

    /// All blobs that a registry needs, manifest last.
    pub fn blobs(&self) -> impl Iterator<Item = &Blob> {
        self.layers.iter().map(|layer| &layer.blob).chain([&self.config, &self.manifest])
    }
}

impl Default for Image {
    fn default() -> Self {
        Self::new()
    }
}

impl Image {
    /// An image without layers, for linux/amd64, OCI, gzip at level 6.
    pub fn new() -> Self {
        Self {
            rows: Vec::new(),
            config: ContainerConfig::default(),
            platform: Platform::new("linux", "amd64", None),
            author: None,
            form: Form::Oci,
            compression: Compression::Gzip(6),
        }
    }

    /// Adds a layer with the instruction that made it.
    pub fn layer(self, created_by: &str, layer: Layer) -> Self {
        self.push(created_by, Some((layer.into(), None)))
    }

    /// Adds a layer that has its own compression.
    pub fn layer_as(self, created_by: &str, layer: Layer, compression: Compression) -> Self {
        self.push(created_by, Some((layer.into(), Some(compression))))
    }

    /// Adds a layer whose entries `write` produces each time it is asked, the same each time; for layers too big for memory.
    pub fn layer_from(
        self,
        created_by: &str,
        write: impl Fn(&mut TarWriter<&mut dyn io::Write>) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let source: Source = Arc::new(move |out| {
            let mut tar = TarWriter::new(out);
            write(&mut tar)?;
            tar.finish().map(drop)
        });
        self.push(created_by, Some((source, None)))
    }

    /// Adds a history row that makes no layer.
    pub fn row(self, created_by: &str) -> Self {
        self.push(created_by, None)
    }

    /// Changes the container config.
    pub fn config(mut self, change: impl FnOnce(&mut ContainerConfig)) -> Self {
        change(&mut self.config);
        self
    }

    /// What it runs on.
    pub fn platform(mut self, platform: Platform) -> Self {
        self.platform = platform;
        self
    }

    /// Who made it.
    pub fn author(mut self, author: &str) -> Self {
        self.author = Some(author.into());
        self
    }

    /// Docker or OCI.
    pub fn form(mut self, form: Form) -> Self {
        self.form = form;
        self
    }

    /// How layers without their own compression are compressed.
    pub fn compression(mut self, compression: Compression) -> Self {
        self.compression = compression;
        self
    }

    /// The image in memory.
    pub fn build(&self) -> Built {
        let layers: Vec<BuiltLayer> = self
            .sources()
            .map(|(source, compression)| {
                let (mut tar, mut bytes) = (Vec::new(), Vec::new());
                source(&mut tar).expect("memory takes every write");
                let packed = pack(&**source, compression, &mut bytes).expect("memory takes every write");
                let media_type = compression.layer_media_type(self.form).into();
                BuiltLayer {
                    diff_id: packed.diff_id,
                    blob: Blob { media_type, digest: packed.digest, bytes },
                    tar,
                }
            })
            .collect();
        let (config, manifest) =
            self.describe(layers.iter().map(|layer| (layer.diff_id.clone(), layer.blob.descriptor())));
        Built { manifest, config, layers }
    }

    /// Writes the image into the OCI layout directory `dir` under the name `tag`, keeping no layer in memory.
    ///
    /// The directory is made if it isn't there; other images in it stay, and share blobs.
    pub fn write_layout(&self, dir: &Path, tag: &str) -> io::Result<Descriptor> {
        Layout::open(dir)?.add(self, tag)
    }

    /// How many layers it has.
    pub fn layer_count(&self) -> usize {
        self.sources().count()
    }

    /// Each layer's source and compression, bottom first.
    pub(crate) fn sources(&self) -> impl Iterator<Item = (&Source, Compression)> {
        self.rows
            .iter()
            .filter_map(|row| row.layer.as_ref())
            .map(|(source, own)| (source, own.unwrap_or(self.compression)))
    }

    /// A packed layer's descriptor.
    pub(crate) fn layer_descriptor(&self, packed: &Packed, compression: Compression) -> Descriptor {
        Descriptor::new(compression.layer_media_type(self.form), packed.digest.clone(), packed.size)
    }

    /// Config and manifest of these layers.
    pub(crate) fn describe(&self, layers: impl Iterator<Item = (DiffId, Descriptor)>) -> (Blob, Blob) {
        let (diff_ids, layers): (Vec<_>, Vec<_>) = layers.unzip();
        let config = ImageConfig {
            created: Some(CREATED.into()),
            author: self.author.clone(),
            architecture: self.platform.architecture.clone(),
            os: self.platform.os.clone(),
            variant: self.platform.variant.clone(),
            config: Some(self.config.clone()),
            rootfs: RootFs { kind: "layers".into(), diff_ids },
            history: self.rows.iter().map(|row| row.history.clone()).collect(),
            ..Default::default()
        };
        let (config_type, manifest_type) = match self.form {
            Form::Docker => (MediaType::DOCKER_CONFIG, MediaType::DOCKER_MANIFEST),
            Form::Oci => (MediaType::OCI_CONFIG, MediaType::OCI_MANIFEST),
        };
        let config = json(config_type, &config);
        let manifest = Manifest {
            schema_version: 2,
            media_type: Some(manifest_type.into()),
            artifact_type: None,
            config: config.descriptor(),
            layers,
            subject: None,
            annotations: Default::default(),
        };
        let manifest = json(manifest_type, &manifest);
        (config, manifest)
    }

    fn push(mut self, created_by: &str, layer: Option<(Source, Option<Compression>)>) -> Self {
        let history = HistoryEntry {
            created: Some(CREATED.into()),
            created_by: Some(created_by.into()),
            empty_layer: layer.is_none(),
            ..Default::default()
        };
        self.rows.push(Row { history, layer });
        self
    }
}

fn json(media_type: &str, value: &impl Serialize) -> Blob {
    Blob::new(media_type, serde_json::to_vec(value).expect("the vocabulary serialises"))
}
