//! Layers, archives and contexts out of their compression.
//!
//! Names and media types lie, so the first bytes decide, as in docker. All formats may be concatenated from several pieces.
//! What a decoder may take is limited: memory by [`Limits::zstd_window_log`] and [`Limits::xz_memory`] (bzip2 never needs more
//! than 4 MB), and what comes out by [`Limits::ratio`] and [`Limits::tar`].

use std::{
    io::{self, BufRead, Cursor, Read},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use flate2::bufread::GzDecoder;
use strata_oci::Compression;
use thiserror::Error;

use crate::Limits;

/// How bytes are packed, whatever they are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Packing {
    /// Not at all.
    None,
    /// gzip.
    Gzip,
    /// bzip2.
    Bzip2,
    /// xz.
    Xz,
    /// zstd.
    Zstd,
}

/// Bytes that tell all formats apart.
const START: usize = 6;

impl Packing {
    /// Of what starts so; six bytes tell.
    ///
    /// A tar starts with a name, so no other format's magic is mistaken for one but by a name made for it.
    pub fn of(start: &[u8]) -> Self {
        match start {
            [0x1f, 0x8b, ..] => Self::Gzip,
            // The level, then the mark of a block or of the end.
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, ..]
            | [b'B', b'Z', b'h', b'1'..=b'9', 0x17, 0x72, ..] => Self::Bzip2,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Self::Xz,
            // Or a skippable frame, which zstd:chunked and others put before or after the data.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            _ => Self::None,
        }
    }

    /// What a layer that is packed so is called in a manifest; image specifications have no name for bzip2 and xz.
    pub fn of_layer(self) -> Option<Compression> {
        match self {
            Self::None => Some(Compression::None),
            Self::Gzip => Some(Compression::Gzip),
            Self::Zstd => Some(Compression::Zstd),
            Self::Bzip2 | Self::Xz => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::None => "tar",
            Self::Gzip => "gzip",
            Self::Bzip2 => "bzip2",
            Self::Xz => "xz",
            Self::Zstd => "zstd",
        }
    }
}

/// The compressed bytes are not what they should be.
#[derive(Debug, Error)]
pub enum CompressionError {
    /// Cut short, damaged, or followed by something else.
    #[error("the bytes are not valid {format}")]
    Invalid {
        /// `gzip`, `bzip2`, `xz` or `zstd`.
        format: &'static str,
        /// What the decoder says.
        source: io::Error,
    },
    /// Far more bytes come out than a real layer could have.
    #[error("{received} bytes inflate to more than {unpacked}: refused as a decompression bomb")]
    Bomb {
        /// Compressed bytes until then.
        received: u64,
        /// Bytes of tar until then.
        unpacked: u64,
    },
    /// More bytes than any layer may have.
    #[error("there are more than the {limit} bytes that are allowed uncompressed")]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
}

/// Reads what may be packed in any of the ways of [`Packing`]. A bomb is an error of reading.
pub fn decompressed<'a>(
    mut input: impl BufRead + Send + 'a,
    limits: &Limits,
) -> io::Result<Box<dyn Read + Send + 'a>> {
    let mut start = Vec::with_capacity(START);
    input.by_ref().take(START as u64).read_to_end(&mut start)?;
    let packing = Packing::of(&start);
    let input = Cursor::new(start).chain(input);
    if packing == Packing::None {
        return Ok(Box::new(input));
    }
    Ok(Box::new(Decompress::new(input, packing, limits)?))
}

/// A tar out of its compression, as long as it keeps to the limits.
pub(crate) struct Decompress<R: BufRead> {
    decoder: Decoder<Counted<R>>,
    packing: Packing,
    received: Arc<AtomicU64>,
    unpacked: u64,
    limits: Limits,
}

enum Decoder<R: BufRead> {
    Plain(R),
    Gzip(Box<Members<R>>),
    Bzip2(Box<bzip2::bufread::MultiBzDecoder<R>>),
    Xz(Box<liblzma::bufread::XzDecoder<R>>),
    Zstd(Box<zstd::stream::read::Decoder<'static, R>>),
}

impl<R: BufRead> Decompress<R> {
    /// Looks at the first bytes of `input`, which must give [`START`] at once if it has them. An input that cannot be read is
    /// taken for plain; reading it fails again.
    pub(crate) fn sniff(mut input: R, limits: &Limits) -> Result<Self, CompressionError> {
        let packing = Packing::of(input.fill_buf().unwrap_or_default());
        let fail = |source| CompressionError::Invalid { format: packing.name(), source };
        Self::new(input, packing, limits).map_err(fail)
    }

    fn new(input: R, packing: Packing, limits: &Limits) -> io::Result<Self> {
        let received = Arc::new(AtomicU64::new(0));
        let input = Counted { inner: input, bytes: Arc::clone(&received) };
        let decoder = match packing {
            Packing::None => Decoder::Plain(input),
            Packing::Gzip => Decoder::Gzip(Box::new(Members(Some(GzDecoder::new(input))))),
            Packing::Bzip2 => Decoder::Bzip2(Box::new(bzip2::bufread::MultiBzDecoder::new(input))),
            Packing::Xz => {
                let all = liblzma::stream::CONCATENATED;
                let stream = liblzma::stream::Stream::new_stream_decoder(limits.xz_memory, all)?;
                Decoder::Xz(Box::new(liblzma::bufread::XzDecoder::new_stream(input, stream)))
            }
            Packing::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(input)?;
                decoder.window_log_max(limits.zstd_window_log)?;
                Decoder::Zstd(Box::new(decoder))
            }
        };
        Ok(Self { decoder, packing, received, unpacked: 0, limits: limits.clone() })
    }

