//! The list of images as it is drawn.

use strata_api::explorer::ImageCard;
use strata_oci::{DiffId, Reference};

/// A row: an image under one of its names.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The image.
    pub card: ImageCard,
    /// The name; nothing for an untagged image.
    pub name: Option<String>,
}

impl Row {
    /// By which the image is opened: the name, or its id.
    pub fn handle(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.card.id.digest().short().to_owned())
    }
}

/// The rows that `typed` looks for, a part of a name or the beginning of an id: one per name, as docker lists them.
pub fn rows(cards: &[ImageCard], typed: &str) -> Vec<Row> {
    let typed = typed.trim().to_lowercase();
    let id = typed.strip_prefix("sha256:").unwrap_or(&typed);
    let mut rows = Vec::new();
    for card in cards {
        let by_id = !id.is_empty() && card.id.digest().hex().starts_with(id);
        let named = card.names.iter().filter(|name| by_id || name.to_lowercase().contains(&typed));
        rows.extend(named.map(|name| Row { card: card.clone(), name: Some(name.clone()) }));
        if card.names.is_empty() && (by_id || typed.is_empty()) {
            rows.push(Row { card: card.clone(), name: None });
        }
    }
    rows
}

/// A name as repository and tag, apart so that the tag can be set lighter.
pub fn repository_and_tag(name: &str) -> (&str, &str) {
    let start = name.rfind('/').map_or(0, |slash| slash + 1);
    match name[start..].find([':', '@']) {
        Some(at) => name.split_at(start + at),
        None => (name, ""),
    }
}

/// How many of an image's layers are those of another image here: the largest one that it was built on.
pub fn base_layers(card: &ImageCard, all: &[ImageCard]) -> usize {
    let below = |other: &&ImageCard| {
        other.id != card.id
            && other.layers.len() < card.layers.len()
            && card.layers.starts_with(&other.layers)
    };
    all.iter().filter(below).map(|other| other.layers.len()).max().unwrap_or(0)
}

/// How many layers two images share from the bottom up.
pub fn shared_layers(a: &[DiffId], b: &[DiffId]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

/// What the engine is asked for: `fromImage` and `tag` as the docker CLI sends them.
pub fn pull_query(reference: &Reference) -> (String, String) {
    (reference.repository().familiar(), reference.locator())
}

#[cfg(test)]
mod tests {
    use strata_oci::{Digest, ImageId, Platform};

    use super::*;

    fn card(name: &str, layers: &[u8]) -> ImageCard {
        ImageCard {
            id: ImageId(Digest::of(name.as_bytes())),
            names: vec![name.to_owned()],
            created: None,
            platform: Platform::new("linux", "amd64", None),
            unpacked: 0,
            stored: 0,
            layers: layers.iter().map(|l| DiffId(Digest::of(&[*l]))).collect(),
        }
    }

    #[test]
    fn finds_by_name_and_id() {
        let mut demo = card("127.0.0.1:5000/Demo:latest", &[1]);
        demo.names.push("other:1".to_owned());
        let bare = ImageCard { names: Vec::new(), ..card("bare", &[2]) };
        let id = demo.id.digest().hex().to_owned();
        let found = |typed: &str| rows(&[demo.clone(), bare.clone()], typed).len();
        let cases = [("", 3), ("demo", 1), ("5000/", 1), (&id[..6], 2), (&id[1..9], 0), ("busybox", 0)];
        for (typed, count) in cases {
            assert_eq!(found(typed), count, "{typed}");
        }
        assert_eq!(found(&format!("sha256:{}", &id[..5])), 2);
        assert_eq!(rows(std::slice::from_ref(&bare), "")[0].handle(), bare.id.digest().short());
    }

    #[test]
    fn names_come_apart_at_the_tag() {
        assert_eq!(repository_and_tag("127.0.0.1:5000/demo:1"), ("127.0.0.1:5000/demo", ":1"));
        assert_eq!(repository_and_tag("demo@sha256:ab"), ("demo", "@sha256:ab"));
        assert_eq!(repository_and_tag("127.0.0.1:5000/demo"), ("127.0.0.1:5000/demo", ""));
    }

    #[test]
    fn the_base_is_the_largest_image_below() {
        let all = [card("a", &[1]), card("b", &[1, 2]), card("c", &[1, 2, 3]), card("d", &[2, 3, 4])];
        assert_eq!(all.each_ref().map(|c| base_layers(c, &all)), [0, 1, 2, 0]);
        assert_eq!([1, 2, 3].map(|other| shared_layers(&all[2].layers, &all[other].layers)), [2, 3, 0]);
    }

    #[test]
    fn asks_as_the_docker_cli_does() {
        let query = |text: &str| pull_query(&text.parse().expect(text));
        assert_eq!(query("busybox"), ("busybox".into(), "latest".into()));
        assert_eq!(query("127.0.0.1:5000/a:1"), ("127.0.0.1:5000/a".into(), "1".into()));
    }
}
