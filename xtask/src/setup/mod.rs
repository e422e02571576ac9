//! Finds or installs what a checkout needs; quick when everything is there.

mod debian;
mod docker_py;
pub mod npm;
mod tools;

use anyhow::{Result, bail};

/// What the machine is to be ready for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum For {
    /// Building and serving.
    Build,
    /// That, and every test and benchmark.
    Test,
}

impl For {
    /// Reads the argument of `cargo xtask setup`.
    pub fn parse(arguments: &[String]) -> Result<Self> {
        match arguments.first().map(String::as_str) {
            None | Some("build" | "serve") => Ok(Self::Build),
            Some("test" | "bench") => Ok(Self::Test),
            Some(other) => bail!("set up for what? {other:?} is neither build nor test"),
        }
    }
}

pub use docker_py::docker_py;
pub use tools::dive;

/// Makes the machine ready.
pub fn setup(purpose: For) -> Result<()> {
    debian::install(purpose)?;
    tools::wasm_target()?;
    tools::binaryen()?;
    tools::wasm_bindgen()?;
    tools::trunk()?;
    npm::install()?;
    if purpose == For::Test {
        tools::install_dive()?;
        docker_py::install_docker_py()?;
    }
    Ok(())
}
