//! The frame around every page.

use leptos::{ev, prelude::*};

#[cfg(feature = "whole")]
use super::registry::RegistryPage;
#[cfg(feature = "whole")]
use super::sharing::SharingPage;
#[cfg(feature = "whole")]
use super::theatre::TheatrePage;
#[cfg(feature = "whole")]
use super::workshop::{WorkshopPage, WorkshopsPage};
use super::{
    api::Client,
    bar::{Bar, use_bar},
    container::ContainerPage,
    containers::{ContainersPage, Run, Yard},
    dialogs::{Dialogs, Keys, Palette, use_dialogs},
    dom,
    explorer::Explore,
    images::{ImagesPage, Push, Shelf},
    logins::{Login, Logins},
    pulse::Pulse,
    theme::{Paint, use_paint},
    tongue::{Tongue, use_tongue},
};
use crate::{
    address::{ContainerTab, Marks, Place, Registry, View},
    keymap::{Action, Pane, action},
    words::{Lang, Word},
};

/// The whole page.
#[component]
pub fn App() -> impl IntoView {
    let tongue = Tongue::start();
    let client = Client::start();
    let bar = Bar::start();
    Paint::start();
    Pulse::start(client);
    Shelf::start(client);
    Yard::start(client);
    Logins::start(client);
    let dialogs = Dialogs::start();
    let keys = window_event_listener(ev::keydown, move |event| on_key(&event, bar, dialogs));
    on_cleanup(move || keys.remove());
    Effect::new(move |_| document().set_title(&title(&bar.place(), tongue.lang())));
    view! {
        <a class="skip" href="#content">{tongue.say(Word::SkipToContent)}</a>
        <TopBar/>
        <main id="content" tabindex="-1">
            <Show when=move || !client.has_lost_session() fallback=NoSession>
                <Body/>
            </Show>
        </main>
        <Palette/>
        <Keys/>
        <Run/>
        <Push/>
        <Login/>
    }
}

fn title(place: &Place, lang: Lang) -> String {
    match place {
        Place::Containers { .. } => format!("{} · Strata", Word::Containers.text(lang)),
        Place::Registry(place) => {
            let parts = [place.host.as_deref(), place.repository.as_deref(), place.tag.as_deref()];
            let name = parts.into_iter().flatten().last().unwrap_or(Word::Registry.text(lang));
            format!("{} · Strata", crate::names::text(name))
        }
        Place::Theatre { .. } => format!("{} · Strata", Word::RegistryRequests.text(lang)),
        Place::Sharing { .. } => format!("{} · Strata", Word::Sharing.text(lang)),
        Place::Workshops { .. } | Place::Workshop(_) => format!("{} · Strata", Word::Workshop.text(lang)),
        Place::Container(view) => format!("{} · Strata", crate::names::text(&view.name)),
        Place::Image(view) => format!("{} · Strata", crate::names::text(&view.reference)),
        _ => "Strata".to_owned(),
    }
}

fn on_key(event: &ev::KeyboardEvent, bar: Bar, dialogs: Dialogs) {
    let ctrl = event.ctrl_key() || event.meta_key();
    if event.default_prevented() || event.alt_key() || dom::is_typing(event) && !ctrl {
        return;
    }
    let pane = match bar.here() {
        Place::Image(_) => Pane::Explorer,
        Place::Container(_) => Pane::Container,
        _ => Pane::Page,
    };
    let Some(action) = action(pane, &event.key(), ctrl) else { return };
    // Where nothing is filtered, the browser's own search has the key.
    if action == Action::Filter && dom::by_id("filter").is_none() {
        return;
    }
    event.prevent_default();
    match action {
        Action::Palette => dialogs.open_palette(),
        Action::Help => dialogs.open_keys(),
        Action::Filter => dom::focus("filter"),
        Action::Run => dialogs.open_run(match bar.here() {
            Place::Image(ref view) => &view.reference,
            _ => "",
        }),
        Action::Terminal => dom::focus("terminal"),
        Action::Changes => bar.tab(ContainerTab::Changes),
        Action::Reads => bar.tab(ContainerTab::Reads),
        Action::Logs => bar.tab(ContainerTab::Logs),
        Action::Mount => bar.tab(ContainerTab::Mount),
        Action::Commit => bar.tab(ContainerTab::Commit),
        Action::Waste => bar.change(|view| view.waste = !view.waste),
        Action::Ghosts => bar.change(|view| {
            view.no_ghosts = !view.no_ghosts;
            view.hide = view.hide.map(|hide| Marks { deleted: false, ..hide });
        }),
        _ => {}
    }
}

