//! `cargo xtask test`: every check there is, and one line that says how it went.

use std::time::Instant;

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
        tally.tests(cargo().args(["test", "--workspace", "--no-fail-fast", "--exclude", "strata-tests"]))
    }),
    ("wasm", |tally| {
        let packages = PURE.iter().flat_map(|name| ["--package", name]);
        tally.tests(cargo().args(["test", "--target", WASM, "--no-fail-fast"]).args(packages))
    }),
    ("build", |tally| tally.step(build::build().map(drop))),
    ("acceptance", |tally| {
        let mut suites = cargo();
        suites.args(["test", "--package", "strata-tests", "--no-fail-fast"]);
        suites.env("STRATA_BIN", place::strata()).env("STRATA_DIVE", setup::dive());
        suites.env("STRATA_DOCKER_PY", setup::docker_py());
        if is_root() {
            // Everything is there, so that what is skipped is a failure and not a silence.
            suites.env("STRATA_TESTS_STRICT", "1");
        } else {
            eprintln!("not root: what needs mounts, networks and dockerd is skipped");
        }
        tally.tests(&mut suites)
    }),
];

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
    for failure in &tally.failures {
        println!("failed: {failure}");
    }
    println!("{} passed, {} failed", tally.passed, tally.failed);
    if tally.failed > 0 { bail!("{} failed", tally.failed) } else { Ok(()) }
}

/// docker-py's own tests, all of them, against dockerd and Strata.
pub fn docker_py() -> Result<()> {
    setup::setup(For::Test)?;
    let strata = build::build()?;
    run(cargo()
        .args([
            "test",
            "--package",
            "strata-tests",
            "--test",
            "sdk",
            "--",
            "--ignored",
            "--nocapture",
            "docker_py",
        ])
        .env("STRATA_BIN", strata)
        .env("STRATA_DOCKER_PY", setup::docker_py())
        .env("STRATA_TESTS_STRICT", "1"))
}

/// What passed and what failed so far: single tests, and steps without tests as one each.
#[derive(Default)]
struct Tally {
    passed: usize,
    failed: usize,
    failures: Vec<String>,
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
    fn tests(&mut self, command: &mut std::process::Command) -> Result<()> {
        let before = self.failed;
        let succeeded = watch(command, |line| self.line(line))?;
        if !succeeded && self.failed == before {
            self.fail("a test program didn't build or didn't end; see above".into());
        }
        Ok(())
    }

    fn line(&mut self, line: &str) {
        if let Some((passed, failed)) = result(line) {
            self.passed += passed;
            self.failed += failed;
        } else if let Some(name) =
            line.strip_prefix("test ").and_then(|rest| rest.strip_suffix(" ... FAILED"))
        {
            self.failures.push(name.to_owned());
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
}
