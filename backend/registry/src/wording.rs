//! Failures of connections in the words that docker's users know, which are Go's.

use std::{error::Error as StdError, io::ErrorKind};

use crate::{dialer::ForbiddenAddress, dialer::LookupError, origin::Origin};

/// What happened to a request that got no (whole) answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mishap {
    /// In Go's words.
    pub(crate) text: String,
    /// Whether the same request may well succeed if it is sent again.
    pub(crate) passing: bool,
}

/// Words for an error of the HTTP client, talking to `origin`.
pub(crate) fn mishap(error: &reqwest::Error, origin: Option<&Origin>) -> Mishap {
    let lasting = |text: String| Mishap { text, passing: false };
    let passing = |text: &str| Mishap { text: text.into(), passing: true };
    let address = origin.map_or_else(String::new, |origin| match origin.host.as_str() {
        "localhost" => format!(" 127.0.0.1:{}", origin.port),
        _ => format!(" {}", origin.authority()),
    });
    if let Some(forbidden) = find::<ForbiddenAddress>(error) {
        return lasting(forbidden.to_string());
    }
    if let Some(lookup) = find::<LookupError>(error) {
        return lasting(format!("dial tcp: {lookup}"));
    }
    if let Some(tls) = find::<rustls::Error>(error) {
        return lasting(certificate(tls, origin));
    }
    let io = find::<std::io::Error>(error).map(std::io::Error::kind);
    if error.is_connect() {
        return match io {
            Some(ErrorKind::ConnectionRefused) => {
                lasting(format!("dial tcp{address}: connect: connection refused"))
            }
            Some(ErrorKind::NetworkUnreachable) => {
                lasting(format!("dial tcp{address}: connect: network is unreachable"))
            }
            Some(ErrorKind::HostUnreachable) => {
                lasting(format!("dial tcp{address}: connect: no route to host"))
            }
            Some(ErrorKind::TimedOut) => lasting(format!("dial tcp{address}: i/o timeout")),
            Some(ErrorKind::ConnectionReset) => passing("connection reset by peer"),
            Some(ErrorKind::UnexpectedEof) => passing("EOF"),
            _ if error.is_timeout() => lasting(format!("dial tcp{address}: i/o timeout")),
            _ => lasting(format!("dial tcp{address}: {}", innermost(error))),
        };
    }
    if let Some(hyper) = find::<hyper::Error>(error) {
        if hyper.is_parse_too_large() {
            return lasting("the response has too many or too large headers".into());
        }
        if hyper.is_parse() {
            return lasting(format!("malformed HTTP response: {hyper}"));
        }
        if hyper.is_incomplete_message() {
            return passing("unexpected EOF");
        }
    }
    match io {
        Some(ErrorKind::ConnectionReset | ErrorKind::BrokenPipe) => passing("connection reset by peer"),
        Some(ErrorKind::UnexpectedEof) => passing("unexpected EOF"),
        _ => Mishap { text: innermost(error), passing: true },
    }
}

fn certificate(error: &rustls::Error, origin: Option<&Origin>) -> String {
    use rustls::CertificateError as Bad;
    let host = origin.map_or("the host", |origin| &origin.host);
    match error {
        rustls::Error::InvalidCertificate(bad) => match bad {
            Bad::UnknownIssuer => "x509: certificate signed by unknown authority".into(),
            Bad::NotValidForName | Bad::NotValidForNameContext { .. } => {
                format!("x509: certificate is not valid for {host}")
            }
            Bad::Expired | Bad::ExpiredContext { .. } | Bad::NotValidYet | Bad::NotValidYetContext { .. } => {
                "x509: certificate has expired or is not yet valid".into()
            }
            other => format!("x509: {other}"),
        },
        rustls::Error::InvalidMessage(_) => "http: server gave HTTP response to HTTPS client".into(),
        other => format!("tls: {other}"),
    }
}

/// The first error of type `T` in the chain; `io::Error` hides what it carries, so that is looked into too.
fn find<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<T>() {
            return Some(found);
        }
        let carried = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = carried.map(|carried| carried as &(dyn StdError + 'static)).or_else(|| error.source());
    }
    None
}

fn innermost(error: &dyn StdError) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}
