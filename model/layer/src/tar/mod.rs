//! A reader of uncompressed tars that streams, gives offsets, and reads everything that layers are made of.
//!
//! V7, ustar, PAX, GNU (long names, base-256 numbers, sparse files of all four formats) and star, to the letter of
//! what dockerd takes: entries without content skip none whatever their size says; global PAX headers count for
//! nothing; a missing end marker, or a missing part of the last padding, is the end.

mod archive;
mod block;
mod content;
mod pax;
mod source;
mod sparse;

use std::io;

pub(crate) use archive::{Archive, Member};
pub(crate) use content::Content;
pub(crate) use source::WHOLE;

use crate::read::Problem;

/// What stops the reading.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The source failed.
    Io(io::Error),
    /// The archive is refused.
    Problem(Problem),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Problem> for Fault {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}
