//! Programs that keep logins: `docker-credential-NAME get`, the server on stdin, JSON on stdout.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use serde::Deserialize;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    process::Command,
};

use crate::{CredentialsError, Login, refusal::one_line};

/// A helper may ask its user something, but not for ever.
const PATIENCE: Duration = Duration::from_secs(30);
const OUTPUT_MAX: u64 = 64 << 10;
/// What helpers say when they have no login for a server; it is no failure.
const NOT_FOUND: &str = "credentials not found";
/// Stands in the user's place where the secret is an identity token.
const TOKEN_USER: &str = "<token>";

/// A credential helper.
#[derive(Debug)]
pub(crate) struct Helper {
    program: PathBuf,
    patience: Duration,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    #[serde(default)]
    username: String,
    #[serde(default)]
    secret: String,
}

impl Helper {
    /// The helper that `config.json` calls `name`, in `dir` or else on `PATH`.
    pub(crate) fn named(name: &str, dir: Option<&Path>) -> Result<Self, CredentialsError> {
        let program = format!("docker-credential-{name}");
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        if name.is_empty() || !name.bytes().all(plain) {
            let helper = one_line(&program);
            return Err(CredentialsError::Helper { helper, reason: "not the name of a program".into() });
        }
        // A bare name is looked up on `PATH`.
        let program = dir.map_or_else(|| PathBuf::from(&program), |dir| dir.join(&program));
        Ok(Self { program, patience: PATIENCE })
    }

    /// Asks for the login of `server`.
    pub(crate) async fn get(&self, server: &str) -> Result<Option<Login>, CredentialsError> {
        let run = tokio::time::timeout(self.patience, self.run(server)).await;
        let (ok, output) = match run {
            Ok(Ok(done)) => done,
            Ok(Err(error)) => return Err(self.failed(error.to_string())),
            Err(_) => return Err(self.failed(format!("no answer within {} s", self.patience.as_secs_f32()))),
        };
        if output.len() as u64 > OUTPUT_MAX {
            return Err(self.failed(format!("more than {OUTPUT_MAX} bytes of output")));
        }
        if !ok {
            let text = String::from_utf8_lossy(&output);
            return if text.contains(NOT_FOUND) { Ok(None) } else { Err(self.failed(one_line(&text))) };
        }
        let answer: Answer =
            serde_json::from_slice(&output).map_err(|_| self.failed("its answer is not JSON".into()))?;
        Ok(match (answer.username.as_str(), answer.secret) {
            (_, secret) if secret.is_empty() => None,
            (TOKEN_USER, secret) => Some(Login::Identity(secret.into())),
            ("", _) => None,
            (username, secret) => Some(Login::password(username, secret)),
        })
    }

    async fn run(&self, server: &str) -> std::io::Result<(bool, Vec<u8>)> {
        let mut child = Command::new(&self.program)
            .arg("get")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let mut stdin = child.stdin.take().expect("stdin is piped");
        // A helper that does not read what it is asked is judged by its answer.
        let _ = stdin.write_all(format!("{server}\n").as_bytes()).await;
        drop(stdin);
        let stdout = child.stdout.take().expect("stdout is piped");
        let mut output = Vec::new();
        stdout.take(OUTPUT_MAX + 1).read_to_end(&mut output).await?;
        if output.len() as u64 > OUTPUT_MAX {
            child.start_kill()?;
        }
        Ok((child.wait().await?.success(), output))
    }

    fn failed(&self, reason: String) -> CredentialsError {
        CredentialsError::Helper { helper: self.program.display().to_string(), reason }
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::*;

    async fn ask(script: &str) -> Result<Option<Login>, CredentialsError> {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let program = dir.path().join("docker-credential-test");
        fs::write(&program, format!("#!/bin/sh\n{script}\n")).expect("written");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("made executable");
        Helper { program, patience: Duration::from_secs(2) }.get("r.example:5000").await
    }

    #[tokio::test]
    async fn speaks_the_protocol() {
        let script = r#"read server; [ "$1" = get ] || exit 9; echo '{"ServerURL":"'$server'","Username":"'$server'","Secret":"s"}'"#;
        assert_eq!(ask(script).await, Ok(Some(Login::password("r.example:5000", "s"))));
        assert_eq!(
            ask(r#"echo '{"Username":"<token>","Secret":"t"}'"#).await,
            Ok(Some(Login::Identity("t".into())))
        );
        assert_eq!(ask("echo credentials not found in native keychain; exit 1").await, Ok(None));
        assert_eq!(ask(r#"echo '{"Username":"","Secret":""}'"#).await, Ok(None));
    }

    #[tokio::test]
    async fn a_helper_cannot_do_much_harm() {
        let failure = async |script| match ask(script).await {
            Err(CredentialsError::Helper { reason, .. }) => reason,
            other => panic!("{script}: {other:?}"),
        };
        assert_eq!(failure("echo keychain is locked; exit 1").await, "keychain is locked");
        assert_eq!(failure("echo hello").await, "its answer is not JSON");
        assert!(failure("exec sleep 100").await.starts_with("no answer within"));
        assert!(failure("exec cat /dev/zero").await.starts_with("more than"));
        for name in ["", "../x", "a/b", "a b", "a;b"] {
            assert!(Helper::named(name, None).is_err(), "{name}");
        }
        let missing = Helper::named("strata-no-such-helper", None).expect("a plain name").get("x").await;
        assert!(matches!(missing, Err(CredentialsError::Helper { .. })));
    }
}
