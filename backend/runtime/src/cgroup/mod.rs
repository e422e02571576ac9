//! Control groups: where a container's are, what they count, and whether the memory limit killed something.

mod freeze;
mod hierarchy;
mod moves;
mod oom;
mod read;
mod stats;

pub(crate) use freeze::Freezer;
pub(crate) use hierarchy::{Cgroups, Hierarchies};
pub(crate) use moves::QuickMoves;
pub(crate) use oom::{LOOK_AGAIN, OomWatch, kills};
pub(crate) use read::{frozen, read};
pub use stats::{BlockDevice, Cpu, Interface, Memory, Pids, Stats};
