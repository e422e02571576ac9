//! Surgery on the image's layers: what is wanted, what would come of it, and doing it.

use leptos::{html, prelude::*, task::spawn_local};
use strata_api::{
    path,
    workshop::{Dependent, Need, Overridden, Override, SurgeryPlan, SurgeryRequest, SurgeryRowFate},
};
use web_sys::AbortController;

use super::use_explorer;
use crate::{
    address::{Place, View},
    figures::{Size, grouped},
    hues,
    instruction::Instruction,
    names,
    page::{
        api::{Failure, use_client},
        dialogs::follow,
        dom,
        marks::Wrong,
        tongue::use_tongue,
    },
    pulling::Lines,
    words::{Craft, Lang, Word},
    workshop::surgery::{Form, Kind, Progress, rewrite},
};

/// Lines of a list that are drawn.
const LISTED: usize = 300;

/// The dialog; the address says whether it is open.
#[component]
pub fn Surgery() -> impl IntoView {
    let (tongue, explorer) = (use_tongue(), use_explorer());
    let open = RwSignal::new(false);
    Effect::new(move |_| open.set(explorer.view.with(|view| view.surgery) && explorer.layers() > 1));
    let dialog = NodeRef::<html::Dialog>::new();
    follow(dialog, open);
    let close = move || explorer.bar.change(|view| view.surgery = false);
    view! {
        <dialog class="surgery" node_ref=dialog data-testid="surgery" aria-label=tongue.say(Word::Surgery)
            on:close=move |_| close() on:click=move |event| if dom::is_outside(&event) { close() }>
            {move || open.get().then(|| view! { <Operating/> })}
        </dialog>
    }
}

