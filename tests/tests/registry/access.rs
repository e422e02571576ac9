//! Accounts, the quota, and registries that ours hands on.

use std::{fs, process::Command};

use serde_json::json;
use strata_faulty_registry::{FaultyRegistry, Layer};
use strata_tests::{
    Docker, Scratch, Strata, docker::base64, http::Request, run, skip_without, strata::Options,
};

use crate::scene::{Remote, code, noise};

fn with(env: &[(&str, &str)]) -> Strata {
    let env = env.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    Strata::with(Options { env, ..Options::default() })
}

#[test]
fn with_accounts_only_those_who_have_one_get_in() {
    if skip_without(&["docker", "sh"]) {
        return;
    }
    let scratch = Scratch::new("accounts");
    let file = scratch.join("accounts");
    let line = format!("echo s3cret | {} registry-account ada", Strata::binary().display());
    let made = run(Command::new("sh").args(["-c", &line])).ok();
    assert!(!made.stdout.contains("s3cret"));
    fs::write(&file, &made.stdout).expect("writes");
    let strata = with(&[("STRATA_REGISTRY_ACCOUNTS", file.to_str().expect("UTF-8"))]);
    let registry = Remote(&strata);
    for (method, target) in [
        ("GET", "/v2/"),
        ("GET", "/v2/_catalog"),
        ("POST", "/v2/demo/blobs/uploads/"),
        ("PUT", "/v2/demo/manifests/latest"),
        ("GET", "/v1/search?q=x"),
    ] {
        let answer = registry.send(Request::new(method, target));
        assert_eq!((answer.status, code(&answer).as_str()), (401, "UNAUTHORIZED"), "{method} {target}");
        assert_eq!(answer.header("www-authenticate"), Some("Basic realm=\"strata\""));
    }
    let shown = |pair: &str| {
        let login = format!("Basic {}", base64(pair.as_bytes()));
        registry.send(Request::get("/v2/").header("Authorization", &login)).status
    };
    assert_eq!((shown("ada:s3cret"), shown("ada:wrong"), shown("bob:s3cret")), (200, 401, 401));
    assert_eq!(strata.get("/v2/").status, 200, "the owner's token opens everything");
    // The page's own API is no place for the registry's passwords.
    let login = format!("Basic {}", base64(b"ada:s3cret"));
    assert_eq!(registry.send(Request::get("/api/images").header("Authorization", &login)).status, 401);

    let docker = Docker::new(&strata.socket());
    let host = format!("127.0.0.1:{}", strata.port());
    let wrong = docker.run(&["login", "-u", "ada", "-p", "wrong", &host]).fails();
    assert!(wrong.stderr.contains("401 Unauthorized"), "{wrong}");
    assert!(
        docker.run(&["login", "-u", "ada", "-p", "s3cret", &host]).ok().stdout.contains("Login Succeeded")
    );
    let files = scratch.join("files.tar");
    run(Command::new("tar").arg("-cf").arg(&files).arg("-C").arg(scratch.path()).arg("accounts")).ok();
    let name = format!("{host}/team/files:1");
    docker.run(&["import", files.to_str().expect("UTF-8"), &name]).ok();
    docker.run(&["push", &name]).ok();
    docker.run(&["rmi", &name]).ok();
    docker.run(&["pull", &name]).ok();
    docker.run(&["logout", &host]).ok();
    docker.run(&["push", &name]).fails();
}

#[test]
fn no_more_than_the_quota() {
    let strata = with(&[("STRATA_REGISTRY_QUOTA", "100000")]);
    let registry = Remote(&strata);
    registry.image("demo", "1", &noise(1, 60_000), &json!({}));
    let place = registry.begin("demo");
    let bytes = noise(2, 60_000);
    let target = format!("{place}?digest={}", strata_oci::Digest::of(&bytes));
    let refused = registry.expect("PUT", &target, &bytes, 403);
    assert_eq!(code(&refused), "DENIED");
    assert!(refused.text().contains("may hold 100000"), "{}", refused.text());
    registry.image("demo", "2", &noise(3, 20_000), &json!({}));
}

#[test]
fn a_proxy_fetches_once_and_answers_without_its_upstream() {
    let upstream = FaultyRegistry::start();
    let image = upstream.add_image("team/demo:v1", &[Layer::plain(noise(1, 200_000))]);
    let strata = with(&[("STRATA_REGISTRY_PROXIES", &format!("there={}", upstream.domain()))]);
    let registry = Remote(&strata);
    let manifest = |reference: &str| registry.get(&format!("/v2/there/team/demo/manifests/{reference}"));
    let blob = || registry.get(&format!("/v2/there/team/demo/blobs/{}", image.layers[0].digest));
    assert_eq!(manifest("v1").body, image.manifest_bytes);
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..4).map(|_| scope.spawn(|| blob().body == noise(1, 200_000))).collect();
        assert!(all.into_iter().all(|one| one.join().expect("fetches")));
    });
    assert_eq!(upstream.requests_for("/blobs/").len(), 1, "{:?}", upstream.requests());
    // The tag moves there, and here too.
    let newer = upstream.add_image("team/demo:v1", &[Layer::plain(noise(2, 1000))]);
    assert_eq!(manifest("v1").body, newer.manifest_bytes);
    assert_eq!(manifest(&image.manifest.digest.to_string()).body, image.manifest_bytes);
    assert_eq!(manifest("none").status, 404);
    assert_eq!(registry.get("/v2/elsewhere/team/demo/manifests/v1").status, 404);
    drop(upstream);
    assert_eq!(manifest("v1").body, newer.manifest_bytes, "the upstream is gone");
    assert!(blob().body == noise(1, 200_000));
    assert!(
        registry.get(&format!("/v2/there/team/demo/blobs/{}", newer.layers[0].digest)).status >= 500,
        "never fetched"
    );
}
