//! Walks the table that requests are matched with: every route refuses who it should.

use std::{collections::BTreeSet, sync::Arc};

use http::{HeaderValue, Method, StatusCode};
use strata_engine::{Engine, Options};
use strata_server::{
    Shutdown,
    http::{Body, Family, Permission, Response, Route, Site},
    security::{Guard, Hosts, Secret, Sessions},
    tcp,
};

const HOST: (&str, &str) = ("host", "127.0.0.1:7878");
const ID: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

struct Fixture {
    site: Site,
    token: String,
    _data: tempfile::TempDir,
}

fn fixture() -> Fixture {
    let data = tempfile::tempdir().expect("a temporary directory");
    let engine = Engine::open(Options::new(data.path())).expect("opens");
    let token = Secret::random().expect("random");
    let hosts = Hosts::new("127.0.0.1:7878".parse().expect("valid"), &[]);
    let sessions = Sessions::new(Secret::random().expect("random"), 7878);
    let policy = HeaderValue::from_static("default-src 'self'");
    let guard = Arc::new(Guard::new(hosts, sessions, token.clone(), policy));
    Fixture { site: tcp(&engine, &guard, &Shutdown::default()), token: token.expose().into(), _data: data }
}

/// Paths of a route: plain, and with a version where it has one.
fn paths(family: Family, route: &Route) -> Vec<String> {
    let mut path = String::new();
    for part in route.pattern.text().split('/').skip(1) {
        path += "/";
        path += match part {
            "{name...}" => "a/b",
            "{diff_id}" | "{digest}" => ID,
            "{verb...}" => "start",
            part if part.starts_with('{') => "x",
            literal => literal,
        };
    }
    match family {
        Family::Docker => vec![format!("/v1.24{path}"), format!("/v1.47{path}"), path],
        _ => vec![path],
    }
}

async fn send(site: &Site, method: &Method, path: &str, headers: &[(&str, &str)]) -> Response {
    let mut request = http::Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    site.answer(request.body(Body::empty()).expect("valid")).await
}

/// Sends to every route; what doesn't answer as `expected` is told.
async fn every_route(
    fixture: &Fixture,
    headers: &[(&str, &str)],
    expected: impl Fn(Family, &Route, &Response) -> bool,
) {
    for (family, route) in fixture.site.routes() {
        for path in paths(family, route) {
            let response = send(&fixture.site, &route.method, &path, headers).await;
            assert!(expected(family, route, &response), "{route:?} as {path}: {}", response.status());
            assert!(response.headers().contains_key("content-security-policy"), "{route:?}: not hardened");
        }
    }
}

#[tokio::test]
async fn a_wrong_host_is_refused_everywhere() {
    let fixture = fixture();
    let token = ("x-strata-token", fixture.token.as_str());
    for host in ["evil.example", "evil.example:7878", "127.0.0.1", "localhost:80", ""] {
        every_route(&fixture, &[("host", host), token], |_, _, response| {
            response.status() == StatusCode::MISDIRECTED_REQUEST
        })
        .await;
    }
    every_route(&fixture, &[token], |_, _, response| response.status() == StatusCode::MISDIRECTED_REQUEST)
        .await;
}

#[tokio::test]
async fn a_foreign_origin_is_refused_everywhere() {
    let fixture = fixture();
    let token = ("x-strata-token", fixture.token.as_str());
    let foreign = |_, _: &Route, response: &Response| response.status() == StatusCode::FORBIDDEN;
    for origin in ["http://evil.example", "null", "http://127.0.0.1:3000", "http://localhost:7878"] {
        every_route(&fixture, &[HOST, token, ("origin", origin)], foreign).await;
    }
    for site in ["cross-site", "same-site"] {
        every_route(&fixture, &[HOST, token, ("sec-fetch-site", site)], foreign).await;
        let link = [
            HOST,
            token,
            ("sec-fetch-site", site),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "document"),
        ];
        every_route(&fixture, &link, |family, route, response| {
            let page = family == Family::Page && route.method == Method::GET;
            (response.status() == StatusCode::FORBIDDEN) != page
        })
        .await;
    }
}

