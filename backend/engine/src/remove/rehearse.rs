//! What removing images would free, found out without removing them.

use std::collections::BTreeMap;

use strata_api::sharing::{Refused, Removal};
use strata_catalog::{Catalog as _, Image};
use strata_oci::ImageId;

use super::fate::{Fate, Name, fate};
use crate::{Engine, Error, engine::Inner};

impl Engine {
    /// What `docker rmi` of these names and ids, one after the other and without force, would free.
    ///
    /// The catalog decides, by deleting and collecting in a transaction that is taken back: containers, the embedded registry and
    /// what is under way keep what they keep.
    pub async fn removal(&self, names: Vec<String>) -> Result<Removal, Error> {
        self.blocking(move |inner| inner.rehearse(&names)).await
    }
}

impl Inner {
    fn rehearse(&self, names: &[String]) -> Result<Removal, Error> {
        let mut left: BTreeMap<ImageId, Image> =
            self.catalog.images()?.into_iter().map(|image| (image.id.clone(), image)).collect();
        let (mut gone, mut untagged, mut refused) = (Vec::new(), Vec::new(), Vec::new());
        for name in names {
            match self.rehearse_one(name, &mut left) {
                Ok((id, ids)) => {
                    untagged.extend(ids.is_empty().then_some(id));
                    gone.extend(ids);
                }
                Err(error) => refused.push(Refused { image: name.clone(), reason: error.message }),
            }
        }
        // An image that goes with a later name is more than a lost name.
        untagged.retain(|id| left.contains_key(id));
        let garbage = self.catalog.would_collect(&gone)?;
        let files = garbage.layers.iter().map(|layer| layer.unpacked).sum();
        Ok(Removal {
            frees: garbage.bytes(),
            files,
            blobs: garbage.bytes() - files,
            layers: garbage.layers.iter().map(|layer| layer.diff_id.clone()).collect(),
            images: gone,
            untagged: untagged.len(),
            refused,
        })
    }

    /// The image that is meant, and those that go with it; none of them if only a name does.
    fn rehearse_one(
        &self,
        name: &str,
        left: &mut BTreeMap<ImageId, Image>,
    ) -> Result<(ImageId, Vec<ImageId>), Error> {
        let id = self.find(name)?.id;
        let Some(image) = left.get(&id) else { return Ok((id, Vec::new())) };
        match fate(image, name, &self.users_of(image), has_children(&id, left), false)? {
            Fate::LosesNames(lost) => {
                if let Some(image) = left.get_mut(&id) {
                    lost.iter().for_each(|name| forget(image, name));
                }
                Ok((id, Vec::new()))
            }
            Fate::Goes(_) => {
                let mut gone = Vec::new();
                let mut next = left.remove(&id).and_then(|image| image.parent);
                gone.push(id.clone());
                // As a removal without `noprune` does.
                while let Some(parent) = next {
                    let needed = left.get(&parent).is_none_or(|image| {
                        !image.tags.is_empty()
                            || !image.repo_digests.is_empty()
                            || has_children(&parent, left)
                            || !self.users_of(image).is_empty()
                    });
                    if needed {
                        break;
                    }
                    next = left.remove(&parent).and_then(|image| image.parent);
                    gone.push(parent);
                }
                Ok((id, gone))
            }
        }
    }
}

fn has_children(id: &ImageId, left: &BTreeMap<ImageId, Image>) -> bool {
    left.values().any(|image| image.parent.as_ref() == Some(id))
}

fn forget(image: &mut Image, name: &Name) {
    match name {
        Name::Tag(tagged) => image.tags.retain(|other| other != tagged),
        Name::Digest(pinned) => image.repo_digests.retain(|other| other != pinned),
    }
}
