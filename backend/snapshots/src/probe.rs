//! Finding out how snapshots can be mounted here, by doing it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use strata_layers::{ChangeKind, Written, changes};

use crate::{Choice, Driver, Paths, Refusal, SnapshotError, mount, prepare, remove};

/// The snapshot that is made to try, in the directory `tmp`.
pub(crate) fn paths(tmp: &Path) -> Paths {
    Paths::of(&tmp.join(SCRATCH).join("snapshot"))
}

const SCRATCH: &str = "probe";

/// Tries the ways, best first, in the directory `tmp`, which is left as it was; or only `wanted`.
pub(crate) fn choose(tmp: &Path, wanted: Option<Driver>) -> Result<Choice, SnapshotError> {
    let mut refused = Vec::new();
    for driver in Driver::ALL.into_iter().filter(|driver| wanted.is_none_or(|wanted| wanted == *driver)) {
        match attempt(tmp, driver) {
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
fn attempt(tmp: &Path, driver: Driver) -> Result<(), String> {
    let outcome = work(tmp, driver);
    let down = mount::take_down(&paths(tmp).merged).and_then(|()| remove::remove_all(&tmp.join(SCRATCH)));
    let down = down.map_err(|error| chain(&error));
    outcome.and(down)
}

fn work(tmp: &Path, driver: Driver) -> Result<(), String> {
    let io = |what: &'static str| move |error: std::io::Error| format!("{what}: {error}");
    let lowers: Vec<PathBuf> =
        ["lower", "upper lower"].iter().map(|name| tmp.join(SCRATCH).join(name)).collect();
    for lower in &lowers {
        fs::create_dir_all(lower.join("folder")).map_err(io("creating a layer"))?;
    }
    fs::write(lowers[0].join("folder/inside"), "").map_err(io("creating a layer"))?;
    fs::write(lowers[1].join("file"), "old").map_err(io("creating a layer"))?;
    let paths = paths(tmp);
    let plan = prepare::plan(driver, &lowers, &paths).map_err(|error| chain(&error))?;
    prepare::fill(&paths, &plan, &lowers, &[], false).map_err(|error| chain(&error))?;
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
