//! A long list of which only the rows on the screen exist.

use std::sync::Arc;

use leptos::{ev, html, prelude::*};

use crate::page::{dom, measure::measure};

/// Height of a row in pixels; `.window-row` in the style sheet.
const ROW: f64 = 32.0;
/// Rows drawn beyond the edges.
const SPARE: usize = 6;

/// The list. `row` draws a name; what it draws has the id `{id}-{place}` and takes the focus.
#[component]
pub fn Window<V: IntoView + 'static>(
    /// Whose rows they are: the beginning of their ids.
    id: &'static str,
    /// What the list is.
    #[prop(into)]
    label: Signal<String>,
    /// The names.
    #[prop(into)]
    names: Signal<Arc<Vec<String>>>,
    /// The name that is brought into view.
    #[prop(into)]
    chosen: Signal<Option<String>>,
    /// Draws a row.
    row: impl Fn(usize, String) -> V + Clone + Send + 'static,
) -> impl IntoView {
    let host = NodeRef::<html::Div>::new();
    let (first, capacity) = (RwSignal::new(0usize), RwSignal::new(40usize));
    measure(host, capacity, ROW);
    let total = Memo::new(move |_| names.with(|names| names.len()));
    let range = Memo::new(move |_| {
        let start = first.get().min(total.get());
        (start, (start + capacity.get() + 2 * SPARE).min(total.get()))
    });
    let drawn = Memo::new(move |_| {
        let (start, end) = range.get();
        names.with(|names| {
            let rows = names.get(start..end).unwrap_or_default().iter();
            rows.enumerate().map(|(at, name)| (start + at, name.clone())).collect::<Vec<_>>()
        })
    });
    let scroll_to = move |place: usize| {
        let Some(host) = host.get_untracked() else { return };
        let (y, top, height) =
            (place as f64 * ROW, f64::from(host.scroll_top()), f64::from(host.client_height()));
        if y < top {
            host.set_scroll_top(y as i32);
        } else if y + ROW > top + height {
            host.set_scroll_top((y + ROW - height) as i32);
        }
    };
    let on_scroll = move |_| {
        if let Some(host) = host.get_untracked() {
            first.set(((f64::from(host.scroll_top()) / ROW) as usize).saturating_sub(SPARE));
        }
    };
    // What the address names comes into view once it is known.
    let place = Memo::new(move |_| {
        let chosen = chosen.get()?;
        names.with(|names| names.iter().position(|name| *name == chosen))
    });
    Effect::new(move |_| {
        host.track();
        if let Some(place) = place.get() {
            request_animation_frame(move || scroll_to(place));
        }
    });
    let on_key = move |event: ev::KeyboardEvent| {
        let here = document()
            .active_element()
            .and_then(|element| element.id().strip_prefix(id)?.strip_prefix('-')?.parse::<usize>().ok());
        let (Some(here), Some(last)) = (here, total.get_untracked().checked_sub(1)) else { return };
        let page = capacity.get_untracked().saturating_sub(2).max(1);
        let to = match event.key().as_str() {
            "ArrowDown" => here + 1,
            "ArrowUp" => here.saturating_sub(1),
            "PageDown" => here + page,
            "PageUp" => here.saturating_sub(page),
            "Home" => 0,
            "End" => last,
            _ => return,
        };
        event.prevent_default();
        let to = to.min(last);
        scroll_to(to);
        // The row is there with the next frame.
        request_animation_frame(move || request_animation_frame(move || dom::focus(&format!("{id}-{to}"))));
    };
    view! {
        <div class="window" data-testid=id node_ref=host on:scroll=on_scroll on:keydown=on_key role="list" aria-label=label>
            <div class="window-all" role="presentation" style:height=move || format!("{}px", total.get() as f64 * ROW)>
                <div role="presentation" style:transform=move || format!("translateY({}px)", range.get().0 as f64 * ROW)>
                    <For each=move || drawn.get() key=|(at, name)| (*at, name.clone()) let:one>
                        <div class="window-row" role="listitem" aria-posinset=one.0 + 1 aria-setsize=move || total.get()>{row(one.0, one.1)}</div>
                    </For>
                </div>
            </div>
        </div>
    }
}
