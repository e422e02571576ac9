//! The tags of a repository, page by page.

use http::{HeaderMap, header::LINK};
use serde::Deserialize;
use strata_oci::{Repository, Tag};

use crate::{Client, Error, exchange::read_body, peer::Peer, refusal::Subject, session::Ask};

const PAGE: usize = 1000;
const BODY_MAX: u64 = 4 << 20;

#[derive(Deserialize)]
struct Page {
    tags: Option<Vec<String>>,
}

impl Client {
    /// All tags of a repository, in the registry's order.
    ///
    /// What is no tag is left out; more than [`Limits::tags`](crate::Limits::tags) are cut off.
    pub async fn tags(&self, repository: &Repository) -> Result<Vec<Tag>, Error> {
        let mut peers = self.peers(repository).into_iter();
        loop {
            let peer = peers.next().expect("the registry itself is last, and its outcome returned");
            match self.tags_at(&peer, repository).await {
                Err(error) if peer.mirror => self.pass_over(&peer, &error),
                outcome => return outcome,
            }
        }
    }

    async fn tags_at(&self, peer: &Peer, repository: &Repository) -> Result<Vec<Tag>, Error> {
        let mut tags: Vec<Tag> = Vec::new();
        let mut query = Some(format!("n={PAGE}"));
        let limit = self.shared.limits.tags;
        // A page may be empty, so pages are counted too.
        for _ in 0..=limit / PAGE {
            let Some(this) = query.take() else { break };
            let path = format!("{}/tags/list", repository.path());
            let ask = Ask { query: Some(this.clone()), ..Ask::get(Subject::Tags(repository), path) };
            let answer = self.ask(peer, &ask, &mut self.pace(peer)).await?;
            query = next_query(answer.response.headers()).filter(|next| *next != this);
            let request = answer.request.clone();
            let body = read_body(answer, "list of tags", BODY_MAX, self.shared.timeouts.response).await;
            let body = body.map_err(|failed| failed.error)?;
            let page: Page = serde_json::from_slice(&body)
                .map_err(|error| Error::Protocol { request, cause: format!("list of tags: {error}") })?;
            tags.extend(page.tags.unwrap_or_default().iter().filter_map(|tag| tag.parse().ok()));
            if tags.len() >= limit {
                break;
            }
        }
        tags.truncate(limit);
        Ok(tags)
    }
}

/// The query of the next page: `Link: </v2/demo/tags/list?last=b&n=2>; rel="next"`.
///
/// Only the query is taken: the next page of this list is nowhere else.
fn next_query(headers: &HeaderMap) -> Option<String> {
    let links =
        headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok()).flat_map(|v| v.split(','));
    let mut next = links.filter(|link| link.contains("rel=\"next\"") || link.contains("rel=next"));
    let (target, _) = next.next()?.trim().strip_prefix('<')?.split_once('>')?;
    let (_, query) = target.split_once('?')?;
    Some(query.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_found() {
        let next =
            |link: &str| next_query(&HeaderMap::from_iter([(LINK, link.parse().expect("a header value"))]));
        assert_eq!(next(r#"</v2/demo/tags/list?last=b&n=2>; rel="next""#).as_deref(), Some("last=b&n=2"));
        assert_eq!(next(r#"<https://evil.example/v2/x?n=2>; rel="next""#).as_deref(), Some("n=2"));
        for none in ["", "<", "</v2/x?n=1>; rel=\"prev\"", "</v2/x>; rel=\"next\"", "x?y; rel=\"next\""] {
            assert_eq!(next(none), None, "{none}");
        }
    }
}
