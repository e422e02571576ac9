//! One request and its answer, redirects followed by hand.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{
    HeaderMap, HeaderValue, Method, StatusCode,
    header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, LOCATION},
};
use reqwest::{Response, Url};

use crate::{
    Error, Request,
    content::Content,
    origin::Origin,
    reach::Reach,
    transport::{Lane, Transport},
    watch::Track,
    wording::mishap,
};

const MAX_REDIRECTS: usize = 5;

/// A request to a server, with what only that server may see.
pub(crate) struct Outgoing {
    pub(crate) method: Method,
    pub(crate) url: Url,
    /// Sent wherever redirects lead.
    pub(crate) headers: HeaderMap,
    /// Sent to the origin of `url` alone.
    pub(crate) authorization: Option<HeaderValue>,
    /// A form to post. A redirect of it is an error: it holds secrets.
    pub(crate) form: Option<String>,
    /// What else it carries; it is not sent to another place than `url`.
    pub(crate) content: Option<Content>,
}

/// The head of a response, whatever its status.
pub(crate) struct Answer {
    pub(crate) response: Response,
    /// The request that was answered last.
    pub(crate) request: Request,
    /// Whether it is the asked server's own and not one that it sent us to.
    pub(crate) own: bool,
    /// Where the asked server lies.
    pub(crate) reach: Reach,
    /// Who watches hears of its body.
    pub(crate) track: Track,
}

/// No answer.
pub(crate) struct Failed {
    pub(crate) error: Error,
    /// Whether the same may well succeed if it is tried again.
    pub(crate) passing: bool,
}

impl Outgoing {
    pub(crate) fn get(url: Url) -> Self {
        Self {
            method: Method::GET,
            url,
            headers: HeaderMap::new(),
            authorization: None,
            form: None,
            content: None,
        }
    }
}

/// Sends `outgoing` down `lane`, and on to where redirects lead; waits at most `patience` for each response's head.
pub(crate) async fn exchange(
    transport: &Transport,
    lane: Lane,
    outgoing: Outgoing,
    patience: Duration,
    mut track: Track,
) -> Result<Answer, Failed> {
    match travel(transport, lane, outgoing, patience, &mut track).await {
        Ok((response, request, own, reach)) => {
            track.answered(response.status().as_u16(), content_length(response.headers()));
            Ok(Answer { response, request, own, reach, track })
        }
        Err(failed) => {
            track.fail(&failed.error);
            Err(failed)
        }
    }
}

