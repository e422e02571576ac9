//! Headers, extension headers and contents in turn.

use std::io::{self, Read};

use super::{
    Fault,
    block::{BLOCK, Block, Format, text},
    pax::Extensions,
    source::Source,
    sparse::{self, Lines, Version},
};
use crate::{Device, Kind, Segment, Timestamp, Xattr, read::Problem};

/// Reads one entry of a tar after the other.
pub(crate) struct Archive<R> {
    pub(super) source: Source<R>,
    /// Bytes of the entry's content in the archive that have not been read.
    pub(super) left: u64,
    padding: u64,
    /// Most bytes of an extension header or of a sparse map.
    header_limit: usize,
    /// Where the first header of the entry at hand starts.
    start: u64,
}

/// An entry as the archive has it: nothing is checked but that fields are well-formed.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) name: Vec<u8>,
    pub(crate) link: Vec<u8>,
    /// A file, directory, symlink, hard link, device or pipe.
    pub(crate) kind: Kind,
    pub(crate) mode: u16,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) mtime: Timestamp,
    /// As the header says, even if the entry has no content. Of a sparse file, with its holes.
    pub(crate) size: u64,
    pub(crate) offset: u64,
    pub(crate) device: Device,
    pub(crate) xattrs: Vec<Xattr>,
    pub(crate) sparse: Option<Box<[Segment]>>,
}

impl Member {
    /// Whether overlayfs would take it for a whiteout.
    pub(crate) fn is_overlay_whiteout(&self) -> bool {
        self.kind == Kind::CharDevice && self.device == Device::default()
    }
}

/// A header block, taken out of the buffer.
struct Header {
    flag: u8,
    size: u64,
    bytes: [u8; BLOCK],
}

impl<R: Read> Archive<R> {
    pub(crate) fn new(source: R, header_limit: usize) -> Self {
        Self { source: Source::new(source), left: 0, padding: 0, header_limit, start: 0 }
    }

    /// Where in the archive the entry at hand starts, extension headers included.
    pub(crate) fn start(&self) -> u64 {
        self.start
    }

    /// Bytes of the archive read so far.
    pub(crate) fn position(&self) -> u64 {
        self.source.position()
    }

