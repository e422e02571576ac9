//! The story of one path through the layers.

use crate::{Change, EntryId, EntryRef, Kind, LayerIndex, LayerPath, Stack, union::difference};

/// How a path was deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Deletion {
    /// By a whiteout of it or of a directory above it.
    Whiteout,
    /// By an opaque directory above it.
    Opaque,
    /// A directory above it became something else.
    Replaced,
}

/// What a layer did to a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Deed {
    /// Was not below.
    Added,
    /// Was below with other content, another target or as another kind of file.
    Modified,
    /// Was below with the same content; owner, mode, time or extended attributes differ.
    Metadata,
    /// Was below exactly the same, and is shipped again.
    Same,
    /// Was below and is hidden from here on.
    Deleted(Deletion),
}

/// One layer's part in the story of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Touch {
    /// The layer's place in the stack, 0 at the bottom.
    pub layer: usize,
    /// What it did.
    pub deed: Deed,
    /// What the path is in this layer; nothing if it was deleted.
    pub kind: Option<Kind>,
    /// Its entry in this layer; of a deletion, the entry that deletes it.
    pub entry: EntryId,
    /// Bytes of its content in this layer; of a deleted file, of what was deleted.
    pub size: u64,
}

/// Every layer that touched a path, bottom first; nothing if none did. Directories that a layer only needs on the
/// way to something else are not touched.
pub fn blame(stack: &Stack, path: &LayerPath) -> Vec<Touch> {
    let mut touches = Vec::new();
    let mut now: Option<EntryRef<'_>> = None;
    for (layer, index) in stack.layers().iter().enumerate() {
        let view = View::of(index, path);
        let deletes = view.deletes.filter(|_| now.is_some());
        match view.has {
            Some(entry) => {
                let deed = deed(now, entry);
                let replaces = now.is_none_or(|now| now.resolved_kind() != entry.resolved_kind());
                if !entry.is_implied() || entry.hides_below() || replaces || deletes.is_some() {
                    touches.push(Touch {
                        layer,
                        deed,
                        kind: Some(entry.kind()),
                        entry: entry.id(),
                        size: entry.size(),
                    });
                    now = Some(entry);
                }
            }
            None => {
                if let Some((deletion, by)) = deletes {
                    let size = now.take().map_or(0, EntryRef::size);
                    touches.push(Touch { layer, deed: Deed::Deleted(deletion), kind: None, entry: by, size });
                }
            }
        }
    }
    touches
}

fn deed(now: Option<EntryRef<'_>>, entry: EntryRef<'_>) -> Deed {
    match now {
        None => Deed::Added,
        Some(now) => match difference(now, entry) {
            Change::Unchanged => Deed::Same,
            Change::Metadata => Deed::Metadata,
            _ => Deed::Modified,
        },
    }
}

/// What one layer says of a path.
struct View<'a> {
    has: Option<EntryRef<'a>>,
    /// How what the layers below have at the path goes, and the entry that makes it go.
    deletes: Option<(Deletion, EntryId)>,
}

impl<'a> View<'a> {
    fn of(index: &'a LayerIndex, path: &LayerPath) -> Self {
        let mut view = Self { has: None, deletes: None };
        let mut at = index.entry(0);
        for name in path.components() {
            if at.is_opaque() {
                let deletion = if at.hides_below() { Deletion::Whiteout } else { Deletion::Opaque };
                view.deletes.get_or_insert((deletion, at.id()));
            }
            let Some(child) = index.child(at.id(), name) else { return view };
            at = index.entry(child);
            match at.kind() {
                Kind::Directory => continue,
                Kind::Whiteout => view.deletes = view.deletes.or(Some((Deletion::Whiteout, child))),
                _ if at.depth() < path.components().count() => {
                    view.deletes = view.deletes.or(Some((Deletion::Replaced, child)));
                }
                _ => break,
            }
            return view;
        }
        view.has = Some(at);
        view
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::testing::{Step, stack};

    #[test]
    fn tells_the_story_of_a_path() {
        use Step::{Chmod, Dir, File, Opaque, Whiteout};
        let stack = stack(&[
            &[Dir("d"), File("d/f", "one")],
            &[File("d/f", "two")],
            &[Chmod("d/f", "two")],
            &[File("other", "")],
            &[Whiteout("d/f")],
            &[Whiteout("d/f")],
            &[File("d/f", "three")],
            &[Opaque("d")],
            &[File("d/f", "four")],
            &[Whiteout("d")],
            &[Dir("d"), File("d/f", "five")],
            &[File("d", "a file")],
            &[Dir("d"), Dir("d/f")],
        ]);
        let story = |path: &[u8]| -> Vec<(usize, Deed, u64)> {
            let path = LayerPath::parse(path).expect("a path");
            blame(&stack, &path).into_iter().map(|touch| (touch.layer, touch.deed, touch.size)).collect()
        };
        let expected = [
            (0, Deed::Added, 3),
            (1, Deed::Modified, 3),
            (2, Deed::Metadata, 3),
            (4, Deed::Deleted(Deletion::Whiteout), 3),
            (6, Deed::Added, 5),
            (7, Deed::Deleted(Deletion::Opaque), 5),
            (8, Deed::Added, 4),
            (9, Deed::Deleted(Deletion::Whiteout), 4),
            (10, Deed::Added, 4),
            (11, Deed::Deleted(Deletion::Replaced), 4),
            (12, Deed::Added, 0),
        ];
        assert_eq!(story(b"d/f"), expected);
        assert_eq!(story(b"other"), [(3, Deed::Added, 0)]);
        assert_eq!(story(b"nothing"), []);
        let directory: Vec<_> = story(b"d").into_iter().map(|(layer, deed, _)| (layer, deed)).collect();
        let expected = [
            (0, Deed::Added),
            (9, Deed::Deleted(Deletion::Whiteout)),
            (10, Deed::Added),
            (11, Deed::Modified),
            (12, Deed::Modified),
        ];
        assert_eq!(directory, expected);
    }
}
