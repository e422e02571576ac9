//! A column for what few entries have.

use super::EntryId;

/// Values by entry, sorted by entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rare<T> {
    pub(crate) ids: Vec<EntryId>,
    pub(crate) values: Vec<T>,
}

impl<T> Default for Rare<T> {
    fn default() -> Self {
        Self { ids: Vec::new(), values: Vec::new() }
    }
}

impl<T> Rare<T> {
    /// Entries must come in order.
    pub(crate) fn push(&mut self, id: EntryId, value: T) {
        debug_assert!(self.ids.last().is_none_or(|last| *last < id));
        self.ids.push(id);
        self.values.push(value);
    }

    pub(crate) fn get(&self, id: EntryId) -> Option<&T> {
        self.ids.binary_search(&id).ok().map(|at| &self.values[at])
    }
}
