//! One path through the layers: what it is in the end, what it was at the base, what was hidden on the way.

use super::Change;
use crate::{EntryId, EntryRef, Kind, Stack, index::Flags};

/// A layer's directory among those that make up one directory of the union.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub(super) layer: u32,
    pub(super) entry: EntryId,
    /// The layer that hid everything that the parts below this one provide.
    pub(super) cut: Option<u32>,
    /// The directory itself was gone before this part brought it back.
    pub(super) fresh: bool,
}

/// The parts of a directory, bottom first, and who hid it.
pub(super) struct Place {
    pub(super) parts: Vec<Part>,
    /// Which parts have a cut, and by whom.
    cuts: Vec<(usize, u32)>,
    pub(super) hidden_by: Option<u32>,
}

impl Place {
    pub(super) fn new(parts: Vec<Part>, hidden_by: Option<u32>) -> Self {
        let cuts =
            parts.iter().enumerate().filter_map(|(at, part)| part.cut.map(|layer| (at, layer))).collect();
        Self { parts, cuts, hidden_by }
    }

    /// Who first hides, among the parts after `from` up to `to`, what stands there after `from`.
    fn cut(&self, from: usize, to: usize) -> Option<u32> {
        let next = self.cuts.partition_point(|(at, _)| *at <= from);
        self.cuts.get(next).filter(|(at, _)| *at <= to).map(|(_, layer)| *layer)
    }
}

/// Something at a path.
#[derive(Clone, Debug)]
pub(super) enum Thing {
    /// Anything but a directory: its layer and entry.
    Leaf(u32, EntryId),
    /// A directory of several layers.
    Directory(Vec<Part>),
}

/// A thing as it becomes a node.
pub(super) struct Outcome {
    pub(super) thing: Thing,
    pub(super) hidden_by: Option<u32>,
    pub(super) change: Change,
}

/// The layer and entry that a directory's metadata are from: the topmost that lists it, else the one that it came
/// into being with.
pub(super) fn shown(stack: &Stack, parts: &[Part]) -> (u32, EntryId) {
    let mut shown = (0, 0);
    for part in parts.iter().rev() {
        shown = (part.layer, part.entry);
        if part.fresh || !flags(stack, part.layer, part.entry).has(Flags::IMPLIED) {
            break;
        }
    }
    shown
}

pub(super) fn flags(stack: &Stack, layer: u32, entry: EntryId) -> Flags {
    stack.layer(layer as usize).flags[entry as usize]
}

/// Goes through the layers that have something at a path, bottom first.
struct Fold<'a> {
    stack: &'a Stack,
    since: u32,
    now: Option<Thing>,
    /// What was there at the base, once that is known: is it a directory, and its layer and entry.
    base: Option<Option<(bool, u32, EntryId)>>,
    /// The directory of this path that was hidden last, and by whom: it may come back.
    dormant: Option<(Vec<Part>, u32)>,
    /// Leaves that were hidden, and by whom.
    ghosts: Vec<((u32, EntryId), u32)>,
}

