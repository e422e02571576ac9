//! The workshops on this server, and ways to begin one.

use js_sys::Promise;
use leptos::{prelude::*, task::spawn_local};
use strata_api::{
    path,
    workshop::{BuildCard, BuildState, GitSource, InBoth, Origin, Template, Workshop, WorkshopCard},
};

use super::{builds::state_mark, create, giving, module, shared::Shared};
use crate::{
    address::{self, Place},
    figures::grouped,
    moments, names,
    page::{
        api::{Client, Failure, use_client},
        bar::{Bar, use_bar},
        dom,
        marks::{Size, Wrong},
        tongue::{Tongue, use_tongue},
    },
    words::{Craft, Lang, Word},
    workshop::foresight::took,
};

/// Builds of docker clients in the list; all of them are in each workshop's own.
const SHOWN: usize = 10;

/// What the page knows; a copyable handle.
#[derive(Clone, Copy)]
struct Attic {
    client: Client,
    bar: Bar,
    tongue: Tongue,
    cards: RwSignal<Option<Vec<WorkshopCard>>>,
    templates: RwSignal<Vec<Template>>,
    /// Builds of docker clients, newest first.
    builds: RwSignal<Vec<BuildCard>>,
    failure: RwSignal<Option<Failure>>,
    refusal: RwSignal<Option<Failure>>,
    busy: RwSignal<bool>,
}

impl Attic {
    fn start() -> Self {
        let attic = Self {
            client: use_client(),
            bar: use_bar(),
            tongue: use_tongue(),
            cards: RwSignal::new(None),
            templates: RwSignal::default(),
            builds: RwSignal::default(),
            failure: RwSignal::new(None),
            refusal: RwSignal::new(None),
            busy: RwSignal::new(false),
        };
        provide_context(attic);
        attic.refresh();
        spawn_local(async move {
            if let Ok(templates) = attic.client.get("/api/templates").await {
                let _ = attic.templates.try_set(templates);
            }
            // Whoever sees this list is about to open an editor.
            drop(module::load().await);
        });
        attic
    }

    fn refresh(self) {
        spawn_local(async move {
            match self.client.get("/api/workshops").await {
                Ok(cards) => drop(self.cards.try_set(Some(cards))),
                Err(failure) => drop(self.failure.try_set(Some(failure))),
            }
            if let Ok(builds) = self.client.get("/api/builds?workshop=").await {
                let _ = self.builds.try_set(builds);
            }
        });
    }

    fn go(self, answer: Result<Workshop, Failure>) {
        let _ = self.busy.try_set(false);
        match answer {
            Ok(made) => self.bar.go(Place::Workshop(Box::new(address::Workshop::of(&made.card.id)))),
            Err(failure) => drop(self.refusal.try_set(Some(failure))),
        }
    }

    fn begin(self, name: String, origin: Origin) {
        self.busy.set(true);
        self.refusal.set(None);
        spawn_local(async move { self.go(create(self.client, &name, origin).await) });
    }

    fn take(self, promise: Promise) {
        self.refusal.set(None);
        spawn_local(async move {
            let lang = self.tongue.lang_untracked();
            match giving::archive(promise, lang).await {
                Ok(None) => {}
                Ok(Some(bytes)) => {
                    let _ = self.busy.try_set(true);
                    self.go(self.client.upload("POST", "/api/workshops/upload?name=", &bytes).await);
                }
                Err(failure) => drop(self.refusal.try_set(Some(failure))),
            }
        });
    }

    fn remove(self, id: String) {
        spawn_local(async move {
            match self.client.send("DELETE", &format!("/api/workshops/{}", path::encode(id.as_bytes()))).await
            {
                Ok(()) => self.refresh(),
                Err(failure) => drop(self.refusal.try_set(Some(failure))),
            }
        });
    }
}

fn attic() -> Attic {
    expect_context()
}

fn both(text: &InBoth, lang: Lang) -> String {
    names::text(if lang == Lang::Zh { &text.zh } else { &text.en }).into_owned()
}

