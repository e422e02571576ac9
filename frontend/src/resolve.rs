//! Where a symbolic link leads inside the image.

use strata_layer::{Kind, LayerPath, NodeId, Union};

/// As many links as Linux follows.
const MOST: usize = 40;

/// The node that a path leads to when every link on the way, the last too, is followed inside the image; nothing if
/// something on the way is missing, deleted or goes in circles.
pub fn resolve(union: &Union, path: &[u8]) -> Option<NodeId> {
    let mut left: Vec<Vec<u8>> = components(path).rev().collect();
    let mut at: Vec<Vec<u8>> = Vec::new();
    let mut links = 0;
    while let Some(component) = left.pop() {
        match component.as_slice() {
            b"." => continue,
            b".." => {
                at.pop();
                continue;
            }
            _ => at.push(component),
        }
        let node = live(union, &at)?;
        let entry = union.entry(node);
        if entry.resolved_kind() != Kind::Symlink {
            continue;
        }
        links += 1;
        let target = entry.symlink()?;
        if links > MOST || left.len() > 4096 {
            return None;
        }
        if target.starts_with(b"/") {
            at.clear();
        } else {
            at.pop();
        }
        left.extend(components(target).rev());
    }
    live(union, &at)
}

fn components(path: &[u8]) -> impl DoubleEndedIterator<Item = Vec<u8>> {
    path.split(|byte| *byte == b'/').filter(|component| !component.is_empty()).map(<[u8]>::to_vec)
}

fn live(union: &Union, at: &[Vec<u8>]) -> Option<NodeId> {
    if at.is_empty() {
        return Some(0);
    }
    let node = union.find(&LayerPath::parse(&at.join(&b'/')).ok()?)?;
    (!union.node(node).is_ghost()).then_some(node)
}

#[cfg(test)]
mod tests {
    use strata_layer::{LayerSet, Stack};

    use super::*;
    use crate::fixture::layer;

    #[test]
    fn links_are_followed_inside_the_image() {
        let files = [
            ("bin -> usr/bin", 0),
            ("etc/", 0),
            ("etc/deep/", 0),
            ("etc/deep/up -> ../../bin/sh", 0),
            ("etc/absolute -> /usr/bin/sh", 0),
            ("etc/outside -> ../../../../usr/bin/sh", 0),
            ("etc/gone -> secret", 0),
            ("etc/secret", 1),
            ("loop -> loop", 0),
            ("ping -> pong/x", 0),
            ("pong -> ping", 0),
            ("usr/", 0),
            ("usr/bin/", 0),
            ("usr/bin/sh", 5),
        ];
        let stack = Stack::new(vec![layer(&files), layer(&[("!etc/secret", 0)])]);
        let union = Union::of(&stack, &LayerSet::all(2));
        let leads = |path: &str| resolve(&union, path.as_bytes()).map(|node| union.path(node).to_string());
        for path in ["bin/sh", "etc/deep/up", "etc/absolute", "etc/outside", "usr/bin/sh", "etc/../bin/./sh"]
        {
            assert_eq!(leads(path).as_deref(), Some("usr/bin/sh"), "{path}");
        }
        for path in ["etc/gone", "loop", "ping", "nothing", "etc/secret"] {
            assert_eq!(leads(path), None, "{path}");
        }
        assert_eq!(leads("bin").as_deref(), Some("usr/bin"));
        assert_eq!(resolve(&union, b""), Some(0));
    }
}
