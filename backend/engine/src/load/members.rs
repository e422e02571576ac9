//! The files of an archive, as they come.

use std::{collections::HashMap, io::Read};

use strata_blobs::DiskStaged;
use strata_catalog::Lease;
use strata_layer::{Entry, Kind as EntryKind, LayerPath, Sink};
use strata_layers::Staged;
use strata_oci::{DiffId, Digest, Hasher};

use super::{intakes::Intakes, layer::Taking};
use crate::{Error, Kind, engine::Inner, progress::Teller};

/// A manifest, config or list of names may be this large.
const SMALL: u64 = 8 << 20;
/// All of them together; an archive has a handful.
const SMALL_TOGETHER: u64 = 256 << 20;
/// Bytes that tell what a file is.
const START: usize = 512;
/// How many links are followed.
const LINKS: usize = 8;

/// A file of the archive.
pub(super) enum Member {
    /// A small one, whole.
    Small(Vec<u8>),
    /// A layer, taken in just now or here before.
    Layer(LayerMember),
    /// A layer that is being taken in, until [`Members::settle`].
    Taking(Taking),
    /// A link to another member.
    Link(Option<LayerPath>),
    /// Neither: why it is no layer.
    Failed(Error),
}

/// A layer of the archive.
#[derive(Clone)]
pub(super) struct LayerMember {
    pub(super) diff_id: DiffId,
    /// Its record, with the blob that was kept, if one was.
    pub(super) record: strata_catalog::Layer,
}

/// What was seen of an archive.
pub(super) struct Members<'a> {
    pub(super) inner: &'a Inner,
    pub(super) lease: Lease,
    pub(super) teller: &'a Teller,
    pub(super) intakes: Intakes,
    pub(super) files: HashMap<LayerPath, Member>,
    /// What was taken in and is not visible yet, by diff id and blob.
    pub(super) staged: Vec<(DiffId, Staged<DiskStaged>)>,
    small: u64,
    last: Option<LayerPath>,
}

impl<'a> Members<'a> {
    pub(super) fn new(inner: &'a Inner, lease: Lease, teller: &'a Teller) -> Self {
        let (intakes, files, staged) = (Intakes::new(), HashMap::new(), Vec::new());
        Self { inner, lease, teller, intakes, files, staged, small: 0, last: None }
    }

    /// The member that was begun last.
    pub(super) fn last(&self) -> Option<&LayerPath> {
        self.last.as_ref()
    }

    /// The member at `path`, links followed.
    fn get(&self, path: &str) -> Option<&Member> {
        let mut path = LayerPath::parse(path.as_bytes()).ok()?;
        for _ in 0..LINKS {
            match self.files.get(&path)? {
                Member::Link(Some(target)) => path = target.clone(),
                other => return Some(other),
            }
        }
        None
    }

    pub(super) fn has(&self, path: &str) -> bool {
        self.get(path).is_some()
    }

    /// A small file; an error names it.
    pub(super) fn small(&self, path: &str) -> Result<&[u8], Error> {
        match self.get(path) {
            Some(Member::Small(bytes)) => Ok(bytes),
            Some(Member::Failed(error)) => Err(error.clone()),
            Some(_) => Err(invalid(format!("{path} in the archive is not what it should be: expected JSON"))),
            None => Err(invalid(format!("the archive has no file {path}"))),
        }
    }

    /// A layer; an error names it.
    pub(super) fn layer(&self, path: &str) -> Result<&LayerMember, Error> {
        match self.get(path) {
            Some(Member::Layer(layer)) => Ok(layer),
            Some(Member::Failed(error)) => Err(error.clone()),
            Some(_) => Err(invalid(format!("{path} in the archive is not a layer"))),
            None => Err(invalid(format!("the archive has no layer {path}"))),
        }
    }

    /// The directories directly in the archive that have a file `name` in them.
    pub(super) fn folders_with(&self, name: &str) -> Vec<String> {
        let folders = self.files.keys().filter(|path| path.name() == Some(name.as_bytes()));
        let mut found: Vec<String> = folders
            .filter_map(|path| {
                let text = path.to_string();
                let folder = text.strip_suffix(&format!("/{name}"))?;
                (!folder.contains('/')).then(|| folder.to_owned())
            })
            .collect();
        found.sort();
        found
    }

    fn file(&mut self, entry: &Entry, content: &mut dyn Read) -> Result<Member, Error> {
        let mut start = Vec::with_capacity(START);
        Read::take(&mut *content, START as u64).read_to_end(&mut start).map_err(cut)?;
        let digest = named_digest(&entry.path);
        let is_small = digest.is_none() && named_small(&entry.path);
        if is_small || (entry.size <= SMALL && looks_like_json(&start)) {
            if entry.size > SMALL || self.small + entry.size > SMALL_TOGETHER {
                let message = format!("{} in the archive has {} bytes: too many", entry.path, entry.size);
                return Err(invalid(message));
            }
            self.small += entry.size;
            let mut bytes = start;
            content.read_to_end(&mut bytes).map_err(cut)?;
            check_digest(&entry.path, digest.as_ref(), &Digest::of(&bytes))?;
            return Ok(Member::Small(bytes));
        }
        if let Some(digest) = &digest
            && let Some(layer) = self.here(digest)?
        {
            let mut hasher = Hasher::new(digest.algorithm());
            hasher.update(&start);
            let mut buffer = vec![0; 256 << 10];
            loop {
                match content.read(&mut buffer).map_err(cut)? {
                    0 => break,
                    length => hasher.update(&buffer[..length]),
                }
            }
            check_digest(&entry.path, Some(digest), &hasher.finish())?;
            return Ok(Member::Layer(layer));
        }
        self.take_layer(entry, digest, start, content)
    }
}

