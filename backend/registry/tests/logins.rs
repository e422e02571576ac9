//! Logins: basic, tokens, docker's configuration and its helpers.

#[path = "support/account.rs"]
mod account;
mod support;

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use account::{PASSWORD, USER, account, filled, login, pull};
use strata_faulty_registry::{Account, Auth, Fault, FaultyRegistry, Layer, When};
use strata_registry::{Client, DockerConfig, Error, ErrorKind, Login, Options};
use support::{client, fetch, noise, options, reference, repository};

#[tokio::test]
async fn basic() {
    let registry = FaultyRegistry::start();
    filled(&registry);
    registry.require(Auth::Basic(account()));
    let domain = registry.domain();
    let nobody = pull(&client(), &registry).await.expect_err("a login is required");
    assert_eq!(nobody.kind(), ErrorKind::Unauthorized);
    let expected = format!("Get \"http://{domain}/v2/demo/manifests/v1\": no basic auth credentials");
    assert_eq!(nobody.to_string(), expected);
    pull(&client().with_login(&domain, login()), &registry).await.expect("logged in");
    let wrong = client().with_login(&domain, Login::password(USER, "wrong"));
    let wrong = pull(&wrong, &registry).await.expect_err("a wrong password");
    assert_eq!(wrong.to_string(), "unauthorized: authentication required");
    assert_eq!(wrong.kind(), ErrorKind::Unauthorized);
}

#[tokio::test]
async fn tokens_are_fetched_once_per_scope() {
    let registry = FaultyRegistry::start();
    filled(&registry);
    registry.require(Auth::bearer(account()));
    let domain = registry.domain();
    let client = client();
    let mine = client.with_login(&domain, login());
    pull(&mine, &registry).await.expect("logged in");
    pull(&mine, &registry).await.expect("logged in");
    let tokens = registry.requests_for("/token");
    assert_eq!(tokens.len(), 1, "{tokens:?}");
    assert!(tokens[0].query.contains("service=faulty&scope=repository%3Ademo%3Apull"), "{}", tokens[0].query);
    assert!(tokens[0].query.contains("account=user"));
    // The token of one login is not used for another.
    let nobody = pull(&client, &registry).await.expect_err("nobody");
    assert_eq!(nobody.kind(), ErrorKind::Unauthorized);
    let expected =
        format!("Get \"http://{domain}/v2/demo/manifests/v1\": unauthorized: incorrect username or password");
    assert_eq!(nobody.to_string(), expected);
    let wrong = client.with_login(&domain, Login::password(USER, "wrong"));
    assert_eq!(pull(&wrong, &registry).await.expect_err("wrong").kind(), ErrorKind::Unauthorized);
}

#[tokio::test]
async fn anybody_may_get_a_token_where_that_is_so() {
    let registry = FaultyRegistry::start();
    filled(&registry);
    registry.require(Auth::anonymous_bearer());
    pull(&client(), &registry).await.expect("anonymous");
    assert_eq!(registry.requests_for("/token").len(), 1);
}

#[tokio::test]
async fn parallel_requests_wait_for_one_token() {
    let registry = FaultyRegistry::start();
    let layers: Vec<Layer> = (0..8).map(|n| Layer::plain(noise(1000 + n))).collect();
    let image = registry.add_image("demo:v1", &layers);
    registry.require(Auth::anonymous_bearer());
    registry.fault(When::path("/token"), Fault::Slow { bytes_per_second: 1000 });
    let (client, name) = (client(), repository(&format!("{}/demo", registry.domain())));
    let fetches = image.layers.iter().map(|layer| fetch(&client, &name, layer));
    for outcome in futures_util::future::join_all(fetches).await {
        outcome.expect("fetched");
    }
    assert_eq!(registry.requests_for("/token").len(), 1);
}

