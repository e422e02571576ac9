//! Whom to ask for a repository: its registry, and the mirrors before it.

use std::collections::BTreeMap;

use reqwest::Url;

use crate::{Mirror, origin::Origin, transport::Transport};

const HUB: &str = "docker.io";
const HUB_HOST: &str = "registry-1.docker.io";

/// A server that may have what a reference names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Peer {
    /// What logins are looked up by: the reference's domain, or a mirror's `host[:port]`.
    pub(crate) domain: String,
    /// Its URL: the schemes to try, the likeliest first.
    pub(crate) bases: Vec<Url>,
    /// Whether there is another to ask if this one fails.
    pub(crate) mirror: bool,
}

/// The servers to ask for repositories of `domain`, in order; the last is the registry itself.
pub(crate) fn peers(
    domain: &str,
    mirrors: &BTreeMap<String, Vec<Mirror>>,
    transport: &Transport,
) -> Vec<Peer> {
    let mirrors = mirrors.get(domain).into_iter().flatten().map(|Mirror(url)| Peer {
        domain: authority(url),
        bases: vec![url.clone()],
        mirror: true,
    });
    mirrors.chain([registry(domain, transport)]).collect()
}

/// The registry that references with `domain` mean.
pub(crate) fn registry(domain: &str, transport: &Transport) -> Peer {
    let host = if domain == HUB { HUB_HOST } else { domain };
    let base = |secure| base(secure, host);
    let insecure = base(true).and_then(|url| Origin::of(&url)).filter(|origin| transport.is_insecure(origin));
    // Most registries on this machine speak http, most others https, even where they need not.
    let schemes: &[bool] = match insecure {
        Some(origin) if origin.is_loopback() => &[false, true],
        Some(_) => &[true, false],
        None => &[true],
    };
    let bases = schemes.iter().filter_map(|secure| base(*secure)).collect();
    Peer { domain: domain.to_owned(), bases, mirror: false }
}

fn base(secure: bool, host: &str) -> Option<Url> {
    format!("{}://{host}/", if secure { "https" } else { "http" }).parse().ok()
}

fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Options;

    #[test]
    fn the_registry_comes_after_its_mirrors() {
        let options = Options {
            mirrors: [(HUB.to_owned(), vec!["https://mirror.example".parse().expect("a mirror")])].into(),
            insecure: vec!["10.0.0.0/8".parse().expect("a network")],
            ..Options::default()
        };
        let transport = Transport::new(&options).expect("valid options");
        let asked = |domain: &str| {
            let peers = peers(domain, &options.mirrors, &transport);
            let urls = peers.iter().map(|p| p.bases.iter().map(Url::as_str).collect::<Vec<_>>().join("|"));
            urls.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(asked("docker.io"), "https://mirror.example/ https://registry-1.docker.io/");
        assert_eq!(asked("quay.io"), "https://quay.io/");
        assert_eq!(asked("127.0.0.1:5000"), "http://127.0.0.1:5000/|https://127.0.0.1:5000/");
        assert_eq!(asked("localhost"), "http://localhost/|https://localhost/");
        assert_eq!(asked("[::1]:5000"), "http://[::1]:5000/|https://[::1]:5000/");
        assert_eq!(asked("10.1.1.1:5000"), "https://10.1.1.1:5000/|http://10.1.1.1:5000/");
    }
}
