//! What a build told, on the disk: one event per line.

use std::{
    fs,
    io::{BufRead as _, BufReader, BufWriter, ErrorKind, Write as _},
    path::Path,
};

use strata_api::workshop::BuildEvent;

use super::super::cannot;
use crate::Error;

const FILE: &str = "events";

/// Writes everything that a build told, whole. Nobody waits for the disk: its images are there without it.
pub(super) fn keep(place: &Path, events: &[BuildEvent]) -> Result<(), Error> {
    let (path, part) = (place.join(FILE), place.join("events.part"));
    let written = fs::File::create(&part).and_then(|file| {
        let mut file = BufWriter::new(file);
        for event in events {
            serde_json::to_writer(&mut file, event)?;
            file.write_all(b"\n")?;
        }
        file.flush()
    });
    written.and_then(|()| fs::rename(&part, &path)).map_err(|error| cannot("write", &path, &error))
}

/// What a build told; nothing if it was cut short.
pub(super) fn events(place: &Path) -> Result<Vec<BuildEvent>, Error> {
    let path = place.join(FILE);
    let file = match fs::File::open(&path) {
        Ok(file) => BufReader::new(file),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(cannot("read", &path, &error)),
    };
    let lines = file.lines().map_while(Result::ok);
    // One that an older server wrote and that means nothing any more is left out, as the page does.
    Ok(lines.filter_map(|line| serde_json::from_str(&line).ok()).collect())
}
