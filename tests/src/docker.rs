//! The docker command line.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::Command,
};

use crate::{NetNs, Run, Scratch, http::Dial, run};

/// A docker client that talks to one engine, with a configuration of its own.
pub struct Docker {
    program: PathBuf,
    socket: PathBuf,
    api: Option<String>,
    home: Scratch,
}

impl Docker {
    /// The clients on this machine, Debian's 20.10 first, as (version, path).
    pub fn installed() -> Vec<(String, PathBuf)> {
        let version = |path: &Path| {
            let run = run(Command::new(path).arg("--version"));
            let words: Vec<&str> = run.stdout.split([' ', ',']).collect();
            words.get(2).map(|v| (*v).to_owned()).unwrap_or_default()
        };
        let paths = ["/usr/bin/docker", "/usr/local/bin/docker"].map(PathBuf::from);
        paths.into_iter().filter(|p| p.is_file()).map(|p| (version(&p), p)).collect()
    }

    /// The first of [`Docker::installed`], for the engine at `socket`.
    pub fn new(socket: &Path) -> Self {
        let program = Self::installed().into_iter().next().expect("a docker client is installed").1;
        Self::at(program, socket)
    }

    /// The client `program` for the engine at `socket`.
    pub fn at(program: PathBuf, socket: &Path) -> Self {
        let home = Scratch::new("docker");
        Self { program, socket: socket.to_owned(), api: None, home }
    }

    /// Speaking this version of the API instead of negotiating one.
    pub fn api(mut self, version: &str) -> Self {
        self.api = Some(version.to_owned());
        self
    }

    /// As after `docker login registry` of that user.
    pub fn log_in(&self, registry: &str, user: &str, password: &str) {
        let auth = base64(format!("{user}:{password}").as_bytes());
        let config = serde_json::json!({ "auths": { registry: { "auth": auth } } });
        fs::write(self.home.join("config.json"), config.to_string())
            .expect("the scratch directory is writable");
    }

    /// A command to add to.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(args)
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("HOME", self.home.path())
            .env("DOCKER_CONFIG", self.home.path())
            .env("DOCKER_HOST", format!("unix://{}", self.socket.display()));
        if let Some(api) = &self.api {
            command.env("DOCKER_API_VERSION", api);
        }
        command
    }

    /// A line for a shell in which `docker` is this client and `sudo` changes nothing, in `netns`.
    pub fn shell(&self, netns: &NetNs, line: &str) -> Command {
        let mut command = netns.command("sh");
        command.args(["-c", line]);
        self.typed_at(command)
    }

    /// Likewise, on a terminal: for [`crate::terminal::typed`].
    pub fn terminal(&self, netns: &NetNs, line: &str) -> Command {
        let mut command = netns.command("script");
        command.args(["-qefc", line, "/dev/null"]);
        self.typed_at(command)
    }

    fn typed_at(&self, mut command: Command) -> Command {
        let bin = self.home.join("bin");
        if !bin.exists() {
            fs::create_dir(&bin).expect("the scratch directory is writable");
            symlink(&self.program, bin.join("docker")).expect("the scratch directory is writable");
            fs::write(bin.join("sudo"), "#!/bin/sh\nexec \"$@\"\n")
                .expect("the scratch directory is writable");
            fs::set_permissions(bin.join("sudo"), PermissionsExt::from_mode(0o755))
                .expect("it was just made");
        }
        let own = self.command(&[]);
        command.env_clear().envs(own.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.env("PATH", format!("{}:/usr/sbin:/usr/bin:/sbin:/bin", bin.display()));
        command.env("SHELL", "/bin/sh").env("DOCKER_BUILDKIT", "0");
        command
    }

    /// To the engine itself.
    pub fn dial(&self) -> Dial {
        Dial::Unix(self.socket.clone())
    }

    /// Runs `docker ARGS`.
    #[track_caller]
    pub fn run(&self, args: &[&str]) -> Run {
        run(&mut self.command(args))
    }
}

/// RFC 4648 with padding, as `X-Registry-Auth` and `config.json` use it.
pub fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = (0..3).fold(0u32, |bits, i| bits << 8 | u32::from(chunk.get(i).copied().unwrap_or(0)));
        for i in 0..4 {
            let sextet = (bits >> (18 - 6 * i) & 63) as usize;
            text.push(if i <= chunk.len() { char::from(ALPHABET[sextet]) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn base64_pads() {
        for (plain, coded) in
            [("", ""), ("a", "YQ=="), ("ab", "YWI="), ("abc", "YWJj"), ("ada:secret", "YWRhOnNlY3JldA==")]
        {
            assert_eq!(super::base64(plain.as_bytes()), coded);
        }
    }
}
