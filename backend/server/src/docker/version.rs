//! API versions in paths: `/v1.41/images/json`.

use std::fmt;

use thiserror::Error;

/// A version of the engine API; ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApiVersion {
    major: u32,
    minor: u32,
}

/// Why a version is not spoken; the words are dockerd's, some clients read them.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum WrongVersion {
    /// Older than all we speak.
    #[error(
        "client version {0} is too old. Minimum supported API version is {min}, please upgrade your client to a newer version",
        min = ApiVersion::MIN
    )]
    TooOld(String),
    /// Newer.
    #[error("client version {0} is too new. Maximum supported API version is {max}", max = ApiVersion::NEWEST)]
    TooNew(String),
}

impl ApiVersion {
    /// The oldest that is spoken.
    pub const MIN: Self = Self::new(1, 24);
    /// The newest that is spoken, and the one of paths without a version.
    pub const MAX: Self = Self::new(1, 47);
    /// The same as text.
    pub const NEWEST: &str = "1.47";

    /// `major.minor`.
    pub const fn new(major: u32, minor: u32) -> Self {
        Self { major, minor }
    }

    /// Splits a path into the part after the version, and the version's text if there is one.
    pub fn split(path: &str) -> (&str, Option<&str>) {
        let Some(rest) = path.strip_prefix("/v") else { return (path, None) };
        let end = rest.find('/').unwrap_or(rest.len());
        let (version, rest) = rest.split_at(end);
        let digits = version.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        if version.is_empty() || !digits || rest.is_empty() { (path, None) } else { (rest, Some(version)) }
    }

    /// The version to speak to a client that asked for `text`, or for none.
    pub fn negotiate(text: Option<&str>) -> Result<Self, WrongVersion> {
        let Some(text) = text else { return Ok(Self::MAX) };
        // Missing and oversized numbers compare as Go's version comparison has them: absent is 0.
        let mut numbers = text.split('.').map(|number| match number {
            "" => 0,
            number => number.parse().unwrap_or(u32::MAX),
        });
        let version = Self::new(numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
        let longer = numbers.any(|number| number > 0);
        if version < Self::MIN {
            Err(WrongVersion::TooOld(text.into()))
        } else if version > Self::MAX || (version == Self::MAX && longer) {
            Err(WrongVersion::TooNew(text.into()))
        } else {
            Ok(version)
        }
    }

    /// Whether this is `1.minor` or newer.
    pub fn since(self, minor: u32) -> bool {
        self >= Self::new(1, minor)
    }
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_paths() {
        let cases = [
            ("/v1.41/images/json", ("/images/json", Some("1.41"))),
            ("/v1/_ping", ("/_ping", Some("1"))),
            ("/images/json", ("/images/json", None)),
            ("/version", ("/version", None)),
            ("/volumes", ("/volumes", None)),
            ("/v1.4x/version", ("/v1.4x/version", None)),
            ("/v/version", ("/v/version", None)),
            ("/v1.41", ("/v1.41", None)),
        ];
        for (path, expected) in cases {
            assert_eq!(ApiVersion::split(path), expected, "{path}");
        }
    }

    #[test]
    fn speaks_what_dockerd_27_speaks() {
        assert_eq!(ApiVersion::MAX.to_string(), ApiVersion::NEWEST);
        for (text, expected) in
            [(None, ApiVersion::MAX), (Some("1.24"), ApiVersion::MIN), (Some("1.41"), ApiVersion::new(1, 41))]
        {
            assert_eq!(ApiVersion::negotiate(text), Ok(expected));
        }
        let refused = |text| ApiVersion::negotiate(Some(text)).expect_err(text).to_string();
        assert_eq!(refused("1.99"), "client version 1.99 is too new. Maximum supported API version is 1.47");
        assert_eq!(
            refused("1.11"),
            "client version 1.11 is too old. Minimum supported API version is 1.24, please upgrade your client to a newer version"
        );
        for new in ["1.48", "2", "2.0", "1.47.1", "99999999999.1"] {
            assert!(refused(new).contains("too new"), "{new}");
        }
        for old in ["1.23", "1", "0.1", ".", "..."] {
            assert!(refused(old).contains("too old"), "{old}");
        }
    }
}
