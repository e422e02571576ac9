//! How far a layer is, on its sheet.

use leptos::{ev, prelude::*};

use super::outside;
use crate::{
    names,
    outside::Phase,
    page::tongue::use_tongue,
    words::{Look, Talk},
};

/// Nothing for a layer that was read: its figures are there.
pub fn sheet(position: usize) -> Option<impl IntoView> {
    let outside = outside()?;
    let tongue = use_tongue();
    let phase = Memo::new(move |_| outside.phase(position).unwrap_or(Phase::Read));
    let kind = Memo::new(move |_| phase.with(Phase::name));
    let number = (position + 1).to_string();
    let percent = move || match phase.get() {
        Phase::Reading(came) => {
            (came as f64 * 100.0 / outside.size(position).max(1) as f64).min(100.0) as u64
        }
        _ => 0,
    };
    let want = move |event: ev::MouseEvent| {
        event.stop_propagation();
        outside.want(position);
    };
    let leave = move |event: ev::MouseEvent| {
        event.stop_propagation();
        outside.leave(position);
    };
    let body = move |kind: &'static str| {
        let number = number.clone();
        let stop = {
            let label = tongue.with(Look::StopLayerN, [number.clone()]);
            move || view! { <button type="button" class="quiet" data-testid="sheet-stop" aria-label=label.clone() on:click=leave>{tongue.say(Look::StopLayer)}</button> }
        };
        let read = {
            let label = tongue.with(Look::ReadLayerN, [number.clone()]);
            move || view! { <button type="button" class="quiet" data-testid="sheet-read" aria-label=label.clone() on:click=want>{tongue.say(Look::ReadLayer)}</button> }
        };
        match kind {
            "queued" => view! { <span class="faint">{tongue.say(Look::Queued)}</span>{stop()} }.into_any(),
            "reading" => view! {
                <span class="bar" role="progressbar" aria-label=tongue.say(Look::Reading) aria-valuemin="0" aria-valuemax="100" aria-valuenow=percent>
                    <i style=move || format!("width:{}%", percent())></i></span>
                {stop()}
            }
            .into_any(),
            "failed" => {
                let reason = move || match phase.get() {
                    Phase::Failed(reason) => names::text(&reason).into_owned(),
                    _ => String::new(),
                };
                view! {
                    <span class="wrong" role="alert" data-testid="sheet-failed">{reason}</span>
                    <button type="button" class="quiet" data-testid="sheet-read" on:click=want>{tongue.say(Talk::Again)}</button>
                }
                .into_any()
            }
            _ => view! { <span class="faint">{tongue.say(Look::Unread)}</span>{read()} }.into_any(),
        }
    };
    Some(move || {
        let kind = kind.get();
        (kind != "read").then(|| view! { <span class="sheet-reading" data-testid="sheet-reading" data-phase=kind>{body(kind)}</span> })
    })
}
