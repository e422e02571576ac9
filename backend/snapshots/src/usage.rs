//! How much was written.

use strata_layers::Written;

use crate::{SnapshotError, SnapshotId, Snapshots};

pub use strata_layers::Usage;

impl Snapshots {
    /// How many files were written and how large they are, as `docker ps -s` counts.
    pub fn usage(&self, id: &SnapshotId) -> Result<Usage, SnapshotError> {
        self.written(id, |written: Written<'_>| Ok(strata_layers::usage(&written)?))
    }
}
