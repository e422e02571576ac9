//! From a reference to the manifest of one image, and its config.

use bytes::Bytes;
use strata_blobs::BlobStore as _;
use strata_catalog::{Catalog as _, Image, Lease, RepoDigest, Tagged};
use strata_oci::{
    DiffId, Digest, ImageConfig, ImageId, Index, Manifest, Parsed, Platform, Reference, Repository,
};
use strata_registry::{Client, Fetched};

use crate::{Engine, Error, Kind};

const MANIFEST_LIMIT: u64 = 4 << 20;

/// What a reference leads to.
pub(super) struct Target {
    /// The index that the manifest was chosen from, if there was one.
    pub(super) index: Option<(Fetched, Index)>,
    /// The manifest's bytes as they came.
    pub(super) fetched: Fetched,
    /// The manifest.
    pub(super) manifest: Manifest,
}

/// A config as it came, and read.
pub(super) struct Config {
    pub(super) bytes: Bytes,
    pub(super) parsed: ImageConfig,
}

impl Target {
    /// What the registry's tag points at: the digest that a pinned name has.
    pub(super) fn digest(&self) -> &Digest {
        match &self.index {
            Some((index, _)) => &index.descriptor.digest,
            None => &self.fetched.descriptor.digest,
        }
    }

    pub(super) fn image_id(&self) -> ImageId {
        ImageId(self.manifest.config.digest.clone())
    }

    /// The tag and the pinned name that a pull of `reference` gives.
    pub(super) fn names(&self, reference: &Reference) -> (Option<Tagged>, RepoDigest) {
        let repository = reference.repository().clone();
        let digest = self.digest().clone();
        // Pulled by digest: the name is the digest, whatever tag stands before it.
        let tag = reference.tag().filter(|_| reference.digest().is_none());
        let tag = tag.map(|tag| Tagged {
            repository: repository.clone(),
            tag: tag.clone(),
            pulled: Some(digest.clone()),
        });
        (tag, RepoDigest { repository, digest })
    }
}

impl Engine {
    /// Asks the registry what `reference` is now, and chooses from an index.
    pub(super) async fn resolve(
        &self,
        client: &Client,
        reference: &Reference,
        platform: &Platform,
    ) -> Result<Target, Error> {
        let fetched = client.resolve(reference).await?;
        let index = match fetched.parsed.clone() {
            Parsed::Manifest(manifest) => return Ok(Target { index: None, fetched, manifest }),
            Parsed::Index(index) => index,
        };
        let chosen = index.choose(platform).ok_or_else(|| no_platform(reference, &index, platform))?;
        let digest = chosen.digest.clone();
        let inner = match self.local_manifest(chosen.media_type.to_string(), &digest).await? {
            Some(local) => local,
            None => client.manifest(reference.repository(), &digest).await?,
        };
        match inner.parsed.clone() {
            Parsed::Manifest(manifest) => {
                Ok(Target { index: Some((fetched, index)), fetched: inner, manifest })
            }
            Parsed::Index(_) => Err(Error::new(
                Kind::Unsupported,
                format!("{}: the index names another index for {platform}", reference.familiar()),
            )),
        }
    }

    /// A manifest that is in the store already: an unchanged pull asks the registry once only.
    async fn local_manifest(&self, media_type: String, digest: &Digest) -> Result<Option<Fetched>, Error> {
        let digest = digest.clone();
        self.blocking(move |inner| {
            let Some(blob) = inner.catalog.blob(&digest)? else { return Ok(None) };
            let Ok(bytes) = inner.blobs.read(&digest, MANIFEST_LIMIT) else { return Ok(None) };
            let Ok(parsed) = Parsed::from_bytes(&media_type, &bytes) else { return Ok(None) };
            let descriptor = strata_oci::Descriptor::new(media_type.as_str(), digest, blob.size);
            Ok(Some(Fetched { descriptor, bytes: bytes.into(), content_type: media_type, parsed }))
        })
        .await
    }

