//! The registry theatre: pulls and pushes, request by request, as they are made.

mod row;
mod stage;

use std::time::Duration;

use leptos::{prelude::*, task::spawn_local};
use strata_api::theatre::{Deed, End, Play, Scenes};
use web_sys::AbortController;

use super::{
    api::{Failure, use_client},
    bar::use_bar,
    dom,
    marks::Wrong,
    seen::{pause, while_seen},
    tongue::use_tongue,
};
use crate::{address::Place, moments, names, theatre, words::Talk};
pub use stage::Stage;

/// Takes lines of scenes; one that is none is passed over.
pub fn take(stage: &mut theatre::Stage, lines: Vec<Vec<u8>>) {
    let scenes = lines.iter().filter_map(|line| serde_json::from_slice::<Scenes>(line).ok());
    scenes.for_each(|scenes| stage.take(scenes));
}

/// The page at `/registry/theatre`.
#[component]
pub fn TheatrePage() -> impl IntoView {
    let (tongue, client, bar) = (use_tongue(), use_client(), use_bar());
    let plays = RwSignal::new(None::<Vec<Play>>);
    while_seen(move |signal| {
        spawn_local(async move {
            while !signal.aborted() {
                let take = |news: Vec<Vec<Play>>| {
                    let _ = plays.try_update(|plays| {
                        let plays = plays.get_or_insert_default();
                        news.into_iter().flatten().for_each(|play| merge(plays, play));
                    });
                };
                let answer = client.lines("/api/theatre/live", &signal, take).await;
                if matches!(answer, Err(Failure::Refused { .. } | Failure::NoSession)) {
                    return;
                }
                pause(Duration::from_secs(2)).await;
                // A server that was started anew has other plays under the same numbers.
                if !signal.aborted() {
                    let _ = plays.try_set(None);
                }
            }
        });
    });
    let asked = Memo::new(move |_| match bar.place() {
        Place::Theatre { id } => id,
        _ => None,
    });
    let shown = Memo::new(move |_| {
        asked.get().or_else(|| plays.with(|plays| plays.as_ref()?.first().map(|play| play.id.clone())))
    });
    let order = Memo::new(move |_| {
        plays.with(|plays| {
            plays.as_ref().map(|plays| plays.iter().map(|play| play.id.clone()).collect::<Vec<_>>())
        })
    });
    let none =
        move || order.with(|order| order.as_ref().is_some_and(Vec::is_empty)) && asked.with(Option::is_none);
    let back = Place::Registry(Box::default()).print();
    view! {
        <div class="theatre-page" data-testid="theatre">
            <header class="registry-head">
                <h1><a class="crumb" href=back.clone()>{tongue.say(Talk::RegistryTitle)}</a>" "{tongue.say(Talk::Theatre)}</h1>
                <p class="faint">{tongue.say(Talk::TheatreHow)}</p>
            </header>
            {move || none().then(|| view! {
                <section class="notice empty" data-testid="no-plays">
                    <span class="logo large" aria-hidden="true"><i></i><i></i><i></i></span>
                    <h2>{tongue.say(Talk::TheatreNone)}</h2>
                    <p>{tongue.say(Talk::TheatreNoneHow)}</p>
                    <a class="button main" href=back.clone()>{tongue.say(Talk::TheatreNoneDo)}</a>
                </section>
            })}
            <div class="theatre-panes" class:gone=none>
                <nav class="plays" aria-label=tongue.say(Talk::TheatreList)>
                    <h2>{tongue.say(Talk::TheatreList)}</h2>
                    <ul>
                        <For each=move || order.get().unwrap_or_default() key=Clone::clone let:id>
                            <Card id=id.clone() shown play=Memo::new(move |last: Option<&Option<Play>>| {
                                plays.with(|plays| plays.as_ref()?.iter().find(|play| play.id == id).cloned()).or_else(|| last.cloned().flatten())
                            })/>
                        </For>
                    </ul>
                </nav>
                {move || shown.get().map(|id| view! { <Playing id/> })}
            </div>
        </div>
    }
}

/// Puts a play into the list, the last one first.
fn merge(plays: &mut Vec<Play>, play: Play) {
    match plays.iter_mut().find(|known| known.id == play.id) {
        Some(known) => *known = play,
        None => plays.push(play),
    }
    plays.sort_by_key(|play| std::cmp::Reverse(play.id.parse::<u64>().unwrap_or(0)));
}

