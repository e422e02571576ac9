//! Records, found by what is asked for.

use std::collections::HashMap;

use strata_oci::ImageId;

use super::{Last, Record};
use crate::key::StepKey;

/// What earlier builds did.
#[derive(Clone, Debug, Default)]
pub struct Cache {
    records: Vec<Record>,
    /// Whether there are more records than these.
    pub(super) truncated: bool,
    /// The newest record of a key whose image is here.
    alive: HashMap<StepKey, usize>,
    /// All of a parent, newest first.
    on: HashMap<Option<ImageId>, Vec<usize>>,
    /// All of a text, newest first.
    texts: HashMap<String, Vec<usize>>,
    /// The newest of a workshop and a number.
    places: HashMap<(Option<String>, usize), usize>,
}

impl Cache {
    /// From records, newest first; `truncated` when there are more than these.
    pub fn new(records: Vec<Record>, truncated: bool) -> Self {
        let mut cache = Self { truncated, ..Self::default() };
        for (at, record) in records.iter().enumerate() {
            if record.alive {
                cache.alive.entry(record.key.clone()).or_insert(at);
            }
            cache.on.entry(record.parent.clone()).or_default().push(at);
            cache.places.entry((record.workshop.clone(), record.step)).or_insert(at);
            cache.texts.entry(record.instruction.clone()).or_default().push(at);
        }
        cache.records = records;
        cache
    }

    /// The image that a step's key leads to.
    pub fn image(&self, key: &StepKey) -> Option<&ImageId> {
        self.alive.get(key).map(|at| &self.records[*at].image)
    }

    /// Records of steps on an image, newest first.
    pub(super) fn on(&self, parent: &Option<ImageId>) -> impl Iterator<Item = &Record> {
        self.on.get(parent).into_iter().flatten().map(|at| &self.records[*at])
    }

    /// Records of an instruction, newest first.
    pub(super) fn of(&self, text: &str) -> impl Iterator<Item = &Record> {
        self.texts.get(text).into_iter().flatten().map(|at| &self.records[*at])
    }

    /// What a step took last time: itself, the same instruction anywhere, or what was in its place.
    pub(super) fn last(&self, text: &str, number: usize, workshop: &Option<String>) -> Option<Last> {
        let in_place = |record: &&Record| record.step == number && record.workshop == *workshop;
        let same = self.of(text).find(in_place).or_else(|| self.of(text).next());
        // Without a workshop a number says little.
        let other = || workshop.as_ref().and_then(|_| self.in_place(number, workshop));
        let record = same.or_else(other)?;
        Some(Last { bytes: record.bytes, milliseconds: record.milliseconds })
    }

    /// The newest record of a step's number.
    pub(super) fn in_place(&self, number: usize, workshop: &Option<String>) -> Option<&Record> {
        let at = self.places.get(&(workshop.clone(), number))?;
        self.records.get(*at)
    }
}
