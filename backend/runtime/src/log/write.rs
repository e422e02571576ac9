//! Writing and rotating, in the shim.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::Path,
};

use jiff::Timestamp;

use super::{LogOptions, Stream, encode::Records, rotated};

/// A log that is written. A full disk costs records, never the container.
#[derive(Debug)]
pub(crate) struct LogWriter {
    options: LogOptions,
    file: File,
    size: u64,
    stdout: Records,
    stderr: Records,
    buffer: Vec<u8>,
}

impl LogWriter {
    pub fn open(options: LogOptions) -> io::Result<Self> {
        let mut file = append(&options.path)?;
        let size = file.metadata()?.len();
        if size > 0 && !ends_with_newline(&options.path, size)? {
            file.write_all(b"\n")?; // what a full disk or a killed shim cut off must not spoil our first record
        }
        Ok(Self {
            options,
            file,
            size,
            stdout: Records::default(),
            stderr: Records::default(),
            buffer: Vec::new(),
        })
    }

    /// Logs a piece of a stream.
    pub fn write(&mut self, stream: Stream, piece: &[u8]) -> io::Result<()> {
        let records = match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        };
        records.push(piece, stream, Timestamp::now(), &mut self.buffer);
        self.write_buffer()
    }

    /// Logs what still waits for a newline.
    pub fn finish(&mut self) -> io::Result<()> {
        let now = Timestamp::now();
        self.stdout.flush(Stream::Stdout, now, &mut self.buffer);
        self.stderr.flush(Stream::Stderr, now, &mut self.buffer);
        self.write_buffer()
    }

    /// Waits for the disk.
    pub fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn write_buffer(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let rotation = self.rotate_if_full();
        let written = self.file.write_all(&self.buffer);
        self.size += self.buffer.len() as u64;
        self.buffer.clear();
        rotation.and(written)
    }

    fn rotate_if_full(&mut self) -> io::Result<()> {
        if self.options.max_size.is_none_or(|limit| self.size < limit) {
            return Ok(());
        }
        let path = &self.options.path;
        if self.options.max_files <= 1 {
            self.file.set_len(0)?;
        } else {
            for age in (0..self.options.max_files - 1).rev() {
                match fs::rename(rotated(path, age), rotated(path, age + 1)) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => (),
                }
            }
            self.file = append(path)?;
        }
        self.size = 0;
        Ok(())
    }
}

fn append(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    OpenOptions::new().create(true).append(true).mode(0o640).open(path)
}

fn ends_with_newline(path: &Path, size: u64) -> io::Result<bool> {
    use std::os::unix::fs::FileExt as _;
    let mut last = [0];
    File::open(path)?.read_exact_at(&mut last, size - 1)?;
    Ok(last == *b"\n")
}
