//! Writing tars that depend on nothing but what is in them: POSIX (PAX) format, an extended header only where the
//! plain one cannot say it, no names of users, no time of writing.
//!
//! ```text
//! archive = *member 1024*ZERO
//! member  = [ "x" header, records ] header [ content ]       each padded to 512 bytes
//! records = *( LENGTH SP KEY "=" VALUE LF )
//! ```

mod header;
mod pax;
mod sparse;

use std::io::{self, Read, Write};

use rustix::fs::Timespec;
use strata_layer::Xattr;
use strata_oci::{Algorithm, DiffId, Hasher};

use self::{header::Header, pax::Records};
pub(crate) use self::{pax::can_hold as xattr_fits, sparse::Map};

/// Bytes of a block.
const BLOCK: u64 = 512;
/// Bytes read of a file at once.
const BUFFER: usize = 256 << 10;

/// What stands before a file of `size` bytes in an archive of plain files, owned by root and as old as the epoch; the
/// content and zeros up to a multiple of 512 bytes follow.
pub fn file_header(name: &str, size: u64) -> Vec<u8> {
    plain_header(Type::File, name, 0o644, size)
}

/// The same of a directory.
pub fn directory_header(name: &str) -> Vec<u8> {
    plain_header(Type::Directory, name, 0o755, 0)
}

fn plain_header(kind: Type, name: &str, mode: u32, size: u64) -> Vec<u8> {
    let member = Member {
        kind,
        name: name.as_bytes(),
        mode,
        uid: 0,
        gid: 0,
        mtime: Timespec { tv_sec: 0, tv_nsec: 0 },
        size,
        link: b"",
        device: (0, 0),
        xattrs: &[],
    };
    let mut out = Vec::with_capacity(BLOCK as usize);
    let mut writer = Writer::new(&mut out);
    writer.header(&member, Records::default(), member.name, size).expect("memory takes everything");
    out
}

/// What a member is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    File,
    Hardlink,
    Symlink,
    CharDevice,
    BlockDevice,
    Directory,
    Fifo,
}

/// A member of an archive, but for its content.
#[derive(Clone, Debug)]
pub(crate) struct Member<'a> {
    pub kind: Type,
    /// Without a slash at the end.
    pub name: &'a [u8],
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    pub mtime: Timespec,
    /// Bytes of a file's content.
    pub size: u64,
    /// A symlink's target or the name of what is linked.
    pub link: &'a [u8],
    /// Major and minor.
    pub device: (u32, u32),
    /// Those that [`xattr_fits`].
    pub xattrs: &'a [Xattr],
}

/// Takes members and writes an archive.
pub(crate) struct Writer<W> {
    out: W,
    hash: Hasher,
    written: u64,
    buffer: Vec<u8>,
}

impl<W: Write> Writer<W> {
    pub(crate) fn new(out: W) -> Self {
        Self { out, hash: Hasher::new(Algorithm::Sha256), written: 0, buffer: Vec::new() }
    }

    /// Writes a member without content.
    pub(crate) fn member(&mut self, member: &Member<'_>) -> io::Result<()> {
        self.header(member, Records::default(), member.name, 0)
    }

    /// Writes an empty file that means something by its name.
    pub(crate) fn mark(&mut self, name: &[u8]) -> io::Result<()> {
        self.member(&Member {
            kind: Type::File,
            name,
            mode: 0o600,
            uid: 0,
            gid: 0,
            mtime: Timespec { tv_sec: 0, tv_nsec: 0 },
            size: 0,
            link: b"",
            device: (0, 0),
            xattrs: &[],
        })
    }

    /// Writes a file: exactly the bytes that it is said to have, zeros for those that are gone meanwhile.
    pub(crate) fn file(&mut self, member: &Member<'_>, content: &mut dyn Read) -> Result<(), Failure> {
        self.header(member, Records::default(), member.name, member.size)?;
        self.copy(content, member.size)?;
        Ok(self.pad(member.size)?)
    }

    /// Writes a file with holes in the form of GNU tar's PAX format 1.0, which Go, libarchive and GNU tar read.
    pub(crate) fn sparse_file(
        &mut self,
        member: &Member<'_>,
        map: &Map,
        content: &std::fs::File,
    ) -> Result<(), Failure> {
        let table = map.table();
        let stored = table.len() as u64 + map.data();
        let base = member.name.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        let name = [b"GNUSparseFile.0/", base].concat();
        let mut records = Records::default();
        records.add("GNU.sparse.major", b"1");
        records.add("GNU.sparse.minor", b"0");
        records.add("GNU.sparse.name", member.name);
        records.add("GNU.sparse.realsize", member.size.to_string().as_bytes());
        self.header(member, records, &name, stored)?;
        self.write(&table)?;
        for (start, length) in map.segments() {
            let mut content = content;
            io::Seek::seek(&mut content, io::SeekFrom::Start(*start)).map_err(Failure::Content)?;
            self.copy(&mut content, *length)?;
        }
        Ok(self.pad(stored)?)
    }

