//! Settings: flag, else environment, else `strata.toml`, else default.

mod cli;
mod defaults;
mod file;
mod settings;

pub use cli::{Cli, Command, SeedFlags, ServeFlags};
pub use defaults::Home;
pub use file::{File, FileError};
pub use settings::{Mirror, Proxy, Settings};
