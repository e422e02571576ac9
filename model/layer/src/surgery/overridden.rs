//! Layers on another base: what of it they hide.

use super::composite::{Composite, Deed};
use crate::{Difference, Kind, LayerPath, LayerSet, Stack, Union, compare};

/// How layers treat what a base has at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Override {
    /// They have a version of their own, made over the old base's.
    Replaces,
    /// They delete it.
    Deletes,
    /// They have a directory above it that hides all that is below.
    Hides,
    /// They have the same directory with another owner, mode or attributes.
    Metadata,
    /// They have something in a directory that the new base does not have.
    Parent,
}

/// A path that two bases have differently, and that the layers above do not let through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overridden {
    /// The path, with both bases' versions.
    pub difference: Difference,
    /// What happens to the new version.
    pub how: Override,
    /// The layer that does it, 0 for the lowest above the base.
    pub layer: usize,
    /// Where it does it: the path, or a directory above it.
    pub by: LayerPath,
}

/// What is different between two bases and would not be seen if the layers of `upper` moved from `old` to `new`,
/// sorted by path. Where the layers have just what the new base has, nothing is lost and nothing is said.
pub fn overridden(old: &Stack, new: &Stack, upper: &Stack) -> Vec<Overridden> {
    let composite = Composite::of(upper, 0..upper.len());
    let fresh = Union::of(new, &LayerSet::all(new.len()));
    let judge = |difference: Difference| {
        let (how, layer, by) = fate(&composite, &difference.path, &fresh, upper)?;
        Some(Overridden { difference, how, layer, by })
    };
    compare(old, new).into_iter().filter_map(judge).collect()
}

fn fate(
    composite: &Composite,
    path: &LayerPath,
    fresh: &Union,
    upper: &Stack,
) -> Option<(Override, usize, LayerPath)> {
    let mut at = LayerPath::root();
    let depth = path.components().count();
    for length in 0..=depth {
        if length > 0 {
            at = path.start(length);
        }
        let here = length == depth;
        match composite.at.get(&at) {
            None if length > 0 => return None,
            None => {}
            Some(Deed::Gone(layer)) => return Some((Override::Deletes, *layer, at)),
            Some(Deed::Leaf((layer, _))) if !here => return Some((Override::Replaces, *layer, at)),
            Some(Deed::Leaf((layer, entry))) => {
                let same = live(fresh, path).is_some_and(|node| {
                    let (theirs, ours) = (fresh.entry(node), upper.layer(*layer).entry(*entry));
                    theirs.same_content(ours) && theirs.same_metadata(ours)
                });
                return (!same).then_some((Override::Replaces, *layer, at));
            }
            Some(Deed::Directory { opaque: Some(layer), .. }) if !here => {
                return Some((Override::Hides, *layer, at));
            }
            Some(Deed::Directory { shown, listed, .. }) if here => {
                let Some(node) = live(fresh, path) else {
                    return Some((Override::Parent, shown.0, at));
                };
                let theirs = fresh.entry(node);
                if theirs.kind() != Kind::Directory {
                    return Some((Override::Replaces, shown.0, at));
                }
                let same = theirs.same_metadata(upper.layer(shown.0).entry(shown.1));
                return (*listed && !same).then_some((Override::Metadata, shown.0, at));
            }
            Some(Deed::Directory { .. }) => {}
        }
    }
    None
}

fn live(union: &Union, path: &LayerPath) -> Option<crate::NodeId> {
    union.find(path).filter(|node| !union.node(*node).is_ghost())
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::testing::{Step, stack};

    #[test]
    fn lists_what_the_new_base_cannot_show() {
        use Step::{Dir, File, Opaque, Private, Symlink, Whiteout};
        let old = stack(&[&[
            Dir("etc"),
            File("etc/a", "1"),
            File("etc/b", "1"),
            File("etc/c", "1"),
            File("etc/same", "1"),
            Dir("lib"),
            File("lib/x", "1"),
            Dir("opt"),
            File("opt/x", "1"),
            Dir("srv"),
            Dir("var"),
        ]]);
        let new = stack(&[
            &[Dir("etc"), File("etc/a", "2"), File("etc/b", "2"), File("etc/c", "2"), File("etc/same", "2")],
            &[Symlink("lib", "usr/lib"), Dir("opt"), File("opt/x", "2"), File("opt/y", "2"), Private("var")],
        ]);
        let upper = stack(&[
            &[File("etc/a", "mine"), Whiteout("etc/b"), File("etc/same", "2"), File("lib/y", "1")],
            &[Dir("opt"), Opaque("opt"), Dir("var"), File("new", "1"), File("srv/x", "1")],
        ]);
        let found: Vec<String> = overridden(&old, &new, &upper)
            .iter()
            .map(|one| format!("{:?} {} by {} {}", one.how, one.difference.path, one.layer, one.by))
            .collect();
        assert_eq!(
            found,
            [
                "Replaces etc/a by 0 etc/a",
                "Deletes etc/b by 0 etc/b",
                "Replaces lib by 0 lib",
                "Hides opt/x by 1 opt",
                "Hides opt/y by 1 opt",
                "Parent srv by 1 srv",
                "Metadata var by 1 var"
            ]
        );
    }
}
