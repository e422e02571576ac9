//! The engine API as clients see it, against what dockerd was seen to answer.

mod support;

use std::{
    io::{BufRead, BufReader, Write},
    os::unix::net::UnixStream,
    process::Command,
    time::Duration,
};

use support::{Server, built, demo};

#[test]
fn heads_are_dockerds() {
    let server = Server::start();
    let ping = server.unix("GET", "/_ping");
    assert_eq!((ping.status, ping.text().as_str()), (200, "OK"));
    for (name, value) in [
        ("api-version", "1.47"),
        ("docker-experimental", "true"),
        ("ostype", "linux"),
        ("cache-control", "no-cache, no-store, must-revalidate"),
        ("pragma", "no-cache"),
        ("builder-version", "1"),
        ("swarm", "inactive"),
        ("content-type", "text/plain; charset=utf-8"),
        ("content-length", "2"),
    ] {
        assert_eq!(ping.header(name), Some(value), "{name}");
    }
    let head = server.unix("HEAD", "/_ping");
    assert_eq!((head.status, head.body.len(), head.header("content-length")), (200, 0, Some("0")));
    let list = server.unix("GET", "/v1.41/images/json");
    assert_eq!((list.text().as_str(), list.header("content-type")), ("[]\n", Some("application/json")));
    assert!(list.header("server").is_some_and(|server| server.ends_with(" (linux)")));
}

#[test]
fn versions_and_unknown_routes() {
    let server = Server::start();
    let message = |target: &str| {
        let reply = server.unix("GET", target);
        (reply.status, reply.json()["message"].as_str().unwrap_or_default().to_owned())
    };
    for target in ["/v1.99/_ping", "/v1.99/version", "/v1.99/images/json"] {
        assert_eq!(
            message(target),
            (400, "client version 1.99 is too new. Maximum supported API version is 1.47".into())
        );
    }
    let (status, old) = message("/v1.11/version");
    assert_eq!(status, 400);
    assert!(
        old.starts_with("client version 1.11 is too old. Minimum supported API version is 1.24"),
        "{old}"
    );
    for target in [
        "/nope",
        "/v1.41/nope",
        "/v1.99/nope",
        "/v1.4x/version",
        "/",
        "/v2/",
        "/images/create",
        "/api/images",
    ] {
        assert_eq!(message(target), (404, "page not found".into()), "{target}");
    }
    for (method, target) in
        [("POST", "/_ping"), ("POST", "/images/json"), ("DELETE", "/version"), ("HEAD", "/version")]
    {
        assert_eq!(server.unix(method, target).status, 404, "{method} {target}");
    }
    for prefix in ["", "/v1.24", "/v1.41", "/v1.47"] {
        assert_eq!(server.unix("GET", &format!("{prefix}/version")).json()["ApiVersion"], "1.47");
    }
}

#[test]
fn what_cannot_be_yet_is_empty_or_says_so() {
    let server = Server::start();
    for (target, body) in [
        ("/containers/json", "[]\n"),
        ("/volumes", "{\"Volumes\":[],\"Warnings\":null}\n"),
        ("/plugins", "[]\n"),
    ] {
        assert_eq!(server.unix("GET", target).text(), body);
    }
    for (method, target, status, says) in [
        ("GET", "/containers/x/json", 404, "No such container: x"),
        ("DELETE", "/containers/x", 404, "No such container: x"),
        ("GET", "/volumes/x", 404, "get x: no such volume"),
        ("GET", "/networks/x", 404, "network x not found"),
        ("GET", "/swarm", 503, "This node is not a swarm manager."),
        ("POST", "/build?version=2", 501, "classic builder"),
        ("POST", "/build/cancel", 400, "build ID not provided"),
        ("GET", "/images/get?names=x", 404, "No such image: x"),
    ] {
        let reply = server.unix(method, target);
        assert_eq!(reply.status, status, "{method} {target}");
        assert!(
            reply.json()["message"].as_str().is_some_and(|message| message.contains(says)),
            "{target}: {}",
            reply.text()
        );
    }
}

