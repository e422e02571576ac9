//! Looking into registries without pulling: ours and any other.
//!
//! A registry that refuses, can't be reached or isn't one is an answer ([`Told::Trouble`]); only what is wrong here, or with the
//! question, is an error.

mod detail;
mod facts;
mod freed;
mod inside;
mod source;
mod trouble;

use strata_api::registry::{Freed, Names, TagDetail, TagFacts, Told, TroubleKind};
use strata_oci::{Reference, Repository};
use strata_registry::Login;

use self::{
    source::Source,
    trouble::{Refused, told},
};
use crate::{Engine, Error, Kind};
pub use inside::Elsewhere;
pub(crate) use inside::Inside;
pub(crate) use source::Seen;

/// Names on one page of ours.
const PAGE: usize = 1000;
/// A registry's way to the next page is not longer.
const NEXT_LIMIT: usize = 2048;

/// A registry to look into.
#[derive(Clone, Debug)]
pub struct Shop {
    /// Its `host[:port]`.
    pub host: String,
    /// Whether it is the embedded one.
    pub ours: bool,
    /// Shown to it instead of what docker's configuration says.
    pub login: Option<Login>,
}

impl Engine {
    /// The repositories of a registry, a page of them.
    pub async fn browse_repositories(&self, shop: &Shop, next: Option<&str>) -> Result<Told<Names>, Error> {
        let next = way(next)?;
        if shop.ours {
            let all = self.registry_catalog().await?;
            return Ok(Told::Answer(page(all, next)));
        }
        // What a name of a repository there would begin with.
        format!("{}/x", shop.host)
            .parse::<Repository>()
            .ok()
            .filter(|repository| repository.domain() == shop.host)
            .ok_or_else(|| {
                let message = format!("{:?} is not a registry's host[:port]", shop.host);
                Error::new(Kind::InvalidArgument, message)
            })?;
        let source = Source::of(self, shop);
        let outcome = source.client().catalog_page(&shop.host, next).await;
        let page = outcome.map(|page| Names { names: page.items, next: page.next });
        let mut answer = told(page.map_err(|error| source.refused(error)))?;
        if let Told::Trouble(trouble) = &mut answer {
            let lists = shop.host != "docker.io";
            let speaks = source.client().speaks(&shop.host) == Some(true);
            match trouble.kind {
                TroubleKind::Unauthorized | TroubleKind::Denied if !lists => {
                    trouble.kind = TroubleKind::NotOffered;
                }
                TroubleKind::NotFound | TroubleKind::Malformed | TroubleKind::Denied if speaks => {
                    trouble.kind = TroubleKind::NotOffered;
                }
                _ => {}
            }
        }
        Ok(answer)
    }

    /// The tags of the repository that `name` names, with its registry, a page of them.
    pub async fn browse_tags(
        &self,
        shop: &Shop,
        name: &str,
        next: Option<&str>,
    ) -> Result<Told<Names>, Error> {
        let (next, repository) = (way(next)?, reference(name)?.repository().clone());
        if shop.ours {
            let tags = self.registry_tags(repository.path()).await;
            return told(tags.map(|tags| page(tags, next)).map_err(Refused::from));
        }
        let source = Source::of(self, shop);
        let page = source.client().tags_page(&repository, next).await;
        told(page.map_err(|error| source.refused(error)).map(|page| Names {
            names: page.items.iter().map(ToString::to_string).collect(),
            next: page.next,
        }))
    }

    /// What a row says of a tag.
    pub async fn browse_tag(&self, shop: &Shop, name: &str) -> Result<Told<TagFacts>, Error> {
        let reference = reference(name)?;
        told(facts::of(&Source::of(self, shop), &reference).await.map(|found| found.facts))
    }

    /// A tag, whole.
    pub async fn browse_detail(&self, shop: &Shop, name: &str) -> Result<Told<TagDetail>, Error> {
        let reference = reference(name)?;
        told(detail::of(&Source::of(self, shop), &reference).await)
    }

    /// What removing a tag of the embedded registry would free. Changes nothing.
    pub async fn browse_freed(&self, shop: &Shop, name: &str) -> Result<Freed, Error> {
        self.freed(ours(shop, name)?, false).await
    }

    /// Removes a tag of the embedded registry, and its manifest if nothing else there names it.
    pub async fn browse_remove(&self, shop: &Shop, name: &str) -> Result<Freed, Error> {
        self.freed(ours(shop, name)?, true).await
    }
}

fn reference(name: &str) -> Result<Reference, Error> {
    Ok(name.parse::<Reference>()?)
}

fn ours(shop: &Shop, name: &str) -> Result<Reference, Error> {
    match shop.ours {
        true => reference(name),
        false => {
            let message = format!(
                "tags are removed from this server's own registry only, and {} is another",
                shop.host
            );
            Err(Error::new(Kind::Forbidden, message))
        }
    }
}

fn way(next: Option<&str>) -> Result<Option<&str>, Error> {
    match next {
        Some(next) if next.len() > NEXT_LIMIT || !next.bytes().all(|byte| byte.is_ascii_graphic()) => {
            Err(Error::new(Kind::InvalidArgument, "next is not what the page before said"))
        }
        next => Ok(next.filter(|next| !next.is_empty())),
    }
}

/// What comes after `last`.
fn page(mut names: Vec<String>, last: Option<&str>) -> Names {
    if let Some(last) = last {
        names.retain(|name| name.as_str() > last);
    }
    let more = names.len() > PAGE;
    names.truncate(PAGE);
    Names { next: names.last().filter(|_| more).cloned(), names }
}
