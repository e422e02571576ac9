//! Marks that look the same everywhere: figures, stripes, copy buttons.

use leptos::prelude::*;

use super::{dom, tongue::use_tongue};
use crate::{figures, hues, words::Word};

/// A size: the number, its unit lighter.
#[component]
pub fn Size(
    /// Bytes.
    bytes: u64,
    /// What stands before the number.
    #[prop(optional)]
    sign: &'static str,
) -> impl IntoView {
    let size = figures::Size::of(bytes);
    let exact = format!("{} B", figures::grouped(bytes));
    view! { <span class="size" class:zero={bytes == 0} title=exact>{sign}{size.number()}"\u{a0}"<span class="unit">{size.unit}</span></span> }
}

/// The layers of an image as a strip of their colours, bottom at the left.
#[component]
pub fn Strip(
    /// How many.
    layers: usize,
    /// How many of them belong to the base image.
    base: usize,
) -> impl IntoView {
    let tongue = use_tongue();
    let label = tongue.count(Word::LayerCountOne, Word::LayerCount, layers as u64);
    let cell = move |position: usize| {
        view! { <i class="layer" class:of-base=position < base style=hues::style(position)></i> }
    };
    view! { <span class="strip" class:dense={layers > 40} role="img" aria-label=label.clone() title=label>{(0..layers).map(cell).collect_view()}</span> }
}

/// A button that copies a text and says so.
#[component]
pub fn CopyButton(
    /// What is copied.
    #[prop(into)]
    text: Signal<String>,
    /// What the button says.
    label: Word,
    /// For tests.
    testid: &'static str,
) -> impl IntoView {
    let tongue = use_tongue();
    let copied = RwSignal::new(false);
    let copy = move |_| {
        dom::copy(text.get_untracked(), move || {
            copied.set(true);
            set_timeout(
                move || {
                    copied.try_set(false);
                },
                std::time::Duration::from_millis(1600),
            );
        });
    };
    let says = move || if copied.get() { Word::Copied } else { label }.text(tongue.lang());
    view! {
        <button type="button" class="quiet" data-testid=testid title=text on:click=copy>
            <span aria-live="polite">{says}</span>
        </button>
    }
}

/// Something went wrong here.
#[component]
pub fn Wrong(
    /// What, where, and what would be right.
    #[prop(into)]
    text: Signal<String>,
) -> impl IntoView {
    view! { <p class="wrong" role="alert" data-testid="error">{text}</p> }
}
