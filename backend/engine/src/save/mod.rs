//! `docker save`: images as an archive that is both a docker archive and an OCI layout.
//!
//! ```text
//! oci-layout  index.json  manifest.json  repositories  blobs/sha256/<digest of each manifest, config and layer>
//! ```
//!
//! What says what is in the archive comes first, so that whoever reads it as a stream knows what to look for. Layers are
//! what their registry sent, to the byte; those that came without a blob are written as plain tars. The same images
//! give the same bytes.

mod plan;
mod write;

use bytes::Bytes;
use strata_catalog::{Catalog as _, Image, Lease};
use strata_oci::{ImageId, Platform, Reference, Repository, Tag};
use tokio::sync::mpsc;

use self::plan::{Plan, Wanted};
use crate::{Engine, Error, Kind, engine::Inner};

/// Pieces of an archive that wait for a slow client.
const BACKLOG: usize = 4;

/// What to save.
#[derive(Clone, Debug, Default)]
pub struct SaveRequest {
    /// Names or ids. A name without tag or digest means all tags of its repository.
    pub names: Vec<String>,
    /// `os/architecture[/variant]` that every image must be for.
    pub platform: Option<String>,
}

impl Engine {
    /// Starts a save; the answer gives the archive in pieces. An error in it is the last: the archive is cut short.
    ///
    /// What is saved can't be removed meanwhile. Dropping the receiver ends it.
    pub async fn save(&self, request: SaveRequest) -> Result<mpsc::Receiver<Result<Bytes, Error>>, Error> {
        let (plan, lease) = self
            .blocking(move |inner| {
                let lease = inner.catalog.lease("save")?;
                let planned = inner.plan_save(&request, lease);
                if planned.is_err() {
                    inner.catalog.release(lease)?;
                }
                Ok((planned?, lease))
            })
            .await?;
        let (sender, receiver) = mpsc::channel(BACKLOG);
        let inner = self.inner().clone();
        tokio::task::spawn_blocking(move || {
            if let Err(error) = inner.write_archive(&plan, &sender) {
                tracing::warn!(%error, "a save was cut short");
                let _ = sender.blocking_send(Err(error));
            } else {
                for (id, labels) in plan.images() {
                    inner.events.image("save", id, id, labels);
                }
            }
            if let Err(error) = inner.catalog.release(lease) {
                tracing::warn!(%error, "cannot give a lease back; it ends with the process");
            }
        });
        Ok(receiver)
    }
}

/// An image, and the tag that it was chosen by.
type Chosen = (Image, Option<(Repository, Tag)>);

impl Inner {
    fn plan_save(&self, request: &SaveRequest, lease: Lease) -> Result<Plan, Error> {
        let platform = match request.platform.as_deref().filter(|text| !text.is_empty()) {
            None => None,
            Some(text) => {
                Some(text.parse::<Platform>().map_err(|error| Error::chain(Kind::InvalidArgument, &error))?)
            }
        };
        let mut wanted: Vec<Wanted> = Vec::new();
        for name in &request.names {
            for (image, tag) in self.chosen(name)? {
                let at = wanted.iter().position(|other| other.image.id == image.id).unwrap_or_else(|| {
                    wanted.push(Wanted { image, tags: Vec::new() });
                    wanted.len() - 1
                });
                let tags = &mut wanted[at].tags;
                tags.extend(tag.filter(|tag| !tags.contains(tag)));
            }
        }
        for Wanted { image, .. } in &wanted {
            self.hold(image, lease)?;
            if let Some(platform) = &platform {
                self.check_platform(image, platform)?;
            }
        }
        self.plan(wanted)
    }

    /// The images that `name` chooses, each with the tag that it chooses it by.
    fn chosen(&self, name: &str) -> Result<Vec<Chosen>, Error> {
        let repository = name.parse::<Repository>().ok();
        if let Some(repository) = &repository {
            let tagged = self.catalog.images()?.into_iter().flat_map(|image| {
                let tags = image.tags.clone();
                tags.into_iter().map(move |tagged| (image.clone(), tagged))
            });
            let mut tagged: Vec<_> = tagged
                .filter(|(_, tagged)| tagged.repository == *repository)
                .map(|(image, tagged)| (image, Some((tagged.repository, tagged.tag))))
                .collect();
            tagged.sort_by(|(_, a), (_, b)| a.cmp(b));
            if !tagged.is_empty() {
                return Ok(tagged);
            }
        }
        // dockerd's words: they differ with the form of the name.
        let image = self.find(name).map_err(|error| match error.kind {
            Kind::NotFound if repository.is_some() => Error::no_such_image(name),
            Kind::NotFound if name.parse::<Reference>().is_ok() && !name.starts_with("sha256:") => {
                Error::new(Kind::NotFound, "reference does not exist")
            }
            _ => error,
        })?;
        let reference = name.parse::<Reference>().ok().filter(|reference| reference.digest().is_none());
        let named = |reference: &Reference| {
            let tag = reference.tag()?;
            let has = image.tags.iter().any(|t| t.repository == *reference.repository() && t.tag == *tag);
            has.then(|| (reference.repository().clone(), tag.clone()))
        };
        let tag = reference.as_ref().and_then(named);
        Ok(vec![(image, tag)])
    }

    /// Keeps everything of an image from being collected.
    pub(crate) fn hold(&self, image: &Image, lease: Lease) -> Result<(), Error> {
        let layers: Vec<_> = image.layers.iter().map(|layer| layer.diff_id.clone()).collect();
        let blobs = image.layers.iter().flat_map(|layer| &layer.blobs).chain(&image.manifests);
        let mut blobs: Vec<_> = blobs.map(|blob| blob.digest.clone()).collect();
        blobs.push(image.id.digest().clone());
        self.catalog.hold_layers(lease, &layers)?;
        self.catalog.hold_blobs(lease, &blobs)?;
        Ok(())
    }

    pub(crate) fn check_platform(&self, image: &Image, wanted: &Platform) -> Result<(), Error> {
        let config = self.config(&image.id)?;
        let actual = Platform::new(&config.os, &config.architecture, config.variant.as_deref());
        if actual.serves(wanted).is_some() {
            return Ok(());
        }
        Err(Error::new(
            Kind::NotFound,
            format!(
                "image with reference {} was found but does not provide the specified platform ({wanted})",
                crate::names::call(image)
            ),
        ))
    }
}

/// An image's id as the archive's paths have it.
fn hex(id: &ImageId) -> &str {
    id.digest().hex()
}
