//! Nobody but the owner gets through the TCP listener: route by route, over real sockets.

mod routes;

use std::{fs, os::unix::fs::PermissionsExt, process::Command};

use routes::{For, routes};
use strata_tests::{
    Docker, DockerRegistry, Skopeo, Strata, fixture,
    http::{Answer, Request},
    run, skip_without,
};

fn stranger(strata: &Strata, request: &Request) -> Answer {
    request.send(&strata.tcp()).unwrap_or_else(|e| panic!("{request:?}: {e}"))
}

/// Sends a request to every route and notes those that aren't refused with one of `statuses`.
fn all_refused(strata: &Strata, statuses: &[u16], change: impl Fn(For, Request) -> Option<Request>) {
    let mut passed = Vec::new();
    for (method, target, who) in routes() {
        let Some(request) = change(who, Request::new(method, &target)) else { continue };
        let answer = stranger(strata, &request);
        if !statuses.contains(&answer.status) {
            passed.push(format!("{method} {target}: {} {:.100}", answer.status, answer.text()));
        }
    }
    assert!(passed.is_empty(), "not refused with {statuses:?}:\n{}", passed.join("\n"));
}

fn bearer(strata: &Strata, request: Request) -> Request {
    request.header("Authorization", &format!("Bearer {}", strata.token()))
}

/// Opens the page as a browser does; returns the session's cookie pair and the whole header.
fn cookie(strata: &Strata) -> (String, String) {
    let ticket = strata.ask(Request::new("POST", "/api/tickets"));
    assert_eq!(ticket.status, 200, "{}", ticket.text());
    let body = ticket.json();
    let ticket =
        body.as_object().and_then(|o| o.values().find_map(|v| v.as_str())).expect("a ticket").to_owned();
    let ticket = ticket.rsplit_once("token=").map_or(ticket.clone(), |(_, ticket)| ticket.to_owned());
    let answer = stranger(strata, &Request::get(&format!("/?token={ticket}")));
    let header = answer.header("set-cookie").unwrap_or_else(|| panic!("no cookie: {answer:?}")).to_owned();
    (header.split(';').next().expect("a pair").to_owned(), header)
}

#[test]
fn a_wrong_host_is_refused_on_every_route() {
    let strata = Strata::start();
    let port = strata.port();
    let hosts = [
        "evil.example",
        &format!("evil.example:{port}"),
        &format!("127.0.0.1.evil.example:{port}"),
        "127.0.0.1:1",
        "",
    ];
    for host in hosts {
        all_refused(&strata, &[400, 403, 421], |_, request| {
            Some(bearer(&strata, request.header("Host", host)))
        });
    }
    // The same by the request line, and by two headers.
    let right = format!("127.0.0.1:{port}");
    let absolute = Request::get("http://evil.example/api/images").header("Host", &right);
    assert!(matches!(stranger(&strata, &bearer(&strata, absolute)).status, 400 | 403 | 421));
    let twice = Request::get("/api/images").header("Host", &right).header("Host", "evil.example");
    assert!(matches!(stranger(&strata, &bearer(&strata, twice)).status, 400 | 403 | 421));
}

#[test]
fn another_origin_is_refused_on_every_route() {
    let strata = Strata::start();
    let (cookie, _) = cookie(&strata);
    let port = strata.port();
    let origins =
        ["http://evil.example", "null", "https://127.0.0.1", &format!("http://localhost:{port}"), "file://"];
    for origin in origins {
        // Even with the owner's cookie or token, which a browser would have to be tricked into sending.
        all_refused(&strata, &[403], |_, request| {
            Some(request.header("Origin", origin).header("Cookie", &cookie))
        });
        all_refused(&strata, &[403], |_, request| Some(bearer(&strata, request.header("Origin", origin))));
    }
    for site in ["cross-site", "same-site"] {
        for (mode, dest) in
            [("no-cors", "image"), ("cors", "empty"), ("navigate", "iframe"), ("websocket", "websocket")]
        {
            all_refused(&strata, &[403], |_, request| {
                let request = request.header("Sec-Fetch-Site", site).header("Sec-Fetch-Mode", mode);
                Some(request.header("Sec-Fetch-Dest", dest).header("Cookie", &cookie))
            });
        }
        // A form or a link on another site: only the page may be opened that way.
        all_refused(&strata, &[403], |who, request| {
            let request = request.header("Sec-Fetch-Site", site).header("Sec-Fetch-Mode", "navigate");
            (who != For::Page).then(|| request.header("Sec-Fetch-Dest", "document").header("Cookie", &cookie))
        });
    }
}

