//! What was written to a snapshot.

use std::{fs::File, io::Write, path::PathBuf};

use rustix::fs::{FileType, OFlags};
use strata_layer::LayerPath;
use strata_layers::{AdoptError, Below, Captured, Change, Layers, StagedLayer, Watch, Written};
use thiserror::Error;

use crate::{Driver, Plan, SnapshotError, SnapshotId, Snapshots};

/// Why no layer was made of a snapshot.
#[derive(Debug, Error)]
pub enum HardenError {
    /// The snapshot could not be read.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// What is in it could not become a layer.
    #[error(transparent)]
    Adopt(#[from] AdoptError),
}

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

    /// Makes a layer of what differs. With `keep` the snapshot stays as it is; else what was written is taken out of it: it must not
    /// be mounted, and is good for nothing but to be removed.
    pub fn harden(&self, id: &SnapshotId, layers: &Layers, keep: bool) -> Result<StagedLayer, HardenError> {
        let mut failed = None;
        let hardened = self.written(id, |written| match layers.adopt(&written, keep, &Watch::default()) {
            Ok(staged) => Ok(Some(staged)),
            Err(error) => {
                failed = Some(error);
                Ok(None)
            }
        })?;
        match (hardened, failed) {
            (Some(staged), _) => Ok(staged),
            (None, error) => Err(error.expect("there is one without a layer").into()),
        }
    }

    /// Opens the version of a regular file that is below the writable directory, and tells whose it is: the layer by
    /// its place in the plan, 0 at the bottom. Nothing if there is none, or something else.
    pub fn open_below(
        &self,
        id: &SnapshotId,
        path: &LayerPath,
    ) -> Result<Option<(usize, File)>, SnapshotError> {
        self.written(id, |Written { lowers, marks, .. }| {
            let mut below = Below::open(lowers, marks)?;
            let Some(found) = below.find(path)? else { return Ok(None) };
            if FileType::from_raw_mode(found.stat.st_mode) != FileType::RegularFile {
                return Ok(None);
            }
            let opened = below.layer(found.layer).open_at(path, OFlags::RDONLY);
            let fail = SnapshotError::io("open below", below.layer(found.layer).path());
            Ok(Some((found.layer, opened.map_err(fail)?.into())))
        })
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
