//! docker-py's own integration tests.
//!
//! Those that pass against dockerd must pass against Strata, but for what `docker_py.txt` lists with a reason. All of them take
//! minutes, most of which dockerd needs: `cargo xtask docker-py`. What the suite plays each time is Strata's part of the quick ones.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    fs::{self, File},
    path::{Path, PathBuf},
    sync::Arc,
    thread,
};

use strata_forge::Layer;
use strata_tests::{
    DockerRegistry, Dockerd, NetNs, Scratch, Skopeo, Strata, fixture, run, skip_without, strata::Options,
};

/// Files of tests about what Strata has: no swarm, no plugins, nothing of the client alone.
const ALL: [&str; 16] = [
    "api_build",
    "api_client",
    "api_container",
    "api_exec",
    "api_healthcheck",
    "api_image",
    "api_network",
    "api_volume",
    "client",
    "errors",
    "models_containers",
    "models_images",
    "models_networks",
    "models_resources",
    "models_volumes",
    "regression",
];
/// Files whose tests wait for little.
const QUICK: [&str; 8] = [
    "api_build",
    "api_exec",
    "api_image",
    "api_volume",
    "errors",
    "models_images",
    "models_volumes",
    "regression",
];
/// How many tests of those pass at least.
const QUICK_PASSES: usize = 80;
/// The share of dockerd's passes that Strata must have, in percent.
const LEAST: usize = 95;
/// The users of alpine that tests become.
const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\npostgres:x:70:70::/var/lib/postgresql:/bin/sh\n";
/// Most seconds for a test.
const PATIENCE: u32 = 90;

/// Where docker-py is (`cargo xtask setup test` installs it); none if its tests are to be skipped.
fn docker_py() -> Option<PathBuf> {
    if skip_without(&["python3", "docker-registry", "skopeo"]) {
        return None;
    }
    let there = env::var_os("STRATA_DOCKER_PY").map(PathBuf::from).filter(|path| path.is_dir());
    if there.is_none() {
        let strict = env::var_os("STRATA_TESTS_STRICT").is_some();
        assert!(!strict, "STRATA_DOCKER_PY doesn't say where docker-py and its tests are");
        eprintln!("skipped: STRATA_DOCKER_PY doesn't say where docker-py and its tests are");
    }
    there
}

/// A registry that stands in for Docker Hub, with the images that the tests pull.
fn hub(netns: &Arc<NetNs>) -> DockerRegistry {
    let (registry, skopeo) = (DockerRegistry::start(Some(netns)), Skopeo::new(Some(netns)));
    let applets = run(std::process::Command::new("/bin/busybox").arg("--list")).ok();
    let names = applets.lines().into_iter().filter(|name| *name != "busybox");
    // What alpine has and its tests ask for.
    let alpine = Layer::new().dir("var").dir("var/opt").file("etc/passwd", PASSWD);
    let all = names.fold(alpine, |layer, name| layer.symlink(format!("bin/{name}"), "busybox"));
    let image = |text: &str| {
        fixture::busybox()
            .layer("RUN --install", all.clone())
            .layer("COPY of /", Layer::new().file("of", text))
            .build()
    };
    for name in ["busybox:latest", "alpine:latest", "alpine:3.10", "hello-world:latest"] {
        fixture::push(&skopeo, &image(name), &registry.name(&format!("library/{name}")));
    }
    registry
}

/// How a test ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Passed,
    Failed,
    Skipped,
}

