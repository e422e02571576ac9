//! Images as the page draws them.

use strata_engine::Engine;

use crate::{
    docker::Failure,
    http::{Call, Response, json},
};

/// `GET /api/images`.
pub async fn cards(engine: Engine, _: Call) -> Result<Response, Failure> {
    Ok(json(&engine.cards().await?))
}

/// `GET /api/image?ref=REF`.
pub async fn detail(engine: Engine, call: Call) -> Result<Response, Failure> {
    Ok(json(&engine.detail(&image(&call)?).await?))
}

/// `GET /api/blame?ref=REF&path=PATH`.
pub async fn blame(engine: Engine, call: Call) -> Result<Response, Failure> {
    let path = path(&call)?;
    Ok(json(&engine.blame(&image(&call)?, &path).await?))
}

/// `GET /api/waste?ref=REF`.
pub async fn waste(engine: Engine, call: Call) -> Result<Response, Failure> {
    Ok(json(&engine.waste(&image(&call)?).await?))
}

/// `GET /api/sharing`.
pub async fn sharing(engine: Engine, _: Call) -> Result<Response, Failure> {
    Ok(json(&engine.sharing().await?))
}

/// `GET /api/removal?image=REF&image=REF`.
pub async fn removal(engine: Engine, call: Call) -> Result<Response, Failure> {
    Ok(json(&engine.removal(call.query().texts("image")).await?))
}

fn image(call: &Call) -> Result<String, Failure> {
    call.query()
        .text("ref")
        .ok_or_else(|| Failure::invalid("the parameter ref is missing: expected an image's name or id"))
}

/// The bytes of `path`.
pub(super) fn path(call: &Call) -> Result<Vec<u8>, Failure> {
    let path = call.query().path("path").filter(|path| !path.is_empty());
    path.ok_or_else(|| {
        Failure::invalid(
            "the parameter path is missing: expected a percent-encoded path without a leading slash",
        )
    })
}
