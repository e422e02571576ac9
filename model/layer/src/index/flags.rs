//! An entry's kind and marks in one byte.

use crate::Kind;

/// Kind in the low three bits, marks above.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flags(u8);

impl Flags {
    /// A directory that the archive does not list.
    pub(crate) const IMPLIED: u8 = 1 << 3;
    /// A directory that hides what the layers below have in it.
    pub(crate) const OPAQUE: u8 = 1 << 4;
    /// A real entry whose archive also has a whiteout of it.
    pub(crate) const HIDES: u8 = 1 << 5;
    /// A file whose content does not stand in one run in the archive.
    pub(crate) const SPARSE: u8 = 1 << 6;

    pub(crate) fn new(kind: Kind) -> Self {
        Self(kind as u8)
    }

    /// Nothing if the byte is not one that [`Flags::byte`] gives.
    pub(crate) fn from_byte(byte: u8) -> Option<Self> {
        let flags = Self(byte);
        let directory = flags.kind() == Kind::Directory;
        let allowed = match flags.kind() {
            Kind::Directory => Self::IMPLIED | Self::OPAQUE | Self::HIDES,
            Kind::File => Self::HIDES | Self::SPARSE,
            Kind::Whiteout => 0,
            _ => Self::HIDES,
        };
        let hides_alone = flags.has(Self::HIDES) && directory && !flags.has(Self::OPAQUE);
        ((byte >> 3) & !(allowed >> 3) == 0 && !hides_alone).then_some(flags)
    }

    pub(crate) fn byte(self) -> u8 {
        self.0
    }

    pub(crate) fn kind(self) -> Kind {
        Kind::ALL[usize::from(self.0 & 7)]
    }

    pub(crate) fn has(self, mark: u8) -> bool {
        self.0 & mark != 0
    }

    pub(crate) fn with(self, mark: u8, on: bool) -> Self {
        Self(if on { self.0 | mark } else { self.0 & !mark })
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn only_sensible_bytes_are_flags() {
        let directory = Flags::new(Kind::Directory);
        let opaque = directory.with(Flags::OPAQUE, true);
        assert_eq!(Flags::from_byte(opaque.byte()), Some(opaque));
        assert_eq!(
            Flags::from_byte(opaque.with(Flags::HIDES, true).byte()).map(Flags::kind),
            Some(Kind::Directory)
        );
        assert_eq!(Flags::from_byte(directory.with(Flags::HIDES, true).byte()), None);
        assert_eq!(Flags::from_byte(Flags::new(Kind::File).with(Flags::OPAQUE, true).byte()), None);
        assert_eq!(Flags::from_byte(Flags::new(Kind::Whiteout).with(Flags::HIDES, true).byte()), None);
        assert_eq!(Flags::from_byte(0x80), None);
    }
}
