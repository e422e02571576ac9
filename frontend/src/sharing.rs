//! The map of shared layers: images as rows, their layers from the bottom at the left, each layer of a common beginning drawn once
//! over all rows that have it.

use std::collections::BTreeMap;

use strata_api::sharing::{MapImage, SharingMap};

/// The least that a layer takes, in hundredths of the map's width.
const LEAST: f64 = 0.5;

/// The map, laid out. Lengths are hundredths of its width.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Drawing {
    /// The images, by their places in the map; those that begin alike are together.
    pub rows: Vec<usize>,
    /// The layers, in the order in which they are met.
    pub blocks: Vec<Block>,
}

/// A layer on some others, as often as that comes in a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Block {
    /// The layer's place in [`SharingMap::layers`].
    pub layer: usize,
    /// How many layers are below.
    pub depth: usize,
    /// The first row.
    pub row: usize,
    /// How many rows.
    pub rows: usize,
    /// Where it begins.
    pub left: f64,
    /// How wide it is.
    pub width: f64,
}

/// How bytes become lengths.
#[derive(Clone, Copy)]
struct Scale {
    least: f64,
    per_byte: f64,
}

/// Lays the map out.
pub fn draw(map: &SharingMap) -> Drawing {
    let mut drawing = Drawing::default();
    let all: Vec<usize> = (0..map.images.len()).collect();
    place(map, scale(map), all, 0, 0.0, &mut drawing);
    drawing
}

/// What the widest image needs to fit.
fn scale(map: &SharingMap) -> Scale {
    let longest = map.images.iter().map(|image| image.layers.len()).max().unwrap_or(0);
    let least = LEAST.min(50.0 / longest.max(1) as f64);
    let fits = map.images.iter().filter(|image| image.size > 0);
    let per_byte = fits.map(|image| (100.0 - least * image.layers.len() as f64) / image.size as f64);
    Scale { least, per_byte: per_byte.fold(f64::INFINITY, f64::min) }
}

/// Draws images that have the lowest `depth` layers in common.
fn place(map: &SharingMap, scale: Scale, images: Vec<usize>, depth: usize, left: f64, drawing: &mut Drawing) {
    let mut onward: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let mut ending = Vec::new();
    for image in images {
        match map.images[image].layers.get(depth) {
            Some(layer) => onward.entry(*layer).or_default().push(image),
            None => ending.push(image),
        }
    }
    ending.sort_by(|a, b| map.images[*a].names.cmp(&map.images[*b].names));
    drawing.rows.extend(ending);
    let mut groups: Vec<(usize, Vec<usize>)> = onward.into_iter().collect();
    // What most share comes first; among equals what is largest.
    groups.sort_by_key(|(layer, images)| std::cmp::Reverse((images.len(), map.layers[*layer].unpacked)));
    for (layer, images) in groups {
        let bytes = map.layers[layer].unpacked;
        let wide = if bytes == 0 { 0.0 } else { bytes as f64 * scale.per_byte };
        let width = scale.least + wide;
        drawing.blocks.push(Block { layer, depth, row: drawing.rows.len(), rows: images.len(), left, width });
        place(map, scale, images, depth + 1, left + width, drawing);
    }
}

impl Drawing {
    /// The blocks that reach into these rows.
    pub fn within(&self, first: usize, last: usize) -> Vec<Block> {
        self.blocks
            .iter()
            .filter(|block| block.row < last && block.row + block.rows > first)
            .copied()
            .collect()
    }

    /// The block at a place of a row.
    pub fn at(&self, row: usize, x: f64) -> Option<&Block> {
        let hit = |block: &&Block| {
            (block.row..block.row + block.rows).contains(&row)
                && x >= block.left
                && x < block.left + block.width
        };
        self.blocks.iter().find(hit)
    }
}

/// For each layer, how many images have it.
pub fn users(map: &SharingMap) -> Vec<usize> {
    let mut users = vec![0; map.layers.len()];
    for image in &map.images {
        let mut layers = image.layers.clone();
        layers.sort_unstable();
        layers.dedup();
        layers.into_iter().for_each(|layer| users[layer] += 1);
    }
    users
}

/// By which an image is looked at: its shortest name, or its id.
pub fn handle(image: &MapImage) -> String {
    image
        .names
        .iter()
        .min_by_key(|name| name.len())
        .cloned()
        .unwrap_or_else(|| image.id.digest().short().to_owned())
}

