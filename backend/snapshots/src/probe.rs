//! Finding out how snapshots can be mounted here, by doing it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use strata_layers::{ChangeKind, Written, changes};

use crate::{Choice, Driver, Paths, Refusal, SnapshotError, mount, prepare, remove};

/// Tries the ways, best first, in the directory `scratch`, which is made and removed; or only `wanted`.
pub(crate) fn choose(scratch: &Path, wanted: Option<Driver>) -> Result<Choice, SnapshotError> {
    let mut refused = Vec::new();
    for driver in Driver::ALL.into_iter().filter(|driver| wanted.is_none_or(|wanted| wanted == *driver)) {
        match attempt(scratch, driver) {
            Ok(()) => return Ok(Choice { driver, refused }),
            Err(why) => {
                tracing::debug!(%driver, why, "snapshots can not be mounted this way");
                refused.push(Refusal { driver, why });
            }
        }
    }
    let why = refused.pop().map_or_else(String::new, |refusal| refusal.why);
    Err(SnapshotError::Driver { driver: wanted.unwrap_or(Driver::Copy), why })
}

/// Makes a snapshot, works in it, and looks whether what was written says so. What an overlay on the wrong file
/// system gets wrong shows here: it mounts, and then fails to delete a directory or forgets that it did.
fn attempt(scratch: &Path, driver: Driver) -> Result<(), String> {
    let text = |error: SnapshotError| chain(&error);
    remove::remove_all(scratch).map_err(text)?;
    let outcome = work(scratch, driver);
    let paths = Paths::of(&scratch.join("snapshot"));
    let down = mount::take_down(&paths.merged).and_then(|()| remove::remove_all(scratch)).map_err(text);
    outcome.and(down)
}

fn work(scratch: &Path, driver: Driver) -> Result<(), String> {
    let io = |what: &'static str| move |error: std::io::Error| format!("{what}: {error}");
    let lowers: Vec<PathBuf> = ["lower", "upper lower"].iter().map(|name| scratch.join(name)).collect();
    for lower in &lowers {
        fs::create_dir_all(lower.join("folder")).map_err(io("creating a layer"))?;
    }
    fs::write(lowers[0].join("folder/inside"), "").map_err(io("creating a layer"))?;
    fs::write(lowers[1].join("file"), "old").map_err(io("creating a layer"))?;
    let paths = Paths::of(&scratch.join("snapshot"));
    let plan = prepare::plan(driver, &lowers, &paths).map_err(|error| chain(&error))?;
    prepare::fill(&paths, &plan, &lowers, &[]).map_err(|error| chain(&error))?;
    mount::put_up(&plan, &paths).map_err(|error| error.to_string())?;

    let merged = &paths.merged;
    fs::remove_dir_all(merged.join("folder")).map_err(io("removing a directory"))?;
    fs::create_dir(merged.join("folder")).map_err(io("creating a directory over a removed one"))?;
    if fs::exists(merged.join("folder/inside")).map_err(io("looking into a directory"))? {
        return Err("a removed file came back".into());
    }
    fs::write(merged.join("new"), "").map_err(io("creating a file"))?;
    fs::remove_file(merged.join("file")).map_err(io("removing a file"))?;

    let upper = PathBuf::from(plan.writable());
    let lowers: Vec<_> = plan.lowers.iter().map(PathBuf::from).collect();
    let written = Written { upper: &upper, lowers: &lowers, marks: driver.marks() };
    let found: Vec<_> = changes(&written)
        .map_err(|error| chain(&error))?
        .into_iter()
        .map(|change| (change.path.to_string(), change.kind))
        .collect();
    use ChangeKind::{Added, Deleted, Modified};
    let expected = [("file", Deleted), ("folder", Modified), ("folder/inside", Deleted), ("new", Added)];
    match found.iter().map(|(path, kind)| (&**path, *kind)).eq(expected) {
        true => Ok(()),
        false => Err(format!("what was written reads as {found:?}")),
    }
}

/// An error with all that caused it.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
