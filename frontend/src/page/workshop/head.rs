//! The line above the editor and its panels: the workshop's name, and what can be done with it.

use leptos::{prelude::*, task::spawn_local};
use strata_api::workshop::ChangeWorkshop;

use super::{
    editor::use_desk,
    saving::Standing,
    sharing,
    state::{Bench, use_bench},
};
use crate::{
    address::{Place, View},
    figures::Size,
    names,
    page::{dialogs::use_dialogs, dom, marks::Wrong, tongue::use_tongue},
    words::{Craft, Word},
    workshop::{building::End, foresight::took, problems},
};

/// The head.
#[component]
pub fn Head() -> impl IntoView {
    let (tongue, bench) = (use_tongue(), use_bench());
    let name = Memo::new(move |_| {
        bench.record.with(|record| record.as_ref().map(|record| record.card.name.clone()).unwrap_or_default())
    });
    let rename = move |typed: String| {
        if typed != name.get_untracked() {
            bench.change(ChangeWorkshop { name: Some(typed), ..ChangeWorkshop::default() });
        }
    };
    view! {
        <header class="image-head workshop-head">
            <a class="crumb" href="/workshop">{tongue.say(Word::Workshop)}</a>
            <h1 class="unseen">{name}</h1>
            <input class="workshop-name" type="text" maxlength="100" spellcheck="false" autocomplete="off" data-testid="workshop-name"
                aria-label=tongue.say(Craft::WorkshopName) prop:value=name on:change:target=move |event| rename(event.target().value())/>
            <Outlook/>
            <span class="spring"></span>
            <Result/>
            <label class="no-cache"><input type="checkbox" data-testid="no-cache" prop:checked=bench.no_cache
                on:change:target=move |event| bench.no_cache.set(event.target().checked())/>{tongue.say(Craft::BuildNoCache)}</label>
            {move || if bench.is_building() {
                view! { <button type="button" class="button" data-testid="build-stop" on:click=move |_| bench.stop_build()>{tongue.say(Craft::BuildStop)}</button> }.into_any()
            } else {
                view! { <button type="button" class="button main" data-testid="build" title="Ctrl Enter" on:click=move |_| bench.run_build()>{tongue.say(Craft::BuildDo)}</button> }.into_any()
            }}
            {move || bench.refusal.get().map(|failure| view! { <Wrong text=Signal::derive(move || failure.say(tongue.lang()))/> })}
        </header>
    }
}

/// What a build would take.
#[component]
fn Outlook() -> impl IntoView {
    let (tongue, bench) = (use_tongue(), use_bench());
    let says = move || {
        let lang = tongue.lang();
        // Of a text that isn't here yet nothing is said.
        if bench.record.with(Option::is_none) {
            return None;
        }
        bench.foresight.with(|foresight| {
            let sum = foresight.summary();
            if let Some(refused) = sum.refused {
                return Some(names::text(&refused).into_owned());
            }
            if sum.cached + sum.running == 0 {
                return None;
            }
            let (running, all) = (sum.running.to_string(), (sum.cached + sum.running).to_string());
            let first = Craft::ForecastSummary.with(lang, &[&sum.cached.to_string(), &all]);
            let (known, unknown) = match sum.unknown {
                0 => (Craft::ForecastCost, Craft::ForecastCostUnknown),
                _ => (Craft::ForecastMay, Craft::ForecastMayUnknown),
            };
            let rest = match (sum.running, sum.cost) {
                (0, _) => None,
                (_, Some(last)) => Some(
                    known
                        .with(lang, &[&running, &took(last.milliseconds), &Size::of(last.bytes).to_string()]),
                ),
                (_, None) => Some(unknown.with(lang, &[&running])),
            };
            Some([Some(first), rest].into_iter().flatten().collect::<Vec<_>>().join(" · "))
        })
    };
    view! { <span class="faint outlook" role="status" data-testid="forecast-summary">{says}</span> }
}

/// What came out of the last build.
#[component]
fn Result() -> impl IntoView {
    let (tongue, bench, dialogs) = (use_tongue(), use_bench(), use_dialogs());
    let made = Memo::new(move |_| {
        bench.build.with(|build| match build.as_ref()?.end.as_ref()? {
            End::Done { image, names } => Some(names.first().cloned().unwrap_or_else(|| image.to_string())),
            _ => None,
        })
    });
    move || {
        made.get().map(|image| {
            let to = Place::Image(Box::new(View::of(&image))).print();
            view! {
                <a class="button" href=to data-testid="open-result">{tongue.say(Craft::OpenResult)}</a>
                <button type="button" class="button" data-testid="run-result" on:click=move |_| dialogs.open_run(&image)>{tongue.say(Craft::RunResult)}</button>
            }
        })
    }
}

