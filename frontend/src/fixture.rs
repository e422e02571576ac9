//! Small layers for tests.

use std::sync::Arc;

use strata_layer::{LayerIndex, Limits, read_layer};

/// A layer of files, each of `size` bytes. A name that ends in `/` is a directory, one that starts with `!` a
/// whiteout, and `name -> target` a symbolic link.
pub fn layer(files: &[(&str, usize)]) -> Arc<LayerIndex> {
    let mut tar = Vec::new();
    for (name, size) in files {
        let (name, target) = name.split_once(" -> ").unwrap_or((name, ""));
        let name = match name.strip_prefix('!') {
            Some(path) => match path.rsplit_once('/') {
                Some((directory, name)) => format!("{directory}/.wh.{name}"),
                None => format!(".wh.{path}"),
            },
            None => name.to_owned(),
        };
        let kind = match (name.ends_with('/'), target.is_empty()) {
            (true, _) => b'5',
            (_, false) => b'2',
            _ => b'0',
        };
        tar.extend(header(&name, kind, *size, target));
        tar.extend(std::iter::repeat_n(b'x', *size));
        tar.resize(tar.len().next_multiple_of(512), 0);
    }
    tar.resize(tar.len() + 1024, 0);
    Arc::new(read_layer(&*tar, &Limits::default(), &mut ()).expect("a valid tar"))
}

fn header(name: &str, kind: u8, size: usize, target: &str) -> [u8; 512] {
    let mut header = [0u8; 512];
    let mut put = |at: usize, bytes: &[u8]| header[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, name.as_bytes());
    put(100, if kind == b'5' { b"0000755" } else { b"0000644" });
    put(108, b"0000000");
    put(116, b"0000000");
    put(124, format!("{size:011o}").as_bytes());
    put(136, b"00000000000");
    put(148, b"        ");
    put(156, &[kind]);
    put(157, target.as_bytes());
    put(257, b"ustar\x0000");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    header
}
