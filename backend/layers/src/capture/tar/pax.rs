//! What a plain header cannot say.

use rustix::fs::Timespec;
use strata_layer::Xattr;

/// Records of one member, in the order they were added.
#[derive(Default)]
pub(super) struct Records {
    text: Vec<u8>,
    /// A name is in them that is not text.
    binary: bool,
    sparse: bool,
}

impl Records {
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    pub(super) fn has_sparse_name(&self) -> bool {
        self.sparse
    }

    /// Adds `key=value`. The length counts its own digits.
    pub(super) fn add(&mut self, key: &str, value: &[u8]) {
        self.sparse |= key == "GNU.sparse.name";
        self.add_bytes(key.as_bytes(), value);
    }

    /// Adds a name, which may be any bytes.
    pub(super) fn add_name(&mut self, key: &str, name: &[u8]) {
        self.binary |= std::str::from_utf8(name).is_err();
        self.add(key, name);
    }

    /// Adds a time with its fraction, without closing zeros.
    pub(super) fn add_time(&mut self, key: &str, time: Timespec) {
        let (sign, seconds, nanos) = match (time.tv_sec, time.tv_nsec) {
            (seconds @ 0.., nanos) => ("", seconds, nanos),
            (seconds, 0) => ("-", -seconds, 0),
            // -0.25 is the second before 1970 and 0.75 of it.
            (seconds, nanos) => ("-", -seconds - 1, 1_000_000_000 - nanos),
        };
        let text = match nanos {
            0 => format!("{sign}{seconds}"),
            nanos => format!("{sign}{seconds}.{nanos:09}").trim_end_matches('0').to_owned(),
        };
        self.add(key, text.as_bytes());
    }

    pub(super) fn add_xattr(&mut self, xattr: &Xattr) {
        self.add_bytes(&[b"SCHILY.xattr.", &*xattr.name].concat(), &xattr.value);
    }

    pub(super) fn finish(self) -> Vec<u8> {
        if !self.binary {
            return self.text;
        }
        // Must come first: it says how to read the others.
        let mut all = Self::default();
        all.add("hdrcharset", b"BINARY");
        all.text.extend(self.text);
        all.text
    }

    fn add_bytes(&mut self, key: &[u8], value: &[u8]) {
        let rest = key.len() + value.len() + 3;
        let mut length = rest + 1;
        while length != rest + length.to_string().len() {
            length = rest + length.to_string().len();
        }
        self.text.extend(length.to_string().bytes());
        for part in [b" ", key, b"=", value, b"\n"] {
            self.text.extend_from_slice(part);
        }
    }
}

/// Whether an attribute can be in an archive: `=` ends the key of a record.
pub(crate) fn can_hold(xattr: &Xattr) -> bool {
    !xattr.name.contains(&b'=')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_counts_its_own_digits() {
        for value in (0..200).chain(985..1005) {
            let mut records = Records::default();
            records.add("k", &vec![b'v'; value]);
            let text = records.finish();
            let digits = String::from_utf8_lossy(&text).split(' ').next().map(str::to_owned);
            assert_eq!(digits, Some(text.len().to_string()));
        }
    }

    #[test]
    fn times() {
        for (seconds, nanos, text) in
            [(1, 500_000_000, "1.5"), (-1, 750_000_000, "-0.25"), (-2, 0, "-2"), (3, 1, "3.000000001")]
        {
            let mut records = Records::default();
            records.add_time("mtime", Timespec { tv_sec: seconds, tv_nsec: nanos });
            let record = String::from_utf8(records.finish()).expect("text");
            assert!(record.ends_with(&format!(" mtime={text}\n")), "{record}");
        }
    }
}