#[component]
fn Body() -> impl IntoView {
    let bar = use_bar();
    // The explorer is made anew for another image only: within one, its parts follow the address by themselves.
    let page = Memo::new(move |_| match bar.place() {
        Place::Images { .. } => Page::Images,
        #[cfg(not(feature = "whole"))]
        Place::Image(view) if view.surgery || view.remote => Page::Elsewhere,
        Place::Image(view) => Page::Image(Box::new(view.image())),
        Place::Sharing { .. } => Page::Sharing,
        Place::Registry(_) => Page::Registry,
        Place::Theatre { .. } => Page::Theatre,
        Place::Containers { .. } => Page::Containers,
        Place::Container(view) => Page::Container(view.name, view.beside),
        Place::Workshops { .. } => Page::Workshops,
        Place::Workshop(view) => Page::Workshop(view.id),
        Place::Nowhere(path) => Page::Nowhere(path),
    });
    move || match page.get() {
        Page::Images => view! { <ImagesPage/> }.into_any(),
        Page::Image(image) => view! { <Explore image=*image/> }.into_any(),
        Page::Containers => view! { <ContainersPage/> }.into_any(),
        Page::Container(name, beside) => view! { <ContainerPage name beside/> }.into_any(),
        #[cfg(feature = "whole")]
        Page::Registry => view! { <RegistryPage/> }.into_any(),
        #[cfg(feature = "whole")]
        Page::Theatre => view! { <TheatrePage/> }.into_any(),
        #[cfg(feature = "whole")]
        Page::Sharing => view! { <SharingPage/> }.into_any(),
        #[cfg(feature = "whole")]
        Page::Workshops => view! { <WorkshopsPage/> }.into_any(),
        #[cfg(feature = "whole")]
        Page::Workshop(id) => view! { <WorkshopPage id/> }.into_any(),
        #[cfg(not(feature = "whole"))]
        Page::Elsewhere
        | Page::Registry
        | Page::Theatre
        | Page::Sharing
        | Page::Workshops
        | Page::Workshop(_) => elsewhere().into_any(),
        Page::Nowhere(path) => view! { <Nowhere path/> }.into_any(),
    }
}

/// The address is that of a page which is not in this program: the server answers it with the one that has it.
#[cfg(not(feature = "whole"))]
fn elsewhere() -> impl IntoView {
    // A browser that refuses to reload shows an empty page, and its own button.
    let _ = window().location().reload();
}

#[derive(Clone, PartialEq)]
enum Page {
    Images,
    Image(Box<View>),
    Registry,
    Theatre,
    Sharing,
    Containers,
    Container(String, Option<String>),
    Workshops,
    Workshop(String),
    Nowhere(String),
    #[cfg(not(feature = "whole"))]
    Elsewhere,
}

