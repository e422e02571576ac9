//! An image of a registry, explored without being pulled: first what its manifest and config tell, then layer by layer.

mod head;
mod reading;
mod sheet;
mod trouble;

pub use head::{bar, head};
pub use reading::load;
pub use sheet::sheet;
pub use trouble::trouble;

use leptos::prelude::*;

use crate::{
    outside::Phase,
    words::{Lang, Look},
};
use reading::Outside;

/// What is looked into, if the explorer's image isn't here.
fn outside() -> Option<Outside> {
    use_context::<Option<Outside>>().flatten()
}

/// The explorer's image is here. Said aloud, since what was provided for the one before may still be found.
pub fn none() {
    provide_context(None::<Outside>);
}

/// The image of a registry that layers are from, tracked.
pub fn source() -> Option<String> {
    outside()?.image.with(|image| image.as_ref().map(|image| image.from.clone()))
}

/// Whether it is known what is in a layer, tracked.
pub fn is_read(position: usize) -> bool {
    outside().is_none_or(|outside| outside.phase(position) == Some(Phase::Read))
}

/// Why a layer, or all of them, shows nothing, if that is because it wasn't read; tracked.
pub fn unread(only: Option<usize>, lang: Lang) -> Option<String> {
    let outside = outside()?;
    match only {
        Some(layer) => (!is_read(layer)).then(|| Look::UnreadLayer.with(lang, &[&(layer + 1).to_string()])),
        None => {
            let tally = outside.tally();
            (tally.read == 0 && tally.layers > 0).then(|| Look::UnreadAll.text(lang).to_owned())
        }
    }
}
