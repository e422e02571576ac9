//! A registry that has its clients fetch tokens.

use std::{fs, process::Command, sync::Arc};

use serde_json::{Value, json};
use strata_oci::{Digest, MediaType};
use strata_tests::{
    Docker, Dockerd, NetNs, Scratch, Strata,
    docker::base64,
    fixture,
    http::{Answer, Request},
    podman::Podman,
    run, skip_without,
    strata::Options,
};

use crate::scene::{Remote, code, noise};

/// A registry with tokens and the account ada:s3cret.
fn start(scratch: &Scratch, netns: Option<Arc<NetNs>>) -> Strata {
    let file = scratch.join("accounts");
    let line = format!("echo s3cret | {} registry-account ada", Strata::binary().display());
    fs::write(&file, run(Command::new("sh").args(["-c", &line])).ok().stdout).expect("writes");
    let env =
        [("STRATA_REGISTRY_ACCOUNTS", file.to_str().expect("UTF-8")), ("STRATA_REGISTRY_TOKENS", "true")];
    let env = env.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    Strata::with(Options { netns, env, ..Options::default() })
}

fn login(pair: &str) -> String {
    format!("Basic {}", base64(pair.as_bytes()))
}

fn token(registry: &Remote<'_>, query: &str) -> Value {
    let request = Request::get(&format!("/v2/token?service=strata&{query}"));
    let answer = registry.send(request.header("Authorization", &login("ada:s3cret")));
    assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-store")), "{}", answer.text());
    answer.json()
}

fn form(registry: &Remote<'_>, form: &str) -> Answer {
    let request = Request::new("POST", "/v2/token");
    registry.send(request.header("Content-Type", "application/x-www-form-urlencoded").body(form))
}

