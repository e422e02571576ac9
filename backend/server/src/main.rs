//! The `strata` command.

use std::process::ExitCode;

use clap::Parser;
use strata_engine::shim_main;
use strata_server::{Cli, run};

fn main() -> ExitCode {
    // A shim outlives the server that starts it, one per process in a container: it has to be small and quick, so it
    // is not a command among the others.
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_some_and(|first| first == "shim") {
        return shim_main(arguments);
    }
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("strata: {error:#}");
            ExitCode::FAILURE
        }
    }
}
