//! Tags and repositories, page by page.

use http::{HeaderValue, header};
use serde_json::json as value;
use strata_engine::{Engine, Error, Kind};

use super::{Failure, with_version};
use crate::http::{Call, Query, Response, json};

/// `GET /v2/{name}/tags/list`: `n`, `last`.
pub async fn tags(engine: Engine, call: Call) -> Result<Response, Failure> {
    let failure = Failure::of("NAME_UNKNOWN", "NAME_INVALID");
    let name = call.param("name");
    let tags = engine.registry_tags(name).await.map_err(failure)?;
    let page = Page::of(tags, &call.query())?;
    Ok(page.reply(call.uri().path(), |tags| value!({ "name": name, "tags": tags })))
}

/// `GET /v2/_catalog`: `n`, `last`.
pub async fn catalog(engine: Engine, call: Call) -> Result<Response, Failure> {
    let repositories = engine.registry_catalog().await.map_err(Failure::of("UNKNOWN", "UNKNOWN"))?;
    let page = Page::of(repositories, &call.query())?;
    Ok(page.reply(call.uri().path(), |names| value!({ "repositories": names })))
}

/// A part of a sorted list, and whether more follows.
#[derive(Debug, PartialEq, Eq)]
struct Page {
    names: Vec<String>,
    size: Option<usize>,
    more: bool,
}

impl Page {
    /// What comes after `last`, at most `n` of it.
    fn of(mut names: Vec<String>, query: &Query) -> Result<Self, Failure> {
        let wrong = |text: &str| {
            let message = format!("n={text:?} is not a number of results");
            Failure::of("PAGINATION_NUMBER_INVALID", "PAGINATION_NUMBER_INVALID")(Error::new(
                Kind::InvalidArgument,
                message,
            ))
        };
        let size = query.text("n").map(|text| text.parse::<usize>().map_err(|_| wrong(&text))).transpose()?;
        if let Some(last) = query.text("last") {
            names.retain(|name| *name > last);
        }
        let more = size.is_some_and(|size| names.len() > size);
        names.truncate(size.unwrap_or(usize::MAX));
        Ok(Self { names, size, more })
    }

    fn reply(self, path: &str, body: impl FnOnce(&[String]) -> serde_json::Value) -> Response {
        let mut response = with_version(json(&body(&self.names)));
        if let (true, Some(size), Some(last)) = (self.more, self.size, self.names.last()) {
            let last = strata_api::path::encode(last.as_bytes());
            let link = format!("<{path}?n={size}&last={last}>; rel=\"next\"");
            let link =
                HeaderValue::from_str(&link).expect("a path that was matched and percent-encoded text");
            response.headers_mut().insert(header::LINK, link);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(query: &str) -> Page {
        let names = ["a", "b/c", "d"].map(str::to_owned).to_vec();
        Page::of(names, &Query::parse(query)).expect(query)
    }

    #[test]
    fn pages() {
        let names = |query: &str| page(query).names.join(" ");
        assert_eq!(names(""), "a b/c d");
        assert_eq!(names("n=2"), "a b/c");
        assert_eq!(names("n=2&last=b/c"), "d");
        assert_eq!(names("last=a"), "b/c d");
        assert_eq!(names("n=0"), "");
        assert_eq!(names("last=zzz"), "");
        assert!(Page::of(Vec::new(), &Query::parse("n=-1")).is_err());
    }

    #[test]
    fn a_link_leads_on_and_the_last_page_has_none() {
        let link = |query: &str| {
            let response = page(query).reply("/v2/_catalog", |_| value!({}));
            response.headers().get(header::LINK).map(|link| link.to_str().expect("ascii").to_owned())
        };
        assert_eq!(link("n=2").as_deref(), Some("</v2/_catalog?n=2&last=b/c>; rel=\"next\""));
        assert_eq!(link("n=3"), None);
        assert_eq!(link("n=2&last=b/c"), None);
        assert_eq!(link("n=0"), None);
    }
}
