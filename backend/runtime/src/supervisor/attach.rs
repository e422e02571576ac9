//! Attaching to a process.

use std::{io, sync::Arc};

use bytes::Bytes;
use tokio::net::UnixStream;

use super::{
    Supervisor,
    connection::{Connection, send},
};
use crate::{
    Exit, ProcessKey, Streams, SupervisorError,
    wire::{PIECE, Reply, Request},
};

/// An attachment: what the process writes from now on, and a way to its input. Any number of them exist side by side.
#[derive(Debug)]
pub struct Attached {
    /// To the process.
    pub input: AttachInput,
    /// From the process. Dropping it detaches.
    pub output: AttachOutput,
}

/// What a client sends. Dropping it sends nothing; see [`AttachInput::close`].
#[derive(Debug)]
pub struct AttachInput {
    stream: Arc<UnixStream>,
}

/// What a client gets.
#[derive(Debug)]
pub struct AttachOutput {
    connection: Connection,
    over: bool,
}

/// One thing that comes from an attached process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Written to its standard output, or to its terminal. At most 32 KiB.
    Stdout(Bytes),
    /// Written to its standard error.
    Stderr(Bytes),
    /// 16 MiB waited for the client, and for 10 s it took nothing: the container doesn't wait for it any longer. The rest is missing
    /// here; it is in the log. (A client that reads slowly is waited for. So is any client of an exec.)
    Overrun,
    /// It ended; everything it wrote came before. The last item.
    Exit(Exit),
}

impl Supervisor {
    /// Attaches. When this returns everything that the process writes from then on will come, so a client that attaches between
    /// create and start misses nothing.
    ///
    /// # Errors
    /// [`SupervisorError::NotRunning`] when the process has ended, [`SupervisorError::NotFound`] when there never was one.
    pub async fn attach(&self, key: &ProcessKey, streams: Streams) -> Result<Attached, SupervisorError> {
        let directory = self.0.directory(key);
        let failed = |error| self.0.unreachable(key, error);
        let mut connection = Connection::open(&directory).await.map_err(failed)?;
        match connection.ask(&Request::Attach(streams)).await.map_err(failed)? {
            Reply::Done => Ok(Attached::new(connection)),
            other => Err(self.0.unexpected(key, &other)),
        }
    }
}

impl Attached {
    pub(super) fn new(connection: Connection) -> Self {
        let input = AttachInput { stream: Arc::clone(&connection.stream) };
        Self { input, output: AttachOutput { connection, over: false } }
    }
}

impl AttachInput {
    /// Sends input. Waits as long as the process doesn't read what came before.
    ///
    /// # Errors
    /// When the process has ended.
    pub async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        for piece in bytes.chunks(PIECE) {
            send(&self.stream, &Request::Input(Bytes::copy_from_slice(piece))).await?;
        }
        Ok(())
    }

    /// The client has no more input. That closes the standard input of a process which was made with [`crate::Stdin::Once`]
    /// and without a terminal; otherwise it does nothing.
    ///
    /// # Errors
    /// When the process has ended.
    pub async fn close(&mut self) -> io::Result<()> {
        send(&self.stream, &Request::CloseInput).await
    }
}

impl AttachOutput {
    /// The next item; none after the exit, and when the shim was lost. May be dropped and called again.
    pub async fn next(&mut self) -> Option<Output> {
        while !self.over {
            match self.connection.next().await {
                Ok(Some(Reply::Stdout(bytes))) => return Some(Output::Stdout(bytes)),
                Ok(Some(Reply::Stderr(bytes))) => return Some(Output::Stderr(bytes)),
                Ok(Some(Reply::Overrun)) => return Some(Output::Overrun),
                Ok(Some(Reply::Exit(exit))) => {
                    self.over = true;
                    return Some(Output::Exit(exit));
                }
                Ok(Some(_)) => (),
                Ok(None) | Err(_) => self.over = true,
            }
        }
        None
    }
}

impl Drop for AttachOutput {
    fn drop(&mut self) {
        // The input may live on elsewhere; the shim must not go on sending.
        let _ = rustix::net::shutdown(&self.connection.stream, rustix::net::Shutdown::Both);
    }
}
