//! `docker import`: the files of an archive become the only layer of an image.

use std::{
    io::{self, Read},
    sync::Arc,
};

use futures_util::TryStreamExt as _;
use strata_api::progress::Message;
use strata_blobs::{BlobStore, DiskBlobs};
use strata_catalog::{Catalog as _, Lease, Tagged};
use strata_layers::{FromRead, Watch};
use strata_oci::{ContainerConfig, HistoryEntry, ImageConfig, ImageId, Platform, Reference, RootFs};
use tokio::sync::mpsc;

use crate::{
    Engine, Error, Kind, ReadAhead,
    engine::Inner,
    load::pass_over,
    made::{Made, StagedLayer, layer_record},
    progress::{self, Teller},
};

const BACKLOG: usize = 64;
/// Bytes between two figures.
const FIGURE: u64 = 1 << 20;

/// What to import, and as what.
#[derive(Clone, Debug, Default)]
pub struct ImportRequest {
    /// Where the archive is: a URL, or `-` for the request's body.
    pub source: String,
    /// Repository of the new image; empty for none.
    pub repo: String,
    /// Tag of the new image; `latest` if empty.
    pub tag: String,
    /// A note; without one it says where the archive came from.
    pub message: String,
    /// Dockerfile instructions that make the config.
    pub changes: Vec<String>,
    /// `os/architecture[/variant]`; the host's by default.
    pub platform: Option<String>,
}

impl ImportRequest {
    /// Whether it can be done, but for the archive.
    pub fn check(&self) -> Result<(), Error> {
        prepare(self).map(drop)
    }
}

/// What is known before the first byte is read.
struct Prepared {
    name: Option<Tagged>,
    config: ContainerConfig,
    platform: Platform,
    message: String,
}

impl Engine {
    /// Imports an archive, plain or packed in any way of [`strata_layers::Packing`]; the last message's status is the new image's id.
    ///
    /// `body` is read if [`ImportRequest::source`] is `-`. A failure is the last message.
    pub fn import(
        &self,
        body: impl Read + Send + 'static,
        request: ImportRequest,
    ) -> Result<mpsc::Receiver<Message>, Error> {
        let prepared = prepare(&request)?;
        let (sender, receiver) = mpsc::channel(BACKLOG);
        let engine = self.clone();
        tokio::spawn(async move {
            let imported = match request.source.as_str() {
                "-" => engine.take_import(body, None, prepared, sender.clone()).await,
                url => engine.import_url(url, prepared, &sender).await,
            };
            let last = match imported {
                Ok(id) => progress::line(id.to_string()),
                Err(error) => progress::failure(&error),
            };
            let _ = sender.send(last).await;
        });
        Ok(receiver)
    }

    async fn import_url(
        &self,
        url: &str,
        prepared: Prepared,
        sender: &mpsc::Sender<Message>,
    ) -> Result<ImageId, Error> {
        // The client itself names it, so it may be on this machine or in a private network.
        let address = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
        let download = self.inner().builder.downloader.for_clients().get(&address).await?;
        let length = download.length();
        let _ = sender.send(progress::line(format!("Downloading from {url}"))).await;
        let body = ReadAhead::new(download.chunks().map_err(Error::from));
        self.take_import(body, Some(length.unwrap_or(0)), prepared, sender.clone()).await
    }

    /// `total` is told of, if it is known how many bytes come.
    async fn take_import(
        &self,
        body: impl Read + Send + 'static,
        total: Option<u64>,
        prepared: Prepared,
        sender: mpsc::Sender<Message>,
    ) -> Result<ImageId, Error> {
        self.blocking(move |inner| {
            let teller = Teller::new(sender, total.is_none());
            let mut body = Told { body, read: 0, told: 0, total: total.unwrap_or(0), teller };
            let imported = inner.import(&mut body, prepared);
            if imported.is_err() {
                pass_over(&mut body);
            }
            imported
        })
        .await
    }
}

