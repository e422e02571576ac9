//! What the container printed.

use std::time::Duration;

use leptos::{html, prelude::*, task::spawn_local};

use super::use_vessel;
use crate::{
    logs::{Line, Log, Source},
    page::{api::Failure, marks::Wrong, seen::while_seen, tongue::use_tongue},
    words::Word,
};

/// Lines asked for at first.
const TAIL: usize = 2000;
/// Between two drawings, however fast lines come.
const BEAT: Duration = Duration::from_millis(60);

/// The tab.
#[component]
pub fn Logs() -> impl IntoView {
    let (tongue, vessel) = (use_tongue(), use_vessel());
    let lines = RwSignal::new(Vec::<Line>::new());
    let dropped = RwSignal::new(0u64);
    let failure = RwSignal::new(None::<Failure>);
    let loaded = RwSignal::new(false);
    let follow = RwSignal::new(true);
    let log = StoredValue::new(None::<Log>);
    let drawing = StoredValue::new(false);
    let draw = move || {
        let _ = drawing.try_set_value(false);
        let read = log.try_with_value(|log| log.as_ref().map(|log| (log.lines(), log.dropped()))).flatten();
        if let Some((now, gone)) = read {
            let _ = lines.try_set(now);
            let _ = dropped.try_set(gone);
            let _ = loaded.try_set(true);
        }
    };
    let soon = move || {
        if drawing.try_get_value() == Some(false) {
            drawing.set_value(true);
            set_timeout(draw, BEAT);
        }
    };
    let subject =
        Memo::new(move |_| vessel.detail.with(|detail| detail.as_ref().map(|d| (d.id.clone(), d.tty))));
    let is_live = Memo::new(move |_| vessel.state().is_live());
    Effect::new(move |_| {
        let Some((id, tty)) = subject.get() else { return };
        // Started again, it prints again.
        is_live.track();
        while_seen(move |signal| {
            let path = format!("/containers/{id}/logs?follow=1&stdout=1&stderr=1&tail={TAIL}");
            spawn_local(async move {
                let _ = log.try_set_value(Some(Log::new(tty)));
                let take = |chunk: Vec<u8>| {
                    log.try_update_value(|log| {
                        if let Some(log) = log {
                            log.push(&chunk);
                        }
                    });
                    soon();
                };
                let answer = vessel.client.stream("GET", &path, &signal, take).await;
                if signal.aborted() {
                    return;
                }
                soon();
                let _ = failure.try_set(answer.err().filter(|failure| *failure != Failure::Cancelled));
            });
        });
        set_timeout(draw, Duration::from_millis(400));
    });
    let host = NodeRef::<html::Div>::new();
    Effect::new(move |_| {
        lines.track();
        if let (Some(host), true) = (host.get(), follow.get()) {
            request_animation_frame(move || host.set_scroll_top(host.scroll_height()));
        }
    });
    // Scrolling away from the end stops following it, scrolling back goes on.
    let on_scroll = move |_| {
        if let Some(host) = host.get_untracked() {
            let at_end = host.scroll_height() - host.scroll_top() - host.client_height() < 24;
            if at_end != follow.get_untracked() {
                follow.set(at_end);
            }
        }
    };
    let line = move |line: Line| {
        let error = line.source == Source::Error;
        view! {
            <div class="log-line" class:log-error=error data-testid="log-line" data-source=if error { "stderr" } else { "stdout" }>
                <span class="log-number" aria-hidden="true">{line.number}</span>
                {error.then(|| view! { <span class="log-sign" title=tongue.say(Word::StandardError)>"!"</span> })}
                <span class="log-text">{line.text}</span>
            </div>
        }
    };
    view! {
        <div class="logs-bar">
            <label><input type="checkbox" data-testid="logs-follow" prop:checked=follow on:change:target=move |event| follow.set(event.target().checked())/>{tongue.say(Word::Follow)}</label>
            {move || (dropped.get() > 0).then(|| view! { <span class="faint">{tongue.with(Word::LogsDropped, [dropped.get().to_string()])}</span> })}
        </div>
        {move || failure.get().map(|failure| view! { <Wrong text=Signal::derive(move || failure.say(tongue.lang()))/> })}
        <div node_ref=host class="logs mono" tabindex="0" role="log" aria-live="off" data-testid="logs" on:scroll=on_scroll>
            {move || (loaded.get() && failure.with(Option::is_none) && lines.with(Vec::is_empty)).then(|| view! { <p class="faint hint">{tongue.say(Word::LogsEmpty)}</p> })}
            <For each=move || lines.get() key=|line| (line.number, line.text.len()) children=line/>
        </div>
    }
}