    /// Writes the end; tells how long all is and what it hashes to.
    pub(crate) fn finish(mut self) -> io::Result<(u64, DiffId)> {
        self.write(&[0; 2 * BLOCK as usize])?;
        self.out.flush()?;
        Ok((self.written, DiffId(self.hash.finish())))
    }

    fn header(
        &mut self,
        member: &Member<'_>,
        mut records: Records,
        name: &[u8],
        size: u64,
    ) -> io::Result<()> {
        let header = Header::of(member, name, size, &mut records);
        if !records.is_empty() {
            let text = records.finish();
            let extended = Header::extended(name, text.len() as u64);
            self.write(&extended.seal())?;
            self.write(&text)?;
            self.pad(text.len() as u64)?;
        }
        self.write(&header.seal())
    }

    fn copy(&mut self, content: &mut dyn Read, mut left: u64) -> Result<(), Failure> {
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.resize(BUFFER, 0);
        let mut ended = false;
        while left > 0 {
            let wanted = usize::try_from(left).map_or(buffer.len(), |left| left.min(buffer.len()));
            let mut length = 0;
            if !ended {
                length = content.read(&mut buffer[..wanted]).map_err(Failure::Content)?;
                ended = length == 0;
            }
            if ended {
                buffer[..wanted].fill(0);
                length = wanted;
            }
            self.write(&buffer[..length])?;
            left -= length as u64;
        }
        self.buffer = buffer;
        Ok(())
    }

    fn pad(&mut self, size: u64) -> io::Result<()> {
        let over = (size % BLOCK) as usize;
        if over > 0 { self.write(&[0; BLOCK as usize][over..]) } else { Ok(()) }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hash.update(bytes);
        self.written += bytes.len() as u64;
        self.out.write_all(bytes)
    }
}

/// Whose fault it is that a file was not written.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The file could not be read.
    Content(io::Error),
    /// The archive could not be written.
    Output(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

#[cfg(test)]
mod tests {
    use strata_layer::{Kind, LayerPath, Limits, Timestamp, read_layer};

    use super::*;

    fn member(kind: Type, name: &[u8]) -> Member<'_> {
        Member {
            kind,
            name,
            mode: 0o644,
            uid: 0,
            gid: 0,
            mtime: Timespec { tv_sec: 0, tv_nsec: 0 },
            size: 0,
            link: b"",
            device: (0, 0),
            xattrs: &[],
        }
    }

    /// What our own reader, which others check, makes of members at the edges of the format.
    #[test]
    fn every_field_is_read_back() {
        let long = [&b"d/".repeat(60)[..], &[b'x'; 200]].concat();
        let xattrs = [
            Xattr { name: (*b"security.capability").into(), value: (*b"\x01\0\n=\xff").into() },
            Xattr { name: (*b"user.empty").into(), value: Box::default() },
        ];
        let times = [(0, 0), (-1, 999_999_999), (-5, 0), (1 << 34, 1), (1_700_000_000, 123_000_000)];
        let names: [&[u8]; 5] =
            [b"plain", b"latin \xe9", &[b'n'; 255], &long, &[&[0xff_u8; 250][..], b"/y"].concat()];
        for (name, (seconds, nanos)) in names.into_iter().zip(times) {
            let mut writer = Writer::new(Vec::new());
            let file = Member {
                mode: 0o6755,
                uid: 3_000_000_000,
                gid: 70_000,
                mtime: Timespec { tv_sec: seconds, tv_nsec: nanos },
                size: 700,
                xattrs: &xattrs,
                ..member(Type::File, name)
            };
            writer.file(&file, &mut &[7; 600][..]).expect("writes");
            let target = [b'/'; 300];
            writer.member(&Member { link: &target, ..member(Type::Symlink, b"link") }).expect("writes");
            let same =
                Member { kind: Type::Hardlink, name: b"same", link: name, size: 0, xattrs: &[], ..file };
            writer.member(&same).expect("writes");
            writer
                .member(&Member { device: (4095, 1 << 19), ..member(Type::BlockDevice, b"disk") })
                .expect("writes");
            writer.write(&[0; 1024]).expect("writes");
            let bytes = writer.out;
            let index = read_layer(&mut &bytes[..], &Limits::default(), &mut ()).expect("reads");
            let entry = |name: &[u8]| index.get(&LayerPath::parse(name).expect("a path")).expect("is there");
            let read = entry(name);
            assert_eq!(
                (read.kind(), read.mode(), read.size()),
                (Kind::File, 0o6755, 700),
                "{}",
                name.escape_ascii()
            );
            assert_eq!((read.uid(), read.gid()), (3_000_000_000, 70_000));
            assert_eq!(read.mtime(), Timestamp { seconds, nanos: nanos as u32 });
            assert_eq!(read.xattrs(), xattrs);
            assert_eq!(entry(b"link").symlink(), Some(&target[..]));
            assert_eq!(entry(b"same").hardlink().expect("a link").id(), read.id());
            assert_eq!(
                entry(b"disk").device().map(|device| (device.major, device.minor)),
                Some((4095, 1 << 19))
            );
        }
    }
}
