//! The command palette: images, containers and actions by a few letters.

use leptos::{ev, html, prelude::*};

use super::{Dialogs, follow, use_dialogs};
use crate::{
    address::{Container, Place, View},
    names,
    page::{
        bar::{Bar, use_bar},
        containers::use_yard,
        dom,
        images::use_shelf,
        theme::{Paint, use_paint},
        tongue::{Tongue, use_tongue},
    },
    palette::find,
    shelf,
    words::{Lang, Word},
};

/// As many as fit without scrolling on most screens.
const SHOWN: usize = 12;

/// Something that the palette can do.
#[derive(Clone, PartialEq)]
enum Deed {
    Open(String),
    Container(String),
    Images,
    Containers,
    Workshops,
    Run,
    Pull,
    Search(String),
    Logins,
    Sharing,
    Registry,
    Theatre,
    Ghosts,
    Waste,
    Merged,
    Language,
    Theme,
    Keys,
}

#[derive(Clone, PartialEq)]
struct Item {
    deed: Deed,
    label: String,
    hint: &'static str,
}

/// The dialog, open or not.
#[component]
pub fn Palette() -> impl IntoView {
    let (tongue, bar, paint, dialogs, shelf) =
        (use_tongue(), use_bar(), use_paint(), use_dialogs(), use_shelf());
    let yard = use_yard();
    let open = dialogs.palette;
    let dialog = NodeRef::<html::Dialog>::new();
    follow(dialog, open);
    let query = RwSignal::new(String::new());
    let at = RwSignal::new(0usize);
    let items = Memo::new(move |_| {
        let lang = tongue.lang();
        let cards = shelf.cards();
        let images = shelf::rows(&cards, "").into_iter().map(|row| row.handle());
        let open =
            |name: String| item(Deed::Open(name.clone()), names::text(&name).into(), Word::OpenImage, lang);
        let mut items: Vec<Item> = images.map(open).collect();
        items.extend(yard.list().iter().map(|one| {
            let label = names::text(one.name()).into_owned();
            item(Deed::Container(one.name().to_owned()), label, Word::KeysContainer, lang)
        }));
        items.extend(actions(matches!(bar.place(), Place::Image(_)), lang));
        items
    });
    let found = Memo::new(move |_| {
        items.with(|items| {
            query.with(|query| {
                let found = find(query, items, |item| &item.label);
                let mut found: Vec<Item> = found.into_iter().take(SHOWN).cloned().collect();
                // Whatever is typed can be looked for elsewhere too; it comes last, and alone when nothing is here.
                let word = query.trim();
                if !word.is_empty() && !word.contains(' ') {
                    let label = Word::SearchFor.with(tongue.lang(), &[&names::text(word)]);
                    found.push(Item { deed: Deed::Search(word.to_owned()), label, hint: "" });
                }
                found
            })
        })
    });
    Effect::new(move |_| {
        if open.get() {
            query.set(String::new());
            at.set(0);
        }
    });
    let run = move |item: Item| {
        open.set(false);
        if let Deed::Search(word) = &item.deed {
            shelf.typed().set(word.clone());
            shelf.search(word);
        }
        act(item.deed, bar, tongue, paint, dialogs);
    };
    let on_key = move |event: ev::KeyboardEvent| {
        let last = found.with(Vec::len).saturating_sub(1);
        match event.key().as_str() {
            "ArrowDown" => at.update(|at| *at = if *at >= last { 0 } else { *at + 1 }),
            "ArrowUp" => at.update(|at| *at = at.checked_sub(1).unwrap_or(last)),
            "Enter" => {
                if let Some(item) = found.with(|found| found.get(at.get_untracked()).cloned()) {
                    run(item);
                }
            }
            _ => return,
        }
        event.prevent_default();
    };
    let row = move |(position, item): (usize, Item)| {
        let label = item.label.clone();
        let hint = item.hint;
        view! {
            <li id=format!("palette-{position}") role="option" data-testid="palette-item" aria-selected=move || (at.get() == position).to_string()
                on:mousemove=move |_| at.set(position) on:click=move |_| run(item.clone())>
                <span>{label}</span><span class="faint">{hint}</span>
            </li>
        }
    };
    view! {
        <dialog class="palette" node_ref=dialog data-testid="palette" aria-label=tongue.say(Word::KeyPalette)
            on:close=move |_| open.set(false) on:click=move |event| if dom::is_outside(&event) {
                open.set(false)
            }>
            <input type="text" class="palette-input" autofocus role="combobox" aria-expanded="true" aria-controls="palette-list"
                autocomplete="off" spellcheck="false" data-testid="palette-input"
                aria-label=tongue.say(Word::Search) placeholder=tongue.say(Word::Search)
                aria-activedescendant=move || format!("palette-{}", at.get())
                prop:value=query on:input:target=move |event| { query.set(event.target().value()); at.set(0); } on:keydown=on_key/>
            <ul id="palette-list" role="listbox" aria-label=tongue.say(Word::KeyPalette)>
                {move || found.get().into_iter().enumerate().map(row).collect_view()}
            </ul>
            <p class="faint none">{move || {
                let none = found.with(Vec::is_empty);
                none.then(|| Word::NoMatch.with(tongue.lang(), &[&names::text(&query.get())]))
            }}</p>
        </dialog>
    }
}

