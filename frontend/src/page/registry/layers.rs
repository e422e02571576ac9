//! The layers of an image in a registry, and who else has them.

use leptos::prelude::*;
use strata_api::registry::Layer;

use crate::{
    address::{Place, Registry, View},
    hues, names,
    page::{
        marks::{Size, Strip},
        tongue::use_tongue,
    },
    registry::kind,
    words::Talk,
};

/// Names that are shown of a layer's users.
const SHOWN: usize = 3;

/// The layers, the lowest last, as they lie.
#[component]
pub fn Layers(name: Option<String>, layers: Vec<Layer>) -> impl IntoView {
    let tongue = use_tongue();
    let count = layers.len();
    // What the images here share with the bottom of it.
    let shared = layers.iter().take_while(|layer| !layer.images.is_empty() || !layer.tags.is_empty()).count();
    view! {
        <h3 class="layers-title">
            {match name {
                Some(name) => view! { <span>{tongue.with(Talk::LayersOf, [name])}</span> }.into_any(),
                None => view! { <span>{tongue.say(Talk::LayersPlain)}</span> }.into_any(),
            }}
            <Strip layers=count base=shared/>
        </h3>
        <ol class="registry-layers" data-testid="registry-layers">
            {layers.into_iter().enumerate().rev().map(|(at, layer)| view! { <One at layer/> }).collect_view()}
        </ol>
    }
}

#[component]
fn One(at: usize, layer: Layer) -> impl IntoView {
    let tongue = use_tongue();
    let digest = layer.digest.to_string();
    let shared = !layer.images.is_empty() || !layer.tags.is_empty();
    let media = names::text(&layer.media_type).into_owned();
    let own = window().location().host().unwrap_or_default();
    let images = layer.images.iter().map(|name| {
        let to = Place::Image(Box::new(View::of(name))).print();
        (names::text(name).into_owned(), to)
    });
    let tags = layer.tags.iter().map(|name| {
        let (repository, tag) = name.rsplit_once(':').unwrap_or((name, "latest"));
        let to = Place::Registry(Box::new(Registry::tag(&own, repository, tag))).print();
        (names::text(&format!("{own}/{name}")).into_owned(), to)
    });
    let mut users: Vec<(String, String)> = images.chain(tags).collect();
    let all = users.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join("\n");
    let more = users.len().saturating_sub(SHOWN);
    users.truncate(SHOWN);
    view! {
        <li class="layer registry-layer" class:of-base=shared style=hues::style(at) data-testid="registry-layer" data-layer=at.to_string()>
            <span class="stripe"></span>
            <span class="number faint">{at + 1}</span>
            <code title=digest>{layer.digest.short().to_owned()}</code>
            <span class="faint" title=media.clone()>{names::text(kind(&media)).into_owned()}</span>
            <Size bytes=layer.size/>
            <span class="users" title=all data-testid="layer-users">
                {match shared {
                    false => view! { <span class="faint">{tongue.say(Talk::LayerAlone)}</span> }.into_any(),
                    true => view! {
                        <span class="faint">{tongue.say(Talk::LayerUsers)}" "</span>
                        {users.into_iter().map(|(name, to)| view! { <a href=to title=name.clone()>{names::middle(&name, 30).into_owned()}</a>" " }).collect_view()}
                        {(more > 0).then(|| view! { <span class="faint">{tongue.with(Talk::LayerUsersMore, [more.to_string()])}</span> })}
                    }.into_any(),
                }}
            </span>
        </li>
    }
}