#[component]
fn Operating() -> impl IntoView {
    let (tongue, explorer, client) = (use_tongue(), use_explorer(), use_client());
    let selected = explorer.view.with_untracked(|view| view.layer);
    let form = RwSignal::new(explorer.detail.with_untracked(|detail| {
        detail.as_ref().map(|detail| Form::of(detail, selected)).unwrap_or_default()
    }));
    let name = RwSignal::new(String::new());
    let plan = RwSignal::new(None::<SurgeryPlan>);
    let (busy, force) = (RwSignal::new(false), RwSignal::new(false));
    let refusal = RwSignal::new(None::<Failure>);
    let layers = untrack(|| explorer.layers());
    let operation = Memo::new(move |_| form.with(|form| form.operation(layers)));
    // Another wish has another outcome.
    Effect::new(move |_| {
        form.track();
        plan.set(None);
        force.set(false);
        refusal.set(None);
    });
    let request = move || {
        let image =
            explorer.detail.with_untracked(|detail| detail.as_ref().map(|detail| detail.card.id.to_string()));
        Some(SurgeryRequest {
            image: image?,
            operation: operation.get_untracked().ok()?,
            name: Some(name.get_untracked().trim().to_owned()).filter(|name| !name.is_empty()),
            force: force.get_untracked(),
        })
    };
    let look = move || {
        let Some(request) = request() else { return };
        busy.set(true);
        spawn_local(async move {
            let answer = client.post::<SurgeryPlan>("/api/surgery/plan", Some(&request)).await;
            let _ = busy.try_set(false);
            match answer {
                Ok(made) => drop(plan.try_set(Some(made))),
                Err(failure) => drop(refusal.try_set(Some(failure))),
            }
        });
    };
    let (progress, stop) = (RwSignal::new(None::<Progress>), StoredValue::new_local(None::<AbortController>));
    let going = Memo::new(move |_| progress.with(Option::is_some));
    let cancel = move || stop.with_value(|stop| stop.iter().for_each(AbortController::abort));
    // Nothing comes of an operation whose dialog is closed.
    on_cleanup(cancel);
    let operate = move |_| {
        let (Some(request), Ok(halt)) = (request(), AbortController::new()) else { return };
        busy.set(true);
        refusal.set(None);
        progress.set(Some(Progress::default()));
        stop.set_value(Some(halt.clone()));
        spawn_local(async move {
            let (mut lines, mut ended) = (Lines::default(), None);
            let take = |chunk: Vec<u8>| {
                let _ = progress.try_update(|progress| {
                    for line in lines.push(&chunk) {
                        ended = ended.take().or(progress.get_or_insert_default().take(&line));
                    }
                });
            };
            let answer = client.stream_post("/api/surgery?events=1", &request, &halt.signal(), take).await;
            let _ = (busy.try_set(false), progress.try_set(None));
            match (answer, ended) {
                (_, Some(Ok(image))) => {
                    explorer.bar.go(Place::Image(Box::new(View::of(&image))));
                }
                (_, Some(Err(message))) => {
                    drop(refusal.try_set(Some(Failure::Refused { status: 500, message })))
                }
                (Err(failure), None) => drop(refusal.try_set(Some(failure))),
                (Ok(()), None) => drop(refusal.try_set(Some(Failure::NoServer))),
            }
        });
    };
    let kind = move |kind: Kind, word: Craft, testid: &'static str| {
        view! {
            <label><input type="radio" name="operation" data-testid=testid prop:checked=move || form.with(|form| form.kind == kind)
                on:change=move |_| form.update(|form| form.kind = kind)/>" "{tongue.say(word)}</label>
        }
    };
    let typed = move |text: String, set: fn(&mut Form, usize)| {
        if let Ok(number) = text.parse() {
            form.update(|form| set(form, number));
        }
    };
    let number = move |word: Craft,
                       testid: &'static str,
                       get: fn(&Form) -> usize,
                       set: fn(&mut Form, usize)| {
        view! {
            <label>{tongue.say(word)}<input class="field" type="number" min="1" max=layers data-testid=testid prop:value=move || form.with(get).to_string()
                on:input:target=move |event| typed(event.target().value(), set)/></label>
        }
    };
    let needs_force = move || plan.with(|plan| plan.as_ref().is_some_and(|plan| !plan.dependents.is_empty()));
    view! {
        <header><strong>{tongue.say(Word::Surgery)}</strong><span class="faint">{tongue.say(Craft::SurgeryAbout)}</span>
            <button type="button" class="quiet" on:click=move |_| explorer.bar.change(|view| view.surgery = false)>{tongue.say(Word::Close)}</button></header>
        <form on:submit=move |event| { event.prevent_default(); look(); }>
            <div class="choices">
                {kind(Kind::Squash, Craft::SurgerySquash, "surgery-squash")}
                {kind(Kind::Drop, Craft::SurgeryDrop, "surgery-drop")}
                {kind(Kind::Rebase, Craft::SurgeryRebase, "surgery-rebase")}
            </div>
            <div class="fields">
                {move || match form.with(|form| form.kind) {
                    Kind::Squash => view! {
                        {number(Craft::SurgeryFrom, "surgery-from", |form| form.from + 1, |form, number| form.from = number.saturating_sub(1))}
                        {number(Craft::SurgeryTo, "surgery-to", |form| form.to + 1, |form, number| form.to = number.saturating_sub(1))}
                    }.into_any(),
                    Kind::Drop => number(Craft::SurgeryLayer, "surgery-layer", |form| form.from + 1, |form, number| form.from = number.saturating_sub(1)).into_any(),
                    Kind::Rebase => view! {
                        {number(Craft::SurgeryBase, "surgery-base", |form| form.base, |form, number| form.base = number)}
                        <label>{tongue.say(Craft::SurgeryOnto)}<input class="field mono" type="text" spellcheck="false" data-testid="surgery-onto"
                            prop:value=form.with_untracked(|form| form.onto.clone()) on:input:target=move |event| form.update(|form| form.onto = event.target().value())/></label>
                    }.into_any(),
                }}
                <label>{tongue.say(Craft::SurgeryName)}<input class="field mono" type="text" spellcheck="false" data-testid="surgery-name" prop:value=name
                    on:input:target=move |event| name.set(event.target().value())/></label>
            </div>
            <p class="fields">
                {move || operation.get().err().map(|missing| view! { <span class="faint">{tongue.say(missing.word())}</span> })}
                <span class="spring"></span>
                <button type="submit" class="button" data-testid="surgery-plan" disabled=move || busy.get() || operation.get().is_err()>{tongue.say(Craft::SurgeryPlan)}</button>
                {move || needs_force().then(|| view! {
                    <label><input type="checkbox" data-testid="surgery-force" prop:checked=force on:change:target=move |event| force.set(event.target().checked())/>{tongue.say(Craft::SurgeryForce)}</label>
                })}
                <button type="button" class="button main" data-testid="surgery-do" on:click=operate
                    disabled=move || busy.get() || plan.with(Option::is_none) || needs_force() && !force.get()>{tongue.say(Craft::SurgeryDo)}</button>
            </p>
            {move || going.get().then(|| view! { <Going progress cancel/> })}
            {move || refusal.get().map(|failure| view! { <Wrong text=Signal::derive(move || failure.say(tongue.lang()))/> })}
        </form>
        {move || plan.get().zip(operation.get().ok()).map(|(plan, operation)| {
            let lines = rewrite(&operation, &plan);
            let lang = tongue.lang();
            view! { <div class="outcome" data-testid="surgery-outcome">{outcome(&plan, lang)}{rewritten(lines.before, lines.after, lang)}</div> }
        })}
    }
}

