//! `docker login`: whether a registry accepts what a user shows to it; and the logins that are kept for the page.

use strata_api::logins::KeptLogin;
use strata_oci::Repository;
use strata_registry::{ErrorKind, KeptLoginsError, Login, Secret};

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

    /// The same, and keeps it for everything that brings no login of its own: the page has no place for passwords.
    pub async fn keep_login(
        &self,
        address: &str,
        username: &str,
        password: Secret,
    ) -> Result<KeptLogin, Error> {
        let registry = valid(domain(address))?.to_owned();
        if username.is_empty() || username.contains(':') {
            let message = "a login needs a user name, and it can't have a colon in it";
            return Err(Error::new(Kind::InvalidArgument, message));
        }
        self.log_in(&registry, Login::password(username, password.clone())).await.map_err(|error| {
            // Not 401, which the page takes for a question about itself.
            let kind = if error.kind == Kind::Unauthorized { Kind::Forbidden } else { error.kind };
            Error::new(kind, error.message)
        })?;
        let made = KeptLogin { registry, username: username.to_owned() };
        let kept = made.clone();
        self.blocking(move |inner| {
            let answer = inner.logins.keep(&kept.registry, &kept.username, &password);
            answer.map_err(|error| match error {
                KeptLoginsError::TooMany => Error::new(Kind::Conflict, error.to_string()),
                other => Error::chain(Kind::Internal, &other),
            })
        })
        .await?;
        self.inner().registry.forget_logins();
        Ok(made)
    }

    /// The logins that are kept, without what is secret about them.
    pub fn kept_logins(&self) -> Vec<KeptLogin> {
        let users = self.inner().logins.users().into_iter();
        users.map(|(registry, username)| KeptLogin { registry, username }).collect()
    }

    /// Forgets the login of a registry.
    pub async fn log_out(&self, address: &str) -> Result<(), Error> {
        let registry = domain(address).to_owned();
        self.blocking(move |inner| {
            let forgotten =
                inner.logins.forget(&registry).map_err(|error| Error::chain(Kind::Internal, &error))?;
            if forgotten {
                Ok(())
            } else {
                Err(Error::new(Kind::NotFound, format!("no login is kept for {registry}")))
            }
        })
        .await?;
        self.inner().registry.forget_logins();
        Ok(())
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

/// What names images can begin with, and nothing else.
fn valid(domain: &str) -> Result<&str, Error> {
    let named = format!("{domain}/x").parse::<Repository>();
    if named.is_ok_and(|repository| repository.domain() == domain) {
        return Ok(domain);
    }
    let message = format!("{domain:?} is not a registry: expected host or host:port, such as 127.0.0.1:5000");
    Err(Error::new(Kind::InvalidArgument, message))
}

#[cfg(test)]
mod tests {
    use super::{domain, valid};

    #[test]
    fn addresses_come_in_many_forms() {
        for hub in ["", "docker.io", "https://index.docker.io/v1/", "index.docker.io"] {
            assert_eq!(domain(hub), "docker.io", "{hub}");
        }
        assert_eq!(domain("http://127.0.0.1:5000/v2/"), "127.0.0.1:5000");
        assert_eq!(domain("registry.example"), "registry.example");
    }

    #[test]
    fn only_what_images_can_be_named_by_has_a_login() {
        for good in ["docker.io", "127.0.0.1:5000", "registry.example", "localhost"] {
            assert!(valid(good).is_ok(), "{good}");
        }
        for bad in [
            "word",
            "a b.example",
            "user@host.example",
            "host.example:port",
            "\u{202e}.example",
            "h.example?x",
        ] {
            assert!(valid(bad).is_err(), "{bad}");
        }
    }
}
