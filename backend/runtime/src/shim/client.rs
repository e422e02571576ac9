//! One connection to the shim.

use std::{
    io::{self, Read as _, Write as _},
    os::unix::net::UnixStream,
    time::{Duration, Instant},
};

use bytes::{Buf as _, BytesMut};

use crate::{
    log::Stream,
    wire::{Reply, Request, Streams},
};

/// What may wait for a client of a container before the container has to wait for it too.
const MOST_WAITING: usize = 16 << 20;

/// What may wait for a client of an exec before the exec has to: it is as good as a pipe between the two.
const ENOUGH_WAITING: usize = 256 << 10;

/// How long a client of a container that is waited for may take nothing at all before it is cut off.
pub(super) const STALLED: Duration = Duration::from_secs(10);

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
    /// When it last took something.
    progressed: Instant,
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
            progressed: Instant::now(),
        })
    }

    /// Sends, or queues what the connection doesn't take.
    pub fn send(&mut self, reply: &Reply) {
        if !self.gone {
            if self.waiting.is_empty() {
                self.progressed = Instant::now();
            }
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
        if wanted {
            self.send(reply);
        }
    }

    pub fn wants_to_write(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Whether the process has to wait until it has taken more.
    pub fn is_behind(&self, of_exec: bool) -> bool {
        let most = if of_exec { ENOUGH_WAITING } else { MOST_WAITING };
        self.attached.is_some() && self.waiting.len() > most
    }

    /// How long it has taken nothing.
    pub fn stalled(&self) -> Duration {
        self.progressed.elapsed()
    }

    /// Gives it no more output. It stays connected, to be told why it misses the rest if it reads on.
    pub fn cut_off(&mut self) {
        self.attached = None;
        self.send(&Reply::Overrun);
    }

    pub fn flush(&mut self) {
        while !self.waiting.is_empty() && !self.gone {
            match self.connection.write(&self.waiting) {
                Ok(written) => {
                    self.progressed = Instant::now();
                    self.waiting.advance(written);
                }
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
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
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
