//! The part of the internet that documents name: Docker's hub and its search, other registries, a web server and a
//! place for repositories, all under their own host names and with certificates.

use std::{
    net::{IpAddr, Ipv4Addr, TcpListener},
    path::PathBuf,
    process::Command,
    sync::Arc,
};

use serde_json::json;
use strata_faulty_registry::{Account, Auth, Fault, FaultyRegistry, When};
use strata_forge::{Entry, Image, Layer};

use crate::{Daemon, NetNs, Scratch, fixture, netns::wait_for_port, run};

/// Not one of those that are set aside for private use or documentation: builds don't fetch from there.
const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(11, 22, 33, 44));

/// Who is at port 443.
const SECURE: [&str; 7] = [
    "registry-1.docker.io",
    "auth.docker.io",
    "index.docker.io",
    "registry.hub.docker.com",
    "quay.io",
    "registry.cn-hangzhou.aliyuncs.com",
    "www.baidu.com",
];
/// A registry at port 5000.
const POOL: &str = "dl.dockerpool.com";
/// Where git answers.
const REPOSITORIES: &str = "github.com";
/// The password of every account.
pub const PASSWORD: &str = "secret";

/// A package tool that needs no network; what it installs says its name, or its version.
const APT: &str = "#!/bin/sh\n\
    for package; do case $package in\n\
    -*|update|install) continue ;;\n\
    sqlite3) says='3.8.2 2013-12-06 14:53:30' ;;\n\
    *) says=\"this is $package\" ;;\n\
    esac; printf '#!/bin/sh\\necho %s\\n' \"$says\" > /bin/$package; chmod 755 /bin/$package; done\n\
    echo 'Reading package lists... Done'\n";

/// All of it, in a network of its own in which an engine can be started.
pub struct Internet {
    /// Where it is.
    pub netns: Arc<NetNs>,
    secure: FaultyRegistry,
    pool: FaultyRegistry,
    _git: Daemon,
    scratch: Scratch,
}

impl Internet {
    /// Makes one, with the images that documents start from.
    #[track_caller]
    pub fn start() -> Self {
        let netns = NetNs::with_hosts(ADDRESS, &[&SECURE[..], &[POOL, REPOSITORIES]].concat());
        let server = |port: u16, names: &[&str]| {
            let bind = || TcpListener::bind((ADDRESS, port)).expect("nobody else is in this network");
            FaultyRegistry::start_as(netns.inside(bind), names)
        };
        let (secure, pool) = (server(443, &SECURE), server(5000, &[POOL]));
        let scratch = Scratch::new("internet");
        let _git = serve_repositories(&netns, &scratch);
        let this = Self { netns, secure, pool, _git, scratch };
        let certificates = [&this.secure, &this.pool].map(|server| server.certificate().unwrap_or_default());
        std::fs::write(this.certificates(), certificates.concat())
            .expect("the scratch directory is writable");
        this.stock();
        this.open();
        this
    }

    /// The certificates to trust, a PEM file.
    pub fn certificates(&self) -> PathBuf {
        self.scratch.join("certificates.pem")
    }

    /// Lets everybody pull.
    pub fn open(&self) {
        self.secure.require(anonymous(None));
        self.secure.accept_pushes();
    }

    /// Lets only `user` with [`PASSWORD`] in.
    pub fn only(&self, user: &str) {
        self.secure.require(anonymous(Some(Account::new(user, PASSWORD))));
    }

    fn stock(&self) {
        let busybox = fixture::busybox();
        let tools = Layer::new()
            .with(Entry::file("bin/apt-get", APT).mode(0o755))
            .with(Entry::file("bin/gem", "#!/bin/sh\necho gem $*\n").mode(0o755));
        let ubuntu = fixture::busybox().layer("/bin/sh -c #(nop) ADD file:3f2f2548e5ddec788 in / ", tools);
        // At different times: lists are sorted by them.
        for (year, name, image) in [
            (2020, "library/busybox:latest", &busybox),
            (2021, "library/ubuntu:latest", &ubuntu),
            (2014, "library/ubuntu:14.04", &ubuntu),
            (2012, "library/ubuntu:12.04", &busybox),
            (2012, "ubuntu:12.04", &busybox),
            (2015, "training/sinatra:latest", &small("sinatra")),
            (2018, "coreos/flannel:v0.10.0-amd64", &small("flannel")),
        ] {
            let image = fixture::created(&image.build(), &format!("{year}-01-01T00:00:00Z"));
            for registry in [&self.secure, &self.pool] {
                fixture::offer(registry, &image, name);
            }
        }
        let found = json!({ "num_results": 2, "query": "wordpress", "results": [
            { "name": "wordpress", "description": "The WordPress rich content management system can utilize plugins, widgets, and themes.",
              "star_count": 138, "is_official": true, "is_automated": false },
            { "name": "bitnami/wordpress", "description": "Bitnami container image for WordPress",
              "star_count": 25, "is_official": false, "is_automated": true },
        ] });
        let answer = |kind: &str, body: Vec<u8>| Fault::Status {
            code: 200,
            headers: vec![
                ("Content-Type".to_owned(), kind.to_owned()),
                // A file without a time gets that of its download.
                ("Last-Modified".to_owned(), "Wed, 01 Jan 2020 00:00:00 GMT".to_owned()),
            ],
            body,
        };
        self.secure
            .fault(When::path("/v1/search"), answer("application/json", found.to_string().into_bytes()));
        self.secure.fault(When::path("/img/bd_log1.png"), answer("image/png", b"\x89PNG\r\n\x1a\n".to_vec()));
    }
}

/// Tokens as the hub hands them out: by a server of another name.
fn anonymous(account: Option<Account>) -> Auth {
    let realm = Some("https://auth.docker.io/token".to_owned());
    Auth::Bearer { account, life: std::time::Duration::from_secs(60), told: None, realm }
}

fn small(text: &str) -> Image {
    let layer = Layer::new().file("text", text);
    fixture::busybox().layer("COPY text /text", layer)
}

/// `git://github.com/xiexie/gitDockerFile.git`, with a Dockerfile.
fn serve_repositories(netns: &Arc<NetNs>, scratch: &Scratch) -> Daemon {
    let work = scratch.dir("work");
    std::fs::write(
        work.join("Dockerfile"),
        "FROM ubuntu\nADD abc.txt /opt/\nCMD [\"cat\",\"/opt/abc.txt\"]\n",
    )
    .expect("the scratch directory is writable");
    std::fs::write(work.join("abc.txt"), "abc\n").expect("the scratch directory is writable");
    let git = |args: &[&str]| {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=t", "-c", "user.email=t@t", "-c", "init.defaultBranch=master"]);
        command.args(args).current_dir(&work);
        run(command.env("GIT_CONFIG_NOSYSTEM", "1").env("HOME", scratch.path())).ok();
    };
    git(&["init", "-q"]);
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "one"]);
    let served = scratch.dir("served");
    git(&["clone", "-q", "--bare", ".", &served.join("xiexie/gitDockerFile.git").display().to_string()]);
    let mut daemon = netns.command("git");
    daemon.args(["daemon", "--export-all", "--reuseaddr"]);
    daemon.arg(format!("--base-path={}", served.display())).arg(&served);
    let mut daemon = Daemon::start(&mut daemon, &scratch.join("git.log"));
    wait_for_port(&mut daemon, Some(netns), 9418);
    daemon
}
