//! Output of processes on the wire: raw for a terminal, in frames for two streams.

use bytes::{BufMut, Bytes, BytesMut};

use crate::docker::ApiVersion;

/// A terminal's bytes, and what old clients take for both.
pub const RAW: &str = "application/vnd.docker.raw-stream";
const MULTIPLEXED: &str = "application/vnd.docker.multiplexed-stream";

/// Which stream a frame is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// Standard output.
    Stdout = 1,
    /// Standard error.
    Stderr = 2,
}

/// How output is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// As it is.
    Raw,
    /// Behind eight bytes: the stream, three zeros, and the length as a big-endian number.
    Frames,
}

impl Framing {
    /// With a terminal there is one stream only.
    pub fn of(tty: bool) -> Self {
        if tty { Self::Raw } else { Self::Frames }
    }

    /// The media type that says so to clients of `version`.
    pub fn media_type(self, version: ApiVersion) -> &'static str {
        if self == Self::Frames && version.since(42) { MULTIPLEXED } else { RAW }
    }

    /// `bytes` as they are sent.
    pub fn pack(self, of: Of, bytes: Bytes) -> Bytes {
        if self == Self::Raw {
            return bytes;
        }
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let mut frame = BytesMut::with_capacity(8 + bytes.len());
        frame.put_slice(&[of as u8, 0, 0, 0]);
        frame.put_u32(length);
        frame.put_slice(&bytes[..length as usize]);
        frame.freeze()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_tell_stream_and_length() {
        let bytes = Bytes::from_static(b"hi\n");
        assert_eq!(&Framing::of(false).pack(Of::Stderr, bytes.clone())[..], b"\x02\0\0\0\0\0\0\x03hi\n");
        assert_eq!(&Framing::of(true).pack(Of::Stdout, bytes)[..], b"hi\n");
    }

    #[test]
    fn old_clients_know_one_media_type() {
        let (new, old) = (ApiVersion::new(1, 42), ApiVersion::new(1, 41));
        assert_eq!(Framing::Frames.media_type(new), MULTIPLEXED);
        assert_eq!(Framing::Frames.media_type(old), RAW);
        assert_eq!(Framing::Raw.media_type(new), RAW);
    }
}
