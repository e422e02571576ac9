//! What a container reads, as its stream tells it: sums for each layer, and the files, the latest first.

use std::collections::{HashMap, VecDeque};

use strata_api::{
    live::{How, LayerFiles, ReadBatch},
    path,
};

/// Files of a layer that are drawn in its sheet.
pub const LIT: usize = 3;

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// The path, without a leading slash.
    pub path: Vec<u8>,
    /// The layer of the image, 0 at the bottom; nothing for the writable layer.
    pub layer: Option<usize>,
    /// The most that was done with it.
    pub how: How,
    /// Bytes of the whole file.
    pub size: u64,
}

/// How much of a layer was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Warmth {
    /// Files of it that were read, and their bytes.
    pub read: LayerFiles,
    /// All that it has.
    pub all: LayerFiles,
}

impl Warmth {
    /// Whether it has files and none was read.
    pub fn is_cold(&self) -> bool {
        self.read.files == 0 && self.all.files > 0
    }

    /// How much of its files was read, of 1.
    pub fn share(&self) -> f64 {
        if self.all.files == 0 { 0.0 } else { (self.read.files as f64 / self.all.files as f64).min(1.0) }
    }
}

/// What was read since somebody asked.
#[derive(Clone, Debug, Default)]
pub struct Heat {
    /// In the order in which they were read first.
    files: Vec<File>,
    places: HashMap<(Option<usize>, Vec<u8>), usize>,
    layers: Vec<Warmth>,
    written: LayerFiles,
    /// Of each layer the last few, by their place in `files`, the latest last.
    latest: Vec<VecDeque<usize>>,
    lost: bool,
    known: bool,
}

impl Heat {
    /// Takes the next batch. What an interrupted stream tells again is known already.
    pub fn take(&mut self, batch: ReadBatch) {
        if !batch.layers.is_empty() {
            self.layers.resize(batch.layers.len(), Warmth::default());
            self.latest.resize(batch.layers.len(), VecDeque::new());
            for (warmth, all) in self.layers.iter_mut().zip(batch.layers) {
                warmth.all = all;
            }
        }
        self.known = true;
        self.lost |= batch.lost;
        for read in batch.reads {
            let key = (read.layer, path::decode(&read.path));
            if let Some(place) = self.places.get(&key) {
                let file = &mut self.files[*place];
                file.how = file.how.max(read.how);
                continue;
            }
            let sum = match read.layer {
                None => &mut self.written,
                Some(layer) => match self.layers.get_mut(layer) {
                    Some(warmth) => &mut warmth.read,
                    None => continue,
                },
            };
            sum.files += 1;
            sum.bytes += read.size;
            let place = self.files.len();
            if let Some(latest) = read.layer.and_then(|layer| self.latest.get_mut(layer)) {
                latest.push_back(place);
                if latest.len() > LIT {
                    latest.pop_front();
                }
            }
            self.files.push(File { path: key.1.clone(), layer: read.layer, how: read.how, size: read.size });
            self.places.insert(key, place);
        }
    }

    /// Whether the engine follows, and said what the layers have.
    pub fn is_known(&self) -> bool {
        self.known
    }

    /// Whether more was read than was told.
    pub fn is_lost(&self) -> bool {
        self.lost
    }

    /// How many layers the image has.
    pub fn layers(&self) -> usize {
        self.layers.len()
    }

    /// How much of a layer was read.
    pub fn layer(&self, position: usize) -> Warmth {
        self.layers.get(position).copied().unwrap_or_default()
    }

    /// What was read of the writable layer.
    pub fn written(&self) -> LayerFiles {
        self.written
    }

    /// All that was read.
    pub fn total(&self) -> LayerFiles {
        let all = self.layers.iter().map(|warmth| warmth.read).chain([self.written]);
        all.fold(LayerFiles::default(), |sum, read| LayerFiles {
            files: sum.files + read.files,
            bytes: sum.bytes + read.bytes,
        })
    }

    /// Every file, the latest first.
    pub fn recent(&self) -> impl Iterator<Item = &File> {
        self.files.iter().rev()
    }

    /// The last few files of a layer, the latest first.
    pub fn lit(&self, layer: usize) -> impl Iterator<Item = &File> {
        self.latest.get(layer).into_iter().flatten().rev().filter_map(|place| self.files.get(*place))
    }
}

#[cfg(test)]
mod tests {
    use strata_api::live::FileRead;

    use super::*;

    fn read(layer: Option<usize>, path: &str, how: How) -> FileRead {
        FileRead { at: 0, path: path.into(), layer, how, size: 10 }
    }

    fn begun() -> Heat {
        let mut heat = Heat::default();
        let layers = [4, 2, 0].map(|files| LayerFiles { files, bytes: files * 10 });
        heat.take(ReadBatch { layers: layers.into(), ..ReadBatch::default() });
        heat
    }

    fn paths<'a>(files: impl Iterator<Item = &'a File>) -> Vec<String> {
        files.map(|file| String::from_utf8_lossy(&file.path).into_owned()).collect()
    }

    #[test]
    fn each_file_counts_once_in_its_layer() {
        let mut heat = begun();
        assert!(heat.is_known() && heat.layer(0).is_cold() && !heat.layer(2).is_cold());
        let reads = vec![
            read(Some(0), "bin/sh", How::Opened),
            read(Some(0), "bin/sh", How::Executed),
            read(Some(0), "etc/a%20b", How::Read),
            read(None, "etc/new", How::Read),
            read(Some(9), "not/there", How::Read),
        ];
        heat.take(ReadBatch { reads: reads.clone(), ..ReadBatch::default() });
        let warm = heat.layer(0);
        assert_eq!((warm.read.files, warm.read.bytes, warm.share()), (2, 20, 0.5));
        assert!(heat.layer(1).is_cold());
        assert_eq!((heat.written().files, heat.total().files, heat.total().bytes), (1, 3, 30));
        assert_eq!(paths(heat.recent()), ["etc/new", "etc/a b", "bin/sh"]);
        assert_eq!(heat.recent().last().map(|file| file.how), Some(How::Executed));
        // The stream was cut and tells again.
        heat.take(ReadBatch { reads, ..ReadBatch::default() });
        assert_eq!(heat.total().files, 3);
    }

    #[test]
    fn a_sheet_lights_its_last_few() {
        let mut heat = begun();
        for name in ["a", "b", "c", "d"] {
            heat.take(ReadBatch { reads: vec![read(Some(1), name, How::Read)], ..ReadBatch::default() });
        }
        assert_eq!(paths(heat.lit(1)), ["d", "c", "b"]);
        assert_eq!((heat.lit(0).count(), heat.lit(7).count()), (0, 0));
        // Of several names more may be read than the layer's index counts.
        assert_eq!(heat.layer(1).share(), 1.0);
        assert!(!heat.is_lost());
        heat.take(ReadBatch { lost: true, ..ReadBatch::default() });
        assert!(heat.is_lost());
    }
}
