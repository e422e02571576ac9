//! Which answer a request gets, before faults.

use serde_json::json;

use crate::{
    Fault, Recorded, State,
    content::Content,
    lock,
    response::Response,
    uploads::{self, Taken},
};

/// A path below `/v2/`: `NAME/blobs/DIGEST`, `NAME/manifests/LOCATOR`, `NAME/tags/list`.
struct Route<'a> {
    repository: &'a str,
    what: &'a str,
    which: &'a str,
}

impl<'a> Route<'a> {
    fn of(path: &'a str) -> Option<Self> {
        let (rest, which) = path.strip_prefix("/v2/")?.rsplit_once('/')?;
        let (repository, what) = rest.rsplit_once('/')?;
        Some(Self { repository, what, which })
    }
}

/// The answer to a request; `whole` if its range is to be overlooked.
pub(crate) fn answer(state: &State, request: &Recorded, whole: bool) -> Response {
    let auth = lock(&state.auth).clone();
    if request.path == "/token" {
        return auth.token(request);
    }
    if !request.path.starts_with("/v2") {
        return Response::new(404, "text/plain", b"404 page not found\n".to_vec());
    }
    let route = Route::of(&request.path);
    if let Some(refusal) = auth.check(request, route.as_ref().map(|route| route.repository), &state.url) {
        return versioned(refusal);
    }
    match uploads::take(state, request) {
        Some(Taken::Answer(response)) => return versioned(response),
        Some(Taken::Cut) => {
            let mut response = Response::new(500, "text/plain", Vec::new());
            response.bend(&Fault::Reset { after: 0 });
            return response;
        }
        None => {}
    }
    if !matches!(request.method.as_str(), "GET" | "HEAD") {
        return versioned(Response::error(405, "UNSUPPORTED", "this registry is read only"));
    }
    let content = lock(&state.content);
    let response = match route {
        Some(Route { repository, what: "blobs", which }) => {
            let uploads = lock(&state.uploads);
            // Where pushes are taken, a repository has what was pushed to it.
            if uploads.allowed && request.method == "HEAD" && !uploads.holds(repository, which) {
                Response::error(404, "BLOB_UNKNOWN", "blob unknown to registry")
            } else {
                blob(&content, request, which, whole)
            }
        }
        Some(Route { repository, what: "manifests", which }) => manifest(&content, repository, which),
        Some(Route { repository, what: "tags", which: "list" }) => tags(&content, repository, request),
        _ if request.path == "/v2/" || request.path == "/v2" => Response::json(200, &json!({})),
        _ if request.path == "/v2/_catalog" => {
            Response::json(200, &json!({"repositories": content.catalog()}))
        }
        _ => Response::error(404, "NOT_FOUND", "no such route"),
    };
    versioned(response)
}

fn versioned(mut response: Response) -> Response {
    response.set("Docker-Distribution-Api-Version", "registry/2.0");
    response
}

fn blob(content: &Content, request: &Recorded, digest: &str, whole: bool) -> Response {
    let Some(bytes) = content.blob(digest) else {
        return Response::error(404, "BLOB_UNKNOWN", "blob unknown to registry");
    };
    let mut response = Response::new(200, "application/octet-stream", bytes);
    response.set("Docker-Content-Digest", digest);
    response.set("Accept-Ranges", "bytes");
    match request.range().filter(|_| !whole) {
        Some((first, last)) => response.narrow(first, last),
        None => response,
    }
}

fn manifest(content: &Content, repository: &str, locator: &str) -> Response {
    let Some(stored) = content.manifest(repository, locator) else {
        return match content.has(repository) {
            true => Response::error(404, "MANIFEST_UNKNOWN", "manifest unknown"),
            false => Response::error(404, "NAME_UNKNOWN", "repository name not known to registry"),
        };
    };
    let mut response = Response::new(200, &stored.media_type, stored.bytes);
    response.set("Docker-Content-Digest", stored.digest.to_string());
    response
}

fn tags(content: &Content, repository: &str, request: &Recorded) -> Response {
    let n = request.parameter("n").and_then(|n| n.parse().ok()).unwrap_or(100).min(100);
    let last = request.parameter("last").unwrap_or_default();
    let Some((page, more)) = content.tags(repository, n, &last) else {
        return Response::error(404, "NAME_UNKNOWN", "repository name not known to registry");
    };
    let mut response = Response::json(200, &json!({"name": repository, "tags": page}));
    if let Some(last) = page.last().filter(|_| more) {
        response.set("Link", format!("</v2/{repository}/tags/list?last={last}&n={n}>; rel=\"next\""));
    }
    response
}