#[test]
fn without_a_session_only_the_public_routes_answer() {
    let strata = Strata::start();
    let token = strata.token().to_owned();
    let owner_only = |who: For, request: Request| (who != For::All).then_some(request);
    all_refused(&strata, &[401], owner_only);
    let wrong = ["", "x", &token[1..], &"0".repeat(64), &format!("{token}0"), &token.to_uppercase()];
    for token in wrong {
        all_refused(&strata, &[401], |who, request| {
            owner_only(who, request.header("Authorization", &format!("Bearer {token}")))
        });
        all_refused(&strata, &[401], |who, request| owner_only(who, request.header("X-Strata-Token", token)));
    }
    // The token is for headers, not for addresses that end up in histories and logs.
    all_refused(&strata, &[401], |who, request| {
        owner_only(who, request.header("Cookie", &format!("strata={token}; session={token}")))
    });
    assert_eq!(stranger(&strata, &Request::get("/healthz")).status, 200);
    assert_eq!(stranger(&strata, &Request::get("/v2/")).status, 200);
    let page = stranger(&strata, &Request::get("/"));
    assert!(
        page.text().contains("token") || page.text().contains("strata serve"),
        "says what to do: {}",
        page.text()
    );
}

#[test]
fn the_owner_gets_through() {
    let strata = Strata::start();
    let (cookie, _) = cookie(&strata);
    for (method, target, _) in routes() {
        let origin = format!("http://127.0.0.1:{}", strata.port());
        let with_cookie = Request::new(method, &target).header("Cookie", &cookie).header("Origin", &origin);
        for request in [
            with_cookie.header("Sec-Fetch-Site", "same-origin"),
            bearer(&strata, Request::new(method, &target)),
        ] {
            let status = stranger(&strata, &request).status;
            assert!(!matches!(status, 401 | 403 | 421), "{method} {target}: {status}");
            // dockerd answers 500 too when a registry refuses the connection.
            let asks = ["/images/create", "/images/search", "/distribution/"];
            let asks = asks.iter().any(|part| target.contains(part));
            // And when a build has no Dockerfile.
            let builds = target.ends_with("/build") && !target.starts_with("/api/");
            assert!(status != 500 || asks || builds, "{method} {target}: {status}");
        }
    }
}

#[test]
fn a_ticket_opens_one_session() {
    let strata = Strata::start();
    let target = strata.url().strip_prefix(&strata.home()).expect("the URL is of this server").to_owned();
    let first = stranger(&strata, &Request::get(&target));
    assert!(matches!(first.status, 302 | 303), "the ticket leaves the address: {first:?}");
    let location = first.header("location").expect("a redirection has one");
    assert!(location.starts_with('/') && !location.contains("token"), "{location}");
    assert_eq!(first.header("cache-control"), Some("no-store"));
    let header = first.header("set-cookie").expect("a session begins").to_owned();
    let attributes: Vec<String> = header.split(';').skip(1).map(|a| a.trim().to_ascii_lowercase()).collect();
    for wanted in ["httponly", "samesite=strict", "path=/"] {
        assert!(attributes.iter().any(|a| a == wanted), "{wanted}: {header}");
    }
    assert!(!attributes.iter().any(|a| a.starts_with("domain")), "{header}");
    let second = stranger(&strata, &Request::get(&target));
    assert!(second.header("set-cookie").is_none() && second.status == 401, "a ticket works once: {second:?}");

    // The session outlives the server; a forged one doesn't begin.
    let pair = header.split(';').next().expect("a pair").to_owned();
    let ask = |strata: &Strata, pair: &str| {
        stranger(strata, &Request::get("/api/images").header("Cookie", pair)).status
    };
    let mut strata = strata;
    assert_eq!(ask(&strata, &pair), 200);
    strata.stop();
    strata.restart();
    assert_eq!(ask(&strata, &pair), 200);
    for cut in 1..pair.len() - pair.find('=').expect("name=value") {
        assert_eq!(ask(&strata, &pair[..pair.len() - cut]), 401);
    }
    let (name, value) = pair.split_once('=').expect("name=value");
    let flipped: String = value.chars().rev().collect();
    assert_eq!(ask(&strata, &format!("{name}={flipped}")), 401);
}

