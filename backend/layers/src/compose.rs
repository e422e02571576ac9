//! What stored layers have → the tar of a new layer.
//!
//! Metadata come from the layers' indexes, which keep the truth; contents come from their directories. The same rows
//! of the same layers give the same bytes.

use std::{fs::File, io::Write};

use rustix::fs::Timespec;
use strata_layer::{EntryRef, Kind, LayerPath, Row, Stack};
use strata_oci::DiffId;
use thiserror::Error;

use crate::{
    Layers, OpenFileError,
    capture::{
        marks::{opaque_name, whiteout_name},
        tar::{Failure, Map, Member, Type, Writer, xattr_fits},
    },
};

/// Why a layer was not put together.
#[derive(Debug, Error)]
pub enum ComposeError {
    /// A file of a stored layer can't be opened.
    #[error(transparent)]
    Open(#[from] OpenFileError),
    /// A file of a stored layer can't be read.
    #[error("cannot read {path} of layer {layer}")]
    Read {
        /// The layer.
        layer: DiffId,
        /// The path in it.
        path: LayerPath,
        /// The refusal.
        source: std::io::Error,
    },
    /// A file of a stored layer is not as long as its index says.
    #[error(
        "{path} of layer {layer} has {actual} bytes where its index says {expected}: the layer is damaged"
    )]
    Size {
        /// The layer.
        layer: DiffId,
        /// The path in it.
        path: LayerPath,
        /// Bytes that are there.
        actual: u64,
        /// Bytes that should be.
        expected: u64,
    },
    /// Whoever takes the archive failed.
    #[error("the archive could not be written")]
    Output(#[source] std::io::Error),
}

impl Layers {
    /// Writes `rows` of `stack`, whose layers are `diff_ids`, as an uncompressed layer; tells its diff id and bytes.
    pub fn compose(
        &self,
        stack: &Stack,
        diff_ids: &[DiffId],
        rows: &[Row],
        out: impl Write,
    ) -> Result<(DiffId, u64), ComposeError> {
        let mut writer = Writer::new(out);
        for row in rows {
            match row {
                Row::Entry { layer, entry } => {
                    let entry = stack.layer(*layer).entry(*entry);
                    self.copy(entry, &diff_ids[*layer], &mut writer)?;
                }
                Row::Link { layer, entry, target } => {
                    let entry = stack.layer(*layer).entry(*entry);
                    let path = entry.path();
                    let link =
                        Member { link: target.as_bytes(), ..described(entry, Type::Hardlink, &path, &[]) };
                    writer.member(&link).map_err(ComposeError::Output)?;
                }
                Row::Whiteout(path) => writer.mark(&whiteout_name(path)).map_err(ComposeError::Output)?,
                Row::Opaque(path) => writer.mark(&opaque_name(path)).map_err(ComposeError::Output)?,
            }
        }
        let (bytes, diff_id) = writer.finish().map_err(ComposeError::Output)?;
        Ok((diff_id, bytes))
    }

    fn copy<W: Write>(
        &self,
        entry: EntryRef<'_>,
        layer: &DiffId,
        writer: &mut Writer<W>,
    ) -> Result<(), ComposeError> {
        let kind = match entry.resolved_kind() {
            Kind::File | Kind::Hardlink | Kind::Whiteout => Type::File,
            Kind::Directory => Type::Directory,
            Kind::Symlink => Type::Symlink,
            Kind::CharDevice => Type::CharDevice,
            Kind::BlockDevice => Type::BlockDevice,
            Kind::Fifo => Type::Fifo,
        };
        let path = entry.path();
        let xattrs: Vec<_> = entry.xattrs().iter().filter(|xattr| xattr_fits(xattr)).cloned().collect();
        let member = described(entry, kind, &path, &xattrs);
        if kind != Type::File {
            return writer.member(&member).map_err(ComposeError::Output);
        }
        let read = |source| ComposeError::Read { layer: layer.clone(), path: path.clone(), source };
        let file = self.open_file(layer, &path)?;
        let meta = file.metadata().map_err(read)?;
        if meta.len() != member.size {
            let (actual, expected) = (meta.len(), member.size);
            return Err(ComposeError::Size { layer: layer.clone(), path: path.clone(), actual, expected });
        }
        let written = match map(&file, &meta).map_err(read)? {
            Some(map) => writer.sparse_file(&member, &map, &file),
            None => writer.file(&member, &mut &file),
        };
        written.map_err(|failure| match failure {
            Failure::Content(source) => read(source),
            Failure::Output(error) => ComposeError::Output(error),
        })
    }
}

/// Where the data of a file with holes are.
fn map(file: &File, meta: &std::fs::Metadata) -> std::io::Result<Option<Map>> {
    let found = Map::of(file, meta.len(), std::os::unix::fs::MetadataExt::blocks(meta))?;
    // Where the holes are was found by seeking.
    std::io::Seek::rewind(&mut &*file)?;
    Ok(found)
}

fn described<'a>(
    entry: EntryRef<'a>,
    kind: Type,
    path: &'a LayerPath,
    xattrs: &'a [strata_layer::Xattr],
) -> Member<'a> {
    let mtime = entry.mtime();
    let device = entry.device().filter(|_| matches!(kind, Type::CharDevice | Type::BlockDevice));
    Member {
        kind,
        name: if path.is_root() { b"." } else { path.as_bytes() },
        mode: u32::from(entry.mode()),
        uid: entry.uid(),
        gid: entry.gid(),
        mtime: Timespec { tv_sec: mtime.seconds, tv_nsec: i64::from(mtime.nanos) },
        size: if kind == Type::File { entry.size() } else { 0 },
        link: if kind == Type::Symlink { entry.symlink().unwrap_or_default() } else { b"" },
        device: device.map_or((0, 0), |device| (device.major, device.minor)),
        xattrs,
    }
}
