//! `manifest.json`: the images of a docker archive.

use serde::Deserialize;
use strata_catalog::Blob;
use strata_oci::{Descriptor, Index, Manifest, Parsed};

use super::{
    found::{Image, tagged},
    members::{Members, invalid},
};
use crate::Error;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    config: String,
    #[serde(default)]
    repo_tags: Option<Vec<String>>,
    #[serde(default)]
    layers: Option<Vec<String>>,
}

/// The images that `manifest.json` lists.
pub(super) fn find(members: &Members<'_>) -> Result<Vec<Image>, Error> {
    let bytes = members.small("manifest.json")?;
    let listed: Vec<Listed> = serde_json::from_slice(bytes)
        .map_err(|error| invalid(format!("manifest.json in the archive can't be read: {error}")))?;
    let manifests = manifests(members);
    listed.into_iter().map(|listed| image(members, listed, &manifests)).collect()
}

fn image(
    members: &Members<'_>,
    listed: Listed,
    manifests: &[(Descriptor, Vec<u8>, Manifest)],
) -> Result<Image, Error> {
    let config = members.small(&listed.config)?.to_vec();
    let layers = listed.layers.unwrap_or_default();
    let layers = layers.iter().map(|path| members.layer(path).cloned()).collect::<Result<Vec<_>, _>>()?;
    let tags = listed.repo_tags.unwrap_or_default();
    let tags = tags.iter().map(|name| tagged(name)).collect::<Result<Vec<_>, _>>()?;
    let image = Image::new(&listed.config, &config, layers, tags)?;
    let own = manifests.iter().find(|(_, _, manifest)| manifest.config.digest == *image.id.digest());
    Ok(match own {
        Some((descriptor, bytes, manifest)) => image.with_manifest(blob(descriptor), bytes, manifest),
        None => image,
    })
}

/// The manifests of the OCI layout that newer archives are at the same time. They are not needed, so what is wrong with them
/// is overlooked.
fn manifests(members: &Members<'_>) -> Vec<(Descriptor, Vec<u8>, Manifest)> {
    let Ok(bytes) = members.small("index.json") else { return Vec::new() };
    let Ok(index) = serde_json::from_slice::<Index>(bytes) else { return Vec::new() };
    let read = |descriptor: Descriptor| {
        let digest = &descriptor.digest;
        let bytes = members.small(&format!("blobs/{}/{}", digest.algorithm().name(), digest.hex())).ok()?;
        match Parsed::from_bytes(&descriptor.media_type.to_string(), bytes).ok()? {
            Parsed::Manifest(manifest) => Some((descriptor, bytes.to_vec(), manifest)),
            Parsed::Index(_) => None,
        }
    };
    index.manifests.into_iter().filter_map(read).collect()
}

pub(super) fn blob(descriptor: &Descriptor) -> Blob {
    Blob {
        digest: descriptor.digest.clone(),
        size: descriptor.size,
        media_type: descriptor.media_type.clone(),
    }
}