/// How far it is, and a way to stop it.
#[component]
fn Going(progress: RwSignal<Option<Progress>>, cancel: impl Fn() + 'static) -> impl IntoView {
    let tongue = use_tongue();
    let now = move || progress.get().unwrap_or_default();
    let percent = move || now().share().map(|share| format!("{:.0}", share * 100.0));
    let figures = move || {
        let Progress { entries, made, bytes } = now();
        let entries = (entries > 0).then(|| format!("{} / {} · ", grouped(made), grouped(entries)));
        format!("{}{}", entries.unwrap_or_default(), Size::of(bytes))
    };
    view! {
        <p class="surgery-going" data-testid="surgery-going">
            <span class="bar" role="progressbar" aria-label=tongue.say(Word::Surgery) aria-valuemin="0" aria-valuemax="100" aria-valuenow=percent>
                <i style=move || format!("width:{}%", percent().unwrap_or_default())></i></span>
            <span class="faint">{figures}</span>
            <button type="button" class="button" data-testid="surgery-cancel" on:click=move |_| cancel()>{tongue.say(Word::Cancel)}</button>
        </p>
    }
}

/// What would come of it.
fn outcome(plan: &SurgeryPlan, lang: Lang) -> impl IntoView + use<> {
    let layers = Craft::SurgeryLayersBefore
        .with(lang, &[&plan.layers_before.to_string(), &plan.layers_after.to_string()]);
    let bytes = Craft::SurgeryBytes
        .with(lang, &[&Size::of(plan.bytes_before).to_string(), &Size::of(plan.bytes_after).to_string()]);
    let rows = plan.rows.iter().map(|row| {
        let word = match row.fate {
            SurgeryRowFate::Kept => Craft::FateKept,
            SurgeryRowFate::Emptied => Craft::FateEmptied,
            SurgeryRowFate::Squashed => Craft::FateSquashed,
            SurgeryRowFate::Removed => Craft::FateRemoved,
            SurgeryRowFate::New => Craft::FateNew,
        };
        let line = Instruction::read(&row.created_by).line();
        let style = row.layer_after.or(row.layer_before).map(hues::style).unwrap_or_default();
        view! {
            <li class="layer did-row" style=style class:ghost=row.fate == SurgeryRowFate::Removed data-testid="surgery-row">
                <span class="stripe"></span><code class="did-path">{names::text(&names::middle(&line, 90)).into_owned()}</code>
                <span class="faint">{word.text(lang)}</span>
            </li>
        }
    });
    let overridden = match plan.overridden_count {
        0 => None,
        count => Some(view! {
            <h3 class="warning" data-testid="surgery-overridden" data-count=count>{Craft::SurgeryOverridden.with(lang, &[&grouped(count)])}</h3>
            <ul>{plan.overridden.iter().take(LISTED).map(|one| path_row(one, lang)).collect_view()}</ul>
        }),
    };
    let dependents = (!plan.dependents.is_empty()).then(|| view! {
        <h3 class="wrong" data-testid="surgery-dependents">{Craft::SurgeryDependents.with(lang, &[&grouped(plan.dependents.len() as u64)])}</h3>
        <ul>{plan.dependents.iter().take(LISTED).map(|one| dependent(one, lang)).collect_view()}</ul>
    });
    let settings = (!plan.settings.is_empty()).then(|| view! {
        <h3>{Craft::SurgerySettings.text(lang)}</h3>
        <ul>{plan.settings.iter().map(|one| view! { <li><code>{names::text(one).into_owned()}</code></li> }).collect_view()}</ul>
    });
    let told = plan.consequences.iter().map(|text| {
        let text = if lang == Lang::Zh { &text.zh } else { &text.en };
        view! { <p data-testid="surgery-consequence">{names::text(text).into_owned()}</p> }
    });
    view! {
        <p><b>{layers}</b>" · "{bytes}</p>
        {dependents}
        {overridden}
        {settings}
        <h3>{Craft::SurgeryDockerfile.text(lang)}</h3>
        {told.collect_view()}
        <ul>{rows.collect_view()}</ul>
    }
}

