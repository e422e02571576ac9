//! What goes into an archive, decided before the first byte is written.

use std::collections::{BTreeMap, HashSet};

use serde::Serialize;
use serde_json::json;
use strata_blobs::BlobStore as _;
use strata_catalog::{Image, Layer};
use strata_oci::{Descriptor, DiffId, Digest, Index, Manifest, MediaType, Parsed, Repository, Tag};

use super::hex;
use crate::{Error, Kind, engine::Inner};

const MANIFEST_LIMIT: u64 = 4 << 20;
const REF_NAME: &str = "org.opencontainers.image.ref.name";
const CONTAINERD_NAME: &str = "io.containerd.image.name";

/// An image to save, and under which names.
pub(super) struct Wanted {
    pub(super) image: Image,
    pub(super) tags: Vec<(Repository, Tag)>,
}

/// The members of the archive, in order.
#[derive(Default)]
pub(super) struct Plan {
    pub(super) members: Vec<(String, Content)>,
    images: Vec<(String, BTreeMap<String, String>)>,
}

/// What a member is.
pub(super) enum Content {
    Directory,
    /// These bytes.
    Bytes(Vec<u8>),
    /// A blob of the store.
    Blob(Digest, u64),
    /// The plain tar of a layer without a blob.
    Tar(DiffId, u64),
}

/// An entry of `manifest.json`.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct DockerImage {
    config: String,
    repo_tags: Option<Vec<String>>,
    layers: Vec<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    layer_sources: BTreeMap<DiffId, Descriptor>,
}

impl Plan {
    /// The ids of the images, with their labels.
    pub(super) fn images(&self) -> impl Iterator<Item = (&str, &BTreeMap<String, String>)> {
        self.images.iter().map(|(id, labels)| (id.as_str(), labels))
    }
}

impl Inner {
    /// Plans an archive of images, all of them held.
    pub(super) fn plan(&self, wanted: Vec<Wanted>) -> Result<Plan, Error> {
        let mut plan = Plan::default();
        let mut blobs: Vec<(Digest, Content)> = Vec::new();
        let mut index = Vec::new();
        let mut docker = Vec::new();
        let mut repositories: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        for Wanted { image, tags } in wanted {
            let (descriptor, bytes, manifest) = self.manifest_to_save(&image)?;
            for (layer, descriptor) in image.layers.iter().zip(&manifest.layers) {
                blobs.push((descriptor.digest.clone(), self.content(layer, descriptor)?));
            }
            let config = &manifest.config;
            blobs.push((config.digest.clone(), Content::Blob(config.digest.clone(), config.size)));
            blobs.push((descriptor.digest.clone(), Content::Bytes(bytes)));
            let path = |digest: &Digest| format!("blobs/{}/{}", digest.algorithm().name(), digest.hex());
            let sources = image.layers.iter().zip(&manifest.layers);
            docker.push(DockerImage {
                config: path(&config.digest),
                repo_tags: (!tags.is_empty()).then(|| tags.iter().map(shown).collect()),
                layers: manifest.layers.iter().map(|layer| path(&layer.digest)).collect(),
                layer_sources: sources.map(|(layer, d)| (layer.diff_id.clone(), d.clone())).collect(),
            });
            for tag in &tags {
                let mut named = descriptor.clone();
                let whole = tag.0.with_tag(tag.1.clone()).to_string();
                named.annotations.insert(CONTAINERD_NAME.into(), whole);
                named.annotations.insert(REF_NAME.into(), tag.1.to_string());
                index.push(named);
                let top = manifest.layers.last().map_or(hex(&image.id), |layer| layer.digest.hex());
                repositories.entry(tag.0.familiar()).or_default().insert(tag.1.to_string(), top.to_owned());
            }
            if tags.is_empty() {
                index.push(descriptor);
            }
            plan.images.push((image.id.to_string(), self.labels(&image)?));
        }
        let index = Index {
            schema_version: 2,
            media_type: Some(MediaType::OCI_INDEX.into()),
            manifests: index,
            annotations: BTreeMap::new(),
        };
        plan.add("oci-layout", &json!({ "imageLayoutVersion": "1.0.0" }))?;
        plan.add("index.json", &index)?;
        plan.add("manifest.json", &docker)?;
        if !repositories.is_empty() {
            plan.add("repositories", &repositories)?;
        }
        plan.members.push(("blobs".into(), Content::Directory));
        let mut folders = HashSet::new();
        let mut written = HashSet::new();
        blobs.sort_by(|(a, _), (b, _)| (a.algorithm().name(), a.hex()).cmp(&(b.algorithm().name(), b.hex())));
        for (digest, content) in blobs {
            let folder = format!("blobs/{}", digest.algorithm().name());
            if folders.insert(folder.clone()) {
                plan.members.push((folder.clone(), Content::Directory));
            }
            if written.insert(digest.clone()) {
                plan.members.push((format!("{folder}/{}", digest.hex()), content));
            }
        }
        Ok(plan)
    }