/// The line above the editor: which file, whether it is saved, what is wrong with it.
#[component]
pub fn EditorHead() -> impl IntoView {
    let (tongue, bench, desk) = (use_tongue(), use_bench(), use_desk());
    let file = Memo::new(move |_| bench.view.with(|view| view.file.clone()));
    let path = Memo::new(move |_| file.get().unwrap_or_else(|| bench.dockerfile()));
    let wrong = Memo::new(move |_| {
        bench.file.with(|file| {
            bench.text.with(|text| {
                bench.whole.with(|whole| problems::count(text, file, Some((&whole.0, &whole.1))))
            })
        })
    });
    let standing = move || bench.papers.standing(&path.get());
    let says = move || match standing() {
        Standing::Saved => Craft::Saved,
        Standing::Saving => Craft::Saving,
        _ => Craft::Unsaved,
    };
    let shared = RwSignal::new(false);
    let share = move |_| {
        let text = bench.text.get_untracked();
        spawn_local(async move {
            let address = sharing::address(&text).await;
            dom::copy(address, move || {
                let _ = shared.try_set(true);
                let again = move || {
                    let _ = shared.try_set(false);
                };
                set_timeout(again, std::time::Duration::from_millis(1600));
            });
        });
    };
    view! {
        <header class="pane-head">
            {move || file.get().is_some().then(|| view! {
                <button type="button" class="quiet" data-testid="back-to-dockerfile" on:click=move |_| bench.show_file(None)>"← "{tongue.say(Craft::BackToDockerfile)}</button>
            })}
            <h2 data-testid="editor-file">{move || names::bytes(&path.get())}</h2>
            <span class="faint" role="status" data-testid="standing" data-standing=move || standing_name(&standing())>{move || says().text(tongue.lang())}</span>
            {move || (file.get().is_none() && bench.record.with(Option::is_some)).then(|| view! {
                <button type="button" class="quiet problems" class:warn=move || { wrong.get() > 0 } disabled=move || { wrong.get() == 0 } title="Ctrl Shift M"
                    data-testid="problems" data-count=wrong on:click=move |_| desk.problems()>
                    {move || match wrong.get() {
                        0 => Craft::ProblemsNone.text(tongue.lang()).to_owned(),
                        count => Craft::ProblemsOne.count(Craft::Problems, tongue.lang(), count as u64),
                    }}</button>
            })}
            <span class="spring"></span>
            <span class="faint leave">{tongue.say(Craft::EditorLeave)}</span>
            {move || file.get().is_none().then(|| view! {
                <button type="button" class="quiet" data-testid="format" title="Shift Alt F" on:click=move |_| bench.format()>{tongue.say(Craft::FormatDo)}</button>
                <button type="button" class="quiet" data-testid="share" on:click=share><span aria-live="polite">
                    {move || if shared.get() { Word::Copied.text(tongue.lang()) } else { Craft::ShareDo.text(tongue.lang()) }}</span></button>
            })}
        </header>
        {move || conflict(bench, tongue.lang(), path.get(), desk)}
    }
}

fn standing_name(standing: &Standing) -> &'static str {
    match standing {
        Standing::Saved => "saved",
        Standing::Unsaved => "unsaved",
        Standing::Saving => "saving",
        Standing::Conflict => "conflict",
        Standing::Refused(_) => "refused",
    }
}

/// What to do when somebody else wrote the file, or when the server doesn't take it.
fn conflict(
    bench: Bench,
    lang: crate::words::Lang,
    path: Vec<u8>,
    desk: super::editor::Desk,
) -> Option<AnyView> {
    match bench.papers.standing(&path) {
        Standing::Conflict => {
            let (mine, theirs) = (path.clone(), path);
            let take = move |_| {
                let file = theirs.clone();
                spawn_local(async move {
                    if bench.refresh_files().await.is_err() {
                        return;
                    }
                    let text = bench.read(&file).await.unwrap_or_default();
                    bench.papers.opened(&file, &text, bench.digest(&file));
                    desk.replace(&text);
                });
            };
            Some(view! {
                <p class="bar-note" role="alert" data-testid="conflict">
                    <span class="wrong">{Craft::SaveLost.text(lang)}</span>
                    <button type="button" class="button" data-testid="keep-mine" on:click=move |_| bench.keep_mine(mine.clone())>{Craft::SaveMine.text(lang)}</button>
                    <button type="button" class="button" data-testid="take-theirs" on:click=take>{Craft::SaveTheirs.text(lang)}</button>
                </p>
            }.into_any())
        }
        Standing::Refused(failure) => {
            Some(view! { <Wrong text=Signal::derive(move || failure.say(lang))/> }.into_any())
        }
        _ => None,
    }
}
