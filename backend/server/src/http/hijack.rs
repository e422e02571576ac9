//! Connections that a handler takes over, as docker's attach and exec do.
//!
//! A client that sends `Upgrade: tcp` gets `101 UPGRADED` and then speaks raw bytes in both directions. One that
//! doesn't gets the output as the reply's body, and its request's body is the input.

use std::io;

use futures_util::TryStreamExt;
use http::{HeaderValue, StatusCode, header};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::io::{ReaderStream, StreamReader};

use super::{Body, Request, Response};

/// Bytes of output that wait for a client without upgrade.
const BACKLOG: usize = 64 * 1024;

/// What a client types; its end is the client's end of input.
pub type Input = Box<dyn AsyncRead + Send + Unpin>;
/// What a client sees; shut it down when all is said.
pub type Output = Box<dyn AsyncWrite + Send + Unpin>;

/// Replies with `media_type` and runs `talk` on the connection; the reply is under way when `talk` begins.
pub fn hijack<F>(
    request: Request,
    media_type: &'static str,
    talk: impl FnOnce(Input, Output) -> F + Send + 'static,
) -> Response
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut response = if wants_upgrade(&request) { upgraded(request, talk) } else { plain(request, talk) };
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

fn wants_upgrade(request: &Request) -> bool {
    let names = |header: header::HeaderName, wanted: &str| {
        let values = request.headers().get_all(header).iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).any(|token| token.trim().eq_ignore_ascii_case(wanted))
    };
    names(header::CONNECTION, "upgrade") && names(header::UPGRADE, "tcp")
}

fn upgraded<F>(request: Request, talk: impl FnOnce(Input, Output) -> F + Send + 'static) -> Response
where
    F: Future<Output = ()> + Send + 'static,
{
    tokio::spawn(async move {
        match hyper::upgrade::on(request).await {
            Ok(connection) => {
                let (input, output) = tokio::io::split(TokioIo::new(connection));
                talk(Box::new(input), Box::new(output)).await;
            }
            Err(error) => tracing::debug!(%error, "a client left before its connection was taken over"),
        }
    });
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    response.headers_mut().insert(header::UPGRADE, HeaderValue::from_static("tcp"));
    response
}

fn plain<F>(request: Request, talk: impl FnOnce(Input, Output) -> F + Send + 'static) -> Response
where
    F: Future<Output = ()> + Send + 'static,
{
    let body = request.into_body().into_data_stream().map_err(io::Error::other);
    let input: Input = Box::new(StreamReader::new(Box::pin(body)));
    let (near, far) = tokio::io::duplex(BACKLOG);
    tokio::spawn(talk(input, Box::new(near)));
    Response::new(Body::from_stream(ReaderStream::new(far)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request as Builder;

    #[test]
    fn upgrades_are_asked_for_in_two_headers() {
        let ask = |connection: &str, upgrade: &str| {
            let request = Builder::post("/").header("connection", connection).header("upgrade", upgrade);
            wants_upgrade(&request.body(Body::empty()).expect("a request"))
        };
        assert!(ask("Upgrade", "tcp") && ask("keep-alive, upgrade", "TCP"));
        assert!(!ask("keep-alive", "tcp") && !ask("Upgrade", "websocket"));
    }

    #[tokio::test]
    async fn without_upgrade_the_bodies_are_the_stream() {
        let request = Builder::post("/").body(Body::from("in")).expect("a request");
        let response = hijack(request, "a/b", |mut input, mut output| async move {
            tokio::io::copy(&mut input, &mut output).await.expect("echoed");
        });
        assert_eq!(
            (response.status(), &response.headers()["content-type"]),
            (StatusCode::OK, &"a/b".parse().expect("a value"))
        );
        let echoed = axum::body::to_bytes(response.into_body(), 100).await.expect("a body");
        assert_eq!(&echoed[..], b"in");
    }
}
