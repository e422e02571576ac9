//! `RUN --mount=type=…,key=value,…`, as BuildKit defines it.

use crate::expand::{ExpandError, go_quote};

/// What kind of mount.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MountKind {
    /// Files of the context, a stage or an image.
    #[default]
    Bind,
    /// A directory that outlives the build.
    Cache,
    /// A file system in memory.
    Tmpfs,
    /// A file that never gets into the image.
    Secret,
    /// A socket of an agent.
    Ssh,
}

impl MountKind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Bind, Self::Cache, Self::Tmpfs, Self::Secret, Self::Ssh];

    /// As written in `type=`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bind => "bind",
            Self::Cache => "cache",
            Self::Tmpfs => "tmpfs",
            Self::Secret => "secret",
            Self::Ssh => "ssh",
        }
    }
}

/// Who may use a cache at the same time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sharing {
    /// Everybody.
    #[default]
    Shared,
    /// Each has one of its own.
    Private,
    /// One after the other.
    Locked,
}

/// A mount of a RUN.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mount {
    /// `type`.
    pub kind: MountKind,
    /// `from`: a stage or an image.
    pub from: Option<String>,
    /// `source`, `src`.
    pub source: Option<String>,
    /// `target`, `dst`, `destination`.
    pub target: Option<String>,
    /// Whether what is written is refused (tmpfs, cache: not) or thrown away (bind with `rw`).
    pub read_only: bool,
    /// `size` of a tmpfs, in bytes.
    pub size: Option<u64>,
    /// `id` of a cache, secret or agent.
    pub id: Option<String>,
    /// `sharing` of a cache.
    pub sharing: Option<Sharing>,
    /// `required` of a secret or agent.
    pub required: bool,
    /// `env` of a secret: the variable that holds it; empty means the id's name.
    pub env: Option<String>,
    /// `mode`.
    pub mode: Option<u32>,
    /// `uid`.
    pub uid: Option<u32>,
    /// `gid`.
    pub gid: Option<u32>,
}

