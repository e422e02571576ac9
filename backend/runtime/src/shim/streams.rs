//! The process's streams, as the shim has them.

use std::{
    io,
    time::{Duration, Instant},
};

use bytes::{Buf as _, Bytes, BytesMut};
use rustix::{
    fd::{AsFd, BorrowedFd, OwnedFd},
    io::Errno,
    termios::{Winsize, tcsetwinsize},
};

use crate::{Stdin, WindowSize, log::Stream, wire::PIECE};

/// How much input may wait before clients have to.
const MOST_INPUT: usize = 256 << 10;

/// How long to leave a terminal alone that no process has open. A program may open it again.
const TERMINAL_PAUSE: Duration = Duration::from_millis(50);

/// One stream that the process writes.
#[derive(Debug)]
pub(super) struct Source {
    descriptor: OwnedFd,
    pub stream: Stream,
    /// A terminal that nobody had open: not read before then.
    quiet_until: Option<Instant>,
}

/// What a read gave.
pub(super) enum Piece {
    Bytes(Bytes),
    /// Nothing at present.
    Nothing,
    /// Nobody can write any more.
    End,
}

/// Input and output of a process.
#[derive(Debug)]
pub(super) struct Streams {
    /// The pipe to its stdin; none if closed. A terminal's is the source.
    input: Option<OwnedFd>,
    waiting: BytesMut,
    close_when_written: bool,
    mode: Stdin,
    pub sources: Vec<Source>,
    pub tty: bool,
}

impl Source {
    pub fn new(descriptor: OwnedFd, stream: Stream) -> Self {
        set_nonblocking(&descriptor);
        Self { descriptor, stream, quiet_until: None }
    }

    /// To be polled, unless it rests.
    pub fn polled(&self) -> Option<BorrowedFd<'_>> {
        self.quiet_until.is_none_or(|until| until <= Instant::now()).then(|| self.descriptor.as_fd())
    }

    /// How long it rests.
    pub fn rests_for(&self) -> Option<Duration> {
        self.quiet_until.map(|until| until.saturating_duration_since(Instant::now()))
    }

    pub fn read(&mut self, buffer: &mut [u8; PIECE]) -> Piece {
        self.quiet_until = None;
        match rustix::io::read(&self.descriptor, &mut buffer[..]) {
            Ok(0) => Piece::End,
            Ok(read) => Piece::Bytes(Bytes::copy_from_slice(&buffer[..read])),
            Err(Errno::AGAIN | Errno::INTR) => Piece::Nothing,
            Err(_) => Piece::End, // EIO: no process has the terminal open
        }
    }

    /// Nobody has the terminal open, but somebody may open it again.
    pub fn rest(&mut self) {
        self.quiet_until = Some(Instant::now() + TERMINAL_PAUSE);
    }
}

impl Streams {
    pub fn terminal(terminal: OwnedFd, mode: Stdin) -> Self {
        let sources = vec![Source::new(terminal, Stream::Stdout)];
        Self { input: None, waiting: BytesMut::new(), close_when_written: false, mode, sources, tty: true }
    }

    pub fn pipes(input: Option<OwnedFd>, sources: Vec<Source>, mode: Stdin) -> Self {
        input.iter().for_each(set_nonblocking);
        Self { input, waiting: BytesMut::new(), close_when_written: false, mode, sources, tty: false }
    }

    /// Where input goes.
    fn target(&self) -> Option<BorrowedFd<'_>> {
        let terminal = || self.sources.first().filter(|_| self.tty).map(|source| source.descriptor.as_fd());
        self.input.as_ref().map(OwnedFd::as_fd).or_else(terminal)
    }

    /// To be polled for being writable.
    pub fn wants_to_write(&self) -> Option<BorrowedFd<'_>> {
        self.target().filter(|_| !self.waiting.is_empty())
    }

    /// Whether clients may send more.
    pub fn takes_input(&self) -> bool {
        self.waiting.len() < MOST_INPUT
    }

    /// Takes input; it goes nowhere if the process has no stdin.
    pub fn input(&mut self, bytes: &[u8]) {
        if self.mode != Stdin::Closed && !self.close_when_written && self.target().is_some() {
            self.waiting.extend_from_slice(bytes);
            self.write();
        }
    }

    /// A client has no more input. That ends the process's stdin, if it is made for one client; a terminal has no end.
    pub fn end_of_client(&mut self) {
        if self.mode == Stdin::Once && !self.tty {
            self.close_when_written = true;
            self.write();
        }
    }

    /// Passes on what waits, as far as the process takes it.
    pub fn write(&mut self) {
        while !self.waiting.is_empty() {
            let Some(target) = self.target() else { break };
            match rustix::io::write(target, &self.waiting) {
                Ok(written) => self.waiting.advance(written),
                Err(Errno::AGAIN | Errno::INTR) => break,
                Err(_) => {
                    // The process has closed its stdin.
                    self.waiting.clear();
                    self.input = None;
                }
            }
        }
        if self.close_when_written && self.waiting.is_empty() {
            self.input = None;
        }
    }

    /// Nobody reads input any more.
    pub fn drop_input(&mut self) {
        self.waiting.clear();
        self.input = None;
    }

    /// Without a terminal there is nothing to do: clients ask without having looked.
    pub fn resize(&self, size: WindowSize) -> io::Result<()> {
        let terminal = self.sources.first().filter(|_| self.tty);
        let Some(terminal) = terminal else { return Ok(()) };
        let size = Winsize { ws_row: size.rows, ws_col: size.columns, ws_xpixel: 0, ws_ypixel: 0 };
        Ok(tcsetwinsize(&terminal.descriptor, size)?)
    }
}

fn set_nonblocking(descriptor: &OwnedFd) {
    let _ = rustix::io::ioctl_fionbio(descriptor, true);
}
