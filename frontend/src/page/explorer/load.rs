//! Brings an image's layers here.

use std::{cell::RefCell, collections::HashMap, sync::Arc, time::Duration};

use futures_util::{StreamExt, stream};
use leptos::{prelude::*, task::spawn_local};
use strata_api::explorer::ImageDetail;
use strata_layer::{LayerIndex, Stack};
use strata_oci::DiffId;

use super::state::Explorer;
use crate::page::api::{Client, Failure};

/// Layers asked for at the same time; browsers keep six connections to a server, and the events take one.
const AT_ONCE: usize = 4;

thread_local! {
    /// The layers of the image that was looked at last: the next one often shares some.
    static KEPT: RefCell<HashMap<DiffId, Arc<LayerIndex>>> = RefCell::default();
}

/// Loads the image and then its layers.
pub fn load(explorer: Explorer, client: Client, reference: String) {
    spawn_local(async move {
        if let Err(failure) = bring(explorer, client, &reference).await {
            let _ = explorer.failure.try_set(Some(failure));
        }
    });
}

async fn bring(explorer: Explorer, client: Client, reference: &str) -> Result<(), Failure> {
    let path = format!("/api/image?ref={}", strata_api::path::encode(reference.as_bytes()));
    let detail: ImageDetail = client.get(&path).await?;
    let wanted = detail.card.layers.clone();
    let gone = explorer.detail.try_set(Some(Arc::new(detail))).is_some();
    if gone {
        return Ok(());
    }
    explorer.read.set((0, wanted.len()));
    let read = |count| {
        let _ = explorer.read.try_set((count, wanted.len()));
    };
    let layers = layers_of(client, &wanted, read).await?;
    KEPT.with_borrow_mut(|kept| *kept = wanted.into_iter().zip(layers.iter().cloned()).collect());
    if explorer.stack.try_set(Some(Stack::new(layers))).is_none() {
        set_timeout(move || explorer.add_up(), Duration::from_millis(30));
    }
    Ok(())
}

/// The indexes of layers, bottom first; `read` hears how many are here.
pub async fn layers_of(
    client: Client,
    wanted: &[DiffId],
    read: impl Fn(usize),
) -> Result<Vec<Arc<LayerIndex>>, Failure> {
    let mut all = Vec::with_capacity(wanted.len());
    let requests = wanted.iter().map(|diff_id| one(client, diff_id.clone()));
    let mut answers = stream::iter(requests).buffered(AT_ONCE);
    while let Some(layer) = answers.next().await {
        all.push(layer?);
        read(all.len());
    }
    Ok(all)
}

/// The index of a layer.
pub async fn one(client: Client, diff_id: DiffId) -> Result<Arc<LayerIndex>, Failure> {
    if let Some(kept) = KEPT.with_borrow(|kept| kept.get(&diff_id).cloned()) {
        return Ok(kept);
    }
    let part = client.bytes(&format!("/api/layers/{diff_id}/index"), None, None).await?;
    let index = LayerIndex::decode(&part.bytes).map_err(|error| Failure::NotUnderstood(error.to_string()))?;
    Ok(Arc::new(index))
}
