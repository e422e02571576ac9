//! Logins are shown to whom they belong to, and to nobody else.

#[path = "support/account.rs"]
mod account;
mod support;

use std::time::Duration;

use account::{account, filled, login, pull};
use strata_faulty_registry::{Auth, Fault, FaultyRegistry, When};
use strata_registry::{Client, Error, ErrorKind, Options};
use support::{client, fetch, options, repository};

#[tokio::test]
async fn a_login_is_for_its_registry_alone() {
    let registry = FaultyRegistry::start();
    filled(&registry);
    registry.require(Auth::Basic(account()));
    let other = client().with_login("r.example", login());
    assert_eq!(pull(&other, &registry).await.expect_err("not for this one").kind(), ErrorKind::Unauthorized);
    // Nor is it shown to a registry that does not ask.
    registry.require(Auth::None);
    let mine = client().with_login(&registry.domain(), login());
    registry.forget();
    pull(&mine, &registry).await.expect("open to all");
    assert!(!registry.saw_authorization());
}

#[tokio::test]
async fn a_redirect_to_another_host_sees_no_login() {
    for auth in [Auth::Basic(account()), Auth::bearer(account())] {
        let (registry, cdn) = (FaultyRegistry::start(), FaultyRegistry::start());
        let image = filled(&registry);
        filled(&cdn);
        registry.require(auth);
        for descriptor in image.layers.iter().chain([&image.config, &image.manifest]) {
            let path = if descriptor == &image.manifest {
                "/v2/demo/manifests/v1".to_owned()
            } else {
                format!("/v2/demo/blobs/{}", descriptor.digest)
            };
            registry.fault(When::path(&path), Fault::redirect(&cdn.url(&format!("{path}?signature=x"))));
        }
        // Cut in the middle: the resumed request goes the same way.
        cdn.fault(When::path("/blobs/").nth(2), Fault::Close { after: 100_000 });
        pull(&client().with_login(&registry.domain(), login()), &registry).await.expect("redirected");
        assert!(registry.saw_authorization());
        assert!(cdn.requests().len() >= 5);
        assert!(!cdn.saw_authorization(), "{:?}", cdn.requests());
        assert!(cdn.requests().iter().all(|r| r.header("referer").is_none() && r.header("cookie").is_none()));
    }
}

#[tokio::test]
async fn who_we_are_sent_to_gets_no_login_by_asking_or_sending_back() {
    let (registry, other) = (FaultyRegistry::start(), FaultyRegistry::start());
    let image = filled(&registry);
    filled(&other);
    registry.require(Auth::Basic(account()));
    other.require(Auth::Basic(account()));
    let path = format!("/v2/demo/blobs/{}", image.layers[0].digest);
    registry.fault(When::path(&path), Fault::redirect(&other.url(&path)));
    let mine = client().with_login(&registry.domain(), login());
    let name = repository(&format!("{}/demo", registry.domain()));
    let error = fetch(&mine, &name, &image.layers[0]).await.expect_err("a login is asked for, in vain");
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert!(!other.saw_authorization());
    // Sent back, the request comes without a login too: the other host chose it.
    other.fault(When::path(&path), Fault::redirect(&registry.url("/v2/secret/blobs/x")));
    let _ = fetch(&mine, &name, &image.layers[0]).await.expect_err("sent back without a login");
    let back = registry.requests_for("/v2/secret/");
    assert!(!back.is_empty() && back.iter().all(|request| request.header("authorization").is_none()));
}

#[tokio::test]
async fn redirects_have_limits() {
    let registry = FaultyRegistry::start();
    let image = filled(&registry);
    let name = repository(&format!("{}/demo", registry.domain()));
    let outcome = async |location: &str| {
        registry.heal();
        registry.fault(When::path("/blobs/"), Fault::redirect(location));
        fetch(&client(), &name, &image.layers[0]).await.expect_err("refused")
    };
    let own = outcome(&format!("/v2/demo/blobs/{}", image.layers[0].digest)).await;
    assert!(own.to_string().ends_with("stopped after 5 redirects"), "{own}");
    for location in [
        "http://169.254.169.254/latest/meta-data",
        "http://[fe80::1]/",
        "file:///etc/passwd",
        "http://u:p@127.0.0.1/",
    ] {
        let error = outcome(location).await;
        assert!(matches!(error, Error::Redirect { .. }), "{location}: {error}");
        assert_eq!(error.kind(), ErrorKind::Protocol);
    }
    let secret = outcome("http://169.254.169.254/?signature=secret").await;
    assert!(!secret.to_string().contains("secret"), "{secret}");
}

