//! Another base under the same layers.

use strata_api::{
    path,
    workshop::{Overridden, Override},
};
use strata_catalog::{Catalog as _, Image};
use strata_layer::{LayerSet, Override as How, Stack, Union, overridden};
use strata_oci::{HistoryEntry, ImageConfig, Platform};

use super::{
    Decided, MOST_LAYERS, Slot,
    decide::{plan, tell},
    dependents, history, settings, words,
};
use crate::{Error, Kind, engine::Inner};

impl Inner {
    pub(super) fn decide_rebase(
        &self,
        image: Image,
        config: &ImageConfig,
        base: usize,
        onto: &str,
    ) -> Result<Decided, Error> {
        let wrong = |message: String| Err(Error::new(Kind::InvalidArgument, message));
        if base == 0 || base > image.layers.len() {
            let count = image.layers.len();
            return wrong(format!("{base} layers can't be the base: the image has {count}"));
        }
        let new = self.find(onto)?;
        let new_config = self.config(&new.id)?;
        let platform = |config: &ImageConfig| {
            Platform::new(&config.os, &config.architecture, config.variant.as_deref()).to_string()
        };
        if platform(config) != platform(&new_config) {
            return wrong(format!(
                "{onto} is for {}, the image for {}: its programs would not run",
                platform(&new_config),
                platform(config)
            ));
        }
        let layers = new.layers.len() + image.layers.len() - base;
        if layers > MOST_LAYERS {
            return wrong(format!(
                "the outcome would have {layers} layers, more than the {MOST_LAYERS} that an image may have: squash some first"
            ));
        }
        let (stack, fresh) = (self.stack(&image)?, self.stack(&new)?);
        let part = |range: std::ops::Range<usize>| Stack::new(stack.layers()[range].to_vec());
        let (old, upper) = (part(0..base), part(base..stack.len()));
        let old_image = self.base_image(&image, base)?;
        let old_config = old_image.as_ref().map(|image| self.config(&image.id)).transpose()?;
        let rows = config.rows();
        let of_base: Option<Vec<HistoryEntry>> =
            old_config.as_ref().map(|config| config.rows().into_iter().map(|(row, _)| row).collect());
        let base_rows = history::base_rows(&rows, base, of_base.as_deref());
        let rewritten = history::rebased(rows, base, base_rows, new_config.rows(), new.layers.len());
        let slots: Vec<Slot> =
            new.layers.iter().chain(&image.layers[base..]).cloned().map(Slot::Kept).collect();
        let mut plan = plan(&image, &stack, &rewritten, slots.len());
        let bytes = |stack: &Stack| stack.layers().iter().map(|layer| layer.totals().bytes).sum::<u64>();
        plan.bytes_after = bytes(&fresh) + bytes(&upper);
        tell(&mut plan, overridden(&old, &fresh, &upper).into_iter().map(|one| wire(one, base)).collect());
        plan.settings = settings::left_behind(old_config.as_deref(), &new_config, config.config.as_ref());
        let moved = Stack::new(fresh.layers().iter().chain(upper.layers()).cloned().collect());
        let (before, after) = (whole(&stack), whole(&moved));
        plan.dependents = dependents::of_settings(config.config.as_ref(), &before, &after);
        plan.consequences = words::rebase(&plan, onto);
        Ok(Decided { image, slots, history: rewritten.history, plan })
    }

    /// A local image whose layers are just the lowest of this one.
    fn base_image(&self, image: &Image, base: usize) -> Result<Option<Image>, Error> {
        let below = &image.layers[..base];
        let same = |other: &Image| {
            other.layers.len() == base
                && other.layers.iter().zip(below).all(|(theirs, ours)| theirs.diff_id == ours.diff_id)
        };
        // Of several, such as one and what was only configured on it, the one with fewer rows is the base.
        let mut found: Option<(usize, Image)> = None;
        for other in self.catalog.images()?.into_iter().filter(|other| other.id != image.id && same(other)) {
            let rows = self.config(&other.id)?.history.len();
            if found.as_ref().is_none_or(|(least, _)| rows < *least) {
                found = Some((rows, other));
            }
        }
        Ok(found.map(|(_, image)| image))
    }
}

fn whole(stack: &Stack) -> Union {
    Union::of(stack, &LayerSet::all(stack.len()))
}

fn wire(one: strata_layer::Overridden, base: usize) -> Overridden {
    let (old, new) = (one.difference.before, one.difference.after);
    let what = match (one.how, old, new) {
        (How::Parent, ..) => Override::ParentMissing,
        (How::Deletes, _, None) => Override::DeletesNothing,
        (How::Deletes | How::Hides, ..) => Override::DeletesOther,
        (How::Replaces | How::Metadata, None, _) => Override::ReplacesNew,
        (How::Replaces | How::Metadata, ..) => Override::ReplacesOther,
    };
    Overridden {
        path: path::encode(one.difference.path.as_bytes()),
        what,
        layer: base + one.layer,
        bytes: new.map_or(0, |place| place.size),
    }
}
