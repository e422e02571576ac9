//! An image of a registry, looked into without a pull.

use futures_util::StreamExt as _;
use strata_engine::{Elsewhere, Engine};

use super::shops::{named, shop};
use crate::{
    Shutdown,
    docker::Failure,
    explorer::diff_id,
    http::{Call, Lines, Response, json},
};

/// `GET /api/remote?ref=REF&platform=PLATFORM`.
pub async fn image(engine: Engine, call: Call) -> Result<Response, Failure> {
    let (shop, name) = named(&call)?;
    Ok(json(&engine.remote_image(&shop, &name, call.query().text("platform").as_deref()).await?))
}

/// `GET /api/layers/{diff_id}/reading?from=FROM`: a line whenever more of the layer came; who leaves stops it.
pub async fn reading((engine, shutdown): (Engine, Shutdown), call: Call) -> Result<Response, Failure> {
    let missing =
        "the parameter from is missing: expected the image that has the layer, HOST/REPOSITORY@DIGEST";
    let from = elsewhere(&call)?.ok_or_else(|| Failure::invalid(missing))?;
    let readings = engine.read_layer(from, diff_id(&call)?);
    Ok(Lines::UNIX.reply(readings.take_until(shutdown.into_begun())))
}

/// The image of a registry that has a call's layer, in `from`, if it is given.
pub fn elsewhere(call: &Call) -> Result<Option<Elsewhere>, Failure> {
    let Some(name) = call.query().text("from").filter(|name| !name.is_empty()) else { return Ok(None) };
    let reference: strata_oci::Reference =
        name.parse().map_err(|error| Failure::invalid(format!("{name:?}: {error}")))?;
    Ok(Some(Elsewhere::new(shop(call, reference.repository().domain()), &name)?))
}
