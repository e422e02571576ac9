//! The keys: dive's, each with an alias of one letter, because browsers keep some chords for themselves.
//!
//! One table drives both what keys do and the list that `?` shows.

use crate::words::Word;

/// Where a key was pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pane {
    /// Anywhere on the page but in a text field.
    Page,
    /// Anywhere in the explorer.
    Explorer,
    /// The stack.
    Stack,
    /// The tree of files.
    Tree,
    /// Anywhere on a container's page.
    Container,
    /// Anywhere on a workshop's page but in text.
    Workshop,
}

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is explained by its word in the table")]
pub enum Action {
    Palette,
    Help,
    Filter,
    NextPane,
    Merged,
    OnlyLayer,
    SwitchSheet,
    Added,
    Removed,
    Modified,
    Unmodified,
    Attributes,
    Sort,
    Ghosts,
    Fold,
    FoldAll,
    UnfoldAll,
    Open,
    Close,
    Up,
    Down,
    PageUp,
    PageDown,
    First,
    Last,
    Waste,
    Terminal,
    Changes,
    Reads,
    Logs,
    Mount,
    Commit,
    Run,
    Build,
    Edit,
    Format,
    Output,
    Context,
    Settings,
    Stages,
    Builds,
}

/// A line of the table.
pub struct Binding {
    /// Where it holds.
    pub pane: Pane,
    /// The chords: `Ctrl+` and a key's name as browsers give it.
    pub chords: &'static [&'static str],
    /// What it does.
    pub action: Action,
    /// The same in words.
    pub word: Word,
}

const fn bind(pane: Pane, chords: &'static [&'static str], action: Action, word: Word) -> Binding {
    Binding { pane, chords, action, word }
}

/// Every key.
pub const BINDINGS: &[Binding] = &[
    bind(Pane::Page, &["Ctrl+k"], Action::Palette, Word::KeyPalette),
    bind(Pane::Page, &["?"], Action::Help, Word::KeyHelp),
    bind(Pane::Page, &["Ctrl+f", "/", "f"], Action::Filter, Word::KeyFilter),
    bind(Pane::Page, &["n"], Action::Run, Word::KeyRun),
    bind(Pane::Explorer, &["w"], Action::Waste, Word::KeyWaste),
    bind(Pane::Explorer, &["g"], Action::Ghosts, Word::KeyGhosts),
    bind(Pane::Stack, &["Tab"], Action::NextPane, Word::KeyNextPane),
    bind(Pane::Stack, &["ArrowUp", "k"], Action::Up, Word::KeyUp),
    bind(Pane::Stack, &["ArrowDown", "j"], Action::Down, Word::KeyDown),
    bind(Pane::Stack, &["Home"], Action::First, Word::KeyFirst),
    bind(Pane::Stack, &["End"], Action::Last, Word::KeyLast),
    bind(Pane::Stack, &[" ", "x"], Action::SwitchSheet, Word::KeySwitchSheet),
    bind(Pane::Stack, &["Ctrl+l", "l", "Enter"], Action::OnlyLayer, Word::KeyOnlyLayer),
    bind(Pane::Stack, &["Ctrl+a", "a", "Escape"], Action::Merged, Word::KeyMerged),
    bind(Pane::Tree, &["Tab"], Action::NextPane, Word::KeyNextPane),
    bind(Pane::Tree, &["ArrowUp", "k"], Action::Up, Word::KeyUp),
    bind(Pane::Tree, &["ArrowDown", "j"], Action::Down, Word::KeyDown),
    bind(Pane::Tree, &["ArrowRight"], Action::Open, Word::KeyOpen),
    bind(Pane::Tree, &["ArrowLeft"], Action::Close, Word::KeyClose),
    bind(Pane::Tree, &["PageUp"], Action::PageUp, Word::KeyPageUp),
    bind(Pane::Tree, &["PageDown"], Action::PageDown, Word::KeyPageDown),
    bind(Pane::Tree, &["Home"], Action::First, Word::KeyFirst),
    bind(Pane::Tree, &["End"], Action::Last, Word::KeyLast),
    bind(Pane::Tree, &[" ", "Enter"], Action::Fold, Word::KeyFold),
    bind(Pane::Tree, &["Ctrl+ ", "c"], Action::FoldAll, Word::KeyFoldAll),
    bind(Pane::Tree, &["e", "*"], Action::UnfoldAll, Word::KeyUnfoldAll),
    bind(Pane::Tree, &["Ctrl+a", "a"], Action::Added, Word::KeyAdded),
    bind(Pane::Tree, &["Ctrl+r", "r"], Action::Removed, Word::KeyRemoved),
    bind(Pane::Tree, &["Ctrl+m", "m"], Action::Modified, Word::KeyModified),
    bind(Pane::Tree, &["Ctrl+u", "u"], Action::Unmodified, Word::KeyUnmodified),
    bind(Pane::Tree, &["Ctrl+b", "b"], Action::Attributes, Word::KeyAttributes),
    bind(Pane::Tree, &["Ctrl+o", "o"], Action::Sort, Word::KeySort),
    bind(Pane::Tree, &["Ctrl+l", "l"], Action::OnlyLayer, Word::KeyOnlyLayer),
    bind(Pane::Container, &["t"], Action::Terminal, Word::KeyTerminal),
    bind(Pane::Container, &["c"], Action::Changes, Word::KeyChanges),
    bind(Pane::Container, &["r"], Action::Reads, Word::KeyReads),
    bind(Pane::Container, &["l"], Action::Logs, Word::KeyLogs),
    bind(Pane::Container, &["m"], Action::Mount, Word::KeyMount),
    bind(Pane::Container, &["s"], Action::Commit, Word::KeyCommit),
    bind(Pane::Workshop, &["Ctrl+Enter", "b"], Action::Build, Word::KeyBuild),
    bind(Pane::Workshop, &["e"], Action::Edit, Word::KeyEdit),
    bind(Pane::Workshop, &["i"], Action::Format, Word::KeyFormat),
    bind(Pane::Workshop, &["o"], Action::Output, Word::KeyOutput),
    bind(Pane::Workshop, &["c"], Action::Context, Word::KeyContext),
    bind(Pane::Workshop, &["s"], Action::Settings, Word::KeySettings),
    bind(Pane::Workshop, &["g"], Action::Stages, Word::KeyStages),
    bind(Pane::Workshop, &["h"], Action::Builds, Word::KeyBuilds),
];

