//! Images on disk: OCI layout, skopeo's `dir:`, and `docker save` archives.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use serde_json::json;
use strata_oci::{Descriptor, Digest, Index, MediaType};

use crate::{Blob, Built, Entry, Image, TarWriter, pack};

const REF_NAME: &str = "org.opencontainers.image.ref.name";

/// An OCI layout directory.
pub struct Layout {
    dir: PathBuf,
    index: Index,
}

impl Layout {
    /// Opens the layout at `dir`, or makes an empty one.
    pub fn open(dir: &Path) -> io::Result<Self> {
        fs::create_dir_all(dir.join("blobs/sha256"))?;
        fs::write(dir.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#)?;
        let index = match fs::read(dir.join("index.json")) {
            Ok(bytes) => serde_json::from_slice(&bytes)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Index {
                schema_version: 2,
                media_type: Some(MediaType::OCI_INDEX.into()),
                manifests: Vec::new(),
                annotations: BTreeMap::new(),
            },
            Err(error) => return Err(error),
        };
        Ok(Self { dir: dir.into(), index })
    }

    /// Where a blob is.
    pub fn blob(&self, digest: &Digest) -> PathBuf {
        self.dir.join("blobs").join(digest.algorithm().name()).join(digest.hex())
    }

    /// The images in it.
    pub fn manifests(&self) -> &[Descriptor] {
        &self.index.manifests
    }

    /// Adds an image under the name `tag`, streaming its layers to disk; an image of that name is replaced.
    pub fn add(&mut self, image: &Image, tag: &str) -> io::Result<Descriptor> {
        let mut layers = Vec::new();
        for (source, compression) in image.sources() {
            let incoming = self.dir.join("incoming");
            let mut file = BufWriter::with_capacity(1 << 20, File::create(&incoming)?);
            let packed = pack(&**source, compression, &mut file)?;
            file.flush()?;
            fs::rename(incoming, self.blob(&packed.digest))?;
            layers.push((packed.diff_id.clone(), image.layer_descriptor(&packed, compression)));
        }
        let (config, manifest) = image.describe(layers.into_iter());
        self.finish(&config, &manifest, tag)
    }

    /// Adds an image that is in memory.
    pub fn add_built(&mut self, image: &Built, tag: &str) -> io::Result<Descriptor> {
        for layer in &image.layers {
            self.write(&layer.blob)?;
        }
        self.finish(&image.config, &image.manifest, tag)
    }

    /// Adds an index of images that are in the layout under the name `tag`.
    pub fn add_index(&mut self, index: &Index, tag: &str) -> io::Result<Descriptor> {
        let media_type = index.media_type.clone().unwrap_or_else(|| MediaType::OCI_INDEX.into());
        let blob = Blob::new(media_type.0, serde_json::to_vec(index)?);
        self.write(&blob)?;
        self.name(blob.descriptor(), tag)
    }

    fn finish(&mut self, config: &Blob, manifest: &Blob, tag: &str) -> io::Result<Descriptor> {
        self.write(config)?;
        self.write(manifest)?;
        self.name(manifest.descriptor(), tag)
    }

    fn write(&self, blob: &Blob) -> io::Result<()> {
        fs::write(self.blob(&blob.digest), &blob.bytes)
    }

    fn name(&mut self, mut descriptor: Descriptor, tag: &str) -> io::Result<Descriptor> {
        descriptor.annotations.insert(REF_NAME.into(), tag.into());
        self.index.manifests.retain(|other| other.annotations.get(REF_NAME).is_none_or(|name| name != tag));
        self.index.manifests.push(descriptor.clone());
        fs::write(self.dir.join("index.json"), serde_json::to_vec(&self.index)?)?;
        Ok(descriptor)
    }
}

impl Built {
    /// Writes the image as an OCI layout under the name `tag`.
    pub fn write_layout(&self, dir: &Path, tag: &str) -> io::Result<Descriptor> {
        Layout::open(dir)?.add_built(self, tag)
    }

    /// Writes the image as skopeo's `dir:` transport has it, which keeps docker manifests byte for byte.
    pub fn write_dir(&self, dir: &Path) -> io::Result<()> {
        fs::create_dir_all(dir)?;
        fs::write(dir.join("version"), "Directory Transport Version: 1.1\n")?;
        fs::write(dir.join("manifest.json"), &self.manifest.bytes)?;
        for blob in self.layers.iter().map(|layer| &layer.blob).chain([&self.config]) {
            fs::write(dir.join(blob.digest.hex()), &blob.bytes)?;
        }
        Ok(())
    }
}

/// Writes images with their tags (`name:tag`) as `docker save` does; layers are stored plain.
pub fn docker_archive(images: &[(&Built, &[&str])], out: impl Write) -> io::Result<()> {
    let mut tar = TarWriter::new(out);
    let mut written = std::collections::BTreeSet::new();
    let mut manifest = Vec::new();
    for (image, tags) in images {
        let config = format!("{}.json", image.config.digest.hex());
        if written.insert(config.clone()) {
            tar.entry(&Entry::file(&config, &image.config.bytes))?;
        }
        let mut layers = Vec::new();
        for layer in &image.layers {
            let dir = layer.diff_id.0.hex();
            let path = format!("{dir}/layer.tar");
            if written.insert(path.clone()) {
                tar.entry(&Entry::dir(dir))?;
                tar.stream(&Entry::file(&path, ""), layer.tar.len() as u64, layer.tar.as_slice())?;
            }
            layers.push(path);
        }
        manifest.push(json!({ "Config": config, "RepoTags": tags, "Layers": layers }));
    }
    tar.entry(&Entry::file("manifest.json", serde_json::to_vec(&manifest)?))?;
    tar.finish()?.flush()
}
