//! What to do wrong, and when.

use std::time::Duration;

/// Which requests a fault is for: those whose path contains a text, counted.
#[derive(Clone, Debug)]
pub struct When {
    part: String,
    method: Option<&'static str>,
    skip: usize,
    times: usize,
    seen: usize,
}

impl When {
    /// Every request whose path contains `part`.
    pub fn path(part: &str) -> Self {
        Self { part: part.to_owned(), method: None, skip: 0, times: usize::MAX, seen: 0 }
    }

    /// Every request.
    pub fn any() -> Self {
        Self::path("")
    }

    /// Only requests of this method, upper case.
    pub fn method(self, method: &'static str) -> Self {
        Self { method: Some(method), ..self }
    }

    /// Only the first `times` of them.
    pub fn first(self, times: usize) -> Self {
        Self { skip: 0, times, ..self }
    }

    /// Only the `n`th of them, the first being 1.
    pub fn nth(self, n: usize) -> Self {
        Self { skip: n.saturating_sub(1), times: 1, ..self }
    }

    /// All of them but the first `skip`.
    pub fn after(self, skip: usize) -> Self {
        Self { skip, times: usize::MAX, ..self }
    }

    /// Counts a request; whether the fault acts on it.
    pub(crate) fn fits(&mut self, method: &str, path: &str) -> bool {
        if !path.contains(&self.part) || self.method.is_some_and(|wanted| wanted != method) {
            return false;
        }
        self.seen += 1;
        self.seen > self.skip && self.seen - self.skip <= self.times
    }
}

/// What to do wrong.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Send this much of the body, then reset the connection.
    Reset {
        /// Bytes of the body.
        after: u64,
    },
    /// Send this much of the body, then close the connection in good order.
    Close {
        /// Bytes of the body.
        after: u64,
    },
    /// Send this much of the body, then nothing for a while, then the rest.
    Stall {
        /// Bytes of the body.
        after: u64,
        /// How long nothing is sent.
        pause: Duration,
    },
    /// Send the body slowly.
    Slow {
        /// How slowly.
        bytes_per_second: u64,
    },
    /// Announce a length that is off by this much; the body is what it is, and the connection closed after it.
    Length(i64),
    /// Announce no length: send the body in chunks.
    Chunked,
    /// Flip a bit of the byte at this offset of the content.
    Corrupt {
        /// Offset in the content, whatever range is asked for.
        at: u64,
    },
    /// Add this to the end of the body, and to its length.
    Append(Vec<u8>),
    /// Answer something else.
    Status {
        /// The status code.
        code: u16,
        /// Headers beside `Content-Length`.
        headers: Vec<(String, String)>,
        /// The body.
        body: Vec<u8>,
    },
    /// Answer to a range as if none had been asked for.
    IgnoreRange,
    /// Set a header, in place of the one that is there.
    Header {
        /// Its name.
        name: String,
        /// Its value.
        value: String,
    },
    /// Leave a header out.
    NoHeader(String),
    /// After the head, send bytes without end.
    Endless,
    /// Answer with this many headers of this many bytes each.
    HeaderBomb {
        /// How many.
        count: usize,
        /// Bytes of each value.
        size: usize,
    },
    /// Send these bytes in place of a response, and close.
    Garbage(Vec<u8>),
}

impl Fault {
    /// A status with a body of the registry's error form.
    pub fn error(code: u16, name: &str, message: &str) -> Self {
        let body = serde_json::json!({"errors": [{"code": name, "message": message}]}).to_string();
        let headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
        Self::Status { code, headers, body: body.into_bytes() }
    }

    /// A bare status, as a proxy or an overloaded server sends it.
    pub fn status(code: u16) -> Self {
        Self::Status { code, headers: Vec::new(), body: b"oops".to_vec() }
    }

    /// 429 or 503 with `Retry-After`: seconds or a date.
    pub fn retry_after(code: u16, after: &str) -> Self {
        let headers = vec![("Retry-After".to_owned(), after.to_owned())];
        Self::Status { code, headers, body: Vec::new() }
    }

    /// A redirect.
    pub fn redirect(location: &str) -> Self {
        Self::Status {
            code: 307,
            headers: vec![("Location".to_owned(), location.to_owned())],
            body: Vec::new(),
        }
    }

    /// A page for people, with status 200, as captive portals send it.
    pub fn html() -> Self {
        let headers = vec![("Content-Type".to_owned(), "text/html; charset=utf-8".to_owned())];
        Self::Status { code: 200, headers, body: b"<!doctype html><title>Sign in</title>".to_vec() }
    }

    /// Another `Docker-Content-Digest`.
    pub fn content_digest(value: &str) -> Self {
        Self::Header { name: "Docker-Content-Digest".into(), value: value.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted() {
        let acts = |mut when: When| -> String {
            let requests = [("GET", "/a"), ("HEAD", "/a"), ("GET", "/b"), ("GET", "/a"), ("GET", "/a")];
            requests.iter().map(|(method, path)| if when.fits(method, path) { 'x' } else { '.' }).collect()
        };
        assert_eq!(acts(When::any()), "xxxxx");
        assert_eq!(acts(When::path("/a")), "xx.xx");
        assert_eq!(acts(When::path("/a").method("GET")), "x..xx");
        assert_eq!(acts(When::path("/a").first(2)), "xx...");
        assert_eq!(acts(When::path("/a").nth(3)), "...x.");
        assert_eq!(acts(When::path("/a").after(1)), ".x.xx");
    }
}
