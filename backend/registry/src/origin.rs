//! Scheme, host and port: what credentials belong to.

use std::net::IpAddr;

use reqwest::Url;

/// Where a URL leads: credentials for one origin are never shown to another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Origin {
    pub(crate) secure: bool,
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl Origin {
    /// `None` for what is neither http nor https.
    pub(crate) fn of(url: &Url) -> Option<Self> {
        let secure = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let host = url.host_str()?.to_ascii_lowercase();
        // A final dot names the same host, and is refused rather than trusted to compare equal.
        if host.ends_with('.') {
            return None;
        }
        Some(Self { secure, host, port: url.port_or_known_default()? })
    }

    /// The address, if the host is written as one.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        self.host.trim_start_matches('[').trim_end_matches(']').parse().ok()
    }

    /// Whether this can only be this machine: `localhost`, `127.0.0.0/8`, `::1`.
    pub(crate) fn is_loopback(&self) -> bool {
        match self.address() {
            Some(address) => address.to_canonical().is_loopback(),
            None => self.host == "localhost" || self.host.ends_with(".localhost"),
        }
    }

    /// `host[:port]`, the port where it isn't the scheme's own.
    pub(crate) fn shown(&self) -> String {
        if self.port == if self.secure { 443 } else { 80 } { self.host.clone() } else { self.authority() }
    }

    /// `host:port`.
    pub(crate) fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(url: &str) -> Option<Origin> {
        Origin::of(&url.parse().expect(url))
    }

    #[test]
    fn compares_scheme_host_and_port() {
        assert_eq!(origin("https://a/x"), origin("https://A:443/y?z"));
        for other in ["http://a/", "https://a:444/", "https://b/", "https://a.b/", "http://a:443/"] {
            assert_ne!(origin("https://a/"), origin(other), "{other}");
        }
        for none in ["ftp://a/", "file:///etc/passwd", "https://a./"] {
            assert_eq!(origin(none), None, "{none}");
        }
    }

    #[test]
    fn knows_this_machine() {
        for here in [
            "http://localhost/",
            "http://127.1.2.3:5/",
            "http://[::1]:5/",
            "http://2130706433/",
            "http://[::ffff:127.0.0.1]/",
        ] {
            assert!(origin(here).expect(here).is_loopback(), "{here}");
        }
        for there in
            ["http://localhost.example/", "http://128.0.0.1/", "http://127.0.0.1.example/", "http://[::2]/"]
        {
            assert!(!origin(there).expect(there).is_loopback(), "{there}");
        }
    }
}
