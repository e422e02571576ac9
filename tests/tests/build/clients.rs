//! Ways to say `docker build`, with each client that there is, against both engines.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::Command,
};

use strata_tests::{Docker, Run, Scratch, run};

use crate::{
    compare::normal,
    scene::{Scene, context, scene},
};

/// One client, talking to dockerd and to Strata.
struct Pair {
    version: String,
    engines: [Docker; 2],
    context: Scratch,
    differences: Vec<String>,
}

impl Pair {
    fn new(scene: &Scene, version: String, program: PathBuf) -> Self {
        let sockets = [scene.dockerd.socket(), scene.strata.socket()];
        let context = context(&[
            (
                "Dockerfile",
                "FROM bb AS one\nARG WORD=none\nCOPY f /f\nRUN cat /f; echo $WORD\nFROM one AS two\nRUN cat /etc/hosts | grep far; ulimit -n\n",
            ),
            ("Other", "FROM bb\nLABEL other=1\n"),
            ("Wrong", "FROM bb\nRUN exit 7\n"),
            (".dockerignore", "Dockerfile\nsecret\n"),
            // The clients' archives differ, of which dockerd takes notice.
            ("f", &format!("of the context, by {version}\n")),
            ("secret", "s\n"),
        ]);
        let engines = sockets.map(|socket| Docker::at(program.clone(), &socket).api("1.41"));
        Self { version, engines, context, differences: Vec::new() }
    }

    /// `docker ARGS` in the context with a file as standard input; exit code, output and messages must be equal. Gives Strata's.
    fn same(&mut self, args: &[&str], input: Option<&Path>) -> Run {
        let [dockerd, strata] = std::thread::scope(|scope| {
            let one = |engine: &Docker| run(&mut fed(&engine.command(args), self.context.path(), input));
            let (theirs, ours) = (&self.engines[0], &self.engines[1]);
            let dockerd = scope.spawn(move || one(theirs));
            let strata = one(ours);
            [dockerd.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), strata]
        });
        let parts = |run: &Run| (run.code, normal(&run.stdout), normal(&run.stderr));
        if parts(&dockerd) != parts(&strata) {
            self.differences.push(format!(
                "docker {}: {}\n--- dockerd {dockerd}\n--- Strata {strata}",
                self.version,
                args.join(" ")
            ));
        }
        strata
    }

    /// `docker ARGS` with Strata alone.
    fn strata(&self, args: &[&str]) -> Run {
        run(&mut fed(&self.engines[1].command(args), self.context.path(), None))
    }

    fn build(&mut self, args: &[&str]) -> Run {
        self.same(&[&["build", "--network=none"], args].concat(), None)
    }
}

/// The command in a directory, with a file for its standard input.
fn fed(command: &Command, directory: &Path, input: Option<&Path>) -> Command {
    let mut fed = Command::new("sh");
    fed.args(["-c", "exec \"$@\" < \"$INPUT\"", "sh"]).arg(command.get_program()).args(command.get_args());
    fed.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    fed.env("DOCKER_BUILDKIT", "0").env("INPUT", input.map_or(OsStr::new("/dev/null"), Path::as_os_str));
    fed.current_dir(directory);
    fed
}

#[test]
fn every_way_to_build_is_answered_as_by_dockerd() {
    let Some(scene) = scene() else { return };
    let mut differences = Vec::new();
    for (version, program) in Docker::installed() {
        let mut pair = Pair::new(scene, version, program);
        inputs(&mut pair);
        options(&mut pair);
        refusals(&mut pair);
        differences.append(&mut pair.differences);
    }
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n\n"));
}

