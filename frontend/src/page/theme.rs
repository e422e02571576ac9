//! Light, dark, or as the system has it.

use leptos::prelude::*;

use super::dom;
use crate::words::Word;

const KEY: &str = "strata-theme";

/// A choice of theme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// As the system has it.
    Auto,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

impl Theme {
    const ALL: [Self; 3] = [Self::Auto, Self::Light, Self::Dark];

    fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// What it is called.
    pub fn word(self) -> Word {
        match self {
            Self::Auto => Word::ThemeAuto,
            Self::Light => Word::ThemeLight,
            Self::Dark => Word::ThemeDark,
        }
    }

    /// `◐ ○ ●`
    pub fn sign(self) -> &'static str {
        match self {
            Self::Auto => "◐",
            Self::Light => "○",
            Self::Dark => "●",
        }
    }
}

/// The page's theme; a copyable handle.
#[derive(Clone, Copy)]
pub struct Paint(RwSignal<Theme>);

impl Paint {
    /// The theme chosen before.
    pub fn start() -> Self {
        let kept = dom::recall(KEY).unwrap_or_default();
        let theme = Theme::ALL.into_iter().find(|theme| theme.name() == kept).unwrap_or(Theme::Auto);
        let theme = RwSignal::new(theme);
        Effect::new(move |_| {
            if let Some(root) = document().document_element() {
                // Can fail for a bad attribute name only.
                let _ = root.set_attribute("data-theme", theme.get().name());
            }
        });
        provide_context(Self(theme));
        Self(theme)
    }

    /// The theme, tracked.
    pub fn get(self) -> Theme {
        self.0.get()
    }

    /// The next of the three, and keeps to it.
    pub fn next(self) {
        self.0.update(|theme| {
            *theme = match theme {
                Theme::Auto => Theme::Light,
                Theme::Light => Theme::Dark,
                Theme::Dark => Theme::Auto,
            }
        });
        dom::remember(KEY, self.0.get_untracked().name());
    }
}

/// The page's theme.
pub fn use_paint() -> Paint {
    expect_context()
}