fn path_row(one: &Overridden, lang: Lang) -> impl IntoView + use<> {
    let word = match one.what {
        Override::ReplacesOther => Craft::OverrideReplacesOther,
        Override::ReplacesNew => Craft::OverrideReplacesNew,
        Override::DeletesOther => Craft::OverrideDeletesOther,
        Override::DeletesNothing => Craft::OverrideDeletesNothing,
        Override::ParentMissing => Craft::OverrideParentMissing,
        Override::LostBelow => Craft::OverrideLostBelow,
        Override::ComesBack => Craft::OverrideComesBack,
        Override::Gone => Craft::OverrideGone,
    };
    let bytes = (one.bytes > 0).then(|| Size::of(one.bytes).to_string());
    view! {
        <li data-testid="overridden" data-path=one.path.clone()><code>{names::bytes(&path::decode(&one.path))}</code>
            <span class="faint">{word.text(lang)}</span><span class="faint">{bytes}</span></li>
    }
}

fn dependent(one: &Dependent, lang: Lang) -> impl IntoView + use<> {
    let word = match one.needs {
        Need::Directory => Craft::NeedDirectory,
        Need::Link => Craft::NeedLink,
        Need::Setting => Craft::NeedSetting,
    };
    let target = names::bytes(&path::decode(&one.target));
    view! { <li><code>{names::bytes(&path::decode(&one.path))}</code><span class="faint">{word.with(lang, &[&target])}</span></li> }
}

fn rewritten(before: Vec<String>, after: Vec<String>, lang: Lang) -> Option<impl IntoView> {
    (!after.is_empty()).then(|| {
        let text = |lines: Vec<String>, sign: &str| -> String {
            lines.iter().map(|line| format!("{sign} {}\n", line.split('\n').map(|line| names::text(line).into_owned()).collect::<Vec<_>>().join("\n  "))).collect()
        };
        view! { <h3>{Craft::SurgeryRewrite.text(lang)}</h3> <pre data-testid="surgery-rewrite">{text(before, "−")}{text(after, "+")}</pre> }
    })
}
