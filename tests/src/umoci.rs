//! umoci: unpacks an image of an OCI layout.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::run;

/// Unpacks `tag` of the layout to a new bundle and returns the bundle's root file system.
#[track_caller]
pub fn unpack(layout: &Path, tag: &str, bundle: &Path) -> PathBuf {
    let image = format!("{}:{tag}", layout.display());
    run(Command::new("umoci").args(["unpack", "--image", &image]).arg(bundle)).ok();
    bundle.join("rootfs")
}
