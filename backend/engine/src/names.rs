//! From what a user typed to an image, and from an image to what docker prints.

use strata_catalog::{Catalog as _, Image, RepoDigest, ResolveError, Tagged};
use strata_oci::{ImageId, Reference};

use crate::{Error, Kind, engine::Inner};

impl Inner {
    /// The image that docker takes `name` for.
    pub(crate) fn find(&self, name: &str) -> Result<Image, Error> {
        let id = self.catalog.resolve(name).map_err(|error| match error {
            ResolveError::NotFound(name) => match name.parse::<Reference>() {
                // dockerd adds the tag that it looked for to a name that it didn't find.
                Ok(reference) => Error::no_such_image(&reference.familiar()),
                Err(error) if could_be_id(&name) => {
                    tracing::debug!(%error, name, "neither a name nor an id");
                    Error::no_such_image(&name)
                }
                Err(error) => error.into(),
            },
            ResolveError::Ambiguous { .. } => Error::chain(Kind::InvalidArgument, &error),
            ResolveError::Catalog(error) => error.into(),
        })?;
        self.catalog.image(&id)?.ok_or_else(|| Error::no_such_image(name))
    }
}

/// Whether `name` has the form of an id or of the start of one.
fn could_be_id(name: &str) -> bool {
    let hex = name.strip_prefix("sha256:").unwrap_or(name);
    !hex.is_empty() && hex.len() <= 64 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// Whether `text` names the image by id: the id itself, or the start of it with or without `sha256:`.
pub(crate) fn is_id_prefix(id: &ImageId, text: &str) -> bool {
    id.to_string().starts_with(text) || id.digest().hex().starts_with(text)
}

/// A tag as docker prints it.
pub(crate) fn tag_name(tagged: &Tagged) -> String {
    tagged.repository.with_tag(tagged.tag.clone()).familiar()
}

/// A pinned name as docker prints it.
pub(crate) fn digest_name(pinned: &RepoDigest) -> String {
    pinned.repository.with_digest(pinned.digest.clone()).familiar()
}

/// All tags of an image as docker prints them.
pub(crate) fn tag_names(image: &Image) -> Vec<String> {
    image.tags.iter().map(tag_name).collect()
}

/// All pinned names of an image as docker prints them.
pub(crate) fn digest_names(image: &Image) -> Vec<String> {
    image.repo_digests.iter().map(digest_name).collect()
}

/// What to call an image where one name has to do: its first tag, else its short id.
pub(crate) fn call(image: &Image) -> String {
    image.tags.first().map(tag_name).unwrap_or_else(|| image.id.digest().short().to_owned())
}

/// Unix seconds of an RFC 3339 time; the year 1, as Go's zero time, without one.
pub(crate) fn unix_seconds(time: Option<&str>) -> i64 {
    const YEAR_ONE: i64 = -62_135_596_800;
    time.and_then(|text| text.parse::<jiff::Timestamp>().ok()).map_or(YEAR_ONE, |time| time.as_second())
}
