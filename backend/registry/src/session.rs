//! Asking a registry for something: contact, login, retries.

use std::{sync::Arc, time::SystemTime};

use http::{HeaderMap, Method, StatusCode};
use reqwest::Url;

use crate::{
    Client, CredentialsError, Error, Request,
    authorizer::{Authorization, Wanted},
    challenge::Challenge,
    contact::{Contact, contact},
    content::Content,
    exchange::{Answer, Failed, Outgoing, exchange, read_body},
    origin::Origin,
    pace::{Pace, retry_after},
    peer::Peer,
    refusal::{Refused, Subject},
    transport::Lane,
    watch::{Begun, Purpose, Track},
};

/// An error's body is read this far for the registry's words.
const WORDS_MAX: u64 = 64 << 10;

/// A question to a registry.
pub(crate) struct Ask<'a> {
    pub(crate) subject: Subject<'a>,
    /// What it is for, in the words of who watches.
    pub(crate) purpose: Purpose,
    /// The first byte that is asked for or sent.
    pub(crate) from: u64,
    pub(crate) method: Method,
    /// Below `/v2/`.
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    pub(crate) headers: HeaderMap,
    /// Where to, instead of `path`: an address that the registry gave. Credentials go there only if it is the registry's own.
    pub(crate) target: Option<Url>,
    pub(crate) content: Option<Content>,
    /// The statuses that are an answer.
    pub(crate) accept: &'static [StatusCode],
}

/// A failed try.
struct Setback {
    failed: Failed,
    retry_after: Option<std::time::Duration>,
}

impl From<Failed> for Setback {
    fn from(failed: Failed) -> Self {
        Self { failed, retry_after: None }
    }
}

impl<'a> Ask<'a> {
    pub(crate) fn get(subject: Subject<'a>, path: String) -> Self {
        Self {
            subject,
            purpose: subject.purpose(),
            from: 0,
            method: Method::GET,
            path,
            query: None,
            headers: HeaderMap::new(),
            target: None,
            content: None,
            accept: &[StatusCode::OK, StatusCode::PARTIAL_CONTENT],
        }
    }
}

impl Client {
    /// How often to try one of several peers.
    pub(crate) fn pace(&self, peer: &Peer) -> Pace {
        if peer.mirror { Pace::once(self.shared.retry) } else { Pace::new(self.shared.retry) }
    }

    /// The address of a server, with the scheme that it speaks.
    pub(crate) async fn base(&self, peer: &Peer) -> Result<Option<Url>, Error> {
        let contact = self.contact(peer).await.map_err(|failed| failed.error)?;
        Ok(Some(contact.base.clone()))
    }

    /// Asks until there is an answer, with a status that is accepted, or `pace` says stop.
    pub(crate) async fn ask(&self, peer: &Peer, ask: &Ask<'_>, pace: &mut Pace) -> Result<Answer, Error> {
        loop {
            let known = self.shared.known(&peer.domain).is_some();
            let Setback { failed, retry_after } = match self.try_once(peer, ask, pace.tries() + 1).await {
                Ok(answer) => return Ok(answer),
                Err(setback) => setback,
            };
            if known && matches!(failed.error, Error::Unreachable { .. }) {
                // Another server may be there by now, of another scheme; or none, which is then reported as at first.
                self.shared.forget(&peer.domain);
                if !failed.passing {
                    continue;
                }
            }
            let wait = if failed.passing { pace.again(retry_after) } else { None };
            let Some(wait) = wait else { return Err(failed.error) };
            tracing::debug!(error = %failed.error, ?wait, "trying again");
            tokio::time::sleep(wait).await;
        }
    }

