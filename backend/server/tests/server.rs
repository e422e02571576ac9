//! The whole server as a process: start, sessions, sockets, end.

mod support;

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    os::unix::{
        fs::PermissionsExt,
        net::{UnixListener, UnixStream},
    },
    process::Command,
    time::Duration,
};

use support::{Server, command};

#[test]
fn is_ready_when_it_says_so() {
    let server = Server::start();
    let host = server.host();
    let health = server.raw("GET", "/healthz", &[("Host", &host)]);
    assert_eq!((health.status, health.body.len()), (200, 0));
    assert_eq!(server.unix("GET", "/healthz").status, 200);
    let mode =
        |name: &str| fs::metadata(server.dir.path().join(name)).expect("there").permissions().mode() & 0o777;
    assert_eq!(
        [mode("sock"), mode("data"), mode("data/token"), mode("data/session.key")],
        [0o660, 0o700, 0o600, 0o600]
    );
}

#[test]
fn a_ticket_begins_a_session_that_outlives_the_server() {
    let mut server = Server::start();
    let host = server.host();
    let ticket = server.url.rsplit_once('=').expect("a token").1.to_owned();
    let first = server.raw("GET", &format!("/image/demo/layer/1?x=y&token={ticket}"), &[("Host", &host)]);
    assert_eq!((first.status, first.header("location")), (303, Some("/image/demo/layer/1?x=y")));
    let cookie = first.header("set-cookie").expect("a cookie").split(';').next().expect("a pair").to_owned();

    let again = server.raw("GET", &format!("/?token={ticket}"), &[("Host", &host)]);
    assert_eq!((again.status, again.header("set-cookie")), (401, None));
    assert!(again.text().contains("<form"));
    let known = server.raw("GET", &format!("/?token={ticket}"), &[("Host", &host), ("Cookie", &cookie)]);
    assert_eq!((known.status, known.header("location")), (303, Some("/")));
    assert_eq!(server.raw("GET", "/", &[("Host", &host), ("Cookie", &cookie)]).status, 200);

    // On another port, as after a restart with --listen :0, the cookie has another name; its value still holds.
    let value = cookie.split_once('=').expect("a pair").1.to_owned();
    server.terminate();
    let server =
        Server::start_in(std::mem::replace(&mut server.dir, tempfile::tempdir().expect("a directory")));
    let cookie = format!("strata-session-{}={value}", server.port);
    let reply = server.raw("GET", "/api/images", &[("Host", &server.host()), ("Cookie", &cookie)]);
    assert_eq!((reply.status, reply.text().trim()), (200, "[]"));
}

#[test]
fn the_form_takes_the_token_and_further_browsers_get_tickets() {
    let server = Server::start();
    let host = server.host();
    let post = |body: &str| {
        let mut stream = TcpStream::connect(("127.0.0.1", server.port)).expect("listens");
        let head = format!(
            "POST /login HTTP/1.1\r\nHost: {host}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        stream.write_all(format!("{head}{body}").as_bytes()).expect("sent");
        BufReader::new(stream)
            .lines()
            .map_while(Result::ok)
            .take_while(|line| !line.is_empty())
            .collect::<Vec<_>>()
            .join("\n")
    };
    let good = post(&format!("token={}&to=%2Fimage%2Fdemo", server.token()));
    assert!(
        good.contains("303") && good.contains("location: /image/demo") && good.contains("set-cookie"),
        "{good}"
    );
    let outside = post(&format!("token={}&to=%2F%2Fevil.example", server.token()));
    assert!(outside.contains("location: /evil.example"), "{outside}");
    assert!(post("token=wrong&to=/").contains("401"));
    assert!(post(&"x".repeat(100_000)).contains("413"));

    let ticket = server.tcp("POST", "/api/tickets", &[]).json();
    let url = ticket["url"].as_str().expect("a URL");
    let target = url.strip_prefix(&format!("http://{host}")).expect("ours");
    assert_eq!(server.raw("GET", target, &[("Host", &host)]).status, 303);
}

#[test]
fn a_link_from_another_site_finds_the_session() {
    let server = Server::start();
    let host = server.host();
    let link = [
        ("Host", host.as_str()),
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Mode", "navigate"),
        ("Sec-Fetch-Dest", "document"),
    ];
    let reply = server.raw("GET", "/image/demo?x=%22%3E", &link);
    assert_eq!(reply.status, 401);
    assert!(
        reply.text().contains("http-equiv=refresh content=\"0;url=/image/demo?x=%22%3E\""),
        "{}",
        reply.text()
    );
    assert!(
        !server
            .raw("GET", "/", &[("Host", &host), ("Sec-Fetch-Site", "same-origin")])
            .text()
            .contains("refresh")
    );
}

#[test]
fn ends_within_ten_seconds_with_streams_open_and_takes_its_socket_along() {
    let mut server = Server::start();
    let mut events = UnixStream::connect(server.socket()).expect("listens");
    events.set_read_timeout(Some(Duration::from_secs(20))).expect("set");
    write!(events, "GET /events HTTP/1.1\r\nHost: d\r\n\r\n").expect("sent");
    let mut lines = BufReader::new(events).lines();
    assert!(
        lines.next().expect("a line").expect("read").contains("200"),
        "the head comes before the first event"
    );
    let _half = TcpStream::connect(("127.0.0.1", server.port)).and_then(|mut stream| {
        stream.write_all(b"GET / HT")?;
        Ok(stream)
    });
    let (took, success) = server.terminate();
    assert!(success && took < Duration::from_secs(10), "{took:?}");
    assert!(lines.any(|line| line.is_ok_and(|line| line == "0")), "the stream ends as streams do");
    assert!(!server.socket().exists());
}

#[test]
fn sockets_stale_live_and_not_at_all() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    drop(UnixListener::bind(dir.path().join("sock")).expect("bound")); // leaves its file, as kill -9 does
    let server = Server::start_in(dir);
    assert_eq!(server.unix("GET", "/_ping").text(), "OK");
}

