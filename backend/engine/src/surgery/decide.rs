//! From a request to what it comes to.

use strata_api::{
    path,
    workshop::{Operation, Overridden, Override, SurgeryPlan, SurgeryRequest},
};
use strata_catalog::Image;
use strata_layer::{Change, LayerSet, Row, Stack, Union, squash, without};
use strata_oci::ImageConfig;

use super::{
    Decided, Slot, dependents,
    history::{self, Rewritten},
    words,
};
use crate::{Error, Kind, engine::Inner};

/// As many paths as a plan tells.
pub(super) const TOLD: usize = 10_000;
/// As many things that need what is gone.
const DEPENDENTS: usize = 1_000;

impl Inner {
    pub(super) fn decide(&self, request: &SurgeryRequest) -> Result<Decided, Error> {
        let image = self.find(&request.image)?;
        let config = self.config(&image.id)?;
        match &request.operation {
            Operation::Squash { from, to } => self.decide_squash(image, &config, *from, *to),
            Operation::Drop { layer } => self.decide_drop(image, &config, *layer),
            Operation::Rebase { base, onto } => self.decide_rebase(image, &config, *base, onto),
        }
    }

    fn decide_squash(
        &self,
        image: Image,
        config: &ImageConfig,
        from: usize,
        to: usize,
    ) -> Result<Decided, Error> {
        layer_of(&image, to)?;
        if from >= to {
            let message = format!("layers {from} to {to} are no range of several: from must be below to");
            return Err(Error::new(Kind::InvalidArgument, message));
        }
        let stack = self.stack(&image)?;
        let rows = squash(&stack, from..=to);
        let empty = rows.is_empty();
        let bytes = bytes_of(&stack, &rows);
        let rewritten = history::squashed(config.rows(), from, to, empty);
        let kept = |range: std::ops::Range<usize>| image.layers[range].iter().cloned().map(Slot::Kept);
        let mut slots: Vec<Slot> = kept(0..from).collect();
        slots.extend((!empty).then_some(Slot::Made(rows)));
        slots.extend(kept(to + 1..image.layers.len()));
        let outside = (0..stack.len()).filter(|at| !(from..=to).contains(at));
        let bytes_after = outside.map(|at| stack.layer(at).totals().bytes).sum::<u64>() + bytes;
        let mut plan = plan(&image, &stack, &rewritten, slots.len());
        plan.bytes_after = bytes_after;
        plan.consequences = words::squash(&plan);
        Ok(Decided { image, slots, history: rewritten.history, plan })
    }

    fn decide_drop(&self, image: Image, config: &ImageConfig, left_out: usize) -> Result<Decided, Error> {
        layer_of(&image, left_out)?;
        if image.layers.len() == 1 {
            return Err(Error::new(
                Kind::InvalidArgument,
                "it is the image's only layer: nothing would be left",
            ));
        }
        let stack = self.stack(&image)?;
        let found = without(&stack, left_out);
        let rewritten = history::dropped(config.rows(), left_out);
        let slots: Vec<Slot> = image
            .layers
            .iter()
            .enumerate()
            .filter(|(at, _)| *at != left_out)
            .map(|(_, layer)| Slot::Kept(layer.clone()))
            .collect();
        let mut plan = plan(&image, &stack, &rewritten, slots.len());
        plan.bytes_after = plan.bytes_before - stack.layer(left_out).totals().bytes;
        let told = found.differences.iter().map(|difference| {
            let (what, place) = match (difference.change, difference.before, difference.after) {
                (Change::Deleted, before, _) => (Override::Gone, before),
                (_, _, after) => (Override::ComesBack, after),
            };
            let layer = if what == Override::Gone { left_out } else { place.map_or(0, |place| place.layer) };
            let path = path::encode(difference.path.as_bytes());
            Overridden { path, what, layer, bytes: place.map_or(0, |place| place.size) }
        });
        let idle = found.idle.iter().map(|(layer, idle)| {
            let path = path::encode(idle.as_bytes());
            Overridden { path, what: Override::LostBelow, layer: *layer, bytes: 0 }
        });
        tell(&mut plan, told.chain(idle).collect());
        let mut others = LayerSet::all(stack.len());
        let before = Union::of(&stack, &others);
        others.set(left_out, false);
        let after = Union::of(&stack, &others);
        plan.dependents = found.dependents.iter().map(dependents::wire).collect();
        plan.dependents.extend(dependents::of_settings(config.config.as_ref(), &before, &after));
        plan.dependents.truncate(DEPENDENTS);
        plan.consequences = words::dropped(&plan);
        Ok(Decided { image, slots, history: rewritten.history, plan })
    }
}

/// Sorts what is to be told of paths, counts it and keeps as much as a plan holds.
pub(super) fn tell(plan: &mut SurgeryPlan, mut found: Vec<Overridden>) {
    found.sort_by(|a, b| a.path.cmp(&b.path));
    plan.overridden_count = found.len() as u64;
    found.truncate(TOLD);
    plan.overridden = found;
}

/// What every plan says.
pub(super) fn plan(image: &Image, stack: &Stack, rewritten: &Rewritten, layers_after: usize) -> SurgeryPlan {
    let bytes = stack.layers().iter().map(|layer| layer.totals().bytes).sum();
    SurgeryPlan {
        image: image.id.clone(),
        rows: rewritten.rows.clone(),
        layers_before: stack.len(),
        layers_after,
        bytes_before: bytes,
        bytes_after: bytes,
        overridden: Vec::new(),
        overridden_count: 0,
        dependents: Vec::new(),
        settings: Vec::new(),
        consequences: Vec::new(),
    }
}

fn layer_of(image: &Image, layer: usize) -> Result<(), Error> {
    if layer < image.layers.len() {
        return Ok(());
    }
    let message = format!(
        "there is no layer {layer}: the image has {}, numbered from 0 at the bottom",
        image.layers.len()
    );
    Err(Error::new(Kind::InvalidArgument, message))
}

fn bytes_of(stack: &Stack, rows: &[Row]) -> u64 {
    let bytes = |row: &Row| match row {
        Row::Entry { layer, entry } => stack.layer(*layer).entry(*entry).size(),
        _ => 0,
    };
    rows.iter().map(bytes).sum()
}
