//! `docker create`: from a name to the image that a container is made from.

use strata_api::engine::{CreateRequest, CreateResponse};
use strata_catalog::Image;
use strata_containers::BaseImage;
use strata_oci::Platform;

use crate::{Engine, Error, Kind, engine::Inner};

impl Engine {
    /// Makes a container; an empty `name` is made up, `platform` is what the client asked for.
    ///
    /// # Errors
    /// [`Kind::NotFound`] with docker's words if the image isn't here, so that its CLI pulls it.
    pub async fn create_container(
        &self,
        name: &str,
        request: CreateRequest,
        platform: Option<&str>,
    ) -> Result<CreateResponse, Error> {
        let containers = self.containers()?;
        let wanted = request.config.image.clone();
        let platform = platform.filter(|platform| !platform.is_empty()).map(str::parse).transpose();
        let platform = platform.map_err(|error: strata_oci::PlatformError| {
            Error::new(Kind::InvalidArgument, error.to_string())
        })?;
        let image = self.blocking(move |inner| inner.base(&wanted, platform.as_ref())).await?;
        Ok(containers.create(name, request, image).await?)
    }
}

impl Inner {
    fn base(&self, name: &str, platform: Option<&Platform>) -> Result<BaseImage, Error> {
        if name.is_empty() {
            return Ok(BaseImage::default());
        }
        let image = self.find(name)?;
        let config = self.config(&image.id)?;
        let actual = Platform::new(&config.os, &config.architecture, config.variant.as_deref());
        if let Some(wanted) = platform.filter(|wanted| actual.serves(wanted).is_none()) {
            // Not found, so that docker's CLI pulls the one that is wanted.
            let message = format!(
                "image with reference {name} was found but does not match the specified platform: wanted {wanted}, actual: {actual}"
            );
            return Err(Error::new(Kind::NotFound, message));
        }
        let foreign = actual.serves(&Platform::host()).is_none() && platform.is_none();
        if config.os != "linux" && !config.os.is_empty() {
            let message = format!("image operating system \"{}\" cannot be used on this platform", config.os);
            return Err(Error::new(Kind::InvalidArgument, message));
        }
        Ok(BaseImage {
            layers: self.directories_of(&image),
            config: config.config.clone(),
            foreign_platform: foreign.then(|| actual.to_string()),
            id: Some(image.id),
            passing: false,
        })
    }

    /// Where an image's layers are, bottom first.
    pub(crate) fn directories_of(&self, image: &Image) -> Vec<std::path::PathBuf> {
        image.layers.iter().map(|layer| self.layers.tree(&layer.diff_id)).collect()
    }
}
