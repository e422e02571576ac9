//! Finding the last records without reading the others.

use std::{fs::File, io, os::unix::fs::FileExt as _, path::Path};

use super::{
    LogOptions,
    read::{Open, oldest},
};

/// How much is searched at once.
const CHUNK: u64 = 64 << 10;

/// Where the last `count` records begin, over all files.
pub(super) fn find(options: &LogOptions, count: usize) -> io::Result<Option<Open>> {
    let mut missing = count;
    for path in options.files() {
        match search(&path, missing)? {
            Found::At(offset) => return Open::at(&path, offset),
            Found::Only(here) => missing -= here,
        }
    }
    oldest(options)
}

enum Found {
    /// Enough: they begin here.
    At(u64),
    /// There are only so many.
    Only(usize),
}

/// Counts newlines from the end. The last one ends a record, the others begin the next.
fn search(path: &Path, count: usize) -> io::Result<Found> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Only(0)),
        other => other?,
    };
    let mut end = file.metadata()?.len();
    if count == 0 {
        return Ok(Found::At(end));
    }
    let mut newlines = 0;
    let mut buffer = vec![0; CHUNK as usize];
    while end > 0 {
        let begin = end.saturating_sub(CHUNK);
        let chunk = &mut buffer[..(end - begin) as usize];
        file.read_exact_at(chunk, begin)?;
        for (place, _) in chunk.iter().enumerate().rev().filter(|(_, byte)| **byte == b'\n') {
            newlines += 1;
            if newlines > count {
                return Ok(Found::At(begin + place as u64 + 1));
            }
        }
        end = begin;
    }
    Ok(if newlines == count { Found::At(0) } else { Found::Only(newlines) })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::log::{LogOptions, read::LogReader};

    #[test]
    fn counts_over_rotated_files() {
        let directory = tempfile::tempdir().expect("a directory");
        let options = LogOptions { max_files: 3, ..LogOptions::new(directory.path().join("log")) };
        let record = |number: u32| {
            format!("{{\"log\":\"{number}\\n\",\"stream\":\"stdout\",\"time\":\"2020-01-01T00:00:00Z\"}}\n")
        };
        for (name, numbers) in [("log.2", 0..3), ("log.1", 3..4), ("log", 4..2_000)] {
            let text: String = numbers.map(record).collect();
            fs::write(directory.path().join(name), text).expect("written");
        }
        for (count, first) in
            [(0, None), (1, Some(1999)), (1_000, Some(1000)), (1_996, Some(4)), (1_997, Some(3))]
                .into_iter()
                .chain([(1_998, Some(2)), (2_000, Some(0)), (usize::MAX, Some(0))])
        {
            let mut reader = LogReader::open(options.clone(), Some(count), false).expect("opened");
            let mut lines = Vec::new();
            while let Some(batch) = reader.next().expect("read") {
                lines.extend(
                    batch.into_iter().map(|line| String::from_utf8_lossy(&line.bytes).trim().to_owned()),
                );
            }
            assert_eq!(lines.first().map(|line| line.parse().expect("a number")), first, "the last {count}");
            assert_eq!(lines.len(), count.min(2_000));
        }
    }
}
