//! Hostile archives and manifests through a real pull: refused with a clear error or contained, the host untouched,
//! the store as it was.

mod archives;
mod entries;
mod manifests;
mod paths;
mod scene;
