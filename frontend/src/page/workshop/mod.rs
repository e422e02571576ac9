//! The workshop: a Dockerfile with its context, what building it would do, and building it.

mod building;
mod builds;
mod context;
mod did_tree;
mod drawer;
mod editor;
mod giving;
mod head;
mod list;
mod module;
mod saving;
mod settings;
mod shared;
mod sharing;
mod stages;
mod state;
mod travel;

use leptos::{ev, prelude::*};
use strata_api::workshop::{CreateWorkshop, Origin, Workshop};
use wasm_bindgen::JsCast;
use web_sys::Element;

use super::{
    api::{Client, Failure},
    bar::use_bar,
    tongue::use_tongue,
};
use crate::{
    address::{self, Panel, Place},
    names,
    words::{Craft, Lang},
};
use builds::BuildsPanel;
use context::ContextPanel;
use drawer::Drawer;
use editor::{Desk, EditorPane};
use head::{EditorHead, Head};
pub use list::WorkshopsPage;
use settings::SettingsPanel;
use stages::StagesPanel;
use state::{Bench, use_bench};

/// Makes a workshop.
pub async fn create(client: Client, name: &str, origin: Origin) -> Result<Workshop, Failure> {
    client.post("/api/workshops", Some(&CreateWorkshop { name: name.to_owned(), origin })).await
}

/// The page at `/workshop/ID`.
#[component]
pub fn WorkshopPage(id: String) -> impl IntoView {
    let desk = Desk::start();
    let bench = Bench::start(&id);
    // Whatever has a layer's stripe names it in `data-layer`; one listener lights all of them.
    let light = move |event: ev::PointerEvent| {
        let element = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let mark = element.as_ref().and_then(|element| element.closest("[data-layer]").ok().flatten());
        // The editor tells its own lines by itself.
        if mark.is_none()
            && element
                .is_some_and(|element| element.closest(".cm-stripes").is_ok_and(|found| found.is_some()))
        {
            return;
        }
        let layer = mark.and_then(|mark| mark.get_attribute("data-layer")?.parse().ok());
        if bench.lit.get_untracked() != layer {
            bench.lit.set(layer);
        }
    };
    let keys = window_event_listener(ev::keydown, move |event| on_key(&event, bench, desk));
    on_cleanup(move || keys.remove());
    let failed = Memo::new(move |_| bench.failure.get());
    view! {
        <div class="workshop-page" on:pointerover=light data-testid="workshop-page">
            {move || match failed.get() {
                Some(failure) => view! { <Failed failure/> }.into_any(),
                None => view! {
                    <Head/>
                    <div class="workbench">
                        <section class="pane editor-pane" aria-label=move || names::bytes(&bench.dockerfile())>
                            <EditorHead/>
                            <EditorPane/>
                        </section>
                        <Side/>
                        <Drawer/>
                    </div>
                }.into_any(),
            }}
        </div>
    }
}

/// The keys of the page: single letters outside of text, Ctrl Enter anywhere.
fn on_key(event: &ev::KeyboardEvent, bench: Bench, desk: Desk) {
    use crate::{
        keymap::{Action, Pane, action},
        page::dom,
    };
    let ctrl = event.ctrl_key() || event.meta_key();
    if event.default_prevented() || event.alt_key() || dom::is_typing(event) && !ctrl {
        return;
    }
    let panel = |panel| bench.turn(move |view| view.panel = panel);
    match action(Pane::Workshop, &event.key(), ctrl) {
        Some(Action::Build) => bench.run_build(),
        Some(Action::Edit) => desk.focus(),
        Some(Action::Format) => bench.format(),
        Some(Action::Output) => dom::focus("build"),
        Some(Action::Context) => panel(Panel::Context),
        Some(Action::Settings) => panel(Panel::Settings),
        Some(Action::Stages) => panel(Panel::Stages),
        Some(Action::Builds) => panel(Panel::Builds),
        _ => return,
    }
    event.prevent_default();
}

/// The panels beside the editor.
#[component]
fn Side() -> impl IntoView {
    let (tongue, bench) = (use_tongue(), use_bench());
    let panel = Memo::new(move |_| bench.view.with(|view| view.panel));
    let word = |panel: Panel| match panel {
        Panel::Context => Craft::ContextFiles,
        Panel::Settings => Craft::Settings,
        Panel::Stages => Craft::Stages,
        Panel::Builds => Craft::Builds,
    };
    view! {
        <section class="pane side-pane">
            <header class="pane-head tabs" role="tablist">
                {Panel::ALL.map(|one| {
                    let testid = format!("panel-{}", one.name());
                    view! {
                        <button type="button" role="tab" class="quiet" data-testid=testid aria-selected=move || (panel.get() == one).to_string()
                            on:click=move |_| bench.turn(move |view| { view.panel = one; view.build = None; view.step = None; })>{tongue.say(word(one))}</button>
                    }
                })}
            </header>
            <div class="side-body" role="tabpanel">
                {move || match panel.get() {
                    Panel::Context => view! { <ContextPanel/> }.into_any(),
                    Panel::Settings => view! { <SettingsPanel/> }.into_any(),
                    Panel::Stages => view! { <StagesPanel/> }.into_any(),
                    Panel::Builds => view! { <BuildsPanel/> }.into_any(),
                }}
            </div>
        </section>
    }
}

impl Bench {
    /// The page's language, not tracked.
    pub fn lang(self) -> Lang {
        self.tongue.lang_untracked()
    }

    /// Changes what is shown; "back" undoes it.
    pub fn turn(self, how: impl FnOnce(&mut address::Workshop)) {
        if let Place::Workshop(mut view) = self.bar.here() {
            how(&mut view);
            self.bar.go(Place::Workshop(view));
        }
    }

    /// The address of this page with something else shown, tracked.
    pub fn address(self, how: impl FnOnce(&mut address::Workshop)) -> String {
        let mut view = self.view.get();
        view.panel = Panel::Builds;
        how(&mut view);
        Place::Workshop(Box::new(view)).print()
    }

    /// Opens a file in the editor; `None` for the Dockerfile.
    pub fn show_file(self, file: Option<Vec<u8>>) {
        let file = file.filter(|file| *file != self.dockerfile_now());
        if self.view.with_untracked(|view| view.file != file) {
            self.turn(|view| view.file = file);
        }
    }

    /// Formats the Dockerfile.
    pub fn format(self) {
        let text = self.text.get_untracked();
        let formatted = crate::workshop::problems::formatted(&text);
        if formatted != text {
            self.desk.replace(&formatted);
        }
    }
}

#[component]
fn Failed(failure: Failure) -> impl IntoView {
    let tongue = use_tongue();
    let id = match use_bar().here() {
        Place::Workshop(view) => names::text(&view.id).into_owned(),
        _ => String::new(),
    };
    let missing = matches!(failure, Failure::Refused { status: 404, .. });
    view! {
        <section class="notice" role="alert" data-testid="workshop-failed">
            {if missing {
                view! { <h1>{tongue.with(Craft::WorkshopGone, [id])}</h1> }.into_any()
            } else {
                view! { <h1 class="wrong">{move || failure.say(tongue.lang())}</h1> }.into_any()
            }}
            <a class="button main" href="/workshop">{tongue.say(Craft::WorkshopTo)}</a>
        </section>
    }
}
