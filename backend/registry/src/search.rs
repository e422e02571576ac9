//! Searching a registry, by the old API that Docker Hub and docker's CLI still speak: `GET /v1/search?q=&n=`.

use http::StatusCode;
use serde::Deserialize;

use crate::{
    Client, Error, Request, exchange::read_body, pace::Pace, peer::registry, refusal::Subject, session::Ask,
    watch::Purpose,
};

/// Docker Hub's search is not where its registry is.
const HUB: &str = "index.docker.io";
const BODY_MAX: u64 = 4 << 20;

/// A repository that was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct FoundRepository {
    /// Its name, without the registry's.
    pub name: String,
    /// What it is.
    pub description: String,
    /// How many people starred it.
    pub star_count: i64,
    /// Whether it is one of Docker's official images.
    pub is_official: bool,
    /// Whether it was built automatically.
    pub is_automated: bool,
}

impl Client {
    /// The repositories of the registry `domain` that fit `term`, at most `limit`, as the registry sorts them.
    pub async fn search(&self, domain: &str, term: &str, limit: u32) -> Result<Vec<FoundRepository>, Error> {
        #[derive(Deserialize)]
        struct Found {
            #[serde(default)]
            results: Vec<FoundRepository>,
        }
        let host = if domain == "docker.io" { HUB } else { domain };
        let peer = registry(host, &self.shared.transport);
        let mut url = peer.bases.first().cloned().ok_or_else(|| Error::Protocol {
            request: Request { method: http::Method::GET, url: domain.into() },
            cause: "not the name of a registry".into(),
        })?;
        let mut pace = Pace::new(self.shared.retry);
        // Finds out which scheme the registry speaks.
        if let Some(base) = self.base(&peer).await? {
            url = base;
        }
        url.set_path("/v1/search");
        url.query_pairs_mut().append_pair("q", term).append_pair("n", &limit.to_string());
        let ask = Ask {
            target: Some(url),
            purpose: Purpose::Search,
            accept: &[StatusCode::OK],
            ..Ask::get(Subject::Registry, String::new())
        };
        let answer = self.ask(&peer, &ask, &mut pace).await?;
        let request = answer.request.clone();
        let body = read_body(answer, "list of repositories", BODY_MAX, self.shared.timeouts.response).await;
        let body = body.map_err(|failed| failed.error)?;
        let found: Found = serde_json::from_slice(&body)
            .map_err(|error| Error::Protocol { request, cause: format!("list of repositories: {error}") })?;
        Ok(found.results)
    }
}
