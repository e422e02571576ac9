//! Rules of the architecture that the compiler doesn't check.

mod arrows;
mod files;
mod graph;

use anyhow::{Result, bail};

pub use graph::Graph;

/// Checks every rule; the error lists all that is broken.
pub fn tidy() -> Result<()> {
    let graph = Graph::read()?;
    let broken = [arrows::check(&graph), files::check(&graph)?].concat();
    if broken.is_empty() {
        Ok(())
    } else {
        bail!("the architecture's rules are broken:\n  {}", broken.join("\n  "))
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_workspace_keeps_its_rules() {
        if let Err(error) = super::tidy() {
            panic!("{error:#}");
        }
    }
}
