//! How much workshops may hold.

use crate::{Error, Kind};

/// Workshops on a server.
pub const MOST_WORKSHOPS: usize = 500;
/// Files, directories and links in a context.
pub const MOST_FILES: u64 = 50_000;
/// Bytes of a context's files.
pub const MOST_BYTES: u64 = 2 << 30;
/// Bytes of a file that is written through the page; larger ones come in a tar.
pub const WRITTEN_AT_ONCE: usize = 64 << 20;
/// Characters of a workshop's name.
pub(super) const NAME: usize = 100;
/// Tags, and build arguments, of a workshop.
pub(super) const SETTINGS: usize = 100;
/// Bytes of a Dockerfile that comes with an address, or of a setting.
pub(super) const TEXT: usize = 1 << 20;

/// Refuses a context that has become too large.
pub(super) fn check(files: u64, bytes: u64) -> Result<(), Error> {
    if files > MOST_FILES {
        let message = format!(
            "the context would have {files} files and directories: at most {MOST_FILES} are kept in a workshop"
        );
        return Err(Error::new(Kind::InvalidArgument, message));
    }
    if bytes > MOST_BYTES {
        let message =
            format!("the context would have {bytes} bytes: at most {MOST_BYTES} are kept in a workshop");
        return Err(Error::new(Kind::InvalidArgument, message));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_much_is_told() {
        assert!(check(MOST_FILES, MOST_BYTES).is_ok());
        let many = check(MOST_FILES + 1, 0).expect_err("too many");
        assert!(many.message.contains("50001") && many.message.contains("50000"), "{many}");
        let large = check(1, MOST_BYTES + 1).expect_err("too large");
        assert!(large.message.contains("bytes"), "{large}");
    }
}