    /// Passes over what is left of the entry at hand and reads the next one's headers; nothing at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Member>, Fault> {
        self.finish_entry()?;
        self.start = self.source.position();
        let (mut extensions, mut long_name, mut long_link) = (None, None, None);
        loop {
            let Some(header) = self.header()? else {
                let dangling = extensions.is_some() || long_name.is_some() || long_link.is_some();
                return if dangling { Err(Problem::Dangling.into()) } else { Ok(None) };
            };
            match header.flag {
                b'x' => extensions = Some(Extensions::parse(&self.special(header.size)?)?),
                b'g' => drop(self.special(header.size)?),
                b'L' => long_name = Some(text(&self.special(header.size)?).to_vec()),
                b'K' => long_link = Some(text(&self.special(header.size)?).to_vec()),
                _ => {
                    return self
                        .member(&header, extensions.unwrap_or_default(), long_name, long_link)
                        .map(Some);
                }
            }
        }
    }

    /// The content of the entry at hand, nothing of which has been read: at most [`super::WHOLE`] bytes.
    pub(crate) fn whole(&mut self) -> Result<&[u8], Fault> {
        let content = self.source.peek(self.left as usize)?;
        if (content.len() as u64) < self.left {
            return Err(Problem::Truncated.into());
        }
        Ok(content)
    }

    /// Reads to the end of the source.
    pub(crate) fn drain(&mut self) -> Result<(), Fault> {
        self.source.skip(u64::MAX)?;
        Ok(())
    }

    fn member(
        &mut self,
        header: &Header,
        mut extensions: Extensions,
        long_name: Option<Vec<u8>>,
        long_link: Option<Vec<u8>>,
    ) -> Result<Member, Fault> {
        let block = Block::parse(&header.bytes)?;
        let sparse_name = match extensions.sparse.version() {
            Version::None => None,
            _ => extensions.sparse.take_name(),
        };
        let name = sparse_name.or(long_name.filter(|name| !name.is_empty())).or(extensions.path.take());
        let name = name.unwrap_or_else(|| {
            let mut name = Vec::with_capacity(128);
            block.name(&mut name);
            name
        });
        let link = long_link.filter(|link| !link.is_empty()).or(extensions.link.take());
        let kind = match header.flag {
            0 if name.ends_with(b"/") => Kind::Directory,
            0 | b'0' | b'7' | b'S' => Kind::File,
            b'1' => Kind::Hardlink,
            b'2' => Kind::Symlink,
            b'3' => Kind::CharDevice,
            b'4' => Kind::BlockDevice,
            b'5' => Kind::Directory,
            b'6' => Kind::Fifo,
            flag => return Err(Problem::Type { flag }.into()),
        };
        let mut size = extensions.size.unwrap_or(header.size);
        self.expect(if kind == Kind::File { size } else { 0 });
        let sparse = self.sparse(header, &extensions, kind, &mut size)?;
        let device = match kind {
            Kind::CharDevice | Kind::BlockDevice => device(block.device()?)?,
            _ => Device::default(),
        };
        Ok(Member {
            name,
            link: link.unwrap_or_else(|| block.link().to_vec()),
            kind,
            mode: block.mode()?,
            uid: owner(extensions.uid.map_or_else(|| block.uid(), Ok)?, "user id")?,
            gid: owner(extensions.gid.map_or_else(|| block.gid(), Ok)?, "group id")?,
            mtime: match extensions.mtime {
                Some(mtime) => mtime,
                None => Timestamp { seconds: block.mtime()?, nanos: 0 },
            },
            size,
            offset: self.source.position(),
            device,
            xattrs: extensions.xattrs,
            sparse,
        })
    }

    /// The map of a sparse file; sets its size with its holes.
    fn sparse(
        &mut self,
        header: &Header,
        extensions: &Extensions,
        kind: Kind,
        size: &mut u64,
    ) -> Result<Option<Box<[Segment]>>, Fault> {
        let segments = if header.flag == b'S' {
            let mut segments = Vec::new();
            *size = self.old_gnu_map(header, &mut segments)?;
            segments
        } else {
            let version = extensions.sparse.version();
            if version == Version::None {
                return Ok(None);
            }
            if kind != Kind::File {
                return Err(Problem::Sparse.into());
            }
            *size = extensions.sparse.size()?.unwrap_or(*size);
            match version {
                Version::InContent => self.lines()?,
                _ => extensions.sparse.segments()?,
            }
        };
        if *size > i64::MAX.cast_unsigned() {
            return Err(Problem::Sparse.into());
        }
        Ok(Some(sparse::checked(segments, *size, self.left)?))
    }

    fn old_gnu_map(&mut self, header: &Header, segments: &mut Vec<Segment>) -> Result<u64, Fault> {
        let block = Block::parse(&header.bytes)?;
        if block.format() != Format::Gnu {
            return Err(Problem::Sparse.into());
        }
        let (size, map) = block.sparse()?;
        sparse::old_gnu(&map[..96], segments)?;
        let mut more = map[96] > 0;
        let mut read = BLOCK;
        while more {
            read += BLOCK;
            if read > self.header_limit {
                return Err(self.too_long());
            }
            let block = self.source.peek(BLOCK)?;
            if block.len() < BLOCK {
                return Err(Problem::Truncated.into());
            }
            sparse::old_gnu(&block[..504], segments)?;
            more = block[504] > 0;
            self.source.consume(BLOCK);
        }
        Ok(size)
    }

    /// The map in front of the content of a PAX 1.0 sparse file.
    fn lines(&mut self) -> Result<Vec<Segment>, Fault> {
        let mut lines = Lines::default();
        let mut read = 0;
        loop {
            read += BLOCK;
            if read > self.header_limit {
                return Err(self.too_long());
            }
            self.left = self.left.checked_sub(BLOCK as u64).ok_or(Problem::Sparse)?;
            let block = self.source.peek(BLOCK)?;
            if block.len() < BLOCK {
                return Err(Problem::Truncated.into());
            }
            let map = lines.block(block)?;
            self.source.consume(BLOCK);
            if let Some(map) = map {
                return Ok(map);
            }
        }
    }

    /// The next header block; nothing at the end of the archive.
    fn header(&mut self) -> Result<Option<Header>, Fault> {
        let block = self.source.peek(BLOCK)?;
        let Ok(bytes) = <&[u8; BLOCK]>::try_from(block) else {
            return if block.is_empty() { Ok(None) } else { Err(Problem::Truncated.into()) };
        };
        if is_zero(bytes) {
            self.source.consume(BLOCK);
            return match self.source.peek(BLOCK)? {
                [] => Ok(None),
                short if short.len() < BLOCK => Err(Problem::Truncated.into()),
                second if is_zero(second) => Ok(None),
                _ => Err(Problem::LoneZeroBlock.into()),
            };
        }
        let bytes = *bytes;
        let block = Block::parse(&bytes)?;
        let header = Header { flag: block.type_flag(), size: block.size()?, bytes };
        self.source.consume(BLOCK);
        Ok(Some(header))
    }

    /// The content of an extension header, and the padding after it.
    fn special(&mut self, size: u64) -> Result<Vec<u8>, Fault> {
        let Some(size) = usize::try_from(size).ok().filter(|size| *size <= self.header_limit) else {
            return Err(self.too_long());
        };
        self.expect(size as u64);
        let mut bytes = Vec::with_capacity(size.min(1 << 16));
        let read = self.by_ref().read_to_end(&mut bytes)?;
        if read < size {
            return Err(Problem::Truncated.into());
        }
        self.finish_entry()?;
        Ok(bytes)
    }

    fn expect(&mut self, size: u64) {
        self.left = size;
        self.padding = size.wrapping_neg() % BLOCK as u64;
    }

    fn finish_entry(&mut self) -> Result<(), Fault> {
        if self.source.skip(std::mem::take(&mut self.left))? > 0 {
            return Err(Problem::Truncated.into());
        }
        self.source.skip(std::mem::take(&mut self.padding))?;
        Ok(())
    }

    fn too_long(&self) -> Fault {
        Problem::Limit { what: "bytes in an extension header", allowed: self.header_limit as u64 }.into()
    }
}

/// What is left of the content of the entry at hand, as it stands in the archive.
impl<R: Read> Read for Archive<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let wanted = into.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        if wanted == 0 {
            return Ok(0);
        }
        let read = self.source.read(&mut into[..wanted])?;
        self.left -= read as u64;
        Ok(read)
    }
}

fn is_zero(block: &[u8]) -> bool {
    block.iter().all(|byte| *byte == 0)
}

fn owner(id: i64, field: &'static str) -> Result<u32, Problem> {
    u32::try_from(id).map_err(|_| Problem::Number { field })
}

fn device((major, minor): (i64, i64)) -> Result<Device, Problem> {
    match (u32::try_from(major), u32::try_from(minor)) {
        (Ok(major), Ok(minor)) => Ok(Device { major, minor }),
        _ => Err(Problem::Number { field: "device number" }),
    }
}
