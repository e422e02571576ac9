//! A file as bytes, of which only the rows on the screen exist and only their pages are fetched.

use leptos::{html, prelude::*, task::spawn_local};

use super::content::Head;
use crate::{
    hex::{PAGE, Pages, ROW, ascii, digits, offset},
    page::api::{Client, use_client},
};

/// Height of a row in pixels.
const HEIGHT: f64 = 20.0;
/// Browsers draw no element taller than some 33 million pixels; beyond this the scroll bar is coarser than the rows.
const TALLEST: f64 = 16_000_000.0;
/// Rows drawn beyond the edges.
const SPARE: u64 = 6;

/// Offset, hex digits and ASCII, row by row.
#[component]
pub fn HexView(head: Head) -> impl IntoView {
    let client = use_client();
    let host = NodeRef::<html::Div>::new();
    let rows = head.size.div_ceil(ROW);
    let height = (rows as f64 * HEIGHT).min(TALLEST);
    let pages = StoredValue::new(Pages::default());
    pages.update_value(|pages| pages.put(0, head.bytes.to_vec()));
    let arrived = RwSignal::new(0u32);
    let top = RwSignal::new(0.0f64);
    let visible = RwSignal::new(40u64);
    let range = Memo::new(move |_| {
        let first = first_row(top.get(), height, rows, visible.get());
        (first.saturating_sub(SPARE), (first + visible.get() + SPARE).min(rows))
    });
    Effect::new(move |_| {
        if let Some(host) = host.get() {
            visible.set((f64::from(host.client_height()) / HEIGHT).ceil() as u64 + 1);
        }
    });
    let asked = StoredValue::new(Vec::<u64>::new());
    Effect::new({
        let url = head.url.clone();
        move |_| {
            let (first, last) = range.get();
            let missing = pages.with_value(|pages| pages.missing(first, last));
            for page in missing {
                if asked.with_value(|asked| !asked.contains(&page)) {
                    asked.update_value(|asked| asked.push(page));
                    fetch(client, url.clone(), page, head.size, Shelf { pages, asked, arrived });
                }
            }
        }
    });
    let drawn = move || {
        arrived.track();
        let (first, last) = range.get();
        pages.with_value(|pages| {
            (first..last).map(|row| (row, pages.row(row).map(<[u8]>::to_vec))).collect::<Vec<_>>()
        })
    };
    let shift = move || {
        let (first, _) = range.get();
        let exact = first as f64 * HEIGHT;
        // Beyond the tallest element rows are placed from the scroll position, not from the top.
        let y = if rows as f64 * HEIGHT <= TALLEST {
            exact
        } else {
            (top.get() - SPARE as f64 * HEIGHT).max(0.0)
        };
        format!("translateY({y}px)")
    };
    view! {
        <div class="hex mono" tabindex="0" node_ref=host data-testid="hex"
            on:scroll=move |_| if let Some(host) = host.get_untracked() { top.set(f64::from(host.scroll_top())) }>
            <div class="canvas" style:height=format!("{height}px")>
                <div class="window" style:transform=shift>
                    <For each=drawn key=|(row, bytes)| (*row, bytes.is_some()) let:line>
                        <Line row=line.0 size=head.size bytes=line.1/>
                    </For>
                </div>
            </div>
        </div>
    }
}

#[component]
fn Line(row: u64, size: u64, bytes: Option<Vec<u8>>) -> impl IntoView {
    let known = bytes.is_some();
    let bytes = bytes.unwrap_or_default();
    view! {
        <div class="hex-row" class:pending=!known><span class="faint">{offset(row, size)}</span><span>{digits(&bytes)}</span><span class="ascii">{ascii(&bytes)}</span></div>
    }
}

/// The row at the top edge for a scroll position.
fn first_row(top: f64, height: f64, rows: u64, visible: u64) -> u64 {
    if rows as f64 * HEIGHT <= TALLEST {
        return (top / HEIGHT) as u64;
    }
    let travel = (height - visible as f64 * HEIGHT).max(1.0);
    ((top / travel).min(1.0) * rows.saturating_sub(visible) as f64) as u64
}

/// Where pages go when they arrive.
#[derive(Clone, Copy)]
struct Shelf {
    pages: StoredValue<Pages>,
    asked: StoredValue<Vec<u64>>,
    arrived: RwSignal<u32>,
}

fn fetch(client: Client, url: String, page: u64, size: u64, shelf: Shelf) {
    spawn_local(async move {
        let range = (page * PAGE, ((page + 1) * PAGE).min(size));
        // A page that doesn't come stays blank and is asked for again when scrolled to.
        if let Ok(part) = client.bytes(&url, Some(range), None).await {
            let _ = shelf.pages.try_update_value(|pages| pages.put(page, part.bytes));
        }
        let _ = shelf.asked.try_update_value(|asked| asked.retain(|other| *other != page));
        let _ = shelf.arrived.try_update(|arrived| *arrived += 1);
    });
}
