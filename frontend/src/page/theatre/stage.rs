//! A play on its stage: Strata on the left, the registry on the right, and between them what goes over the wire.

use std::time::Duration;

use leptos::{ev, prelude::*};
use strata_api::theatre::End;

use super::row::Line;
use crate::{
    names,
    page::{
        dom,
        marks::{Size, Wrong},
        tongue::use_tongue,
    },
    theatre::{self, lesson, time},
    words::Talk,
};

/// What every row of a stage asks for.
#[derive(Clone, Copy)]
pub struct Scene {
    /// The play.
    pub stage: Memo<theatre::Stage>,
    /// The row that is pointed at.
    pub pointed: RwSignal<Option<usize>>,
    /// Milliseconds since the play began, while it goes on.
    pub now: RwSignal<u64>,
    /// Rows are told apart from those of another stage on the page.
    pub id: u32,
}

/// The stage with its sums, rows, and what a row teaches.
#[component]
pub fn Stage(stage: Memo<theatre::Stage>) -> impl IntoView {
    let tongue = use_tongue();
    let id = next_id();
    let scene = Scene { stage, pointed: RwSignal::new(None), now: RwSignal::new(0), id };
    // The clock runs while something goes on.
    let tick = RwSignal::new(0u32);
    Effect::new(move |_| {
        tick.track();
        let began =
            stage.with(|stage| stage.play.as_ref().filter(|play| play.end.is_none()).map(|play| play.began));
        if let Some(began) = began {
            scene.now.set((js_sys::Date::now() as i64 - began).max(0) as u64);
            let again = move || {
                let _ = tick.try_update(|tick| *tick += 1);
            };
            set_timeout(again, Duration::from_millis(200));
        }
    });
    let count = Memo::new(move |_| stage.with(|stage| stage.rows.len()));
    let dropped = Memo::new(move |_| stage.with(|stage| stage.dropped));
    let hosts = Memo::new(move |_| stage.with(theatre::Stage::hosts));
    let teaches = move || {
        let row = scene.pointed.get().and_then(|at| stage.with(|stage| stage.rows.get(at).map(lesson)));
        row.unwrap_or(Talk::Point).text(tongue.lang())
    };
    let on_key = move |event: ev::KeyboardEvent| {
        let (Some(here), Some(last)) = (scene.pointed.get_untracked(), count.get_untracked().checked_sub(1))
        else {
            return;
        };
        let to = match event.key().as_str() {
            "ArrowDown" => (here + 1).min(last),
            "ArrowUp" => here.saturating_sub(1),
            "Home" => 0,
            "End" => last,
            _ => return,
        };
        event.prevent_default();
        dom::focus(&format!("call-{id}-{to}"));
    };
    view! {
        <div class="stage" data-testid="stage" data-state=move || stage.with(state)>
            <Sums stage/>
            <p class="lesson" aria-live="polite" data-testid="lesson">{teaches}</p>
            <div class="lanes" aria-hidden="true">
                <span></span><b>{tongue.say(Talk::LaneUs)}</b><span></span>
                <b class="them">{move || hosts.with(|hosts| match hosts.first() {
                    Some(host) => names::middle(&names::text(host), 34).into_owned(),
                    None => Talk::LaneThem.text(tongue.lang()).to_owned(),
                })}</b><span></span>
            </div>
            <ol class="calls" aria-label=tongue.say(Talk::Rows) data-testid="calls" on:keydown=on_key on:mouseleave=move |_| scene.pointed.set(None)>
                <For each=move || 0..count.get() key=|at| *at let:at><Line at scene/></For>
            </ol>
            {move || (dropped.get() > 0).then(|| view! { <p class="pad faint">{Talk::RowsDropped.with(tongue.lang(), &[&dropped.get().to_string()])}</p> })}
        </div>
    }
}

fn state(stage: &theatre::Stage) -> &'static str {
    match stage.play.as_ref().map(|play| &play.end) {
        None => "waiting",
        Some(None) => "running",
        Some(Some(End::Done)) => "done",
        Some(Some(End::Stopped)) => "stopped",
        Some(Some(End::Failed(_))) => "failed",
    }
}

/// The play in a line: what it is, how it stands, what went over the network and what didn't have to.
#[component]
fn Sums(stage: Memo<theatre::Stage>) -> impl IntoView {
    let tongue = use_tongue();
    let play = Memo::new(move |_| stage.with(|stage| stage.play.clone()));
    move || {
        let lang = tongue.lang();
        let Some(play) = play.get() else {
            return view! { <p class="sums faint">{Talk::Connecting.text(lang)}</p> }.into_any();
        };
        let (deed, (class, word)) = (super::deed_word(play.deed), super::end_mark(play.end.as_ref()));
        let failure = match &play.end {
            Some(End::Failed(message)) => Some(names::text(message).into_owned()),
            _ => None,
        };
        let requests = Talk::SumRequestsOne.count(Talk::SumRequests, lang, u64::from(play.requests));
        let amount = |bytes: u64, word: Talk| {
            (bytes > 0).then(
                || view! { <span><Size bytes=bytes/>" "<span class="faint">{word.text(lang)}</span></span> },
            )
        };
        let name = names::text(&play.image).into_owned();
        view! {
            <p class="sums" data-testid="sums">
                <span class="deed">{deed.text(lang)}</span>
                <b title=name.clone()>{names::middle(&name, 60).into_owned()}</b>
                <span class=class role="status" data-testid="stage-end">{word.text(lang)}{play.took.map(|took| format!(" {}", time(took)))}</span>
                <span class="faint">{requests}</span>
                {amount(play.received, Talk::SumReceived)}
                {amount(play.sent, Talk::SumSent)}
                {amount(play.spared, Talk::SumSpared)}
            </p>
            {failure.map(|text| view! { <Wrong text=Signal::stored(text)/> })}
        }
        .into_any()
    }
}

fn next_id() -> u32 {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
