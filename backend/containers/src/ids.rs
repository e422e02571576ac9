//! Ids of containers, execs and anonymous volumes: 32 random bytes in hex.

use std::fmt::Write as _;

/// A new id, 64 hex digits.
///
/// As dockerd does, an id whose first twelve digits are all decimal is not given out: as a host name it would look
/// like a number.
pub fn random_id() -> String {
    loop {
        let id = hex(&random_bytes::<32>());
        if !id[..12].bytes().all(|digit| digit.is_ascii_digit()) {
            return id;
        }
    }
}

/// The first twelve digits.
pub fn short(id: &str) -> &str {
    id.get(..12).unwrap_or(id)
}

/// Whether a text is an id.
pub(crate) fn is_id(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
}

/// Bytes from the kernel's generator.
pub(crate) fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    let mut filled = 0;
    while filled < N {
        match rustix::rand::getrandom(&mut bytes[filled..], rustix::rand::GetRandomFlags::empty()) {
            Ok(count) => filled += count,
            // Interrupted before the pool was ready: only early at boot.
            Err(_) => std::thread::yield_now(),
        }
    }
    bytes
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing into a string doesn't fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_64_hex_digits_and_differ() {
        let (a, b) = (random_id(), random_id());
        assert_eq!(a.len(), 64);
        assert!(a.bytes().all(|digit| digit.is_ascii_hexdigit() && !digit.is_ascii_uppercase()));
        assert_ne!(a, b);
        assert_eq!(short(&a).len(), 12);
    }
}
