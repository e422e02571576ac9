//! The command palette and the list of keys.

mod keys;
mod palette;

use leptos::prelude::*;

pub use keys::Keys;
pub use palette::Palette;

/// Which dialog is open; a copyable handle.
#[derive(Clone, Copy)]
pub struct Dialogs {
    palette: RwSignal<bool>,
    keys: RwSignal<bool>,
}

impl Dialogs {
    /// Both closed.
    pub fn start() -> Self {
        let dialogs = Self { palette: RwSignal::new(false), keys: RwSignal::new(false) };
        provide_context(dialogs);
        dialogs
    }

    /// Opens the palette.
    pub fn open_palette(self) {
        self.keys.set(false);
        self.palette.set(true);
    }

    /// Opens the list of keys.
    pub fn open_keys(self) {
        self.palette.set(false);
        self.keys.set(true);
    }
}

/// Which dialog is open.
pub fn use_dialogs() -> Dialogs {
    expect_context()
}

/// Keeps a `<dialog>` as open as its signal says.
fn follow(dialog: NodeRef<leptos::html::Dialog>, open: RwSignal<bool>) {
    Effect::new(move |_| {
        let Some(element) = dialog.get() else { return };
        match (open.get(), element.open()) {
            // Fails only for a dialog that isn't in the document; then nobody waits for it.
            (true, false) => drop(element.show_modal()),
            (false, true) => element.close(),
            _ => {}
        }
    });
}
