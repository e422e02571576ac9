//! `os/architecture[/variant]` and the choice among an index's entries.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What an image runs on.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Platform {
    /// `amd64`, `arm64`, … as Go names them.
    pub architecture: String,
    /// `linux`, `windows`, …
    pub os: String,
    /// `v7`, `v8`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// Windows build number.
    #[serde(default, rename = "os.version", skip_serializing_if = "Option::is_none")]
    pub os_version: Option<String>,
}

/// Why a string is not a platform `os/architecture[/variant]`, in the words of docker's engines.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PlatformError {
    /// A part is empty or has other characters.
    #[error(
        "{part:?} is an invalid component of {text:?}: platform specifier component must match \"^[A-Za-z0-9_-]+$\": invalid argument"
    )]
    Component {
        /// The whole.
        text: String,
        /// The part.
        part: String,
    },
    /// One word that is neither an operating system nor an architecture.
    #[error("{0:?}: unknown operating system or architecture: invalid argument")]
    Unknown(String),
    /// More parts than three.
    #[error("{0:?}: cannot parse platform specifier: invalid argument")]
    Form(String),
}

/// Architectures that may stand alone.
const ARCHITECTURES: [&str; 15] = [
    "386", "amd64", "arm", "arm64", "loong64", "mips", "mips64", "mips64le", "mipsle", "ppc64", "ppc64le",
    "riscv64", "s390x", "sparc64", "wasm",
];

impl Platform {
    /// An os and architecture, normalised (`x86_64` is `amd64`, `aarch64` is `arm64`).
    pub fn new(os: &str, architecture: &str, variant: Option<&str>) -> Self {
        let (architecture, implied) = match architecture.to_ascii_lowercase().as_str() {
            "x86_64" | "x86-64" => ("amd64".to_owned(), None),
            "i386" | "i686" => ("386".to_owned(), None),
            "aarch64" => ("arm64".to_owned(), None),
            "armhf" => ("arm".to_owned(), Some("v7")),
            "armel" => ("arm".to_owned(), Some("v6")),
            other => (other.to_owned(), None),
        };
        let variant = variant.or(implied).map(|v| v.to_ascii_lowercase());
        let variant = match (architecture.as_str(), variant.as_deref()) {
            ("arm64", Some("v8" | "8")) => None,
            ("arm", Some("7")) => Some("v7".to_owned()),
            ("arm", Some("6")) => Some("v6".to_owned()),
            _ => variant,
        };
        Self { architecture, os: os.to_ascii_lowercase(), variant, os_version: None }
    }

    /// The platform that this program was compiled for.
    pub fn host() -> Self {
        Self::new("linux", std::env::consts::ARCH, None)
    }

    /// How well an image for `self` serves a machine that wants `wanted`: `None` not at all, else higher is better.
    ///
    /// The same os and architecture are required. An equal variant is best; without a wish any 32-bit ARM
    /// variant serves, the highest best, as containerd chooses.
    pub fn serves(&self, wanted: &Platform) -> Option<u32> {
        let have = Self::new(&self.os, &self.architecture, self.variant.as_deref());
        if have.os != wanted.os || have.architecture != wanted.architecture {
            return None;
        }
        match (&have.variant, &wanted.variant) {
            (have, wanted) if have == wanted => Some(100),
            (None, Some(_)) => Some(50),
            (Some(variant), None) => Some(level(variant)),
            (Some(variant), Some(limit)) if have.architecture == "arm" && level(variant) < level(limit) => {
                Some(level(variant))
            }
            _ => None,
        }
    }
}

fn level(variant: &str) -> u32 {
    variant.trim_start_matches('v').parse::<u32>().unwrap_or(0).min(49)
}

impl FromStr for Platform {
    type Err = PlatformError;

    fn from_str(text: &str) -> Result<Self, PlatformError> {
        let valid = |part: &&str| {
            !part.is_empty()
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
        };
        let parts: Vec<&str> = text.split('/').collect();
        if let Some(part) = parts.iter().find(|part| !valid(part)) {
            return Err(PlatformError::Component { text: text.into(), part: (*part).into() });
        }
        match parts[..] {
            [one @ ("linux" | "windows" | "darwin" | "freebsd")] => {
                Ok(Self::new(one, std::env::consts::ARCH, None))
            }
            [architecture] => {
                let platform = Self::new("linux", architecture, None);
                match ARCHITECTURES.contains(&platform.architecture.as_str()) {
                    true => Ok(platform),
                    false => Err(PlatformError::Unknown(text.into())),
                }
            }
            [os, architecture] => Ok(Self::new(os, architecture, None)),
            [os, architecture, variant] => Ok(Self::new(os, architecture, Some(variant))),
            _ => Err(PlatformError::Form(text.into())),
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        self.variant.iter().try_for_each(|variant| write!(f, "/{variant}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_and_normalises() {
        let cases = [
            ("linux/amd64", "linux/amd64"),
            ("x86_64", "linux/amd64"),
            ("linux/arm64/v8", "linux/arm64"),
            ("linux/arm/v7", "linux/arm/v7"),
            ("armhf", "linux/arm/v7"),
        ];
        for (text, shown) in cases {
            assert_eq!(text.parse::<Platform>().expect(text).to_string(), shown);
        }
        for bad in ["", "/", "linux/", "a/b/c/d", "linux/a b", "foo"] {
            assert!(bad.parse::<Platform>().is_err(), "{bad}");
        }
    }

    #[test]
    fn chooses_the_nearest_variant() {
        let wanted = Platform::new("linux", "arm", Some("v7"));
        let serves = |variant| Platform::new("linux", "arm", variant).serves(&wanted);
        assert!(serves(Some("v7")) > serves(None));
        assert!(serves(None) > serves(Some("v6")));
        assert!(serves(Some("v6")) > serves(Some("v5")));
        assert_eq!(serves(Some("v8")), None);
        assert_eq!(Platform::new("linux", "arm64", None).serves(&wanted), None);
    }
}