    /// What an error of [`Read::read`] means.
    pub(crate) fn invalid(&self, error: io::Error) -> CompressionError {
        match error.downcast::<CompressionError>() {
            Ok(known) => known,
            Err(source) => CompressionError::Invalid { format: self.packing.name(), source },
        }
    }

    fn check(&self) -> Result<(), CompressionError> {
        let Limits { tar, ratio, ratio_floor, .. } = self.limits;
        if self.unpacked > tar {
            return Err(CompressionError::TooLarge { limit: tar });
        }
        let (received, unpacked) = (self.received.load(Ordering::Relaxed), self.unpacked);
        if unpacked > ratio_floor && unpacked / ratio > received {
            return Err(CompressionError::Bomb { received, unpacked });
        }
        Ok(())
    }
}

impl<R: BufRead> Read for Decompress<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = match &mut self.decoder {
            Decoder::Plain(input) => input.read(buffer),
            Decoder::Gzip(members) => members.read(buffer),
            Decoder::Bzip2(decoder) => decoder.read(buffer),
            Decoder::Xz(decoder) => decoder.read(buffer),
            Decoder::Zstd(decoder) => decoder.read(buffer),
        }?;
        self.unpacked += length as u64;
        self.check().map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        Ok(length)
    }
}

/// Counts what is taken out of a buffer.
struct Counted<R> {
    inner: R,
    bytes: Arc<AtomicU64>,
}

impl<R: BufRead> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.bytes.fetch_add(length as u64, Ordering::Relaxed);
        Ok(length)
    }
}

impl<R: BufRead> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.bytes.fetch_add(amount as u64, Ordering::Relaxed);
        self.inner.consume(amount);
    }
}

/// gzip members one after another; zeros after the last one are padding, as in GNU gzip. `None` after the end.
struct Members<R>(Option<GzDecoder<R>>);

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

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Write as _};

    use super::*;

    fn packed(packing: Packing, bytes: &[u8]) -> Vec<u8> {
        match packing {
            Packing::None => bytes.to_vec(),
            Packing::Gzip => {
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("packs")
            }
            Packing::Bzip2 => {
                let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
                encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("packs")
            }
            Packing::Xz => {
                let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 1);
                encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("packs")
            }
            Packing::Zstd => zstd::encode_all(bytes, 1).expect("packs"),
        }
    }

    const PACKED: [Packing; 4] = [Packing::Gzip, Packing::Bzip2, Packing::Xz, Packing::Zstd];

    fn unpack(bytes: &[u8], limits: &Limits) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        // Byte by byte, as a slow client may send the start.
        decompressed(BufReader::with_capacity(1, bytes), limits)?.read_to_end(&mut out)?;
        Ok(out)
    }

    #[test]
    fn every_packing_is_known_by_its_start() {
        let text = b"hello, archive";
        for packing in [Packing::None].into_iter().chain(PACKED) {
            let bytes = packed(packing, text);
            assert_eq!(Packing::of(&bytes), packing);
            assert_eq!(unpack(&bytes, &Limits::default()).expect("unpacks"), text, "{packing:?}");
            if packing == Packing::None {
                continue;
            }
            let twice = [&bytes[..], &bytes].concat();
            let both = unpack(&twice, &Limits::default()).expect("unpacks");
            assert_eq!(both, [&text[..], text].concat(), "{packing:?}");
            for wrong in [&bytes[..bytes.len() - 6], &[&bytes[..], b"garbage!"].concat()] {
                unpack(wrong, &Limits::default()).expect_err("cut short, or more than there should be");
            }
        }
        assert!(unpack(b"", &Limits::default()).expect("nothing").is_empty());
        assert_eq!(Packing::of(b"BZhello.txt"), Packing::None);
        assert_eq!(Packing::of(&packed(Packing::Bzip2, b"")), Packing::Bzip2);
    }

    #[test]
    fn what_inflates_like_a_bomb_is_refused() {
        let limits = Limits { ratio: 50, ratio_floor: 1 << 20, ..Limits::default() };
        for packing in PACKED {
            let bytes = packed(packing, &vec![0; 4 << 20]);
            assert_eq!(unpack(&bytes, &Limits::default()).expect("small enough").len(), 4 << 20);
            let error = unpack(&bytes, &limits).expect_err("a bomb").to_string();
            assert!(error.contains("decompression bomb"), "{packing:?}: {error}");
        }
    }

    #[test]
    fn what_needs_too_much_memory_is_refused() {
        let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 9);
        let bytes = encoder.write_all(b"x").and_then(|()| encoder.finish()).expect("packs");
        assert_eq!(unpack(&bytes, &Limits::default()).expect("`xz -9` needs 65 MiB"), b"x");
        let limits = Limits { xz_memory: 1 << 20, ..Limits::default() };
        unpack(&bytes, &limits).expect_err("more than a megabyte");
    }
}
