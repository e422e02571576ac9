//! What source files look like.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use super::{Graph, arrows::PURE};
use crate::place;

const LONGEST: usize = 450;

/// Words that mean unfinished work. Written in two parts, for this file is checked too.
const UNFINISHED: [&str; 5] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("db", "g!("),
    concat!("to", "do!("),
    concat!("unimple", "mented!("),
];

/// Doors to the outside that pure code has no use for.
const DOORS: [&str; 10] = [
    "std::fs",
    "std::net::Tcp",
    "std::net::Udp",
    "ToSocketAddrs",
    "std::process",
    "std::env::var",
    "std::thread",
    "SystemTime::now",
    "Instant::now",
    "std::os::",
];

/// The broken rules, one line each.
pub fn check(graph: &Graph) -> Result<Vec<String>> {
    let mut broken = Vec::new();
    for (name, member) in &graph.members {
        for library in &member.libraries {
            if !read(library)?.starts_with("//!") {
                broken.push(format!("{} doesn't begin with documentation of the crate", short(library)));
            }
        }
        // A crate's directory may hold other crates' (tests/).
        let others: Vec<&PathBuf> =
            graph.members.values().map(|m| &m.dir).filter(|dir| **dir != member.dir).collect();
        let mut files = Vec::new();
        collect(&member.dir, &others, &mut files)?;
        for file in files {
            // Tests, benchmarks and examples of a pure crate may do as they like.
            let pure = PURE.contains(&name.as_str()) && file.starts_with(member.dir.join("src"));
            broken.extend(complaints(&read(&file)?, pure).map(|what| format!("{}: {what}", short(&file))));
        }
    }
    Ok(broken)
}

/// What is wrong with a file's text.
fn complaints(text: &str, pure: bool) -> impl Iterator<Item = String> {
    let lines = text.lines().count();
    let long =
        (lines > LONGEST).then(|| format!("{lines} lines: find the two rooms in it (at most {LONGEST})"));
    let unfinished =
        UNFINISHED.iter().filter(|word| text.contains(**word)).map(|word| format!("contains {word}"));
    // Tests of pure crates may read files; they come last in a file.
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    let open = |door: &&&str| {
        pure && code.lines().any(|line| line.contains(**door) && !line.trim_start().starts_with("//"))
    };
    let doors = DOORS.iter().filter(open).map(|door| format!("pure code uses {door}"));
    long.into_iter().chain(unfinished).chain(doors).collect::<Vec<_>>().into_iter()
}

fn collect(dir: &Path, others: &[&PathBuf], files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))? {
        let path = entry?.path();
        let hidden = path.file_name().is_some_and(|name| name == "target" || name == "node_modules");
        if path.is_dir() && !hidden && !others.contains(&&path) {
            collect(&path, others, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

fn short(path: &Path) -> String {
    path.strip_prefix(place::root()).unwrap_or(path).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::complaints;

    #[test]
    fn complains_about_what_it_should() {
        let count = |text: &str, pure| complaints(text, pure).count();
        assert_eq!(count("fn main() {}\n", true), 0);
        assert_eq!(count(&"\n".repeat(451), false), 1);
        assert_eq!(count(concat!("// TO", "DO later"), false), 1);
        assert_eq!(count("use std::fs;", true), 1);
        assert_eq!(count("use std::fs;", false), 0);
        assert_eq!(count("/// like std::fs\n#[cfg(test)]\nuse std::fs;", true), 0);
    }
}
