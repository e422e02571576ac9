//! Addresses that a user or a Dockerfile names, fetched through the guarded dialer.
//!
//! Neither logins nor cookies are sent. Redirects are followed by hand, and none leads further into private networks than the
//! first address may.

use std::{net::IpAddr, time::Duration};

use futures_util::{Stream, stream};
use reqwest::{Response, Url, header};
use thiserror::Error;

use crate::{Error, Options, origin::Origin, reach::Reach, transport::Transport};

/// How many redirects are followed.
const REDIRECTS: usize = 10;

/// Fetches addresses. Cloning is cheap.
#[derive(Clone)]
pub struct Downloader {
    transport: std::sync::Arc<Transport>,
    /// How far into private networks an address may lead.
    within: Reach,
    /// How long a server may send nothing.
    stall: Duration,
}

/// An answer whose body is still to come.
pub struct Download {
    response: Response,
    url: String,
    stall: Duration,
}

/// Why nothing was fetched.
#[derive(Debug, Error)]
pub enum DownloadError {
    /// It is no address of the web.
    #[error("{url} is not an address that can be fetched: expected http:// or https://")]
    Address {
        /// What was given.
        url: String,
    },
    /// It leads where a build may not go.
    #[error(
        "{url} leads to {host}, an address that may not be fetched from: it is in a private network, this machine, or a metadata service"
    )]
    Forbidden {
        /// What was given.
        url: String,
        /// The host.
        host: String,
    },
    /// The server did not give it.
    #[error("failed to GET {url} with status {status}")]
    Status {
        /// What was given.
        url: String,
        /// The status line's rest.
        status: String,
    },
    /// It leads from one address to the next.
    #[error("{url} was redirected more than {REDIRECTS} times")]
    Redirects {
        /// What was given.
        url: String,
    },
    /// The server can't be reached, or went away.
    #[error("Get \"{url}\": {cause}")]
    Unreachable {
        /// What was given.
        url: String,
        /// What went wrong.
        cause: String,
    },
}

impl Downloader {
    /// With the precautions for addresses of the open network; with `private` also for those of private networks and this
    /// machine. Metadata services of clouds are never asked.
    pub fn new(options: &Options, private: bool) -> Result<Self, Error> {
        let within = if private { Reach::Loopback } else { Reach::Public };
        Ok(Self {
            transport: std::sync::Arc::new(Transport::new(options)?),
            within,
            stall: options.timeouts.stall,
        })
    }

    /// The same for addresses that a client names itself, rather than a file that it was given: they may be on this machine
    /// and in private networks.
    pub fn for_clients(&self) -> Self {
        Self { within: Reach::Loopback, ..self.clone() }
    }

    /// Whether an address may be connected to.
    pub fn may_connect(&self, address: IpAddr) -> bool {
        self.within.may_send_to(Reach::of(address))
    }

    /// Asks for an address.
    pub async fn get(&self, url: &str) -> Result<Download, DownloadError> {
        let given = || url.to_owned();
        let mut next: Url = url.parse().map_err(|_| DownloadError::Address { url: given() })?;
        for _ in 0..=REDIRECTS {
            let origin = Origin::of(&next).ok_or_else(|| DownloadError::Address { url: given() })?;
            let forbidden = || DownloadError::Forbidden { url: given(), host: origin.host.clone() };
            let lane = self.transport.sent(self.within, &origin).map_err(|_| forbidden())?;
            let unreachable = |cause: String| DownloadError::Unreachable { url: given(), cause };
            let client = self.transport.client(lane).map_err(|error| unreachable(error.to_string()))?;
            let sent = client.get(next.clone()).header(header::ACCEPT_ENCODING, "identity").send().await;
            let response = sent.map_err(|error| match is_forbidden(&error) {
                true => forbidden(),
                false => unreachable(chain(&error)),
            })?;
            if response.status().is_redirection()
                && let Some(target) = response.headers().get(header::LOCATION)
            {
                let target = target.to_str().ok().and_then(|target| next.join(target).ok());
                next = target.ok_or_else(|| DownloadError::Address { url: given() })?;
                continue;
            }
            if !response.status().is_success() {
                let status = response.status().to_string();
                return Err(DownloadError::Status { url: given(), status });
            }
            return Ok(Download { response, url: given(), stall: self.stall });
        }
        Err(DownloadError::Redirects { url: given() })
    }
}

impl Download {
    /// When it was changed last, in Unix seconds, if the server says so.
    pub fn modified(&self) -> Option<i64> {
        let text = self.response.headers().get(header::LAST_MODIFIED)?.to_str().ok()?;
        let time = httpdate::parse_http_date(text).ok()?;
        i64::try_from(time.duration_since(std::time::UNIX_EPOCH).ok()?.as_secs()).ok()
    }

    /// The file name that the server gives it.
    pub fn name(&self) -> Option<String> {
        let text = self.response.headers().get(header::CONTENT_DISPOSITION)?.to_str().ok()?;
        let name = text.split(';').find_map(|part| part.trim().strip_prefix("filename="))?;
        Some(name.trim_matches('"').to_owned()).filter(|name| !name.is_empty())
    }

    /// How many bytes come, if the server says so.
    pub fn length(&self) -> Option<u64> {
        self.response.content_length()
    }

    /// Its bytes, piece by piece.
    pub fn chunks(self) -> impl Stream<Item = Result<bytes::Bytes, DownloadError>> + Send {
        stream::try_unfold(self, |mut download| async move {
            Ok(download.next().await?.map(|piece| (piece, download)))
        })
    }

    /// The next bytes; nothing at the end.
    pub async fn next(&mut self) -> Result<Option<bytes::Bytes>, DownloadError> {
        let unreachable = |cause| DownloadError::Unreachable { url: self.url.clone(), cause };
        match tokio::time::timeout(self.stall, self.response.chunk()).await {
            Ok(received) => received.map_err(|error| unreachable(chain(&error))),
            Err(_) => Err(unreachable(format!("no data for {} s", self.stall.as_secs_f32()))),
        }
    }
}

fn is_forbidden(error: &reqwest::Error) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if cause.is::<crate::dialer::ForbiddenAddress>() {
            return true;
        }
        source = cause.source();
    }
    false
}

/// The cause at the bottom: those above it say that there was one.
fn chain(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(below) = cause.source() {
        cause = below;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn error(private: bool, url: &str) -> String {
        let downloader = Downloader::new(&Options::default(), private).expect("default options");
        downloader.get(url).await.err().expect(url).to_string()
    }

    #[tokio::test]
    async fn nothing_private_is_asked_unless_it_is_allowed() {
        for url in [
            "http://127.0.0.1:1/",
            "http://localhost:1/",
            "http://10.0.0.1/",
            "http://[::1]:1/",
            "http://2130706433:1/",
            "http://169.254.169.254/latest/meta-data/",
        ] {
            assert!(error(false, url).await.contains("may not be fetched from"), "{url}");
        }
        assert!(error(true, "http://169.254.169.254/").await.contains("may not be fetched from"));
        assert!(!error(true, "http://127.0.0.1:1/").await.contains("may not be fetched from"));
        for url in ["file:///etc/passwd", "ftp://host/x", "x"] {
            assert!(error(true, url).await.contains("expected http:// or https://"), "{url}");
        }
    }
}