/// Runs the tests of some files, or some tests, against the engine at a socket.
fn play(library: &Path, netns: &NetNs, socket: &Path, what: &[String]) -> BTreeMap<String, End> {
    let scratch = Scratch::new("docker-py");
    let (log, report) = (scratch.join("log"), scratch.join("report.xml"));
    let output = File::create(&log).expect("the scratch directory is writable");
    let status = netns
        .command("python3")
        .args(["-m", "pytest", "-o", "addopts=", "-p", "no:cacheprovider", "--tb=short", "-q"])
        .arg(format!("--timeout={PATIENCE}"))
        .arg(format!("--junitxml={}", report.display()))
        .args(what)
        .current_dir(library)
        .env_clear()
        .env("PATH", env::var_os("PATH").unwrap_or_default())
        .env("HOME", scratch.path())
        .env("PYTHONPATH", library.join("lib"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("DOCKER_HOST", format!("unix://{}", socket.display()))
        .stdout(output.try_clone().expect("a descriptor can be duplicated"))
        .stderr(output)
        .status()
        .expect("python3 is installed");
    let log = fs::read_to_string(log).unwrap_or_default();
    let report = fs::read_to_string(report).unwrap_or_else(|_| panic!("pytest ended with {status}:\n{log}"));
    let ends = ends(&report);
    if ends.values().any(|end| *end == End::Failed) {
        eprintln!("{log}");
    }
    ends
}

/// Reads a report of pytest: `<testcase classname="tests.integration.FILE.CLASS" name="TEST" …>`.
fn ends(report: &str) -> BTreeMap<String, End> {
    let mut ends = BTreeMap::new();
    for case in report.split("<testcase ").skip(1) {
        let attribute = |name: &str| {
            let from = case.find(&format!("{name}=\"")).map_or(0, |at| at + name.len() + 2);
            case[from..].split('"').next().unwrap_or_default()
        };
        let class = attribute("classname").trim_start_matches("tests.integration.");
        let body = case.split("</testcase>").next().unwrap_or_default();
        let end = match body {
            body if body.contains("<failure") || body.contains("<error") => End::Failed,
            body if body.contains("<skipped") => End::Skipped,
            _ => End::Passed,
        };
        let known = ends.entry(format!("{class}.{}", attribute(" name"))).or_insert(end);
        // What fails while it cleans up is told twice.
        if end == End::Failed {
            *known = end;
        }
    }
    ends
}

/// The committed exceptions: name and reason.
fn exceptions() -> BTreeMap<&'static str, &'static str> {
    let lines =
        include_str!("docker_py.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| line.split_once(": ").expect("NAME: REASON")).collect()
}

/// Plays on Strata; what fails is tried once more alone, as some tests wait for less long than a busy machine takes.
fn play_strata(library: &Path, files: &[&str]) -> BTreeMap<String, End> {
    let netns = NetNs::new();
    let hub = hub(&netns);
    let mirror = ("STRATA_MIRRORS".to_owned(), format!("http://127.0.0.1:{}", hub.port()));
    let strata =
        Strata::with(Options { netns: Some(netns.clone()), env: vec![mirror], ..Options::default() });
    let files: Vec<String> = files.iter().map(|name| file(name)).collect();
    let mut all = play(library, &netns, &strata.socket(), &files);
    let listed = exceptions();
    let failed = all.iter().filter(|(name, end)| **end == End::Failed && !listed.contains_key(name.as_str()));
    let again: Vec<String> = failed.map(|(name, _)| selector(name)).collect();
    if !again.is_empty() {
        all.extend(play(library, &netns, &strata.socket(), &again));
    }
    all
}

fn file(name: &str) -> String {
    format!("tests/integration/{name}_test.py")
}

/// `FILE.CLASS.TEST` as pytest takes it.
fn selector(name: &str) -> String {
    let mut parts = name.splitn(2, '.');
    let file = parts.next().unwrap_or_default();
    format!("tests/integration/{file}.py::{}", parts.next().unwrap_or_default().replace('.', "::"))
}

fn play_dockerd(library: &Path) -> BTreeMap<String, End> {
    let netns = NetNs::new();
    let hub = hub(&netns);
    let dockerd = Dockerd::start_mirrored(&netns, &format!("http://127.0.0.1:{}", hub.port()));
    play(library, &netns, &dockerd.socket(), &ALL.map(file))
}

#[test]
fn the_quick_ones_pass() {
    let Some(library) = docker_py() else { return };
    let ends = play_strata(&library, &QUICK);
    let listed = exceptions();
    let failed =
        ends.iter().filter(|(name, end)| **end == End::Failed && !listed.contains_key(name.as_str()));
    let failed: Vec<_> = failed.map(|(name, _)| name).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    assert!(ends.values().filter(|end| **end == End::Passed).count() >= QUICK_PASSES, "{ends:#?}");
}

#[test]
#[ignore = "takes minutes: cargo xtask docker-py"]
fn all_that_pass_against_dockerd_pass() {
    let Some(library) = docker_py() else { return };
    let (dockerd, strata) = thread::scope(|scope| {
        let dockerd = scope.spawn(|| play_dockerd(&library));
        let strata = play_strata(&library, &ALL);
        (dockerd.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), strata)
    });
    let passed = |ends: &BTreeMap<String, End>| -> BTreeSet<String> {
        ends.iter().filter(|(_, end)| **end == End::Passed).map(|(name, _)| name.clone()).collect()
    };
    let (theirs, ours) = (passed(&dockerd), passed(&strata));
    println!("{:<20} {:>8} {:>8} {:>6}", "", "dockerd", "Strata", "%");
    let line = |what: &str, belongs: &dyn Fn(&str) -> bool| {
        let theirs: Vec<_> = theirs.iter().filter(|name| belongs(name)).collect();
        let both = theirs.iter().filter(|name| ours.contains(**name)).count();
        println!(
            "{what:<20} {:>8} {both:>8} {:>6.1}",
            theirs.len(),
            both as f64 * 100.0 / theirs.len().max(1) as f64
        );
        (theirs.len(), both)
    };
    for file in ALL {
        line(file, &|name| name.starts_with(&format!("{file}_test.")));
    }
    let (of, both) = line("all", &|_| true);
    let listed = exceptions();
    let lost: Vec<_> = theirs.difference(&ours).collect();
    for name in &lost {
        println!("{name}: {}", listed.get(name.as_str()).unwrap_or(&"NOT LISTED"));
    }
    let unknown: Vec<_> = lost.iter().filter(|name| !listed.contains_key(name.as_str())).collect();
    assert!(unknown.is_empty(), "these fail without a reason in docker_py.txt: {unknown:#?}");
    let stale: Vec<_> = listed.keys().filter(|name| ours.contains(**name)).collect();
    assert!(stale.is_empty(), "docker_py.txt lists what passes: {stale:#?}");
    assert!(both * 100 >= of * LEAST, "{both} of {of} are less than {LEAST} %");
}

#[test]
fn reports_are_read() {
    let case = |class: &str, name: &str, body: &str| {
        format!(
            r#"<testcase classname="tests.integration.{class}" name="{name}" time="0.1">{body}</testcase>"#
        )
    };
    let report = [
        r#"<testsuite><testcase classname="tests.integration.a_test.A" name="one" time="0.1" />"#,
        &case("a_test.A", "two", "<failure message=\"x\">y</failure>"),
        &case("b_test.B", "three", "<skipped />"),
    ];
    let ends = ends(&report.concat());
    assert_eq!(ends.get("a_test.A.one"), Some(&End::Passed));
    assert_eq!(ends.get("a_test.A.two"), Some(&End::Failed));
    assert_eq!(ends.get("b_test.B.three"), Some(&End::Skipped));
    assert_eq!(selector("a_test.A.one"), "tests/integration/a_test.py::A::one");
}
