//! `docker tag`.

use strata_catalog::{Catalog as _, Tagged};
use strata_oci::{Reference, Repository, Tag};

use crate::{Engine, Error, Kind, names::tag_name};

impl Engine {
    /// Gives the image `name` the further name `repo:tag`, taken from whichever image has it.
    pub async fn tag(&self, name: &str, repo: &str, tag: &str) -> Result<(), Error> {
        let (repository, tag) = target(repo, tag)?;
        let name = name.to_owned();
        self.blocking(move |inner| {
            let image = inner.find(&name)?;
            let tagged = Tagged { repository, tag, pulled: None };
            inner.catalog.tag(&tagged, &image.id)?;
            inner.events.image("tag", &image.id.to_string(), &tag_name(&tagged), &inner.labels(&image)?);
            Ok(())
        })
        .await
    }
}

/// `repo` may carry the tag itself, as old clients send it.
fn target(repo: &str, tag: &str) -> Result<(Repository, Tag), Error> {
    let reference: Reference = repo.parse()?;
    if reference.digest().is_some() {
        return Err(Error::new(Kind::InvalidArgument, "refusing to create a tag with a digest reference"));
    }
    let tag = match tag {
        "" => reference.tag().cloned().unwrap_or_else(Tag::latest),
        tag => tag.parse()?,
    };
    Ok((reference.repository().clone(), tag))
}

/// A name that an image is to get; `latest` without a tag.
pub(crate) fn wanted(name: &str) -> Result<Tagged, Error> {
    let (repository, tag) = target(name, "")?;
    Ok(Tagged { repository, tag, pulled: None })
}
