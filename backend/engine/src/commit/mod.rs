//! `docker commit`: a container's writable layer becomes one more layer of an image.
//!
//! What was written is archived, taken in as any layer is (so it is hashed, indexed and made a directory in one pass),
//! and published together with a config that adds it to the parent's. The parent's layers are shared.

pub(crate) mod changes;
mod words;

use std::{io, sync::PoisonError, thread};

use strata_blobs::{BlobStore, DiskBlobs};
use strata_catalog::{Blob, Catalog as _, Layer, Lease, NewImage, Tagged};
use strata_containers::CommitSource;
use strata_layers::{FromRead, Watch};
use strata_oci::{ContainerConfig, Digest, HistoryEntry, ImageConfig, ImageId, MediaType, Reference, RootFs};

use crate::{Engine, Error, Kind, engine::Inner};

/// Digest of the archive of a layer in which nothing is: docker keeps no such layer.
const EMPTY_LAYER: &str = "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef";

/// What to commit, and as what.
#[derive(Clone, Debug, Default)]
pub struct CommitRequest {
    /// The container.
    pub container: String,
    /// Repository of the new image; empty for none.
    pub repo: String,
    /// Tag of the new image; `latest` if empty.
    pub tag: String,
    /// Who made it.
    pub author: String,
    /// A note.
    pub comment: String,
    /// Whether the container is paused meanwhile.
    pub pause: bool,
    /// Dockerfile instructions that change the config.
    pub changes: Vec<String>,
    /// A config in place of the container's; what it leaves out is the container's.
    pub config: Option<ContainerConfig>,
}

impl Engine {
    /// Makes an image of a container; returns its id.
    pub async fn commit(&self, request: CommitRequest) -> Result<ImageId, Error> {
        let containers = self.containers()?.clone();
        let name = name(&request.repo, &request.tag)?;
        let source = containers.commit_source(&request.container)?;
        let config = config(&request, &source)?;
        let labels = config.labels.clone().unwrap_or_default();
        let snapshots = self.running()?.snapshots.clone();
        let (engine, container, pause) = (self.clone(), request.container.clone(), request.pause);
        let (tag, of) = (name.clone(), source.clone());
        let committing = async move {
            let work = move |inner: &std::sync::Arc<Inner>| {
                let lease = inner.catalog.lease("commit")?;
                let made = inner.commit(&snapshots, &request, &of, config, tag, lease);
                // After success it is given back already.
                inner.catalog.release(lease)?;
                made
            };
            engine.blocking(work).await
        };
        let id = match pause {
            true => containers.standing_still(&container, committing).await??,
            false => committing.await?,
        };
        let shown = name.map(|name| name.repository.with_tag(name.tag).familiar()).unwrap_or_default();
        containers.tell_committed(&source, &id, &shown);
        let text = id.to_string();
        if !shown.is_empty() {
            self.inner().events.image("tag", &text, &shown, &labels);
        }
        Ok(id)
    }
}

impl Inner {
    fn commit(
        &self,
        snapshots: &strata_snapshots::Snapshots,
        request: &CommitRequest,
        source: &CommitSource,
        config: ContainerConfig,
        tag: Option<Tagged>,
        lease: Lease,
    ) -> Result<ImageId, Error> {
        let mut below = Vec::new();
        let mut image = ImageConfig::default();
        if let Some(id) = &source.image {
            let parent = self.catalog.image(id)?;
            let parent = parent.ok_or_else(|| Error::no_such_image(&id.to_string()))?;
            image = self.config(id)?.as_ref().clone();
            let diff_ids: Vec<_> = parent.layers.iter().map(|layer| layer.diff_id.clone()).collect();
            self.catalog.hold_layers(lease, &diff_ids)?;
            below = parent.layers;
        }
        let staged = self.capture(snapshots, source)?;
        let taken = staged.taken();
        let made = (taken.diff_id.to_string() != EMPTY_LAYER).then(|| Layer {
            diff_id: taken.diff_id.clone(),
            unpacked: taken.totals.on_disk(),
            entries: taken.totals.entries,
            blobs: Vec::new(),
        });
        let created = jiff::Timestamp::now().to_string();
        describe(&mut image, request, source, config, &created, made.as_ref());
        let bytes = serde_json::to_vec(&image).map_err(Error::internal)?;
        let digest = Digest::of(&bytes);
        let config_blob = self.blobs.stage(&digest, &bytes)?;
        let media_type = MediaType::from("application/vnd.docker.container.image.v1+json");
        let new = NewImage {
            config: Blob { digest: digest.clone(), size: bytes.len() as u64, media_type },
            created: Some(created),
            layers: below.into_iter().chain(made.clone()).collect(),
            manifests: Vec::new(),
            tag,
            repo_digest: None,
        };
        let _alone = self.publishing.lock().unwrap_or_else(PoisonError::into_inner);
        let layers = made.map(|_| staged).into_iter().collect();
        let published = self.layers.publish(&self.blobs, layers, vec![config_blob]).map_err(Error::from);
        let recorded = published.and_then(|_| Ok(self.catalog.add_image(&new, Some(lease))?));
        if recorded.is_err() {
            self.withdraw();
        }
        recorded.map(|_| ImageId(digest))
    }

