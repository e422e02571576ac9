//! JSON replies: one value, an error, or a value per line.

use std::{convert::Infallible, marker::PhantomData};

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use strata_api::error::ErrorBody;

use super::{Body, Response};

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// `value` and a line end, as dockerd writes it.
pub fn json(value: &impl Serialize) -> Response {
    let mut text = serde_json::to_vec(value).expect("wire types have string keys and no failing parts");
    text.push(b'\n');
    let mut response = Response::new(Body::from(text));
    response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    response
}

/// `{"message": …}` with a status.
pub fn error(status: StatusCode, message: impl Into<String>) -> Response {
    let mut response = json(&ErrorBody { message: message.into() });
    *response.status_mut() = status;
    response
}

/// A status without a body.
pub fn status(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// A stream of values, each on its line and sent at once.
pub struct Lines<T> {
    end: &'static str,
    item: PhantomData<T>,
}

impl<T: Serialize + Send + 'static> Lines<T> {
    /// Lines that end in `\n` (events).
    pub const UNIX: Self = Self { end: "\n", item: PhantomData };
    /// Lines that end in `\r\n` (progress, as dockerd has it).
    pub const DOS: Self = Self { end: "\r\n", item: PhantomData };

    /// The reply; dropping it drops `items`.
    pub fn reply(self, items: impl Stream<Item = T> + Send + 'static) -> Response {
        let end = self.end;
        let line = move |item: T| {
            let mut text =
                serde_json::to_vec(&item).expect("wire types have string keys and no failing parts");
            text.extend_from_slice(end.as_bytes());
            Ok::<_, Infallible>(Bytes::from(text))
        };
        let mut response = Response::new(Body::from_stream(items.map(line)));
        response.headers_mut().insert(header::CONTENT_TYPE, JSON);
        response
    }
}
