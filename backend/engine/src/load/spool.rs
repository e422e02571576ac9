//! A blob that is read while it is written: the archive can be read on before the layer in it is unpacked.
//!
//! The writer's end is the [`Spool`]; an intake has the other two: [`Trailing`] gives it the bytes, [`Handed`] the blob in the end.

use std::{
    fs::File,
    io::{self, Read as _, Write},
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        mpsc::{self, Receiver, SyncSender},
    },
};

use bytes::Bytes;
use strata_blobs::{BlobError, BlobWriter, DiskStaged, DiskWriter};
use strata_layers::Source;

/// Bytes read at once.
const PIECE: u64 = 256 << 10;

/// How far the writer is.
#[derive(Default)]
struct Reached {
    /// Bytes.
    written: u64,
    /// Whether there will be no more of them.
    ended: bool,
}

#[derive(Default)]
struct Progress {
    reached: Mutex<Reached>,
    grown: Condvar,
}

impl Progress {
    fn change(&self, change: impl FnOnce(&mut Reached)) {
        change(&mut self.reached.lock().unwrap_or_else(PoisonError::into_inner));
        self.grown.notify_all();
    }

    /// Waits for more than `read` bytes; gives how many there are, none at the end.
    fn more_than(&self, read: u64) -> u64 {
        let reached = self.reached.lock().unwrap_or_else(PoisonError::into_inner);
        let more = self.grown.wait_while(reached, |reached| reached.written <= read && !reached.ended);
        more.unwrap_or_else(PoisonError::into_inner).written - read
    }
}

/// Writes a blob. Dropped before its end, it is as if it ended there, and its blob never comes.
pub(super) struct Spool {
    /// None once it failed.
    writer: Option<DiskWriter>,
    staged: SyncSender<DiskStaged>,
    progress: Arc<Progress>,
}

impl Spool {
    /// With what reads it.
    pub(super) fn new(writer: DiskWriter) -> Result<(Self, Trailing, Handed), BlobError> {
        let file = writer.reader()?;
        let progress = Arc::<Progress>::default();
        // One place: the writer doesn't wait.
        let (staged, comes) = mpsc::sync_channel(1);
        let trailing = Trailing { file, read: 0, progress: progress.clone() };
        Ok((Self { writer: Some(writer), staged, progress }, trailing, Handed(comes)))
    }

    /// Adds bytes.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), BlobError> {
        if let Some(writer) = self.writer.take() {
            self.writer = Some(writer.with(bytes)?);
            self.progress.change(|reached| reached.written += bytes.len() as u64);
        }
        Ok(())
    }

    /// Checks the blob and hands it over.
    pub(super) fn finish(mut self) -> Result<(), BlobError> {
        let Some(writer) = self.writer.take() else { return Ok(()) };
        let staged = writer.stage()?;
        // An intake that failed wants no blob.
        let _ = self.staged.send(staged);
        Ok(())
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        self.progress.change(|reached| reached.ended = true);
    }
}

/// Reads what a [`Spool`] has written, waiting for more.
pub(super) struct Trailing {
    file: File,
    /// Bytes.
    read: u64,
    progress: Arc<Progress>,
}

impl Source for Trailing {
    fn next(&mut self) -> io::Result<Option<Bytes>> {
        let length = self.progress.more_than(self.read).min(PIECE);
        if length == 0 {
            return Ok(None);
        }
        let mut piece = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
        let read = (&self.file).take(length).read_to_end(&mut piece)?;
        if read as u64 != length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.read += length;
        Ok(Some(piece.into()))
    }
}

/// The writer of an intake whose blob somebody else writes.
pub(super) struct Handed(Receiver<DiskStaged>);

impl Write for Handed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl BlobWriter for Handed {
    type Staged = DiskStaged;

    fn with(self, _: &[u8]) -> Result<Self, BlobError> {
        Ok(self)
    }

    fn commit(self) -> Result<(), BlobError> {
        unreachable!("an intake stages its blob")
    }

    fn stage(self) -> Result<DiskStaged, BlobError> {
        // The spool was dropped: whoever did it says why, and nobody looks at this.
        let gone = |_| BlobError::Io {
            action: "write",
            path: "a blob that is no longer wanted".into(),
            source: io::ErrorKind::BrokenPipe.into(),
        };
        self.0.recv().map_err(gone)
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use strata_blobs::{BlobStore as _, DiskBlobs, StagedBlob as _};
    use strata_oci::Digest;

    use super::*;

    fn spool(bytes: &[u8]) -> (tempfile::TempDir, (Spool, Trailing, Handed)) {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let blobs = DiskBlobs::open(&dir.path().join("blobs")).expect("opens");
        let writer = blobs.ingest(&Digest::of(bytes), Some(bytes.len() as u64)).expect("begins");
        (dir, Spool::new(writer).expect("opens"))
    }

    fn read(mut trailing: Trailing) -> Vec<u8> {
        let mut read = Vec::new();
        while let Some(piece) = trailing.next().expect("reads") {
            read.extend_from_slice(&piece);
        }
        read
    }

    #[test]
    fn is_read_while_it_is_written_and_handed_over() {
        let bytes: Vec<u8> = (0..1_000_003_u32).map(|at| (at % 251) as u8).collect();
        let (_dir, (mut spool, mut trailing, handed)) = spool(&bytes);
        spool.write(&bytes[..10]).expect("writes");
        assert_eq!(trailing.next().expect("reads").as_deref(), Some(&bytes[..10]));
        let reader = thread::spawn(move || read(trailing));
        for piece in bytes[10..].chunks(77_777) {
            spool.write(piece).expect("writes");
        }
        spool.finish().expect("as announced");
        assert!(reader.join().expect("reads to the end") == bytes[10..]);
        assert_eq!(handed.stage().expect("comes").size(), bytes.len() as u64);
    }

    #[test]
    fn what_is_altered_or_cut_never_comes() {
        let (_dir, (mut altered, trailing, handed)) = spool(b"some bytes");
        altered.write(b"same bytes").expect("writes");
        assert!(matches!(altered.finish(), Err(BlobError::Verify(_))));
        assert_eq!(read(trailing), b"same bytes");
        assert!(handed.stage().is_err());
        let (_dir, (mut cut, trailing, handed)) = spool(b"some bytes");
        cut.write(b"some").expect("writes");
        drop(cut);
        assert_eq!(read(trailing), b"some");
        assert!(handed.stage().is_err());
    }
}