/// Contexts and Dockerfiles that come in other ways.
fn inputs(pair: &mut Pair) {
    let scratch = Scratch::new("inputs");
    let dockerfile = scratch.join("Dockerfile");
    std::fs::write(&dockerfile, "FROM bb\nRUN echo from stdin\n").expect("it is ours");
    let copying = scratch.join("Copying");
    std::fs::write(&copying, "FROM bb\nCOPY f /f\nRUN cat /f\n").expect("it is ours");
    let tar = scratch.join("context.tar.gz");
    run(Command::new("tar").arg("-czf").arg(&tar).arg("-C").arg(pair.context.path()).arg(".")).ok();
    let network = "--network=none";
    let built = pair.same(&["build", network, "--no-cache", "-"], Some(&dockerfile)).ok();
    assert!(built.stdout.contains("from stdin"), "{built}");
    // Without a context there is nothing to copy.
    pair.same(&["build", network, "-"], Some(&copying)).fails();
    let built = pair.same(&["build", network, "--no-cache", "-f", "-", "."], Some(&copying)).ok();
    assert!(built.stdout.contains("of the context"), "{built}");
    pair.same(&["build", network, "-f", "Other", "-t", "from-tar", "-"], Some(&tar)).ok();
    pair.same(&["build", network, "-f", "Nowhere", "-"], Some(&tar)).fails();
    pair.same(&["build", network, "-"], None).fails();
    pair.same(&["build", network, "-f", "-", "-"], Some(&dockerfile)).fails();
    pair.same(&["image", "build", network, "-q", "-f", "Other", "."], None).ok();
    pair.same(&["builder", "build", network, "-f", "Other", "."], None).ok();
}

fn options(pair: &mut Pair) {
    let ids = Scratch::new("ids");
    for number in 0..2 {
        // One file for each engine: they run at the same time.
        let file = ids.join(number.to_string());
        let args = ["build", "--network=none", "--iidfile", &file.display().to_string(), "-f", "Other", "."];
        run(&mut fed(&pair.engines[number].command(&args), pair.context.path(), None)).ok();
        let id = std::fs::read_to_string(&file).expect("it was written");
        let inspected = pair.engines[number].run(&["image", "inspect", "--format", "{{.Id}}", &id]).ok();
        assert_eq!(inspected.text(), id);
    }
    for args in [
        &["--target", "one", "--build-arg", "WORD=given", "--build-arg", "UNUSED=x", "."][..],
        &["--target", "ONE", "--label", "a=b", "--label", "c", "."],
        &["--add-host", "far.away:10.1.2.3", "--ulimit", "nofile=99:99", "--no-cache", "."],
        &["--memory", "64m", "--cpu-shares", "100", "--shm-size", "8m", "--no-cache", "."],
        &["--cache-from", "bb", "."],
        &["--cache-from", "not-here", "--target", "one", "."],
        &["--compress", "-f", "Other", "-t", "way/one", "-t", "way/one:two", "."],
        &["--force-rm", "-f", "Wrong", "."],
        &["--rm=false", "-f", "Other", "."],
        &["--isolation", "default", "--platform", "linux/amd64", "-f", "Other", "."],
        &["--disable-content-trust", "-f", "./Other", "."],
        &["-q", "-f", "Wrong", "."],
    ] {
        pair.build(args);
    }
}

fn refusals(pair: &mut Pair) {
    for args in [
        &["--secret", "id=s,src=secret", "."][..],
        &["--ssh", "default", "."],
        &["--output", "out", "."],
        &["--target", "nothing", "."],
        &["--isolation", "hyperv", "."],
        &["--network", "nowhere", "."],
        &["--security-opt", "nonsense", "."],
        &["--memory", "1k", "-f", "Wrong", "."],
        &["--ulimit", "nonsense=1", "."],
        &["--add-host", "nonsense", "."],
        &["--build-arg", "=x", "-f", "Other", "."],
        &["--label", "=x", "-f", "Other", "."],
        &["-t", "UPPER", "."],
        &["-t", "a:b:c", "."],
        &["-f", "Nowhere", "."],
        &["-f", "/etc/passwd", "."],
        &["nowhere"],
        &["."],
        &[],
    ] {
        pair.build(args);
    }
    // Before any step.
    let refused = pair.strata(&["build", "--platform", "a/b/c/d", "."]).fails();
    assert!(
        refused.stderr.contains("\"a/b/c/d\": cannot parse platform specifier")
            && !refused.stdout.contains("Step"),
        "{refused}"
    );
    // dockerd wants to be told that it may.
    pair.strata(&["build", "--squash", "-f", "Other", "."]).ok();
}
