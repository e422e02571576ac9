//! Archives that are dropped on the page or chosen, sent one after the other, and the images that come out of them.

mod send;

use leptos::{html, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{DragEvent, File, FileList, HtmlInputElement, XmlHttpRequest};

use super::shelf::Shelf;
use crate::{
    address::{Place, View},
    figures::Size as Figure,
    loading::{Loading, Phase},
    names,
    page::{marks::Size, tongue::use_tongue},
    words::Word,
};

/// What is being loaded; a copyable handle that outlives the page at `/`.
#[derive(Clone, Copy)]
pub struct Loads {
    shelf: Shelf,
    list: RwSignal<Vec<Loading>>,
    files: StoredValue<Vec<File>, LocalStorage>,
    /// The request of the one that is sent now.
    request: StoredValue<Option<XmlHttpRequest>, LocalStorage>,
}

impl Loads {
    /// Nothing yet.
    pub fn start(shelf: Shelf) {
        provide_context(Self {
            shelf,
            list: RwSignal::default(),
            files: StoredValue::new_local(Vec::new()),
            request: StoredValue::new_local(None),
        });
    }

    /// Takes what was dropped or chosen; returns whether there was a file.
    fn take(self, files: Option<FileList>) -> bool {
        let Some(files) = files.filter(|files| files.length() > 0) else { return false };
        if self.list.with_untracked(|list| list.iter().all(Loading::has_ended)) {
            self.clear();
        }
        for file in (0..files.length()).filter_map(|at| files.item(at)) {
            // Browsers show a folder as an empty file, or as one that can't be read.
            let mut loading = Loading::of(&file.name(), file.size() as u64);
            if loading.size == 0 {
                loading.phase = Phase::Failed(send::FOLDER.to_owned());
            }
            self.list.update(|list| list.push(loading));
            self.files.update_value(|all| all.push(file));
        }
        self.next();
        true
    }

    fn clear(self) {
        self.list.set(Vec::new());
        self.files.set_value(Vec::new());
    }

    /// Stops the one that is sent, or keeps one that waits from being sent.
    fn cancel(self, at: usize) {
        let waits =
            self.list.with_untracked(|list| list.get(at).is_some_and(|one| one.phase == Phase::Waiting));
        self.edit(at, |one| {
            if !one.has_ended() {
                one.phase = Phase::Cancelled;
            }
        });
        if !waits {
            // Tells the one that waits for it, which goes on with the next.
            self.request.with_value(|request| request.as_ref().map(XmlHttpRequest::abort));
        }
    }

    fn edit(self, at: usize, how: impl FnOnce(&mut Loading)) {
        self.list.update(|list| {
            if let Some(one) = list.get_mut(at) {
                how(one);
            }
        });
    }
}

/// What is being loaded.
pub fn use_loads() -> Loads {
    expect_context()
}

/// The button that chooses files, and how else they come.
#[component]
pub fn LoadButton() -> impl IntoView {
    let (tongue, loads) = (use_tongue(), use_loads());
    let input = NodeRef::<html::Input>::new();
    let chosen = move |event: leptos::ev::Event| {
        let Some(input) = event.target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok()) else {
            return;
        };
        loads.take(input.files());
        // The same file may be chosen again.
        input.set_value("");
    };
    view! {
        <input node_ref=input id="load-file" type="file" multiple class="unseen" tabindex="-1" data-testid="load-file" aria-hidden="true" on:change=chosen/>
        <button type="button" class="button" data-testid="load" on:click=move |_| if let Some(input) = input.get() { input.click() }>{tongue.say(Word::LoadTar)}</button>
        <span class="faint load-how">{tongue.say(Word::LoadDrop)}</span>
    }
}

/// Handlers of a place where files can be dropped.
pub fn drop_handlers(
    loads: Loads,
    over: RwSignal<bool>,
) -> (impl Fn(DragEvent) + Clone, impl Fn(DragEvent) + Clone) {
    let has_files = |event: &DragEvent| {
        let kinds = event.data_transfer().map(|carried| carried.types());
        kinds.is_some_and(|kinds| kinds.includes(&"Files".into(), 0))
    };
    let hover = move |event: DragEvent| {
        if has_files(&event) {
            event.prevent_default();
            over.set(true);
        }
    };
    let dropped = move |event: DragEvent| {
        over.set(false);
        if has_files(&event) {
            event.prevent_default();
            loads.take(event.data_transfer().and_then(|carried| carried.files()));
        }
    };
    (hover, dropped)
}