    /// Whether the target's image is here, under whichever manifest, and whether the name means it already.
    pub(super) async fn is_here(
        &self,
        reference: &Reference,
        target: &Target,
    ) -> Result<(bool, bool), Error> {
        let id = target.image_id();
        let (tag, pinned) = target.names(reference);
        self.blocking(move |inner| {
            let Some(image) = inner.catalog.image(&id)? else { return Ok((false, false)) };
            Ok((true, is_named(&image, tag.as_ref(), &pinned)))
        })
        .await
    }

    /// If the image is here whole, gives it the name and says whether that is news; else `None`.
    pub(super) async fn name_if_here(
        &self,
        reference: &Reference,
        target: &Target,
        lease: Lease,
    ) -> Result<Option<bool>, Error> {
        let id = target.image_id();
        let (tag, pinned) = target.names(reference);
        let manifest = target.fetched.descriptor.digest.clone();
        self.blocking(move |inner| {
            let Some(image) = inner.catalog.image(&id)? else { return Ok(None) };
            if !image.manifests.iter().any(|known| known.digest == manifest) {
                // The same image under another manifest: pulled again, so that the manifest is kept too.
                return Ok(None);
            }
            inner.catalog.pin(&pinned, &id)?;
            let newer = !is_named(&image, tag.as_ref(), &pinned);
            if let Some(tag) = tag.filter(|tag| !image.tags.contains(tag)) {
                inner.catalog.tag(&tag, &id)?;
            }
            inner.catalog.release(lease)?;
            Ok(Some(newer))
        })
        .await
    }
}

/// Whether the image has the name that is pulled, wherever it got it from.
fn is_named(image: &Image, tag: Option<&Tagged>, pinned: &RepoDigest) -> bool {
    match tag {
        Some(wanted) => {
            image.tags.iter().any(|tag| tag.repository == wanted.repository && tag.tag == wanted.tag)
        }
        None => image.repo_digests.contains(pinned),
    }
}

/// Fetches the config and checks that it fits the manifest.
pub(super) async fn config(
    client: &Client,
    repository: &Repository,
    target: &Target,
    platform: &Platform,
) -> Result<Config, Error> {
    let Manifest { config, layers, .. } = &target.manifest;
    if !config.media_type.is_image_config() {
        let kind = &config.media_type;
        return Err(Error::new(
            Kind::Unsupported,
            format!("{} is not a container image: its config has media type {kind:?}", repository.familiar()),
        ));
    }
    let bytes = client.config(repository, config).await?;
    let wrong = |what: String| Error::new(Kind::Internal, format!("image {}: {what}", config.digest));
    let parsed: ImageConfig = serde_json::from_slice(&bytes)
        .map_err(|error| wrong(format!("its config can't be read: {error}")))?;
    let diff_ids = parsed.rootfs.diff_ids.len();
    if diff_ids != layers.len() {
        let count = layers.len();
        return Err(wrong(format!(
            "its config has {diff_ids} diff_ids, its manifest {count} layers: they must be as many"
        )));
    }
    if !parsed.os.is_empty() && parsed.os != platform.os {
        return Err(Error::new(
            Kind::InvalidArgument,
            format!("image operating system {:?} cannot be used on this platform", parsed.os),
        ));
    }
    for layer in layers {
        if layer.media_type.layer_compression().is_none() {
            return Err(wrong(format!(
                "layer {} has media type {:?}: expected a tar layer",
                layer.digest, layer.media_type
            )));
        }
    }
    Ok(Config { bytes, parsed })
}

impl Config {
    /// The diff ids, bottom first; as many as the manifest has layers.
    pub(super) fn diff_ids(&self) -> &[DiffId] {
        &self.parsed.rootfs.diff_ids
    }
}

fn no_platform(reference: &Reference, index: &Index, platform: &Platform) -> Error {
    let offered: Vec<String> = index.platforms().map(ToString::to_string).collect();
    let offered = if offered.is_empty() { "none".to_owned() } else { offered.join(", ") };
    Error::new(
        Kind::NotFound,
        format!(
            "no matching manifest for {platform} in the manifest list entries of {}: it has {offered}",
            reference.familiar()
        ),
    )
}
