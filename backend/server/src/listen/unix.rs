//! The unix socket: its file's life, and who may open it.

use std::{
    fs, io,
    os::unix::{
        fs::{FileTypeExt, MetadataExt, PermissionsExt, chown},
        net::UnixStream as StdUnixStream,
    },
    path::{Path, PathBuf},
};

use rustix::{fs::Mode, process::umask};
use thiserror::Error;
use tokio::net::UnixListener;

/// A listening socket whose file goes when it is dropped.
#[derive(Debug)]
pub struct UnixSocket {
    /// What accepts.
    pub listener: UnixListener,
    _file: SocketFile,
}

/// The file of a socket.
#[derive(Debug)]
struct SocketFile {
    path: PathBuf,
    inode: u64,
}

/// Why there is no socket.
#[derive(Debug, Error)]
pub enum SocketError {
    /// Another server answers on it.
    #[error("another server is listening on {}: end it, or choose another --socket", .0.display())]
    InUse(PathBuf),
    /// Something else has its name.
    #[error("{} is there and is not a socket", .0.display())]
    NotASocket(PathBuf),
    /// The system says no.
    #[error("cannot listen on {}", .0.display())]
    Io(PathBuf, #[source] io::Error),
}

impl UnixSocket {
    /// Listens on `path`. The file is for owner and group (`docker`, if there is such a group and we may give it);
    /// one that a killed server left behind is replaced.
    pub fn bind(path: &Path) -> Result<Self, SocketError> {
        let io = |error| SocketError::Io(path.into(), error);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(io)?;
        }
        remove_stale(path)?;
        // Nobody may connect between bind and chmod.
        let before = umask(Mode::from_raw_mode(0o177));
        let bound = UnixListener::bind(path);
        umask(before);
        let listener = bound.map_err(io)?;
        let inode = fs::symlink_metadata(path).map_err(io)?.ino();
        let file = SocketFile { path: path.into(), inode };
        if let Some(group) = docker_group() {
            // An ordinary user may not give files away, and then the own group has to do.
            let _ = chown(path, None, Some(group));
        }
        fs::set_permissions(path, fs::Permissions::from_mode(0o660)).map_err(io)?;
        Ok(Self { listener, _file: file })
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        // Another server may have taken the name since.
        if fs::symlink_metadata(&self.path).is_ok_and(|file| file.ino() == self.inode) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn remove_stale(path: &Path) -> Result<(), SocketError> {
    let io = |error| SocketError::Io(path.into(), error);
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(io(error)),
        Ok(file) if !file.file_type().is_socket() => return Err(SocketError::NotASocket(path.into())),
        Ok(_) => {}
    }
    match StdUnixStream::connect(path) {
        Ok(_) => Err(SocketError::InUse(path.into())),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path).map_err(io),
        // Its backlog is full: somebody is there.
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Err(SocketError::InUse(path.into())),
        Err(error) => Err(io(error)),
    }
}

/// The id of the group `docker`.
fn docker_group() -> Option<u32> {
    let groups = fs::read_to_string("/etc/group").ok()?;
    let line = groups.lines().find(|line| line.starts_with("docker:"))?;
    line.split(':').nth(2)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn stale_is_replaced_live_is_an_error_and_the_file_goes() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("run/strata.sock");
        let first = UnixSocket::bind(&path).expect("free");
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o660);
        assert!(matches!(UnixSocket::bind(&path), Err(SocketError::InUse(_))));
        drop(first);
        assert!(!path.exists());

        drop(std::os::unix::net::UnixListener::bind(&path).expect("bound")); // leaves its file
        assert!(path.exists());
        let second = UnixSocket::bind(&path).expect("stale");
        fs::remove_file(&path).expect("removed");
        let third = UnixSocket::bind(&path).expect("free again");
        drop(second);
        assert!(path.exists(), "another's socket is left alone");
        drop(third);

        fs::write(&path, "text").expect("written");
        assert!(matches!(UnixSocket::bind(&path), Err(SocketError::NotASocket(_))));
        assert!(path.exists());
    }
}