#[test]
fn says_why_it_does_not_start() {
    let server = Server::start();
    let dir = tempfile::tempdir().expect("a temporary directory");
    let refused = |change: &dyn Fn(&mut Command) -> &mut Command| {
        let mut command = command();
        command.arg("serve").arg("--data").arg(dir.path().join("data"));
        change(&mut command);
        let output = command.output().expect("runs");
        assert!(!output.status.success() && output.stdout.is_empty());
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let free = ["--listen", "127.0.0.1:0"];
    let error = refused(&|command| command.args(free).arg("--socket").arg(server.socket()));
    assert!(error.contains("another server is listening"), "{error}");
    let error = refused(&|command| command.args(["--listen", &server.host()]));
    assert!(error.contains(&server.host()), "{error}");
    let error = refused(&|command| command.args(["--listen", "0.0.0.0:0"]));
    assert!(error.contains("TLS and a password"), "{error}");
    let data = server.dir.path().join("data");
    let error = refused(&|command| {
        command.args(free).arg("--data").arg(&data).arg("--socket").arg(dir.path().join("s"))
    });
    assert!(error.contains("data"), "{error}");
    let error = refused(&|command| command.env("STRATA_LISTEN", "nonsense"));
    assert!(error.contains("nonsense"), "{error}");
    let config = dir.path().join("strata.toml");
    fs::write(&config, "nonsense = 1\n").expect("written");
    let error = refused(&|command| command.env("STRATA_CONFIG", &config));
    assert!(error.contains("nonsense") && error.contains("strata.toml"), "{error}");
}

#[test]
fn the_page_is_served_with_its_types_and_tags() {
    let server = Server::start();
    for address in ["/", "/image/demo", "/image/demo/layer/2/etc/passwd.conf", "/compare/a...b"] {
        let page = server.tcp("GET", address, &[]);
        assert_eq!(
            (page.status, page.header("content-type")),
            (200, Some("text/html; charset=utf-8")),
            "{address}"
        );
        let policy = page.header("content-security-policy").expect("a policy").to_owned();
        assert!(
            policy.contains("script-src 'self' 'wasm-unsafe-eval'")
                && policy.contains("frame-ancestors 'none'")
        );
        let tag = page.header("etag").expect("a tag").to_owned();
        let same = server.tcp("GET", address, &[("If-None-Match", &tag)]);
        assert_eq!((same.status, same.body.len()), (304, 0));
        let head = server.tcp("HEAD", address, &[]);
        assert_eq!((head.status, head.body.len(), head.header("etag")), (200, 0, Some(tag.as_str())));
    }
    for missing in ["/missing.js", "/api/missing", "/v1.47/missing", "/v2/missing"] {
        assert_eq!(server.tcp("GET", missing, &[]).status, 404, "{missing}");
    }
}

#[test]
fn heads_have_limits() {
    let server = Server::start();
    let refused = |headers: &str| {
        let mut stream = TcpStream::connect(("127.0.0.1", server.port)).expect("listens");
        let head = format!("GET /healthz HTTP/1.1\r\nHost: {}\r\n{headers}\r\n", server.host());
        // The server hangs up in the middle.
        let _ = stream.write_all(head.as_bytes());
        let mut line = String::new();
        let _ = BufReader::new(stream).read_line(&mut line);
        assert!(line.is_empty() || line.contains(" 400 ") || line.contains(" 431 "), "{line}");
    };
    refused(&format!("X-Long: {}\r\n", "x".repeat(1_000_000)));
    refused(&(0..200).map(|i| format!("X-{i}: y\r\n")).collect::<String>());
    assert_eq!(server.raw("GET", "/healthz", &[("Host", &server.host())]).status, 200);
}
