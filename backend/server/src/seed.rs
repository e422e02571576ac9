//! `strata seed`: an image from an OCI layout into the embedded registry, without a server.

use anyhow::{Context, bail};
use strata_engine::{Engine, Options};

use crate::config::{Home, SeedFlags};

/// Imports and prints what was stored.
pub async fn seed(flags: SeedFlags) -> anyhow::Result<()> {
    let data = match flags.data {
        Some(data) => data,
        None => Home::here().data()?,
    };
    let (name, tag) = name_and_tag(&flags.name)?;
    let options = Options::new(&data);
    let opened = tokio::task::spawn_blocking(|| Engine::open(options)).await?;
    let engine = opened.with_context(|| format!("cannot use the data directory {}", data.display()))?;
    let digest = engine.seed(&flags.layout, name, tag).await;
    let digest = digest.with_context(|| format!("cannot import {}", flags.layout.display()))?;
    println!("{name}:{tag} {digest}");
    Ok(())
}

fn name_and_tag(text: &str) -> anyhow::Result<(&str, &str)> {
    match text.rsplit_once(':') {
        Some((name, tag)) if !name.is_empty() && !tag.is_empty() && !tag.contains('/') => Ok((name, tag)),
        _ => bail!("{text:?} is not NAME:TAG, such as demo:latest"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_needed() {
        assert_eq!(name_and_tag("a/b:c").expect("valid"), ("a/b", "c"));
        for bad in ["a", "a:", ":b", "host:5000/a", ""] {
            assert!(name_and_tag(bad).is_err(), "{bad}");
        }
    }
}
