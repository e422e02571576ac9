//! What was written to a snapshot.

use std::{io::Write, path::PathBuf};

use strata_layers::{Captured, Change, Written};

use crate::{Driver, Plan, SnapshotError, SnapshotId, Snapshots};

impl Snapshots {
    /// What differs from the layers below, as `docker diff` lists it. The cost depends on what was written, not on
    /// the image. The snapshot need not be mounted.
    pub fn changes(&self, id: &SnapshotId) -> Result<Vec<Change>, SnapshotError> {
        self.written(id, |written| Ok(strata_layers::changes(&written)?))
    }

    /// Writes what differs as a layer: see [`strata_layers::capture`].
    pub fn capture(&self, id: &SnapshotId, out: impl Write) -> Result<Captured, SnapshotError> {
        self.written(id, |written| Ok(strata_layers::capture(&written, out)?))
    }

    pub(crate) fn written<T>(
        &self,
        id: &SnapshotId,
        read: impl FnOnce(Written<'_>) -> Result<T, SnapshotError>,
    ) -> Result<T, SnapshotError> {
        let plan = self.plan(id)?;
        let lowers: Vec<PathBuf> = plan.lowers.iter().map(PathBuf::from).collect();
        let upper = PathBuf::from(plan.writable());
        read(Written { upper: &upper, lowers: &lowers, marks: plan.driver.marks() })
    }
}

impl Plan {
    /// The directory that takes what is written: of a copy it is the tree itself.
    pub(crate) fn writable(&self) -> &str {
        if self.driver == Driver::Copy { &self.merged } else { &self.upper }
    }
}
