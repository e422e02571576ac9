//! Where a symbolic link leads inside an image.

use super::{NodeId, Union};
use crate::{Kind, LayerPath, path::components};

/// As many links as Linux follows.
const MOST: usize = 40;

impl Union {
    /// The live node that a path leads to when every link on the way, the last too, is followed inside the image;
    /// nothing if something on the way is missing, deleted or goes in circles.
    pub fn follow(&self, path: &[u8]) -> Option<NodeId> {
        let mut left: Vec<Vec<u8>> = names(path).rev().collect();
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
            let entry = self.entry(self.live(&at)?);
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
            left.extend(names(target).rev());
        }
        self.live(&at)
    }

    fn live(&self, at: &[Vec<u8>]) -> Option<NodeId> {
        if at.is_empty() {
            return Some(0);
        }
        let node = self.find(&LayerPath::parse(&at.join(&b'/')).ok()?)?;
        (!self.node(node).is_ghost()).then_some(node)
    }
}

fn names(path: &[u8]) -> impl DoubleEndedIterator<Item = Vec<u8>> {
    components(path).map(<[u8]>::to_vec)
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::{
        LayerSet,
        testing::{Step, stack},
    };

    #[test]
    fn links_are_followed_inside_the_image() {
        use Step::{Dir, File, Symlink, Whiteout};
        let stack = stack(&[
            &[
                Symlink("bin", "usr/bin"),
                Dir("etc/deep"),
                Symlink("etc/deep/up", "../../bin/sh"),
                Symlink("etc/absolute", "/usr/bin/sh"),
                Symlink("etc/outside", "../../../../usr/bin/sh"),
                Symlink("etc/gone", "secret"),
                File("etc/secret", "1"),
                Symlink("loop", "loop"),
                Symlink("ping", "pong/x"),
                Symlink("pong", "ping"),
                File("usr/bin/sh", "shell"),
            ],
            &[Whiteout("etc/secret")],
        ]);
        let union = Union::of(&stack, &LayerSet::all(2));
        let leads = |path: &str| union.follow(path.as_bytes()).map(|node| union.path(node).to_string());
        for path in ["bin/sh", "etc/deep/up", "etc/absolute", "etc/outside", "usr/bin/sh", "etc/../bin/./sh"]
        {
            assert_eq!(leads(path).as_deref(), Some("usr/bin/sh"), "{path}");
        }
        for path in ["etc/gone", "loop", "ping", "nothing", "etc/secret"] {
            assert_eq!(leads(path), None, "{path}");
        }
        assert_eq!(leads("bin").as_deref(), Some("usr/bin"));
        assert_eq!(union.follow(b""), Some(0));
    }
}
