//! An OCI layout directory into the embedded registry.

use std::{
    collections::HashMap,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::PoisonError,
};

use strata_blobs::{BlobStore as _, BlobWriter as _};
use strata_catalog::{Blob, Catalog as _, Child, Lease, NewManifest, RegistryPath};
use strata_oci::{Descriptor, Digest, Index, Parsed, Tag};

use crate::{Engine, Error, Kind, engine::Inner, registry::path};

/// Indexes in indexes: a layout has `index.json` → index → manifest at most.
const DEPTH: usize = 3;

impl Engine {
    /// Imports what the OCI layout directory `layout` holds as `name:tag`; returns the digest that the tag points at.
    ///
    /// The layout's `index.json` must name exactly one manifest or index. Blobs are verified as they are copied.
    pub async fn seed(&self, layout: &Path, name: &str, tag: &str) -> Result<Digest, Error> {
        let repository = path(name)?;
        let tag: Tag = tag.parse()?;
        let layout = layout.to_owned();
        self.blocking(move |inner| {
            // A failing pull sweeps away what has no record, and these blobs get theirs only with their manifest.
            let _alone = inner.publishing.lock().unwrap_or_else(PoisonError::into_inner);
            let lease = inner.catalog.lease("seed")?;
            let result = Seed { inner, layout, repository, lease, done: HashMap::new() }.run(&tag);
            inner.catalog.release(lease)?;
            result
        })
        .await
    }
}

struct Seed<'a> {
    inner: &'a Inner,
    layout: PathBuf,
    repository: RegistryPath,
    lease: Lease,
    /// Manifests that are in the registry already.
    done: HashMap<Digest, Blob>,
}

impl Seed<'_> {
    fn run(mut self, tag: &Tag) -> Result<Digest, Error> {
        let path = self.layout.join("index.json");
        let bytes = fs::read(&path).map_err(|error| unusable(&path, &error))?;
        let index: Index = serde_json::from_slice(&bytes).map_err(|error| unusable(&path, &error))?;
        let [root] = &index.manifests[..] else {
            let count = index.manifests.len();
            return Err(unusable(&path, &format!("it names {count} manifests: expected one")));
        };
        self.manifest(root, Some(tag), DEPTH)?;
        Ok(root.digest.clone())
    }

    /// Children first: whatever a record names is there.
    fn manifest(&mut self, descriptor: &Descriptor, tag: Option<&Tag>, depth: usize) -> Result<Blob, Error> {
        if let (Some(blob), None) = (self.done.get(&descriptor.digest), tag) {
            return Ok(blob.clone());
        }
        let source = self.source(&descriptor.digest);
        let bytes = fs::read(&source).map_err(|error| unusable(&source, &error))?;
        let media_type = descriptor.media_type.to_string();
        let parsed = Parsed::from_bytes(&media_type, &bytes).map_err(|error| unusable(&source, &error))?;
        let children = match parsed {
            Parsed::Manifest(manifest) => {
                let all = std::iter::once(&manifest.config).chain(&manifest.layers);
                all.map(|child| self.blob(child).map(Child::Here)).collect::<Result<Vec<_>, _>>()?
            }
            Parsed::Index(_) if depth == 0 => return Err(unusable(&source, &"indexes are nested too deep")),
            Parsed::Index(index) => index
                .manifests
                .iter()
                .map(|child| match self.source(&child.digest).exists() {
                    true => self.manifest(child, None, depth - 1).map(Child::Here),
                    false => Ok(Child::Elsewhere(child.digest.clone())),
                })
                .collect::<Result<Vec<_>, _>>()?,
        };
        let blob = self.blob(descriptor)?;
        let manifest = NewManifest { blob: blob.clone(), children };
        self.inner.catalog.registry_put(&self.repository, &manifest, tag, None)?;
        self.done.insert(descriptor.digest.clone(), blob.clone());
        Ok(blob)
    }

    fn blob(&self, descriptor: &Descriptor) -> Result<Blob, Error> {
        let Descriptor { digest, size, media_type, .. } = descriptor;
        let blob = Blob { digest: digest.clone(), size: *size, media_type: media_type.clone() };
        if !self.inner.catalog.hold_blobs(self.lease, std::slice::from_ref(digest))?.is_empty() {
            return Ok(blob);
        }
        let source = self.source(digest);
        let mut file = File::open(&source).map_err(|error| unusable(&source, &error))?;
        let mut writer = self.inner.blobs.ingest(digest, Some(*size))?;
        io::copy(&mut file, &mut writer).map_err(|error| unusable(&source, &error))?;
        writer.commit()?;
        Ok(blob)
    }

    fn source(&self, digest: &Digest) -> PathBuf {
        self.layout.join("blobs").join(digest.algorithm().name()).join(digest.hex())
    }
}

fn unusable(path: &Path, why: &impl std::fmt::Display) -> Error {
    Error::new(Kind::InvalidArgument, format!("{}: {why}", path.display()))
}
