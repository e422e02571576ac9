//! The map of layers that images share, and what removing one would really free.

mod facts;
mod map;

use std::sync::Arc;

use leptos::{prelude::*, task::spawn_local};
use strata_api::sharing::{Removal, SharingMap};

use super::{
    api::{Failure, use_client},
    bar::use_bar,
    images::removal,
    list::{Loading, NotListed},
    marks::Size,
    pulse::use_pulse,
    tongue::use_tongue,
};
use crate::{
    address::Place,
    sharing::{Drawing, all_names, draw, find, users},
    words::Word,
};
use facts::Facts;
use map::Map;

/// What the page knows; a copyable handle.
#[derive(Clone, Copy)]
struct Sharing {
    known: RwSignal<Option<Arc<Known>>>,
    /// The image that is looked at, by its place in the map.
    chosen: Memo<Option<usize>>,
    /// What removing it would do, once that is known.
    outlook: RwSignal<Option<Result<Removal, Failure>>>,
    /// The layer under the pointer.
    lit: RwSignal<Option<usize>>,
}

/// The map and what follows from it.
struct Known {
    map: SharingMap,
    drawing: Drawing,
    users: Vec<usize>,
}

impl PartialEq for Known {
    fn eq(&self, other: &Self) -> bool {
        self.map == other.map
    }
}

fn use_sharing() -> Sharing {
    expect_context()
}

/// The page at `/sharing`.
#[component]
pub fn SharingPage() -> impl IntoView {
    let (tongue, bar, client, pulse) = (use_tongue(), use_bar(), use_client(), use_pulse());
    let known = RwSignal::new(None::<Arc<Known>>);
    let failure = RwSignal::new(None::<Failure>);
    let refresh = move || {
        spawn_local(async move {
            match client.get::<SharingMap>("/api/sharing").await {
                Ok(map) => {
                    let fresh = Known { drawing: draw(&map), users: users(&map), map };
                    let _ = failure.try_set(None);
                    let _ = known.try_update(|known| {
                        if known.as_deref() != Some(&fresh) {
                            *known = Some(Arc::new(fresh));
                        }
                    });
                }
                Err(why) => drop(failure.try_set(Some(why))),
            }
        });
    };
    Effect::new(move |_| {
        pulse.track_images();
        refresh();
    });
    let chosen = Memo::new(move |_| match bar.place() {
        Place::Sharing { image } => known.with(|known| find(&known.as_ref()?.map, &image)),
        _ => None,
    });
    let outlook = RwSignal::new(None);
    provide_context(Sharing { known, chosen, outlook, lit: RwSignal::new(None) });
    // What would be freed hangs on all images, so it is asked for again with each map.
    Effect::new(move |_| {
        let names = known.with(|known| {
            let image = known.as_ref()?.map.images.get(chosen.get()?)?;
            Some(all_names(image))
        });
        outlook.set(None);
        let Some(names) = names else { return };
        let asked = chosen.get_untracked();
        spawn_local(async move {
            let answer = removal(client, &names).await;
            if chosen.try_get_untracked().flatten() == asked {
                let _ = outlook.try_set(Some(answer));
            }
        });
    });
    let is_empty =
        move || known.with(|known| known.as_ref().is_some_and(|known| known.map.images.is_empty()));
    view! {
        <div class="images-page wide sharing" data-testid="sharing">
            <header class="shelf-bar"><h1>{tongue.say(Word::Sharing)}</h1><Totals/></header>
            <p class="faint sharing-how">{tongue.say(Word::SharingHow)}</p>
            {move || failure.get().map(|failure| view! { <NotListed failure again=refresh/> })}
            {move || match known.get() {
                None if failure.with(Option::is_some) => ().into_any(),
                None => view! { <Loading/> }.into_any(),
                Some(_) if is_empty() => view! {
                    <section class="notice" data-testid="no-images"><h2>{tongue.say(Word::NoImages)}</h2>
                        <a class="button main" href="/">{tongue.say(Word::ToImages)}</a></section>
                }.into_any(),
                Some(known) => view! { <div class="sharing-panes"><Map known=known.clone()/><Facts known/></div> }.into_any(),
            }}
        </div>
    }
}

/// What is on disk, and what would be without sharing.
#[component]
fn Totals() -> impl IntoView {
    let (tongue, sharing) = (use_tongue(), use_sharing());
    move || {
        sharing.known.get().map(|known| {
            let total = known.map.total;
            let apart: u64 = known.map.images.iter().map(|image| image.size).sum();
            let figure = |bytes: u64, word: Word, testid: &'static str| {
                view! { <span data-testid=testid data-bytes=bytes><Size bytes/>" "<span class="faint">{tongue.say(word)}</span></span> }
            };
            view! {
                <p class="sharing-totals">
                    {figure(total, Word::SharingTotal, "sharing-total")}
                    {figure(apart, Word::SharingWithout, "sharing-apart")}
                    {figure(apart.saturating_sub(total), Word::SharingSaved, "sharing-saved")}
                </p>
            }
        })
    }
}
