//! Entries to tar bytes.

use std::io::{self, Read, Write};

use crate::{
    Entry, Format, Kind, SparseForm,
    header::{self, BLOCK, Header, fits_link, fits_octal, fits_ustar},
};

/// Writes a tar to `W`, entry by entry.
pub struct TarWriter<W> {
    out: W,
}

impl<W: Write> TarWriter<W> {
    /// A writer that has written nothing yet.
    pub fn new(out: W) -> Self {
        Self { out }
    }

    /// Writes an entry with its content.
    pub fn entry(&mut self, entry: &Entry) -> io::Result<()> {
        match &entry.kind {
            Kind::File(content) | Kind::Other(_, content) => {
                self.prefixes(entry, Vec::new())?;
                self.header_and_content(entry, content)
            }
            Kind::Sparse { size, parts, form: SparseForm::Gnu } => self.sparse_gnu(entry, *size, parts),
            Kind::Sparse { size, parts, form: SparseForm::Pax } => self.sparse_pax(entry, *size, parts),
            _ => {
                self.prefixes(entry, Vec::new())?;
                self.header_and_content(entry, &[])
            }
        }
    }

    /// Writes a regular file whose `size` bytes are read from `content`; `entry`'s own content is not used.
    pub fn stream(&mut self, entry: &Entry, size: u64, content: impl Read) -> io::Result<()> {
        self.prefixes(entry, Vec::new())?;
        self.out.write_all(&header::of_entry(entry, size).seal())?;
        let copied = io::copy(&mut content.take(size), &mut self.out)?;
        if copied != size {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.pad(size)
    }

    /// Writes bytes as they are: half a header, a wrong checksum, anything.
    pub fn raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)
    }

    /// Ends the archive with two blocks of zeros.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.write_all(&[0; 2 * BLOCK])?;
        Ok(self.out)
    }

    fn header_and_content(&mut self, entry: &Entry, content: &[u8]) -> io::Result<()> {
        let size = content.len() as u64;
        self.out.write_all(&header::of_entry(entry, size).seal())?;
        self.out.write_all(content)?;
        self.pad(size)
    }

    fn pad(&mut self, size: u64) -> io::Result<()> {
        let over = (size % BLOCK as u64) as usize;
        if over > 0 { self.out.write_all(&[0; BLOCK][over..]) } else { Ok(()) }
    }

    /// What comes before the header: GNU long names, or a PAX header with everything that ustar can't say.
    fn prefixes(&mut self, entry: &Entry, mut records: Vec<(Vec<u8>, Vec<u8>)>) -> io::Result<()> {
        let link = match &entry.kind {
            Kind::Symlink(target) | Kind::Hardlink(target) => target.as_slice(),
            _ => &[],
        };
        let utf8 = std::str::from_utf8(&entry.path).is_ok() && std::str::from_utf8(link).is_ok();
        let gnu = entry.format == Format::Gnu || (entry.format == Format::Auto && !utf8);
        let pax = entry.format == Format::Pax;
        if gnu {
            let fits = entry.path.len() <= 100 || (entry.format == Format::Auto && fits_ustar(&entry.path));
            if !fits {
                self.long_link(b'L', &entry.path)?;
            }
            if !fits_link(link) {
                self.long_link(b'K', link)?;
            }
        } else if entry.format != Format::Ustar {
            if pax || !fits_ustar(&entry.path) {
                records.push((b"path".to_vec(), entry.path.clone()));
            }
            if !link.is_empty() && (pax || !fits_link(link)) {
                records.push((b"linkpath".to_vec(), link.to_vec()));
            }
            for (key, id) in [("uid", entry.uid), ("gid", entry.gid)] {
                if !fits_octal(8, i128::from(id)) {
                    records.push((key.into(), id.to_string().into_bytes()));
                }
            }
            let (seconds, nanos) = entry.mtime;
            if pax || nanos > 0 || seconds < 0 {
                records.push((b"mtime".to_vec(), decimal(seconds, nanos).into_bytes()));
            }
        }
        records.extend(entry.records.iter().cloned());
        if records.is_empty() { Ok(()) } else { self.pax_header(&records) }
    }

    fn long_link(&mut self, type_flag: u8, name: &[u8]) -> io::Result<()> {
        let mut header = Header::new(type_flag, Format::Gnu);
        header.bytes(0, b"././@LongLink");
        let size = name.len() as u64 + 1;
        header.number(124, 12, i128::from(size));
        self.out.write_all(&header.seal())?;
        self.out.write_all(name)?;
        self.out.write_all(&[0])?;
        self.pad(size)
    }

    fn pax_header(&mut self, records: &[(Vec<u8>, Vec<u8>)]) -> io::Result<()> {
        let body: Vec<u8> = records.iter().flat_map(|(key, value)| record(key, value)).collect();
        let mut header = Header::new(b'x', Format::Ustar);
        header.bytes(0, b"PaxHeaders.0/entry");
        header.number(100, 8, 0o644);
        header.number(124, 12, body.len() as i128);
        self.out.write_all(&header.seal())?;
        self.out.write_all(&body)?;
        self.pad(body.len() as u64)
    }

    fn sparse_gnu(&mut self, entry: &Entry, size: u64, parts: &[(u64, Vec<u8>)]) -> io::Result<()> {
        let entry = &entry.clone().format(Format::Gnu);
        self.prefixes(entry, Vec::new())?;
        let map = sparse_map(size, parts);
        let stored: u64 = map.iter().map(|(_, length)| length).sum();
        let mut header = header::of_entry(entry, stored);
        let (first, rest) = map.split_at(map.len().min(4));
        for (i, (offset, length)) in first.iter().enumerate() {
            header.number(386 + i * 24, 12, i128::from(*offset));
            header.number(398 + i * 24, 12, i128::from(*length));
        }
        header.0[482] = u8::from(!rest.is_empty());
        header.number(483, 12, i128::from(size));
        self.out.write_all(&header.seal())?;
        for (i, chunk) in rest.chunks(21).enumerate() {
            let mut block = Header([0; BLOCK]);
            for (j, (offset, length)) in chunk.iter().enumerate() {
                block.number(j * 24, 12, i128::from(*offset));
                block.number(j * 24 + 12, 12, i128::from(*length));
            }
            block.0[504] = u8::from((i + 1) * 21 < rest.len());
            self.out.write_all(&block.0)?;
        }
        for (_, bytes) in parts {
            self.out.write_all(bytes)?;
        }
        self.pad(stored)
    }

    fn sparse_pax(&mut self, entry: &Entry, size: u64, parts: &[(u64, Vec<u8>)]) -> io::Result<()> {
        let map = sparse_map(size, parts);
        let mut content = format!("{}\n", map.len()).into_bytes();
        for (offset, length) in &map {
            content.extend(format!("{offset}\n{length}\n").bytes());
        }
        content.resize(content.len().next_multiple_of(BLOCK), 0);
        content.extend(parts.iter().flat_map(|(_, bytes)| bytes));
        let key = |name: &str| format!("GNU.sparse.{name}").into_bytes();
        let records = vec![
            (key("major"), b"1".to_vec()),
            (key("minor"), b"0".to_vec()),
            (key("name"), entry.path.clone()),
            (key("realsize"), size.to_string().into_bytes()),
        ];
        let mut stored = entry.clone();
        stored.path = b"GNUSparseFile.0/entry".to_vec();
        self.prefixes(&stored, records)?;
        self.header_and_content(&stored, &content)
    }
}

