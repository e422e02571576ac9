//! A row's elements, made once and written to again and again.
//!
//! Rows that scroll in and out are the one thing that has to happen within a frame, so they are no component: a row is
//! cloned from a template and only what differs from what it showed before is written.

use leptos::prelude::document;
use strata_layer::Change;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use crate::{
    figures::Size,
    hues,
    tree::RowView,
    words::{Lang, Word},
};

/// Pixels that a level of the tree is indented by, and the levels that are.
const INDENT: (usize, usize) = (14, 40);

/// What a row is told besides what its node says.
#[derive(Clone, Copy, PartialEq)]
pub struct Place {
    /// Its number.
    pub row: usize,
    /// How many rows there are.
    pub total: usize,
    /// Layers of the base image.
    pub base: usize,
    /// The page's language.
    pub lang: Lang,
}

/// What lights up and goes out without the row changing.
#[derive(Clone, Copy, Default, PartialEq)]
pub struct Light {
    /// Its layer is hovered.
    pub lit: bool,
    /// The keys act on it.
    pub cursor: bool,
    /// The address names it.
    pub selected: bool,
}

/// A row on the screen.
pub struct Slot {
    /// Its element.
    pub row: HtmlElement,
    twist: HtmlElement,
    name: Element,
    slash: Element,
    leads: Element,
    hider: Element,
    mark: Element,
    mode: Element,
    owner: Element,
    size: Element,
    unit: Element,
    drawn: Option<(RowView, Place)>,
    light: Option<Light>,
}

/// The elements of a row, by their place in it.
const PARTS: [(&str, &str); 10] = [
    ("twist", "row"),
    ("file-name", "row"),
    ("text", "file-name"),
    ("faint", "file-name"),
    ("leads faint", "row"),
    ("hider", "row"),
    ("mark", "row"),
    ("mode mono", "row"),
    ("owner mono", "row"),
    ("size", "row"),
];

/// The row that all others are cloned from.
pub fn template() -> Option<Element> {
    let element = |name: &str, class: &str| {
        let element = document().create_element(name).ok()?;
        element.set_class_name(class);
        Some(element)
    };
    let row = element("div", "row layer")?;
    row.set_attribute("role", "treeitem").ok()?;
    row.set_attribute("data-testid", "row").ok()?;
    let mut name = None;
    for (class, parent) in PARTS {
        let part = element("span", class)?;
        let parent = if parent == "row" { &row } else { name.as_ref()? };
        parent.append_child(&part).ok()?;
        match class {
            "file-name" => name = Some(part),
            "twist" => part.set_attribute("aria-hidden", "true").ok()?,
            "hider" => part.set_attribute("data-testid", "ghost-of").ok()?,
            "size" => {
                let (number, unit) = (element("span", "number-of")?, element("span", "unit")?);
                part.append_with_node_2(&number, &unit).ok()?;
            }
            _ => {}
        }
    }
    Some(row)
}

impl Slot {
    /// A row cloned from the template.
    pub fn clone_of(template: &Element) -> Option<Self> {
        let row: HtmlElement = template.clone_node_with_deep(true).ok()?.dyn_into().ok()?;
        let part = |selector: &str| row.query_selector(selector).ok().flatten();
        Some(Self {
            twist: part(".twist")?.dyn_into().ok()?,
            name: part(".text")?,
            slash: part(".file-name > .faint")?,
            leads: part(".leads")?,
            hider: part(".hider")?,
            mark: part(".mark")?,
            mode: part(".mode")?,
            owner: part(".owner")?,
            size: part(".number-of")?,
            unit: part(".unit")?,
            row,
            drawn: None,
            light: None,
        })
    }

