//! The dialogs: the command palette, the list of keys, and those that run a container, push an image and log in.

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
    /// What the run dialog was opened with, while it is open.
    pub run: RwSignal<Option<Wish>>,
    /// The image that is pushed, while that dialog is open.
    pub push: RwSignal<Option<String>>,
    /// The registry that the login dialog was opened for, empty for none in particular, while it is open.
    pub login: RwSignal<Option<String>>,
}

/// What is to be run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// The image; empty for one that is still to be chosen.
    pub image: String,
    /// The container that the new one is shown beside.
    pub beside: Option<String>,
}

impl Dialogs {
    /// All closed.
    pub fn start() -> Self {
        let dialogs = Self {
            palette: RwSignal::new(false),
            keys: RwSignal::new(false),
            run: RwSignal::new(None),
            push: RwSignal::new(None),
            login: RwSignal::new(None),
        };
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

    /// Opens the run dialog for an image, or for one that is still to be chosen.
    pub fn open_run(self, image: &str) {
        self.palette.set(false);
        self.keys.set(false);
        self.run.set(Some(Wish { image: image.to_owned(), beside: None }));
    }

    /// Opens it for a container that is to be shown beside another one.
    pub fn open_run_beside(self, image: &str, beside: &str) {
        self.run.set(Some(Wish { image: image.to_owned(), beside: Some(beside.to_owned()) }));
    }
}

/// Which dialog is open.
pub fn use_dialogs() -> Dialogs {
    expect_context()
}

/// Keeps a `<dialog>` as open as its signal says.
pub fn follow(dialog: NodeRef<leptos::html::Dialog>, open: RwSignal<bool>) {
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
