//! The shim as a program of its own, for tests; the server has it as a subcommand.

use std::process::ExitCode;

fn main() -> ExitCode {
    strata_runtime::shim_main(std::env::args_os().skip(1))
}
