//! Images in and out as archives: between Strata, dockerd, podman and skopeo, and from hostile or broken ones.

mod broken;
mod load;
mod packed;
mod refused;
mod save;
mod scene;
