//! That the image isn't pulled, how far its reading is, and the way to pull it.

use leptos::prelude::*;
use strata_api::remote::{Offer, RemoteImage};

use super::{outside, reading::Outside};
use crate::{
    address::{Place, View},
    figures::Size,
    names,
    page::{images::use_shelf, marks::Wrong, tongue::use_tongue},
    pulling::{Outcome, Phase},
    registry::platform,
    words::{Look, Talk, Word},
};

/// The badge, and the platforms of an index.
pub fn head() -> Option<impl IntoView> {
    let outside = outside()?;
    let tongue = use_tongue();
    let platforms = move || {
        outside
            .image
            .get()
            .filter(|image| image.platforms.len() > 1)
            .map(|image| view! { <Platforms outside image/> })
    };
    Some(view! {
        <span class="word-mark" data-testid="not-pulled" title=tongue.say(Look::NotPulledHow)>{tongue.say(Look::NotPulled)}</span>
        {platforms}
    })
}

#[component]
fn Platforms(outside: Outside, image: std::sync::Arc<RemoteImage>) -> impl IntoView {
    let tongue = use_tongue();
    let option = |offer: &Offer| {
        let value = offer.platform.to_string();
        let chosen = image.from.ends_with(&offer.digest.to_string());
        view! { <option value=value selected=chosen>{names::text(&platform(&offer.platform)).into_owned()}</option> }
    };
    let choose = move |value: String| {
        let bar = outside.explorer.bar;
        let view = outside.explorer.view.with_untracked(View::image);
        bar.go(Place::Image(Box::new(View { platform: value, ..view })));
    };
    view! {
        <select class="field" data-testid="outside-platform" aria-label=tongue.say(Look::Platform)
            on:change:target=move |event| choose(event.target().value())>{image.platforms.iter().map(option).collect_view()}</select>
    }
}

/// The line under the head.
pub fn bar() -> Option<impl IntoView> {
    let outside = outside()?;
    Some(move || outside.image.get().map(|image| view! { <Line outside image/> }))
}

#[component]
fn Line(outside: Outside, image: std::sync::Arc<RemoteImage>) -> impl IntoView {
    let tongue = use_tongue();
    let tally = Memo::new(move |_| outside.tally());
    let whole = Memo::new(move |_| tally.get().is_whole());
    let going = Memo::new(move |_| tally.get().going > 0);
    let layers = move || {
        let tally = tally.get();
        Look::LayersRead.with(tongue.lang(), &[&tally.read.to_string(), &tally.layers.to_string()])
    };
    let bytes = move || {
        let tally = tally.get();
        Look::BytesRead
            .with(tongue.lang(), &[&Size::of(tally.came).to_string(), &Size::of(tally.bytes).to_string()])
    };
    let percent = move || tally.get().percent();
    let progress = move || {
        match whole.get() {
        true => view! { <span data-testid="outside-read">{tongue.say(Look::AllRead)}</span> }.into_any(),
        false => view! {
            <span class="bar" role="progressbar" aria-label=tongue.say(Look::Reading) aria-valuemin="0" aria-valuemax="100" aria-valuenow=percent>
                <i style=move || format!("width:{}%", percent())></i></span>
            <span data-testid="outside-read">{layers}</span>
            <span class="faint">{bytes}</span>
            {move || match going.get() {
                true => view! { <button type="button" class="quiet" data-testid="outside-stop" on:click=move |_| outside.stop()>{tongue.say(Look::StopReading)}</button> }.into_any(),
                false => view! {
                    <span class="faint">{tongue.say(Look::Partial)}</span>
                    <button type="button" class="button" data-testid="outside-rest" on:click=move |_| outside.want_all()>{tongue.say(Look::ReadRest)}</button>
                }.into_any(),
            }}
        }
        .into_any(),
    }
    };
    view! {
        <div class="outside" data-testid="outside" data-going=move || going.get().to_string()>
            {progress}
            <span class="spring"></span>
            <Pull outside image/>
        </div>
    }
}

/// Pulls it, or leads to the one that is here.
#[component]
fn Pull(outside: Outside, image: std::sync::Arc<RemoteImage>) -> impl IntoView {
    let (tongue, shelf) = (use_tongue(), use_shelf());
    let view = outside.explorer.view.with_untracked(View::image);
    if let Some(name) = &image.here {
        let to = Place::Image(Box::new(View::of(name))).print();
        let named = tongue.with(Talk::HereAs, [names::text(name).into_owned()]);
        return view! { <span class="right" data-testid="outside-here">{named}</span><a class="button main" href=to data-testid="outside-open">{tongue.say(Look::OpenHere)}</a> }.into_any();
    }
    // A platform that a pull of the name wouldn't take has its own digest.
    let target = if view.platform.is_empty() { view.reference } else { image.from.clone() };
    let wanted = target.parse::<strata_oci::Reference>().ok();
    let mine = Memo::new(move |_| {
        shelf.current().filter(|pull| Some(&pull.reference) == wanted.as_ref()).map(|pull| pull.state)
    });
    let asked = RwSignal::new(false);
    let going = Memo::new(move |_| {
        asked.get() && mine.with(|mine| mine.as_ref().is_some_and(|state| state.outcome.is_none()))
    });
    let busy = Memo::new(move |_| shelf.current().is_some_and(|pull| pull.state.outcome.is_none()));
    let local = target.clone();
    Effect::new(move |_| {
        let outcome = mine.with(|mine| mine.as_ref().and_then(|state| state.outcome.clone()));
        if asked.get() && matches!(outcome, Some(Outcome::Pulled | Outcome::UpToDate)) {
            asked.set(false);
            // The same place of what is here now.
            let here = View {
                reference: local.clone(),
                remote: false,
                platform: String::new(),
                ..outside.explorer.view.get_untracked()
            };
            outside.explorer.bar.stay(Place::Image(Box::new(here)));
        }
    });
    let failed = move || match mine.with(|mine| mine.as_ref().and_then(|state| state.outcome.clone())) {
        Some(Outcome::Failed(message)) if asked.get() => Some(message),
        _ => None,
    };
    let figures = move || {
        let (done, all) = mine.with(|mine| {
            mine.as_ref().map_or((0, 0), |state| {
                let done = state
                    .layers
                    .iter()
                    .filter(|layer| matches!(layer.phase, Phase::Done | Phase::Present))
                    .count();
                (done, state.layers.len())
            })
        });
        Look::Pulling.with(tongue.lang(), &[&done.to_string(), &all.to_string()])
    };
    view! {
        {move || failed().map(|message| {
            let message = names::text(&message).into_owned();
            view! { <Wrong text=Signal::derive(move || Word::PullFailed.with(tongue.lang(), &[&message]))/> }
        })}
        {move || match going.get() {
            true => view! {
                <span role="status" data-testid="outside-pulling">{figures}</span>
                <button type="button" class="button" data-testid="outside-pull-stop" on:click=move |_| shelf.cancel()>{tongue.say(Look::PullStop)}</button>
            }.into_any(),
            false => {
                let target = target.clone();
                view! {
                    <button type="button" class="button main" data-testid="outside-pull" title=tongue.say(Look::PullItHow) disabled=busy
                        on:click=move |_| { asked.set(true); shelf.pull(&target); }>{tongue.say(Look::PullIt)}</button>
                }.into_any()
            }
        }}
    }.into_any()
}
