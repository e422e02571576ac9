//! Removing from the registry.

use strata_catalog::{Catalog as _, RegistryCatalog as _};
use strata_oci::{Digest, Tag};

use crate::{Engine, Error, Kind, registry::path};

impl Engine {
    /// Removes a tag, or a manifest with its tags, from the repository `name`. What only it needed is collected.
    pub async fn registry_delete_manifest(&self, name: &str, reference: &str) -> Result<(), Error> {
        let repository = path(name)?;
        let unknown = format!("manifest {reference} is not known in {name}");
        let reference = reference.to_owned();
        self.blocking(move |inner| {
            let removed = match reference.parse::<Digest>() {
                Ok(digest) => inner.catalog.registry_remove(&repository, &digest)?,
                Err(_) => inner.catalog.registry_untag(&repository, &reference.parse::<Tag>()?)?,
            };
            if !removed {
                return Err(Error::new(Kind::NotFound, unknown));
            }
            inner.collect().map(drop)
        })
        .await
    }

    /// Removes a blob from the repository `name`. Refused while a manifest there names it.
    pub async fn registry_delete_blob(&self, name: &str, digest: &Digest) -> Result<(), Error> {
        let (repository, digest) = (path(name)?, digest.clone());
        let unknown = format!("blob {digest} is not known in {name}");
        self.blocking(move |inner| {
            if let Some(user) = inner.catalog.registry_user(&repository, &digest)? {
                let message = format!("manifest {user} names blob {digest}: delete that first");
                return Err(Error::new(Kind::Unsupported, message));
            }
            if !inner.catalog.registry_unlink(&repository, &digest)? {
                return Err(Error::new(Kind::NotFound, unknown));
            }
            inner.collect().map(drop)
        })
        .await
    }
}
