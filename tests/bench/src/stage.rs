//! The file system that everything is measured on.

use std::{
    env, fs,
    path::PathBuf,
    process::{Command, ExitCode},
};

use anyhow::{Context, Result, bail, ensure};
use strata_tests::{Scratch, run};

/// Set for the process that measures.
const ON_STAGE: &str = "STRATA_BENCH_STAGE";

/// Bytes; the file is sparse, so that only what is written takes space.
const SIZE: u64 = 24 << 30;

/// Whether this process is the one that measures.
pub fn on_stage() -> bool {
    env::var_os(ON_STAGE).is_some()
}

/// Makes the file system, runs this program again with its temporary files there, and takes it down.
pub fn run_self() -> Result<ExitCode> {
    ensure!(
        rustix::process::geteuid().is_root(),
        "benchmarks need root: mounts, network namespaces, dockerd"
    );
    // It and what is mounted in it go when this process ends, however that happens.
    let scratch = Scratch::new("s");
    let image = scratch.join("disk");
    fs::File::create(&image)?.set_len(SIZE)?;
    // Inodes for some millions of small files, and none of the lazy writing of tables that would disturb the measures.
    let lazy = "lazy_itable_init=0,lazy_journal_init=0";
    run(Command::new("mkfs.ext4").args(["-q", "-i", "8192", "-E", lazy]).arg(&image)).ok();
    let stage = scratch.dir("t");
    run(Command::new("mount").args(["-o", "loop,noatime"]).arg(&image).arg(&stage)).ok();
    let status = Command::new(env::current_exe()?)
        .args(env::args_os().skip(1))
        .env("TMPDIR", &stage)
        .env(ON_STAGE, "1")
        .status()
        .context("cannot run itself")?;
    match status.code() {
        Some(0) => Ok(ExitCode::SUCCESS),
        Some(_) => Ok(ExitCode::FAILURE),
        None => bail!("what measures was ended: {status}"),
    }
}

/// The checkout.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("two levels down").into()
}

/// Cargo's target directory.
pub fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}
