//! Names of containers: what is allowed, and how one is made up.

use crate::{Error, ids::random_bytes};

const ADJECTIVES: [&str; 48] = [
    "amber", "basal", "brisk", "buried", "calm", "chalky", "clear", "coastal", "cobalt", "crisp", "dusty",
    "eager", "fertile", "flinty", "folded", "frosty", "gentle", "glassy", "golden", "grainy", "humble",
    "ivory", "keen", "lively", "lucid", "mellow", "mossy", "nimble", "opaque", "patient", "pebbly",
    "polished", "quiet", "rugged", "sandy", "serene", "silent", "silty", "smooth", "solid", "steady",
    "stony", "sunny", "tidal", "tilted", "vivid", "windy", "young",
];

const ROCKS: [&str; 48] = [
    "agate",
    "andesite",
    "basalt",
    "beryl",
    "breccia",
    "calcite",
    "chalk",
    "chert",
    "clay",
    "coal",
    "coral",
    "diorite",
    "dolomite",
    "feldspar",
    "flint",
    "fluorite",
    "gabbro",
    "garnet",
    "gneiss",
    "granite",
    "gravel",
    "gypsum",
    "halite",
    "jasper",
    "limestone",
    "loess",
    "magma",
    "marble",
    "marl",
    "mica",
    "mudstone",
    "obsidian",
    "olivine",
    "onyx",
    "opal",
    "peat",
    "pumice",
    "pyrite",
    "quartz",
    "sandstone",
    "schist",
    "shale",
    "siltstone",
    "slate",
    "talc",
    "topaz",
    "travertine",
    "tuff",
];

/// A made-up name, `adjective_rock`; from the third attempt on with a digit behind.
pub(crate) fn generate(attempt: usize) -> String {
    let [a, b, digit] = random_bytes::<3>();
    let adjective = ADJECTIVES[usize::from(a) % ADJECTIVES.len()];
    let rock = ROCKS[usize::from(b) % ROCKS.len()];
    match attempt {
        0 | 1 => format!("{adjective}_{rock}"),
        _ => format!("{adjective}_{rock}{}", digit % 10),
    }
}

/// Checks a name and takes the slash before it away.
///
/// ```text
/// name := [ "/" ] alphanumeric ( alphanumeric | "_" | "." | "-" )+
/// ```
pub(crate) fn parse(name: &str) -> Result<String, Error> {
    let bare = name.strip_prefix('/').unwrap_or(name);
    if is_restricted_name(bare) {
        return Ok(bare.to_owned());
    }
    Err(Error::invalid(format!(
        "Invalid container name ({name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed"
    )))
}

/// Whether a text is at least two characters of those that names of containers and volumes are made of.
pub(crate) fn is_restricted_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphanumeric())
        && text.len() > 1
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked_as_docker_does() {
        for (name, parsed) in [("web", "web"), ("/web", "web"), ("a1", "a1"), ("A_.-9", "A_.-9")] {
            assert_eq!(parse(name).as_deref(), Ok(parsed));
        }
        for name in ["", "a", "/", "-web", "_web", ".web", "we b", "web/x", "//web", "wéb"] {
            let error = parse(name).expect_err(name);
            let wanted =
                format!("Invalid container name ({name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed");
            assert_eq!(error.message, wanted);
        }
    }

    #[test]
    fn made_up_names_are_names() {
        for attempt in 0..6 {
            assert!(parse(&generate(attempt)).is_ok());
        }
        for word in ADJECTIVES.iter().chain(&ROCKS) {
            assert!(is_restricted_name(word));
        }
    }
}