/// (offset, length) of the stored parts, closed by an empty part at the end as GNU tar does.
fn sparse_map(size: u64, parts: &[(u64, Vec<u8>)]) -> Vec<(u64, u64)> {
    let mut map: Vec<(u64, u64)> =
        parts.iter().map(|(offset, bytes)| (*offset, bytes.len() as u64)).collect();
    if map.last().is_none_or(|(offset, length)| offset + length < size) {
        map.push((size, 0));
    }
    map
}

/// `length " " key "=" value "\n"`, where length counts itself.
fn record(key: &[u8], value: &[u8]) -> Vec<u8> {
    let rest = key.len() + value.len() + 3;
    let mut length = rest + 1;
    while rest + length.to_string().len() != length {
        length = rest + length.to_string().len();
    }
    [length.to_string().as_bytes(), b" ", key, b"=", value, b"\n"].concat()
}

/// Seconds and nanoseconds as a decimal number; nanoseconds count upwards also before 1970.
fn decimal(seconds: i64, nanos: u32) -> String {
    if nanos == 0 {
        return seconds.to_string();
    }
    let total = i128::from(seconds) * 1_000_000_000 + i128::from(nanos);
    let sign = if total < 0 { "-" } else { "" };
    let total = total.unsigned_abs();
    let text = format!("{sign}{}.{:09}", total / 1_000_000_000, total % 1_000_000_000);
    text.trim_end_matches('0').to_owned()
}
