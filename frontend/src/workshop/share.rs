//! A Dockerfile as a part of an address: `/workshop#dockerfile=…`.
//!
//! The fragment never reaches a server. Its value is base64url (RFC 4648 §5, no padding) of a letter and the text: `z` and
//! raw deflate (RFC 1951), which the browser does, or `t` and the text itself where it can't. Opening such an address
//! shows the text and runs nothing.

/// The longest text that is taken: what a browser's address bar and a chat can carry is less.
pub const MOST: usize = 1 << 20;

const KEY: &str = "dockerfile=";
const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// What a fragment carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shared {
    /// The text.
    Text(String),
    /// Raw deflate of the text: the browser inflates it.
    Deflated(Vec<u8>),
}

/// The fragment for `bytes`, which are deflated or not.
pub fn print(bytes: &[u8], deflated: bool) -> String {
    let mut whole = Vec::with_capacity(bytes.len() + 1);
    whole.push(if deflated { b'z' } else { b't' });
    whole.extend_from_slice(bytes);
    format!("#{KEY}{}", encode(&whole))
}

/// What a fragment carries, if it carries a Dockerfile that can be read.
pub fn read(fragment: &str) -> Option<Shared> {
    let value = fragment.trim_start_matches('#').split('&').find_map(|part| part.strip_prefix(KEY))?;
    if value.len() > MOST {
        return None;
    }
    let bytes = decode(value)?;
    match bytes.split_first()? {
        (b'z', rest) => Some(Shared::Deflated(rest.to_vec())),
        (b't', rest) => String::from_utf8(rest.to_vec()).ok().map(Shared::Text),
        _ => None,
    }
}

fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let part = |at: usize| chunk.get(at).copied().map_or(0, u32::from);
        let bits = part(0) << 16 | part(1) << 8 | part(2);
        for letter in 0..=chunk.len() {
            text.push(char::from(LETTERS[(bits >> (18 - 6 * letter) & 63) as usize]));
        }
    }
    text
}

fn decode(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=').as_bytes();
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 2);
    for chunk in text.chunks(4) {
        let mut bits = 0u32;
        for letter in chunk {
            bits = bits << 6 | LETTERS.iter().position(|known| known == letter)? as u32;
        }
        bits <<= 6 * (4 - chunk.len());
        let whole = match chunk.len() {
            1 => return None,
            length => length - 1,
        };
        bytes.extend(&bits.to_be_bytes()[1..=whole]);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_shared_comes_back() {
        for length in 0..40u8 {
            let bytes: Vec<u8> = (0..length).map(|at| at.wrapping_mul(97)).collect();
            assert_eq!(decode(&encode(&bytes)).as_deref(), Some(&*bytes));
            assert_eq!(read(&print(&bytes, true)), Some(Shared::Deflated(bytes)));
        }
        let text = "FROM busybox\nRUN echo 你好 <script>\n";
        assert_eq!(read(&print(text.as_bytes(), false)), Some(Shared::Text(text.into())));
    }

    #[test]
    fn nonsense_is_nothing() {
        for fragment in [
            "",
            "#",
            "#dockerfile=",
            "#dockerfile=!",
            "#dockerfile=d",
            "#dockerfile=AAAA",
            "#x=dGE",
            "#dockerfile=dP8",
        ] {
            assert_eq!(read(fragment), None, "{fragment}");
        }
        assert_eq!(read(&format!("#dockerfile={}", "A".repeat(MOST + 1))), None);
    }
}
