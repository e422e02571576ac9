//! What is done to containers, a file per verb.

mod attach;
mod close;
mod commit;
mod connect;
mod copy;
mod create;
mod diff;
mod end;
pub(crate) mod exec;
mod exec_record;
mod inspect;
mod kill;
mod list;
mod logs;
mod pause;
mod probe;
mod prune;
mod remove;
mod rename;
mod resize;
mod restart;
mod restore;
mod start;
mod stats;
mod stop;
mod top;
mod unlink;
mod update;
mod wait;

pub(crate) use create::snapshot_id;

pub use attach::Attachment;
pub use commit::{CommitSource, complete_config};
pub use copy::Archive;
pub use list::ListQuery;
pub use logs::LogRequest;
pub use wait::{Condition, Wait};