#[tokio::test]
async fn https_is_not_left_for_http() {
    let (registry, plain) = (FaultyRegistry::start_tls(), FaultyRegistry::start());
    let image = filled(&registry);
    filled(&plain);
    let path = format!("/v2/demo/blobs/{}", image.layers[0].digest);
    registry.fault(When::path(&path), Fault::redirect(&plain.url(&path)));
    let name = repository(&format!("{}/demo", registry.domain()));
    let error = fetch(&client(), &name, &image.layers[0]).await.expect_err("less secure");
    assert!(error.to_string().contains("it leaves https"), "{error}");
    assert!(plain.requests().is_empty());
    // Nor does an https registry get its tokens over http.
    send_to(&registry, plain.url("/token"));
    let error =
        pull(&client().with_login(&registry.domain(), login()), &registry).await.expect_err("less secure");
    assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
    assert!(plain.requests().is_empty());
}

/// Has a registry name that token server.
fn send_to(registry: &FaultyRegistry, realm: String) {
    let life = Duration::from_secs(60);
    registry.require(Auth::Bearer { account: Some(account()), life, told: None, realm: Some(realm) });
}

#[tokio::test]
async fn a_token_server_that_an_https_registry_names_sees_the_login() {
    // On whatever host: Docker Hub's is another.
    let (registry, tokens) = (FaultyRegistry::start_tls(), FaultyRegistry::start_tls());
    filled(&registry);
    send_to(&registry, tokens.url("/token"));
    tokens.require(Auth::bearer(account()));
    pull(&client().with_login(&registry.domain(), login()), &registry).await.expect("a token from elsewhere");
    assert!(tokens.saw_authorization());
    let to_registry = registry.requests();
    assert!(
        to_registry.iter().all(|r| r.header("authorization").is_none_or(|a| a.starts_with("Bearer "))),
        "{to_registry:?}"
    );
}

#[tokio::test]
async fn over_plain_http_a_login_is_for_its_host_and_port() {
    let registry = FaultyRegistry::start();
    filled(&registry);
    for (tokens, tls) in [(FaultyRegistry::start(), false), (FaultyRegistry::start_tls(), true)] {
        tokens.require(Auth::bearer(account()));
        send_to(&registry, tokens.url("/token"));
        let mine = client().with_login(&registry.domain(), login());
        let error = pull(&mine, &registry).await.expect_err("another port");
        assert_eq!(error.kind(), ErrorKind::Unauthorized);
        let hint = format!("allow it with --insecure-registry {}", tokens.domain());
        assert!(error.to_string().contains(&hint), "{error}");
        assert!(tokens.requests().is_empty(), "https: {tls}");

        // Unless the user says that it is right.
        let insecure = vec![tokens.domain().parse().expect("a host and port")];
        let allowed = Client::new(Options { insecure, ..options() }).expect("valid options");
        pull(&allowed.with_login(&registry.domain(), login()), &registry).await.expect("allowed");
        assert!(tokens.saw_authorization(), "https: {tls}");
    }
    // The same port of another name is another host.
    send_to(&registry, registry.url("/token").replace("127.0.0.1", "localhost"));
    registry.forget();
    let error = pull(&client().with_login(&registry.domain(), login()), &registry).await;
    assert_eq!(error.expect_err("another host").kind(), ErrorKind::Unauthorized);
    assert!(!registry.saw_authorization());

    // Never in the cloud's metadata service.
    let realm = Some("http://169.254.169.254/token".to_owned());
    registry.require(Auth::Bearer { account: None, life: Duration::from_secs(60), told: None, realm });
    assert!(matches!(pull(&client(), &registry).await, Err(Error::Redirect { .. })));
}

#[tokio::test]
async fn a_redirected_token_request_leaves_the_password_behind() {
    let (registry, trap) = (FaultyRegistry::start(), FaultyRegistry::start());
    filled(&registry);
    registry.require(Auth::bearer(account()));
    trap.require(Auth::bearer(account()));
    registry.fault(When::path("/token"), Fault::redirect(&trap.url("/token")));
    let error =
        pull(&client().with_login(&registry.domain(), login()), &registry).await.expect_err("no login there");
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert_eq!(trap.requests().len(), 1);
    assert!(!trap.saw_authorization());
}
