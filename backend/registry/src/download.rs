//! Fetching what a user named by its URL, with the precautions of everything else that is fetched: no redirect leads into
//! a network that the first server is not in, none leaves https, and nothing secret is sent.

use bytes::Bytes;
use futures_util::{Stream, stream};
use reqwest::Url;

use crate::{
    Client, Error, Request,
    exchange::{Outgoing, content_length, exchange, read_body},
    origin::Origin,
    refusal::one_line,
    wording::mishap,
};

/// Of an error page that much is read.
const WORDS_MAX: u64 = 4 << 10;

/// The bytes behind a URL.
pub struct Download<S> {
    /// How many, if the server says.
    pub length: Option<u64>,
    /// The bytes.
    pub chunks: S,
}

impl Client {
    /// Starts to fetch `url`, `http` or `https`; without a scheme it is http.
    pub async fn download(
        &self,
        url: &str,
    ) -> Result<Download<impl Stream<Item = Result<Bytes, Error>> + Send + use<>>, Error> {
        let text = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
        let unusable = |cause: &str| Error::Protocol {
            request: Request { method: http::Method::GET, url: url.into() },
            cause: cause.into(),
        };
        let url: Url = text.parse().map_err(|_| unusable("it is not a URL"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(unusable("it carries a user name or password"));
        }
        let origin = Origin::of(&url).ok_or_else(|| unusable("it is not a host on the web"))?;
        let transport = &self.shared.transport;
        let lane = transport.named(&origin);
        let stall = self.shared.timeouts.stall;
        let asked = exchange(transport, lane, Outgoing::get(url), self.shared.timeouts.response).await;
        let answer = asked.map_err(|failed| failed.error)?;
        let (request, status) = (answer.request.clone(), answer.response.status());
        if !status.is_success() {
            let words = read_body(answer, "error", WORDS_MAX, self.shared.timeouts.response).await;
            let words = words.map(|words| one_line(&String::from_utf8_lossy(&words))).unwrap_or_default();
            let reason = status.canonical_reason().unwrap_or("unknown");
            let cause = format!("failed with status {} {reason}: {words}", status.as_u16());
            return Err(Error::Status { request, status: status.as_u16(), cause });
        }
        let length = content_length(answer.response.headers());
        let chunks = stream::try_unfold(answer.response, move |mut response| {
            let (request, origin) = (request.clone(), origin.clone());
            async move {
                let cause = match tokio::time::timeout(stall, response.chunk()).await {
                    Ok(Ok(chunk)) => return Ok(chunk.map(|chunk| (chunk, response))),
                    Ok(Err(error)) => mishap(&error, Some(&origin)).text,
                    Err(_) => "the transfer stalled".to_owned(),
                };
                Err(Error::Unreachable { request, cause })
            }
        });
        Ok(Download { length, chunks })
    }
}
