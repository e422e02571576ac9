//! A file as a picture.

use js_sys::{Array, Uint8Array};
use leptos::{prelude::*, task::spawn_local};
use web_sys::{Blob, BlobPropertyBag, Url};

use super::{content::Head, use_explorer};
use crate::{
    figures::Size,
    names,
    page::{api::use_client, marks::Wrong, tongue::use_tongue},
    words::Word,
};

/// Larger pictures are for a download.
const LARGEST: u64 = 16 * 1024 * 1024;

/// The picture, from bytes that are here: its type is what was found in them, never what a name says.
#[component]
pub fn PictureView(head: Head, media_type: &'static str) -> impl IntoView {
    let (tongue, explorer, client) = (use_tongue(), use_explorer(), use_client());
    let (source, broken) = (RwSignal::new(None::<String>), RwSignal::new(false));
    let too_large = head.size > LARGEST;
    if !too_large {
        spawn_local(async move {
            let all = match head.bytes.len() as u64 == head.size {
                true => Ok(head.bytes.to_vec()),
                false => client.bytes(&head.url, Some((0, head.size)), None).await.map(|part| part.bytes),
            };
            let url = all.ok().and_then(|bytes| object_url(&bytes, media_type));
            if url.is_none() {
                let _ = broken.try_set(true);
            }
            if let Some(Some(late)) = source.try_set(url) {
                // Nobody looks any more; an URL that is gone already is fine.
                let _ = Url::revoke_object_url(&late);
            }
        });
    }
    on_cleanup(move || {
        if let Some(Some(url)) = source.try_get_untracked() {
            let _ = Url::revoke_object_url(&url);
        }
    });
    let name = explorer.view.with_untracked(|view| names::bytes(&view.path));
    let refused = move || match (too_large, broken.get()) {
        (true, _) => Some(
            Word::PictureTooLarge
                .with(tongue.lang(), &[&Size::of(head.size).to_string(), &Size::of(LARGEST).to_string()]),
        ),
        (_, true) => Some(Word::PictureBroken.text(tongue.lang()).to_owned()),
        _ => None,
    };
    view! {
        <div class="picture" data-testid="picture">
            {move || refused().map(|text| view! { <Wrong text=Signal::stored(text)/> })}
            {move || source.get().filter(|_| !broken.get()).map(|url| view! {
                <img src=url alt=tongue.with(Word::PictureOf, [name.clone()]) on:error=move |_| broken.set(true)/>
            })}
        </div>
    }
}

fn object_url(bytes: &[u8], media_type: &str) -> Option<String> {
    let bag = BlobPropertyBag::new();
    bag.set_type(media_type);
    let parts = Array::of1(&Uint8Array::from(bytes));
    let blob = Blob::new_with_u8_array_sequence_and_options(&parts, &bag).ok()?;
    Url::create_object_url_with_blob(&blob).ok()
}
