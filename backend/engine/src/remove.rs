//! `docker rmi`: names are taken away, and an image without names goes with the layers that only it had.

use std::collections::{BTreeMap, HashSet};

use strata_api::engine::Removed;
use strata_catalog::{Catalog as _, Garbage, Image, RepoDigest, Tagged};
use strata_containers::short_id;
use strata_oci::{ChainId, DiffId, ImageId, Reference, Repository, chain_ids};

use crate::{
    Engine, Error, Kind,
    engine::Inner,
    names::{digest_name, is_id_prefix, tag_name},
};

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

/// A name that an image can lose.
#[derive(Clone)]
enum Name {
    Tag(Tagged),
    Digest(RepoDigest),
}

impl Name {
    fn repository(&self) -> &Repository {
        match self {
            Self::Tag(tagged) => &tagged.repository,
            Self::Digest(pinned) => &pinned.repository,
        }
    }

    fn print(&self) -> String {
        match self {
            Self::Tag(tagged) => tag_name(tagged),
            Self::Digest(pinned) => digest_name(pinned),
        }
    }

    fn is_tag(&self) -> bool {
        matches!(self, Self::Tag(_))
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
        let names = names_of(&image);
        let labels = self.labels(&image)?;
        let mut removed = Vec::new();
        let mut doomed = names.clone();
        let users = self.users_of(&image);
        if !is_id_prefix(&image.id, name) {
            doomed = reached_by(name, &names)?;
            let last = doomed.len() == names.len();
            if let Some(user) = users.first().filter(|_| last && !force) {
                return Err(Error::new(
                    Kind::Conflict,
                    format!(
                        "conflict: unable to remove repository reference \"{name}\" (must force) - container {} is using its referenced image {}",
                        short_id(&user.0),
                        image.id.digest().short()
                    ),
                ));
            }
            let children = !self.catalog.children(&image.id)?.is_empty();
            // An image whose container runs, or that others were made from, loses its names only.
            if !last || users.first().is_some_and(|(_, runs)| *runs) || children {
                self.take_away(&doomed, &image, &labels, &mut removed)?;
                return Ok((removed, Garbage::default()));
            }
        } else if !force && !single_reference(&names) {
            return Err(Error::new(
                Kind::Conflict,
                format!(
                    "conflict: unable to delete {} (must be forced) - image is referenced in multiple repositories",
                    image.id.digest().short()
                ),
            ));
        }
        self.check_childless(&image)?;
        self.check_unused(&image, &users, force)?;
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

    /// Refuses to delete an image that others were made from.
    fn check_childless(&self, image: &Image) -> Result<(), Error> {
        if self.catalog.children(&image.id)?.is_empty() {
            return Ok(());
        }
        let id = image.id.digest().short();
        let message =
            format!("conflict: unable to delete {id} (cannot be forced) - image has dependent child images");
        Err(Error::new(Kind::Conflict, message))
    }

    /// The containers of an image, those that run first.
    fn users_of(&self, image: &Image) -> Vec<(String, bool)> {
        let Some(Ok(running)) = self.running.get() else { return Vec::new() };
        let mut users = running.containers.of_image(&image.id.to_string());
        users.sort_by_key(|(_, runs)| !runs);
        users
    }

    /// Refuses to delete an image whose containers need it: those that run in any case, others unless `force`.
    fn check_unused(&self, image: &Image, users: &[(String, bool)], force: bool) -> Result<(), Error> {
        let id = image.id.digest().short();
        let message = match users.first() {
            Some((user, true)) => format!(
                "conflict: unable to delete {id} (cannot be forced) - image is being used by running container {}",
                short_id(user)
            ),
            Some((user, false)) if !force => format!(
                "conflict: unable to delete {id} (must be forced) - image is being used by stopped container {}",
                short_id(user)
            ),
            _ => return Ok(()),
        };
        Err(Error::new(Kind::Conflict, message))
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

    /// The image's chains that no other image has, top first: what docker calls the deleted layers.
    fn chains_only_of(&self, image: &Image) -> Result<Vec<ChainId>, Error> {
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

/// All names, in the order in which docker takes them away.
fn names_of(image: &Image) -> Vec<Name> {
    let tags = image.tags.iter().cloned().map(Name::Tag);
    let digests = image.repo_digests.iter().cloned().map(Name::Digest);
    let mut names: Vec<Name> = tags.chain(digests).collect();
    names.sort_by_cached_key(|name| match name {
        Name::Tag(tagged) => tagged.repository.with_tag(tagged.tag.clone()).to_string(),
        Name::Digest(pinned) => pinned.repository.with_digest(pinned.digest.clone()).to_string(),
    });
    names
}

/// The name given, and the pinned names of its repository if it was the last tag there.
fn reached_by(name: &str, names: &[Name]) -> Result<Vec<Name>, Error> {
    let reference: Reference = name.parse()?;
    let given = |name: &&Name| match name {
        Name::Digest(pinned) => {
            &pinned.repository == reference.repository() && reference.digest() == Some(&pinned.digest)
        }
        Name::Tag(tagged) => {
            reference.digest().is_none()
                && &tagged.repository == reference.repository()
                && reference.tag() == Some(&tagged.tag)
        }
    };
    let mut reached: Vec<Name> = names.iter().filter(given).cloned().collect();
    let same = |name: &&Name| name.repository() == reference.repository();
    let tags_left = names.iter().filter(same).filter(|name| name.is_tag() && !given(name)).count();
    if reference.digest().is_none() && tags_left == 0 {
        reached.extend(names.iter().filter(same).filter(|name| !name.is_tag()).cloned());
    }
    Ok(reached)
}

/// Whether all names together are one tag and its pinned name: then an id removes them without force.
fn single_reference(names: &[Name]) -> bool {
    let tags: Vec<&Name> = names.iter().filter(|name| name.is_tag()).collect();
    let pinned: HashSet<&Repository> = names.iter().filter(|n| !n.is_tag()).map(Name::repository).collect();
    match (names, &tags[..]) {
        ([] | [_], _) => true,
        (_, [tag]) => pinned.len() == 1 && pinned.contains(tag.repository()),
        (_, []) => pinned.len() == 1,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use strata_oci::Digest;

    fn tag(text: &str) -> Name {
        let reference: Reference = text.parse().expect(text);
        let tag = reference.tag().cloned().expect("a tag");
        Name::Tag(Tagged { repository: reference.repository().clone(), tag, pulled: None })
    }

    fn pin(text: &str) -> Name {
        Name::Digest(RepoDigest { repository: text.parse().expect(text), digest: Digest::of(b"") })
    }

    fn reached(name: &str, names: &[Name]) -> Vec<String> {
        reached_by(name, names).expect(name).iter().map(Name::print).collect()
    }

    #[test]
    fn the_last_tag_of_a_repository_takes_its_pinned_name_along() {
        let empty = Digest::of(b"");
        let names = [tag("a:1"), tag("a:2"), tag("b:1"), pin("a"), pin("b")];
        assert_eq!(reached("a:1", &names), ["a:1"]);
        assert_eq!(reached("b:1", &names), ["b:1".to_owned(), format!("b@{empty}")]);
        assert_eq!(reached(&format!("a@{empty}"), &names), [format!("a@{empty}")]);
        assert!(reached("c", &names).is_empty());
    }

    #[test]
    fn an_id_removes_one_name_and_its_pin_without_force() {
        assert!(single_reference(&[]));
        assert!(single_reference(&[tag("a:1")]));
        assert!(single_reference(&[tag("a:1"), pin("a")]));
        assert!(!single_reference(&[tag("a:1"), pin("b")]));
        assert!(!single_reference(&[tag("a:1"), tag("a:2")]));
        assert!(!single_reference(&[pin("a"), pin("b")]));
    }
}