/// Why a mount is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the message says it")]
pub enum MountError {
    #[error("failed to parse csv mounts: a quote isn't closed")]
    Quote,
    #[error("invalid field '{0}' must be a key=value pair")]
    NoValue(String),
    #[error("unexpected key '{key}' in '{field}'")]
    UnknownKey { key: String, field: String },
    #[error("unexpected key '{key}' for mount type '{kind}'")]
    NotHere { key: String, kind: &'static str },
    #[error("unsupported mount type {}", go_quote(.0))]
    Kind(String),
    #[error("unsupported sharing value {}", go_quote(.0))]
    Sharing(String),
    #[error("invalid value for {key}: {value}")]
    Value { key: String, value: String },
    #[error("invalid value {value} for {key}")]
    Number { key: &'static str, value: String },
    #[error("{key} not allowed for {} type mounts", go_quote(.kind))]
    Owner { key: &'static str, kind: &'static str },
    #[error("secret mount should not have a from")]
    SecretFrom,
    #[error("invalid secret mount. one of source, target required")]
    SecretNothing,
    #[error("both source and id can't be set")]
    SecretBoth,
    #[error("invalid cache sharing set for {0} mount")]
    SharingOf(&'static str),
    #[error("'from' doesn't support variable expansion, define alias stage instead")]
    FromVariable,
    #[error(transparent)]
    Expand(#[from] ExpandError),
}

impl Mount {
    /// Reads the flag's value; `expand` replaces the variables of a value.
    pub fn read(
        text: &str,
        expand: impl Fn(&str) -> Result<String, ExpandError>,
    ) -> Result<Self, MountError> {
        let mut mount = Self::default();
        let mut read_only = None;
        for field in fields(text)? {
            let Some((key, value)) = field.split_once('=') else {
                match &field.to_lowercase()[..] {
                    "readonly" | "ro" => read_only = Some(true),
                    "readwrite" | "rw" => read_only = Some(false),
                    "required" => mount.require("required", true)?,
                    _ => return Err(MountError::NoValue(field)),
                }
                continue;
            };
            let key = key.to_lowercase();
            if key == "from" && value.find('$').is_some_and(|at| at + 1 != value.len()) {
                return Err(MountError::FromVariable);
            }
            let value = expand(value)?;
            let wrong = || MountError::Value { key: key.clone(), value: value.clone() };
            match &key[..] {
                "type" => {
                    let lower = value.to_lowercase();
                    let found = MountKind::ALL.into_iter().find(|kind| kind.name() == lower);
                    mount.kind = found.ok_or_else(|| MountError::Kind(value.clone()))?;
                }
                "from" => mount.from = Some(value),
                "source" | "src" => mount.source = Some(value),
                "target" | "dst" | "destination" => mount.target = Some(value),
                "readonly" | "ro" => read_only = Some(boolean(&value).ok_or_else(wrong)?),
                "readwrite" | "rw" => read_only = Some(!boolean(&value).ok_or_else(wrong)?),
                "required" => mount.require(&key, boolean(&value).ok_or_else(wrong)?)?,
                "size" if mount.kind == MountKind::Tmpfs => {
                    mount.size = Some(bytes(&value).ok_or_else(wrong)?)
                }
                "size" => return Err(MountError::NotHere { key, kind: mount.kind.name() }),
                "id" => mount.id = Some(value),
                "sharing" => {
                    mount.sharing = Some(match &value.to_lowercase()[..] {
                        "shared" => Sharing::Shared,
                        "private" => Sharing::Private,
                        "locked" => Sharing::Locked,
                        _ => return Err(MountError::Sharing(value)),
                    });
                }
                "mode" => mount.mode = Some(number("mode", &value, 8)?),
                "uid" => mount.uid = Some(number("uid", &value, 10)?),
                "gid" => mount.gid = Some(number("gid", &value, 10)?),
                "env" => mount.env = Some(value),
                _ => return Err(MountError::UnknownKey { key, field }),
            }
        }
        let writable = matches!(mount.kind, MountKind::Cache | MountKind::Tmpfs);
        mount.read_only = read_only.unwrap_or(!writable);
        mount.check()?;
        Ok(mount)
    }

    fn require(&mut self, key: &str, on: bool) -> Result<(), MountError> {
        if !matches!(self.kind, MountKind::Secret | MountKind::Ssh) {
            return Err(MountError::NotHere { key: key.to_owned(), kind: self.kind.name() });
        }
        self.required = on;
        Ok(())
    }

    /// What doesn't go together.
    fn check(&self) -> Result<(), MountError> {
        let kind = self.kind.name();
        if matches!(self.kind, MountKind::Bind | MountKind::Tmpfs) {
            for (key, given) in [("mode", self.mode), ("uid", self.uid), ("gid", self.gid)] {
                if given.is_some() {
                    return Err(MountError::Owner { key, kind });
                }
            }
        }
        if self.kind == MountKind::Secret {
            if self.from.is_some() {
                return Err(MountError::SecretFrom);
            }
            if self.source.is_none() && self.target.is_none() && self.id.is_none() {
                return Err(MountError::SecretNothing);
            }
            if self.source.is_some() && self.id.is_some() {
                return Err(MountError::SecretBoth);
            }
        }
        if self.sharing.is_some() && self.kind != MountKind::Cache {
            return Err(MountError::SharingOf(kind));
        }
        Ok(())
    }
}

/// One record of comma-separated values; a value may be in double quotes, a doubled quote in it is a quote.
fn fields(text: &str) -> Result<Vec<String>, MountError> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let last = fields.len() - 1;
        match c {
            '"' if quoted && chars.next_if_eq(&'"').is_some() => fields[last].push('"'),
            '"' if quoted || fields[last].is_empty() => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            c => fields[last].push(c),
        }
    }
    if quoted { Err(MountError::Quote) } else { Ok(fields) }
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

fn number(key: &'static str, text: &str, radix: u32) -> Result<u32, MountError> {
    let wrong = || MountError::Number { key, value: text.to_owned() };
    if text.starts_with('+') {
        return Err(wrong());
    }
    u32::from_str_radix(text, radix).map_err(|_| wrong())
}

/// `64m`, `1.5GiB`: binary units.
fn bytes(text: &str) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let number: f64 = text[..end].parse().ok()?;
    let shift = match &text[end..].trim_start().to_ascii_lowercase()[..] {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 10,
        "m" | "mb" | "mib" => 20,
        "g" | "gb" | "gib" => 30,
        "t" | "tb" | "tib" => 40,
        "p" | "pb" | "pib" => 50,
        _ => return None,
    };
    Some((number * (1_u64 << shift) as f64) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Mount, String> {
        Mount::read(text, |value| Ok(value.to_owned())).map_err(|error| error.to_string())
    }

    #[test]
    fn mounts_are_read() {
        let cache = read("type=cache,target=/var/cache/apt,sharing=locked,mode=0755,uid=1").expect("valid");
        assert_eq!(
            (cache.kind, cache.sharing, cache.mode),
            (MountKind::Cache, Some(Sharing::Locked), Some(0o755))
        );
        assert!(!cache.read_only);
        let bind = read("target=/x,source=a,from=build").expect("valid");
        assert!(bind.read_only && bind.kind == MountKind::Bind);
        assert!(!read("target=/x,rw").expect("valid").read_only);
        assert_eq!(read("type=tmpfs,target=/x,size=1.5m").expect("valid").size, Some(1_572_864));
        assert_eq!(read("type=secret,id=a,\"target=/a,b\"").expect("valid").target.as_deref(), Some("/a,b"));
    }

    #[test]
    fn wrong_mounts_are_refused() {
        for (text, message) in [
            ("type=nfs", "unsupported mount type \"nfs\""),
            ("target", "invalid field 'target' must be a key=value pair"),
            ("a=b", "unexpected key 'a' in 'a=b'"),
            ("size=1", "unexpected key 'size' for mount type 'bind'"),
            ("type=cache,mode=9", "invalid value 9 for mode"),
            ("mode=1", "mode not allowed for \"bind\" type mounts"),
            ("type=secret", "invalid secret mount. one of source, target required"),
            ("sharing=locked,target=/x", "invalid cache sharing set for bind mount"),
            ("from=$x,target=/x", "'from' doesn't support variable expansion, define alias stage instead"),
        ] {
            assert_eq!(read(text).map(drop), Err(message.to_owned()), "{text}");
        }
    }
}