#[tokio::test]
async fn a_token_that_expires_in_the_middle_is_replaced() {
    let registry = FaultyRegistry::start();
    let image = filled(&registry);
    let life = Duration::from_millis(300);
    // The server promises more than it keeps.
    registry.require(Auth::Bearer { account: Some(account()), life, told: Some(3600), realm: None });
    let mine = client().with_login(&registry.domain(), login());
    let name = reference(&format!("{}/demo:v1", registry.domain()));
    mine.resolve(&name).await.expect("logged in");
    // Cut off after the token has expired, and resumed with a new one.
    registry.fault(When::path("/blobs/").first(1), Fault::Slow { bytes_per_second: 400_000 });
    registry.fault(When::path("/blobs/").first(1), Fault::Close { after: 150_000 });
    tokio::time::sleep(life).await;
    fetch(&mine, name.repository(), &image.layers[0]).await.expect("with a new token");
    let tokens = registry.requests_for("/token").len();
    assert!((2..=3).contains(&tokens), "{tokens}");
}

#[tokio::test]
async fn a_token_that_is_never_accepted_ends_it() {
    let registry = FaultyRegistry::start();
    filled(&registry);
    registry.require(Auth::Bearer { account: None, life: Duration::ZERO, told: Some(3600), realm: None });
    let error = pull(&client(), &registry).await.expect_err("expired at birth");
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert!(registry.requests().len() < 10, "{}", registry.requests().len());
}

#[tokio::test]
async fn an_identity_token_is_exchanged_by_post() {
    let registry = FaultyRegistry::start();
    filled(&registry);
    registry.require(Auth::bearer(Account { identity: Some("refresh & me".into()), ..account() }));
    let mine = client().with_login(&registry.domain(), Login::Identity("refresh & me".into()));
    pull(&mine, &registry).await.expect("exchanged");
    let token = &registry.requests_for("/token")[0];
    assert_eq!(token.method, "POST");
    assert!(
        !token.query.contains("refresh") && token.body.contains("refresh_token=refresh+%26+me"),
        "{token:?}"
    );
    let wrong = client().with_login(&registry.domain(), Login::Identity("revoked".into()));
    assert_eq!(pull(&wrong, &registry).await.expect_err("revoked").kind(), ErrorKind::Unauthorized);
    // The secret in the body goes nowhere else.
    let trap = FaultyRegistry::start();
    registry.fault(When::path("/token"), Fault::redirect(&trap.url("/token")));
    let fresh = client().with_login(&registry.domain(), Login::Identity("refresh & me".into()));
    assert!(matches!(pull(&fresh, &registry).await, Err(Error::Redirect { .. })));
    assert!(trap.requests().is_empty());
}

#[tokio::test]
async fn a_token_server_in_trouble_is_asked_again() {
    let registry = FaultyRegistry::start();
    filled(&registry);
    registry.require(Auth::anonymous_bearer());
    registry.fault(When::path("/token").first(2), Fault::status(503));
    registry.fault(When::path("/token").nth(3), Fault::retry_after(429, "1"));
    let start = Instant::now();
    pull(&client(), &registry).await.expect("at last");
    assert!(start.elapsed() >= Duration::from_secs(1));
    for (fault, kind) in [
        (Fault::html(), ErrorKind::Protocol),
        (Fault::status(404), ErrorKind::Unavailable),
        (Fault::Endless, ErrorKind::Protocol),
        (Fault::redirect("file:///etc/passwd"), ErrorKind::Protocol),
    ] {
        registry.heal();
        registry.fault(When::path("/token"), fault.clone());
        let error = pull(&client(), &registry).await.expect_err("no token");
        assert_eq!(error.kind(), kind, "{fault:?}: {error}");
    }
}

#[tokio::test]
async fn a_bearer_token_of_the_users_own_is_sent_as_it_is() {
    let registry = FaultyRegistry::start();
    filled(&registry);
    pull(&client().with_login(&registry.domain(), Login::Bearer("own".into())), &registry)
        .await
        .expect("open to all");
    let shown: Vec<_> = registry
        .requests_for("/demo/")
        .iter()
        .map(|r| r.header("authorization").map(str::to_owned))
        .collect();
    assert!(shown.iter().all(|shown| shown.as_deref() == Some("Bearer own")), "{shown:?}");
}