async fn travel(
    transport: &Transport,
    lane: Lane,
    outgoing: Outgoing,
    patience: Duration,
    track: &mut Track,
) -> Result<(Response, Request, bool, Reach), Failed> {
    let Outgoing { method, mut url, headers, mut authorization, mut form, content } = outgoing;
    let home = Origin::of(&url);
    let mut lane = lane;
    let mut own = true;
    let mut reach = None;
    for _ in 0..=MAX_REDIRECTS {
        let request = Request::new(&method, &url);
        let origin = Origin::of(&url);
        let client = transport.client(lane).map_err(Failed::for_good)?;
        let mut builder = client.request(method.clone(), url.clone()).headers(headers.clone());
        if let Some(authorization) = &authorization {
            builder = builder.header(AUTHORIZATION, authorization.clone());
        }
        let posting = form.is_some();
        if let Some(form) = form.take() {
            builder = builder.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form);
        }
        if let Some(content) = &content {
            let body = content.body().await.map_err(|error| {
                Failed::for_good(Error::Setup(format!("what is to be sent can't be read: {error}")))
            })?;
            builder = builder.header(CONTENT_LENGTH, content.length()).body(body);
        }
        let answer = patiently(builder.send(), content.as_ref(), patience);
        let response = match counted(answer, content.as_ref(), track).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => {
                let mishap = mishap(&error, origin.as_ref());
                let error = Error::Unreachable { request, cause: mishap.text };
                return Err(Failed { error, passing: mishap.passing });
            }
            Err(_) => {
                let cause = "timeout awaiting response headers".to_owned();
                return Err(Failed { error: Error::Unreachable { request, cause }, passing: true });
            }
        };
        let here = origin.as_ref().map_or(Reach::Public, |origin| transport.reach(origin, &response));
        let reach = *reach.get_or_insert(here);
        let Some(location) = redirection(&response) else {
            return Ok((response, request, own, reach));
        };
        let target = next_hop(&url, &location);
        let refused = |target: &str, cause| {
            let target = target.split('?').next().unwrap_or_default().into();
            Failed::for_good(Error::Redirect { request: request.clone(), target, cause })
        };
        let next = target.map_err(|cause| refused(&crate::refusal::one_line(&location), cause))?;
        if posting {
            return Err(refused(next.as_str(), "the request carries a secret"));
        }
        if content.is_some() {
            return Err(refused(next.as_str(), "the request carries content"));
        }
        let target = Origin::of(&next);
        if target != home || !own {
            // Once away, always away: who we were sent to may not use our credentials by sending us back.
            own = false;
            authorization = None;
            let target = target.ok_or_else(|| refused(next.as_str(), "it is not a host on the web"))?;
            lane = transport.sent(reach, &target).map_err(|cause| refused(next.as_str(), cause))?;
        }
        track.redirected(|| Origin::of(&next).map_or_else(String::new, |origin| origin.shown()));
        url = next;
    }
    let request = Request::new(&method, &url);
    let cause = format!("stopped after {MAX_REDIRECTS} redirects");
    Err(Failed::for_good(Error::Protocol { request, cause }))
}

/// Waits for an answer; while content is on its way, the patience is with its not getting on.
async fn patiently<T>(
    answer: impl Future<Output = T>,
    content: Option<&Content>,
    patience: Duration,
) -> Result<T, tokio::time::error::Elapsed> {
    let mut answer = std::pin::pin!(answer);
    let progress = || content.map_or(0, Content::progress);
    loop {
        let before = progress();
        match tokio::time::timeout(patience, &mut answer).await {
            Err(_) if progress() != before => {}
            done => return done,
        }
    }
}

/// Tells how far the sending of content is.
async fn counted<T>(answer: impl Future<Output = T>, content: Option<&Content>, track: &mut Track) -> T {
    let Some(Content::File { from, length, sent, .. }) = content.filter(|_| track.is_on()) else {
        let answer = answer.await;
        if let Some(Content::Bytes(bytes)) = content {
            track.sent(bytes.len() as u64);
        }
        return answer;
    };
    let mut answer = std::pin::pin!(answer);
    let answer = loop {
        match tokio::time::timeout(Duration::from_millis(100), &mut answer).await {
            Ok(answer) => break answer,
            Err(_) => track.sent(sent.bytes().saturating_sub(*from).min(*length)),
        }
    };
    track.sent(sent.bytes().saturating_sub(*from).min(*length));
    answer
}

impl Failed {
    pub(crate) fn for_good(error: Error) -> Self {
        Self { error, passing: false }
    }
}

impl Request {
    pub(crate) fn new(method: &Method, url: &Url) -> Self {
        let mut url = url.clone();
        url.set_query(None);
        url.set_fragment(None);
        Self { method: method.clone(), url: url.into() }
    }
}

fn redirection(response: &Response) -> Option<String> {
    let moved = matches!(
        response.status(),
        StatusCode::MOVED_PERMANENTLY
            | StatusCode::FOUND
            | StatusCode::SEE_OTHER
            | StatusCode::TEMPORARY_REDIRECT
            | StatusCode::PERMANENT_REDIRECT
    );
    let location = response.headers().get(LOCATION).filter(|_| moved)?;
    Some(String::from_utf8_lossy(location.as_bytes()).into_owned())
}

