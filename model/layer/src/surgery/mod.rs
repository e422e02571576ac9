//! What becomes of an image when its layers are merged, left out or put on another base. Everything here is decided
//! from the indexes; nothing is written.
//!
//! - [`squash`] says what goes into the one layer that stands for a range of them.
//! - [`without`] says what an image loses, gets back and can no longer rely on when a layer is left out.
//! - [`overridden`] says where layers that move to another base hide what that base has differently.

mod composite;
mod overridden;
mod squash;
mod without;

pub use overridden::{Overridden, Override, overridden};
pub use squash::{Row, squash};
pub use without::{Dependent, Need, Without, without};
