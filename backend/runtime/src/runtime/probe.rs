//! Which runtime there is, and whether it works here.

use std::{
    io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A runtime whose answers we know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RuntimeKind {
    /// opencontainers/runc.
    Runc,
    /// containers/crun.
    Crun,
}

impl RuntimeKind {
    /// The program's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Runc => "runc",
            Self::Crun => "crun",
        }
    }
}

/// What `--version` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuntimeVersion {
    /// Which program it is.
    pub kind: RuntimeKind,
    /// Its version as it writes it, e.g. `1.1.5+ds1`.
    pub version: String,
    /// The commit that it was built from, where it says so.
    pub commit: Option<String>,
}

/// A runtime that can't be used.
#[derive(Debug, Error)]
pub enum ProbeError {
    /// It can't be run.
    #[error("cannot run the container runtime {program}: install runc, or name another with --runtime", program = .program.display())]
    Run {
        /// The program.
        program: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// crun takes cgroups of one version only.
    #[error("{program} refuses this machine's cgroups, which have controllers of both versions: use runc", program = .program.display())]
    HybridCgroups {
        /// The program.
        program: PathBuf,
    },
    /// It is neither runc nor crun.
    #[error("{program} is neither runc nor crun: it calls itself {answer:?}", program = .program.display())]
    Unknown {
        /// The program.
        program: PathBuf,
        /// The first line of its answer.
        answer: String,
    },
}

impl RuntimeVersion {
    /// Asks the program.
    ///
    /// # Errors
    /// When it can't be run or is none that we know.
    pub fn probe(program: &Path) -> Result<Self, ProbeError> {
        let output = Command::new(program)
            .arg("--version")
            .stdin(Stdio::null())
            .output()
            .map_err(|source| ProbeError::Run { program: program.to_owned(), source })?;
        let text = String::from_utf8_lossy(&output.stdout);
        Self::parse(&text).ok_or_else(|| ProbeError::Unknown {
            program: program.to_owned(),
            answer: text.lines().next().unwrap_or_default().to_owned(),
        })
    }

    fn parse(text: &str) -> Option<Self> {
        let (name, version) = text.lines().next()?.split_once(" version ")?;
        let kind = match name {
            "runc" => RuntimeKind::Runc,
            "crun" => RuntimeKind::Crun,
            _ => return None,
        };
        let commit = text.lines().find_map(|line| line.strip_prefix("commit: ")).map(str::to_owned);
        Some(Self { kind, version: version.trim().to_owned(), commit })
    }

    /// Escapes from containers that this version is known to allow, as a warning for the log and the page. None when it has the
    /// fixes of November 2025, and for crun, whose maintainers found it not affected. A distribution may have put the fixes into
    /// an older version; its number doesn't say so.
    pub fn known_escapes(&self) -> Option<&'static str> {
        if self.kind == RuntimeKind::Crun {
            return None;
        }
        let ours = numbers(&self.version)?;
        let safe = match ours {
            [1, 2, patch] => patch >= 8,
            [1, 3, patch] => patch >= 3,
            newer_or_older => newer_or_older >= [1, 4, 0],
        };
        (!safe).then_some("CVE-2025-31133, CVE-2025-52565, CVE-2025-52881")
    }
}

fn numbers(version: &str) -> Option<[u32; 3]> {
    let mut parts = version.split(['.', '+', '-', '~']).map(str::parse);
    Some([parts.next()?.ok()?, parts.next()?.ok()?, parts.next().and_then(Result::ok).unwrap_or(0)])
}

#[cfg(test)]
mod tests {
    use super::{RuntimeKind, RuntimeVersion};

    #[test]
    fn reads_versions() {
        let debian =
            RuntimeVersion::parse("runc version 1.1.5+ds1\ncommit: 1.1.5+ds1-1+deb12u1\nspec: 1.0.2-dev\n");
        let debian = debian.expect("it is runc");
        assert_eq!((debian.kind, debian.version.as_str()), (RuntimeKind::Runc, "1.1.5+ds1"));
        assert_eq!(debian.commit.as_deref(), Some("1.1.5+ds1-1+deb12u1"));
        assert!(RuntimeVersion::parse("GNU bash, version 5").is_none());
    }

    #[test]
    fn warns_of_old_versions_only() {
        let escapes = |version: &str| {
            RuntimeVersion { kind: RuntimeKind::Runc, version: version.into(), commit: None }.known_escapes()
        };
        for old in ["1.1.5+ds1", "1.2.7", "1.3.2", "1.0.0~rc93"] {
            assert!(escapes(old).is_some(), "{old}");
        }
        for new in ["1.2.8", "1.3.3", "1.4.0", "1.4.1", "2.0.0"] {
            assert!(escapes(new).is_none(), "{new}");
        }
    }
}
