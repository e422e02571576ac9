//! The ways to mount a snapshot.

use std::fmt;

use serde::{Deserialize, Serialize};
use strata_layers::Marks;

/// A way to make a union of layers and a writable directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "name")]
pub enum Driver {
    /// The kernel's overlay.
    Overlay {
        /// By fsopen(2), a layer at a time; else by mount(2), whose options must fit in a page.
        fsopen: bool,
        /// Marks in `user.*`, which a user namespace may set; else in `trusted.*`.
        userxattr: bool,
    },
    /// The program fuse-overlayfs, a process per snapshot.
    FuseOverlayfs,
    /// A full copy of the layers for each snapshot: slow, large, and possible everywhere.
    Copy,
}

impl Driver {
    /// Every way, best first.
    pub const ALL: [Self; 6] = [
        Self::Overlay { fsopen: true, userxattr: false },
        Self::Overlay { fsopen: false, userxattr: false },
        Self::Overlay { fsopen: true, userxattr: true },
        Self::Overlay { fsopen: false, userxattr: true },
        Self::FuseOverlayfs,
        Self::Copy,
    ];

    /// What `docker info` and the page call it: `overlay`, `fuse-overlayfs` or `copy`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Overlay { .. } => "overlay",
            Self::FuseOverlayfs => "fuse-overlayfs",
            Self::Copy => "copy",
        }
    }

    /// How marks are spelled in its directories.
    pub fn marks(self) -> Marks {
        match self {
            Self::Overlay { userxattr: false, .. } => Marks::Trusted,
            Self::Overlay { userxattr: true, .. } => Marks::User,
            Self::FuseOverlayfs => Marks::Fuse,
            Self::Copy => Marks::Copy,
        }
    }
}

/// The name, and for overlay how it is mounted.
impl fmt::Display for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        let Self::Overlay { fsopen, userxattr } = self else { return Ok(()) };
        f.write_str(if *fsopen { " by fsopen" } else { " by mount" })?;
        f.write_str(if *userxattr { " with userxattr" } else { "" })
    }
}

/// Which way new snapshots are mounted, and why none of the better ones.
#[derive(Debug)]
pub struct Choice {
    /// The way.
    pub driver: Driver,
    /// The better ones, best first, with what went wrong.
    pub refused: Vec<Refusal>,
}

/// A way that does not work here.
#[derive(Debug)]
pub struct Refusal {
    /// The way.
    pub driver: Driver,
    /// What went wrong when it was tried.
    pub why: String,
}

/// One line: what was chosen, and what it was chosen for the lack of.
impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.driver)?;
        for (position, Refusal { driver, why }) in self.refused.iter().enumerate() {
            let separator = if position == 0 { ", because " } else { "; " };
            write!(f, "{separator}{driver} failed: {why}")?;
        }
        Ok(())
    }
}