#[test]
fn a_token_opens_what_it_was_asked_for() {
    let scratch = Scratch::new("tokens");
    let strata = start(&scratch, None);
    let registry = Remote(&strata);
    let with = |token: &Value, method: &str, target: &str| {
        let bearer = format!("Bearer {}", token["token"].as_str().expect("a token"));
        registry.send(Request::new(method, target).header("Authorization", &bearer))
    };
    // Whoever shows nothing is told where to go, and for what.
    let realm = format!("Bearer realm=\"http://127.0.0.1:{}/v2/token\",service=\"strata\"", strata.port());
    let told = |method: &str, target: &str, scope: &str| {
        let answer = registry.send(Request::new(method, target));
        assert_eq!((answer.status, code(&answer).as_str()), (401, "UNAUTHORIZED"), "{method} {target}");
        let scope = if scope.is_empty() { String::new() } else { format!(",scope=\"{scope}\"") };
        assert_eq!(answer.header("www-authenticate"), Some(format!("{realm}{scope}").as_str()));
    };
    told("GET", "/v2/", "");
    told("GET", "/v2/_catalog", "registry:catalog:*");
    told("GET", "/v2/%5Fcatalog", "registry:catalog:*");
    told("GET", "/v2/team/demo/manifests/1", "repository:team/demo:pull");
    told("PUT", "/v2/team/demo/manifests/1", "repository:team/demo:pull,push");
    told("DELETE", "/v2/team/demo/manifests/1", "repository:team/demo:delete");
    let mount = format!("/v2/a/blobs/uploads/?mount={}&from=b", Digest::of(b"x"));
    told("POST", &mount, "repository:a:pull,push repository:b:pull");
    told("GET", "/v2/what%22ever/manifests/1", "");

    let none = token(&registry, "");
    assert_eq!(with(&none, "GET", "/v2/").status, 200);
    assert_eq!((none["expires_in"].as_u64(), none["scope"].as_str()), (Some(300), Some("")));
    assert!(
        none["issued_at"].as_str().is_some_and(|at| at.ends_with('Z')) && none["refresh_token"].is_null()
    );
    let push = token(&registry, "scope=repository:a:push,pull&scope=repository:b:pull&account=ada");
    assert_eq!(push["scope"], "repository:a:pull,push repository:b:pull");
    assert_eq!(with(&push, "POST", "/v2/a/blobs/uploads/").status, 202);
    assert_eq!(with(&push, "POST", &mount).status, 202);
    assert_eq!(with(&push, "GET", "/v2/b/manifests/1").status, 404);
    for (method, target) in [
        ("POST", "/v2/b/blobs/uploads/"),
        ("DELETE", "/v2/a/manifests/1"),
        ("GET", "/v2/c/manifests/1"),
        ("GET", "/v2/a/b/manifests/1"),
        ("GET", "/v2/_catalog"),
    ] {
        let refused = with(&push, method, target);
        assert_eq!(refused.status, 401, "{method} {target}");
        assert!(
            refused.header("www-authenticate").is_some_and(|it| it.ends_with("error=\"insufficient_scope\""))
        );
    }
    assert_eq!(with(&token(&registry, "scope=registry:catalog:*"), "GET", "/v2/_catalog").status, 200);
    let bad = with(&json!({ "token": "x.y.z" }), "GET", "/v2/");
    assert!(bad.header("www-authenticate").is_some_and(|it| it.ends_with("error=\"invalid_token\"")));
    assert_eq!(strata.get("/v2/_catalog").status, 200, "the owner's session opens everything");
    assert_eq!(with(&push, "GET", "/api/images").status, 401, "a token is for the registry alone");

    // Nobody gets one without the password, and no page of another site either.
    for shown in ["", &login("ada:wrong"), &login("bob:s3cret"), "Bearer x"] {
        let refused = registry.send(Request::get("/v2/token").header("Authorization", shown));
        assert_eq!((refused.status, code(&refused).as_str()), (401, "UNAUTHORIZED"), "{shown}");
    }
    let foreign = Request::get("/v2/token").header("Authorization", &login("ada:s3cret"));
    assert_eq!(registry.send(foreign.header("Origin", "http://evil.example")).status, 403);

    // OAuth 2: a refresh token gets further ones, and opens nothing itself.
    let by_password = "grant_type=password&username=ada&password=s3cret&service=strata&client_id=docker";
    let granted = form(&registry, &format!("{by_password}&access_type=offline&scope=repository%3Aa%3Apull"));
    let refresh = granted.json()["refresh_token"].as_str().expect("asked for").to_owned();
    let offline = token(&registry, "offline_token=true&client_id=docker");
    assert!(offline["refresh_token"].is_string());
    assert_eq!(with(&json!({ "token": refresh }), "GET", "/v2/").status, 401);
    let again =
        format!("grant_type=refresh_token&refresh_token={refresh}&service=strata&scope=repository:a:pull");
    let again = form(&registry, &again).json();
    assert_eq!(with(&json!({ "token": again["access_token"] }), "GET", "/v2/a/manifests/1").status, 404);
    assert_eq!(form(&registry, "grant_type=refresh_token&refresh_token=x").status, 401);
    assert_eq!(form(&registry, &by_password.replace("s3cret", "wrong")).status, 401);
    let unknown = form(&registry, "grant_type=x");
    assert_eq!((unknown.status, unknown.json()["error"].as_str()), (400, Some("unsupported_grant_type")));
}

#[test]
fn there_are_no_tokens_where_nobody_asked_for_them() {
    let strata = Strata::start();
    assert_eq!(Remote(&strata).get("/v2/token").status, 404);
    let refused = run(Command::new(Strata::binary()).args(["serve", "--registry-tokens"])).fails();
    assert!(refused.stderr.contains("registry-accounts"), "{refused}");
}

