//! The files of a process's directory.
//!
//! ```text
//! <directory>/process.json    who the process is (Launched), from its creation on
//! <directory>/exit.json       how it ended (Exit): written aside and renamed, so it is there as a whole or not
//! <directory>/shim.sock       where the shim answers; its directory is locked as long as there is one
//! <directory>/shim.log        what the shim couldn't tell anyone
//! <directory>/<id>-json.log   a container's log
//! <directory>/exec/<exec>/    the same for each exec
//! ```

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::Path,
};

use rustix::fs::{FlockOperation, Mode, OFlags, flock};
use serde::{Serialize, de::DeserializeOwned};

pub(crate) const PROCESS: &str = "process.json";
pub(crate) const EXIT: &str = "exit.json";
pub(crate) const SOCKET: &str = "shim.sock";
pub(crate) const CONSOLE: &str = "console.sock";
pub(crate) const SHIM_LOG: &str = "shim.log";
pub(crate) const EXEC_SPEC: &str = "spec.json";

/// Writes a record so that a reader finds the old one, the new one or none. It is durable after [`sync`].
pub(crate) fn write(directory: &Path, name: &str, value: &impl Serialize) -> io::Result<()> {
    let aside = directory.join(format!("{name}.tmp"));
    let mut file = File::create(&aside)?;
    file.write_all(&serde_json::to_vec(value)?)?;
    fs::rename(&aside, directory.join(name))
}

/// Waits until a record and its name are on the disk.
pub(crate) fn sync(directory: &Path, name: &str) -> io::Result<()> {
    File::open(directory.join(name))?.sync_all()?;
    File::open(directory)?.sync_all()
}

/// Reads a record; none if there is none.
pub(crate) fn read<T: DeserializeOwned>(directory: &Path, name: &str) -> io::Result<Option<T>> {
    match fs::read(directory.join(name)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        other => Ok(Some(serde_json::from_slice(&other?)?)),
    }
}

/// Removes a file that may not exist.
pub(crate) fn discard(directory: &Path, name: &str) -> io::Result<()> {
    match fs::remove_file(directory.join(name)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The lock that a shim holds on its directory as long as it lives.
#[derive(Debug)]
pub(crate) struct Lock(#[expect(dead_code, reason = "held, not used")] rustix::fd::OwnedFd);

impl Lock {
    /// Takes it; none if somebody else has it.
    pub fn take(directory: &Path) -> io::Result<Option<Self>> {
        let directory =
            rustix::fs::open(directory, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        match flock(&directory, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(Self(directory))),
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}
