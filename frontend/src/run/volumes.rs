//! `docker run -v`: `[source:]target[:mode]`.

use super::is_name;
use crate::words::Word;

/// A volume or a bind mount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Volume {
    /// A new volume without a name at this path.
    Anonymous(String),
    /// What `HostConfig.Binds` takes: a named volume or a path of the engine's machine.
    Bind(String),
}

const MODES: [&str; 12] = [
    "ro",
    "rw",
    "z",
    "Z",
    "nocopy",
    "shared",
    "rshared",
    "slave",
    "rslave",
    "private",
    "rprivate",
    "delegated",
];

/// Reads a line.
pub fn read(line: &str) -> Result<Volume, (Word, String)> {
    let parts: Vec<&str> = line.split(':').collect();
    let (source, target, mode) = match parts[..] {
        [target] => (None, target, None),
        [source, target] => (Some(source), target, None),
        [source, target, mode] => (Some(source), target, Some(mode)),
        _ => return Err((Word::WrongVolume, line.to_owned())),
    };
    if !target.starts_with('/') || target.trim_end_matches('/').is_empty() {
        return Err((Word::WrongTarget, target.to_owned()));
    }
    let unknown = mode.and_then(|mode| mode.split(',').find(|one| !MODES.contains(one)));
    if let Some(unknown) = unknown {
        return Err((Word::WrongMode, unknown.to_owned()));
    }
    match source {
        None => Ok(Volume::Anonymous(target.to_owned())),
        Some(source) if source.starts_with('/') || is_name(source) => Ok(Volume::Bind(line.to_owned())),
        Some(source) => Err((Word::WrongSource, source.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_form() {
        let bind = |text: &str| Ok(Volume::Bind(text.to_owned()));
        assert_eq!(read("/data"), Ok(Volume::Anonymous("/data".into())));
        for line in ["data:/data", "data:/data:ro", "/srv:/data:rw,z", "a.b-c:/x"] {
            assert_eq!(read(line), bind(line));
        }
    }

    #[test]
    fn names_the_part_that_is_wrong() {
        let cases = [
            ("data", Word::WrongTarget, "data"),
            ("data:data", Word::WrongTarget, "data"),
            ("data:/", Word::WrongTarget, "/"),
            ("./here:/data", Word::WrongSource, "./here"),
            (":/data", Word::WrongSource, ""),
            ("data:/data:rx", Word::WrongMode, "rx"),
            ("a:/b:ro:x", Word::WrongVolume, "a:/b:ro:x"),
        ];
        for (line, word, part) in cases {
            assert_eq!(read(line), Err((word, part.to_owned())), "{line}");
        }
    }
}
