//! Lists of a registry: the tags of a repository, the repositories, page by page.

use http::{HeaderMap, header::LINK};
use serde::{Deserialize, de::DeserializeOwned};
use strata_oci::{Repository, Tag};

use crate::{
    Client, Error,
    exchange::read_body,
    peer::{Peer, registry},
    refusal::Subject,
    session::Ask,
};

const PAGE: usize = 1000;
const BODY_MAX: u64 = 4 << 20;

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// What is on it, in the registry's order.
    pub items: Vec<T>,
    /// The query of the next one, as the registry gave it; `None` on the last.
    pub next: Option<String>,
}

#[derive(Deserialize)]
struct Tags {
    tags: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Repositories {
    repositories: Option<Vec<String>>,
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

    /// A page of the tags of a repository, from the registry itself: the first, or the one that [`Page::next`] leads to.
    pub async fn tags_page(&self, repository: &Repository, next: Option<&str>) -> Result<Page<Tag>, Error> {
        let peer = registry(repository.domain(), &self.shared.transport);
        self.tags_page_at(&peer, repository, next.map_or_else(first, str::to_owned)).await
    }

    /// A page of the repositories of the registry `domain`, without its name. Many registries refuse this.
    pub async fn catalog_page(&self, domain: &str, next: Option<&str>) -> Result<Page<String>, Error> {
        let peer = registry(domain, &self.shared.transport);
        let query = next.map_or_else(first, str::to_owned);
        let ask = Ask { query: Some(query.clone()), ..Ask::get(Subject::Catalog, "_catalog".into()) };
        let (page, next) = self.list::<Repositories>(&peer, ask, "list of repositories").await?;
        let named = |name: &String| format!("localhost/{name}").parse::<Repository>().is_ok();
        let items = page.repositories.unwrap_or_default().into_iter().filter(named).collect();
        Ok(Page { items, next: next.filter(|next| *next != query) })
    }

    async fn tags_at(&self, peer: &Peer, repository: &Repository) -> Result<Vec<Tag>, Error> {
        let mut tags: Vec<Tag> = Vec::new();
        let mut query = Some(first());
        let limit = self.shared.limits.tags;
        // A page may be empty, so pages are counted too.
        for _ in 0..=limit / PAGE {
            let Some(this) = query.take() else { break };
            let page = self.tags_page_at(peer, repository, this).await?;
            query = page.next;
            tags.extend(page.items);
            if tags.len() >= limit {
                break;
            }
        }
        tags.truncate(limit);
        Ok(tags)
    }

    async fn tags_page_at(
        &self,
        peer: &Peer,
        repository: &Repository,
        query: String,
    ) -> Result<Page<Tag>, Error> {
        let path = format!("{}/tags/list", repository.path());
        let ask = Ask { query: Some(query.clone()), ..Ask::get(Subject::Tags(repository), path) };
        let (page, next) = self.list::<Tags>(peer, ask, "list of tags").await?;
        let items = page.tags.unwrap_or_default().iter().filter_map(|tag| tag.parse().ok()).collect();
        Ok(Page { items, next: next.filter(|next| *next != query) })
    }

    async fn list<T: DeserializeOwned>(
        &self,
        peer: &Peer,
        ask: Ask<'_>,
        what: &'static str,
    ) -> Result<(T, Option<String>), Error> {
        let answer = self.ask(peer, &ask, &mut self.pace(peer)).await?;
        let next = next_query(answer.response.headers());
        let request = answer.request.clone();
        let body = read_body(answer, what, BODY_MAX, self.shared.timeouts.response).await;
        let body = body.map_err(|failed| failed.error)?;
        let page = serde_json::from_slice(&body)
            .map_err(|error| Error::Protocol { request, cause: format!("{what}: {error}") })?;
        Ok((page, next))
    }
}

fn first() -> String {
    format!("n={PAGE}")
}

/// The query of the next page: `Link: </v2/demo/tags/list?last=b&n=2>; rel="next"`.
///
/// Only the query is taken: the next page of this list is nowhere else.
pub(crate) fn next_query(headers: &HeaderMap) -> Option<String> {
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
