//! The acceptance harness: each struct starts one real thing and takes it down again, also when a test panics.
//!
//! The suites in `tests/tests/` run Strata beside what people use today (dockerd, docker-registry, skopeo, umoci,
//! podman, Chromium) and compare. They need root, because the peers do; [`skip_without`] says so and skips.
//!
//! | thing | is |
//! | --- | --- |
//! | [`Scratch`] | a directory |
//! | [`NetNs`] | a network of its own, in which fixed ports and registries on loopback disturb nobody |
//! | [`Dockerd`], [`DockerRegistry`], [`Strata`] | servers |
//! | [`Docker`], [`Skopeo`], [`umoci`], [`podman`] | clients |
//! | [`Browser`] | Chromium, driven |
//! | [`debian`] | a small Debian to install packages in |
//! | [`walk`], [`mount`] | what a union of layers looks like to the kernel |
//! | [`duel`] | the same commands against dockerd and Strata, outputs made comparable |
//! | [`Pair`] | the two engines with networks |
//! | [`internet`] | hosts that documents name |
//! | [`terminal`] | a program with somebody who types |
//!
//! Cleaning has two nets. `Drop` ends a process and removes a directory at the end of a test; a [`janitor`] process
//! does the same for what is left when the test process ends, however it ends, which also covers fixtures that live
//! in statics.

pub mod browser;
pub mod daemon;
pub mod debian;
pub mod docker;
pub mod dockerd;
pub mod duel;
pub mod fixture;
pub mod http;
pub mod internet;
pub mod janitor;
pub mod mount;
pub mod netns;
pub mod odd;
pub mod pair;
pub mod podman;
pub mod registry;
pub mod run;
pub mod scratch;
pub mod skopeo;
pub mod strata;
pub mod terminal;
pub mod umoci;
pub mod walk;

pub use browser::Browser;
pub use daemon::Daemon;
pub use docker::Docker;
pub use dockerd::Dockerd;
pub use netns::NetNs;
pub use pair::Pair;
pub use registry::DockerRegistry;
pub use run::{Run, run};
pub use scratch::Scratch;
pub use skopeo::Skopeo;
pub use strata::Strata;

/// Whether this test has to be skipped because it isn't root or a program is missing; prints why.
///
/// With `STRATA_TESTS_STRICT=1` (continuous integration) it panics instead, so that nothing is skipped unseen.
pub fn skip_without(programs: &[&str]) -> bool {
    let missing = |program: &&&str| run::which(program).is_none();
    let reason = match programs.iter().find(missing) {
        Some(program) => format!("{program} is not installed"),
        None if !rustix::process::geteuid().is_root() => "it needs root".to_owned(),
        None => return false,
    };
    assert!(std::env::var_os("STRATA_TESTS_STRICT").is_none(), "a test would be skipped: {reason}");
    eprintln!("skipped: {reason}");
    true
}