    /// Shows a node.
    pub fn draw(&mut self, seen: RowView, place: Place) {
        if self.drawn.as_ref().is_some_and(|(old, at)| *old == seen && *at == place) {
            return;
        }
        let old = self.drawn.as_ref().map(|(old, _)| old);
        let differs = |part: fn(&RowView) -> &str| old.is_none_or(|old| part(old) != part(&seen));
        if differs(|seen| &seen.name) {
            self.name.set_text_content(Some(&seen.name));
        }
        if differs(|seen| &seen.mode) {
            self.mode.set_text_content(Some(&seen.mode));
        }
        if differs(|seen| &seen.owner) {
            self.owner.set_text_content(Some(&seen.owner));
        }
        if old.is_none_or(|old| old.size != seen.size) {
            let size = Size::of(seen.size);
            self.size.set_text_content(Some(&format!("{}\u{a0}", size.number())));
            self.unit.set_text_content(Some(size.unit));
        }
        if old.is_none_or(|old| (old.depth, old.open) != (seen.depth, seen.open)) {
            let indent = (seen.depth.clamp(1, INDENT.1) - 1) * INDENT.0;
            set(&self.twist, "style", &format!("margin-left:{indent}px"));
            let (twist, slash) = match seen.open {
                Some(true) => ("▾", "/"),
                Some(false) => ("▸", "/"),
                None => ("", ""),
            };
            self.twist.set_text_content(Some(twist));
            self.slash.set_text_content(Some(slash));
        }
        if old.is_none_or(|old| old.link != seen.link) {
            let text = seen.link.as_ref().map(|link| format!("→ {link}"));
            self.leads.set_text_content(text.as_deref());
        }
        self.write_change(&seen, place.lang);
        self.write_row(&seen, place);
        self.drawn = Some((seen, place));
        self.light = None;
    }

    /// Lights it or lets it be dark.
    pub fn shine(&mut self, light: Light) {
        if self.light == Some(light) {
            return;
        }
        let Some((seen, place)) = &self.drawn else { return };
        let mut class = "row layer".to_owned();
        let words = [
            (stripe(seen) < place.base, " of-base"),
            (seen.hidden_by.is_some(), " ghost"),
            (seen.size == 0, " weightless"),
            (light.lit, " lit"),
            (light.cursor, " cursor"),
        ];
        words.into_iter().filter(|(is, _)| *is).for_each(|(_, word)| class.push_str(word));
        self.row.set_class_name(&class);
        set(&self.row, "aria-selected", if light.selected { "true" } else { "false" });
        self.light = Some(light);
    }

    /// The layer whose stripe it wears: of a ghost, the one that hid it.
    pub fn stripe(&self) -> Option<usize> {
        self.drawn.as_ref().map(|(seen, _)| stripe(seen))
    }

    fn write_change(&self, seen: &RowView, lang: Lang) {
        let word = match seen.change {
            Change::Unchanged => None,
            Change::Added => Some(Word::ChangeAdded),
            Change::Modified => Some(Word::ChangeModified),
            Change::Metadata => Some(Word::ChangeMetadata),
            Change::Deleted => Some(Word::ChangeDeleted),
        };
        let letter = seen.change.letter().to_string();
        self.mark.set_class_name(&format!("mark mark-{letter}"));
        self.mark.set_text_content(Some(letter.trim()));
        match word {
            Some(word) => {
                set(&self.mark, "title", word.text(lang));
                set(&self.mark, "aria-label", word.text(lang));
            }
            None => {
                unset(&self.mark, "title");
                unset(&self.mark, "aria-label");
            }
        }
        // What vanished with its directory needs no word of its own.
        let hider = seen.hidden_by.filter(|_| !seen.with_parent).map(|by| {
            let word = if seen.deleted { Word::DeletedBy } else { Word::HiddenBy };
            word.with(lang, &[&(by + 1).to_string()])
        });
        self.hider.set_text_content(hider.as_deref());
    }

    fn write_row(&self, seen: &RowView, place: Place) {
        set(&self.row, "id", &format!("row-{}", place.row));
        set(&self.row, "aria-level", &seen.depth.to_string());
        set(&self.row, "aria-posinset", &(place.row + 1).to_string());
        set(&self.row, "aria-setsize", &place.total.to_string());
        match seen.open {
            Some(open) => set(&self.row, "aria-expanded", if open { "true" } else { "false" }),
            None => unset(&self.row, "aria-expanded"),
        }
        set(&self.row, "style", &hues::style(stripe(seen)));
        set(&self.row, "data-layer", &stripe(seen).to_string());
        set(&self.row, "data-from", &seen.layer.to_string());
        set(&self.row, "data-change", &seen.change.letter().to_string());
    }
}

fn stripe(seen: &RowView) -> usize {
    seen.hidden_by.unwrap_or(seen.layer)
}

/// Setting an attribute fails for names that are none; these are constants.
fn set(element: &Element, name: &str, value: &str) {
    let _ = element.set_attribute(name, value);
}

fn unset(element: &Element, name: &str) {
    let _ = element.remove_attribute(name);
}