#[test]
fn wrong_requests_are_answered_as_dockerd_does() {
    let server = Server::start();
    for (method, target, status, says) in [
        ("GET", "/images/no/such/json", 404, "no/such"),
        ("GET", "/images/no%2Fsuch%3Ax/json", 404, "No such image: no/such:x"),
        ("GET", "/images/nope/history", 404, "No such image: nope:latest"),
        ("POST", "/images/nope/tag?repo=x", 404, "No such image: nope:latest"),
        ("DELETE", "/images/nope?force=1", 404, "No such image: nope:latest"),
        ("GET", "/images/json?filters=%7B", 400, "filter"),
        ("GET", "/images/json?filters=%7B%22nope%22%3A%5B%22x%22%5D%7D", 400, "Invalid filter 'nope'"),
        (
            "GET",
            "/images/json?filters=%7B%22before%22%3A%5B%22nope%22%5D%7D",
            404,
            "No such image: nope:latest",
        ),
        ("POST", "/images/prune?filters=%7B%22zzz%22%3A%5B%22x%22%5D%7D", 400, "zzz"),
        ("GET", "/events?since=x", 400, "not a time"),
        ("GET", "/events?since=5&until=3", 400, "`since` time (5) cannot be after `until` time (3)"),
        ("GET", "/v1.44/system/df?type=nope", 400, "unknown object type: nope"),
        ("POST", "/images/create", 400, "fromImage"),
        ("POST", "/images/create?fromImage=NOPE", 400, "must be lowercase"),
        ("POST", "/images/create?fromImage=a&tag=bad%20tag", 400, "tag"),
        ("POST", "/images/create?fromImage=127.0.0.1:1/x&tag=latest", 500, "refused"),
        ("POST", "/images/create?fromSrc=-&repo=BAD", 400, "lowercase"),
        ("POST", "/images/a@b/push", 400, "invalid reference format"),
        ("GET", "/images/search?term=x&limit=101", 400, "Limit 101 is outside the range of [1, 100]"),
        ("GET", "/images/search?term=", 400, "a term to search for"),
    ] {
        let reply = server.unix(method, target);
        let message = reply.json()["message"].as_str().unwrap_or_default().to_owned();
        assert!(message.to_lowercase().contains(&says.to_lowercase()), "{method} {target}: {message}");
        assert_eq!(reply.status, status, "{method} {target}: {message}");
    }
    assert_eq!(server.unix("GET", "/images/json?filters=null&unknown=parameter").status, 200);
}

#[test]
fn an_image_from_pull_to_removal() {
    let server = Server::with_demo(&demo());
    let name = format!("{}/demo", server.host());
    let pull = server.unix("POST", &format!("/images/create?fromImage={name}&tag=latest"));
    assert_eq!((pull.status, pull.header("content-type")), (200, Some("application/json")));
    let lines: Vec<serde_json::Value> =
        pull.text().split_terminator("\r\n").map(|line| serde_json::from_str(line).expect(line)).collect();
    assert_eq!((&lines[0]["status"], &lines[0]["id"]), (&"Pulling from demo".into(), &"latest".into()));
    let last = lines.last().expect("lines")["status"].as_str().expect("a status").to_owned();
    assert_eq!(last, format!("Status: Downloaded newer image for {name}:latest"));
    assert!(lines.iter().any(|line| line["status"] == "Pull complete"));

    let row = |target: &str| server.unix("GET", target).json()[0].clone();
    let new = row("/images/json");
    assert_eq!(new["RepoTags"], serde_json::json!([format!("{name}:latest")]));
    assert_eq!(
        (new.get("VirtualSize"), &new["SharedSize"], &new["Containers"]),
        (None, &(-1).into(), &(-1).into())
    );
    assert_eq!(row("/v1.43/images/json")["VirtualSize"], new["Size"]);
    assert_eq!(row("/images/json?shared-size=1")["SharedSize"], 0);
    assert_eq!(row("/v1.41/images/json?shared-size=1")["SharedSize"], -1);
    assert_eq!(row("/v1.24/images/json?filter=nope*"), serde_json::Value::Null);
    assert_eq!(
        server
            .unix("GET", "/images/json?filters=%7B%22reference%22%3A%7B%22*%2Fde*%22%3Atrue%7D%7D")
            .json()
            .as_array()
            .map(Vec::len),
        Some(1)
    );

    let inspect = |version: &str| {
        server.unix("GET", &format!("{version}/images/{}/json", name.replace('/', "%2F"))).json()
    };
    let (new, old) = (inspect(""), inspect("/v1.41"));
    assert_eq!(new["Id"], built().id().to_string());
    assert_eq!(new["RootFS"]["Layers"].as_array().map(Vec::len), Some(2));
    for field in ["VirtualSize", "Container", "ContainerConfig"] {
        assert!(new.get(field).is_some() && old.get(field).is_some(), "{field}");
    }
    let history = server.unix("GET", &format!("/images/{name}/history")).json();
    assert_eq!((&history[1]["Id"], history.as_array().map(Vec::len)), (&"<missing>".into(), Some(3)));

    assert_eq!(server.unix("POST", &format!("/images/{name}/tag?repo=x/y&tag=z")).status, 201);
    let usage = server.unix("GET", "/system/df").json();
    assert_eq!(
        (usage["Images"].as_array().map(Vec::len), &usage["Volumes"]),
        (Some(1), &serde_json::json!([]))
    );
    assert!(
        usage.get("BuilderSize").is_none()
            && server.unix("GET", "/v1.41/system/df").json().get("BuilderSize").is_some()
    );
    assert_eq!(server.unix("GET", "/system/df?type=volume").json()["Images"], serde_json::Value::Null);

    let events = server.unix("GET", "/events?since=0&until=1&filters=%7B%22event%22%3A%5B%22pull%22%5D%7D");
    assert_eq!((events.status, events.body.len()), (200, 0));
    assert_eq!(server.unix("DELETE", "/images/x/y:z").json(), serde_json::json!([{ "Untagged": "x/y:z" }]));
    let removed = server.unix("DELETE", &format!("/images/{name}")).json();
    assert!(
        removed.as_array().is_some_and(|steps| steps.iter().any(|step| step.get("Deleted").is_some())),
        "{removed}"
    );
    assert_eq!(server.unix("GET", "/images/json").text(), "[]\n");
}

