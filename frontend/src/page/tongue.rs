//! The language that the page speaks now.

use leptos::prelude::*;

use super::dom;
use crate::words::{Lang, Said};

const KEY: &str = "strata-language";

/// The page's language; a copyable handle.
#[derive(Clone, Copy)]
pub struct Tongue(RwSignal<Lang>);

impl Tongue {
    /// The language chosen before, or else the browser's.
    pub fn start() -> Self {
        let tag = dom::recall(KEY).or_else(|| window().navigator().language()).unwrap_or_default();
        let lang = RwSignal::new(Lang::of(&tag));
        Effect::new(move |_| {
            if let Some(root) = document().document_element() {
                // Can fail for a bad attribute name only.
                let _ = root.set_attribute("lang", lang.get().tag());
            }
        });
        provide_context(Self(lang));
        Self(lang)
    }

    /// Speaks the other language, and keeps to it.
    pub fn switch(self) {
        self.0.update(|lang| *lang = lang.other());
        dom::remember(KEY, self.0.get_untracked().tag());
    }

    /// The language, tracked.
    pub fn lang(self) -> Lang {
        self.0.get()
    }

    /// The language, not tracked.
    pub fn lang_untracked(self) -> Lang {
        self.0.get_untracked()
    }

    /// A word that follows the language.
    pub fn say(self, word: impl Said) -> impl Fn() -> &'static str + Copy + Send + Sync + 'static {
        move || word.said(self.0.get())
    }

    /// A count that doesn't change: `one` for one, `many` for all else.
    pub fn count<S: Said>(
        self,
        one: S,
        many: S,
        count: u64,
    ) -> impl Fn() -> String + Clone + Send + Sync + 'static {
        move || one.count(many, self.0.get(), count)
    }

    /// A word with values that don't change.
    pub fn with<const N: usize>(
        self,
        word: impl Said,
        values: [String; N],
    ) -> impl Fn() -> String + Clone + Send + Sync + 'static {
        move || word.with(self.0.get(), &values.each_ref().map(String::as_str))
    }
}

/// The page's language.
pub fn use_tongue() -> Tongue {
    expect_context()
}
