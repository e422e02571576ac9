//! A tar of files that were dropped on the page: POSIX.1-2001 (ustar, with a pax record where a path is long).
//!
//! The server takes it like any other archive. Owners are 0 as in what `docker build` sends from a machine without them;
//! times are left at 0, since nothing looks at them.

const BLOCK: usize = 512;

/// An archive that grows.
#[derive(Debug, Default)]
pub struct Tar {
    bytes: Vec<u8>,
}

impl Tar {
    /// Adds a file; `path` has no leading slash.
    pub fn file(&mut self, path: &str, mode: u32, content: &[u8]) {
        if path.len() > 100 {
            let record = record("path", path);
            self.header("@", b'x', 0o644, record.len());
            self.content(record.as_bytes());
        }
        self.header(path, b'0', mode, content.len());
        self.content(content);
    }

    /// The archive, whole.
    pub fn finish(mut self) -> Vec<u8> {
        self.bytes.resize(self.bytes.len() + 2 * BLOCK, 0);
        self.bytes
    }

    fn header(&mut self, path: &str, kind: u8, mode: u32, size: usize) {
        let mut block = [0u8; BLOCK];
        let mut put = |at: usize, text: &[u8]| block[at..at + text.len()].copy_from_slice(text);
        put(0, &path.as_bytes()[..path.len().min(100)]);
        put(100, format!("{:07o}\0", mode & 0o7777).as_bytes());
        put(108, b"0000000\0");
        put(116, b"0000000\0");
        put(124, format!("{size:011o}\0").as_bytes());
        put(136, b"00000000000\0");
        put(148, b"        ");
        put(156, &[kind]);
        put(257, b"ustar\x0000");
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        self.bytes.extend(block);
    }

    fn content(&mut self, content: &[u8]) {
        self.bytes.extend(content);
        self.bytes.resize(self.bytes.len().next_multiple_of(BLOCK), 0);
    }
}

/// `LENGTH key=value\n`, the length counting itself.
fn record(key: &str, value: &str) -> String {
    let rest = key.len() + value.len() + 3;
    let mut length = rest + 1;
    while rest + length.to_string().len() != length {
        length = rest + length.to_string().len();
    }
    format!("{length} {key}={value}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engine_reads_it() {
        let mut tar = Tar::default();
        let long = format!("{}/你好.txt", "deep/".repeat(60));
        tar.file("a b", 0o755, b"hello");
        tar.file(&long, 0o644, &[7; 513]);
        tar.file("empty", 0o644, b"");
        let bytes = tar.finish();
        let index =
            strata_layer::read_layer(&bytes[..], &strata_layer::Limits::default(), &mut ()).expect("a tar");
        let mut paths: Vec<(String, u64)> = index
            .entries()
            .filter(|entry| entry.size() > 0 || entry.path().as_bytes() == b"empty")
            .map(|entry| (String::from_utf8_lossy(entry.path().as_bytes()).into_owned(), entry.size()))
            .collect();
        paths.sort();
        assert_eq!(paths, [("a b".to_owned(), 5), (long.replace("//", "/"), 513), ("empty".to_owned(), 0)]);
    }

    #[test]
    fn records_count_themselves() {
        for length in 90..1100 {
            let text = record("path", &"p".repeat(length));
            assert!(text.starts_with(&format!("{} ", text.len())));
        }
    }
}
