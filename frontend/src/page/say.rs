//! What is said from the table of registries, in the language that the page speaks now.

use super::tongue::{Tongue, use_tongue};
use crate::words::{Lang, Said as _, Talk, Word};

/// Says words of [`Talk`]; a copyable handle.
#[derive(Clone, Copy)]
pub struct Talker(Tongue);

impl Talker {
    /// The language, tracked.
    pub fn lang(self) -> Lang {
        self.0.lang()
    }

    /// A word that follows the language.
    pub fn say(self, word: Talk) -> impl Fn() -> &'static str + Copy + Send + Sync + 'static {
        move || word.text(self.0.lang())
    }

    /// A word of the large table.
    pub fn word(self, word: Word) -> impl Fn() -> &'static str + Copy + Send + Sync + 'static {
        self.0.say(word)
    }

    /// A word with values that don't change.
    pub fn with<const N: usize>(
        self,
        word: Talk,
        values: [String; N],
    ) -> impl Fn() -> String + Clone + Send + Sync + 'static {
        move || word.with(self.0.lang(), &values.each_ref().map(String::as_str))
    }
}

/// Says words about registries.
pub fn use_talk() -> Talker {
    Talker(use_tongue())
}
