//! `docker rmi`: names are taken away, and an image without names goes with the layers that only it had.

mod fate;
mod rehearse;

use std::collections::{BTreeMap, HashSet};

use strata_api::engine::Removed;
use strata_catalog::{Catalog as _, Garbage, Image};
use strata_oci::{ChainId, DiffId, ImageId, chain_ids};

use self::fate::{Fate, Name, fate};
use crate::{Engine, Error, engine::Inner};

impl Engine {
    /// Removes a name, or an image with all its names if `name` is an id, and says what went, step by step.
    ///
    /// By id, an image with names in several repositories is refused unless `force`; one that others were made from in any case.
    /// With `prune` the images go too that it was made from, as far as they have neither names nor other children nor containers.
    pub async fn remove(&self, name: &str, force: bool, prune: bool) -> Result<Vec<Removed>, Error> {
        let name = name.to_owned();
        self.blocking(move |inner| inner.remove(&name, force, prune).map(|(removed, _)| removed)).await
    }
}

impl Inner {
    /// Also says which bytes that freed.
    pub(crate) fn remove(
        &self,
        name: &str,
        force: bool,
        prune: bool,
    ) -> Result<(Vec<Removed>, Garbage), Error> {
        let image = self.find(name)?;
        let labels = self.labels(&image)?;
        let mut removed = Vec::new();
        let users = self.users_of(&image);
        let children = !self.catalog.children(&image.id)?.is_empty();
        let doomed = match fate(&image, name, &users, children, force)? {
            Fate::LosesNames(doomed) => {
                self.take_away(&doomed, &image, &labels, &mut removed)?;
                return Ok((removed, Garbage::default()));
            }
            Fate::Goes(doomed) => doomed,
        };
        self.take_away(&doomed, &image, &labels, &mut removed)?;
        let parent = image.parent.clone();
        self.delete(&image, &mut removed)?;
        if prune {
            self.delete_nameless(parent, &mut removed)?;
        }
        Ok((removed, self.collect()?))
    }

    fn delete(&self, image: &Image, removed: &mut Vec<Removed>) -> Result<(), Error> {
        let chains = self.chains_only_of(image)?;
        self.catalog.delete_image(&image.id)?;
        let id = image.id.to_string();
        self.events.image("delete", &id, &id, &BTreeMap::new());
        removed.push(Removed::Deleted(id));
        removed.extend(chains.into_iter().map(|chain| Removed::Deleted(chain.to_string())));
        Ok(())
    }

    /// Deletes an image and what it was made from, up to the first that somebody needs.
    fn delete_nameless(&self, first: Option<ImageId>, removed: &mut Vec<Removed>) -> Result<(), Error> {
        let mut next = first;
        while let Some(id) = next {
            let Some(image) = self.catalog.image(&id)? else { break };
            let needed = !image.tags.is_empty()
                || !image.repo_digests.is_empty()
                || !self.catalog.children(&id)?.is_empty()
                || !self.users_of(&image).is_empty();
            if needed {
                break;
            }
            self.delete(&image, removed)?;
            next = image.parent;
        }
        Ok(())
    }

    /// The containers of an image, those that run first.
    fn users_of(&self, image: &Image) -> Vec<(String, bool)> {
        let Some(Ok(running)) = self.running.get() else { return Vec::new() };
        let mut users = running.containers.of_image(&image.id.to_string());
        users.sort_by_key(|(_, runs)| !runs);
        users
    }

    fn take_away(
        &self,
        names: &[Name],
        image: &Image,
        labels: &BTreeMap<String, String>,
        removed: &mut Vec<Removed>,
    ) -> Result<(), Error> {
        let id = image.id.to_string();
        for name in names {
            match name {
                Name::Tag(tagged) => self.catalog.untag(&tagged.repository, &tagged.tag)?,
                Name::Digest(pinned) => self.catalog.unpin(pinned)?,
            };
            // A pinned name that goes with its tag is no event of its own.
            if name.is_tag() || names.len() == 1 {
                self.events.image("untag", &id, &id, labels);
            }
            removed.push(Removed::Untagged(name.print()));
        }
        Ok(())
    }

    /// The image's chains that no other image has, top first: what docker calls the deleted layers. A container keeps
    /// those of its image.
    fn chains_only_of(&self, image: &Image) -> Result<Vec<ChainId>, Error> {
        if !self.users_of(image).is_empty() {
            return Ok(Vec::new());
        }
        let chains = |image: &Image| {
            let diff_ids: Vec<DiffId> = image.layers.iter().map(|layer| layer.diff_id.clone()).collect();
            chain_ids(&diff_ids)
        };
        let others = self.catalog.images()?;
        let kept: HashSet<ChainId> =
            others.iter().filter(|other| other.id != image.id).flat_map(chains).collect();
        Ok(chains(image).into_iter().rev().filter(|chain| !kept.contains(chain)).collect())
    }
}
