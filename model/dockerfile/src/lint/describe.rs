//! The pages of rules: what, why, how not and how, in English and Chinese.
//!
//! The texts are one file, [`pages`] of it; who doesn't call that doesn't carry them.

/// A rule's page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// The rule's code.
    pub code: &'static str,
    /// What it wants: English, 简体中文.
    pub title: [&'static str; 2],
    /// Why.
    pub why: [&'static str; 2],
    /// Lines that it finds fault with, as they would stand behind a `FROM`, or with one.
    pub bad: &'static str,
    /// The same, right.
    pub good: &'static str,
}

static TEXT: &str = include_str!("rules.txt");

/// All pages, in the order of [`super::RULES`].
pub fn pages() -> impl Iterator<Item = Page> {
    TEXT.split("\n= ").filter_map(|text| page(text.trim_start_matches("= ")))
}

fn page(text: &'static str) -> Option<Page> {
    let (code, body) = text.split_once('\n')?;
    let field = |name: &str| {
        let start =
            if body.starts_with(name) { Some(0) } else { body.find(&format!("\n{name}")).map(|at| at + 1) };
        let rest = &body[start? + name.len()..];
        // Up to the next field.
        let ends = ["\nen ", "\nEN ", "\nzh ", "\nZH ", "\n- ", "\n+ "];
        let end = ends.iter().filter_map(|end| rest.find(end)).min().unwrap_or(rest.len());
        Some(rest[..end].trim_end())
    };
    Some(Page {
        code: code.trim(),
        title: [field("en ")?, field("zh ")?],
        why: [field("EN ").unwrap_or_default(), field("ZH ").unwrap_or_default()],
        bad: field("- ")?,
        good: field("+ ")?,
    })
}
