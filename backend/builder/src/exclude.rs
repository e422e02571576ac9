//! `--exclude` of `COPY` and `ADD`.

use strata_dockerfile::ignore::Ignore;

use crate::{
    Context, ContextRoom, Error,
    copy::{Found, Placing, place},
};

/// Leaves out of what is copied what patterns match: files that are named, and things in directories.
pub(crate) fn exclude(
    found: &mut Vec<Found>,
    patterns: &[String],
    room: &ContextRoom,
    scratch: &mut Vec<Context>,
) -> Result<(), Error> {
    let ignore = Ignore::parse(&patterns.join("\n"));
    found.retain(|found| found.directory || !ignore.ignores(&String::from_utf8_lossy(&found.path)));
    for found in found.iter_mut().filter(|found| found.directory) {
        // A copy of its own, which is thinned out.
        let copy = room.scratch()?;
        place(found, copy.root(), b"/", &Placing::default())?;
        copy.thin_out(&ignore)?;
        (found.origin, found.place) = (copy.origin(), Vec::new());
        scratch.push(copy);
    }
    Ok(())
}
