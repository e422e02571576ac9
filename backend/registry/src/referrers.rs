//! What refers to a manifest: signatures, attestations, lists of parts.

use http::StatusCode;
use strata_oci::{Descriptor, Digest, Index, Parsed, Repository};

use crate::{
    Client, Error, ErrorKind, exchange::read_body, peer::registry, refusal::Subject, session::Ask,
    tags::next_query,
};

const BODY_MAX: u64 = 4 << 20;
/// Pages that are followed.
const PAGES: usize = 8;

impl Client {
    /// The manifests of `repository` that refer to `subject`; where the registry has no list of them, those that clients keep
    /// under the tag `sha256-<hex>`.
    ///
    /// <https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-referrers>
    pub async fn referrers(
        &self,
        repository: &Repository,
        subject: &Digest,
    ) -> Result<Vec<Descriptor>, Error> {
        match self.referrers_api(repository, subject).await {
            Err(error) if has_no_list(&error) => {}
            outcome => return outcome,
        }
        let tag = format!("{}-{}", subject.algorithm().name(), subject.hex());
        let Ok(tag) = tag.parse() else { return Ok(Vec::new()) };
        match self.resolve(&repository.with_tag(tag)).await {
            Ok(fetched) => match fetched.parsed {
                Parsed::Index(index) => Ok(index.manifests),
                Parsed::Manifest(_) => Ok(Vec::new()),
            },
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    async fn referrers_api(
        &self,
        repository: &Repository,
        subject: &Digest,
    ) -> Result<Vec<Descriptor>, Error> {
        let peer = registry(repository.domain(), &self.shared.transport);
        let mut found = Vec::new();
        let mut query = None;
        for _ in 0..PAGES {
            let path = format!("{}/referrers/{subject}", repository.path());
            let ask = Ask {
                query: query.clone(),
                accept: &[StatusCode::OK],
                ..Ask::get(Subject::Referrers(repository, subject), path)
            };
            let answer = self.ask(&peer, &ask, &mut self.pace(&peer)).await?;
            let next = next_query(answer.response.headers()).filter(|next| Some(next) != query.as_ref());
            let request = answer.request.clone();
            let body = read_body(answer, "list of referrers", BODY_MAX, self.shared.timeouts.response).await;
            let body = body.map_err(|failed| failed.error)?;
            let page: Index = serde_json::from_slice(&body)
                .map_err(|error| Error::Protocol { request, cause: format!("list of referrers: {error}") })?;
            found.extend(page.manifests);
            query = next;
            if query.is_none() {
                break;
            }
        }
        Ok(found)
    }
}

/// Whether the registry doesn't know the question: 404 by the specification, and what others answer.
fn has_no_list(error: &Error) -> bool {
    match error {
        Error::Status { status, .. } => matches!(status, 400 | 405 | 406 | 501),
        Error::Protocol { .. } => true,
        error => error.kind() == ErrorKind::NotFound,
    }
}
