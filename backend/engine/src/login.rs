//! `docker login`: whether a registry accepts what a user shows to it.

use strata_registry::{ErrorKind, Login};

use crate::{Engine, Error, Kind};

impl Engine {
    /// Asks the registry at `address` (`host[:port]`, with or without scheme; empty for Docker Hub) whether it accepts `login`.
    ///
    /// Nothing is kept: the client does that.
    pub async fn log_in(&self, address: &str, login: Login) -> Result<(), Error> {
        let domain = domain(address);
        self.inner().registry.authenticate(domain, login).await.map_err(|error| {
            let kind = error.kind();
            let error = Error::from(error);
            match kind {
                ErrorKind::Unauthorized | ErrorKind::Denied => Error::new(Kind::Unauthorized, error.message),
                _ => error,
            }
        })
    }
}

/// The registry that an address means.
fn domain(address: &str) -> &str {
    let bare = address.trim().trim_start_matches("https://").trim_start_matches("http://");
    match bare.split('/').next().unwrap_or_default() {
        "" | "index.docker.io" | "docker.io" | "registry-1.docker.io" => "docker.io",
        host => host,
    }
}

#[cfg(test)]
mod tests {
    use super::domain;

    #[test]
    fn addresses_come_in_many_forms() {
        for hub in ["", "docker.io", "https://index.docker.io/v1/", "index.docker.io"] {
            assert_eq!(domain(hub), "docker.io", "{hub}");
        }
        assert_eq!(domain("http://127.0.0.1:5000/v2/"), "127.0.0.1:5000");
        assert_eq!(domain("registry.example"), "registry.example");
    }
}
