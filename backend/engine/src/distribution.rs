//! `docker manifest` and others ask what a registry has without pulling it.

use serde::Serialize;
use strata_oci::{Descriptor, ImageConfig, Parsed, Platform, Reference};
use strata_registry::Login;

use crate::{Engine, Error};

/// What a registry has under a name.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DistributionInspect {
    /// The manifest or index.
    pub descriptor: Descriptor,
    /// What it is for.
    pub platforms: Vec<Platform>,
}

impl Engine {
    /// Asks the registry what `name` is now.
    pub async fn distribution(&self, name: &str, login: Option<Login>) -> Result<DistributionInspect, Error> {
        let reference: Reference = name.parse()?;
        let registry = &self.inner().registry;
        let client = match login {
            Some(login) => registry.with_login(reference.repository().domain(), login),
            None => registry.clone(),
        };
        let fetched = client.resolve(&reference).await?;
        let platforms = match &fetched.parsed {
            Parsed::Index(index) => index.platforms().cloned().collect(),
            Parsed::Manifest(manifest) if manifest.config.media_type.is_image_config() => {
                let bytes = client.config(reference.repository(), &manifest.config).await?;
                let config: Option<ImageConfig> = serde_json::from_slice(&bytes).ok();
                let platform = |config: ImageConfig| {
                    Platform::new(&config.os, &config.architecture, config.variant.as_deref())
                };
                config.map(platform).into_iter().collect()
            }
            Parsed::Manifest(_) => Vec::new(),
        };
        Ok(DistributionInspect { descriptor: fetched.descriptor, platforms })
    }
}