fn configured(path: &Path, json: &str) -> Client {
    fs::write(path.join("config.json"), json).expect("written");
    let credentials = Arc::new(DockerConfig::at(path.join("config.json")));
    Client::new(Options { credentials, ..options() }).expect("valid options")
}

#[tokio::test]
async fn dockers_configuration_is_used() {
    use base64::Engine as _;
    let registry = FaultyRegistry::start();
    filled(&registry);
    registry.require(Auth::bearer(account()));
    let dir = tempfile::tempdir().expect("a temporary directory");
    let auth = base64::engine::general_purpose::STANDARD.encode(format!("{USER}:{PASSWORD}"));
    let client =
        configured(dir.path(), &format!(r#"{{"auths":{{"{}":{{"auth":"{auth}"}}}}}}"#, registry.domain()));
    pull(&client, &registry).await.expect("logged in");
    let other = configured(dir.path(), &format!(r#"{{"auths":{{"127.0.0.1:1":{{"auth":"{auth}"}}}}}}"#));
    registry.forget();
    assert_eq!(pull(&other, &registry).await.expect_err("another's").kind(), ErrorKind::Unauthorized);
    assert!(!registry.saw_authorization());
}

#[tokio::test]
async fn without_the_login_what_is_public_still_comes() {
    let registry = FaultyRegistry::start();
    filled(&registry);
    registry.require(Auth::anonymous_bearer());
    let dir = tempfile::tempdir().expect("a temporary directory");
    let client = configured(dir.path(), r#"{"credsStore":"strata-no-such-helper"}"#);
    pull(&client, &registry).await.expect("a helper that is not there is no obstacle");
    // Where the login is needed, its loss is what is reported.
    for auth in [Auth::bearer(account()), Auth::Basic(account())] {
        registry.require(auth);
        let client = configured(dir.path(), r#"{"credsStore":"strata-no-such-helper"}"#);
        let error = pull(&client, &registry).await.expect_err("a login is needed");
        assert_eq!(error.kind(), ErrorKind::Local, "{error}");
        assert!(error.to_string().contains("docker-credential-strata-no-such-helper"), "{error}");
    }
}

#[tokio::test]
async fn logins_are_checked() {
    for auth in [Auth::Basic(account()), Auth::bearer(account())] {
        let registry = FaultyRegistry::start();
        registry.require(auth);
        client().authenticate(&registry.domain(), login()).await.expect("the right password");
        let wrong =
            client().authenticate(&registry.domain(), Login::password(USER, "x")).await.expect_err("wrong");
        assert_eq!(wrong.kind(), ErrorKind::Unauthorized);
    }
    let closed = FaultyRegistry::start().domain();
    let error = client().authenticate(&closed, login()).await.expect_err("nobody listens");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
}

#[tokio::test]
async fn credential_helpers_are_asked() {
    let registry = FaultyRegistry::start();
    filled(&registry);
    registry.require(Auth::Basic(account()));
    let dir = tempfile::tempdir().expect("a temporary directory");
    let helper = dir.path().join("docker-credential-strata-test");
    let script = format!(
        "#!/bin/sh\nread server\necho \"$1 $server\" >> {}/asked\necho '{{\"Username\":\"{USER}\",\"Secret\":\"{PASSWORD}\"}}'\n",
        dir.path().display()
    );
    fs::write(&helper, script).expect("written");
    fs::set_permissions(&helper, fs::Permissions::from_mode(0o755)).expect("made executable");
    let json = format!(r#"{{"credHelpers":{{"{}":"strata-test"}}}}"#, registry.domain());
    fs::write(dir.path().join("config.json"), json).expect("written");
    let config = DockerConfig::at(dir.path().join("config.json")).helpers_in(dir.path());
    let client = Client::new(Options { credentials: Arc::new(config), ..options() }).expect("valid options");
    pull(&client, &registry).await.expect("the helper knows");
    pull(&client, &registry).await.expect("the helper knows");
    let asked = fs::read_to_string(dir.path().join("asked")).expect("it was asked");
    assert_eq!(asked, format!("get {}\n", registry.domain()));
}