impl Fold<'_> {
    fn note_base(&mut self, layer: u32) {
        if layer >= self.since && self.base.is_none() {
            self.base = Some(self.state());
        }
    }

    fn state(&self) -> Option<(bool, u32, EntryId)> {
        match self.now.as_ref()? {
            Thing::Leaf(layer, entry) => Some((false, *layer, *entry)),
            Thing::Directory(parts) => {
                let (layer, entry) = shown(self.stack, parts);
                Some((true, layer, entry))
            }
        }
    }

    fn hide(&mut self, by: u32) {
        if self.now.is_none() {
            return;
        }
        self.note_base(by);
        match self.now.take() {
            Some(Thing::Leaf(layer, entry)) => self.ghosts.push(((layer, entry), by)),
            Some(Thing::Directory(parts)) => self.dormant = Some((parts, by)),
            None => {}
        }
    }

    fn meet(&mut self, layer: u32, entry: EntryId) {
        let flags = flags(self.stack, layer, entry);
        self.note_base(layer);
        match flags.kind() {
            Kind::Whiteout => self.hide(layer),
            Kind::Directory => {
                if flags.has(Flags::HIDES) || matches!(self.now, Some(Thing::Leaf(..))) {
                    self.hide(layer);
                }
                let opaque = flags.has(Flags::OPAQUE).then_some(layer);
                match (&mut self.now, self.dormant.take()) {
                    (Some(Thing::Directory(parts)), _) => {
                        parts.push(Part { layer, entry, cut: opaque, fresh: false });
                    }
                    (_, Some((mut parts, by))) => {
                        parts.push(Part { layer, entry, cut: Some(by), fresh: true });
                        self.now = Some(Thing::Directory(parts));
                    }
                    (_, None) => {
                        self.now =
                            Some(Thing::Directory(vec![Part { layer, entry, cut: None, fresh: true }]));
                    }
                }
            }
            _ => {
                self.hide(layer);
                self.now = Some(Thing::Leaf(layer, entry));
            }
        }
    }

    /// The live thing first, then the ghosts, the newest first.
    fn outcomes(mut self, into: &mut Vec<Outcome>) {
        let now = self.state();
        let base = self.base.unwrap_or(now);
        let gone = |is_base: bool| if is_base && now.is_none() { Change::Deleted } else { Change::Unchanged };
        let first = into.len();
        if let Some((parts, by)) = self.dormant.take() {
            let change = gone(base.is_some_and(|(directory, ..)| directory));
            into.push(Outcome { thing: Thing::Directory(parts), hidden_by: Some(by), change });
        }
        for ((layer, entry), by) in self.ghosts {
            let change = gone(base == Some((false, layer, entry)));
            into.push(Outcome { thing: Thing::Leaf(layer, entry), hidden_by: Some(by), change });
        }
        if into.len() > first + 1 {
            into[first..].sort_by_key(|outcome| std::cmp::Reverse(outcome.hidden_by));
        }
        if let Some(thing) = self.now {
            let change = change(self.stack, base, now);
            into.insert(first, Outcome { thing, hidden_by: None, change });
        }
    }
}

/// What a path became between two states of it.
fn change(stack: &Stack, base: Option<(bool, u32, EntryId)>, now: Option<(bool, u32, EntryId)>) -> Change {
    let entry = |(_, layer, entry): (bool, u32, EntryId)| stack.layer(layer as usize).entry(entry);
    match (base, now) {
        (None, None) => Change::Unchanged,
        (None, Some(_)) => Change::Added,
        (Some(_), None) => Change::Deleted,
        (Some(base), Some(now)) if base == now => Change::Unchanged,
        (Some(base), Some(now)) => difference(entry(base), entry(now)),
    }
}

/// How two entries of one path differ.
pub(crate) fn difference(before: EntryRef<'_>, after: EntryRef<'_>) -> Change {
    if !before.same_content(after) {
        Change::Modified
    } else if !before.same_metadata(after) {
        Change::Metadata
    } else {
        Change::Unchanged
    }
}

/// The changes against the base of one name in a directory. `versions` are the parts that have something of that
/// name, bottom first, and their entries.
pub(super) fn fold(
    stack: &Stack,
    since: u32,
    place: &Place,
    versions: &[(usize, EntryId)],
    into: &mut Vec<Outcome>,
) {
    let mut fold = Fold { stack, since, now: None, base: None, dormant: None, ghosts: Vec::new() };
    let mut before = 0;
    for (at, entry) in versions {
        if let Some(by) = place.cut(before, *at) {
            fold.hide(by);
        }
        fold.meet(place.parts[*at].layer, *entry);
        before = *at;
    }
    if let Some(by) = place.cut(before, place.parts.len()) {
        fold.hide(by);
    }
    if let Some(by) = place.hidden_by {
        fold.hide(by);
    }
    fold.outcomes(into);
}
