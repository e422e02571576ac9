//! What removing images would free, as the server finds out from its catalog.

use leptos::{prelude::*, task::spawn_local};
use strata_api::{path, sharing::Removal};

use crate::{
    figures::Size,
    names,
    page::{
        api::{Client, Failure, use_client},
        tongue::use_tongue,
    },
    words::{Lang, Word},
};

/// Asks what removing these would do.
pub async fn removal(client: Client, names: &[String]) -> Result<Removal, Failure> {
    let query: Vec<String> =
        names.iter().map(|name| format!("image={}", path::encode(name.as_bytes()))).collect();
    client.get(&format!("/api/removal?{}", query.join("&"))).await
}

/// The outlook in words; empty until it is known.
#[component]
pub fn Outlook(names: Vec<String>) -> impl IntoView {
    let (tongue, client) = (use_tongue(), use_client());
    let found = RwSignal::new(None::<Removal>);
    spawn_local(async move {
        // Without an outlook the question is still a question.
        let _ = found.try_set(removal(client, &names).await.ok());
    });
    move || {
        found.get().map(|removal| {
            let lang = tongue.lang();
            let refused = removal.refused.iter().map(|refused| {
                let why = Word::FreesRefused.with(lang, &[&names::text(&refused.reason)]);
                view! { <span class="wrong" data-testid="outlook-refused" data-image=refused.image.clone()>{why}</span> }
            });
            view! {
                <span class="outlook" data-testid="outlook" data-frees=removal.frees><b>{frees(&removal, lang)}</b>" "
                    <span class="faint">{parts(&removal, lang)}</span></span>
                {refused.collect_view()}
            }
        })
    }
}

/// `frees 12.4 MB on disk`.
pub fn frees(removal: &Removal, lang: Lang) -> String {
    match removal.frees {
        0 => Word::FreesNothing.text(lang).to_owned(),
        bytes => Word::Frees.with(lang, &[&Size::of(bytes).to_string()]),
    }
}

/// Of what it consists, and what stays.
pub fn parts(removal: &Removal, lang: Lang) -> String {
    let mut parts = Vec::new();
    if removal.frees > 0 {
        let layers = Word::FreesLayersOne.count(Word::FreesLayers, lang, removal.layers.len() as u64);
        let sizes = [removal.files, removal.blobs].map(|bytes| Size::of(bytes).to_string());
        parts.push(Word::FreesParts.with(lang, &[&sizes[0], &layers, &sizes[1]]));
    }
    if removal.untagged > 0 {
        parts.push(Word::FreesNamesOne.count(Word::FreesNames, lang, removal.untagged as u64));
    }
    parts.join(" · ")
}