/// The page at `/workshop`.
#[component]
pub fn WorkshopsPage() -> impl IntoView {
    let attic = Attic::start();
    let (tongue, bar) = (attic.tongue, attic.bar);
    let filter = Memo::new(move |_| match bar.place() {
        Place::Workshops { filter } => filter,
        _ => String::new(),
    });
    let shown = Memo::new(move |_| {
        let typed = filter.get().to_lowercase();
        attic
            .cards
            .get()
            .unwrap_or_default()
            .into_iter()
            .filter(|card| card.name.to_lowercase().contains(&typed))
            .collect::<Vec<_>>()
    });
    let is_empty = move || attic.cards.with(|cards| cards.as_ref().is_some_and(Vec::is_empty));
    let over = RwSignal::new(false);
    let git = RwSignal::new(false);
    let dropped = move |event: leptos::ev::DragEvent| {
        event.prevent_default();
        over.set(false);
        if let Some(promise) = module::loaded().and_then(|module| module::dropped(&module, &event)) {
            attic.take(promise);
        }
    };
    let pick = move |folder| {
        if let Some(module) = module::loaded() {
            attic.take(module::picked(&module, folder))
        }
    };
    let first = move || attic.templates.with(|templates| templates.first().cloned());
    view! {
        <div class="images-page wide workshops" class:over=over on:drop=dropped on:dragleave=move |_| over.set(false)
            on:dragover=move |event| { event.prevent_default(); over.set(true); }>
            <header class="shelf-bar">
                <h1>{tongue.say(Word::WorkshopsHere)}</h1>
                <span class="spring"></span>
                <input id="filter" type="search" class="field" data-testid="filter-workshops" autocomplete="off" spellcheck="false"
                    placeholder=tongue.say(Craft::FilterWorkshops) aria-label=tongue.say(Craft::FilterWorkshops) prop:value=filter
                    on:input:target=move |event| bar.stay(Place::Workshops { filter: event.target().value() })/>
            </header>
            <Shared/>
            <p class="begin">
                <button type="button" class="button main" data-testid="workshop-new" disabled=attic.busy on:click=move |_| attic.begin(String::new(), Origin::Empty)>{tongue.say(Craft::WorkshopNew)}</button>
                <button type="button" class="button" data-testid="workshop-git" aria-expanded=move || git.get().to_string() on:click=move |_| git.update(|git| *git = !*git)>{tongue.say(Craft::WorkshopFromGit)}</button>
                <button type="button" class="button" data-testid="workshop-tar" on:click=move |_| pick(false)>{tongue.say(Craft::WorkshopFromTar)}</button>
                <button type="button" class="button" data-testid="workshop-folder" on:click=move |_| pick(true)>{tongue.say(Craft::WorkshopFromFolder)}</button>
                <span class="faint">{tongue.say(Craft::WorkshopDrop)}</span>
            </p>
            {move || git.get().then(|| view! { <FromGit/> })}
            {move || attic.refusal.get().or_else(|| attic.failure.get()).map(|failure| view! { <Wrong text=Signal::derive(move || failure.say(tongue.lang()))/> })}
            {move || is_empty().then(|| view! {
                <section class="notice empty" data-testid="no-workshops">
                    <span class="logo large" aria-hidden="true"><i></i><i></i><i></i></span>
                    <h2>{tongue.say(Craft::WorkshopNone)}</h2>
                    <p>{tongue.say(Craft::WorkshopNoneHow)}</p>
                    {move || first().map(|template| {
                        let (title, name) = (template.title.clone(), template.name.clone());
                        view! {
                            <button type="button" class="button main" data-testid="workshop-first" disabled=attic.busy
                                on:click=move |_| attic.begin(String::new(), Origin::Template { name: name.clone() })>
                                {move || Craft::WorkshopOpenFirst.with(tongue.lang(), &[&both(&title, tongue.lang())])}</button>
                        }
                    })}
                </section>
            })}
            {move || attic.cards.with(Option::is_none).then(|| view! {
                <div class="shelf" aria-busy="true">{[34, 22].map(|width| view! { <div class="shelf-row"><span class="skeleton" style=format!("width:{width}%")></span></div> })}</div>
            })}
            <div class="shelf" role="table" aria-label=tongue.say(Word::WorkshopsHere) data-testid="workshops" class:gone=move || shown.with(Vec::is_empty)>
                <div class="shelf-head workshop-row" role="row">
                    <span role="columnheader">{tongue.say(Word::ColumnName)}</span>
                    {[Craft::ColumnFiles, Craft::ColumnChanged, Craft::ColumnLastBuild].map(|word| view! { <span role="columnheader">{tongue.say(word)}</span> })}
                    <span role="columnheader"><span class="unseen">{tongue.say(Word::ColumnActions)}</span></span>
                </div>
                <For each=move || shown.get() key=|card| format!("{card:?}") let:card><Row card/></For>
            </div>
            <ClientBuilds/>
            <h2 class="templates-title">{tongue.say(Craft::Templates)}</h2>
            <ul class="templates" data-testid="templates">
                <For each=move || attic.templates.get() key=|template| template.name.clone() let:template><TemplateCard template/></For>
            </ul>
        </div>
    }
}