#[component]
fn TopBar() -> impl IntoView {
    let (tongue, paint, dialogs, bar) = (use_tongue(), use_paint(), use_dialogs(), use_bar());
    let images = move || match bar.place() {
        Place::Images { .. } => Some("page"),
        Place::Sharing { .. } => Some("true"),
        Place::Image(view) if !view.remote => Some("true"),
        _ => None,
    };
    let containers = move || match bar.place() {
        Place::Containers { .. } => Some("page"),
        Place::Container(_) => Some("true"),
        _ => None,
    };
    let workshops = move || match bar.place() {
        Place::Workshops { .. } => Some("page"),
        Place::Workshop(_) => Some("true"),
        _ => None,
    };
    let registries = move || match bar.place() {
        Place::Registry(place) if *place == Registry::default() => Some("page"),
        Place::Registry(_) | Place::Theatre { .. } => Some("true"),
        Place::Image(view) if view.remote => Some("true"),
        _ => None,
    };
    let theme = move || {
        let theme = paint.get();
        format!("{}: {}", Word::Theme.text(tongue.lang()), theme.word().text(tongue.lang()))
    };
    // Where the names of all pages don't fit, the one that is open is in sight.
    let nav = NodeRef::<leptos::html::Nav>::new();
    Effect::new(move |_| {
        bar.place();
        tongue.lang();
        request_animation_frame(move || {
            let Some(nav) = nav.try_get_untracked().flatten() else { return };
            if let Ok(Some(open)) = nav.query_selector("[aria-current]") {
                let by = open.get_bounding_client_rect().right() - nav.get_bounding_client_rect().right();
                if by > 0.0 {
                    nav.set_scroll_left(nav.scroll_left() + by as i32 + 1);
                }
            }
        });
    });
    view! {
        <header class="top">
            <a class="brand" href="/" data-testid="brand">
                <span class="logo" aria-hidden="true"><i></i><i></i><i></i></span>"Strata"
            </a>
            <nav node_ref=nav aria-label=tongue.say(Word::MainNavigation)>
                <a href="/" aria-current=images data-testid="nav-images">{tongue.say(Word::Images)}</a>
                <a href="/containers" aria-current=containers data-testid="nav-containers">{tongue.say(Word::Containers)}</a>
                <a href="/workshop" aria-current=workshops data-testid="nav-workshop">{tongue.say(Word::Workshop)}</a>
                <a href="/registry" aria-current=registries data-testid="nav-registry">{tongue.say(Word::Registry)}</a>
            </nav>
            <span class="spring"></span>
            <button type="button" class="seek" data-testid="open-palette" on:click=move |_| dialogs.open_palette()>
                <span>{tongue.say(Word::Search)}</span><kbd>"Ctrl K"</kbd>
            </button>
            <button type="button" class="quiet" data-testid="language" on:click=move |_| tongue.switch()
                aria-label=tongue.say(Word::Language)>
                <span class="language" aria-hidden="true"></span>
            </button>
            <button type="button" class="quiet" data-testid="theme" on:click=move |_| paint.next() aria-label=theme title=theme>
                <span aria-hidden="true">{move || paint.get().sign()}</span>
            </button>
            <button type="button" class="quiet keys-button" data-testid="open-keys" on:click=move |_| dialogs.open_keys()
                aria-label=tongue.say(Word::Keys) title=tongue.say(Word::Keys)>"?"</button>
        </header>
    }
}

#[component]
fn Nowhere(path: String) -> impl IntoView {
    let tongue = use_tongue();
    let path = crate::names::text(&path).into_owned();
    view! {
        <section class="notice" data-testid="nowhere">
            <h1>{tongue.with(Word::Nowhere, [path])}</h1>
            <a class="button main" href="/">{tongue.say(Word::ToImages)}</a>
        </section>
    }
}

#[component]
fn NoSession() -> impl IntoView {
    let tongue = use_tongue();
    let again = move |_| {
        // Nothing to do about a browser that refuses to reload.
        let _ = window().location().reload();
    };
    view! {
        <section class="notice" role="alert" data-testid="no-session">
            <h1>{tongue.say(Word::NoSession)}</h1>
            <p>{tongue.say(Word::NoSessionHow)}</p>
            <button type="button" class="button main" on:click=again>{tongue.say(Word::TryAgain)}</button>
        </section>
    }
}
