//! `docker load`: from an archive to images.
//!
//! The archive is read once, as it comes: what may be a layer is taken in at once, small files are kept in memory, and
//! when all of it was seen `manifest.json`, `index.json` or `repositories` (in this order) says what the images are.
//! Everything is checked before the first of them becomes visible. Layers that are here already are only hashed.
//!
//! | archive | by |
//! | --- | --- |
//! | `manifest.json`, layers by any path | docker since 1.10, podman, skopeo, kaniko, bazel |
//! | `index.json` and `blobs/` | OCI layouts in a tar |
//! | `repositories`, `<id>/VERSION`, `json`, `layer.tar` | docker before 1.10 |

mod docker;
mod found;
mod intakes;
mod layer;
mod layout;
mod legacy;
mod members;
mod spool;
mod store;

use std::io::{BufReader, Read};

use strata_api::progress::Message;
use strata_catalog::Catalog as _;
use strata_layer::{ReadError, read_layer};
use strata_layers::Limits;
use strata_oci::Platform;
use tokio::sync::mpsc;

use self::{found::Found, members::Members};
use crate::{
    Engine, Error, Kind,
    engine::Inner,
    memory,
    progress::{self, Teller},
};

/// Messages that may wait for a slow listener.
const BACKLOG: usize = 64;
/// Bytes read of the archive at once.
const BUFFER: usize = 256 << 10;

/// How to load.
#[derive(Clone, Debug, Default)]
pub struct LoadRequest {
    /// Whether only the names of what was loaded are told.
    pub quiet: bool,
    /// `os/architecture[/variant]` to choose from an index; the host's by default.
    pub platform: Option<String>,
}

impl Engine {
    /// Loads the images of an archive, plain or packed in any way of [`strata_layers::Packing`]; the messages are those of docker's stream.
    ///
    /// A failure is the last message, and then nothing of the archive is here.
    pub fn load(&self, archive: impl Read + Send + 'static, request: LoadRequest) -> mpsc::Receiver<Message> {
        let (sender, receiver) = mpsc::channel(BACKLOG);
        let inner = self.inner().clone();
        tokio::task::spawn_blocking(move || {
            let teller = Teller::new(sender, request.quiet);
            if let Err(error) = inner.load(archive, &request, &teller) {
                tracing::info!(%error, "load failed");
                teller.tell(progress::failure(&error));
            }
            memory::give_back();
        });
        receiver
    }
}

/// Reads what is left: a client that can't send all of it doesn't look at the answer.
pub(crate) fn pass_over(archive: &mut impl Read) {
    // If it was the archive's source that failed, this ends at once.
    let _ = std::io::copy(archive, &mut std::io::sink());
}

impl Inner {
    fn load(
        &self,
        mut archive: impl Read + Send,
        request: &LoadRequest,
        teller: &Teller,
    ) -> Result<(), Error> {
        let platform = match request.platform.as_deref().filter(|text| !text.is_empty()) {
            None => Platform::host(),
            Some(text) => text.parse().map_err(|error| Error::chain(Kind::InvalidArgument, &error))?,
        };
        let lease = self.catalog.lease("load")?;
        let loaded = self.load_under(lease, &mut archive, &platform, teller);
        self.catalog.release(lease)?;
        if loaded.is_err() {
            pass_over(&mut archive);
        }
        let (loaded, moved) = loaded?;
        for (name, before) in moved {
            let text = format!(
                "The image {name} already exists, renaming the old one with ID {before} to empty string\n"
            );
            teller.tell(progress::text(text));
        }
        for image in &loaded {
            let id = image.id.to_string();
            for tag in &image.tags {
                let name = tag.repository.with_tag(tag.tag.clone()).familiar();
                teller.tell(progress::text(format!("Loaded image: {name}\n")));
            }
            if image.tags.is_empty() {
                teller.tell(progress::text(format!("Loaded image ID: {id}\n")));
            }
            let labels = image.parsed.config.as_ref().and_then(|config| config.labels.clone());
            self.events.image("load", &id, &id, &labels.unwrap_or_default());
        }
        Ok(())
    }

    fn load_under(
        &self,
        lease: strata_catalog::Lease,
        archive: impl Read + Send,
        platform: &Platform,
        teller: &Teller,
    ) -> Result<(Vec<found::Image>, store::Moved), Error> {
        let limits = Limits::default();
        let input = BufReader::with_capacity(BUFFER, archive);
        let tar = strata_layers::decompressed(input, &limits).map_err(members::cut)?;
        let mut members = Members::new(self, lease, teller);
        match read_layer(tar, &limits.archive, &mut members) {
            Ok(_) => {}
            Err(ReadError::Sink(error)) => return Err(error),
            Err(ReadError::Refused(refusal)) => {
                let at = match &refusal.path {
                    Some(path) => format!(", in {}", path.escape_ascii()),
                    None => members.last().map(|last| format!(", after {last}")).unwrap_or_default(),
                };
                let (offset, problem) = (refusal.offset, refusal.problem);
                let message = format!("the archive is invalid at byte {offset}{at}: {problem}");
                return Err(Error::new(Kind::InvalidArgument, message));
            }
            Err(ReadError::Io { offset, source }) => {
                let at = members.last().map(|last| format!(", in or after {last}")).unwrap_or_default();
                let message = format!("the archive can't be read at byte {offset}{at}: {source}");
                return Err(Error::new(Kind::InvalidArgument, message));
            }
        }
        members.settle()?;
        let found: Found = found::find(&mut members, platform)?;
        self.store_loaded(found, members)
    }
}