#[component]
fn FromGit() -> impl IntoView {
    let attic = attic();
    let tongue = attic.tongue;
    let url = RwSignal::new(String::new());
    let begin = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        attic.begin(String::new(), Origin::Git(GitSource { url: url.get_untracked().trim().to_owned() }));
    };
    view! {
        <form class="context-ask" on:submit=begin>
            <input class="field mono" type="url" autocomplete="off" spellcheck="false" data-testid="workshop-git-url" placeholder=tongue.say(Craft::GitHint)
                aria-label=tongue.say(Craft::GitAddress) prop:value=url on:input:target=move |event| url.set(event.target().value())/>
            <button type="submit" class="button main" data-testid="workshop-git-do" disabled=move || attic.busy.get() || url.with(|url| url.trim().is_empty())>{tongue.say(Craft::GitFetch)}</button>
        </form>
    }
}

#[component]
fn Row(card: WorkshopCard) -> impl IntoView {
    let attic = attic();
    let tongue = attic.tongue;
    let asked = RwSignal::new(false);
    let to = Place::Workshop(Box::new(address::Workshop::of(&card.id))).print();
    let (name, id) = (names::text(&card.name).into_owned(), card.id.clone());
    let changed = card.changed / 1000;
    let last = card.last_build.clone();
    let built = move || match &last {
        None => ("faint", Craft::NeverBuilt.text(tongue.lang()).to_owned()),
        Some(build) => {
            let age = moments::age(build.started / 1000, dom::clock(), tongue.lang());
            let (class, word) = match build.state {
                BuildState::Succeeded => ("right", Craft::BuildSucceeded),
                BuildState::Failed { .. } => ("wrong", Craft::BuildFailedShort),
                BuildState::Running => ("", Craft::BuildRunningShort),
                BuildState::Cancelled => ("faint", Craft::BuildCancelled),
            };
            (class, format!("{} · {age}", word.text(tongue.lang())))
        }
    };
    let class = built.clone();
    let label = name.clone();
    view! {
        <div class="shelf-row workshop-row" role="row" data-testid="workshop-row" data-workshop=card.id.clone()>
            <span role="cell" class="names"><a class="name" href=to data-testid="workshop-link">{name.clone()}</a></span>
            <span role="cell">{grouped(card.files)}" · "<Size bytes=card.bytes/></span>
            <span role="cell" class="faint" title=format!("{} UTC", moments::stamp(changed))>{move || moments::age(changed, dom::clock(), tongue.lang())}</span>
            <span role="cell"><span class=move || class().0>{move || built().1}</span></span>
            <span role="cell" class="deeds">
                <button type="button" class="quiet" data-testid="workshop-remove" aria-label=tongue.with(Word::RemoveNamed, [label]) on:click=move |_| {
                    asked.set(true);
                    request_animation_frame(|| dom::focus("remove-yes"));
                }>{tongue.say(Word::Remove)}</button>
                {move || asked.get().then(|| {
                    let id = id.clone();
                    view! {
                        <span class="ask-over" role="alertdialog" on:keydown=move |event| if event.key() == "Escape" { asked.set(false) }>
                            <span>{tongue.with(Craft::RemoveWorkshopAsk, [name.clone()])}</span>
                            <button id="remove-yes" type="button" class="button grave" data-testid="workshop-remove-yes" on:click=move |_| attic.remove(id.clone())>{tongue.say(Word::RemoveYes)}</button>
                            <button type="button" class="button" on:click=move |_| asked.set(false)>{tongue.say(Word::Cancel)}</button>
                        </span>
                    }
                })}
            </span>
        </div>
    }
}

