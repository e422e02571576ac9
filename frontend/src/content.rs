//! What a file is, by its first bytes.

use crate::address::Tab;

/// What a file is, as far as the page treats it differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Lines of text.
    Text,
    /// A picture that browsers draw and that can't run anything.
    Picture {
        /// `image/png`, …
        media_type: &'static str,
        /// `PNG`, …
        name: &'static str,
    },
    /// Anything else, with a name for what is common.
    Binary(Option<&'static str>),
}

const PICTURES: [(&[u8], &str, &str); 4] = [
    (b"\x89PNG\r\n\x1a\n", "image/png", "PNG"),
    (b"\xff\xd8\xff", "image/jpeg", "JPEG"),
    (b"GIF87a", "image/gif", "GIF"),
    (b"GIF89a", "image/gif", "GIF"),
];

const BINARIES: [(&[u8], &str); 12] = [
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\xfd7zXZ\0", "xz"),
    (b"BZh", "bzip2"),
    (b"PK\x03\x04", "zip"),
    (b"!<arch>\n", "ar"),
    (b"SQLite format 3\0", "SQLite"),
    (b"\0asm", "WebAssembly"),
    (b"%PDF-", "PDF"),
    (b"\xca\xfe\xba\xbe", "Java class"),
    (b"wOF2", "WOFF2"),
    (b"\0\x01\0\0", "TrueType"),
];

/// Looks at the beginning of a file; a few kilobytes are enough.
pub fn sniff(head: &[u8]) -> Content {
    if let Some((_, media_type, name)) = PICTURES.iter().find(|(magic, ..)| head.starts_with(magic)) {
        return Content::Picture { media_type, name };
    }
    if head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP") {
        return Content::Picture { media_type: "image/webp", name: "WebP" };
    }
    if let Some(name) = elf(head) {
        return Content::Binary(Some(name));
    }
    if let Some((_, name)) = BINARIES.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Content::Binary(Some(name));
    }
    if is_text(head) { Content::Text } else { Content::Binary(None) }
}

fn elf(head: &[u8]) -> Option<&'static str> {
    let rest = head.strip_prefix(b"\x7fELF")?;
    let machine = match (rest.get(1), rest.get(14), rest.get(15)) {
        (Some(2), Some(high), Some(low)) => u16::from_be_bytes([*high, *low]),
        (_, Some(low), Some(high)) => u16::from_le_bytes([*low, *high]),
        _ => 0,
    };
    Some(match machine {
        3 => "ELF x86",
        21 => "ELF ppc64",
        22 => "ELF s390x",
        40 => "ELF arm",
        62 => "ELF x86-64",
        183 => "ELF arm64",
        243 => "ELF riscv",
        _ => "ELF",
    })
}

/// No NUL, and hardly anything that isn't UTF-8: what `grep` and `git` take for text.
fn is_text(head: &[u8]) -> bool {
    if head.contains(&0) {
        return false;
    }
    let cut = head.utf8_chunks().last().map_or(0, |chunk| chunk.invalid().len());
    let invalid: usize = head.utf8_chunks().map(|chunk| chunk.invalid().len()).sum();
    invalid.saturating_sub(cut) * 20 <= head.len()
}

impl Content {
    /// How to show it when nothing was chosen.
    pub fn usual_tab(self) -> Tab {
        match self {
            Self::Text => Tab::Text,
            Self::Picture { .. } => Tab::Picture,
            Self::Binary(_) => Tab::Hex,
        }
    }

    /// The name of the format, where it has one.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Text => None,
            Self::Picture { name, .. } => Some(name),
            Self::Binary(name) => name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_what_is_common() {
        let cases: [(&[u8], Content); 9] = [
            (b"", Content::Text),
            (b"#!/bin/sh\n", Content::Text),
            ("配置\n".as_bytes(), Content::Text),
            ("配".as_bytes().split_at(2).0, Content::Text),
            (b"caf\xe9 au lait, and a long enough line", Content::Text),
            (b"\xff\xfe\xfd", Content::Binary(None)),
            (b"a\0b", Content::Binary(None)),
            (b"\x1f\x8b\x08", Content::Binary(Some("gzip"))),
            (b"RIFF\x01\x02\x03\x04WEBPVP8 ", Content::Picture { media_type: "image/webp", name: "WebP" }),
        ];
        for (head, content) in cases {
            assert_eq!(sniff(head), content, "{head:?}");
        }
        // e_machine is at offset 18.
        let mut x86_64 = b"\x7fELF\x02\x01\x01".to_vec();
        x86_64.resize(18, 0);
        x86_64.extend([62, 0]);
        assert_eq!(sniff(&x86_64), Content::Binary(Some("ELF x86-64")));
        // Pictures that can carry scripts are text.
        assert_eq!(sniff(b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"), Content::Text);
    }
}
