//! Builds that install Debian's packages over the network, as the documents' own do, and the page's templates that do.

use std::{
    path::Path,
    process::Command,
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
};

use serde_json::{Value, json};
use strata_tests::{Docker, Run, Strata, debian, http::Request, run, skip_without, strata::Options};

use crate::scene::context;

/// A server on the machine's own network, with Debian under the names that the documents use, and its test's turn: of two builds that
/// do the same step at the same time, as documents and templates do, the cache keeps the later, and the steps after the other's are done again.
fn server() -> Option<(MutexGuard<'static, ()>, &'static Strata)> {
    static TURN: Mutex<()> = Mutex::new(());
    static SERVER: OnceLock<Option<Strata>> = OnceLock::new();
    let start = || {
        if skip_without(&["docker", "runc", "iptables", "mmdebstrap"]) {
            return None;
        }
        let base = debian::base()?;
        // A mirror may well be in a private network.
        let env = vec![("STRATA_BUILD_PRIVATE_ADDRESSES".into(), "true".into())];
        let strata = Strata::with(Options { env, ..Options::default() });
        let docker = Docker::new(&strata.socket());
        let mut import = docker.command(&["import", "-c", "CMD [\"bash\"]"]);
        run(import.arg(&base).arg("debian:12")).ok();
        for name in ["ubuntu:14.04", "ubuntu:latest"] {
            docker.run(&["tag", "debian:12", name]).ok();
        }
        Some(strata)
    };
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    SERVER.get_or_init(start).as_ref().map(|strata| (turn, strata))
}

/// `docker build ARGS .`, with the network of containers.
fn build(docker: &Docker, context: &Path, args: &[&str]) -> Run {
    let mut command: Command = docker.command(&[&["build"], args, &["."]].concat());
    run(command.current_dir(context).env("DOCKER_BUILDKIT", "0"))
}

fn has(run: &Run, lines: &[&str]) {
    for line in lines {
        assert!(run.stdout.contains(line), "{line}: {run}");
    }
}

#[test]
fn the_documents_ruby_image_builds() {
    let Some((_turn, strata)) = server() else { return };
    let docker = Docker::new(&strata.socket());
    // As it stands there; Debian has the gem as a package.
    let text = "# This is a comment\nFROM ubuntu:14.04\nMAINTAINER Docker Newbee <newbee@docker.com>\nRUN apt-get -qq update\n\
        RUN apt-get -qqy install ruby-sinatra --no-install-recommends\nRUN ruby -rsinatra/base -e 'puts Sinatra::VERSION'\n";
    let files = context(&[("Dockerfile", text)]);
    let built = build(&docker, files.path(), &["-t=hujingwei:hu2"]).ok();
    has(
        &built,
        &[
            "Step 1/5 : FROM ubuntu:14.04",
            "Step 4/5 : RUN apt-get -qqy install ruby-sinatra",
            "Setting up ruby-sinatra ",
            " ---> Running in ",
            "Removing intermediate container ",
            "Successfully built ",
            "Successfully tagged hujingwei:hu2",
        ],
    );
    let again = build(&docker, files.path(), &["-t", "hujingwei:hu2", "-t", "hujingwei:again"]).ok();
    assert_eq!(again.stdout.matches(" ---> Using cache").count(), 4, "{again}");
    has(&again, &["Successfully tagged hujingwei:again"]);
    let app = docker.run(&["run", "--rm", "hujingwei:again", "ruby", "-e", "puts 6 * 7"]).ok();
    assert_eq!(app.text(), "42");
    // All steps' containers went; one that is to stay does.
    let left = || docker.run(&["ps", "--all", "--quiet"]).ok().lines().len();
    let before = left();
    let kept = context(&[("Dockerfile", "FROM hujingwei:hu2\nRUN ruby -v\n")]);
    build(&docker, kept.path(), &["--rm=false", "--no-cache=true"]).ok();
    assert_eq!(left(), before + 1);
    // A proxy that is given is used, and no trace of it stays.
    let proxied = context(&[(
        "Dockerfile",
        "FROM hujingwei:hu2\nRUN apt-get update -o APT::Update::Error-Mode=any && exit 3; echo $http_proxy\n",
    )]);
    let build_arg = ["--build-arg", "http_proxy=http://127.0.0.1:9", "-t", "proxied"];
    has(&build(&docker, proxied.path(), &build_arg).ok(), &["http://127.0.0.1:9"]);
    let history = docker.run(&["history", "--no-trunc", "proxied"]).ok();
    assert!(!history.stdout.contains("127.0.0.1:9"), "{history}");
}

