//! `COPY` and `ADD`: which files, what of them counts for the cache, and into the image's tree.

#[cfg(test)]
mod agreement;
mod content;
mod gather;
mod owner;
mod place;

pub(crate) use content::listing;
pub(crate) use gather::{Found, entries, gather, gather_packed};
pub(crate) use owner::{givable, owner};
pub(crate) use place::{Placing, place};
