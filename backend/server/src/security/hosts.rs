//! The names under which this server may be addressed.

use std::net::SocketAddr;

/// `host` and `host:port` values that are us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hosts(Vec<String>);

impl Hosts {
    /// The listen address, localhost in its spellings, and `more` names; a name without a port stands for the
    /// listening port and for none (a proxy in front).
    pub fn new(listen: SocketAddr, more: &[String]) -> Self {
        let port = listen.port();
        let own = match listen {
            SocketAddr::V4(v4) => v4.ip().to_string(),
            SocketAddr::V6(v6) => format!("[{}]", v6.ip()),
        };
        let names = [own.as_str(), "localhost", "127.0.0.1", "[::1]"];
        let mut all: Vec<String> = names.iter().map(|name| format!("{name}:{port}")).collect();
        if port == 80 {
            all.extend(names.iter().map(|name| (*name).to_owned()));
        }
        for name in more.iter().map(|name| name.to_ascii_lowercase()) {
            if !has_port(&name) {
                all.push(format!("{name}:{port}"));
            }
            all.push(name);
        }
        Self(all)
    }

    /// Whether a `Host` header's value is us.
    pub fn has(&self, host: &str) -> bool {
        self.0.iter().any(|name| name.eq_ignore_ascii_case(host))
    }

    /// How to open the page.
    pub fn first(&self) -> &str {
        &self.0[0]
    }
}

fn has_port(name: &str) -> bool {
    let after_address = name.rfind(']').map_or(0, |end| end + 1);
    name[after_address..].contains(':')
}

/// Whether an `Origin` header's value is the page of `host`.
pub(super) fn is_origin_of(origin: &str, host: &str) -> bool {
    let authority = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    authority.is_some_and(|authority| authority.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_names() {
        let hosts =
            Hosts::new("127.0.0.1:7878".parse().expect("valid"), &["strata.lan".into(), "Proxy:443".into()]);
        for ours in [
            "127.0.0.1:7878",
            "localhost:7878",
            "LOCALHOST:7878",
            "[::1]:7878",
            "strata.lan",
            "strata.lan:7878",
            "proxy:443",
        ] {
            assert!(hosts.has(ours), "{ours}");
        }
        for other in [
            "",
            "localhost",
            "127.0.0.1",
            "localhost:7879",
            "localhost.:7878",
            "evil.example:7878",
            "127.0.0.1:7878@evil",
            "evil.example",
            "127.0.0.2:7878",
            "strata.lan:80",
            "proxy",
            "0.0.0.0:7878",
            "localhost:7878.evil.example",
        ] {
            assert!(!hosts.has(other), "{other}");
        }
        assert!(Hosts::new("[::1]:80".parse().expect("valid"), &[]).has("localhost"));
    }

    #[test]
    fn an_origin_must_be_the_host_itself() {
        assert!(is_origin_of("http://localhost:7878", "localhost:7878"));
        assert!(is_origin_of("https://strata.lan", "strata.lan"));
        for other in [
            "null",
            "",
            "http://localhost",
            "http://127.0.0.1:7878",
            "http://localhost:7878.evil",
            "file://localhost:7878",
            "localhost:7878",
        ] {
            assert!(!is_origin_of(other, "localhost:7878"), "{other}");
        }
    }
}