#[test]
fn docker_podman_skopeo_and_buildah_log_in_push_and_pull() {
    if skip_without(&["dockerd", "docker", "skopeo", "podman", "buildah"]) {
        return;
    }
    let netns = NetNs::new();
    let scratch = Scratch::new("tokens");
    let strata = start(&scratch, Some(netns.clone()));
    let host = format!("127.0.0.1:{}", strata.port());
    let name = |name: &str| format!("{host}/team/{name}:1");
    let image = fixture::demo().build();
    let archive = scratch.join("demo.tar");
    strata_forge::docker_archive(&[(&image, &["demo:1"])], fs::File::create(&archive).expect("creates"))
        .expect("writes");
    let archive = archive.to_str().expect("UTF-8");

    let dockerd = Dockerd::start(&netns);
    for (by, docker) in
        [("strata", Docker::new(&strata.socket())), ("dockerd", Docker::new(&dockerd.socket()))]
    {
        let login = |password: &str| docker.run(&["login", "-u", "ada", "-p", password, &host]);
        docker.run(&["load", "-i", archive]).ok();
        docker.run(&["tag", "demo:1", &name(by)]).ok();
        docker.run(&["push", &name(by)]).fails();
        login("wrong").fails();
        assert!(login("s3cret").ok().stdout.contains("Login Succeeded"), "{by}");
        docker.run(&["push", &name(by)]).ok();
        docker.run(&["rmi", &name(by)]).ok();
        docker.run(&["pull", &name(by)]).ok();
        let found = docker.run(&["search", &format!("{host}/{by}")]).ok();
        assert!(found.stdout.contains(&format!("team/{by}")), "{found}");
        // What is there is mounted from the other repository.
        docker.run(&["tag", &name(by), &name(&format!("{by}-too"))]).ok();
        docker.run(&["push", &name(&format!("{by}-too"))]).ok();
        let kept = docker.command(&[]);
        let home = kept.get_envs().find_map(|(key, value)| (key == "DOCKER_CONFIG").then_some(value?));
        if let (Some(home), "dockerd") = (home, by) {
            let config = fs::read_to_string(std::path::Path::new(home).join("config.json")).expect("reads");
            assert!(config.contains("identitytoken"), "{config}");
            assert!(!config.contains(&base64(b"ada:s3cret")), "the password isn't kept");
        }
        docker.run(&["logout", &host]).ok();
        docker.run(&["pull", &name("strata-too")]).fails();
    }

    let auth = scratch.join("auth.json");
    let auth = auth.to_str().expect("UTF-8");
    let podman = Podman::new(Some(&netns));
    let of = |args: &[&str]| run(podman.command().args(args));
    let plain = "--tls-verify=false";
    of(&["login", plain, "--authfile", auth, "-u", "ada", "-p", "wrong", &host]).fails();
    of(&["login", plain, "--authfile", auth, "-u", "ada", "-p", "s3cret", &host]).ok();
    of(&["load", "-i", archive]).ok();
    of(&["push", plain, "--authfile", auth, "localhost/demo:1", &name("podman")]).ok();
    of(&["pull", plain, "--authfile", auth, &name("dockerd")]).ok();
    of(&["pull", plain, &name("dockerd")]).fails();
    let skopeo = |args: &[&str]| run(netns.command("skopeo").args(args));
    let (from, to) = (format!("docker://{}", name("podman")), format!("docker://{}", name("skopeo")));
    let copy = ["copy", "--src-tls-verify=false", "--dest-tls-verify=false", "--authfile", auth];
    skopeo(&[&copy[..], &["--insecure-policy", &from, &to]].concat()).ok();
    skopeo(&["delete", plain, "--authfile", auth, &to]).ok();
    skopeo(&["list-tags", plain, "--authfile", auth, &format!("docker://{host}/team/podman")]).ok();
    skopeo(&["inspect", plain, &from]).fails();
    let mut buildah = netns.command("buildah");
    for (option, folder) in [("--root", "b-root"), ("--runroot", "b-run")] {
        buildah.arg(option).arg(scratch.join(folder));
    }
    run(buildah.args(["--storage-driver=vfs", "pull", "-q", plain, "--authfile", auth, &name("strata")]))
        .ok();
}

#[test]
fn tokens_of_one_server_mean_nothing_to_another_and_survive_a_restart() {
    let scratches = [Scratch::new("tokens"), Scratch::new("tokens")];
    let [mut strata, other] = [start(&scratches[0], None), start(&scratches[1], None)];
    let granted = token(&Remote(&strata), "scope=repository:demo:pull,push");
    let bearer = format!("Bearer {}", granted["token"].as_str().expect("a token"));
    let status = |strata: &Strata| {
        let request = Request::new("PUT", "/v2/demo/manifests/1").header("Authorization", &bearer);
        Remote(strata).send(request.header("Content-Type", MediaType::OCI_MANIFEST).body(noise(1, 10))).status
    };
    assert_eq!((status(&strata), status(&other)), (400, 401));
    strata.stop();
    strata.restart();
    assert_eq!(status(&strata), 400, "the key is kept");
}
