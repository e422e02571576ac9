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
const WHOLE: &str = "whole.html";

/// What is in that one only, beside an image's page with its dialog for surgery open, or of an image of a registry.
const IN_WHOLE: [&str; 3] = ["/workshop", "/registry", "/sharing"];

/// Serves the shell, or 404 where an address can't be one of the page.
pub async fn serve(call: Call) -> Response {
    if call.query().has("token") {
        // The session is there already; the token should not stay in the address bar.
        return see(&entrance::clean_address(call.uri()));
    }
    let path = call.uri().path();
    let shell = || {
        let more = ["surgery", "source"].into_iter().any(|name| call.query().has(name));
        let whole = is_in_whole(path, more).then(|| assets::asset(WHOLE)).flatten();
        whole.map(|asset| (WHOLE, asset)).or_else(|| Some((INDEX, assets::asset(INDEX)?)))
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

fn is_in_whole(path: &str, more: bool) -> bool {
    let below =
        |prefix: &str| path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    IN_WHOLE.iter().any(|prefix| below(prefix)) || more && below("/image")
}

/// Whether a path is an address of the page: not one of an API, and not a file that should be there and isn't. Below
/// `/image/`, `/compare/`, `/container/` and `/workshop/` names of files follow, and below `/registry/` hosts and tags, with
/// whatever extension.
fn is_page(path: &str) -> bool {
    let below = |prefix: &str| path.starts_with(prefix);
    if ["/image/", "/compare/", "/container/", "/workshop/", "/registry/"].into_iter().any(below) {
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
            "/registry/r.example/app:1.36",
            "/workshop/4aa55759c7bb/file/lib/app.sh",
        ] {
            assert!(is_page(page), "{page}");
        }
        for (path, whole) in [
            ("/workshop", true),
            ("/workshop/x", true),
            ("/workshops", false),
            ("/registry", true),
            ("/registry/127.0.0.1:5000/a:1", true),
            ("/", false),
        ] {
            assert_eq!(is_in_whole(path, false), whole, "{path}");
        }
        // The dialog for surgery is in the whole page, the explorer around it in both.
        assert!(is_in_whole("/image/a", true) && !is_in_whole("/image/a", false) && !is_in_whole("/", true));
        for other in ["/page.js", "/vendor/x.css", "/api/nope", "/v2/x", "/v1.47/nope", "/favicon.ico"] {
            assert!(!is_page(other), "{other}");
        }
    }
}
