//! Which steps were done before.
//!
//! `COPY --from` has two keys: one by the images that it is between, which costs nothing to know, and one by the files that it copies,
//! for when that image is another one with the same files.

use serde::{Deserialize, Serialize};
use strata_dockerfile::{context::CopiedFile, key::StepKey};
use strata_oci::ImageId;

use crate::{
    Error,
    workbench::{Chain, Workbench},
};

/// The most files of a step that are written down.
const FILES: usize = 2_000;

/// What is kept of a step beside its key and images.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StepBody {
    /// Its number in the build that did it.
    pub step: usize,
    /// The instruction with variables replaced, as the forecast compares it: `strata_dockerfile::evaluate::Step::text`.
    pub instruction: String,
    /// Build arguments that it saw, sorted.
    pub args: Vec<(String, String)>,
    /// What a `COPY` or `ADD` copied, sorted; `None` for other steps, and where there were too many.
    pub files: Option<Vec<CopiedFile>>,
    /// Bytes that its layer added.
    pub bytes: u64,
    /// How long it took.
    pub milliseconds: u64,
    /// Unix milliseconds when it was done.
    pub at: i64,
}

impl StepBody {
    /// With the files that were copied, unless they are too many.
    pub(crate) fn with_files(mut self, files: Vec<CopiedFile>) -> Self {
        self.files = Some(files).filter(|files| files.len() <= FILES);
        self
    }
}

/// The cache as one stage sees it: after the first step that was not done before, it looks no further.
#[derive(Debug)]
pub(crate) struct Cache {
    /// Whether any step may be taken from it.
    on: bool,
    /// Images of `--cache-from`; then only what leads to one of them counts.
    sources: Vec<ImageId>,
    missed: bool,
}

/// Where a step's image comes from.
pub(crate) enum Hit {
    /// It was done before.
    Image(Chain),
    /// An image of `--cache-from` has the step in its history, with this row, and this layer if it made one.
    Row(Box<(strata_oci::HistoryEntry, Option<strata_catalog::Layer>)>),
}

impl Cache {
    pub(crate) fn new(on: bool, sources: Vec<ImageId>) -> Self {
        Self { on, sources, missed: false }
    }

    /// A stage begins.
    pub(crate) fn reset(&mut self) {
        self.missed = false;
    }

    /// Looks for a step by its keys, in order. `last` tells whether there is nothing more to look for.
    pub(crate) fn look(
        &mut self,
        bench: &Workbench,
        parent: &Chain,
        keys: &[StepKey],
        instruction: &str,
        last: bool,
    ) -> Result<Option<Hit>, Error> {
        if !self.on || self.missed {
            return Ok(None);
        }
        for key in keys {
            if let Some(image) = bench.done_before(key.as_str())?
                && let Some(chain) = bench.chain(&image)?
                && self.leads_to_source(bench, &image)?
            {
                return Ok(Some(Hit::Image(chain)));
            }
        }
        let row = self.row(bench, parent, instruction)?;
        self.missed = row.is_none() && last;
        Ok(row)
    }

    fn leads_to_source(&self, bench: &Workbench, image: &ImageId) -> Result<bool, Error> {
        if self.sources.is_empty() {
            return Ok(true);
        }
        for source in &self.sources {
            let mut at = Some(source.clone());
            while let Some(id) = at {
                if id == *image {
                    return Ok(true);
                }
                at = bench.parent_of(&id)?;
            }
        }
        Ok(false)
    }

    /// The row of a source that comes after what `parent` has.
    fn row(&self, bench: &Workbench, parent: &Chain, instruction: &str) -> Result<Option<Hit>, Error> {
        for source in &self.sources {
            let Some(source) = bench.chain(source)? else { continue };
            let rows = source.config.rows();
            let known = parent.config.rows();
            let same = |(a, b): (&(strata_oci::HistoryEntry, _), &(strata_oci::HistoryEntry, _))| {
                a.0.created_by == b.0.created_by && a.0.empty_layer == b.0.empty_layer
            };
            let below = source.layers.len() >= parent.layers.len()
                && source.layers.iter().zip(&parent.layers).all(|(a, b)| a.diff_id == b.diff_id);
            if !below || rows.len() <= known.len() || !known.iter().zip(&rows).all(same) {
                continue;
            }
            let (row, layer) = rows[known.len()].clone();
            if row.created_by.as_deref() == Some(instruction) {
                let layer = layer.and_then(|at| source.layers.get(at).cloned());
                return Ok(Some(Hit::Row(Box::new((row, layer)))));
            }
        }
        Ok(None)
    }
}
