//! A request, from left to right: when, what is asked, what goes over the wire, what is answered, how long it took.

use leptos::prelude::*;
use strata_api::theatre::{Call, Deed, Row, What};

use super::stage::Scene;
use crate::{
    figures::Size,
    hues, names,
    page::tongue::use_tongue,
    theatre::{Mood, answered, mood, rate, said, sends, share, time},
    words::{Lang, Talk},
};

/// A row of the stage.
#[component]
pub fn Line(at: usize, scene: Scene) -> impl IntoView {
    let tongue = use_tongue();
    let row = Memo::new(move |last: Option<&Option<Row>>| {
        scene.stage.with(|stage| stage.rows.get(at).cloned()).or_else(|| last.cloned().flatten())
    });
    let layer =
        Memo::new(move |_| scene.stage.with(|stage| stage.rows.get(at).and_then(|row| stage.layer(row))));
    let deed = Memo::new(move |_| {
        scene.stage.with(|stage| stage.play.as_ref().map_or(Deed::Pull, |play| play.deed))
    });
    let point = move || scene.pointed.set(Some(at));
    let class = move || {
        let mood = row.with(|row| row.as_ref().map_or(Mood::Going, mood));
        let mood = match mood {
            Mood::Going => "going",
            Mood::Well => "well",
            Mood::Spared => "spared",
            Mood::Asked => "asked",
            Mood::Badly => "badly",
        };
        let lit = layer.get().is_some()
            && scene.pointed.get().is_some_and(|other| {
                scene.stage.with(|stage| stage.rows.get(other).and_then(|row| stage.layer(row)))
                    == layer.get()
            });
        let kind = if layer.get().is_some() { "layer" } else { "plain" };
        format!("call {kind} {mood}{}", if lit { " lit" } else { "" })
    };
    let body = move || {
        let row = row.get()?;
        let lang = tongue.lang();
        let when = format!("{:.2} s", row.at as f64 / 1000.0);
        let asks = said(&row, deed.get(), lang);
        Some(match row.call.clone() {
            None => view! {
                <span class="when faint">{when}</span>
                <span class="asks"><span class="method faint">"–"</span><span class="words">{asks}</span></span>
                <span class="wire"><span class="wire-line not-asked" aria-hidden="true"></span></span>
                <span class="answer">{not_asked(&row)}</span>
                <span class="took"></span>
            }
            .into_any(),
            Some(call) => {
                let title = format!("{} {}{}", call.method, call.host, names::text(&call.path));
                let notes = notes(&row, &call, lang);
                view! {
                    <span class="when faint">{when}</span>
                    <span class="asks" title=title><code class="method">{call.method.clone()}</code><span class="words">{asks}{notes.map(|notes| view! { " "<span class="faint notes">{notes}</span> })}</span></span>
                    <Wire row=row.clone() call=call.clone() scene/>
                    <span class="answer"><Answer row=row.clone() call=call.clone()/></span>
                    <span class="took">{call.took.map(time)}</span>
                }
                .into_any()
            }
        })
    };
    view! {
        <li id=format!("call-{}-{at}", scene.id) class=class tabindex=move || if scene.pointed.get().unwrap_or(0) == at { "0" } else { "-1" }
            style=move || layer.get().map(hues::style) data-testid="call" data-what=move || row.with(|row| row.as_ref().map(|row| name(&row.what)))
            data-layer=move || layer.get().map(|layer| layer.to_string())
            on:mouseenter=move |_| point() on:focus=move |_| point() on:click=move |_| point()>
            <span class="stripe"></span>
            {body}
        </li>
    }
}

/// What stands at the right where nothing was asked: the bytes that didn't have to come.
fn not_asked(row: &Row) -> Option<String> {
    match &row.what {
        What::Here { size, .. } | What::Joined { size, .. } => Some(Size::of(*size).to_string()),
        _ => None,
    }
}

/// What is special about a request.
fn notes(row: &Row, call: &Call, lang: Lang) -> Option<String> {
    let mut notes = Vec::new();
    if call.attempt > 1 {
        notes.push(Talk::Attempt.with(lang, &[&call.attempt.to_string()]));
    }
    if call.authorized {
        // A token server is shown the login, a registry what came of it.
        let word = if matches!(row.what, What::Token { .. }) { Talk::WithLogin } else { Talk::Authorized };
        notes.push(word.text(lang).to_owned());
    }
    notes.extend(call.redirects.iter().map(|host| Talk::RedirectedTo.with(lang, &[&names::text(host)])));
    (!notes.is_empty()).then(|| notes.join(" · "))
}

/// Bytes between the lanes, and the way that they go.
#[component]
fn Wire(row: Row, call: Call, scene: Scene) -> impl IntoView {
    let going = call.took.is_none();
    let to = sends(&call);
    let part = share(&call).filter(|_| call.bytes > 0 || call.status.is_some() || to);
    let has_bytes = call.bytes > 0;
    let amount = {
        let call = call.clone();
        move || {
            let whole = call.expected.filter(|_| going).map(|whole| format!(" / {}", Size::of(whole)));
            let rate = rate(&row, if going { scene.now.get() } else { 0 })
                .map(|rate| format!(" · {}/s", Size::of(rate)));
            has_bytes.then(|| {
                format!("{}{}{}", Size::of(call.bytes), whole.unwrap_or_default(), rate.unwrap_or_default())
            })
        }
    };
    let percent = part.filter(|_| has_bytes).map(|part| format!("{:.0}", part * 100.0));
    let style = percent.as_ref().map(|percent| format!("width:{percent}%"));
    let direction = if to {
        "wire-line to"
    } else if has_bytes {
        "wire-line fro"
    } else {
        "wire-line out"
    };
    view! {
        <span class="wire">
            <span class="wire-amount">{amount}</span>
            {match style {
                Some(style) => view! {
                    <span class=direction role="progressbar" aria-valuemin="0" aria-valuemax="100" aria-valuenow=percent aria-label=call.path.clone()><i style=style></i></span>
                }.into_any(),
                None => view! { <span class=direction class:whole=has_bytes aria-hidden="true"></span> }.into_any(),
            }}
        </span>
    }
}

#[component]
fn Answer(row: Row, call: Call) -> impl IntoView {
    let tongue = use_tongue();
    let class = match mood(&row) {
        Mood::Spared => "right",
        Mood::Badly => "wrong",
        Mood::Asked => "asked-for",
        Mood::Going | Mood::Well => "faint",
    };
    let words = move || answered(&row, tongue.lang());
    view! {
        {call.status.map(|status| view! { <code class="status">{status}</code> })}
        <span class=class>{words}</span>
    }
}

/// A row's kind, for tests.
fn name(what: &What) -> &'static str {
    match what {
        What::Ping => "ping",
        What::Token { .. } => "token",
        What::Manifest { .. } => "manifest",
        What::Blob { .. } => "blob",
        What::Check { .. } => "check",
        What::Mount { .. } => "mount",
        What::Begin { .. } => "begin",
        What::Send { .. } => "send",
        What::Finish { .. } => "finish",
        What::Progress { .. } => "progress",
        What::Put { .. } => "put",
        What::Tags => "tags",
        What::Catalog => "catalog",
        What::Referrers { .. } => "referrers",
        What::Search => "search",
        What::Here { .. } => "here",
        What::Joined { .. } => "joined",
        What::UpToDate => "up-to-date",
    }
}
