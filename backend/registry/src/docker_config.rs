//! `~/.docker/config.json`: logins and the helpers that keep them.

use std::{collections::BTreeMap, io::ErrorKind, path::PathBuf};

use futures_util::future::BoxFuture;
use serde::Deserialize;

use crate::{Credentials, CredentialsError, Login, credential_helper::Helper, login::AuthFields};

/// What docker's command line files Docker Hub's login under.
const HUB_KEY: &str = "https://index.docker.io/v1/";
const FILE_MAX: u64 = 4 << 20;

/// The logins of docker's command line: `auths`, `credHelpers` and `credsStore` of its `config.json`.
///
/// The file is read at every question, so `docker login` takes effect at once; no file means no logins.
#[derive(Clone, Debug)]
pub struct DockerConfig {
    path: Option<PathBuf>,
    helpers: Option<PathBuf>,
}

impl DockerConfig {
    /// `$DOCKER_CONFIG/config.json`, else `$HOME/.docker/config.json`.
    pub fn from_environment() -> Self {
        let dir = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let dir = dir("DOCKER_CONFIG").or_else(|| Some(dir("HOME")?.join(".docker")));
        Self { path: dir.map(|dir| dir.join("config.json")), helpers: None }
    }

    /// The given file.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: Some(path.into()), helpers: None }
    }

    /// Looks for helpers in this directory and not on `PATH`.
    #[must_use]
    pub fn helpers_in(self, dir: impl Into<PathBuf>) -> Self {
        Self { helpers: Some(dir.into()), ..self }
    }

    async fn read(&self) -> Result<Option<File>, CredentialsError> {
        let Some(path) = &self.path else { return Ok(None) };
        let failed = |reason: String| CredentialsError::Config { path: path.display().to_string(), reason };
        let read = async {
            let length = tokio::fs::metadata(path).await?.len();
            if length > FILE_MAX {
                return Err(std::io::Error::new(ErrorKind::FileTooLarge, "larger than any configuration"));
            }
            tokio::fs::read(path).await
        };
        match read.await {
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|error| failed(error.to_string())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(error.to_string())),
        }
    }
}

impl Credentials for DockerConfig {
    fn login<'a>(&'a self, registry: &'a str) -> BoxFuture<'a, Result<Option<Login>, CredentialsError>> {
        Box::pin(async move {
            let Some(mut file) = self.read().await? else { return Ok(None) };
            match file.source(registry) {
                Source::Helper { name, server } => {
                    Helper::named(&name, self.helpers.as_deref())?.get(&server).await
                }
                Source::File(key) => Ok(file.auths.remove(&key).and_then(AuthFields::login)),
                Source::None => Ok(None),
            }
        })
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct File {
    auths: BTreeMap<String, AuthFields>,
    creds_store: String,
    cred_helpers: BTreeMap<String, String>,
}

/// Where the login of one registry is.
#[derive(Debug, PartialEq, Eq)]
enum Source {
    Helper { name: String, server: String },
    File(String),
    None,
}

impl File {
    fn source(&self, registry: &str) -> Source {
        let server = if registry == "docker.io" { HUB_KEY } else { registry };
        let helper = self.cred_helpers.iter().find(|(key, _)| hostname(key) == hostname(server));
        let helper = helper.map(|(_, name)| name).or(Some(&self.creds_store)).filter(|name| !name.is_empty());
        if let Some(name) = helper {
            return Source::Helper { name: name.clone(), server: server.to_owned() };
        }
        let exact = self.auths.get_key_value(server).map(|(key, _)| key);
        let same_host = || self.auths.keys().find(|key| hostname(key) == hostname(server));
        exact.or_else(same_host).map_or(Source::None, |key| Source::File(key.clone()))
    }
}

/// The `host[:port]` of a key, which old versions wrote as a URL.
fn hostname(key: &str) -> &str {
    let key = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://")).unwrap_or(key);
    let host = key.split('/').next().unwrap_or_default();
    if matches!(host, "docker.io" | "registry-1.docker.io") { "index.docker.io" } else { host }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(json: &str, registry: &str) -> Source {
        serde_json::from_str::<File>(json).expect(json).source(registry)
    }

    #[test]
    fn finds_the_login_of_a_registry() {
        let auths = r#"{"auths":{"https://index.docker.io/v1/":{"auth":"eA=="},"r.example:5000":{},
                        "https://old.example/v1/":{}},"HttpHeaders":{"x":"y"}}"#;
        let cases = [
            ("docker.io", Source::File("https://index.docker.io/v1/".into())),
            ("r.example:5000", Source::File("r.example:5000".into())),
            ("r.example", Source::None),
            ("old.example", Source::File("https://old.example/v1/".into())),
            ("index.docker.io.evil.example", Source::None),
        ];
        for (registry, expected) in cases {
            assert_eq!(source(auths, registry), expected);
        }
    }

    #[test]
    fn helpers_come_before_the_file() {
        let json = r#"{"auths":{"a.example":{"auth":"eDp5"}},"credsStore":"store","credHelpers":{"b.example":"own"}}"#;
        let helper = |name: &str, server: &str| Source::Helper { name: name.into(), server: server.into() };
        assert_eq!(source(json, "b.example"), helper("own", "b.example"));
        assert_eq!(source(json, "a.example"), helper("store", "a.example"));
        assert_eq!(source(json, "docker.io"), helper("store", HUB_KEY));
        assert_eq!(source(r#"{"credsStore":""}"#, "a.example"), Source::None);
    }

    #[tokio::test]
    async fn no_file_means_no_login_and_a_broken_one_is_an_error() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("config.json");
        let config = DockerConfig::at(&path);
        assert_eq!(config.login("r.example").await, Ok(None));
        std::fs::write(&path, r#"{"auths":{"r.example":{"auth":"dTpw"}}}"#).expect("written");
        assert_eq!(config.login("r.example").await, Ok(Some(Login::password("u", "p"))));
        std::fs::write(&path, "{").expect("written");
        assert!(matches!(config.login("r.example").await, Err(CredentialsError::Config { .. })));
    }
}