/// The archives, as far as each is.
#[component]
pub fn LoadList() -> impl IntoView {
    let (tongue, loads) = (use_tongue(), use_loads());
    let count = Memo::new(move |_| loads.list.with(Vec::len));
    let ended = Memo::new(move |_| loads.list.with(|list| list.iter().all(Loading::has_ended)));
    move || {
        (count.get() > 0).then(|| view! {
            <section class="progress loads" data-testid="loads" aria-label=tongue.say(Word::LoadTar)>
                <ul>{(0..count.get()).map(|at| view! { <One at/> }).collect_view()}</ul>
                {move || ended.get().then(|| view! {
                    <p class="loads-end"><button type="button" class="quiet" data-testid="loads-close" on:click=move |_| loads.clear()>{tongue.say(Word::Close)}</button></p>
                })}
            </section>
        })
    }
}

#[component]
fn One(at: usize) -> impl IntoView {
    let (tongue, loads) = (use_tongue(), use_loads());
    let one = Memo::new(move |_| loads.list.with(|list| list.get(at).cloned().unwrap_or_default()));
    let phase = Memo::new(move |_| one.with(|one| one.phase.clone()));
    // Known apart, so that the button isn't made anew under the pointer with each figure.
    let ended = Memo::new(move |_| one.with(Loading::has_ended));
    let file = Memo::new(move |_| one.with(|one| names::text(&one.file).into_owned()));
    let says = move || {
        let lang = tongue.lang();
        let word = match phase.get() {
            Phase::Waiting => Word::LoadWaits,
            Phase::Sending => Word::LoadSending,
            Phase::Reading => Word::LoadReading,
            Phase::Done if one.with(|one| one.images.is_empty()) => Word::LoadNothing,
            Phase::Done => Word::LoadDone,
            Phase::Cancelled => Word::LoadCancelled,
            Phase::Failed(why) => {
                let why = match why.as_str() {
                    "" => Word::LoadCut.text(lang).to_owned(),
                    send::FOLDER => Word::LoadFolder.text(lang).to_owned(),
                    why => names::text(why).into_owned(),
                };
                return Word::LoadFailed.with(lang, &[&why]);
            }
        };
        word.text(lang).to_owned()
    };
    let class = move || match phase.get() {
        Phase::Done => "right",
        Phase::Failed(_) => "wrong",
        _ => "faint",
    };
    let role = move || if class() == "wrong" { "alert" } else { "status" };
    let link = |name: String| {
        let to = Place::Image(Box::new(View::of(&name))).print();
        view! { <a href=to data-testid="loaded">{names::middle(&names::text(&name), 60).into_owned()}</a> }
    };
    view! {
        <li class="load-row" data-testid="loading" data-phase=move || phase.with(|phase| format!("{phase:?}").split('(').next().unwrap_or_default().to_lowercase())>
            <code class="load-file" title=file>{move || file.with(|file| names::middle(file, 48).into_owned())}</code>
            <span class="bar" role="progressbar" aria-valuemin="0" aria-valuemax="100" aria-label=file
                aria-valuenow=move || format!("{:.0}", one.with(Loading::share) * 100.0)><i style=move || format!("width:{:.1}%", one.with(Loading::share) * 100.0)></i></span>
            <span class="amount">{move || one.with(|one| view! { <Size bytes=one.size/> })}</span>
            <span class=class role=role data-testid="load-state">{says}</span>
            {move || (phase.get() == Phase::Sending).then(|| view! { <span class="faint">{move || one.with(|one| Figure::of(one.sent).to_string())}</span> })}
            <span class="loaded">{move || one.with(|one| one.images.iter().cloned().map(link).collect_view())}</span>
            {move || (!ended.get()).then(|| view! {
                <button type="button" class="button" data-testid="load-cancel" on:click=move |_| loads.cancel(at)>{tongue.say(Word::Cancel)}</button>
            })}
        </li>
    }
}
