//! Who takes a layer's entries while it is read.

use std::{convert::Infallible, io::Read};

use crate::{Entry, LayerPath};

/// Takes the entries of a layer in the archive's order.
pub trait Sink {
    /// Why an entry was not taken; ends the reading.
    type Error;

    /// Takes an entry, with `entry.size` bytes of content to read; sparse files arrive with their holes as zeros.
    ///
    /// What is left unread is read after the call returns. An error that `content` gives is one of the archive or
    /// its source: return any error then, the reader reports its own. Directories that the archive needs but does
    /// not list arrive first, as implied entries, so the parent of an entry has always been taken. Symlinks above an
    /// entry have been resolved inside the layer: no component above `entry.path` is a symlink of this layer.
    fn entry(&mut self, entry: &Entry, content: &mut dyn Read) -> Result<(), Self::Error>;

    /// Takes the mark that a directory, taken earlier or an implied one, hides all that the layers below have in
    /// it. What this layer has in it stays, whichever came first.
    fn opaque(&mut self, directory: &LayerPath) -> Result<(), Self::Error>;
}

/// Takes nothing.
impl Sink for () {
    type Error = Infallible;

    fn entry(&mut self, _: &Entry, _: &mut dyn Read) -> Result<(), Infallible> {
        Ok(())
    }

    fn opaque(&mut self, _: &LayerPath) -> Result<(), Infallible> {
        Ok(())
    }
}