fn item(deed: Deed, label: String, hint: Word, lang: Lang) -> Item {
    Item { deed, label, hint: hint.text(lang) }
}

fn actions(in_explorer: bool, lang: Lang) -> Vec<Item> {
    let plain = |deed, word: Word| Item { deed, label: word.text(lang).to_owned(), hint: "" };
    let mut all = vec![
        plain(Deed::Images, Word::ImagesHere),
        plain(Deed::Containers, Word::ContainersHere),
        plain(Deed::Workshops, Word::WorkshopsHere),
        plain(Deed::Run, Word::RunContainer),
        plain(Deed::Pull, Word::PullAn),
        plain(Deed::Sharing, Word::Sharing),
        plain(Deed::Registry, Word::Registry),
        plain(Deed::Theatre, Word::RegistryRequests),
        plain(Deed::Logins, Word::Logins),
    ];
    if in_explorer {
        all.extend([
            plain(Deed::Merged, Word::KeyMerged),
            plain(Deed::Ghosts, Word::KeyGhosts),
            plain(Deed::Waste, Word::WastePanel),
        ]);
    }
    all.extend([
        plain(Deed::Theme, Word::Theme),
        Item { deed: Deed::Language, label: "中文 / English".into(), hint: Word::Language.text(lang) },
        plain(Deed::Keys, Word::Keys),
    ]);
    all
}

fn act(deed: Deed, bar: Bar, tongue: Tongue, paint: Paint, dialogs: Dialogs) {
    match deed {
        Deed::Open(name) => bar.go(Place::Image(Box::new(View::of(&name)))),
        Deed::Container(name) => bar.go(Place::Container(Box::new(Container::of(&name)))),
        Deed::Containers => bar.go(Place::Containers { filter: String::new() }),
        Deed::Workshops => bar.go(Place::Workshops { filter: String::new() }),
        Deed::Run => dialogs.open_run(""),
        Deed::Images => bar.go(Place::Images { filter: String::new() }),
        Deed::Registry => bar.go(Place::Registry(Box::default())),
        Deed::Theatre => bar.go(Place::Theatre { id: None }),
        Deed::Sharing => bar.go(Place::Sharing { image: String::new() }),
        Deed::Logins => dialogs.login.set(Some(String::new())),
        Deed::Pull | Deed::Search(_) => {
            bar.go(Place::Images { filter: String::new() });
            request_animation_frame(|| dom::focus("pull-reference"));
        }
        Deed::Ghosts => bar.change(|view| view.no_ghosts = !view.no_ghosts),
        Deed::Waste => bar.change(|view| view.waste = !view.waste),
        Deed::Merged => bar.change(|view| {
            view.merged = true;
            view.upto = None;
            view.off.clear();
        }),
        Deed::Language => tongue.switch(),
        Deed::Theme => paint.next(),
        Deed::Keys => dialogs.open_keys(),
    }
}