/// What docker clients built: each can become a workshop.
#[component]
fn ClientBuilds() -> impl IntoView {
    let attic = attic();
    let tongue = attic.tongue;
    let row = move |card: BuildCard| {
        let names = if card.names.is_empty() { card.id.clone() } else { card.names.join(", ") };
        let name = card.names.first().map(|name| name.split(':').next().unwrap_or(name).to_owned());
        let origin = Origin::Branch { build: card.id.clone(), step: 0 };
        let cached = [card.cached.to_string(), card.steps.to_string()];
        let started = card.started / 1000;
        let (class, word) = state_mark(&card.state);
        view! {
            <div class="shelf-row workshop-row" role="row" data-testid="client-build" data-build=card.id>
                <span role="cell" class="names"><code>{names::text(&names).into_owned()}</code></span>
                <span role="cell">{tongue.with(Craft::BuildCachedOf, cached)}</span>
                <span role="cell" class="faint" title=format!("{} UTC", moments::stamp(started))>{move || moments::age(started, dom::clock(), tongue.lang())}</span>
                <span role="cell"><span class=class>{tongue.say(word)}</span>" · "{took(card.milliseconds)}</span>
                <span role="cell" class="deeds">
                    <button type="button" class="quiet" data-testid="client-build-open" disabled=attic.busy
                        on:click=move |_| attic.begin(name.clone().unwrap_or_default(), origin.clone())>{tongue.say(Craft::BuildToWorkshop)}</button>
                </span>
            </div>
        }
    };
    view! {
        {move || (!attic.builds.with(Vec::is_empty)).then(|| view! {
            <h2 class="templates-title">{tongue.say(Craft::BuildsOfClients)}</h2>
            <div class="shelf" role="table" aria-label=tongue.say(Craft::BuildsOfClients) data-testid="client-builds">
                <div class="shelf-head workshop-row" role="row">
                    <span role="columnheader">{tongue.say(Word::ColumnName)}</span>
                    {[Craft::ColumnSteps, Craft::ColumnBuilt, Craft::ColumnOutcome].map(|word| view! { <span role="columnheader">{tongue.say(word)}</span> })}
                    <span role="columnheader"><span class="unseen">{tongue.say(Word::ColumnActions)}</span></span>
                </div>
                {attic.builds.get().into_iter().take(SHOWN).map(row).collect_view()}
            </div>
        })}
    }
}

#[component]
fn TemplateCard(template: Template) -> impl IntoView {
    let attic = attic();
    let tongue = attic.tongue;
    let (title, about, name) = (template.title, template.about, template.name.clone());
    let bases =
        template.bases.iter().map(|base| names::text(base).into_owned()).collect::<Vec<_>>().join(", ");
    view! {
        <li class="template">
            <button type="button" data-testid="template" data-template=template.name disabled=attic.busy
                on:click=move |_| attic.begin(String::new(), Origin::Template { name: name.clone() })>
                <b>{move || both(&title, tongue.lang())}</b>
                <span>{move || both(&about, tongue.lang())}</span>
                <span class="faint">{tongue.with(Craft::TemplateOn, [bases])}{template.network.then(|| view! { " · " {tongue.say(Craft::TemplateNetwork)} })}</span>
            </button>
        </li>
    }
}
