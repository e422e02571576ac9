//! An image of a registry as the explorer draws it, without a pull.
//!
//! Manifest and config come first. A layer's blob is streamed through what makes indexes, verified as in a pull, and only its
//! index is kept, on a shelf with an end. A layer that is here, or known, is not asked for; one that several want is fetched once,
//! and not any further when nobody wants it any more. Of all this the catalog knows nothing: no image comes of it.

mod file;
mod image;
mod layer;

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use strata_api::{registry::Told, remote::RemoteImage};
use strata_layers::IndexShelf;
use strata_oci::{Digest, Platform, Reference};

use super::{
    Shop, reference,
    source::Source,
    trouble::{Refused, told},
};
use crate::{Engine, Error, Kind, transfer::Transfers};
use file::Looked;

/// What is being read, and was read, of layers that aren't here.
pub(crate) struct Inside {
    shelf: IndexShelf,
    /// By diff id.
    indexes: Transfers<Bytes>,
    /// By layer and path.
    files: Transfers<Looked>,
    /// The files that were looked at last, the last one at the end.
    looked: Mutex<VecDeque<(Digest, Arc<Looked>)>>,
}

impl Inside {
    /// Nothing is read yet; at most `concurrency` layers will be at once.
    pub(crate) fn new(shelf: IndexShelf, concurrency: usize) -> Self {
        Self {
            shelf,
            indexes: Transfers::new(concurrency),
            files: Transfers::new(concurrency),
            looked: Mutex::default(),
        }
    }

    /// The index of a layer that was read before.
    pub(crate) fn index(&self, diff_id: &strata_oci::DiffId) -> Option<Bytes> {
        self.shelf.get(diff_id).map(Bytes::from)
    }
}

/// An image of a registry that has a layer.
#[derive(Clone, Debug)]
pub struct Elsewhere {
    shop: Shop,
    reference: Reference,
}

impl Elsewhere {
    /// The image that `name` names by the digest of its manifest, in its registry.
    pub fn new(shop: Shop, name: &str) -> Result<Self, Error> {
        let reference = reference(name)?;
        match reference.digest() {
            Some(_) => Ok(Self { shop, reference }),
            None => {
                let message = format!("{name:?} has no digest: a layer is read from HOST/REPOSITORY@DIGEST");
                Err(Error::new(Kind::InvalidArgument, message))
            }
        }
    }
}

impl Engine {
    /// The image that `name` stands for in its registry: of an index the one for `platform`, by default the host's or else the first.
    pub async fn remote_image(
        &self,
        shop: &Shop,
        name: &str,
        platform: Option<&str>,
    ) -> Result<Told<RemoteImage>, Error> {
        let reference = reference(name)?;
        let platform: Option<Platform> = platform
            .filter(|platform| !platform.is_empty())
            .map(str::parse)
            .transpose()
            .map_err(|error| Error::chain(Kind::InvalidArgument, &error))?;
        told(image::of(&Source::of(self, shop), &reference, platform.as_ref()).await)
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        use strata_api::registry::TroubleKind;
        let trouble = match refused {
            Refused::Here(error) => return error,
            Refused::There(trouble) => trouble,
        };
        let kind = match trouble.kind {
            TroubleKind::NotFound => Kind::NotFound,
            TroubleKind::Unauthorized | TroubleKind::Denied => Kind::Forbidden,
            TroubleKind::Malformed | TroubleKind::NotOffered => Kind::Internal,
            TroubleKind::Unreachable | TroubleKind::Tls | TroubleKind::NotRegistry | TroubleKind::TooMany => {
                Kind::Unavailable
            }
        };
        Self::new(kind, trouble.message)
    }
}
