//! Measures Strata beside dockerd, podman, dive and tar, on images made for it.
//!
//! Everything happens on a journalled ext4 of its own in a sparse file ([`stage`]), because what a file costs to create
//! on the root file system differs between machines by a factor of ten. Peers take turns, round by round; of each
//! measure the median is given, and Strata's share of the peer's. CPU time is that of the server with all of its
//! children, and steadier than the wall's.

mod analysis;
mod archives;
mod build;
mod clock;
mod containers;
mod latency;
mod page;
mod pull;
mod registry;
mod report;
mod stage;
mod typing;
mod union;
mod wasm;

use std::process::ExitCode;

use anyhow::{Result, ensure};

use crate::report::Report;

const USAGE: &str = "\
usage: cargo xtask bench [--rounds N] [name…]

  names: pull, pull/<image>, images, registry, containers, latency, build, analysis, union, typing, page, size; all by default
  images: one-layer, nine-layers, nine-layers-whiteouts, small-files, many-layers
";

/// What to measure.
pub struct Wanted {
    /// How often each peer has its turn.
    pub rounds: usize,
    names: Vec<String>,
}

impl Wanted {
    fn parse(arguments: impl Iterator<Item = String>) -> Result<Self> {
        let (mut rounds, mut names) = (3, Vec::new());
        let mut arguments = arguments.peekable();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--rounds" => {
                    rounds = arguments.next().and_then(|n| n.parse().ok()).unwrap_or(0);
                    ensure!(rounds > 0, "{USAGE}");
                }
                flag if flag.starts_with('-') => anyhow::bail!("{USAGE}"),
                _ => names.push(argument),
            }
        }
        Ok(Self { rounds, names })
    }

    /// Whether `name` or a group that it is in was asked for.
    pub fn has(&self, name: &str) -> bool {
        let within = |outer: &str, inner: &str| {
            inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.names.is_empty() || self.names.iter().any(|asked| within(asked, name) || within(name, asked))
    }
}

fn main() -> ExitCode {
    let done = match stage::on_stage() {
        false => stage::run_self(),
        true => measure().map(|()| ExitCode::SUCCESS),
    };
    done.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

fn measure() -> Result<()> {
    let wanted = Wanted::parse(std::env::args().skip(1))?;
    let mut report = Report::default();
    if wanted.has("size") {
        page::sizes(&mut report)?;
    }
    if wanted.has("pull") {
        pull::measure(&wanted, &mut report)?;
    }
    if wanted.has("images") {
        archives::measure(&wanted, &mut report)?;
    }
    if wanted.has("registry") {
        registry::measure(&wanted, &mut report)?;
    }
    if wanted.has("containers") {
        containers::measure(&wanted, &mut report)?;
    }
    // What a container does is also what its page shows of it.
    if wanted.has("containers") || wanted.has("latency") {
        latency::measure(&wanted, &mut report)?;
    }
    if wanted.has("build") {
        build::measure(&wanted, &mut report)?;
    }
    if wanted.has("analysis") {
        analysis::measure(&wanted, &mut report)?;
    }
    if wanted.has("typing") {
        typing::measure(&mut report)?;
    }
    if wanted.has("union") {
        union::measure(&mut report)?;
    }
    if wanted.has("page") {
        page::measure(&wanted, &mut report)?;
    }
    report.finish()
}

#[cfg(test)]
mod tests {
    use super::Wanted;

    #[test]
    fn names_choose_groups_and_members() {
        let wanted = |text: &str| Wanted::parse(text.split_whitespace().map(str::to_owned)).expect("valid");
        assert!(wanted("").has("pull/one-layer"));
        assert!(wanted("pull").has("pull/one-layer"));
        assert!(wanted("pull/one-layer").has("pull"));
        assert!(!wanted("pull/one-layer").has("pull/one-layer-more"));
        assert!(!wanted("union").has("page"));
        assert_eq!(wanted("--rounds 5 union").rounds, 5);
        assert!(Wanted::parse(["--rounds".to_owned()].into_iter()).is_err());
    }
}