/// What `key` does in `pane`, with Ctrl (or ⌘) or without; panes take what holds everywhere too.
pub fn action(pane: Pane, key: &str, ctrl: bool) -> Option<Action> {
    let holds = |binding: &&Binding| {
        binding.chords.iter().any(|chord| match chord.strip_prefix("Ctrl+") {
            Some(name) => ctrl && name.eq_ignore_ascii_case(key),
            None => !ctrl && *chord == key,
        })
    };
    let wider: &[Pane] = match pane {
        Pane::Page => &[Pane::Page],
        Pane::Explorer => &[Pane::Explorer, Pane::Page],
        Pane::Stack => &[Pane::Stack],
        Pane::Tree => &[Pane::Tree],
        Pane::Container => &[Pane::Container, Pane::Page],
        Pane::Workshop => &[Pane::Workshop, Pane::Page],
    };
    wider.iter().find_map(|pane| BINDINGS.iter().filter(|b| b.pane == *pane).find(holds)).map(|b| b.action)
}

/// A chord as a keyboard shows it.
pub fn show(chord: &str) -> String {
    let (ctrl, key) = chord.strip_prefix("Ctrl+").map_or((false, chord), |key| (true, key));
    let key = match key {
        " " => "Space".to_owned(),
        "ArrowUp" => "↑".to_owned(),
        "ArrowDown" => "↓".to_owned(),
        "ArrowLeft" => "←".to_owned(),
        "ArrowRight" => "→".to_owned(),
        "PageUp" => "PgUp".to_owned(),
        "PageDown" => "PgDn".to_owned(),
        "Escape" => "Esc".to_owned(),
        "Enter" => "Enter".to_owned(),
        letter if ctrl => letter.to_uppercase(),
        other => other.to_owned(),
    };
    if ctrl { format!("Ctrl {key}") } else { key }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_chord_means_two_things() {
        for (at, one) in BINDINGS.iter().enumerate() {
            for other in BINDINGS[at + 1..].iter().filter(|other| other.pane == one.pane) {
                assert!(one.chords.iter().all(|chord| !other.chords.contains(chord)), "{:?}", other.action);
            }
        }
    }

    #[test]
    fn every_chord_with_ctrl_has_a_plain_alias() {
        for binding in BINDINGS.iter().filter(|b| b.chords[0].starts_with("Ctrl+") && b.pane != Pane::Page) {
            assert!(binding.chords.iter().any(|c| !c.starts_with("Ctrl+")), "{:?}", binding.action);
        }
    }

    #[test]
    fn the_same_letter_depends_on_the_pane() {
        assert_eq!(action(Pane::Stack, "a", false), Some(Action::Merged));
        assert_eq!(action(Pane::Tree, "A", true), Some(Action::Added));
        assert_eq!(action(Pane::Tree, "a", false), Some(Action::Added));
        assert_eq!(action(Pane::Page, "a", false), None);
        assert_eq!(action(Pane::Explorer, "?", false), Some(Action::Help));
        assert_eq!(action(Pane::Tree, "k", true), None);
    }
}
