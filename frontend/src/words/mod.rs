//! Every word that the page says, in both languages.
//!
//! The table is an enum, so a word without a translation doesn't compile. `{}` takes a value, in order.

mod table;
mod workshop;

pub use table::Word;

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

impl Word {
    /// In `lang`, with a count: `self` for one, `many` for all else.
    pub fn count(self, many: Word, lang: Lang, count: u64) -> String {
        let word = if count == 1 { self } else { many };
        word.with(lang, &[&crate::figures::grouped(count)])
    }

    /// In `lang`, each `{}` replaced by the next of `values`.
    pub fn with(self, lang: Lang, values: &[&str]) -> String {
        let mut values = values.iter();
        let mut text = String::new();
        for (at, part) in self.text(lang).split("{}").enumerate() {
            if at > 0 {
                text.push_str(values.next().unwrap_or(&""));
            }
            text.push_str(part);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_take_the_same_values() {
        for word in Word::ALL {
            let count = |lang| word.text(lang).matches("{}").count();
            assert_eq!(count(Lang::En), count(Lang::Zh), "{word:?}");
            assert!(!word.text(Lang::En).is_empty() && !word.text(Lang::Zh).is_empty(), "{word:?}");
        }
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
