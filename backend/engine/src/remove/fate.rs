//! What becomes of an image when a name of it, or its id, is removed: dockerd's rules, without doing anything.

use std::collections::HashSet;

use strata_catalog::{Image, RepoDigest, Tagged};
use strata_containers::short_id;
use strata_oci::{Reference, Repository};

use crate::{
    Error, Kind,
    names::{digest_name, is_id_prefix, tag_name},
};

/// What becomes of an image.
pub(super) enum Fate {
    /// It stays, without these names.
    LosesNames(Vec<Name>),
    /// It goes, and these names with it.
    Goes(Vec<Name>),
}

/// What `docker rmi name` does to `image`, which has containers, those that run first, and others made from it or not; or why it is refused.
pub(super) fn fate(
    image: &Image,
    name: &str,
    users: &[(String, bool)],
    children: bool,
    force: bool,
) -> Result<Fate, Error> {
    let names = names_of(image);
    let mut doomed = names.clone();
    let id = image.id.digest().short();
    let conflict = |message: String| Err(Error::new(Kind::Conflict, message));
    if !is_id_prefix(&image.id, name) {
        doomed = reached_by(name, &names)?;
        let last = doomed.len() == names.len();
        if let Some(user) = users.first().filter(|_| last && !force) {
            return conflict(format!(
                "conflict: unable to remove repository reference \"{name}\" (must force) - container {} is using its referenced image {id}",
                short_id(&user.0),
            ));
        }
        // An image whose container runs, or that others were made from, loses its names only.
        if !last || users.first().is_some_and(|(_, runs)| *runs) || children {
            return Ok(Fate::LosesNames(doomed));
        }
    } else if !force && !single_reference(&names) {
        return conflict(format!(
            "conflict: unable to delete {id} (must be forced) - image is referenced in multiple repositories"
        ));
    }
    if children {
        return conflict(format!(
            "conflict: unable to delete {id} (cannot be forced) - image has dependent child images"
        ));
    }
    match users.first() {
        Some((user, true)) => conflict(format!(
            "conflict: unable to delete {id} (cannot be forced) - image is being used by running container {}",
            short_id(user)
        )),
        Some((user, false)) if !force => conflict(format!(
            "conflict: unable to delete {id} (must be forced) - image is being used by stopped container {}",
            short_id(user)
        )),
        _ => Ok(Fate::Goes(doomed)),
    }
}

/// A name that an image can lose.
#[derive(Clone)]
pub(super) enum Name {
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

    pub(super) fn print(&self) -> String {
        match self {
            Self::Tag(tagged) => tag_name(tagged),
            Self::Digest(pinned) => digest_name(pinned),
        }
    }

    pub(super) fn is_tag(&self) -> bool {
        matches!(self, Self::Tag(_))
    }
}

/// All names, in the order in which docker takes them away.
pub(super) fn names_of(image: &Image) -> Vec<Name> {
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
