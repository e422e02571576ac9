//! The vocabulary of container images: digests, references, descriptors, manifests, configs, platforms.
//!
//! Everything here is parsed once into a type and trusted afterwards; no IO, no clock. The shapes follow the
//! [OCI image specification](https://github.com/opencontainers/image-spec), Docker's schema 2, and the
//! reference grammar of the distribution project.
//!
//! ```
//! use strata_oci::Reference;
//! let reference: Reference = "busybox".parse()?;
//! assert_eq!(reference.to_string(), "docker.io/library/busybox:latest");
//! assert_eq!(reference.familiar(), "busybox:latest");
//! # Ok::<(), strata_oci::ReferenceError>(())
//! ```

mod config;
mod descriptor;
mod digest;
mod ids;
mod manifest;
mod media_type;
mod platform;
mod reference;

pub use config::{ContainerConfig, Empty, HealthConfig, HistoryEntry, ImageConfig, RootFs};
pub use descriptor::Descriptor;
pub use digest::{Algorithm, Digest, DigestError, Hasher, Verifier, VerifyError};
pub use ids::{ChainId, DiffId, ImageId, chain_ids};
pub use manifest::{Index, Manifest, ManifestError, Parsed};
pub use media_type::{Compression, MediaType};
pub use platform::{Platform, PlatformError};
pub use reference::{Reference, ReferenceError, Repository, Tag};
