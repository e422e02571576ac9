//! The engine's part in a forecast: what names mean, and which steps were done.

use std::collections::BTreeMap;

use strata_api::workshop::{BaseState, CacheState, Origin};
use strata_builder::StepBody;
use strata_catalog::{BuildStep, Catalog as _};
use strata_dockerfile::forecast::Record;
use strata_oci::{Platform, Reference};

use super::record::Record as Kept;
use crate::{Engine, Error, Kind, engine::Inner};

/// Steps that are told.
const TOLD: usize = 5_000;
/// Names that are asked for at once.
const BASES: usize = 100;
/// How far back copies of copies are followed.
const ANCESTORS: usize = 8;

impl Engine {
    /// What names of images mean now, and everything that a workshop's builds did and that was done on those images. What a workshop did
    /// before this one was copied or branched from it counts as this one's.
    pub async fn workshop_cache(&self, id: &str, bases: Vec<String>) -> Result<CacheState, Error> {
        if bases.len() > BASES {
            let message = format!("{} bases: at most {BASES} are looked up at once", bases.len());
            return Err(Error::new(Kind::InvalidArgument, message));
        }
        let id = id.to_owned();
        self.blocking(move |inner| {
            let workshop = inner.workshops.look(&id)?.record;
            let mut found = BTreeMap::new();
            let mut images = Vec::new();
            for name in bases {
                let state = inner.base_state(&name)?;
                if let BaseState::Here { image, .. } = &state {
                    images.push(image.clone());
                }
                found.insert(name, state);
            }
            let steps = inner.catalog.steps(Some(&id), &images, TOLD + 1)?;
            let mut truncated = steps.len() > TOLD;
            let mut records: Vec<_> = steps.into_iter().take(TOLD).filter_map(record).collect();
            for (ancestor, until) in inner.lineage(workshop)? {
                let past =
                    |record: &Record| record.workshop.as_ref() == Some(&ancestor) && record.at <= until;
                records.retain(|record| !past(record));
                let steps = inner.catalog.steps(Some(&ancestor), &[], TOLD + 1)?;
                truncated |= steps.len() > TOLD;
                let theirs = steps.into_iter().filter_map(record).filter(past);
                records.extend(theirs.map(|record| Record { workshop: Some(id.clone()), ..record }));
            }
            // Newest first, also where the past of another was put in.
            records.sort_by_key(|record| std::cmp::Reverse(record.at));
            Ok(CacheState { bases: found, records, truncated, platform: Platform::host().to_string() })
        })
        .await
    }
}

impl Inner {
    /// The workshops that this one comes from as a copy or a branch, each with the moment (Unix milliseconds) until which its
    /// past is this one's too.
    fn lineage(&self, mut workshop: Kept) -> Result<Vec<(String, i64)>, Error> {
        let mut found: Vec<(String, i64)> = Vec::new();
        let mut until = i64::MAX;
        while found.len() < ANCESTORS {
            let parent = match &workshop.origin {
                Origin::Copy { workshop } => Some(workshop.clone()),
                Origin::Branch { build, .. } => self.catalog.build(build)?.and_then(|build| build.workshop),
                _ => None,
            };
            let Some(parent) = parent else { break };
            until = until.min(workshop.created);
            found.push((parent.clone(), until));
            match self.workshops.look(&parent) {
                Ok(shelved) => workshop = shelved.record,
                Err(error) if error.kind == Kind::NotFound => break,
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    fn base_state(&self, name: &str) -> Result<BaseState, Error> {
        if name.parse::<Reference>().is_err() {
            let message = format!("{name:?} is no name of an image");
            return Ok(BaseState::Invalid { message });
        }
        let image = match self.find(name) {
            Ok(image) => image,
            Err(error) if error.kind == Kind::NotFound => return Ok(BaseState::Absent),
            Err(error) if error.kind == Kind::InvalidArgument => {
                return Ok(BaseState::Invalid { message: error.message });
            }
            Err(error) => return Err(error),
        };
        let config = self.config(&image.id)?.config.clone().unwrap_or_default();
        Ok(BaseState::Here {
            layers: image.layers.len(),
            bytes: image.unpacked(),
            image: image.id,
            config: Box::new(config),
        })
    }
}

/// A step as a forecast sees it; nothing for one whose key means nothing any more.
fn record(step: BuildStep) -> Option<Record> {
    // What an older server wrote may lack something.
    let body: StepBody = serde_json::from_str(&step.body).unwrap_or_default();
    Some(Record {
        key: serde_json::from_value(step.key.into()).ok()?,
        parent: step.parent,
        step: body.step,
        workshop: step.workshop,
        instruction: body.instruction,
        args: body.args,
        files: body.files,
        image: step.image,
        alive: step.alive,
        bytes: body.bytes,
        milliseconds: body.milliseconds,
        at: body.at,
    })
}
