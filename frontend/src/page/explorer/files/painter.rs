//! Draws the rows that are on the screen: elements move with the scrolling and are written to only where they show
//! something new.

use std::collections::VecDeque;

use web_sys::{Element, HtmlElement};

use super::slot::{Light, Place, Slot, template};
use crate::{tree::Tree, words::Lang};

/// What is drawn.
#[derive(Clone, Copy)]
pub struct Scene {
    /// The first row.
    pub start: usize,
    /// One past the last.
    pub end: usize,
    /// Layers of the base image.
    pub base: usize,
    /// The page's language.
    pub lang: Lang,
    /// The row that the keys act on.
    pub cursor: usize,
    /// The row that the address names.
    pub selected: Option<usize>,
    /// The layer that is hovered.
    pub lit: Option<usize>,
}

/// The rows' elements, in the order of the rows.
pub struct Painter {
    window: HtmlElement,
    template: Element,
    slots: VecDeque<Slot>,
    start: usize,
}

impl Painter {
    /// A painter that fills `window`.
    pub fn new(window: HtmlElement) -> Option<Self> {
        Some(Self { window, template: template()?, slots: VecDeque::new(), start: 0 })
    }

    /// Draws a part of a tree. The document's own refusals, of which there are none for these calls, leave a row out.
    pub fn draw(&mut self, tree: &Tree, scene: Scene) {
        let count = scene.end.saturating_sub(scene.start);
        self.roll(scene.start);
        self.resize(count);
        for (at, slot) in self.slots.iter_mut().enumerate() {
            let row = scene.start + at;
            let Some(seen) = tree.row(row) else { continue };
            slot.draw(seen, Place { row, total: tree.len(), base: scene.base, lang: scene.lang });
            slot.shine(Light {
                lit: scene.lit.is_some() && slot.stripe() == scene.lit,
                cursor: scene.cursor == row,
                selected: scene.selected == Some(row),
            });
        }
    }

    /// Moves the elements that scrolled out at one end to the other, so that those in between stay as they are.
    fn roll(&mut self, start: usize) {
        let count = self.slots.len();
        let by = start.abs_diff(self.start);
        let down = start > self.start;
        self.start = start;
        if by >= count {
            return;
        }
        for _ in 0..by {
            let moved = if down { self.slots.pop_front() } else { self.slots.pop_back() };
            let Some(slot) = moved else { return };
            if down {
                let _ = self.window.append_child(&slot.row);
                self.slots.push_back(slot);
            } else {
                let _ = self.window.insert_before(&slot.row, self.window.first_child().as_ref());
                self.slots.push_front(slot);
            }
        }
    }

    fn resize(&mut self, count: usize) {
        while self.slots.len() > count {
            if let Some(slot) = self.slots.pop_back() {
                slot.row.remove();
            }
        }
        while self.slots.len() < count {
            let Some(slot) = Slot::clone_of(&self.template) else { return };
            let _ = self.window.append_child(&slot.row);
            self.slots.push_back(slot);
        }
    }
}
