//! `index.json`: the images of an OCI layout.

use strata_catalog::Tagged;
use strata_oci::{Descriptor, Digest, Index, Manifest, Parsed, Platform};

use super::{
    docker::blob,
    found::{Image, tagged},
    members::{Members, invalid},
};
use crate::Error;

const REF_NAME: &str = "org.opencontainers.image.ref.name";
const CONTAINERD_NAME: &str = "io.containerd.image.name";
/// `index.json` → index → index → manifest.
const DEPTH: usize = 3;

/// The images that `index.json` names, those of an index for `platform`. One image under several names is one.
pub(super) fn find(members: &Members<'_>, platform: &Platform) -> Result<Vec<Image>, Error> {
    let bytes = members.small("index.json")?;
    let index: Index = serde_json::from_slice(bytes)
        .map_err(|error| invalid(format!("index.json in the archive can't be read: {error}")))?;
    let mut images: Vec<Image> = Vec::new();
    for descriptor in &index.manifests {
        let Some((manifest, of)) = resolve(members, descriptor, platform, DEPTH)? else { continue };
        let name = name(descriptor)?;
        let image = image(members, &manifest, &of)?;
        let at = images.iter().position(|known| known.id == image.id).unwrap_or_else(|| {
            images.push(image);
            images.len() - 1
        });
        let tags = &mut images[at].tags;
        tags.extend(name.filter(|name| !tags.contains(name)));
    }
    if images.is_empty() {
        return Err(invalid(format!("the archive holds no image for {platform}")));
    }
    Ok(images)
}

fn path(digest: &Digest) -> String {
    format!("blobs/{}/{}", digest.algorithm().name(), digest.hex())
}

/// The manifest of one image that a descriptor leads to; nothing if what it names is no image (an attestation, a chart).
fn resolve(
    members: &Members<'_>,
    descriptor: &Descriptor,
    platform: &Platform,
    depth: usize,
) -> Result<Option<(Manifest, Descriptor)>, Error> {
    let name = path(&descriptor.digest);
    let bytes = members.small(&name)?;
    let parsed = Parsed::from_bytes(&descriptor.media_type.to_string(), bytes)
        .map_err(|error| invalid(format!("{name} in the archive: {error}")))?;
    match parsed {
        Parsed::Manifest(manifest) if manifest.config.media_type.is_image_config() => {
            Ok(Some((manifest, descriptor.clone())))
        }
        Parsed::Manifest(_) => Ok(None),
        Parsed::Index(_) if depth == 0 => Err(invalid(format!("{name}: indexes are nested too deep"))),
        Parsed::Index(index) => {
            let here = Index {
                // Archives may leave out platforms that were not asked for.
                manifests: index
                    .manifests
                    .iter()
                    .filter(|d| members.has(&path(&d.digest)))
                    .cloned()
                    .collect(),
                ..index
            };
            match here.choose(platform) {
                Some(chosen) => resolve(members, chosen, platform, depth - 1),
                None => Ok(None),
            }
        }
    }
}

fn image(members: &Members<'_>, manifest: &Manifest, of: &Descriptor) -> Result<Image, Error> {
    let name = path(&manifest.config.digest);
    let config = members.small(&name)?.to_vec();
    let layers = manifest.layers.iter().map(|layer| members.layer(&path(&layer.digest)).cloned());
    let image = Image::new(&name, &config, layers.collect::<Result<Vec<_>, _>>()?, Vec::new())?;
    let bytes = members.small(&path(&of.digest))?;
    Ok(image.with_manifest(blob(of), bytes, manifest))
}

/// The name that an index gives to an image. Some programs only note a tag, which is no name.
fn name(descriptor: &Descriptor) -> Result<Option<Tagged>, Error> {
    if let Some(name) = descriptor.annotations.get(CONTAINERD_NAME) {
        return tagged(name).map(Some);
    }
    let name = descriptor.annotations.get(REF_NAME).filter(|name| name.contains([':', '/']));
    Ok(name.and_then(|name| tagged(name).ok()))
}
