//! One process at a time in a data directory.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Seek as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::Path,
};

use rustix::fs::{FlockOperation, flock};

use crate::OpenError;

/// A locked file; the kernel unlocks it when the process ends, however it ends.
#[derive(Debug)]
pub(super) struct Lock(#[expect(dead_code, reason = "held for its lock")] File);

impl Lock {
    /// Creates `dir` when absent and locks the file `lock` in it, or says who has it.
    pub(super) fn acquire(dir: &Path) -> Result<Self, OpenError> {
        let io = |action, path: &Path| {
            let path = path.to_owned();
            move |source: io::Error| OpenError::Io { action, path, source }
        };
        fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(io("create", dir))?;
        let path = dir.join("lock");
        let opened =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path);
        let mut file = opened.map_err(io("open", &path))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => {
                let mut text = String::new();
                // Only for the message: an unreadable number is no number.
                let _ = file.take(20).read_to_string(&mut text);
                return Err(OpenError::InUse { path: dir.into(), pid: text.trim().parse().ok() });
            }
            Err(error) => return Err(io("lock", &path)(error.into())),
        }
        file.set_len(0).and_then(|()| file.rewind()).map_err(io("write", &path))?;
        writeln!(file, "{}", std::process::id()).map_err(io("write", &path))?;
        Ok(Self(file))
    }
}
