//! What the explorer says of images that aren't here, in the program that shows none: nothing.

use crate::{
    address::View,
    page::{api::Client, explorer::Explorer},
    words::Lang,
};

/// Never called: such an address loads the other program.
pub fn load(_: Explorer, _: Client, _: View) {}

/// The explorer's image is here.
pub fn none() {}

/// The image of a registry that layers are from.
pub fn source() -> Option<String> {
    None
}

/// Whether it is known what is in a layer.
pub fn is_read(_: usize) -> bool {
    true
}

/// Why a layer shows nothing, if that is because it wasn't read.
pub fn unread(_: Option<usize>, _: Lang) -> Option<String> {
    None
}

/// What the image's head says.
pub fn head() {}

/// What the line under the head says.
pub fn bar() {}

/// What a sheet says.
pub fn sheet(_: usize) {}

/// Why the registry doesn't show the image.
pub fn trouble() -> Option<()> {
    None
}
