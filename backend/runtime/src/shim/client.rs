//! One connection to the shim.

use std::{
    io::{self, Read as _, Write as _},
    os::unix::net::UnixStream,
};

use bytes::{Buf as _, BytesMut};

use crate::{
    log::Stream,
    wire::{Reply, Request, Streams},
};

/// What may wait for a client of a container before it is cut off. It is as much as a terminal can't read anyway, and
/// what a pipe into a slow program needs.
const MOST_WAITING: usize = 64 << 20;

/// From how much on an exec waits for its client.
const ENOUGH_WAITING: usize = 256 << 10;

/// A client: a server's watch, or an attachment.
#[derive(Debug)]
pub(super) struct Client {
    pub connection: UnixStream,
    received: BytesMut,
    waiting: BytesMut,
    pub attached: Option<Streams>,
    /// Wants to know the exit.
    pub watches: bool,
    pub gone: bool,
}

impl Client {
    pub fn new(connection: UnixStream, received: BytesMut) -> io::Result<Self> {
        connection.set_nonblocking(true)?;
        Ok(Self {
            connection,
            received,
            waiting: BytesMut::new(),
            attached: None,
            watches: false,
            gone: false,
        })
    }

    /// Sends, or queues what the connection doesn't take.
    pub fn send(&mut self, reply: &Reply) {
        if !self.gone {
            reply.encode(&mut self.waiting);
            self.flush();
        }
    }

    /// Sends a piece of a stream to who wants it.
    pub fn send_output(&mut self, stream: Stream, reply: &Reply) {
        let wanted = self.attached.is_some_and(|streams| match stream {
            Stream::Stdout => streams.stdout,
            Stream::Stderr => streams.stderr,
        });
        if !wanted {
            return;
        }
        self.send(reply);
        if self.waiting.len() > MOST_WAITING {
            // It stays long enough to be told why it misses the rest, if it reads on at all.
            self.attached = None;
            self.send(&Reply::Overrun);
        }
    }

    pub fn wants_to_write(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Whether an exec should wait for it.
    pub fn is_behind(&self) -> bool {
        self.waiting.len() > ENOUGH_WAITING
    }

    pub fn flush(&mut self) {
        while !self.waiting.is_empty() && !self.gone {
            match self.connection.write(&self.waiting) {
                Ok(written) => self.waiting.advance(written),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => (),
                Err(_) => self.gone = true,
            }
        }
    }

    /// Reads what is there. A client that says what we don't understand is gone.
    pub fn receive(&mut self) {
        let mut buffer = [0; 32 << 10];
        match self.connection.read(&mut buffer) {
            Ok(0) => self.gone = true,
            Ok(read) => self.received.extend_from_slice(&buffer[..read]),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {
                ()
            }
            Err(_) => self.gone = true,
        }
    }

    /// The next request that arrived as a whole.
    pub fn next_request(&mut self) -> Option<Request> {
        Request::decode(&mut self.received).unwrap_or_else(|_| {
            self.gone = true;
            None
        })
    }
}
