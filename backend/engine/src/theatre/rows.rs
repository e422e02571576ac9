//! The rows of a play, made of what a client tells. Pure.

use std::collections::HashMap;

use strata_api::theatre::{Call, Row, What};
use strata_registry::{Begun, Event, Purpose};

/// Rows that are kept; an image of 127 layers pushed anew has some six hundred.
const KEPT: usize = 1500;

/// The rows, each with the number of the change that it had last.
#[derive(Debug, Default)]
pub(super) struct Rows {
    rows: Vec<(u64, Row)>,
    /// Where the rows of requests that go on are.
    open: HashMap<u32, usize>,
    version: u64,
    dropped: u32,
}

/// What an event adds to the sums.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Flow {
    /// Whether it is a new request.
    pub(super) request: bool,
    /// Bytes received.
    pub(super) received: u64,
    /// Bytes sent.
    pub(super) sent: u64,
}

impl Rows {
    /// The number of the last change.
    pub(super) fn version(&self) -> u64 {
        self.version
    }

    /// Rows that there was no place for.
    pub(super) fn dropped(&self) -> u32 {
        self.dropped
    }

    /// The rows that changed after the change `seen`, in order.
    pub(super) fn since(&self, seen: u64) -> Vec<Row> {
        self.rows.iter().filter(|(version, _)| *version >= seen).map(|(_, row)| row.clone()).collect()
    }

    /// A row without a request.
    pub(super) fn note(&mut self, at: u64, what: What) {
        self.push(at, what, None);
    }

    /// Takes what happened to a request.
    pub(super) fn see(&mut self, event: Event, at: u64) -> Flow {
        match event {
            Event::Begun(begun) => {
                let request = begun.request;
                let (what, call) = opened(begun);
                if let Some(place) = self.push(at, what, Some(call)) {
                    self.open.insert(request, place);
                }
                Flow { request: true, ..Flow::default() }
            }
            Event::Redirected { request, host } => self.change(request, |_, call| call.redirects.push(host)),
            Event::Answered { request, status, length } => self.change(request, |_, call| {
                call.status = Some(status);
                let head = call.method == "HEAD";
                if !sends(call) && !head {
                    call.expected = length;
                }
            }),
            Event::Bytes { request, bytes } => self.change(request, |_, call| call.bytes = bytes),
            Event::Ended { request, bytes, failure } => {
                let flow = self.change(request, |began, call| {
                    if !sends(call) || bytes > call.bytes {
                        call.bytes = bytes;
                    }
                    call.took = Some(at.saturating_sub(began));
                    call.failure = failure;
                });
                self.open.remove(&request);
                flow
            }
        }
    }

    /// Ends what goes on.
    pub(super) fn close(&mut self, at: u64) {
        let open: Vec<u32> = self.open.keys().copied().collect();
        for request in open {
            self.change(request, |began, call| call.took = Some(at.saturating_sub(began)));
        }
        self.open.clear();
        self.version += 1;
    }

    fn push(&mut self, at: u64, what: What, call: Option<Call>) -> Option<usize> {
        self.version += 1;
        if self.rows.len() >= KEPT {
            self.dropped += 1;
            return None;
        }
        let number = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        self.rows.push((self.version, Row { number, at, what, call }));
        Some(self.rows.len() - 1)
    }

    fn change(&mut self, request: u32, how: impl FnOnce(u64, &mut Call)) -> Flow {
        let Some(place) = self.open.get(&request) else { return Flow::default() };
        let (version, row) = &mut self.rows[*place];
        let Some(call) = &mut row.call else { return Flow::default() };
        let before = call.bytes;
        how(row.at, call);
        let more = call.bytes.saturating_sub(before);
        self.version += 1;
        *version = self.version;
        match sends(call) {
            true => Flow { sent: more, ..Flow::default() },
            false => Flow { received: more, ..Flow::default() },
        }
    }
}

/// Whether the bytes that count go to the registry.
fn sends(call: &Call) -> bool {
    matches!(call.method.as_str(), "PATCH" | "PUT" | "POST")
}

fn opened(begun: Begun) -> (What, Call) {
    let what = match begun.purpose {
        Purpose::Ping => What::Ping,
        Purpose::Token { scope } => What::Token { scope },
        Purpose::Manifest(reference) => What::Manifest { reference },
        Purpose::Blob(digest) => What::Blob { digest },
        Purpose::Check(digest) => What::Check { digest },
        Purpose::Mount { digest, from } => What::Mount { digest, from },
        Purpose::Begin(digest) => What::Begin { digest },
        Purpose::Send(digest) => What::Send { digest },
        Purpose::Finish(digest) => What::Finish { digest },
        Purpose::Progress(digest) => What::Progress { digest },
        Purpose::Put(reference) => What::Put { reference },
        Purpose::Tags => What::Tags,
        Purpose::Catalog => What::Catalog,
        Purpose::Referrers(digest) => What::Referrers { digest },
        Purpose::Search => What::Search,
    };
    let call = Call {
        method: begun.method.as_str().to_owned(),
        host: begun.host,
        path: begun.path,
        attempt: begun.attempt,
        from: begun.from,
        expected: (begun.carries > 0).then_some(begun.carries),
        bytes: 0,
        authorized: begun.authorized,
        status: None,
        redirects: Vec::new(),
        took: None,
        failure: None,
    };
    (what, call)
}

#[cfg(test)]
mod tests {
    use strata_oci::Digest;

    use super::*;

    fn begun(request: u32, method: strata_registry::Method, purpose: Purpose) -> Event {
        Event::Begun(Begun {
            request,
            method,
            host: "r.example".into(),
            path: "/v2/".into(),
            purpose,
            attempt: 1,
            from: 0,
            carries: 0,
            authorized: false,
        })
    }

    #[test]
    fn rows_follow_their_requests() {
        let mut rows = Rows::default();
        let digest = Digest::of(b"blob");
        assert!(rows.see(begun(1, strata_registry::Method::GET, Purpose::Ping), 0).request);
        rows.see(begun(2, strata_registry::Method::GET, Purpose::Blob(digest.clone())), 5);
        rows.see(Event::Answered { request: 2, status: 200, length: Some(100) }, 7);
        let seen = rows.version() + 1;
        assert_eq!(rows.see(Event::Bytes { request: 2, bytes: 40 }, 8).received, 40);
        assert_eq!(rows.since(seen).len(), 1, "only what changed is told again");
        let flow = rows.see(Event::Ended { request: 2, bytes: 100, failure: None }, 25);
        assert_eq!(flow.received, 60);
        let all = rows.since(0);
        assert_eq!(all.iter().map(|row| row.number).collect::<Vec<_>>(), [0, 1]);
        let call = all[1].call.as_ref().expect("a request");
        assert_eq!(
            (call.status, call.expected, call.bytes, call.took),
            (Some(200), Some(100), 100, Some(20))
        );
        // What comes after the end changes nothing.
        assert_eq!(rows.see(Event::Bytes { request: 2, bytes: 999 }, 30), Flow::default());
        rows.close(40);
        assert_eq!(rows.since(0)[0].call.as_ref().and_then(|call| call.took), Some(40));
    }

    #[test]
    fn there_is_an_end_to_what_is_kept() {
        let mut rows = Rows::default();
        for request in 0..KEPT as u32 + 7 {
            rows.see(begun(request, strata_registry::Method::HEAD, Purpose::Tags), 0);
        }
        assert_eq!((rows.since(0).len(), rows.dropped()), (KEPT, 7));
    }
}