#[test]
fn the_documents_image_of_every_instruction_builds() {
    let Some((_turn, strata)) = server() else { return };
    let docker = Docker::new(&strata.socket());
    // As it stands there, but for the picture, which is elsewhere.
    let text = format!(
        "# Version::1.0.1\nFROM  ubuntu:latest\n\nMAINTAINER xxh \"xxh@qq.com\"\n\n#设置root用户为后续命令的执行者\nUSER root\n\n\
        #执行操作\nRUN apt-get update\nRUN apt-get install -y nginx\n\n#使用&&拼接命令\nRUN touch test.txt && echo \"abc\" >> abc.txt\n\n\
        #对外暴露端口\nEXPOSE 80 8080 1038\n\n#添加文件\nADD abc.txt /opt/\n\n#添加文件夹\nADD /webapp  /opt/webapp\n\n\
        #添加网络文件\nADD http://{}/debian/dists/bookworm/Release /opt/\n\n#设置环境变量\nENV WEBAPP_POST=9090\n\n#设置工作目录\nWORKDIR /opt/\n\n\
        #设置启动命令\nENTRYPOINT [\"ls\"]\n\n#设置启动参数\nCMD [\"-a\",\"-l\"]\n\n#设置卷\nVOLUME [\"/data\",\"/var/www\"]\n\n\
        #设置子镜像的触发操作\nONBUILD ADD . /app/src\nONBUILD RUN echo \"on build excuted\" >> onbuild.txt\n",
        debian::MIRROR
    );
    let files = context(&[("Dockerfile", &text), ("abc.txt", "abc\n"), ("webapp/index.html", "hello\n")]);
    let built = build(&docker, files.path(), &["-t", "xiexie/test:v1"]).ok();
    has(
        &built,
        &["Step 17/17 : ONBUILD RUN echo", "Setting up nginx ", "Successfully tagged xiexie/test:v1"],
    );
    let again = build(&docker, files.path(), &["-t", "xiexie/test:v2"]).ok();
    assert_eq!(again.stdout.matches(" ---> Using cache").count(), 16, "{again}");
    let ids = docker.run(&["images", "--quiet", "--no-trunc", "xiexie/test"]).ok();
    assert_eq!(ids.lines()[0], ids.lines()[1], "{ids}");
    has(&docker.run(&["run", "--rm", "xiexie/test:v1"]).ok(), &["Release", "abc.txt", "webapp"]);
    let nginx = ["run", "--rm", "--entrypoint", "nginx", "xiexie/test:v1", "-t"];
    let checked = docker.run(&nginx).ok();
    assert!(checked.stderr.contains("test is successful"), "{checked}");
}

/// The last event of a build of a workshop that is made from a template.
fn build_template(strata: &Strata, name: &str) -> Value {
    let post = |target: &str, body: Value| strata.ask(Request::new("POST", target).body(body.to_string()));
    let origin = json!({ "kind": "template", "name": name });
    let made = post("/api/workshops", json!({ "name": "", "origin": origin })).json();
    let id = made["card"]["id"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned();
    post(&format!("/api/workshops/{id}"), json!({ "tags": [format!("template/{name}")] }));
    let told = post(&format!("/api/workshops/{id}/build"), json!({})).text();
    let last = told.lines().last().unwrap_or_default();
    let last: Value = serde_json::from_str(last).unwrap_or_else(|_| panic!("{told}"));
    assert_eq!(last["event"], "done", "{name}: {told}");
    last
}

#[test]
fn templates_on_debian_build_and_run() {
    let Some((_turn, strata)) = server() else { return };
    let docker = Docker::new(&strata.socket());
    for name in ["nginx", "all-instructions", "sinatra"] {
        let done = build_template(strata, name);
        assert_eq!(done["names"], json!([format!("template/{name}:latest")]), "{done}");
    }
    let site = docker.run(&["run", "--rm", "template/nginx", "nginx", "-t"]).ok();
    assert!(site.stderr.contains("test is successful"), "{site}");
    let app = docker.run(&["run", "--rm", "template/sinatra", "ruby", "-c", "app.rb"]).ok();
    assert_eq!(app.text(), "Syntax OK");
    has(&docker.run(&["run", "--rm", "template/all-instructions"]).ok(), &["Release", "abc.txt", "webapp"]);
}
