//! How much of a layer is accepted.

/// What [`crate::read_layer`] accepts. The defaults are far above any real image and keep a hostile layer from
/// taking the machine's memory. How far a layer may inflate is for whoever decompresses it to check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Entries, implied directories included.
    pub entries: usize,
    /// Bytes of all files once unpacked, holes of sparse files included.
    pub unpacked: u64,
    /// Bytes of names and values of one entry's extended attributes. Linux keeps at most 64 KiB per value.
    pub xattrs_per_entry: usize,
    /// Bytes of the extended attributes of all entries.
    pub xattrs_total: usize,
    /// Bytes of the names and link targets of all entries.
    pub names_total: usize,
    /// Bytes of one PAX header or one sparse map.
    pub header: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            entries: 4_000_000,
            unpacked: 1 << 40,
            xattrs_per_entry: 1 << 18,
            xattrs_total: 1 << 26,
            names_total: 1 << 29,
            header: 1 << 20,
        }
    }
}
