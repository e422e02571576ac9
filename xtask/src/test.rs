//! `cargo xtask test`: every check there is, and one line that says how it went.

use std::{process::Command, time::Instant};

use anyhow::{Result, bail};

use crate::{
    build, place,
    setup::{self, For},
    shell::{cargo, command, is_root, output, run, step, watch},
    sizes::sizes,
    tidy,
};

/// The crates that also run in the browser.
const PURE: [&str; 4] = ["strata-oci", "strata-layer", "strata-dockerfile", "strata-api"];

const WASM: &str = "wasm32-unknown-unknown";

/// The newest minor version of Rust whose lints the code was held to.
const LINTED_WITH: u32 = 99;

/// So many failures may be the machine's; more are the code's.
const SECOND_TRIES: usize = 5;

/// A name and what it does.
type Step = (&'static str, fn(&mut Tally) -> Result<()>);

/// In an order that finds the cheap mistakes first and compiles nothing twice.
const STEPS: [Step; 8] = [
    ("format", |tally| tally.step(run(cargo().args(["fmt", "--all", "--check"])))),
    ("tidy", |tally| tally.step(tidy::tidy())),
    ("lint", |tally| {
        let strictness = if lints_are_known() { ["--", "-D", "warnings"] } else { ["--", "-W", "warnings"] };
        let lint = |which: &[&str]| run(cargo().arg("clippy").args(which).args(strictness));
        tally.step(lint(&[
            "--workspace",
            "--exclude",
            "strata-page",
            "--exclude",
            "strata-bench-wasm",
            "--all-targets",
        ]))?;
        tally.step(lint(&[
            "--package",
            "strata-page",
            "--package",
            "strata-bench-wasm",
            "--target",
            WASM,
        ]))?;
        tally.step(lint(&["--package", "strata-page", "--no-default-features", "--target", WASM]))
    }),
    ("page", |tally| {
        tally.step(build::page())?;
        tally.step(sizes())
    }),
    ("unit", |tally| {
        tally.tests_on_a_machine(|| {
            let mut tests = cargo();
            tests.args(["test", "--workspace", "--no-fail-fast", "--exclude", "strata-tests"]);
            tests
        })
    }),
    ("wasm", |tally| {
        let packages = PURE.iter().flat_map(|name| ["--package", name]);
        tally.tests(cargo().args(["test", "--target", WASM, "--no-fail-fast"]).args(packages))
    }),
    ("build", |tally| tally.step(build::build().map(drop))),
    ("acceptance", |tally| {
        if !is_root() {
            eprintln!("not root: what needs mounts, networks and dockerd is skipped");
        }
        tally.tests_on_a_machine(suites)
    }),
];

/// The acceptance suites, for what is built and installed.
fn suites() -> Command {
    let mut suites = cargo();
    suites.args(["test", "--package", "strata-tests", "--no-fail-fast"]);
    suites.env("STRATA_BIN", place::strata()).env("STRATA_DIVE", setup::dive());
    suites.env("STRATA_DOCKER_PY", setup::docker_py());
    if is_root() {
        // Everything is there, so that what is skipped is a failure and not a silence.
        suites.env("STRATA_TESTS_STRICT", "1");
    }
    suites
}

/// Whether a lint is a failure: a newer compiler may know some that this code has not met, and only tells them.
fn lints_are_known() -> bool {
    let version = output(command("rustc").arg("--version")).unwrap_or_default();
    minor(&version).is_none_or(|minor| minor <= LINTED_WITH)
}

/// Reads `rustc 1.99.1 (…)`.
fn minor(version: &str) -> Option<u32> {
    version.split([' ', '.']).nth(2)?.parse().ok()
}

/// Runs all steps, or the named ones, to the end; fails if anything failed.
pub fn test(names: &[String]) -> Result<()> {
    let unknown = names.iter().find(|name| STEPS.iter().all(|(known, _)| known != name));
    if let Some(name) = unknown {
        let known = STEPS.map(|(name, _)| name).join(", ");
        bail!("no step {name:?}; the steps are {known}");
    }
    let start = Instant::now();
    setup::setup(For::Test)?;
    let mut tally = Tally::default();
    for (name, check) in STEPS.iter().filter(|(name, _)| names.is_empty() || names.iter().any(|n| n == name))
    {
        step(&format!("{name} ({} s so far)", start.elapsed().as_secs()));
        check(&mut tally)?;
    }
    for name in &tally.unsteady {
        println!("unsteady: {name} failed beside others and passed alone");
    }
    for failure in &tally.failures {
        println!("failed: {failure}");
    }
    println!("{} passed, {} failed", tally.passed, tally.failed);
    if tally.failed > 0 { bail!("{} failed", tally.failed) } else { Ok(()) }
}

/// docker-py's own tests, all of them, against dockerd and Strata.
pub fn docker_py() -> Result<()> {
    setup::setup(For::Test)?;
    build::build()?;
    let sdk = ["--test", "sdk", "--", "--ignored", "--nocapture", "docker_py"];
    run(suites().args(sdk).env("STRATA_TESTS_STRICT", "1"))
}

/// What passed and what failed so far: single tests, and steps without tests as one each.
#[derive(Default)]
struct Tally {
    passed: usize,
    failed: usize,
    fine: Vec<String>,
    failures: Vec<String>,
    unsteady: Vec<String>,
}

impl Tally {
    fn step(&mut self, done: Result<()>) -> Result<()> {
        match done {
            Ok(()) => self.passed += 1,
            Err(error) => self.fail(format!("{error:#}")),
        }
        Ok(())
    }

    /// Runs cargo's tests and counts them. A test program that doesn't compile or dies counts as one failure.
    fn tests(&mut self, command: &mut Command) -> Result<()> {
        let before = self.failed;
        let succeeded = watch(command, |line| self.line(line))?;
        if !succeeded && self.failed == before {
            self.fail("a test program didn't build or didn't end; see above".into());
        }
        Ok(())
    }

    /// Runs tests that share real engines, disks and two cores. What fails is run once more alone: if it passes then, it was the
    /// machine's other work, and it is named at the end for somebody to look at.
    fn tests_on_a_machine(&mut self, command: impl Fn() -> Command) -> Result<()> {
        let mut first = Self::default();
        first.tests(&mut command())?;
        // More failures than names: not all of them are tests.
        if first.failed > 0 && first.failed == first.failures.len() && first.failed <= SECOND_TRIES {
            eprintln!("once more, alone: {}", first.failures.join(", "));
            let mut alone = Self::default();
            alone.tests(command().args(["--", "--test-threads=1", "--exact"]).args(&first.failures))?;
            first.settle(&alone);
        }
        self.passed += first.passed;
        self.failed += first.failed;
        self.failures.append(&mut first.failures);
        self.unsteady.append(&mut first.unsteady);
        Ok(())
    }

    /// Takes back the failures that were none when they were tried `alone`.
    fn settle(&mut self, alone: &Self) {
        let failures = std::mem::take(&mut self.failures).into_iter();
        let passed = |name: &String| alone.fine.contains(name) && !alone.failures.contains(name);
        (self.unsteady, self.failures) = failures.partition(passed);
        self.failed -= self.unsteady.len();
        self.passed += self.unsteady.len();
    }

    fn line(&mut self, line: &str) {
        if let Some((passed, failed)) = result(line) {
            self.passed += passed;
            self.failed += failed;
        } else if let Some(test) = line.strip_prefix("test ") {
            if let Some(name) = test.strip_suffix(" ... FAILED") {
                self.failures.push(name.to_owned());
            } else if let Some(name) = test.strip_suffix(" ... ok") {
                self.fine.push(name.to_owned());
            }
        }
    }

    fn fail(&mut self, what: String) {
        eprintln!("error: {what}");
        self.failed += 1;
        self.failures.push(what);
    }
}

/// Reads `test result: ok. 3 passed; 0 failed; …`.
fn result(line: &str) -> Option<(usize, usize)> {
    let rest = line.strip_prefix("test result: ")?;
    let count = |what: &str| {
        let words: Vec<&str> = rest.split([' ', ';', '.']).filter(|word| !word.is_empty()).collect();
        words.windows(2).find(|pair| pair[1] == what).and_then(|pair| pair[0].parse().ok())
    };
    Some((count("passed")?, count("failed")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_compilers_version_is_read() {
        assert_eq!(minor("rustc 1.99.1 (58cf8f9c3 2026-10-13)"), Some(99));
        assert_eq!(minor(""), None);
    }

    #[test]
    fn results_are_counted() {
        let mut tally = Tally::default();
        for line in [
            "test a::b ... ok",
            "test a::c ... FAILED",
            "test result: FAILED. 12 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.24s",
            "test result: ok. 30 passed; 0 failed; 2 ignored; 0 filtered out",
            "test result of another kind",
        ] {
            tally.line(line);
        }
        assert_eq!((tally.passed, tally.failed), (42, 1));
        assert_eq!(tally.failures, ["a::c"]);
    }

    #[test]
    fn what_passes_alone_is_unsteady_and_not_failed() {
        let told = |lines: &[&str]| {
            let mut tally = Tally::default();
            lines.iter().for_each(|line| tally.line(line));
            tally
        };
        let beside = || {
            told(&[
                "test a ... FAILED",
                "test b ... FAILED",
                "test result: FAILED. 7 passed; 2 failed; 0 ignored",
            ])
        };
        let mut settled = beside();
        settled.settle(&told(&[
            "test a ... ok",
            "test b ... FAILED",
            "test result: FAILED. 1 passed; 1 failed; 0 ignored",
        ]));
        assert_eq!((settled.passed, settled.failed), (8, 1));
        assert_eq!((settled.failures, settled.unsteady), (vec!["b".to_owned()], vec!["a".to_owned()]));
        // A second try in which they were not run excuses nothing.
        let mut died = beside();
        died.settle(&told(&["test result: ok. 0 passed; 0 failed; 0 ignored"]));
        assert_eq!((died.passed, died.failed, died.unsteady.len()), (7, 2, 0));
    }
}