impl Inner {
    fn import(self: &Arc<Self>, body: impl Read + Send, prepared: Prepared) -> Result<ImageId, Error> {
        let lease = self.catalog.lease("import")?;
        let imported = self.import_under(body, prepared, lease);
        // After success it is given back already.
        self.catalog.release(lease)?;
        imported
    }

    fn import_under(
        &self,
        body: impl Read + Send,
        prepared: Prepared,
        lease: Lease,
    ) -> Result<ImageId, Error> {
        let staged: StagedLayer = self
            .layers
            .intake_unkept::<_, <DiskBlobs as BlobStore>::Writer>(FromRead(body), None, &Watch::default())
            .map_err(|error| {
                let kind = if error.is_local() { Kind::Internal } else { Kind::InvalidArgument };
                let Error { message, .. } = Error::chain(kind, &error);
                Error::new(kind, format!("the archive can't be imported: {message}"))
            })?;
        let layer = layer_record(staged.taken());
        let created = jiff::Timestamp::now().to_string();
        let image = ImageConfig {
            created: Some(created.clone()),
            architecture: prepared.platform.architecture.clone(),
            variant: prepared.platform.variant.clone(),
            os: prepared.platform.os.clone(),
            comment: Some(prepared.message.clone()),
            docker_version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            config: Some(prepared.config.clone()),
            rootfs: RootFs { kind: "layers".into(), diff_ids: vec![layer.diff_id.clone()] },
            history: vec![HistoryEntry {
                created: Some(created.clone()),
                comment: Some(prepared.message),
                ..HistoryEntry::default()
            }],
            ..ImageConfig::default()
        };
        let config = serde_json::to_vec(&image).map_err(Error::internal)?;
        let made = Made { config, created, layers: vec![layer], parent: None, tag: prepared.name };
        let id = self.put_made(made, vec![staged], lease)?;
        let text = id.to_string();
        let labels = prepared.config.labels.unwrap_or_default();
        self.events.image("import", &text, &text, &labels);
        Ok(id)
    }
}

fn prepare(request: &ImportRequest) -> Result<Prepared, Error> {
    let platform = match request.platform.as_deref().filter(|text| !text.is_empty()) {
        None => Platform::host(),
        Some(text) => text.parse().map_err(|error| Error::chain(Kind::InvalidArgument, &error))?,
    };
    if platform.os != "linux" {
        let message = format!("image operating system {:?} cannot be used on this platform", platform.os);
        return Err(Error::new(Kind::InvalidArgument, message));
    }
    let mut config = ContainerConfig::default();
    strata_builder::apply_changes(&mut config, &request.changes)?;
    let message = match request.message.as_str() {
        "" => format!("Imported from {}", request.source),
        message => message.to_owned(),
    };
    Ok(Prepared { name: name(&request.repo, &request.tag)?, config, platform, message })
}

fn name(repo: &str, tag: &str) -> Result<Option<Tagged>, Error> {
    if repo.is_empty() {
        return Ok(None);
    }
    let reference: Reference = repo.parse()?;
    if reference.digest().is_some() || tag.contains(':') {
        return Err(Error::new(Kind::InvalidArgument, "cannot import digest reference"));
    }
    let tag = match tag {
        "" => reference.tag().cloned().unwrap_or_else(strata_oci::Tag::latest),
        tag => tag.parse()?,
    };
    Ok(Some(Tagged { repository: reference.repository().clone(), tag, pulled: None }))
}

/// Tells how much was read.
struct Told<R> {
    body: R,
    read: u64,
    told: u64,
    total: u64,
    teller: Teller,
}

impl<R: Read> Read for Told<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let length = self.body.read(into)?;
        self.read += length as u64;
        if self.total > 0 && (self.read - self.told >= FIGURE || (length == 0 && self.told < self.read)) {
            self.told = self.read;
            let figures = Message { id: None, ..progress::figures("", "Importing", self.read, self.total) };
            self.teller.mention(figures);
        }
        Ok(length)
    }
}
