//! A connection to a shim.

use std::{io, path::Path, sync::Arc};

use bytes::BytesMut;
use rustix::{
    fd::AsRawFd as _,
    fs::{Mode, OFlags},
};
use tokio::{io::Interest, net::UnixStream};

use crate::{
    record,
    wire::{Reply, Request},
};

/// Requests go out, replies come in; both halves may be used at once.
#[derive(Debug)]
pub(super) struct Connection {
    pub stream: Arc<UnixStream>,
    received: BytesMut,
}

impl Connection {
    /// Connects to the shim of a directory. `NotFound` or `ConnectionRefused` if there is none.
    pub async fn open(directory: &Path) -> io::Result<Self> {
        // A socket's address has room for 107 bytes; the directory's path may be longer.
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory = rustix::fs::open(directory, flags, Mode::empty())?;
        let path = format!("/proc/self/fd/{}/{}", directory.as_raw_fd(), record::SOCKET);
        Ok(Self::new(UnixStream::connect(path).await?, BytesMut::new()))
    }

    pub fn new(stream: UnixStream, received: BytesMut) -> Self {
        Self { stream: Arc::new(stream), received }
    }

    /// The next reply; none when the shim has ended the connection. May be dropped and called again.
    pub async fn next(&mut self) -> io::Result<Option<Reply>> {
        loop {
            if let Some(reply) = Reply::decode(&mut self.received)? {
                return Ok(Some(reply));
            }
            self.stream.ready(Interest::READABLE).await?;
            self.received.reserve(64 << 10);
            match self.stream.try_read_buf(&mut self.received) {
                Ok(0) => return Ok(None),
                Ok(_) => (),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => (),
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Ok(None),
                Err(error) => return Err(error),
            }
        }
    }

    /// Asks, and waits for the reply. `UnexpectedEof` if the shim ended before it replied.
    pub async fn ask(&mut self, request: &Request) -> io::Result<Reply> {
        send(&self.stream, request).await?;
        self.next().await?.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
}

/// Sends one request as a whole.
pub(super) async fn send(stream: &UnixStream, request: &Request) -> io::Result<()> {
    let mut frame = BytesMut::new();
    request.encode(&mut frame);
    let mut rest = &frame[..];
    while !rest.is_empty() {
        stream.writable().await?;
        match stream.try_write(rest) {
            Ok(written) => rest = &rest[written..],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => (),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Whether an error says that there is no shim (any more).
pub(super) fn is_gone(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::UnexpectedEof
            | io::ErrorKind::BrokenPipe
    )
}
