//! Files of the page, embedded at build time, each with a brotli twin if the page was built for release.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use rust_embed::RustEmbed;

use super::mime;
use crate::http::{Body, Call, Response, error, matches_etag};

#[derive(RustEmbed)]
#[folder = "../../dist"]
#[exclude = ".*"]
#[exclude = "**/.*"]
#[exclude = ".*/**"]
struct Dist;

const BROTLI: &str = ".br";

/// A file of the page.
#[derive(Clone, Debug)]
pub struct Asset {
    /// Its bytes.
    pub plain: Bytes,
    /// The same, compressed.
    pub brotli: Option<Bytes>,
    /// Entity tag of the plain bytes, with quotes.
    pub etag: String,
}

/// The names of all files, without their compressed twins.
pub fn names() -> impl Iterator<Item = &'static str> {
    // Leaked once per start: routes are named by them.
    Dist::iter().filter(|name| !name.ends_with(BROTLI)).map(|name| match name {
        Cow::Borrowed(name) => name,
        Cow::Owned(name) => name.leak(),
    })
}

/// A file by its name.
pub fn asset(name: &str) -> Option<Asset> {
    let bytes = |data| match data {
        Cow::Borrowed(data) => Bytes::from_static(data),
        Cow::Owned(data) => Bytes::from(data),
    };
    let file = Dist::get(name)?;
    let hash = file.metadata.sha256_hash();
    let etag: String = hash[..12].iter().map(|byte| format!("{byte:02x}")).collect();
    let brotli = Dist::get(&format!("{name}{BROTLI}")).map(|file| bytes(file.data));
    Some(Asset { plain: bytes(file.data), brotli, etag: format!("\"{etag}\"") })
}

/// Serves the file of a route.
pub async fn serve(name: &'static str, call: Call) -> Response {
    match asset(name) {
        Some(asset) => reply(name, asset, call.headers()),
        None => error(StatusCode::NOT_FOUND, "no such file"),
    }
}

/// The reply with a file.
pub(super) fn reply(name: &str, asset: Asset, asked: &HeaderMap) -> Response {
    let text = |name| asked.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).unwrap_or_default();
    let brotli = asset.brotli.filter(|_| accepts_brotli(text(header::ACCEPT_ENCODING)));
    // Two encodings are two representations.
    let etag = if brotli.is_some() { asset.etag.replacen('"', "\"br-", 1) } else { asset.etag };
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    headers.insert(header::ETAG, HeaderValue::from_str(&etag).expect("hex"));
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    let caching = if is_hashed(name) { "public, max-age=31536000, immutable" } else { "no-cache" };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    if matches_etag(text(header::IF_NONE_MATCH), &etag) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return response;
    }
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(mime::of(name)));
    if brotli.is_some() {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
    }
    let body = brotli.unwrap_or(asset.plain);
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    *response.body_mut() = Body::from(body);
    response
}

/// Whether an `Accept-Encoding` takes brotli.
fn accepts_brotli(header: &str) -> bool {
    header.split(',').any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let refused =
            |q: &str| q.strip_prefix("q=").is_some_and(|q| q.parse::<f32>().is_ok_and(|q| q == 0.0));
        parts.next().is_some_and(|name| name.eq_ignore_ascii_case("br")) && !parts.any(refused)
    })
}

/// Whether a name changes with its content: `page-0123456789abcdef.js`, `page-0123456789abcdef_bg.wasm`.
fn is_hashed(name: &str) -> bool {
    let stem = name.rsplit('/').next().and_then(|file| file.split('.').next()).unwrap_or_default();
    let hash = stem.strip_suffix("_bg").unwrap_or(stem).rsplit('-').next().unwrap_or_default();
    stem.contains('-') && hash.len() >= 16 && hash.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(name: &str, headers: &[(header::HeaderName, &str)]) -> Response {
        let asset = Asset {
            plain: Bytes::from_static(b"plain"),
            brotli: Some(Bytes::from_static(b"br")),
            etag: "\"0a\"".into(),
        };
        let headers =
            headers.iter().map(|(k, v)| (k.clone(), HeaderValue::from_str(v).expect("ascii"))).collect();
        reply(name, asset, &headers)
    }

    #[test]
    fn brotli_if_accepted() {
        for (accept, expected) in [
            ("gzip, br", true),
            ("br;q=0.5", true),
            ("BR", true),
            ("br;q=0", false),
            ("gzip", false),
            ("brx", false),
        ] {
            let response = get("a.js", &[(header::ACCEPT_ENCODING, accept)]);
            assert_eq!(response.headers().contains_key(header::CONTENT_ENCODING), expected, "{accept}");
            assert_eq!(response.headers()[header::CONTENT_LENGTH], if expected { "2" } else { "5" });
            assert_eq!(response.headers()[header::VARY], "Accept-Encoding");
        }
    }

    #[test]
    fn known_contents_are_not_sent_again() {
        let response = get("a.js", &[(header::IF_NONE_MATCH, "\"0a\"")]);
        assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
        let response = get("a.js", &[(header::IF_NONE_MATCH, "\"0a\""), (header::ACCEPT_ENCODING, "br")]);
        assert_eq!(
            (response.status(), &response.headers()[header::ETAG]),
            (StatusCode::OK, &HeaderValue::from_static("\"br-0a\""))
        );
    }

    #[test]
    fn only_hashed_names_are_immutable() {
        for hashed in
            ["page-0123456789abcdef.js", "page-0123456789abcdef_bg.wasm", "dir/a-b-0123456789abcdef.css"]
        {
            assert!(
                get(hashed, &[]).headers()[header::CACHE_CONTROL]
                    .to_str()
                    .expect("ascii")
                    .contains("immutable"),
                "{hashed}"
            );
        }
        for fixed in
            ["index.html", "page.js", "0123456789abcdef.js", "page-0123.js", "vendor/editor-light.js"]
        {
            assert_eq!(get(fixed, &[]).headers()[header::CACHE_CONTROL], "no-cache", "{fixed}");
        }
    }

    #[test]
    fn what_the_build_leaves_lying_about_is_not_served() {
        let hidden = |name: &&str| name.split('/').any(|part| part.starts_with('.'));
        assert_eq!(names().filter(hidden).collect::<Vec<_>>(), Vec::<&str>::new());
    }

    #[test]
    fn wasm_has_its_type() {
        assert_eq!(get("a_bg.wasm", &[]).headers()[header::CONTENT_TYPE], "application/wasm");
    }
}
