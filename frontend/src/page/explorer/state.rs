//! What the explorer knows of its image, and the tree that follows the address.
//!
//! The tree is in no signal: only `revision` is, so that nothing clones or compares hundreds of thousands of nodes.

use std::sync::Arc;

use leptos::prelude::*;
use strata_api::explorer::ImageDetail;
use strata_layer::{LayerSet, NodeId, Stack, Union, Waste, waste};

use crate::{
    address::{Place, View},
    glob::Filter,
    page::{
        api::Failure,
        bar::{Bar, use_bar},
    },
    sums::{Sums, sums},
    tree::{Show, Tree},
};

/// The explorer's state; a copyable handle.
#[derive(Clone, Copy)]
pub struct Explorer {
    /// The address bar.
    pub bar: Bar,
    /// What is shown.
    pub view: Memo<View>,
    /// The image, once known.
    pub detail: RwSignal<Option<Arc<ImageDetail>>>,
    /// The layers, once all are here; of an image that isn't pulled those that were read, empty ones for the others.
    pub stack: RwSignal<Option<Stack>>,
    /// How many layers are here, of how many.
    pub read: RwSignal<(usize, usize)>,
    /// Why the image can't be shown.
    pub failure: RwSignal<Option<Failure>>,
    /// What the layers add up to, computed after the first rows are drawn.
    pub sums: RwSignal<Option<Arc<Sums>>>,
    /// What is shipped in vain, likewise.
    pub waste: RwSignal<Option<Arc<Waste>>>,
    /// Counts changes of the rows; 0 while there are none.
    pub revision: RwSignal<u32>,
    /// The row that the keys act on.
    pub cursor: RwSignal<usize>,
    /// The layer whose marks are lit.
    pub lit: RwSignal<Option<usize>>,
    tree: StoredValue<Option<Tree>>,
}

/// What decides the union: another one is computed only when this changes.
#[derive(Clone, PartialEq)]
struct Scope {
    on: LayerSet,
    since: usize,
    /// Layers that are here: there are more of them as an image that isn't is read.
    here: usize,
}

impl Explorer {
    /// The state of an image's explorer; it follows the address as long as that is of this image.
    pub fn start(first: View) -> Self {
        let bar = use_bar();
        let view = Memo::new(move |previous: Option<&View>| match bar.place() {
            Place::Image(view) if view.image() == first => *view,
            _ => previous.cloned().unwrap_or_else(|| first.clone()),
        });
        let explorer = Self {
            bar,
            view,
            detail: RwSignal::new(None),
            stack: RwSignal::new(None),
            read: RwSignal::new((0, 0)),
            failure: RwSignal::new(None),
            sums: RwSignal::new(None),
            waste: RwSignal::new(None),
            revision: RwSignal::new(0),
            cursor: RwSignal::new(0),
            lit: RwSignal::new(None),
            tree: StoredValue::new(None),
        };
        explorer.follow();
        provide_context(explorer);
        explorer
    }

    /// Reads the tree; tracks nothing. Before the layers are here there is none.
    pub fn with_tree<T>(self, read: impl FnOnce(&Tree) -> T) -> Option<T> {
        self.tree.try_with_value(|tree| tree.as_ref().map(read)).flatten()
    }

    /// Changes the tree's rows.
    pub fn update_tree<T>(self, change: impl FnOnce(&mut Tree) -> T) -> Option<T> {
        let answer = self.tree.try_update_value(|tree| tree.as_mut().map(change)).flatten();
        self.revision.update(|revision| *revision += 1);
        answer
    }

    /// How many layers the image has; 0 while unknown.
    pub fn layers(self) -> usize {
        self.detail.with(|detail| detail.as_ref().map_or(0, |detail| detail.card.layers.len()))
    }

    /// How many of them belong to the base image, not tracked: it is known before anything that asks.
    pub fn base(self) -> usize {
        self.detail.with_untracked(|detail| {
            detail.as_ref().and_then(|d| d.base.as_ref()).map_or(0, |base| base.layers)
        })
    }

    /// The selected node, tracked: the one that the address names, if the tree has it.
    pub fn selected(self) -> Option<NodeId> {
        self.revision.track();
        self.view.with(|view| {
            if view.path.is_empty() {
                return None;
            }
            self.with_tree(|tree| {
                tree.locate(&view.path, view.from).or_else(|| tree.locate(&view.path, None))
            })
            .flatten()
        })
    }