    /// What was written, taken in as a layer.
    fn capture(
        &self,
        snapshots: &strata_snapshots::Snapshots,
        source: &CommitSource,
    ) -> Result<
        strata_layers::Staged<<<DiskBlobs as BlobStore>::Writer as strata_blobs::BlobWriter>::Staged>,
        Error,
    > {
        let (reader, writer) = io::pipe().map_err(Error::internal)?;
        thread::scope(|scope| {
            // Dropping the writer at the end, or on failure, is the end of the archive.
            let capturing = scope.spawn(move || {
                snapshots.capture(&source.snapshot, io::BufWriter::with_capacity(1 << 18, writer))
            });
            let taking = self
                .layers
                .intake_made::<_, <DiskBlobs as BlobStore>::Writer>(FromRead(reader), &Watch::default());
            let captured = capturing.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            // An archive that ends early is the capture's fault.
            captured.map_err(Error::internal)?;
            Ok(taking?)
        })
    }
}

/// The name of the new image.
fn name(repo: &str, tag: &str) -> Result<Option<Tagged>, Error> {
    if repo.is_empty() {
        return Ok(None);
    }
    let text = if tag.is_empty() { repo.to_owned() } else { format!("{repo}:{tag}") };
    let reference: Reference = text.parse()?;
    match (reference.digest(), reference.tag()) {
        (None, Some(tag)) => {
            Ok(Some(Tagged { repository: reference.repository().clone(), tag: tag.clone(), pulled: None }))
        }
        _ => Err(Error::new(Kind::InvalidArgument, "cannot commit to a digest: give a tag")),
    }
}

/// The config of containers of the new image.
fn config(request: &CommitRequest, source: &CommitSource) -> Result<ContainerConfig, Error> {
    let mut config = request.config.clone().unwrap_or_else(|| source.config.clone());
    changes::apply(&mut config, &request.changes)?;
    strata_containers::complete_config(&mut config, &source.config)?;
    Ok(config)
}

fn describe(
    image: &mut ImageConfig,
    request: &CommitRequest,
    source: &CommitSource,
    config: ContainerConfig,
    created: &str,
    made: Option<&Layer>,
) {
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    image.history.push(HistoryEntry {
        created: Some(created.to_owned()),
        created_by: text(&source.command.join(" ")),
        author: text(&request.author),
        comment: text(&request.comment),
        empty_layer: made.is_none(),
    });
    if image.rootfs.kind.is_empty() {
        let host = strata_oci::Platform::host();
        image.rootfs = RootFs { kind: "layers".into(), diff_ids: Vec::new() };
        image.os = host.os;
        image.architecture = host.architecture;
    }
    image.rootfs.diff_ids.extend(made.map(|layer| layer.diff_id.clone()));
    image.created = Some(created.to_owned());
    image.author = text(&request.author);
    image.comment = text(&request.comment);
    image.container = Some(source.id.clone());
    image.container_config = Some(source.config.clone());
    image.docker_version = Some(env!("CARGO_PKG_VERSION").to_owned());
    image.config = Some(config);
}
