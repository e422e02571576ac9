//! Every word that the page says, in both languages.
//!
//! The table is an enum, so a word without a translation doesn't compile. `{}` takes a value, in order.

mod images;
mod outside;
mod registry;
mod table;
mod workshop;

pub use outside::Look;
pub use registry::Talk;
pub use table::Word;
pub use workshop::Craft;

macro_rules! words {
    ($name:ident; $($word:ident: $en:literal, $zh:literal;)*) => {
        /// Something that the page says.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[expect(missing_docs, reason = "each is explained by its text")]
        pub enum $name { $($word),* }

        impl $name {
            /// Every word.
            pub const ALL: &[Self] = &[$(Self::$word),*];

            /// In `lang`.
            pub fn text(self, lang: $crate::words::Lang) -> &'static str {
                match (self, lang) {
                    $((Self::$word, $crate::words::Lang::En) => $en, (Self::$word, $crate::words::Lang::Zh) => $zh,)*
                }
            }

            /// In `lang`, each `{}` replaced by the next of `values`.
            pub fn with(self, lang: $crate::words::Lang, values: &[&str]) -> String {
                $crate::words::Said::with(self, lang, values)
            }

            /// In `lang`, with a count: `self` for one, `many` for all else.
            pub fn count(self, many: Self, lang: $crate::words::Lang, count: u64) -> String {
                $crate::words::Said::count(self, many, lang, count)
            }
        }

        impl $crate::words::Said for $name {
            fn said(self, lang: $crate::words::Lang) -> &'static str {
                self.text(lang)
            }
        }
    };
}
use words;

/// A language of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lang {
    /// English.
    En,
    /// 简体中文.
    Zh,
}

impl Lang {
    /// The language of a tag such as `zh-CN`; English for all that isn't Chinese.
    pub fn of(tag: &str) -> Self {
        if tag.to_ascii_lowercase().starts_with("zh") { Self::Zh } else { Self::En }
    }

    /// The tag for `<html lang>` and for the browser's storage.
    pub fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh-CN",
        }
    }

    /// The other one.
    pub fn other(self) -> Self {
        match self {
            Self::En => Self::Zh,
            Self::Zh => Self::En,
        }
    }
}

/// What can be said with values.
pub trait Said: Copy + Send + Sync + 'static {
    /// In `lang`.
    fn said(self, lang: Lang) -> &'static str;

    /// In `lang`, each `{}` replaced by the next of `values`.
    fn with(self, lang: Lang, values: &[&str]) -> String {
        let mut values = values.iter();
        let mut text = String::new();
        for (at, part) in self.said(lang).split("{}").enumerate() {
            if at > 0 {
                text.push_str(values.next().unwrap_or(&""));
            }
            text.push_str(part);
        }
        text
    }

    /// In `lang`, with a count: `self` for one, `many` for all else.
    fn count(self, many: Self, lang: Lang, count: u64) -> String {
        let word = if count == 1 { self } else { many };
        Said::with(word, lang, &[&crate::figures::grouped(count)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_take_the_same_values() {
        fn check<T: Said + std::fmt::Debug>(words: &[T]) {
            for word in words {
                let count = |lang| word.said(lang).matches("{}").count();
                assert_eq!(count(Lang::En), count(Lang::Zh), "{word:?}");
                assert!(!word.said(Lang::En).is_empty() && !word.said(Lang::Zh).is_empty(), "{word:?}");
            }
        }
        check(Word::ALL);
        check(Talk::ALL);
        check(Look::ALL);
        check(Craft::ALL);
    }

    #[test]
    fn values_come_in_order() {
        assert_eq!(Word::ReadingLayers.with(Lang::En, &["3", "7"]), "Reading layers 3 of 7");
        assert_eq!(Word::ReadingLayers.with(Lang::Zh, &["3", "7"]), "正在读取层 3 / 7");
        assert_eq!(Word::Wasted.with(Lang::En, &[]), "wasted ");
        let layers = |count| Word::LayerCountOne.count(Word::LayerCount, Lang::En, count);
        assert_eq!([0, 1, 2].map(layers), ["0 layers", "1 layer", "2 layers"]);
    }

    #[test]
    fn languages_by_tag() {
        assert_eq!(
            [Lang::of("zh-Hans-CN"), Lang::of("en"), Lang::of("fr"), Lang::of("")].map(Lang::tag),
            ["zh-CN", "en", "en", "en"]
        );
    }
}
