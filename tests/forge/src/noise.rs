//! File contents without end, from a seed.

use std::io::{self, Read};

/// How content compresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Texture {
    /// Not at all, like pictures and archives.
    Random,
    /// About two to one, like machine code.
    Binary,
    /// About four to one, like source and prose.
    Text,
}

/// Content of a texture; the same seed gives the same bytes.
#[derive(Clone, Debug)]
pub struct Noise {
    state: u64,
    texture: Texture,
    pending: Vec<u8>,
    used: usize,
}

const WORDS: [&str; 32] = [
    "layer", "the", "of", "image", "a", "file", "is", "union", "to", "mount", "and", "digest", "in",
    "whiteout", "copy", "on", "write", "registry", "manifest", "overlay", "lower", "upper", "inode", "stack",
    "pull", "cache", "build", "step", "tag", "blob", "tree", "path",
];

impl Noise {
    /// Content from `seed`.
    pub fn new(seed: u64, texture: Texture) -> Self {
        Self { state: seed, texture, pending: Vec::new(), used: 0 }
    }

    /// The first `size` bytes of the content from `seed`.
    pub fn bytes(seed: u64, texture: Texture, size: usize) -> Vec<u8> {
        let mut bytes = vec![0; size];
        Self::new(seed, texture).read_exact(&mut bytes).expect("noise has no end");
        bytes
    }

    /// The next number of the sequence (splitmix64).
    pub fn number(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.number() % end
    }

    fn refill(&mut self) {
        self.used = 0;
        self.pending.clear();
        while self.pending.len() < 4096 {
            let number = self.number();
            match self.texture {
                Texture::Random => self.pending.extend(number.to_le_bytes()),
                // Opcodes repeat, their operands less so.
                Texture::Binary if number & 3 == 0 => self.pending.extend(number.to_le_bytes()),
                Texture::Binary => {
                    self.pending.extend([0x48, 0x8b, (number >> 8) as u8, 0, 0xe8, (number >> 20) as u8])
                }
                Texture::Text => {
                    self.pending.extend(WORDS[number as usize % WORDS.len()].bytes());
                    self.pending.push(if number >> 60 == 0 { b'\n' } else { b' ' });
                }
            }
        }
    }
}

impl Read for Noise {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.used == self.pending.len() {
            self.refill();
        }
        let count = buffer.len().min(self.pending.len() - self.used);
        buffer[..count].copy_from_slice(&self.pending[self.used..self.used + count]);
        self.used += count;
        Ok(count)
    }
}