/// Where a `Location` leads from `url`, or why we don't go.
fn next_hop(url: &Url, location: &str) -> Result<Url, &'static str> {
    let mut next = url.join(location).map_err(|_| "it is not a URL")?;
    match (url.scheme(), next.scheme()) {
        ("http", "http" | "https") | ("https", "https") => {}
        ("https", "http") => return Err("it leaves https"),
        _ => return Err("it is neither http nor https"),
    }
    if !next.username().is_empty() || next.password().is_some() {
        return Err("it carries a user name or password");
    }
    next.set_fragment(None);
    Ok(next)
}

/// `Content-Length`, read from the header itself: for HEAD there is no body to measure.
pub(crate) fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The whole of a body that should be small.
pub(crate) async fn read_body(
    answer: Answer,
    what: &'static str,
    limit: u64,
    patience: Duration,
) -> Result<Bytes, Failed> {
    let Answer { mut response, request, mut track, .. } = answer;
    let origin = Origin::of(response.url());
    let too_large =
        |request: &Request| Failed::for_good(Error::TooLarge { request: request.clone(), what, limit });
    if content_length(response.headers()).is_some_and(|length| length > limit) {
        return Err(too_large(&request));
    }
    let read = async {
        let mut body = BytesMut::new();
        loop {
            match response.chunk().await {
                Ok(None) => return Ok(body.freeze()),
                Ok(Some(chunk)) if (body.len() + chunk.len()) as u64 > limit => {
                    return Err(too_large(&request));
                }
                Ok(Some(chunk)) => {
                    track.received(chunk.len() as u64);
                    body.extend_from_slice(&chunk);
                }
                Err(error) => {
                    let mishap = mishap(&error, origin.as_ref());
                    let error = Error::Unreachable { request: request.clone(), cause: mishap.text };
                    track.fail(&error);
                    return Err(Failed { error, passing: mishap.passing });
                }
            }
        }
    };
    match tokio::time::timeout(patience, read).await {
        Ok(read) => read,
        Err(_) => {
            let cause = format!("timeout reading the {what}");
            Err(Failed { error: Error::Unreachable { request, cause }, passing: true })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_are_judged() {
        let from = |url: &str, location: &str| {
            next_hop(&url.parse().expect(url), location).map(String::from).map_err(str::to_owned)
        };
        let secure = "https://r.example/v2/x/blobs/y?a=b";
        assert_eq!(from(secure, "/z"), Ok("https://r.example/z".into()));
        assert_eq!(from(secure, "//cdn.example/z?sig=1#f"), Ok("https://cdn.example/z?sig=1".into()));
        assert_eq!(from("http://r.example/", "https://cdn.example/"), Ok("https://cdn.example/".into()));
        let cases = [
            ("http://cdn.example/", "leaves https"),
            ("file:///etc/passwd", "neither"),
            ("ftp://x/", "neither"),
            ("javascript:alert(1)", "neither"),
            ("https://user:pw@cdn.example/", "user name"),
            ("https://", "not a URL"),
        ];
        for (location, part) in cases {
            let error = from(secure, location).expect_err(location);
            assert!(error.contains(part), "{location}: {error}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_inside_is_not_followed_from_outside() {
        let inside = strata_faulty_registry::FaultyRegistry::start();
        let transport = Transport::new(&crate::Options::default()).expect("default options");
        let url: Url = format!("http://localhost:{}/v2/", inside.address().port()).parse().expect("a URL");
        let origin = Origin::of(&url).expect("on the web");
        for (from, allowed) in [(Reach::Public, false), (Reach::Private, false), (Reach::Loopback, true)] {
            let lane = transport.sent(from, &origin).expect("a name says nothing yet");
            let answer = exchange(
                &transport,
                lane,
                Outgoing::get(url.clone()),
                Duration::from_secs(5),
                Track::begin(None, || unreachable!("nobody watches")),
            )
            .await;
            assert_eq!(answer.is_ok(), allowed, "{from:?}");
            assert_eq!(!inside.requests().is_empty(), allowed, "{from:?}");
            if let Err(failed) = answer {
                assert!(failed.error.to_string().contains("may not send us to"), "{}", failed.error);
            }
        }
    }
}
