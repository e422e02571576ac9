//! Snapshots: a chain of layers as a mounted file system with a writable directory on top.
//!
//! A snapshot's life: [`Snapshots::prepare`] makes its directories, durably; [`Snapshots::mount`] mounts it, as often
//! as you like; [`Snapshots::unmount`]; [`Snapshots::remove`]. Mounts outlive the server, and `mount` finds them
//! again. What was written is told by [`Snapshots::changes`], watched by [`Snapshots::watch`] and made a layer of by
//! [`Snapshots::capture`].
//!
//! ```text
//! <root>/<id>/plan.json   what is mounted and how: see Plan
//! <root>/<id>/init        the topmost lower: what every container needs and no image has, see Placeholder
//! <root>/<id>/upper       what is written
//! <root>/<id>/work        the union file system's own
//! <root>/<id>/merged      where it is mounted
//! <root>/tmp/…            being made or removed; emptied when the snapshots are opened
//! ```
//!
//! How a snapshot is mounted is decided once, by trying, when the snapshots are opened: see [`Choice`]. A snapshot
//! stays what it was prepared as, even if a later server chooses otherwise.
//!
//! All functions block: call them where that is allowed.

mod copy;
mod driver;
mod error;
mod id;
mod init;
mod mount;
mod plan;
mod prepare;
mod probe;
mod reads;
mod remove;
mod store;
mod usage;
mod watch;
mod written;

pub use driver::{Choice, Driver, Refusal};
pub use error::SnapshotError;
pub use id::{IdError, SnapshotId};
pub use init::{Placeholder, PlaceholderKind};
pub use mount::{MountError, Mounted};
pub use plan::{OptionsTooLong, Parameter, Plan};
pub use reads::{How, Read, ReadBatch, Reads};
pub use store::{Options, Paths, Snapshots};
pub use strata_layers::{Captured, Change, ChangeKind, Marks};
pub use usage::Usage;
pub use watch::{Batch, Deed, Entry, EntryKind, Event, Measured, Meter, Stopper, Watch};
pub use written::HardenError;
