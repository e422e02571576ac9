//! From a parsed command line to a finished command.

use std::io::IsTerminal;

use anyhow::Context;
use tokio::runtime::Builder;
use tracing_subscriber::EnvFilter;

use crate::{
    Cli,
    config::{Command, Settings},
    security::Accounts,
    seed, serve,
};

/// Runs the command; returns when it is done, for `serve` when it was asked to end.
pub fn run(cli: Cli) -> anyhow::Result<()> {
    strata_engine::spare_memory();
    let runtime =
        Builder::new_multi_thread().enable_all().build().context("cannot start the async runtime")?;
    match cli.command {
        Command::Serve(flags) => {
            let settings = Settings::resolve(*flags)?;
            let filter = EnvFilter::try_new(&settings.log).context("the log setting")?;
            let colours = std::io::stderr().is_terminal();
            tracing_subscriber::fmt()
                .with_writer(std::io::stderr)
                .with_ansi(colours)
                .with_env_filter(filter)
                .init();
            let served = runtime.block_on(serve::serve(settings));
            // Blocking work that was cancelled may still be on its way out; it must not hold up the end.
            runtime.shutdown_timeout(std::time::Duration::from_secs(1));
            served
        }
        Command::Seed(seed) => runtime.block_on(seed::seed(seed)),
        Command::RegistryAccount(account) => {
            let mut password = String::new();
            std::io::stdin().read_line(&mut password).context("cannot read the password")?;
            println!("{}", Accounts::line(&account.name, password.trim_end_matches(['\r', '\n']))?);
            Ok(())
        }
    }
}
