//! Images of a size that shows what an engine costs; nothing of them is held in memory.

use std::io::{self, Write};

use crate::{Compression, Entry, Image, Noise, TarWriter, Texture};

/// An image for benchmarks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Large {
    /// One layer of about 120 MB in some 3,000 files.
    OneLayer,
    /// Nine layers of about 1 GB together, 70,000 files.
    NineLayers,
    /// The same with 1,000 whiteouts in its upper layers.
    NineLayersWhiteouts,
    /// One layer of 230,000 small files.
    SmallFiles,
    /// 125 layers of a few files each: as many as dockerd takes.
    ManyLayers,
}

impl Large {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::OneLayer, Self::NineLayers, Self::NineLayersWhiteouts, Self::SmallFiles, Self::ManyLayers];

    /// A name for tags and tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::OneLayer => "one-layer",
            Self::NineLayers => "nine-layers",
            Self::NineLayersWhiteouts => "nine-layers-whiteouts",
            Self::SmallFiles => "small-files",
            Self::ManyLayers => "many-layers",
        }
    }

    /// The image.
    pub fn image(self) -> Image {
        let image =
            Image::new().compression(Compression::Gzip(4)).config(|c| c.cmd = Some(vec!["/bin/true".into()]));
        match self {
            Self::OneLayer => {
                image.layer_from("ADD rootfs.tar /", |tar| tree(tar, &Tree::new(1, 3_000, 40_000)))
            }
            Self::NineLayers => nine(image, 0),
            Self::NineLayersWhiteouts => nine(image, 1_000),
            Self::SmallFiles => {
                image.layer_from("RUN npm install", |tar| tree(tar, &Tree::new(3, 230_000, 400)))
            }
            Self::ManyLayers => (0..125).fold(image, |image, n| {
                image
                    .layer_from(&format!("RUN step {n}"), move |tar| tree(tar, &Tree::new(1_000 + n, 8, 600)))
            }),
        }
    }
}

/// Layers as a language image has them: a base, packages, then ever smaller changes on top.
fn nine(image: Image, whiteouts: u64) -> Image {
    const FILES: [u64; 9] = [22_000, 16_000, 11_000, 8_000, 5_000, 4_000, 2_000, 1_500, 500];
    (0..9u64).fold(image, |image, n| {
        let files = FILES[n as usize];
        image.layer_from(&format!("RUN install part {n}"), move |tar| {
            // Half of a layer's directories lie where the layer below has them: its last files are overwritten.
            let below = (n > 0).then(|| FILES[n as usize - 1]);
            tree(tar, &Tree::new(10 + n, files, 14_000))?;
            if let Some(below) = below {
                let lower = Tree::new(10 + n - 1, below, 14_000);
                for file in 0..files.min(below) / 10 {
                    tar.stream(&Entry::file(lower.path(file), ""), 700, Noise::new(file + n, Texture::Text))?;
                }
                // All whiteouts are in the two topmost layers, as an image that cleans up at the end has them.
                let own = if n >= 7 { whiteouts / 2 } else { 0 };
                let first = Tree::new(10, FILES[0], 14_000);
                for file in 0..own {
                    let path = first.path((n - 7) * own + file);
                    let (dir, name) = path.rsplit_once('/').expect("files of a tree lie in directories");
                    tar.entry(&Entry::file(format!("{dir}/.wh.{name}"), "").mode(0))?;
                }
            }
            Ok(())
        })
    })
}

/// A directory tree whose names, sizes and contents follow from numbers.
struct Tree {
    seed: u64,
    files: u64,
    /// Mean size of a file in bytes.
    mean: u64,
}

/// Files of a directory.
const WIDTH: u64 = 24;

impl Tree {
    fn new(seed: u64, files: u64, mean: u64) -> Self {
        Self { seed, files, mean }
    }

    fn dir(&self, number: u64) -> String {
        format!("usr/lib/part{}/group{}/module{number}", self.seed, number / 40)
    }

    fn path(&self, file: u64) -> String {
        const NAMES: [&str; 6] =
            ["index.js", "README.md", "lib.so", "package.json", "table.bin", "notes.txt"];
        format!("{}/{file}-{}", self.dir(file / WIDTH), NAMES[(file % 6) as usize])
    }
}

fn tree(tar: &mut TarWriter<&mut dyn Write>, tree: &Tree) -> io::Result<()> {
    let top = format!("usr/lib/part{}", tree.seed);
    for dir in ["usr", "usr/lib", &top] {
        tar.entry(&Entry::dir(dir))?;
    }
    let mut dice = Noise::new(tree.seed, Texture::Random);
    for file in 0..tree.files {
        let dir = file / WIDTH;
        if file.is_multiple_of(WIDTH) {
            if dir.is_multiple_of(40) {
                tar.entry(&Entry::dir(format!("{top}/group{}", dir / 40)))?;
            }
            tar.entry(&Entry::dir(tree.dir(dir)))?;
        }
        // Most files are small, some are large: the mean holds over a spread of one to sixty-four.
        let size = match dice.below(16) {
            0 => dice.below(tree.mean * 16) + tree.mean / 2,
            _ => dice.below(tree.mean) + tree.mean / 32,
        };
        let texture = match dice.below(8) {
            0 => Texture::Random,
            1..=3 => Texture::Binary,
            _ => Texture::Text,
        };
        let mode = if dice.below(10) == 0 { 0o755 } else { 0o644 };
        let entry = Entry::file(tree.path(file), "").mode(mode).mtime(crate::MTIME + (file % 1_000) as i64);
        tar.stream(&entry, size, Noise::new(dice.number(), texture))?;
    }
    Ok(())
}

/// The tar of `files` empty files in a realistic tree, for the cost of a union rather than of content.
pub fn index_sample(seed: u64, files: u64, out: &mut dyn Write) -> io::Result<()> {
    let shape = Tree::new(seed, files, 0);
    let mut tar = TarWriter::new(out);
    for file in 0..files {
        if file.is_multiple_of(WIDTH) {
            tar.entry(&Entry::dir(shape.dir(file / WIDTH)))?;
        }
        tar.entry(&Entry::file(shape.path(file), ""))?;
    }
    tar.finish().map(drop)
}
