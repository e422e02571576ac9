//! Regular files.

use std::{
    fs::File,
    io::{Read, Seek as _, SeekFrom, Write as _},
};

use rustix::fs::{self, Mode, OFlags};
use strata_layer::{Entry, Segment};

use super::{Applier, ApplyError, times, timespec};

/// Bytes per read and write. Large ones go past the archive reader's own buffer.
const CHUNK: usize = 256 << 10;

const NEW: OFlags =
    OFlags::WRONLY.union(OFlags::CREATE).union(OFlags::EXCL).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

impl Applier<'_> {
    /// Content, owner, mode, attributes, time: in this order, because each takes away some of what follows it.
    pub(super) fn file(
        &mut self,
        entry: &Entry,
        name: &[u8],
        content: &mut dyn Read,
    ) -> Result<(), ApplyError> {
        let mode = u32::from(entry.mode);
        // An ordinary user must be able to read what it owns.
        let mode = if self.powers.owners { mode } else { mode | 0o600 };
        let inherits = self.here().setgid;
        let fail = ApplyError::io("create", &entry.path);
        let file = fs::openat(self.descent.folder(), name, NEW, Mode::from(mode & 0o777)).map_err(fail)?;
        let mut file = File::from(file);
        match &entry.sparse {
            None => self.dense(entry, content, &mut file)?,
            Some(segments) => self.sparse(entry, segments, content, &mut file)?,
        }
        self.set_owner(&file, entry, !inherits)?;
        if self.mode_needs_setting(mode) {
            fs::fchmod(&file, Mode::from(mode)).map_err(ApplyError::io("set the mode of", &entry.path))?;
        }
        for xattr in &entry.xattrs {
            self.set_xattr(&file, &entry.path, xattr)?;
        }
        let fail = ApplyError::io("set the time of", &entry.path);
        fs::futimens(&file, &times(timespec(entry.mtime))).map_err(fail)
    }

    fn dense(&mut self, entry: &Entry, content: &mut dyn Read, file: &mut File) -> Result<(), ApplyError> {
        let mut left = entry.size;
        while left > 0 {
            let length = self.fill(entry, content, left)?;
            file.write_all(&self.buffer[..length]).map_err(ApplyError::io("write", &entry.path))?;
            left -= length as u64;
        }
        Ok(())
    }

    /// Reads all, the holes too, but writes the data only.
    fn sparse(
        &mut self,
        entry: &Entry,
        segments: &[Segment],
        content: &mut dyn Read,
        file: &mut File,
    ) -> Result<(), ApplyError> {
        let fail = || ApplyError::io("write", &entry.path);
        let mut position = 0;
        let mut segments = segments.iter().peekable();
        while position < entry.size {
            let length = self.fill(entry, content, entry.size - position)? as u64;
            let end = position + length;
            while let Some(segment) = segments.peek() {
                let (from, to) = (segment.start.max(position), (segment.start + segment.len).min(end));
                if from < to {
                    let data = &self.buffer[(from - position) as usize..(to - position) as usize];
                    file.seek(SeekFrom::Start(from)).and_then(|_| file.write_all(data)).map_err(fail())?;
                }
                if segment.start + segment.len > end {
                    break;
                }
                segments.next();
            }
            position = end;
        }
        file.set_len(entry.size).map_err(fail())
    }

    /// The next bytes of the content, in the buffer; at least one.
    fn fill(&mut self, entry: &Entry, content: &mut dyn Read, left: u64) -> Result<usize, ApplyError> {
        if self.watch.is_stopped() {
            return Err(ApplyError::Stopped);
        }
        let wanted = usize::try_from(left).map_or(CHUNK, |left| left.min(CHUNK));
        if self.buffer.len() < wanted {
            self.buffer.resize(wanted, 0);
        }
        let fail = |source| ApplyError::Content { path: entry.path.clone(), source };
        match content.read(&mut self.buffer[..wanted]).map_err(fail)? {
            0 => Err(fail(std::io::ErrorKind::UnexpectedEof.into())),
            length => Ok(length),
        }
    }
}
