//! Control groups: where a container's are, what they count, and whether the memory limit killed something.

mod hierarchy;
mod oom;
mod read;
mod stats;

pub(crate) use hierarchy::{Cgroups, Hierarchies};
pub(crate) use oom::{LOOK_AGAIN, OomWatch, kills};
pub(crate) use read::{frozen, read};
pub use stats::{BlockDevice, Cpu, Interface, Memory, Pids, Stats};
