//! Connections: pooled HTTP/1.1 clients, one per set of precautions.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};

use crate::{Error, Insecure, Options, dialer::Dialer, origin::Origin, reach::Reach};

/// The precautions taken with a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Lane {
    /// How far into private networks it may lie; `None` if the user named it.
    pub(crate) within: Option<Reach>,
    /// Whether its certificate doesn't matter.
    any_certificate: bool,
    /// Whether proxies are bypassed.
    direct: bool,
}

/// Makes and keeps the clients.
pub(crate) struct Transport {
    user_agent: String,
    connect: std::time::Duration,
    insecure: Vec<Insecure>,
    authorities: Vec<CertificateDer<'static>>,
    tls: OnceLock<ClientConfig>,
    clients: Mutex<HashMap<Lane, reqwest::Client>>,
    proxied: bool,
}

impl Transport {
    pub(crate) fn new(options: &Options) -> Result<Self, Error> {
        // reqwest is built without a provider; a second installation of the same one is refused, harmlessly.
        let _ = ring::default_provider().install_default();
        let pem = |pem: &Vec<u8>| CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
        let parsed: Result<Vec<_>, _> = options.authorities.iter().map(pem).collect();
        let authorities =
            parsed.map_err(|error| Error::Setup(format!("certificate authority: {error}")))?.concat();
        let proxies = ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
        Ok(Self {
            user_agent: options.user_agent.clone(),
            connect: options.timeouts.connect,
            insecure: options.insecure.clone(),
            authorities,
            tls: OnceLock::new(),
            clients: Mutex::default(),
            proxied: proxies.iter().any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty())),
        })
    }

    /// Whether plain http may be spoken with this host, and its certificate doesn't matter.
    pub(crate) fn is_insecure(&self, origin: &Origin) -> bool {
        origin.is_loopback() || self.is_listed(origin)
    }

    /// Whether the user named this host as one with which plain http may be spoken.
    pub(crate) fn is_listed(&self, origin: &Origin) -> bool {
        self.insecure.iter().any(|insecure| insecure.covers(origin))
    }

    /// The lane to a host that the user named.
    pub(crate) fn named(&self, origin: &Origin) -> Lane {
        Lane { within: None, any_certificate: self.is_insecure(origin), direct: origin.is_loopback() }
    }

    /// The lane to a host that a server at `from` named, or why there is none.
    pub(crate) fn sent(&self, from: Reach, target: &Origin) -> Result<Lane, &'static str> {
        if target.address().is_some_and(|address| !from.may_send_to(Reach::of(address))) {
            return Err("the address is in a network that the registry is not in");
        }
        Ok(Lane { within: Some(from), ..self.named(target) })
    }

    /// Where the server of a response lies.
    pub(crate) fn reach(&self, origin: &Origin, response: &reqwest::Response) -> Reach {
        // Through a proxy the peer is the proxy, which says nothing.
        let proxied = self.proxied && !origin.is_loopback();
        let peer = response.remote_addr().map(|peer| peer.ip()).filter(|_| !proxied);
        peer.or_else(|| origin.address()).map_or(Reach::Public, Reach::of)
    }

    /// The client for a lane; its connections are kept for the next request.
    pub(crate) fn client(&self, lane: Lane) -> Result<reqwest::Client, Error> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(&lane) {
            return Ok(client.clone());
        }
        let client = self.build(lane)?;
        clients.insert(lane, client.clone());
        Ok(client)
    }

    fn build(&self, lane: Lane) -> Result<reqwest::Client, Error> {
        let mut builder = reqwest::Client::builder()
            .user_agent(&self.user_agent)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .http1_only()
            .http1_max_headers(100)
            .tcp_nodelay(true)
            .connect_timeout(self.connect)
            .pool_idle_timeout(std::time::Duration::from_secs(30))
            .pool_max_idle_per_host(8)
            .dns_resolver(Arc::new(Dialer { within: lane.within }));
        if lane.direct {
            builder = builder.no_proxy();
        }
        builder = if lane.any_certificate {
            builder.tls_danger_accept_invalid_certs(true)
        } else {
            builder.tls_backend_preconfigured(self.tls.get_or_init(|| self.tls()).clone())
        };
        builder.build().map_err(|error| Error::Setup(error.to_string()))
    }

    /// The system's authorities and the given ones; a system without any is no error until one is needed.
    fn tls(&self) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        let system = rustls_native_certs::load_native_certs();
        for error in &system.errors {
            tracing::warn!(%error, "reading the system's certificate authorities");
        }
        roots.add_parsable_certificates(system.certs);
        roots.add_parsable_certificates(self.authorities.iter().cloned());
        ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the provider has the default versions")
            .with_root_certificates(roots)
            .with_no_client_auth()
    }
}

impl Insecure {
    fn covers(&self, origin: &Origin) -> bool {
        match self {
            Self::Host(host) => *host == origin.host || *host == origin.authority(),
            Self::Network { address, bits } => match (address, origin.address().map(|a| a.to_canonical())) {
                (std::net::IpAddr::V4(network), Some(std::net::IpAddr::V4(host))) => {
                    let shift = 32 - u32::from(*bits);
                    u32::from(*network).checked_shr(shift) == u32::from(host).checked_shr(shift)
                }
                (std::net::IpAddr::V6(network), Some(std::net::IpAddr::V6(host))) => {
                    let shift = 128 - u32::from(*bits);
                    u128::from(*network).checked_shr(shift) == u128::from(host).checked_shr(shift)
                }
                _ => false,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn insecure_registries_are_matched() {
        let cases = [
            ("registry.example", "http://registry.example:5000/", true),
            ("registry.example:5000", "http://registry.example:5000/", true),
            ("registry.example:5000", "http://registry.example:5001/", false),
            ("10.0.0.0/8", "http://10.9.8.7:5000/", true),
            ("10.0.0.0/8", "http://11.9.8.7:5000/", false),
            ("0.0.0.0/0", "http://11.9.8.7:5000/", true),
            ("fd00::/8", "http://[fd00::7]:5000/", true),
            ("10.0.0.0/8", "http://registry.example/", false),
            ("registry", "http://registry/", true),
        ];
        for (insecure, url, covered) in cases {
            let insecure: Insecure = insecure.parse().expect(insecure);
            let origin = Origin::of(&url.parse().expect(url)).expect(url);
            assert_eq!(insecure.covers(&origin), covered, "{insecure:?} {url}");
        }
        for bad in ["", "http://x", "10.0.0.0/33", "x/y", "10.0.0.0/"] {
            assert!(bad.parse::<Insecure>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_registry_outside_does_not_send_us_inside() {
        let transport = Transport::new(&Options::default()).expect("default options");
        let sent =
            |from, url: &str| transport.sent(from, &Origin::of(&url.parse().expect(url)).expect(url)).is_ok();
        assert!(sent(Reach::Public, "https://93.184.216.34/"));
        for url in [
            "http://127.0.0.1/",
            "https://10.0.0.1/",
            "http://169.254.169.254/",
            "http://[::1]/",
            "http://2130706433/",
        ] {
            assert!(!sent(Reach::Public, url), "{url}");
        }
        assert!(sent(Reach::Loopback, "http://127.0.0.1:5000/"));
        assert!(!sent(Reach::Loopback, "http://169.254.169.254/"));
    }
}