#[test]
fn events_arrive_as_they_happen() {
    let server = Server::with_demo(&demo());
    let mut stream = UnixStream::connect(server.socket()).expect("listens");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("set");
    write!(stream, "GET /events HTTP/1.1\r\nHost: d\r\n\r\n").expect("sent");
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    assert!(lines.by_ref().any(|line| line.is_empty()), "the head comes at once");
    server.unix("POST", &format!("/images/create?fromImage={}/demo&tag=latest", server.host()));
    let event = lines.find(|line| line.starts_with('{')).expect("an event");
    let event: serde_json::Value = serde_json::from_str(&event).expect("one object a line");
    assert_eq!(event["Type"], "image");
}

/// Both command lines that Debian users have: they must not notice that this isn't dockerd.
#[test]
fn docker_prints_without_complaint() {
    for docker in ["/usr/local/bin/docker", "/usr/bin/docker"] {
        if !std::path::Path::new(docker).exists() {
            eprintln!("skipped: {docker} is not installed");
            continue;
        }
        let server = Server::with_demo(&demo());
        let name = format!("{}/demo", server.host());
        let run = |arguments: &[&str]| {
            let output = Command::new(docker)
                .args(arguments)
                .env("DOCKER_HOST", format!("unix://{}", server.socket().display()))
                .env("DOCKER_CONFIG", server.dir.path())
                .output()
                .expect("runs");
            let all =
                [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
            (output.status.code(), all.concat())
        };
        let steps: [(&[&str], i32, &str); 21] = [
            (&["version"], 0, "API version:      1.47"),
            (&["info"], 0, "Server Version"),
            (&["ps", "-a"], 0, "CONTAINER ID"),
            (&["volume", "ls"], 0, "VOLUME NAME"),
            (&["network", "ls"], 0, "NETWORK ID"),
            (&["images"], 0, "REPOSITORY"),
            (&["pull", &name], 0, "Downloaded newer image"),
            (&["pull", &name], 0, "Image is up to date"),
            (&["pull", &format!("{name}:nope")], 1, "not found"),
            (&["pull", "127.0.0.1:1/x"], 1, "refused"),
            (&["images", "*/de*"], 0, "/demo"),
            (&["images", "nope*"], 0, "REPOSITORY"),
            (&["history", &name], 0, "<missing>"),
            (&["inspect", "--format", "{{.Config.Cmd}}", &name], 0, "[sh]"),
            (&["inspect", "nope"], 1, "No such object: nope"),
            (&["tag", &name, "x:1"], 0, ""),
            (&["system", "df", "-v"], 0, "Images space usage"),
            (&["rmi", "x:1", &name], 0, "Deleted: sha256:"),
            (&["rmi", &name], 1, "No such image"),
            (&["image", "prune", "-af"], 0, "Total reclaimed space: 0B"),
            (&["run", "busybox"], 125, ""),
        ];
        for (arguments, code, says) in steps {
            let (status, output) = run(arguments);
            assert_eq!(status, Some(code), "{docker} {arguments:?}: {output}");
            assert!(output.contains(says), "{docker} {arguments:?}: {output}");
        }
    }
}
