//! What refers to a manifest: signatures, attestations, lists of parts.

use std::collections::BTreeMap;

use serde::Deserialize;
use strata_blobs::BlobStore as _;
use strata_catalog::{Blob, Catalog as _, RegistryCatalog as _, RegistryPath};
use strata_oci::{Descriptor, Digest, Index, MediaType};

use crate::{Engine, Error, engine::Inner, registry::path};

const MANIFEST_LIMIT: u64 = 4 << 20;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Referring {
    artifact_type: Option<String>,
    config: Option<Descriptor>,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

impl Engine {
    /// The manifests of the repository `name` that refer to `subject`, of one artifact type if it is given.
    ///
    /// Those that a client without this API has put under the tag `sha256-<hex>` are among them.
    pub async fn registry_referrers(
        &self,
        name: &str,
        subject: &Digest,
        artifact_type: Option<&str>,
    ) -> Result<Vec<Descriptor>, Error> {
        let (repository, subject) = (path(name)?, subject.clone());
        let wanted = artifact_type.map(str::to_owned);
        self.blocking(move |inner| {
            let mut found: Vec<Descriptor> = inner
                .catalog
                .registry_referrers(&repository, &subject)?
                .iter()
                .map(|blob| inner.referrer(blob))
                .collect::<Result<_, _>>()?;
            for descriptor in inner.fallback(&repository, &subject)? {
                if found.iter().all(|known| known.digest != descriptor.digest) {
                    found.push(descriptor);
                }
            }
            if let Some(wanted) = wanted {
                found.retain(|known| known.artifact_type.as_deref() == Some(&wanted));
            }
            Ok(found)
        })
        .await
    }
}

impl Inner {
    fn referrer(&self, blob: &Blob) -> Result<Descriptor, Error> {
        let bytes = self.blobs.read(&blob.digest, MANIFEST_LIMIT)?;
        let mut descriptor = Descriptor::new(blob.media_type.clone(), blob.digest.clone(), blob.size);
        if let Ok(manifest) = serde_json::from_slice::<Referring>(&bytes) {
            let config = manifest.config.map(|config| config.media_type.to_string());
            descriptor.artifact_type = manifest.artifact_type.filter(|kind| !kind.is_empty()).or(config);
            descriptor.annotations = manifest.annotations;
        }
        Ok(descriptor)
    }

    /// What the index says that clients keep under a tag where a registry has no referrers.
    fn fallback(&self, repository: &RegistryPath, subject: &Digest) -> Result<Vec<Descriptor>, Error> {
        let tag = format!("{}-{}", subject.algorithm().name(), subject.hex());
        let Ok(tag) = tag.parse() else { return Ok(Vec::new()) };
        let Some(blob) = self.catalog.registry_tag(repository, &tag)? else { return Ok(Vec::new()) };
        if blob.media_type != MediaType::from(MediaType::OCI_INDEX) {
            return Ok(Vec::new());
        }
        let bytes = self.blobs.read(&blob.digest, MANIFEST_LIMIT)?;
        Ok(serde_json::from_slice::<Index>(&bytes).map(|index| index.manifests).unwrap_or_default())
    }
}
