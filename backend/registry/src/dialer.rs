//! Name resolution that looks at the addresses before anything connects to them.

use std::{error::Error as StdError, net::SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use thiserror::Error;

use crate::reach::Reach;

/// Resolves names; with a limit, only to addresses that a server within it may send us to.
///
/// The connection is made to the very addresses checked here, so a name that resolves differently the second time
/// gains nothing.
#[derive(Clone, Copy)]
pub(crate) struct Dialer {
    /// `None` for hosts that the user named.
    pub(crate) within: Option<Reach>,
}

/// The name has no address.
#[derive(Debug, Error)]
#[error("lookup {name}: {reason}")]
pub(crate) struct LookupError {
    name: String,
    reason: String,
}

/// The name leads where a server on the outside may not send us.
#[derive(Debug, Error)]
#[error("{name} has the address {address}, which the registry may not send us to")]
pub(crate) struct ForbiddenAddress {
    name: String,
    address: std::net::IpAddr,
}

impl Resolve for Dialer {
    fn resolve(&self, name: Name) -> Resolving {
        let within = self.within;
        Box::pin(async move {
            let name = name.as_str();
            let failed = |reason: String| LookupError { name: name.into(), reason };
            // A port is required and later replaced.
            let found = tokio::net::lookup_host((name, 0)).await;
            let found: Vec<SocketAddr> = found.map_err(|error| failed(reason(&error)))?.collect();
            let Some(first) = found.first().copied() else {
                return Err(failed("no such host".into()).into());
            };
            let allowed = |a: &SocketAddr| within.is_none_or(|within| within.may_send_to(Reach::of(a.ip())));
            let allowed: Vec<SocketAddr> = found.into_iter().filter(allowed).collect();
            if allowed.is_empty() {
                let forbidden = ForbiddenAddress { name: name.into(), address: first.ip() };
                return Err(Box::new(forbidden) as Box<dyn StdError + Send + Sync>);
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

/// getaddrinfo's text, worded as Go does where it says that there is no such name.
fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    let text = text.strip_prefix("failed to lookup address information: ").unwrap_or(&text);
    match text {
        "Name or service not known" | "No address associated with hostname" => "no such host".into(),
        other => other.to_ascii_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn resolve(name: &str, within: Option<Reach>) -> Result<usize, String> {
        let name = name.parse().expect("a host name");
        let found = Dialer { within }.resolve(name).await;
        found.map(Iterator::count).map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn a_name_of_this_machine_is_no_way_in() {
        assert!(resolve("localhost", None).await.is_ok_and(|n| n > 0));
        assert!(resolve("localhost", Some(Reach::Loopback)).await.is_ok_and(|n| n > 0));
        for within in [Reach::Public, Reach::Private] {
            let error = resolve("localhost", Some(within)).await.expect_err("loopback");
            assert!(error.contains("may not send us to"), "{error}");
        }
    }
}
