//! Names and records: which images, layers, blobs, containers and volumes there are, what they are called, and what
//! may be deleted.
//!
//! The catalog says what exists; the blob store and the layer directories only hold bytes. Whoever stores something
//! makes the bytes durable first and adds the record last; whoever deletes removes the record first and the bytes
//! last. After a crash, bytes without a record are rubbish ([`Catalog::known`] tells which are not), and a record
//! without bytes does not happen.
//!
//! Deleting is in two steps. [`Catalog::delete_image`] and the registry's removals take away reasons to keep
//! something; [`Catalog::collect`] finds what has no reason left and drops its records in one transaction. A
//! [`Lease`] is a reason too: a pull takes one, *holds* every layer and blob of its manifest, which also tells it
//! what is there already, and gives it back in the transaction of [`Catalog::add_image`].
//!
//! Between `collect` and the removal of the files it names, nobody may publish: the engine has a lock for that.
//!
//! ```
//! use strata_catalog::{Catalog, SqliteCatalog};
//! # let dir = tempfile::tempdir()?;
//! let catalog = SqliteCatalog::open(dir.path())?;
//! let lease = catalog.lease("pull of busybox")?;
//! // hold, fetch, publish, add_image …
//! catalog.release(lease)?;
//! assert!(catalog.images()?.is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod contract;
mod error;
mod records;
mod registry_contract;
mod sqlite;

pub use contract::Catalog;
pub use error::{CatalogError, OpenError, ResolveError};
pub use records::{
    Blob, BuildRecord, BuildStep, Built, Child, ContainerRecord, Durability, Garbage, Image, Known, Layer,
    Lease, NewImage, NewManifest, RegistryPath, RegistryPathError, Released, RepoDigest, Tagged,
    VolumeRecord,
};
pub use registry_contract::RegistryCatalog;
pub use sqlite::SqliteCatalog;
