//! Every route of the server, and whom it is for.

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum For {
    /// Everybody who reaches the port, but no other site's page.
    All,
    /// The owner.
    Owner,
    /// The owner; a link from another site may lead here, and then finds no session (`SameSite=Strict`).
    Page,
}

const ID: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Every route of the server with an example of its address.
pub fn routes() -> Vec<(&'static str, String, For)> {
    let mut routes: Vec<(&str, String, For)> = Vec::new();
    let mut add =
        |who: For, method: &'static str, target: &str| routes.push((method, target.to_owned(), who));
    add(For::All, "GET", "/healthz");
    for target in ["/", "/image/demo/layer/1/etc/passwd", "/no/such/address"] {
        add(For::Page, "GET", target);
    }
    for prefix in ["", "/v1.24", "/v1.41", "/v1.47"] {
        for target in ["/_ping", "/version", "/info", "/system/df", "/events?since=0&until=1", "/images/json"]
        {
            add(For::Owner, "GET", &format!("{prefix}{target}"));
        }
        add(For::Owner, "HEAD", &format!("{prefix}/_ping"));
        add(For::Owner, "POST", &format!("{prefix}/images/create?fromImage=127.0.0.1:1/x&tag=y"));
        add(For::Owner, "POST", &format!("{prefix}/images/prune"));
        for name in ["demo", "127.0.0.1:5000/a/b:c", "sha256:0000"] {
            add(For::Owner, "GET", &format!("{prefix}/images/{name}/json"));
            add(For::Owner, "GET", &format!("{prefix}/images/{name}/history"));
            add(For::Owner, "POST", &format!("{prefix}/images/{name}/tag?repo=x"));
            add(For::Owner, "DELETE", &format!("{prefix}/images/{name}"));
        }
    }
    let absent = [
        ("GET", "/images/search?term=x"),
        ("GET", "/images/get?names=x"),
        ("POST", "/images/load"),
        ("GET", "/images/x/get"),
        ("POST", "/images/x/push"),
        ("POST", "/build"),
        ("POST", "/build/prune"),
        ("POST", "/build/cancel?id=x"),
        ("POST", "/auth"),
        ("POST", "/session"),
        ("POST", "/grpc"),
        ("GET", "/swarm"),
        ("POST", "/swarm/leave"),
        ("GET", "/plugins"),
        ("GET", "/distribution/x/json"),
        ("GET", "/nodes"),
    ];
    for (method, target) in absent {
        add(For::Owner, method, target);
    }
    add(For::Owner, "GET", "/containers/x/attach/ws?stream=1");
    for target in ["/containers/json", "/volumes", "/volumes/x", "/networks", "/networks/x", "/exec/x/json"] {
        add(For::Owner, "GET", target);
    }
    for verb in ["json", "top", "changes", "logs?stdout=1", "stats?stream=0", "export", "archive?path=/"] {
        add(For::Owner, "GET", &format!("/v1.41/containers/x/{verb}"));
    }
    for verb in
        ["start", "stop", "restart", "kill", "pause", "unpause", "rename?name=y", "update", "resize?h=1&w=1"]
    {
        add(For::Owner, "POST", &format!("/v1.41/containers/x/{verb}"));
    }
    for target in [
        "/containers/create",
        "/containers/prune",
        "/containers/x/wait",
        "/containers/x/attach?stream=1",
        "/containers/x/exec",
        "/exec/x/start",
        "/exec/x/resize?h=1&w=1",
        "/commit?container=x",
        "/volumes/create",
        "/volumes/prune",
        "/networks/create",
        "/networks/prune",
        "/networks/x/connect",
        "/networks/x/disconnect",
    ] {
        add(For::Owner, "POST", target);
    }
    for target in ["/containers/x", "/volumes/x", "/networks/x"] {
        add(For::Owner, "DELETE", target);
    }
    add(For::Owner, "PUT", "/containers/x/archive?path=/");
    add(For::Owner, "HEAD", "/containers/x/archive?path=/");
    add(For::Page, "GET", "/container/x/changes/a.html");
    for target in ["", "/live", "/reads", "/file?path=etc", "/terminal"] {
        add(For::Owner, "GET", &format!("/api/containers/x{target}"));
    }
    let explorer = [
        "/api/images",
        "/api/image?ref=demo",
        "/api/blame?ref=demo&path=etc",
        "/api/waste?ref=demo",
        "/api/sharing",
        "/api/removal?image=demo",
        "/api/logins",
        "/api/nothing",
        &format!("/api/layers/sha256:{ID}/index"),
        &format!("/api/layers/sha256:{ID}/file?path=etc"),
        &format!("/api/layers/sha256:{ID}/reading?from=127.0.0.1:1/a@sha256:{ID}"),
        "/api/remote?ref=127.0.0.1:1/a",
    ];
    for target in explorer {
        add(For::Owner, "GET", target);
    }
    add(For::Owner, "POST", "/api/tickets");
    add(For::Owner, "POST", "/api/logins");
    add(For::Owner, "DELETE", "/api/logins/127.0.0.1:5000");
    let workshop = "/api/workshops/000000000000";
    for target in ["/api/workshops", "/api/templates", workshop] {
        add(For::Owner, "GET", target);
    }
    let build = "/api/builds/000000000000";
    for target in ["/api/builds?workshop=x", build, &format!("{build}/events")] {
        add(For::Owner, "GET", target);
    }
    add(For::Owner, "DELETE", build);
    add(For::Owner, "POST", &format!("{build}/steps/1/shell"));
    for target in ["/files", "/file?path=Dockerfile", "/cache?base=x"] {
        add(For::Owner, "GET", &format!("{workshop}{target}"));
    }
    for target in ["", "/build", "/move?path=a&to=b", "/upload?path=a", "/git?path=a"] {
        add(For::Owner, "POST", &format!("{workshop}{target}"));
    }
    for target in ["/file?path=a", "/directory?path=a"] {
        add(For::Owner, "PUT", &format!("{workshop}{target}"));
    }
    for target in ["", "/file?path=a"] {
        add(For::Owner, "DELETE", &format!("{workshop}{target}"));
    }
    for target in ["/api/workshops", "/api/workshops/upload?name=x", "/api/surgery", "/api/surgery/plan"] {
        add(For::Owner, "POST", target);
    }
    let registry = [
        "/v2/",
        "/v2",
        "/v2/_catalog",
        "/v2/token",
        "/v2/demo/tags/list",
        "/v2/demo/manifests/latest",
        &format!("/v2/demo/blobs/sha256:{ID}"),
    ];
    for target in registry {
        add(For::All, "GET", target);
    }
    add(For::All, "GET", "/v1/search?q=demo");
    add(For::All, "GET", &format!("/v2/demo/referrers/sha256:{ID}"));
    for (method, target) in [
        ("POST", "/v2/demo/blobs/uploads/?mount=x"),
        ("PATCH", "/v2/demo/blobs/uploads/x"),
        ("PUT", "/v2/demo/blobs/uploads/x"),
        ("DELETE", "/v2/demo/blobs/uploads/x"),
        ("PUT", "/v2/demo/manifests/x"),
        ("DELETE", "/v2/demo/manifests/x"),
    ] {
        add(For::All, method, target);
    }
    for target in ["/images/x/push", "/images/load", "/images/create?fromSrc=-&repo=BAD", "/auth"] {
        add(For::Owner, "POST", target);
    }
    for target in ["/images/get?names=x", "/images/x/get", "/images/search?term=", "/distribution/BAD/json"] {
        add(For::Owner, "GET", target);
    }
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        for target in ["/", "/nothing", "/api/images", "/api/nothing"] {
            add(For::Owner, method, target);
        }
    }
    routes
}