impl Sink for Members<'_> {
    type Error = Error;

    fn entry(&mut self, entry: &Entry, content: &mut dyn Read) -> Result<(), Error> {
        let member = match entry.kind {
            EntryKind::File => {
                self.last = Some(entry.path.clone());
                self.file(entry, content)?
            }
            // As docker wrote layers that two images share.
            EntryKind::Symlink => Member::Link(target(&entry.path, &entry.link)),
            EntryKind::Hardlink => Member::Link(LayerPath::parse(&entry.link).ok()),
            _ => return Ok(()),
        };
        self.files.insert(entry.path.clone(), member);
        Ok(())
    }

    fn opaque(&mut self, _: &LayerPath) -> Result<(), Error> {
        Ok(())
    }
}

pub(super) fn invalid(message: impl Into<String>) -> Error {
    Error::new(Kind::InvalidArgument, message)
}

/// The archive itself can't be read on; the reader says why.
pub(super) fn cut(error: std::io::Error) -> Error {
    invalid(format!("the archive can't be read: {error}"))
}

fn check_digest(path: &LayerPath, expected: Option<&Digest>, actual: &Digest) -> Result<(), Error> {
    match expected {
        Some(expected) if expected != actual => Err(altered(path, actual)),
        _ => Ok(()),
    }
}

/// A member is not what its name says.
pub(super) fn altered(path: &LayerPath, actual: &Digest) -> Error {
    invalid(format!("{path} in the archive was altered or cut short: its digest is {actual}"))
}

/// The digest that a path of an OCI layout promises: `blobs/sha256/<hex>`.
fn named_digest(path: &LayerPath) -> Option<Digest> {
    let text = std::str::from_utf8(path.as_bytes()).ok()?;
    let (algorithm, hex) = text.strip_prefix("blobs/")?.split_once('/')?;
    format!("{algorithm}:{hex}").parse().ok()
}

/// Files that are never layers, whatever is in them.
fn named_small(path: &LayerPath) -> bool {
    let name = path.name().unwrap_or_default();
    matches!(name, b"repositories" | b"VERSION" | b"json" | b"oci-layout") || name.ends_with(b".json")
}

/// A tar starts with the name of its first file, and says after it that it is one.
fn looks_like_json(start: &[u8]) -> bool {
    let first = start.iter().find(|byte| !byte.is_ascii_whitespace());
    let is_tar = start.get(257..262) == Some(b"ustar");
    matches!(first, Some(b'{' | b'['))
        && !is_tar
        && std::str::from_utf8(start).map_or_else(|e| e.valid_up_to() + 4 > start.len(), |_| true)
}

/// What a symlink at `path` means inside of the archive.
fn target(path: &LayerPath, link: &[u8]) -> Option<LayerPath> {
    let mut parts: Vec<&[u8]> = match link.first() {
        Some(b'/') => Vec::new(),
        _ => {
            let mut parts: Vec<&[u8]> = path.as_bytes().split(|byte| *byte == b'/').collect();
            parts.pop();
            parts
        }
    };
    for part in link.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => drop(parts.pop()?),
            name => parts.push(name),
        }
    }
    LayerPath::parse(&parts.join(&b'/')).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> LayerPath {
        LayerPath::parse(text.as_bytes()).expect(text)
    }

    #[test]
    fn links_mean_something_inside_only() {
        let to = |from: &str, link: &str| target(&path(from), link.as_bytes()).map(|path| path.to_string());
        assert_eq!(to("a/layer.tar", "../b/layer.tar").as_deref(), Some("b/layer.tar"));
        assert_eq!(to("a/layer.tar", "./other").as_deref(), Some("a/other"));
        assert_eq!(to("a/layer.tar", "/b").as_deref(), Some("b"));
        assert_eq!(to("a", "../../etc/passwd"), None);
    }

    #[test]
    fn what_is_json_and_what_a_layer() {
        assert!(looks_like_json(b" {\"a\":1}") && looks_like_json(b"[]"));
        assert!(!looks_like_json(b"") && !looks_like_json(b"bin/\0\0"));
        let mut tar = vec![0; 512];
        tar[0] = b'{';
        tar[257..262].copy_from_slice(b"ustar");
        assert!(!looks_like_json(&tar));
        assert!(
            named_small(&path("x/json"))
                && named_small(&path("abc.json"))
                && !named_small(&path("layer.tar"))
        );
        let empty = Digest::of(b"");
        assert_eq!(named_digest(&path(&format!("blobs/sha256/{}", empty.hex()))), Some(empty));
        assert_eq!(named_digest(&path("blobs/sha256/xyz")), None);
    }
}
