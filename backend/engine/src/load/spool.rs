//! A member of an archive that is read while it is written: the archive can be read on before the layer in it is unpacked.
//!
//! The writer's end is the [`Spool`]; an intake has [`Trailing`], which gives it the bytes, and [`Handed`], which gives it the blob in the
//! end, if there is one.

use std::{
    fs::File,
    io::{self, Write},
    os::unix::fs::FileExt as _,
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        mpsc::{self, Receiver, SyncSender},
    },
};

use bytes::Bytes;
use rustix::fs::{FallocateFlags, fallocate};
use strata_blobs::{BlobError, BlobWriter, DiskStaged, DiskWriter};
use strata_layers::Source;

/// Bytes read at once.
const PIECE: u64 = 256 << 10;
/// Bytes of a scratch file that are read before they are given back.
const ENOUGH: u64 = 16 << 20;

/// How far the writer is, and whether it goes on.
#[derive(Default)]
struct Reached {
    /// Bytes.
    written: u64,
    /// Whether there will be no more of them.
    ended: bool,
    /// Whether nobody reads any more.
    left: bool,
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

    fn is_left(&self) -> bool {
        self.reached.lock().unwrap_or_else(PoisonError::into_inner).left
    }
}

/// Where the bytes go.
enum To {
    /// A blob that is kept, and who is given it.
    Blob(Box<DiskWriter>, SyncSender<DiskStaged>),
    /// A file for this alone.
    Scratch(File),
}

/// Writes a member. Dropped before its end, it is as if it ended there, and its blob never comes.
pub(super) struct Spool {
    /// None once it failed.
    to: Option<To>,
    progress: Arc<Progress>,
}

impl Spool {
    /// To a blob, with what reads it.
    pub(super) fn blob(writer: DiskWriter) -> Result<(Self, Trailing, Handed), BlobError> {
        let file = writer.reader()?;
        // One place: the writer doesn't wait.
        let (hand, comes) = mpsc::sync_channel(1);
        let (spool, trailing) = Self::new(To::Blob(Box::new(writer), hand), file, false);
        Ok((spool, trailing, Handed(comes)))
    }

    /// To a file that nobody else has, with what reads it.
    pub(super) fn scratch(file: File) -> io::Result<(Self, Trailing)> {
        let reader = file.try_clone()?;
        Ok(Self::new(To::Scratch(file), reader, true))
    }

    fn new(to: To, file: File, gives_back: bool) -> (Self, Trailing) {
        let progress = Arc::<Progress>::default();
        let trailing = Trailing { file, read: 0, gives_back, given_back: 0, progress: progress.clone() };
        (Self { to: Some(to), progress }, trailing)
    }

    /// Adds bytes.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), BlobError> {
        match self.to.take() {
            None => return Ok(()),
            Some(To::Blob(writer, hand)) => self.to = Some(To::Blob(Box::new(writer.with(bytes)?), hand)),
            // An intake that ended early has no use for the rest.
            Some(To::Scratch(_)) if self.progress.is_left() => return Ok(()),
            Some(To::Scratch(mut file)) => {
                file.write_all(bytes).map_err(|source| io_error("a layer that is unpacked", source))?;
                self.to = Some(To::Scratch(file));
            }
        }
        self.progress.change(|reached| reached.written += bytes.len() as u64);
        Ok(())
    }

    /// Checks the blob and hands it over.
    pub(super) fn finish(mut self) -> Result<(), BlobError> {
        if let Some(To::Blob(writer, hand)) = self.to.take() {
            // An intake that failed wants no blob.
            let _ = hand.send(writer.stage()?);
        }
        Ok(())
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        self.progress.change(|reached| reached.ended = true);
    }
}

fn io_error(path: &str, source: io::Error) -> BlobError {
    BlobError::Io { action: "write", path: path.into(), source }
}

/// Reads what a [`Spool`] has written, waiting for more.
pub(super) struct Trailing {
    file: File,
    /// Bytes.
    read: u64,
    /// Whether what was read is for nobody else.
    gives_back: bool,
    /// Bytes from the start that the file has no longer.
    given_back: u64,
    progress: Arc<Progress>,
}

impl Trailing {
    /// Frees what was read: most of it has never been on the disk then.
    fn give_back(&mut self) {
        let length = self.read - self.given_back;
        if self.gives_back && length >= ENOUGH {
            let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
            // A file system that can't do it keeps it until the end.
            self.gives_back = fallocate(&self.file, flags, self.given_back, length).is_ok();
            self.given_back = self.read;
        }
    }
}

impl Source for Trailing {
    fn next(&mut self) -> io::Result<Option<Bytes>> {
        let length = self.progress.more_than(self.read).min(PIECE);
        if length == 0 {
            return Ok(None);
        }
        let mut piece = vec![0; usize::try_from(length).unwrap_or_default()];
        self.file.read_exact_at(&mut piece, self.read)?;
        self.read += length;
        self.give_back();
        Ok(Some(piece.into()))
    }
}

impl Drop for Trailing {
    fn drop(&mut self) {
        self.progress.change(|reached| reached.left = true);
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
        let gone = |_| io_error("a blob that is no longer wanted", io::ErrorKind::BrokenPipe.into());
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
        (dir, Spool::blob(writer).expect("opens"))
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
    fn a_scratch_file_gives_back_what_was_read_and_ends_with_its_reader() {
        let (mut spool, trailing) = Spool::scratch(tempfile::tempfile().expect("a file")).expect("opens");
        let file = trailing.file.try_clone().expect("the same file");
        let bytes: Vec<u8> = (0..40_000_003_u32).map(|at| (at % 251) as u8).collect();
        let reader = thread::spawn(move || read(trailing));
        for piece in bytes.chunks(1_000_000) {
            spool.write(piece).expect("writes");
        }
        spool.finish().expect("nothing to check");
        assert!(reader.join().expect("reads to the end") == bytes);
        let kept = std::os::unix::fs::MetadataExt::blocks(&file.metadata().expect("is open")) * 512;
        assert!(kept < 20_000_000, "{kept} bytes");

        let (mut spool, mut trailing) = Spool::scratch(tempfile::tempfile().expect("a file")).expect("opens");
        let file = trailing.file.try_clone().expect("the same file");
        spool.write(&bytes[..1_000]).expect("writes");
        assert_eq!(trailing.next().expect("reads").expect("has come").len(), 1_000);
        drop(trailing);
        spool.write(&bytes).expect("is passed over");
        spool.finish().expect("nothing to check");
        assert_eq!(file.metadata().expect("is open").len(), 1_000);
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