    /// The manifest that an image is saved with: the one it came with if all that it names is here, else one of our own.
    pub(crate) fn manifest_to_save(&self, image: &Image) -> Result<(Descriptor, Vec<u8>, Manifest), Error> {
        for known in image.manifests.iter().filter(|known| known.media_type.is_manifest()) {
            let bytes = self.blobs.read(&known.digest, MANIFEST_LIMIT)?;
            let Ok(Parsed::Manifest(manifest)) = Parsed::from_bytes(&known.media_type.to_string(), &bytes)
            else {
                continue;
            };
            let fits = manifest.config.digest == *image.id.digest()
                && manifest.layers.len() == image.layers.len()
                && image.layers.iter().zip(&manifest.layers).all(|(l, d)| self.content(l, d).is_ok());
            if fits {
                let descriptor = Descriptor::new(known.media_type.clone(), known.digest.clone(), known.size);
                return Ok((descriptor, bytes, manifest));
            }
        }
        let config = self.blobs.size(image.id.digest())?;
        let config = config.ok_or_else(|| Error::no_such_image(&image.id.to_string()))?;
        let layers = image.layers.iter().map(|layer| self.descriptor(layer));
        let manifest = Manifest {
            schema_version: 2,
            media_type: Some(MediaType::OCI_MANIFEST.into()),
            artifact_type: None,
            config: Descriptor::new(MediaType::OCI_CONFIG, image.id.digest().clone(), config),
            layers: layers.collect::<Result<_, _>>()?,
            subject: None,
            annotations: BTreeMap::new(),
        };
        let bytes = serde_json::to_vec(&manifest).map_err(Error::internal)?;
        let descriptor = Descriptor::new(MediaType::OCI_MANIFEST, Digest::of(&bytes), bytes.len() as u64);
        Ok((descriptor, bytes, manifest))
    }

    /// A layer as a manifest of ours names it.
    fn descriptor(&self, layer: &Layer) -> Result<Descriptor, Error> {
        match layer.blobs.first() {
            Some(blob) => {
                let kind = match blob.media_type.layer_compression() {
                    Some(strata_oci::Compression::None) => MediaType::OCI_LAYER.to_owned(),
                    Some(strata_oci::Compression::Zstd) => format!("{}+zstd", MediaType::OCI_LAYER),
                    _ => format!("{}+gzip", MediaType::OCI_LAYER),
                };
                Ok(Descriptor::new(kind.as_str(), blob.digest.clone(), blob.size))
            }
            None => {
                let size = self.layers.tar_size(&layer.diff_id)?;
                Ok(Descriptor::new(MediaType::OCI_LAYER, layer.diff_id.0.clone(), size))
            }
        }
    }

    /// Where the bytes are that a manifest names as a layer.
    fn content(&self, layer: &Layer, descriptor: &Descriptor) -> Result<Content, Error> {
        if layer.blobs.iter().any(|blob| blob.digest == descriptor.digest) {
            return Ok(Content::Blob(descriptor.digest.clone(), descriptor.size));
        }
        if layer.diff_id.0 == descriptor.digest {
            let size = self.layers.tar_size(&layer.diff_id)?;
            return Ok(Content::Tar(layer.diff_id.clone(), size));
        }
        Err(Error::new(Kind::NotFound, format!("blob {} is not in the store", descriptor.digest)))
    }
}

impl Plan {
    fn add(&mut self, name: &str, value: &impl Serialize) -> Result<(), Error> {
        let bytes = serde_json::to_vec(value).map_err(Error::internal)?;
        self.members.push((name.into(), Content::Bytes(bytes)));
        Ok(())
    }
}

fn shown((repository, tag): &(Repository, Tag)) -> String {
    repository.with_tag(tag.clone()).familiar()
}
