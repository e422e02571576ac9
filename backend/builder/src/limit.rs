//! How many layers an image may have.

use strata_dockerfile::{Command, Instruction};

use crate::Error;

/// The most layers of an image: what overlay mounts of dockerd's have always been limited to.
pub(crate) const LAYERS: usize = 127;

/// Whether an instruction makes a layer, as far as its text says.
fn makes_layer(instruction: &Instruction) -> bool {
    matches!(instruction.command, Command::Run(_) | Command::Copy(_) | Command::Add(_))
}

/// Refuses a stage whose steps would make too many layers, before any of them runs. `before` are the layers of its base; the
/// steps have numbers from `first` on.
pub(crate) fn check(before: usize, first: usize, steps: &[Instruction]) -> Result<usize, Error> {
    let mut layers = before;
    for (number, step) in (first..).zip(steps) {
        layers += usize::from(makes_layer(step));
        if layers > LAYERS {
            return Err(too_many(number, step.code(), before));
        }
    }
    Ok(layers)
}

/// The error of a step that makes one layer too many.
pub(crate) fn too_many(number: usize, text: &str, before: usize) -> Error {
    Error::invalid(format!(
        "max depth exceeded: step {number} ({text}) would make layer {}, an image has at most {LAYERS} ({before} of them are the base's): \
         join RUN steps with && or copy several files at once",
        LAYERS + 1
    ))
}
