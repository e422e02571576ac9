//! `POST /containers/{id}/wait`.

use std::io;

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderValue, header};
use strata_engine::{Engine, Error, containers::Condition};

use crate::{
    Shutdown,
    docker::Failure,
    http::{Body, Call, Response},
};

/// `POST /containers/{id}/wait`: `condition`. The reply's head is sent at once: a client that has it may start the
/// container, and its end is not missed.
pub async fn wait((engine, shutdown): (Engine, Shutdown), call: Call) -> Result<Response, Failure> {
    let condition =
        Condition::parse(&call.query().text("condition").unwrap_or_default()).map_err(Error::from)?;
    let waiting = engine.containers()?.wait(call.param("id"), condition).map_err(Error::from)?;
    let answer = async move {
        tokio::select! {
            answer = waiting.done() => {
                let mut text = serde_json::to_vec(&answer)?;
                text.push(b'\n');
                Ok(Bytes::from(text))
            }
            () = shutdown.begun() => Err(io::Error::other("the server is ending")),
        }
    };
    let mut response = Response::new(Body::from_stream(stream::once(answer)));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}