    /// Selects a row's node; `step` makes it one that "back" undoes.
    pub fn select_row(self, row: usize, step: bool) {
        self.cursor.set(row);
        let Some((path, from)) = self
            .with_tree(|tree| {
                let node = tree.node(row)?;
                let ghost = tree.union().node(node).is_ghost();
                let layer = tree.union().node(node).layer as usize;
                Some((tree.union().path(node).as_bytes().to_vec(), ghost.then_some(layer)))
            })
            .flatten()
        else {
            return;
        };
        let choose = move |view: &mut View| {
            if view.path != path {
                view.tab = None;
            }
            view.path = path;
            view.from = from;
        };
        if step { self.bar.change(choose) } else { self.bar.adjust(choose) }
    }

    /// Selects a layer and shows only what it did.
    pub fn select_layer(self, layer: Option<usize>, merged: bool) {
        self.bar.change(|view| {
            view.layer = layer;
            view.merged = merged && layer.is_some();
            view.hide = None;
            view.from = None;
        });
    }

    /// Switches a sheet on or off.
    pub fn switch_sheet(self, layer: usize) {
        self.bar.change(|view| {
            let on = view.is_on(layer);
            if on {
                view.off.push(layer);
                view.off.sort_unstable();
                return;
            }
            view.off.retain(|off| *off != layer);
            // A sheet above the curtain comes on alone: what is between is switched off by hand.
            if let Some(upto) = view.upto.filter(|upto| layer > *upto) {
                view.off.extend(upto + 1..layer);
                view.off.sort_unstable();
                view.off.dedup();
                view.upto = Some(layer);
            }
        });
    }

    /// Shows the union up to a layer; `None` for all.
    pub fn draw_curtain(self, upto: Option<usize>) {
        let top = self.layers().checked_sub(1);
        self.bar.adjust(|view| view.upto = upto.filter(|upto| Some(*upto) != top));
    }

    fn scope(self, layers: usize) -> Scope {
        let base = self.base().max(1);
        self.view.with(|view| {
            let only = view.only_layer().filter(|layer| *layer < layers);
            let mut on = LayerSet::none(layers);
            for position in (0..layers).filter(|position| view.is_on(*position) || Some(*position) == only) {
                on.set(position, only.is_none_or(|only| position <= only));
            }
            Scope { on, since: only.unwrap_or(base), here: self.read.get().0 }
        })
    }

    fn show(self) -> Show {
        self.view.with(|view| Show {
            ghosts: !view.no_ghosts,
            hide: view.hidden_marks(),
            only: view.only_layer(),
            filter: Filter::read(&view.filter),
            by_size: view.by_size,
        })
    }

    fn follow(self) {
        let show = Memo::new(move |_| self.show());
        let scope = Memo::new(move |_| self.stack.with(Option::is_some).then(|| self.scope(self.layers())));
        Effect::new(move |previous: Option<Option<Scope>>| {
            let (show, scope) = (show.get(), scope.get());
            let stack = self.stack.get_untracked()?;
            let Scope { on, since, .. } = scope.as_ref()?;
            if previous.flatten().as_ref() == scope.as_ref() {
                self.update_tree(|tree| tree.show(show));
            } else {
                let union = Union::since(&stack, on, *since);
                self.tree.update_value(|tree| {
                    *tree = Some(match tree.take() {
                        Some(tree) => tree.carry(union, show),
                        None => Tree::new(union, show),
                    });
                });
                self.revision.update(|revision| *revision += 1);
            }
            scope
        });
    }

    /// Adds up the whole image; for when the first rows are drawn. Whoever left meanwhile needs no sums.
    pub fn add_up(self) {
        let Some(Some(stack)) = self.stack.try_get_untracked() else { return };
        let all = Union::of(&stack, &LayerSet::all(stack.len()));
        self.sums.set(Some(Arc::new(sums(&all))));
        self.waste.set(Some(Arc::new(waste(&stack))));
    }
}

/// The explorer's state.
pub fn use_explorer() -> Explorer {
    expect_context()
}