#[test]
fn every_answer_is_hardened() {
    let strata = Strata::start();
    for (method, target, _) in routes() {
        let answer = strata.ask(Request::new(method, &target));
        let policy = answer
            .header("content-security-policy")
            .unwrap_or_else(|| panic!("{method} {target}: no policy"));
        assert!(
            policy.contains("default-src 'self'")
                || policy.contains("default-src 'none'")
                || policy.contains("sandbox"),
            "{policy}"
        );
        assert!(!policy.contains("unsafe-eval") || policy.contains("'wasm-unsafe-eval'"), "{policy}");
        assert!(
            !policy.contains("script-src")
                || !policy
                    .split("script-src")
                    .nth(1)
                    .unwrap_or("")
                    .split(';')
                    .next()
                    .unwrap_or("")
                    .contains("unsafe-inline"),
            "{policy}"
        );
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{method} {target}");
        assert!(answer.header("access-control-allow-origin").is_none(), "{method} {target}");
        assert!(
            answer.header("x-frame-options").is_some() || policy.contains("frame-ancestors"),
            "{method} {target}"
        );
    }
}

/// A file from an image is what somebody else wrote; shown by its address it must not run in our origin.
#[test]
fn a_file_of_an_image_is_not_a_page() {
    if skip_without(&["docker-registry", "skopeo", "docker"]) {
        return;
    }
    let registry = DockerRegistry::start(None);
    let strata = Strata::start();
    let html = "<script>fetch('/api/images')</script>";
    let image = strata_forge::Image::new().layer(
        "COPY",
        strata_forge::Layer::new()
            .file("x.html", html)
            .file("x.svg", "<svg onload='alert(1)'/>")
            .file("x.js", "1"),
    );
    let image = image.build();
    fixture::push(&Skopeo::new(None), &image, &registry.name("html"));
    Docker::new(&strata.socket()).run(&["pull", &registry.name("html")]).ok();
    for file in ["x.html", "x.svg", "x.js"] {
        let answer = strata.get(&format!("/api/layers/{}/file?path={file}", image.layers[0].diff_id));
        assert_eq!(answer.status, 200, "{}", answer.text());
        let kind = answer.header("content-type").unwrap_or("none");
        assert!(
            kind.starts_with("text/plain") || kind.starts_with("application/octet-stream"),
            "{file}: {kind}"
        );
        let policy = answer.header("content-security-policy").expect("it has one");
        assert!(policy.contains("sandbox") || policy.contains("default-src 'none'"), "{file}: {policy}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    }
}

#[test]
fn the_unix_socket_has_the_engine_only() {
    let strata = Strata::start();
    let mode = |path: &std::path::Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!(mode(&strata.socket()), 0o660);
    assert_eq!(mode(strata.data()), 0o700);
    for secret in ["token", "session.key"] {
        assert_eq!(mode(&strata.data().join(secret)), 0o600, "{secret}");
    }
    let get = |target: &str| Request::get(target).send(&strata.unix()).expect("it answers");
    assert_eq!(get("/_ping").status, 200);
    assert_eq!(get("/images/json").status, 200);
    for target in ["/api/images", "/api/tickets", "/v2/_catalog", "/", "/login"] {
        assert_eq!(get(target).status, 404, "{target}");
    }
}

#[test]
fn assets_stay_in_their_room() {
    let strata = Strata::start();
    let data = strata.data().display().to_string();
    let targets = [
        "/../../../../etc/passwd",
        "/..%2f..%2f..%2fetc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "//etc/passwd",
        "/./token",
        "/assets/../../etc/passwd",
        "/\\..\\..\\etc\\passwd",
        "/%00",
        "/token",
        "/session.key",
        &format!("/{data}/token"),
    ];
    for target in targets {
        let answer = strata.get(target);
        assert!(!answer.text().contains("root:") && !answer.text().contains(strata.token()), "{target}");
        assert!(answer.status < 500, "{target}: {}", answer.status);
    }
}

#[test]
fn a_public_address_needs_protection() {
    let scratch = strata_tests::Scratch::new("public");
    for address in ["0.0.0.0:0", "[::]:0"] {
        let mut command = Command::new("timeout");
        command.arg("10").arg(Strata::binary()).arg("serve").arg("--data").arg(scratch.join("data"));
        command.arg("--socket").arg(scratch.join("sock")).args(["--listen", address]);
        let refused = run(&mut command);
        assert!(refused.code != 0 && refused.code != 124, "{refused}");
        assert!(refused.stderr.contains("TLS") || refused.stderr.contains("password"), "says why: {refused}");
    }
}

/// A page must not be able to make a container that reaches out of itself; who may open the socket may.
#[test]
fn a_page_makes_contained_containers_only() {
    if skip_without(&["runc"]) || !rustix::process::geteuid().is_root() {
        return;
    }
    let strata = Strata::start();
    for (what, host) in [
        ("--privileged", r#"{"Privileged":true}"#),
        ("--network host", r#"{"NetworkMode":"host"}"#),
        ("--pid host", r#"{"PidMode":"host"}"#),
        ("a directory of the host", r#"{"Binds":["/:/host"]}"#),
        ("--mount type=bind", r#"{"Mounts":[{"Type":"bind","Source":"/","Target":"/x"}]}"#),
        ("--cap-add", r#"{"CapAdd":["SYS_ADMIN"]}"#),
        ("--device", r#"{"Devices":[{"PathOnHost":"/dev/mem"}]}"#),
        ("--security-opt", r#"{"SecurityOpt":["seccomp=unconfined"]}"#),
    ] {
        let body = format!(r#"{{"Image":"x","Cmd":["x"],"HostConfig":{host}}}"#);
        let request = || Request::new("POST", "/containers/create").body(body.clone());
        let answer = strata.ask(request());
        assert_eq!(answer.status, 403, "{what}: {}", answer.text());
        assert!(answer.text().contains(what), "{what}: {}", answer.text());
        let answer = request().send(&strata.unix()).expect("answers");
        assert_eq!(answer.status, 404, "through the socket only the image is missing: {}", answer.text());
    }
}

#[test]
fn volumes_of_the_host_are_for_the_socket_only() {
    let strata = Strata::start();
    let ask = |target: &str, body: &str| {
        let request = Request::new("POST", target).header("Content-Type", "application/json").body(body);
        strata.ask(request).status
    };
    let options = |kind: &str, o: &str| format!(r#"{{"type":"{kind}","device":"/etc","o":"{o}"}}"#);
    for (kind, o) in [("none", "bind"), ("tmpfs", "size=1m,bind"), ("ext4", "ro"), ("tmpfs", "rshared")] {
        let driver = options(kind, o);
        assert_eq!(
            ask("/volumes/create", &format!(r#"{{"Name":"x1","DriverOpts":{driver}}}"#)),
            403,
            "{driver}"
        );
        let mount = format!(
            r#"{{"Type":"volume","Target":"/x","VolumeOptions":{{"DriverConfig":{{"Name":"local","Options":{driver}}}}}}}"#
        );
        let body = format!(r#"{{"Image":"x","HostConfig":{{"Mounts":[{mount}]}}}}"#);
        assert_eq!(ask("/containers/create", &body), 403, "{driver}");
    }
    // Memory is nobody's.
    let memory = format!(r#"{{"Name":"x2","DriverOpts":{}}}"#, options("tmpfs", "size=1m"));
    assert_ne!(ask("/volumes/create", &memory), 403);
}
