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
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use rustix::fs::{FlockOperation, Mode, OFlags, flock};
use serde::{Serialize, de::DeserializeOwned};

pub(crate) const PROCESS: &str = "process.json";
pub(crate) const EXIT: &str = "exit.json";
pub(crate) const SOCKET: &str = "shim.sock";
pub(crate) const CONSOLE: &str = "console.sock";
pub(crate) const SHIM_LOG: &str = "shim.log";
pub(crate) const EXEC_SPEC: &str = "spec.json";

/// Room for any record of ours.
const ROOM: usize = 1024;

/// Writes a record so that a reader finds the old one, the new one or none. It is durable after [`sync`].
pub(crate) fn write(directory: &Path, name: &str, value: &impl Serialize) -> io::Result<()> {
    let aside = aside(directory, name);
    let mut file = OpenOptions::new().write(true).create(true).truncate(false).open(&aside)?;
    let mut text = serde_json::to_vec(value)?;
    let reserved = usize::try_from(file.metadata()?.len()).unwrap_or(0).min(ROOM);
    text.resize(text.len().max(reserved), b' '); // JSON may end with spaces
    file.write_all(&text)?;
    file.set_len(text.len() as u64)?;
    fs::rename(&aside, directory.join(name))
}

/// Takes the space for a record that must be written even when the disk is full by then.
pub(crate) fn reserve(directory: &Path, name: &str) -> io::Result<()> {
    fs::write(aside(directory, name), [b' '; ROOM])
}

fn aside(directory: &Path, name: &str) -> PathBuf {
    directory.join(format!("{name}.tmp"))
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
pub(crate) struct Lock(rustix::fd::OwnedFd);

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

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing isn't enough: a program that is just being started elsewhere in this process has a copy until its exec.
        let _ = flock(&self.0, FlockOperation::Unlock);
    }
}
