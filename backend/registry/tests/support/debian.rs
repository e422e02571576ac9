//! Debian's docker-registry and skopeo.
#![allow(dead_code)] // each test program uses its own part

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
};

use tempfile::TempDir;

/// The password of `user`, where one is required.
pub const PASSWORD: &str = "secret";
/// `PASSWORD` by bcrypt, at the lowest cost.
const HTPASSWD: &str = "user:$2b$04$dFiOMuH3.G3Vhlh8GO.uT.9Kqh5L6hzko/r.hFWKRLrF80H1OcfbS\n";

/// A docker-registry on a free port, gone when dropped.
pub struct DebianRegistry {
    child: Child,
    pub domain: String,
    pub dir: TempDir,
    locked: bool,
}

impl DebianRegistry {
    /// Open to all, or only to `user`.
    pub fn start(locked: bool) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().display();
        let mut config = format!(
            "version: 0.1\nlog: {{level: info, accesslog: {{disabled: true}}}}\nhttp: {{addr: '127.0.0.1:0'}}\n\
             storage: {{filesystem: {{rootdirectory: {path}/registry}}}}\n"
        );
        if locked {
            fs::write(dir.path().join("htpasswd"), HTPASSWD).expect("written");
            config += &format!("auth: {{htpasswd: {{realm: tests, path: {path}/htpasswd}}}}\n");
        }
        fs::write(dir.path().join("config.yml"), config).expect("written");
        let mut child = Command::new("docker-registry")
            .arg("serve")
            .arg(dir.path().join("config.yml"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("Debian's docker-registry is installed");
        let mut log = BufReader::new(child.stderr.take().expect("stderr is piped"));
        let domain = loop {
            let mut line = String::new();
            assert_ne!(log.read_line(&mut line).expect("its log is text"), 0, "docker-registry ended");
            if let Some((_, rest)) = line.split_once("listening on ") {
                break rest.split(['"', ',']).next().expect("an address").to_owned();
            }
        };
        // A full pipe would stop it.
        thread::spawn(move || log.read_to_end(&mut Vec::new()));
        Self { child, domain, dir, locked }
    }

    /// Pushes a tag of an OCI layout.
    pub fn push(&self, layout: &Path, tag: &str, name: &str, options: &[&str]) {
        let mut command = Command::new("skopeo");
        command.args(["--insecure-policy", "copy", "--dest-tls-verify=false"]).args(options);
        if self.locked {
            command.args(["--dest-creds", &format!("user:{PASSWORD}")]);
        }
        command
            .arg(format!("oci:{}:{tag}", layout.display()))
            .arg(format!("docker://{}/{name}", self.domain));
        let output = command.output().expect("skopeo is installed");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

impl Drop for DebianRegistry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
