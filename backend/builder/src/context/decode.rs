//! Contexts and archives out of their compression, which the first bytes tell, as in docker.

use std::io::{self, BufRead, Read};

/// How something is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Compression {
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

/// Largest zstd window, which is memory: 128 MiB, what `zstd -d` accepts.
const WINDOW_LOG: u32 = 27;
/// Memory that an xz stream may ask for.
const XZ_MEMORY: u64 = 128 << 20;
/// More bytes than this from one compressed byte, and it is no archive.
const RATIO: u64 = 1100;
/// Below this many bytes any ratio is fine.
const RATIO_FLOOR: u64 = 1 << 30;

impl Compression {
    /// Of something that starts so.
    pub fn of(start: &[u8]) -> Self {
        match start {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [b'B', b'Z', b'h', ..] => Self::Bzip2,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Self::Xz,
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            _ => Self::None,
        }
    }
}

/// What is in `input`, out of its compression. A stream that inflates like a bomb fails.
pub fn decode<'a>(mut input: impl BufRead + Send + 'a) -> io::Result<Box<dyn Read + Send + 'a>> {
    let compression = Compression::of(input.fill_buf()?);
    let counted = Counted { inner: input, bytes: std::sync::Arc::default() };
    let received = std::sync::Arc::clone(&counted.bytes);
    let inner: Box<dyn Read + Send + 'a> = match compression {
        Compression::None => return Ok(Box::new(counted.inner)),
        Compression::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(counted)),
        Compression::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(counted)),
        Compression::Xz => {
            let stream =
                liblzma::stream::Stream::new_stream_decoder(XZ_MEMORY, liblzma::stream::CONCATENATED)?;
            Box::new(liblzma::bufread::XzDecoder::new_stream(counted, stream))
        }
        Compression::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(counted)?;
            decoder.window_log_max(WINDOW_LOG)?;
            Box::new(decoder)
        }
    };
    Ok(Box::new(Guarded { inner, received, unpacked: 0 }))
}

/// Counts what is taken out of a buffer.
struct Counted<R> {
    inner: R,
    bytes: std::sync::Arc<std::sync::atomic::AtomicU64>,
}

impl<R: BufRead> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.fill_buf()?.read(buffer)?;
        self.consume(length);
        Ok(length)
    }
}

impl<R: BufRead> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.bytes.fetch_add(amount as u64, std::sync::atomic::Ordering::Relaxed);
        self.inner.consume(amount);
    }
}

/// Fails when far more comes out than a real archive could have.
struct Guarded<'a> {
    inner: Box<dyn Read + Send + 'a>,
    received: std::sync::Arc<std::sync::atomic::AtomicU64>,
    unpacked: u64,
}

impl Read for Guarded<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.unpacked += length as u64;
        let received = self.received.load(std::sync::atomic::Ordering::Relaxed);
        if self.unpacked > RATIO_FLOOR && self.unpacked / RATIO > received {
            let message = format!(
                "it inflates {received} bytes to more than {}: refused as a decompression bomb",
                self.unpacked
            );
            return Err(io::Error::other(message));
        }
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn packed(compression: Compression) -> Vec<u8> {
        let text = b"hello, context";
        match compression {
            Compression::None => text.to_vec(),
            Compression::Gzip => {
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                encoder.write_all(text).and_then(|()| encoder.finish()).expect("packs")
            }
            Compression::Bzip2 => {
                let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
                encoder.write_all(text).and_then(|()| encoder.finish()).expect("packs")
            }
            Compression::Xz => {
                let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 1);
                encoder.write_all(text).and_then(|()| encoder.finish()).expect("packs")
            }
            Compression::Zstd => zstd::encode_all(&text[..], 1).expect("packs"),
        }
    }

    #[test]
    fn every_compression_is_known_by_its_start() {
        use Compression::{Bzip2, Gzip, None, Xz, Zstd};
        for compression in [None, Gzip, Bzip2, Xz, Zstd] {
            let bytes = packed(compression);
            assert_eq!(Compression::of(&bytes), compression);
            let mut text = String::new();
            decode(&bytes[..]).expect("starts").read_to_string(&mut text).expect("reads");
            assert_eq!(text, "hello, context", "{compression:?}");
            if compression != None {
                let cut = &bytes[..bytes.len() - 6];
                let end = decode(cut).and_then(|mut decoded| decoded.read_to_end(&mut Vec::new()));
                end.expect_err("a part of it is no whole");
            }
        }
    }
}
