//! Where things are unless told otherwise: system places for root, XDG places for everybody else.

use std::{env, path::PathBuf};

use anyhow::Context;

/// Whose defaults to take, as far as they depend on the environment.
#[derive(Clone, Debug, Default)]
pub struct Home {
    /// Whether this is root.
    pub root: bool,
    /// `$HOME`.
    pub home: Option<PathBuf>,
    /// `$XDG_DATA_HOME`.
    pub data: Option<PathBuf>,
    /// `$XDG_RUNTIME_DIR`.
    pub runtime: Option<PathBuf>,
    /// `$XDG_CONFIG_HOME`.
    pub config: Option<PathBuf>,
}

impl Home {
    /// Of this process. Relative XDG paths are ignored, as their specification demands.
    pub fn here() -> Self {
        let path = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        Self {
            root: rustix::process::geteuid().is_root(),
            home: path("HOME"),
            data: path("XDG_DATA_HOME"),
            runtime: path("XDG_RUNTIME_DIR"),
            config: path("XDG_CONFIG_HOME"),
        }
    }

    /// The data directory.
    pub fn data(&self) -> anyhow::Result<PathBuf> {
        if self.root {
            return Ok("/var/lib/strata".into());
        }
        let base = self.data.clone().or_else(|| Some(self.home.as_ref()?.join(".local/share")));
        Ok(base.context("neither XDG_DATA_HOME nor HOME is set: say --data DIR")?.join("strata"))
    }

    /// The socket; in the data directory if the session has no runtime directory.
    pub fn socket(&self, data: &std::path::Path) -> PathBuf {
        match &self.runtime {
            _ if self.root => "/run/strata.sock".into(),
            Some(runtime) => runtime.join("strata.sock"),
            None => data.join("strata.sock"),
        }
    }

    /// The settings file.
    pub fn config(&self) -> Option<PathBuf> {
        if self.root {
            return Some("/etc/strata/strata.toml".into());
        }
        let base = self.config.clone().or_else(|| Some(self.home.as_ref()?.join(".config")))?;
        Some(base.join("strata/strata.toml"))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn root_and_others() {
        let root =
            Home { root: true, data: Some("/x".into()), runtime: Some("/y".into()), ..Home::default() };
        assert_eq!(root.data().expect("fixed"), Path::new("/var/lib/strata"));
        assert_eq!(root.socket(Path::new("/d")), Path::new("/run/strata.sock"));
        assert_eq!(root.config().expect("fixed"), Path::new("/etc/strata/strata.toml"));

        let user = Home { home: Some("/home/u".into()), ..Home::default() };
        assert_eq!(user.data().expect("from home"), Path::new("/home/u/.local/share/strata"));
        assert_eq!(user.socket(Path::new("/d")), Path::new("/d/strata.sock"));
        assert_eq!(user.config().expect("from home"), Path::new("/home/u/.config/strata/strata.toml"));

        let xdg = Home { runtime: Some("/run/user/7".into()), data: Some("/data".into()), ..user };
        assert_eq!(xdg.data().expect("from XDG"), Path::new("/data/strata"));
        assert_eq!(xdg.socket(Path::new("/d")), Path::new("/run/user/7/strata.sock"));

        assert!(Home::default().data().is_err());
    }
}