#[component]
fn Card(id: String, shown: Memo<Option<String>>, play: Memo<Option<Play>>) -> impl IntoView {
    let tongue = use_tongue();
    let to = Place::Theatre { id: Some(id.clone()) }.print();
    let current = {
        let id = id.clone();
        move || (shown.get().as_ref() == Some(&id)).then_some("true")
    };
    let said = move || {
        let play = play.get()?;
        let lang = tongue.lang();
        let (deed, (class, word)) = (deed_word(play.deed), end_mark(play.end.as_ref()));
        let age = moments::age(play.began / 1000, dom::clock(), lang);
        let took = play.took.map(theatre::time);
        Some(view! {
            <b class="play-name" title=names::text(&play.image).into_owned()>{names::middle(&names::text(&play.image), 40).into_owned()}</b>
            <span class="play-said"><span class="deed">{deed.text(lang)}</span>" "<span class=class data-testid="play-end">{word.text(lang)}</span>" "<span class="faint">{took}</span></span>
            <span class="faint play-age">{age}</span>
        })
    };
    view! { <li><a class="play" href=to aria-current=current data-testid="play" data-play=id>{said}</a></li> }
}

/// The transfer of an image that was begun on this page a moment ago.
#[component]
pub fn Live(deed: Deed, name: String) -> impl IntoView {
    /// A transfer that ended so many milliseconds ago may still be the one.
    const FRESH: f64 = 10_000.0;
    let client = use_client();
    let id = RwSignal::new(None::<String>);
    spawn_local(async move {
        // It is there as soon as the server has read the request.
        for _ in 0..20 {
            let Ok(plays) = client.get::<Vec<Play>>("/api/theatre").await else { return };
            let since = (js_sys::Date::now() - FRESH) as i64;
            let is_it = |play: &Play| {
                play.deed == deed && play.image == name && (play.end.is_none() || play.began > since)
            };
            if let Some(play) = plays.into_iter().find(is_it) {
                let _ = id.try_set(Some(play.id));
                return;
            }
            pause(Duration::from_millis(150)).await;
        }
    });
    move || id.get().map(|id| view! { <Playing id/> })
}

/// A play, followed to its end.
#[component]
fn Playing(id: String) -> impl IntoView {
    let (tongue, client) = (use_tongue(), use_client());
    let stage = RwSignal::new(theatre::Stage::default());
    let failure = RwSignal::new(None::<Failure>);
    let path = format!("/api/theatre/{id}/scenes");
    if let Ok(controller) = AbortController::new() {
        let signal = controller.signal();
        let stop = StoredValue::new_local(controller);
        on_cleanup(move || {
            stop.try_with_value(AbortController::abort);
        });
        spawn_local(async move {
            let take = |news: Vec<Scenes>| {
                let _ = stage.try_update(|stage| news.into_iter().for_each(|scenes| stage.take(scenes)));
            };
            if let Err(refused) = client.lines(&path, &signal, take).await
                && refused != Failure::Cancelled
            {
                let _ = failure.try_set(Some(refused));
            }
        });
    }
    let shown = Memo::new(move |_| stage.get());
    view! {
        <section class="playing" aria-label=tongue.say(Talk::Rows)>
            {move || failure.get().map(|failure| match failure {
                Failure::Refused { status: 404, .. } => view! { <p class="pad" data-testid="play-gone">{tongue.say(Talk::TheatreGone)}</p><p class="pad"><a class="button" href=Place::Registry(Box::default()).print()>{tongue.say(Talk::TheatreNoneDo)}</a></p> }.into_any(),
                failure => view! { <Wrong text=Signal::derive(move || failure.say(tongue.lang()))/> }.into_any(),
            })}
            {move || failure.with(Option::is_none).then(|| view! { <Stage stage=shown/> })}
        </section>
    }
}

/// The word for what is done.
fn deed_word(deed: Deed) -> Talk {
    match deed {
        Deed::Pull => Talk::DeedPull,
        Deed::Push => Talk::DeedPush,
    }
}

/// How a play's end is shown: a class and a word.
fn end_mark(end: Option<&End>) -> (&'static str, Talk) {
    match end {
        None => ("", Talk::Going),
        Some(End::Done) => ("right", Talk::EndDone),
        Some(End::Stopped) => ("faint", Talk::EndStopped),
        Some(End::Failed(_)) => ("wrong", Talk::EndFailed),
    }
}
