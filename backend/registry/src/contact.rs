//! First contact with a registry: which scheme it speaks, where it lies, how it wants to be shown a login.

use std::sync::{Arc, Mutex, PoisonError};

use http::StatusCode;
use reqwest::Url;

use crate::{
    Error, Request,
    challenge::Challenge,
    exchange::{Answer, Failed, Outgoing, exchange},
    origin::Origin,
    peer::Peer,
    reach::Reach,
    transport::{Lane, Transport},
    watch::{Begun, Purpose, Track, Watcher},
};

/// What is known of a server; worth keeping for later requests.
pub(crate) struct Contact {
    /// What logins are looked up by.
    pub(crate) domain: String,
    /// Its URL, with the scheme that worked.
    pub(crate) base: Url,
    pub(crate) origin: Origin,
    /// Where it lies.
    pub(crate) reach: Reach,
    /// How to connect to it.
    pub(crate) lane: Lane,
    /// Whether it says that it is a registry, or asks for a login as one does.
    pub(crate) speaks: bool,
    challenge: Mutex<Option<Challenge>>,
}

impl Contact {
    /// How the server last asked for a login, if it did.
    pub(crate) fn challenge(&self) -> Option<Challenge> {
        self.challenge.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes how the server asks for a login.
    pub(crate) fn learn(&self, challenge: Challenge) {
        *self.challenge.lock().unwrap_or_else(PoisonError::into_inner) = Some(challenge);
    }

    /// The URL of a path below `/v2/`.
    pub(crate) fn url(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("/v2/{path}"));
        url
    }
}

/// Asks `/v2/`, without a login, over each scheme that the peer may speak.
pub(crate) async fn contact(
    transport: &Transport,
    peer: &Peer,
    patience: std::time::Duration,
    watcher: Option<&Arc<Watcher>>,
) -> Result<Contact, Failed> {
    let mut odd = None;
    let mut failed: Option<Failed> = None;
    for base in &peer.bases {
        match ping(transport, peer, base, patience, watcher).await {
            Ok((contact, true)) => return Ok(contact),
            Ok((contact, false)) => odd = Some(contact),
            Err(error) => {
                // Of two failures the one over http tells more: it is the scheme that the user meant.
                if failed.is_none() || base.scheme() == "http" {
                    failed = Some(error);
                }
                // The same port refuses every scheme.
                if let Some(Failed { error: Error::Unreachable { cause, .. }, .. }) = &failed
                    && base.port().is_some()
                    && cause.ends_with("connection refused")
                {
                    break;
                }
            }
        }
    }
    let nothing = || {
        let request = Request { method: http::Method::GET, url: peer.domain.clone() };
        Failed::for_good(Error::Protocol { request, cause: "not the name of a registry".into() })
    };
    odd.ok_or_else(|| failed.unwrap_or_else(nothing))
}

/// A contact, and whether it answered as a registry does over the right scheme.
async fn ping(
    transport: &Transport,
    peer: &Peer,
    base: &Url,
    patience: std::time::Duration,
    watcher: Option<&Arc<Watcher>>,
) -> Result<(Contact, bool), Failed> {
    let origin = Origin::of(base).ok_or_else(|| {
        let request = Request::new(&http::Method::GET, base);
        Failed::for_good(Error::Protocol { request, cause: "not the name of a registry".into() })
    })?;
    let lane = transport.named(&origin);
    let mut url = base.clone();
    url.set_path("/v2/");
    let track = Track::begin(watcher, || Begun {
        request: 0,
        method: http::Method::GET,
        host: origin.shown(),
        path: "/v2/".into(),
        purpose: Purpose::Ping,
        attempt: 1,
        from: 0,
        carries: 0,
        authorized: false,
    });
    let Answer { mut response, own, reach, .. } =
        exchange(transport, lane, Outgoing::get(url), patience, track).await?;
    let challenge =
        Challenge::of(response.headers()).filter(|_| own && response.status() == StatusCode::UNAUTHORIZED);
    let says = response.headers().contains_key("docker-distribution-api-version");
    let speaks = says || challenge.is_some();
    // A TLS server's answer to plain http.
    let sound = response.status() != StatusCode::BAD_REQUEST;
    // A body that is taken leaves the connection to the next request.
    if response.content_length().is_some_and(|length| length < 4096) {
        while let Ok(Ok(Some(_))) = tokio::time::timeout(patience, response.chunk()).await {}
    }
    let contact = Contact {
        domain: peer.domain.clone(),
        base: base.clone(),
        origin,
        reach,
        lane,
        speaks,
        challenge: Mutex::new(challenge),
    };
    Ok((contact, sound))
}
