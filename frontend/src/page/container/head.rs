//! Which container this is, what can be done to it, and what its writable layer adds up to.

use leptos::prelude::*;

use super::use_vessel;
use crate::{
    address::{Container, Place, View},
    figures, names,
    page::{
        api::Failure,
        bar::use_bar,
        containers::{DeedButton, Remove, state_word},
        dialogs::use_dialogs,
        marks::{Size, Wrong},
        tongue::use_tongue,
    },
    status,
    words::Word,
};

/// Name, image, state, actions.
#[component]
pub fn Head() -> impl IntoView {
    let (tongue, vessel, bar) = (use_tongue(), use_vessel(), use_bar());
    let refusal = RwSignal::new(None::<Failure>);
    let name = vessel.name.get_value();
    let shown = names::text(&name).into_owned();
    let state = Memo::new(move |_| vessel.state());
    let id = Memo::new(move |_| vessel.id());
    // Where it was removed from under this page, the list is what is left to see.
    let known = StoredValue::new(false);
    Effect::new(move |_| match vessel.summary() {
        Some(_) => known.set_value(true),
        None if known.get_value() && vessel.yard.is_loaded() => {
            bar.go(Place::Containers { filter: String::new() });
        }
        None => {}
    });
    let image = move || {
        vessel.detail.get().map(|detail| {
            let to = Place::Image(Box::new(View::of(&detail.image_name))).print();
            let name = names::text(&detail.image_name).into_owned();
            view! { <a class="of-image" href=to data-testid="container-image">{tongue.with(Word::OfImage, [name])}</a> }
        })
    };
    let buttons = move || {
        let id = id.get();
        (!id.is_empty()).then(|| {
            let deeds = state.get().deeds();
            let each = deeds
                .iter()
                .map(|deed| view! { <DeedButton id=id.clone() deed=*deed refusal/> })
                .collect_view();
            view! { {each} <Remove id=id.clone() name=name.clone() state refusal/> }
        })
    };
    view! {
        <header class="image-head container-head">
            <h1 data-testid="container-name">{shown}</h1>
            <span class=move || format!("state state-{}", state.get().name()) data-testid="container-state" data-state=move || state.get().name()>
                <span aria-hidden="true">{move || state.get().sign()}</span>" "{move || state_word(state.get()).text(tongue.lang())}</span>
            <span class="faint" data-testid="container-since">{move || vessel.summary().map(|one| names::text(&status::since(one.since(), tongue.lang())).into_owned())}</span>
            {image}
            <code class="faint" title=id>{move || id.with(|id| id.get(..12).unwrap_or(id).to_owned())}</code>
            <Usage/>
            <span class="spring"></span>
            <span class="deeds-of">{buttons}<BesideMenu/></span>
            {move || refusal.get().map(|failure| view! { <Wrong text=Signal::derive(move || failure.say(tongue.lang()))/> })}
        </header>
    }
}

/// Processor and memory.
#[component]
fn Usage() -> impl IntoView {
    let vessel = use_vessel();
    move || {
        let figures = vessel.yard.figures(&vessel.id())?;
        Some(view! {
            <span class="usage" data-testid="usage">
                <span class="faint">"CPU "</span>{figures.cpu.map_or_else(|| "…".to_owned(), figures::percent)}" "
                <Size bytes=figures.memory/>
            </span>
        })
    }
}

/// The containers that this one can be shown beside.
#[component]
fn BesideMenu() -> impl IntoView {
    let (tongue, vessel, bar, dialogs) = (use_tongue(), use_vessel(), use_bar(), use_dialogs());
    let here = vessel.name.get_value();
    let others = move || {
        let mine = vessel.summary().map(|one| (one.id.clone(), one.image_id.clone()));
        let mut all = vessel.yard.list();
        all.retain(|one| mine.as_ref().is_none_or(|(id, _)| *id != one.id));
        all.sort_by_key(|one| mine.as_ref().is_none_or(|(_, image)| *image != one.image_id));
        all
    };
    let links = {
        let here = here.clone();
        move || {
            let each = others().into_iter().map(|one| {
                let page = Container { beside: Some(one.name().to_owned()), ..Container::of(&here) };
                let (name, image) = (names::text(one.name()).into_owned(), names::text(&one.image).into_owned());
                view! { <a class="quiet" data-testid="beside-choice" href=Place::Container(Box::new(page)).print()>{name}<span class="faint">{image}</span></a> }
            });
            each.collect_view()
        }
    };
    let single = {
        let here = here.clone();
        move || {
            matches!(bar.place(), Place::Container(view) if view.beside.is_some()).then(|| {
                let to = Place::Container(Box::new(Container::of(&here))).print();
                view! { <a class="quiet" data-testid="beside-end" href=to>{tongue.say(Word::BesideEnd)}</a> }
            })
        }
    };
    let another = move |_| {
        let image =
            vessel.detail.with_untracked(|detail| detail.as_ref().map(|detail| detail.image_name.clone()));
        dialogs.open_run_beside(&image.unwrap_or_default(), &here);
    };
    let menu = format!("beside-{}", vessel.name.get_value());
    view! {
        <button type="button" class="quiet" popovertarget=menu.clone() data-testid="beside" title=tongue.say(Word::BesideHow)>
            {tongue.say(Word::Beside)}</button>
        <div id=menu popover="auto" class="menu beside-menu">
            {single}{links}
            <button type="button" class="quiet" data-testid="beside-new" on:click=another>{tongue.say(Word::BesideNew)}</button>
        </div>
    }
}

/// What the writable layer adds up to.
#[component]
pub fn Figures() -> impl IntoView {
    let (tongue, vessel) = (use_tongue(), use_vessel());
    let totals = move || {
        vessel.revision.track();
        vessel.with_upper(|upper| upper.totals())
    };
    let shared = move || vessel.image.with(|image| image.as_ref().map(|image| image.card.unpacked));
    view! {
        <footer class="bottom" data-testid="container-figures">
            {move || totals().map(|totals| view! {
                <span class="accented" data-testid="figure-copied" data-bytes=totals.copied><Size bytes=totals.copied/>" "<span class="faint">{tongue.say(Word::FigureCopied)}</span></span>
                <span data-testid="figure-changed" data-bytes=totals.changed>
                    {totals.at_least.then(|| view! { <span class="faint">{tongue.say(Word::AtLeast)}</span>" " })}
                    <Size bytes=totals.changed/>" "<span class="faint">{tongue.say(Word::FigureChanged)}</span></span>
                <span data-testid="figure-held" data-bytes=totals.held><Size bytes=totals.held/>" "<span class="faint">{tongue.say(Word::FigureHeld)}</span></span>
            })}
            {move || shared().map(|bytes| view! { <span data-testid="figure-shared"><Size bytes/>" "<span class="faint">{tongue.say(Word::FigureShared)}</span></span> })}
            <span class="spring"></span>
            {move || totals().map(|totals| view! {
                <span class="counts" data-testid="figure-counts"><b class="mark-A">"A"</b>" "{totals.added}" "<b class="mark-M">"C"</b>" "{totals.modified}" "<b class="mark-D">"D"</b>" "{totals.deleted}</span>
            })}
        </footer>
    }
}