/// By which all of an image is removed: each of its names, or its id.
pub fn all_names(image: &MapImage) -> Vec<String> {
    if image.names.is_empty() { vec![handle(image)] } else { image.names.clone() }
}

/// The image that an address names: by any of its names, or by the beginning of its id.
pub fn find(map: &SharingMap, wanted: &str) -> Option<usize> {
    let named = map.images.iter().position(|image| image.names.iter().any(|name| name == wanted));
    let by_id = |image: &MapImage| wanted.len() >= 6 && image.id.digest().hex().starts_with(wanted);
    named.or_else(|| map.images.iter().position(by_id))
}

#[cfg(test)]
mod tests {
    use strata_api::sharing::MapLayer;
    use strata_oci::{DiffId, Digest, ImageId};

    use super::*;

    fn map(images: &[(&str, &[usize])], sizes: &[u64]) -> SharingMap {
        let layers = sizes.iter().enumerate().map(|(at, unpacked)| MapLayer {
            diff_id: DiffId(Digest::of(&[at as u8])),
            unpacked: *unpacked,
            created_by: String::new(),
        });
        let images = images.iter().map(|(name, layers)| MapImage {
            id: ImageId(Digest::of(name.as_bytes())),
            names: vec![(*name).to_owned()],
            layers: layers.to_vec(),
            size: layers.iter().map(|layer| sizes[*layer]).sum(),
            shared: 0,
        });
        SharingMap { images: images.collect(), layers: layers.collect(), total: sizes.iter().sum() }
    }

    #[test]
    fn a_common_beginning_is_one_block() {
        let map = map(
            &[("app", &[0, 1, 2]), ("alone", &[4]), ("base", &[0, 1]), ("web", &[0, 1, 3])],
            &[100, 50, 10, 20, 500],
        );
        let drawing = draw(&map);
        let names: Vec<&str> = drawing.rows.iter().map(|row| &*map.images[*row].names[0]).collect();
        assert_eq!(names, ["base", "web", "app", "alone"]);
        let drawn: Vec<(usize, usize, usize, usize)> =
            drawing.blocks.iter().map(|block| (block.layer, block.depth, block.row, block.rows)).collect();
        assert_eq!(drawn, [(0, 0, 0, 3), (1, 1, 0, 3), (3, 2, 1, 1), (2, 2, 2, 1), (4, 0, 3, 1)]);
        assert_eq!(users(&map), [3, 3, 1, 1, 1]);
        // The widest image fills the map, and a block begins where the one below ends.
        assert!((drawing.blocks[4].width - 100.0).abs() < 1e-9);
        assert_eq!(drawing.blocks[1].left, drawing.blocks[0].left + drawing.blocks[0].width);
        let within: Vec<usize> = drawing.within(2, 3).iter().map(|block| block.layer).collect();
        assert_eq!(within, [0, 1, 2]);
        let at = |row: usize, x: f64| drawing.at(row, x).map(|block| block.layer);
        assert_eq!((at(2, 0.1), at(3, 0.1), at(0, 99.0), at(9, 0.1)), (Some(0), Some(4), None, None));
    }

    #[test]
    fn nothing_is_wider_than_the_map_whatever_there_is() {
        let many: Vec<usize> = (0..127).collect();
        let one_byte = vec![1; 127];
        for map in [
            map(&[], &[]),
            map(&[("empty", &[])], &[]),
            map(&[("zero", &[0, 1])], &[0, 0]),
            map(&[("many", &many), ("few", &[0])], &one_byte),
            map(&[("huge", &[0])], &[u64::MAX / 2]),
        ] {
            let drawing = draw(&map);
            assert_eq!(drawing.rows.len(), map.images.len());
            let ends = drawing.blocks.iter().map(|block| block.left + block.width);
            assert!(ends.into_iter().all(|end| end.is_finite() && end < 100.0 + 1e-6));
            assert!(drawing.blocks.iter().all(|block| block.width > 0.0));
        }
    }

    #[test]
    fn an_address_names_an_image() {
        let map = map(&[("a:1", &[0]), ("b:1", &[0])], &[1]);
        assert_eq!(find(&map, "b:1"), Some(1));
        assert_eq!(find(&map, map.images[0].id.digest().short()), Some(0));
        assert_eq!((find(&map, ""), find(&map, "c:1")), (None, None));
        assert_eq!(all_names(&map.images[0]), ["a:1"]);
    }
}
