//! Second stage: the tar inside, whatever it is compressed with.
//!
//! Media types lie, so the first bytes decide, as in docker. Both formats may be concatenated from several pieces.

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;
use strata_oci::Compression;
use thiserror::Error;

use crate::Limits;

/// The compressed bytes are not a layer.
#[derive(Debug, Error)]
pub enum CompressionError {
    /// A format that no image specification names.
    #[error("layer is compressed with {0}: only gzip, zstd and none are supported")]
    Unsupported(&'static str),
    /// Cut short, damaged, or followed by something else.
    #[error("layer is not valid {format}")]
    Invalid {
        /// `gzip` or `zstd`.
        format: &'static str,
        /// What the decoder says.
        source: io::Error,
    },
    /// Far more bytes come out than a real layer could have.
    #[error("layer inflates {received} bytes to more than {unpacked}: refused as a decompression bomb")]
    Bomb {
        /// Compressed bytes until then.
        received: u64,
        /// Bytes of tar until then.
        unpacked: u64,
    },
    /// More bytes than any layer may have.
    #[error("layer has more than the {limit} bytes that are allowed uncompressed")]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
}

/// Reads an archive that may be compressed with gzip or zstd; the first bytes decide.
pub fn decompressed<'a>(
    input: impl BufRead + 'a,
    limits: &Limits,
) -> Result<Box<dyn Read + 'a>, CompressionError> {
    Ok(Box::new(Decompress::sniff(input, limits.zstd_window_log)?))
}

/// How a layer is compressed whose first bytes, four at least, are these.
pub fn compression_of(start: &[u8]) -> Result<Compression, CompressionError> {
    sniff(start)
}

/// A tar out of its compression.
pub(super) enum Decompress<R: BufRead> {
    Plain(R),
    Gzip(Box<Members<R>>),
    Zstd(Box<zstd::stream::read::Decoder<'static, R>>),
}

impl<R: BufRead> Decompress<R> {
    /// Looks at the first bytes of `input`. An input that cannot be read is taken for plain; reading it fails again.
    pub(super) fn sniff(mut input: R, zstd_window_log: u32) -> Result<Self, CompressionError> {
        match sniff(input.fill_buf().unwrap_or_default())? {
            Compression::None => Ok(Self::Plain(input)),
            Compression::Gzip => Ok(Self::Gzip(Box::new(Members(Some(GzDecoder::new(input)))))),
            Compression::Zstd => {
                let fail = |source| CompressionError::Invalid { format: "zstd", source };
                let mut decoder = zstd::stream::read::Decoder::with_buffer(input).map_err(fail)?;
                decoder.window_log_max(zstd_window_log).map_err(fail)?;
                Ok(Self::Zstd(Box::new(decoder)))
            }
        }
    }

    /// Names the format for an error of [`Read::read`].
    pub(super) fn invalid(&self, source: io::Error) -> CompressionError {
        let format = match self {
            Self::Plain(_) => "tar",
            Self::Gzip(_) => "gzip",
            Self::Zstd(_) => "zstd",
        };
        CompressionError::Invalid { format, source }
    }
}

/// A tar starts with a name, so no other format's magic is mistaken for one; four bytes are enough to know all.
fn sniff(start: &[u8]) -> Result<Compression, CompressionError> {
    match start {
        [0x1f, 0x8b, ..] => Ok(Compression::Gzip),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Ok(Compression::Zstd),
        // A skippable frame, which zstd:chunked and others put before or after the data.
        [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Ok(Compression::Zstd),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Err(CompressionError::Unsupported("xz")),
        [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, ..] => Err(CompressionError::Unsupported("bzip2")),
        _ => Ok(Compression::None),
    }
}

impl<R: BufRead> Read for Decompress<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(input) => input.read(buffer),
            Self::Gzip(members) => members.read(buffer),
            Self::Zstd(decoder) => decoder.read(buffer),
        }
    }
}

/// gzip members one after another; zeros after the last one are padding, as in GNU gzip. `None` after the end.
pub(super) struct Members<R>(Option<GzDecoder<R>>);

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.0 {
            let length = member.read(buffer)?;
            if length > 0 || buffer.is_empty() {
                return Ok(length);
            }
            // The decoder is dropped even if this fails, so a second read cannot mistake garbage for the end.
            let input = self.0.take().map(GzDecoder::into_inner);
            self.0 = input.map(next_member).transpose()?.flatten();
        }
        Ok(0)
    }
}

fn next_member<R: BufRead>(mut input: R) -> io::Result<Option<GzDecoder<R>>> {
    loop {
        let start = input.fill_buf()?;
        let zeros = start.iter().take_while(|byte| **byte == 0).count();
        match start.first() {
            None => return Ok(None),
            Some(0x1f) => return Ok(Some(GzDecoder::new(input))),
            Some(0) => input.consume(zeros),
            Some(_) => {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "other bytes follow the gzip data"));
            }
        }
    }
}
