//! How much a layer may take.

/// What intake accepts. The defaults let every real image through and keep a hostile one from taking the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Entries, names, attributes and files of the archive.
    pub archive: strata_layer::Limits,
    /// Bytes of the uncompressed tar.
    pub tar: u64,
    /// Bytes of uncompressed tar per compressed byte, once the tar has more than `ratio_floor` bytes. Real layers
    /// stay below 100; gzip cannot exceed 1,032, a layer of zeros reaches that.
    pub ratio: u64,
    /// Below this many bytes of tar any ratio is fine.
    pub ratio_floor: u64,
    /// Base-2 logarithm of the largest zstd window, which is memory: 27 is 128 MiB, what `zstd -d` accepts.
    pub zstd_window_log: u32,
    /// Bytes of memory that an xz stream may ask for; `xz -9` needs 65 MiB.
    pub xz_memory: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            archive: strata_layer::Limits { unpacked: 1 << 38, ..strata_layer::Limits::default() },
            tar: 1 << 38,
            ratio: 1000,
            ratio_floor: 1 << 30,
            zstd_window_log: 27,
            xz_memory: 128 << 20,
        }
    }
}
