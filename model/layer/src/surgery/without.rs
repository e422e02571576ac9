//! An image without one of its layers.

use crate::{Change, Difference, EntryId, Kind, LayerPath, LayerSet, NodeId, Stack, Union, compare};

/// What changes when a layer is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Without {
    /// What a container sees differently, sorted by path: `Deleted` is what the layer added, `Added` what it had deleted
    /// and what is back now.
    pub differences: Vec<Difference>,
    /// What other layers have and is no longer as they need it.
    pub dependents: Vec<Dependent>,
    /// Whiteouts of later layers that have nothing to hide any more. They do no harm.
    pub idle: Vec<(usize, LayerPath)>,
}

/// Something of a layer that needs the one that is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependent {
    /// The layer that has it, by its place with all layers.
    pub layer: usize,
    /// Where.
    pub path: LayerPath,
    /// What it needs.
    pub needs: Need,
}

/// What something needs of a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Need {
    /// Owner and mode of the directory that it is in: no layer that is left says them.
    Directory(LayerPath),
    /// What it, a link, leads to.
    Target(LayerPath),
}

/// What the image of `stack` becomes without the layer at `left_out`. Panics if there is none.
pub fn without(stack: &Stack, left_out: usize) -> Without {
    assert!(left_out < stack.len(), "layer {left_out} of {}", stack.len());
    let mut others = LayerSet::all(stack.len());
    others.set(left_out, false);
    let before = Union::of(stack, &LayerSet::all(stack.len()));
    let after = Union::of(stack, &others);
    let rest = Stack::new(others.iter().map(|at| stack.layers()[at].clone()).collect());
    // Places in the smaller stack are those of the layers with all of them.
    let mut differences = compare(stack, &rest);
    for difference in &mut differences {
        if let Some(place) = &mut difference.after
            && place.layer >= left_out
        {
            place.layer += 1;
        }
    }
    Without {
        differences,
        dependents: dependents(&before, &after, left_out),
        idle: idle(stack, &others, left_out),
    }
}

fn dependents(before: &Union, after: &Union, left_out: usize) -> Vec<Dependent> {
    let mut found = Vec::new();
    for (id, node) in after.nodes().iter().enumerate() {
        let id = id as NodeId;
        if node.is_ghost() {
            continue;
        }
        let entry = after.entry(id);
        let layer = node.layer as usize;
        match entry.resolved_kind() {
            Kind::Directory => {
                let path = after.path(id);
                if loses_its_metadata(before, after, id, &path, left_out) {
                    let above = |child: &NodeId| {
                        let child = after.node(*child);
                        !child.is_ghost() && child.layer as usize > left_out
                    };
                    found.extend(after.children(id).filter(above).map(|child| Dependent {
                        layer: after.node(child).layer as usize,
                        path: after.path(child),
                        needs: Need::Directory(path.clone()),
                    }));
                }
            }
            Kind::Symlink => {
                let path = after.path(id);
                if let Some(target) = before.follow(path.as_bytes())
                    && after.follow(path.as_bytes()).is_none()
                    && before.node(target).layer as usize == left_out
                {
                    let needs = Need::Target(before.path(target));
                    found.push(Dependent { layer, path, needs });
                }
            }
            _ => {}
        }
    }
    found
}

/// Whether a directory was as the layer says, and is now otherwise or as nobody says.
fn loses_its_metadata(before: &Union, after: &Union, now: NodeId, path: &LayerPath, left_out: usize) -> bool {
    let Some(was) = before.find(path).filter(|was| !before.node(*was).is_ghost()) else { return false };
    let (old, new) = (before.entry(was), after.entry(now));
    before.node(was).layer as usize == left_out
        && old.kind() == Kind::Directory
        && !old.is_implied()
        && (old.mode(), old.uid(), old.gid()) != (new.mode(), new.uid(), new.gid())
}

fn idle(stack: &Stack, others: &LayerSet, left_out: usize) -> Vec<(usize, LayerPath)> {
    let mut found = Vec::new();
    for layer in left_out + 1..stack.len() {
        let entries = stack.layer(layer).entries();
        let whiteouts: Vec<EntryId> =
            entries.filter(|entry| entry.kind() == Kind::Whiteout).map(|entry| entry.id()).collect();
        if whiteouts.is_empty() {
            continue;
        }
        let mut below = others.clone();
        (layer..stack.len()).for_each(|position| below.set(position, false));
        let below = Union::of(stack, &below);
        let paths = whiteouts.into_iter().map(|entry| stack.layer(layer).entry(entry).path());
        let nothing = |path: &LayerPath| below.find(path).is_none_or(|node| below.node(node).is_ghost());
        found.extend(paths.filter(nothing).map(|path| (layer, path)));
    }
    found
}

impl Without {
    /// How many paths vanish, come back and change.
    pub fn counts(&self) -> (usize, usize, usize) {
        let count = |wanted: &[Change]| {
            self.differences.iter().filter(|difference| wanted.contains(&difference.change)).count()
        };
        (count(&[Change::Deleted]), count(&[Change::Added]), count(&[Change::Modified, Change::Metadata]))
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::testing::{Step, stack};

    #[test]
    fn tells_what_goes_comes_back_and_is_needed() {
        use Step::{Dir, File, Private, Symlink, Whiteout};
        let stack = stack(&[
            &[Dir("etc"), File("etc/a", "1"), File("etc/b", "1")],
            &[Private("home"), File("etc/a", "2"), Whiteout("etc/b"), File("tool", "x"), File("tmp", "y")],
            &[File("home/file", "1"), Symlink("run", "tool"), Symlink("fine", "etc/a"), Whiteout("tmp")],
        ]);
        let found = without(&stack, 1);
        let differences: Vec<String> =
            found.differences.iter().map(|one| format!("{} {}", one.change.letter(), one.path)).collect();
        assert_eq!(differences, ["M etc/a", "A etc/b", "D tool"]);
        assert_eq!(found.counts(), (1, 1, 1));
        let dependents: Vec<String> = found
            .dependents
            .iter()
            .map(|one| match &one.needs {
                Need::Directory(needed) => format!("{} {} in {needed}", one.layer, one.path),
                Need::Target(needed) => format!("{} {} to {needed}", one.layer, one.path),
            })
            .collect();
        assert_eq!(dependents, ["2 home/file in home", "2 run to tool"]);
        assert_eq!(found.idle, [(2, LayerPath::parse(b"tmp").expect("a path"))]);
        assert_eq!(without(&stack, 0).dependents, []);
    }
}