    /// One try; a 401 is answered once with a (new) login.
    async fn try_once(&self, peer: &Peer, ask: &Ask<'_>, attempt: u32) -> Result<Answer, Setback> {
        let contact = self.contact(peer).await?;
        let (url, lane, ours) = self.place(&contact, ask)?;
        let request = Request::new(&ask.method, &url);
        let scope = ask.subject.scope();
        let mut refused = None;
        loop {
            let wanted = Wanted {
                contact: &contact,
                scope: &scope,
                given: self.given(peer),
                refused: refused.as_ref(),
                request: &request,
                watcher: self.watcher.as_ref(),
            };
            let authorization = match ours {
                false => None,
                true => match self.shared.authorizer.authorization(&self.shared.transport, &wanted).await {
                    Ok(authorization) => authorization,
                    Err(failed) => {
                        let retry_after = match &failed.error {
                            Error::TooManyRequests { retry_after, .. } => *retry_after,
                            _ => None,
                        };
                        return Err(Setback { failed, retry_after });
                    }
                },
            };
            let outgoing = Outgoing {
                method: ask.method.clone(),
                headers: ask.headers.clone(),
                authorization: authorization.as_ref().map(|authorization| authorization.header.clone()),
                content: ask.content.clone(),
                ..Outgoing::get(url.clone())
            };
            let shared = &self.shared;
            let track = Track::begin(self.watcher.as_ref(), || Begun {
                request: 0,
                method: ask.method.clone(),
                host: Origin::of(&url).map_or_else(String::new, |origin| origin.shown()),
                // What a registry calls an upload is for nobody else.
                path: format!("/v2/{}{}", ask.path, if ask.target.is_some() { "…" } else { "" }),
                purpose: ask.purpose.clone(),
                attempt,
                from: ask.from,
                carries: ask.content.as_ref().map_or(0, Content::length),
                authorized: authorization.is_some(),
            });
            let answer = exchange(&shared.transport, lane, outgoing, shared.timeouts.response, track).await?;
            let status = answer.response.status();
            if ask.accept.contains(&status) {
                return Ok(answer);
            }
            let own = answer.own && ours;
            let said = self.refused(answer).await;
            if status == StatusCode::UNAUTHORIZED
                && own
                && refused.is_none()
                && let Some(challenge) = said.challenge.clone()
                && worth_another(&contact, authorization.as_ref(), &challenge)
            {
                refused = Some(authorization.map_or_else(nobody, |authorization| authorization.header));
                contact.learn(challenge);
                continue;
            }
            return Err(setback(
                said,
                ask.subject,
                authorization.and_then(|authorization| authorization.trouble),
            ));
        }
    }

    /// Where a question goes, down which lane, and whether that is the asked server's own place.
    fn place(&self, contact: &Contact, ask: &Ask<'_>) -> Result<(Url, Lane, bool), Failed> {
        let Some(target) = &ask.target else {
            let mut url = contact.url(&ask.path);
            url.set_query(ask.query.as_deref());
            return Ok((url, contact.lane, true));
        };
        let refused = |cause| {
            let request = Request::new(&ask.method, &contact.base);
            let shown = target.as_str().split('?').next().unwrap_or_default().to_owned();
            Failed::for_good(Error::Redirect { request, target: shown, cause })
        };
        let origin = Origin::of(target).ok_or_else(|| refused("it is not a host on the web"))?;
        if origin == contact.origin {
            return Ok((target.clone(), contact.lane, true));
        }
        if contact.origin.secure && !origin.secure {
            return Err(refused("it leaves https"));
        }
        let lane = self.shared.transport.sent(contact.reach, &origin).map_err(refused)?;
        Ok((target.clone(), lane, false))
    }

    /// What is known of a peer, after asking it if nothing is.
    async fn contact(&self, peer: &Peer) -> Result<Arc<Contact>, Failed> {
        if let Some(known) = self.shared.known(&peer.domain) {
            return Ok(known);
        }
        let contact = {
            let patience = self.shared.timeouts.response;
            contact(&self.shared.transport, peer, patience, self.watcher.as_ref()).await?
        };
        Ok(self.shared.keep(contact))
    }

    async fn refused(&self, answer: Answer) -> Refused {
        let headers = answer.response.headers();
        let (request, status) = (answer.request.clone(), answer.response.status());
        let challenge = Challenge::of(headers);
        let retry_after = retry_after(headers, SystemTime::now());
        let body = read_body(answer, "error", WORDS_MAX, self.shared.timeouts.response).await;
        Refused { request, status, challenge, retry_after, body: body.unwrap_or_default() }
    }
}

/// Stands for having sent no header at all.
fn nobody() -> http::HeaderValue {
    http::HeaderValue::from_static("")
}

/// Whether a 401 may be overcome: by a first login, by a new token for an old one, or by one of another scope.
fn worth_another(contact: &Contact, sent: Option<&Authorization>, challenge: &Challenge) -> bool {
    let Some(sent) = sent else { return true };
    let same_scope = match (contact.challenge(), challenge) {
        (Some(Challenge::Bearer { scope: known, .. }), Challenge::Bearer { scope, .. }) => *scope == known,
        _ => true,
    };
    !sent.fresh || !same_scope
}

fn setback(said: Refused, subject: Subject<'_>, trouble: Option<Arc<CredentialsError>>) -> Setback {
    let (status, retry_after) = (said.status, said.retry_after);
    let error = match (said.into_error(subject), trouble) {
        // Without the login that could not be had, this was to be expected.
        (Error::Unauthorized { .. } | Error::Denied { .. }, Some(trouble)) => trouble.as_ref().clone().into(),
        (error, _) => error,
    };
    let passing = status.is_server_error()
        || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT);
    Setback { failed: Failed { error, passing }, retry_after }
}
