//! `index.html`, which every address of the page answers with.

use http::{HeaderValue, StatusCode, header};

use super::{assets, entrance};
use crate::{
    docker::ApiVersion,
    http::{Call, Response, error, status},
};

/// The shell's file.
pub const INDEX: &str = "index.html";

/// The shell with everything, for the pages that are not in [`INDEX`]. A page that was built in one piece lacks it.
const WORKSHOP: &str = "workshop.html";

/// Serves the shell, or 404 where an address can't be one of the page.
pub async fn serve(call: Call) -> Response {
    if call.query().has("token") {
        // The session is there already; the token should not stay in the address bar.
        return see(&entrance::clean_address(call.uri()));
    }
    let path = call.uri().path();
    let shell = || {
        let whole = is_workshop(path).then(|| assets::asset(WORKSHOP)).flatten();
        whole.map(|asset| (WORKSHOP, asset)).or_else(|| Some((INDEX, assets::asset(INDEX)?)))
    };
    match is_page(path).then(shell).flatten() {
        Some((name, asset)) => assets::reply(name, asset, call.headers()),
        None => error(StatusCode::NOT_FOUND, "page not found"),
    }
}

/// 303 to an address.
pub(super) fn see(address: &str) -> Response {
    let mut response = status(StatusCode::SEE_OTHER);
    let address = HeaderValue::from_str(address).unwrap_or(HeaderValue::from_static("/"));
    response.headers_mut().insert(header::LOCATION, address);
    response
}

fn is_workshop(path: &str) -> bool {
    path.strip_prefix("/workshop").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether a path is an address of the page: not one of an API, and not a file that should be there and isn't. Below
/// `/image/`, `/compare/` and `/container/` names of files follow, with whatever extension.
fn is_page(path: &str) -> bool {
    let below = |prefix: &str| path.starts_with(prefix);
    if ["/image/", "/compare/", "/container/"].into_iter().any(below) {
        return true;
    }
    let api = below("/api/") || below("/v2/") || ApiVersion::split(path).1.is_some();
    let file = path.rsplit('/').next().is_some_and(|last| last.contains('.'));
    path == "/index.html" || !(api || file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_the_page() {
        for page in [
            "/",
            "/image/demo",
            "/image/a%2Fb/layer/1/etc/passwd.conf",
            "/compare/a...b",
            "/settings",
            "/images",
            "/index.html",
            "/container/web.1/changes/srv/a.html",
        ] {
            assert!(is_page(page), "{page}");
        }
        for (path, workshop) in
            [("/workshop", true), ("/workshop/x", true), ("/workshops", false), ("/", false)]
        {
            assert_eq!(is_workshop(path), workshop, "{path}");
        }
        for other in ["/page.js", "/vendor/x.css", "/api/nope", "/v2/x", "/v1.47/nope", "/favicon.ico"] {
            assert!(!is_page(other), "{other}");
        }
    }
}
