//! Verbs that answer without a body.

use http::{StatusCode, header};
use strata_api::engine::UpdateRequest;
use strata_engine::{Engine, Error, containers};

use crate::{
    docker::{Failure, filters_of},
    http::{Call, Response, json, read_json, status},
};

const DONE: StatusCode = StatusCode::NO_CONTENT;

/// 204, or 304 where there was nothing to do.
fn done(result: Result<(), containers::Error>) -> Result<Response, Failure> {
    match result {
        Ok(()) => Ok(status(DONE)),
        Err(error) if error.kind == containers::Kind::NotModified => Ok(status(StatusCode::NOT_MODIFIED)),
        Err(error) => Err(Error::from(error).into()),
    }
}

/// `POST /containers/{id}/start`.
pub async fn start(engine: Engine, call: Call) -> Result<Response, Failure> {
    let length = call.request.headers().get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    // Old clients send `{}` or `null`.
    if length.unwrap_or(0) > 7 {
        return Err(Failure::invalid(
            "starting container with non-empty request body was deprecated since API v1.22 and removed in v1.24",
        ));
    }
    if call.query().text("checkpoint").is_some_and(|name| !name.is_empty()) {
        return Err(Failure::invalid("there are no checkpoints here to start a container from"));
    }
    done(engine.containers()?.start(call.param("id")).await)
}

/// `POST /containers/{id}/stop`: `t` seconds, `signal`.
pub async fn stop(engine: Engine, call: Call) -> Result<Response, Failure> {
    let query = call.query();
    let grace = seconds(&call)?;
    done(engine.containers()?.stop(call.param("id"), query.text("signal").as_deref(), grace).await)
}

/// `POST /containers/{id}/restart`: `t` seconds, `signal`.
pub async fn restart(engine: Engine, call: Call) -> Result<Response, Failure> {
    let query = call.query();
    let grace = seconds(&call)?;
    done(engine.containers()?.restart(call.param("id"), query.text("signal").as_deref(), grace).await)
}

/// `POST /containers/{id}/kill`: `signal`.
pub async fn kill(engine: Engine, call: Call) -> Result<Response, Failure> {
    let signal = call.query().text("signal").unwrap_or_default();
    done(engine.containers()?.kill(call.param("id"), &signal).await)
}

/// `POST /containers/{id}/pause`.
pub async fn pause(engine: Engine, call: Call) -> Result<Response, Failure> {
    done(engine.containers()?.pause(call.param("id")).await)
}

/// `POST /containers/{id}/unpause`.
pub async fn unpause(engine: Engine, call: Call) -> Result<Response, Failure> {
    done(engine.containers()?.unpause(call.param("id")).await)
}

/// `POST /containers/{id}/rename`: `name`.
pub async fn rename(engine: Engine, call: Call) -> Result<Response, Failure> {
    let name = call.query().text("name").unwrap_or_default();
    done(engine.containers()?.rename(call.param("id"), &name).await)
}

/// `POST /containers/{id}/resize`: `h`, `w`.
pub async fn resize(engine: Engine, call: Call) -> Result<Response, Failure> {
    let (rows, columns) = size(&call)?;
    engine.containers()?.resize(call.param("id"), rows, columns).await.map_err(Error::from)?;
    Ok(status(StatusCode::OK))
}

/// The `h` and `w` of a terminal.
pub(super) fn size(call: &Call) -> Result<(u16, u16), Failure> {
    let query = call.query();
    let number = |key: &str| {
        let text = query.text(key).unwrap_or_default();
        text.parse::<u16>().map_err(|_| {
            Failure::invalid(format!(
                "strconv.ParseUint: parsing {text:?}: invalid syntax: {key} must be a number"
            ))
        })
    };
    Ok((number("h")?, number("w")?))
}

/// `POST /containers/{id}/update`.
pub async fn update(engine: Engine, mut call: Call) -> Result<Response, Failure> {
    let request: UpdateRequest = read_json(&mut call).await?;
    Ok(json(&engine.containers()?.update(call.param("id"), request).await.map_err(Error::from)?))
}

/// `DELETE /containers/{id}`: `force`, `v`; `link` takes away the link of that name only.
pub async fn remove(engine: Engine, call: Call) -> Result<Response, Failure> {
    let query = call.query();
    if query.flag("link") {
        return done(engine.containers()?.unlink(call.param("id")).await);
    }
    done(engine.containers()?.remove(call.param("id"), query.flag("force"), query.flag("v")).await)
}

/// `POST /containers/prune`: `filters`.
pub async fn prune(engine: Engine, call: Call) -> Result<Response, Failure> {
    let pruned = engine.containers()?.prune(filters_of(&call)?).await.map_err(Error::from)?;
    Ok(json(&pruned))
}

/// The parameter `t`: seconds before it is killed.
fn seconds(call: &Call) -> Result<Option<i64>, Failure> {
    let parse = |text: String| {
        text.parse().map_err(|_| {
            Failure::invalid(format!(
                "strconv.Atoi: parsing {text:?}: invalid syntax: t must be a number of seconds"
            ))
        })
    };
    call.query().text("t").map(parse).transpose()
}
