//! What people type for curl: requests with JSON as it is in their address.
//!
//! An address has no quotes (RFC 3986), and hyper refuses them. dockerd doesn't, so documentation and scripts are full of
//! `curl --unix-socket … 'http://d/images/json?filters={"dangling":["true"]}'`. The first request of a connection, which is all that
//! such a client sends, gets them escaped on its way in; what is more than a first line is never looked at.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes that are read at once until the line has ended.
const PIECE: usize = 4096;

/// A connection whose first line has its quotes, angle brackets and backquotes escaped.
pub(super) struct FirstLine<S> {
    stream: S,
    /// Read and escaped, but not taken yet.
    waiting: Vec<u8>,
    taken: usize,
    ended: bool,
}

impl<S> FirstLine<S> {
    pub(super) fn of(stream: S) -> Self {
        Self { stream, waiting: Vec::new(), taken: 0, ended: false }
    }

    fn admit(&mut self, piece: &[u8]) {
        for (at, byte) in piece.iter().enumerate() {
            match byte {
                b'"' | b'<' | b'>' | b'`' => self.waiting.extend(format!("%{byte:02X}").bytes()),
                b'\n' => {
                    self.ended = true;
                    self.waiting.extend(&piece[at..]);
                    return;
                }
                other => self.waiting.push(*other),
            }
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for FirstLine<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.taken == this.waiting.len() {
            this.waiting = Vec::new();
            this.taken = 0;
            if this.ended {
                return Pin::new(&mut this.stream).poll_read(context, buffer);
            }
            let mut piece = [0; PIECE];
            let mut read = ReadBuf::new(&mut piece);
            ready!(Pin::new(&mut this.stream).poll_read(context, &mut read))?;
            this.admit(read.filled());
        }
        let rest = &this.waiting[this.taken..];
        let length = rest.len().min(buffer.remaining());
        buffer.put_slice(&rest[..length]);
        this.taken += length;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for FirstLine<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;

    #[tokio::test]
    async fn only_the_first_line_is_changed() {
        let sent = b"GET /x?filters={\"a\":[\"<b>\"]} HTTP/1.1\r\nX: \"q\"\r\n\r\n\"body\"";
        let want = b"GET /x?filters={%22a%22:[%22%3Cb%3E%22]} HTTP/1.1\r\nX: \"q\"\r\n\r\n\"body\"";
        let mut whole = Vec::new();
        FirstLine::of(&sent[..]).read_to_end(&mut whole).await.expect("memory can be read");
        assert_eq!(whole, want);
        // However it is cut.
        let mut whole = Vec::<u8>::new();
        let mut stream = FirstLine::of(sent[..9].chain(&sent[9..40]).chain(&sent[40..]));
        let mut few = [0; 3];
        loop {
            match stream.read(&mut few).await.expect("memory can be read") {
                0 => break,
                length => whole.extend(&few[..length]),
            }
        }
        assert_eq!(whole, want);
    }
}
