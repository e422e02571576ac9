//! A user, a registry with something in it, and a whole pull.
#![allow(dead_code)] // each test program uses its own part

use strata_faulty_registry::{Account, FaultyRegistry, Image, Layer};
use strata_registry::{Client, Error, Login, Parsed};

use crate::support::{fetch, noise, reference};

pub const USER: &str = "user";
pub const PASSWORD: &str = "s3cret:with colon";

pub fn account() -> Account {
    Account::new(USER, PASSWORD)
}

pub fn login() -> Login {
    Login::password(USER, PASSWORD)
}

/// Adds `demo:v1`, of two layers.
pub fn filled(registry: &FaultyRegistry) -> Image {
    registry.add_image("demo:v1", &[Layer::plain(noise(200_000)), Layer::plain(noise(300_000))])
}

/// Resolves `demo:v1` and fetches everything.
pub async fn pull(client: &Client, registry: &FaultyRegistry) -> Result<(), Error> {
    let name = reference(&format!("{}/demo:v1", registry.domain()));
    let Parsed::Manifest(manifest) = client.resolve(&name).await?.parsed else {
        panic!("a manifest was put there")
    };
    client.config(name.repository(), &manifest.config).await?;
    for layer in &manifest.layers {
        fetch(client, name.repository(), layer).await?;
    }
    Ok(())
}