#[tokio::test]
async fn without_a_token_only_what_says_so_answers() {
    let fixture = fixture();
    for wrong in [None, Some("wrong"), Some("")] {
        let mut headers = vec![HOST];
        headers.extend(wrong.map(|token| ("x-strata-token", token)));
        every_route(&fixture, &headers, |_, route, response| {
            let refused = response.status() == StatusCode::UNAUTHORIZED;
            let login = route.method == Method::POST && route.pattern.text() == "/login";
            refused == (route.permission == Permission::Session || login)
        })
        .await;
    }
    for (method, path) in [
        (Method::GET, "/api/none"),
        (Method::PUT, "/none"),
        (Method::GET, "/v1.47/none"),
        (Method::POST, "/"),
    ] {
        let response = send(&fixture.site, &method, path, &[HOST]).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{method} {path}");
    }
}

#[tokio::test]
async fn little_is_open() {
    let fixture = fixture();
    let open: BTreeSet<String> = fixture
        .site
        .routes()
        .filter(|(family, route)| {
            route.permission != Permission::Session
                && (*family, &route.method) != (Family::Page, &Method::GET)
        })
        .map(|(_, route)| format!("{route:?}"))
        .collect();
    let expected = [
        "GET /healthz Public",
        "POST /login Public",
        // Whoever asks for a token has none yet; an account's name and password come with the question.
        "GET /v2/token Public",
        "POST /v2/token Public",
        "GET /v2 Registry",
        "GET /v2/ Registry",
        "GET /v2/_catalog Registry",
        "GET /v2/{name...}/blobs/{digest} Registry",
        "GET /v2/{name...}/manifests/{reference} Registry",
        "GET /v2/{name...}/tags/list Registry",
        "GET /v2/{other...} Registry",
        "GET /v2/{name...}/referrers/{digest} Registry",
        "GET /v1/_ping Registry",
        "GET /v1/search Registry",
        "POST /v2/{name...}/blobs/uploads Registry",
        "POST /v2/{name...}/blobs/uploads/ Registry",
        "GET /v2/{name...}/blobs/uploads/{id} Registry",
        "PATCH /v2/{name...}/blobs/uploads/{id} Registry",
        "PUT /v2/{name...}/blobs/uploads/{id} Registry",
        "DELETE /v2/{name...}/blobs/uploads/{id} Registry",
        "PUT /v2/{name...}/manifests/{reference} Registry",
        "DELETE /v2/{name...}/manifests/{reference} Registry",
        "DELETE /v2/{name...}/blobs/{digest} Registry",
    ];
    assert_eq!(open, expected.map(str::to_owned).into());
    // What is embedded may be public; the shell is not.
    for (_, route) in fixture
        .site
        .routes()
        .filter(|(family, route)| *family == Family::Page && route.permission == Permission::Public)
    {
        assert!(!route.pattern.text().contains(['{', '}']), "{route:?}");
        assert_ne!(route.pattern.text(), "/index.html");
    }
}

#[tokio::test]
async fn with_the_token_everything_answers() {
    let fixture = fixture();
    for (family, route) in fixture.site.routes() {
        // Those two do something slow: wait for a registry that isn't there, and for events.
        if ["/images/create", "/events"].contains(&route.pattern.text()) {
            continue;
        }
        for path in paths(family, route) {
            let response =
                send(&fixture.site, &route.method, &path, &[HOST, ("x-strata-token", &fixture.token)]).await;
            let refused = [StatusCode::MISDIRECTED_REQUEST, StatusCode::FORBIDDEN];
            assert!(!refused.contains(&response.status()), "{route:?} as {path}");
            let login = route.pattern.text() == "/login";
            assert_eq!(response.status() == StatusCode::UNAUTHORIZED, login, "{route:?} as {path}");
        }
    }
}
