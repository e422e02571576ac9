//! The images of the embedded registry: real files from Debian's busybox, and a small site on top of it.

mod busybox;
mod site;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use strata_forge::{Image, Layer, Layout};

use crate::{place, shell::step};

pub use busybox::binary as busybox_binary;

/// The demo images by name, base first. The same machine architecture and busybox give the same digests.
pub fn images() -> Result<[(&'static str, Image); 3]> {
    let busybox = busybox::image()?;
    let demo = site::demo(&busybox)?;
    let hello = site::hello(&busybox)?;
    Ok([("busybox", busybox), ("demo", demo), ("hello", hello)])
}

/// Writes each image as an OCI layout of its own below `dir`; gives names and layouts.
pub fn write(dir: &Path) -> Result<Vec<(&'static str, PathBuf)>> {
    step("making the demo images");
    // Made anew each time, which takes a moment: what is left of another version can't linger.
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(error).context("old demo images");
        }
        _ => {}
    }
    images()?
        .into_iter()
        .map(|(name, image)| {
            let layout = dir.join(name);
            Layout::open(&layout)?.add(&image, "latest")?;
            Ok((name, layout))
        })
        .collect()
}

/// `cargo xtask demo DIR`.
pub fn command(arguments: &[String]) -> Result<()> {
    let dir = arguments.first().context("usage: cargo xtask demo DIR")?;
    for (name, layout) in write(Path::new(dir))? {
        println!("{name} {}", layout.display());
    }
    Ok(())
}

/// A file of `xtask/demo`.
fn content(path: &str) -> Result<Vec<u8>> {
    let path = place::root().join("xtask/demo").join(path);
    fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
}

/// What `COPY` makes of a directory of `xtask/demo`: its tree below `to`, in the order of names.
fn copy(mut layer: Layer, from: &str, to: &str) -> Result<Layer> {
    let dir = place::root().join("xtask/demo").join(from);
    let mut names: Vec<String> = fs::read_dir(&dir)
        .with_context(|| format!("cannot read {}", dir.display()))?
        .map(|entry| {
            entry?.file_name().into_string().map_err(|name| anyhow::anyhow!("{name:?} is not UTF-8"))
        })
        .collect::<Result<_>>()?;
    names.sort();
    for name in names {
        let (source, target) =
            (format!("{from}/{name}"), format!("{to}/{name}").trim_start_matches('/').to_owned());
        layer = match dir.join(&name).is_dir() {
            true => copy(layer.dir(&target), &source, &target)?,
            false => layer.file(&target, content(&source)?),
        };
    }
    Ok(layer)
}
