//! What a build asks of the engine.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, MutexGuard, PoisonError},
};

use strata_api::progress::Message;
use strata_builder::{Error, Fetched, GitAddress, GitError, GitPolicy, Images, Kind, Later};
use strata_catalog::Image;
use strata_oci::{DiffId, ImageConfig, ImageId};
use strata_registry::{DownloadError, Login};
use tokio::{io::AsyncWriteExt as _, sync::mpsc};

use crate::{Engine, PullRequest};

/// The most that is fetched from one address.
const LARGEST: u64 = 64 << 30;

/// The engine as builds see it.
pub(super) struct EngineImages(pub(super) Engine);

impl Images for EngineImages {
    fn find(&self, name: &str) -> Result<Option<Image>, Error> {
        match self.0.inner().find(name) {
            Ok(image) => Ok(Some(image)),
            Err(error) if error.kind == crate::Kind::NotFound => Ok(None),
            Err(error) => Err(theirs(error)),
        }
    }

    fn config(&self, id: &ImageId) -> Result<Arc<ImageConfig>, Error> {
        self.0.inner().config(id).map_err(theirs)
    }

    fn pull<'a>(
        &'a self,
        name: &'a str,
        platform: Option<&'a str>,
        logins: &'a BTreeMap<String, String>,
        messages: mpsc::Sender<Message>,
    ) -> Later<'a, Result<(), Error>> {
        Box::pin(async move {
            let mut request = PullRequest {
                image: name.to_owned(),
                platform: platform.map(str::to_owned),
                ..PullRequest::default()
            };
            // A name alone would mean all of its tags.
            let reference: strata_oci::Reference =
                name.parse().map_err(|error| theirs(crate::Error::from(error)))?;
            let login = logins.get(reference.repository().domain());
            // One that can't be read is none, as with a pull.
            request.login = login.and_then(|login| Login::from_registry_auth(login).ok().flatten());
            if reference.digest().is_none() {
                request.tag = reference.tag().map(ToString::to_string);
            }
            let mut pulled = self.0.pull(request);
            while let Some(message) = pulled.recv().await {
                if let Some(error) = message.error {
                    return Err(Error::new(Kind::NotFound, error));
                }
                // Nobody listens any more: the build notices by itself.
                let _ = messages.send(message).await;
            }
            Ok(())
        })
    }

    fn fetch<'a>(&'a self, url: &'a str, into: &'a Path) -> Later<'a, Result<Fetched, Error>> {
        Box::pin(async move {
            let mut download = self.0.inner().builder.downloader.get(url).await.map_err(refused)?;
            let fail = |error: std::io::Error| Error::internal("cannot keep what is fetched", &error);
            let mut file = tokio::fs::File::create_new(into).await.map_err(fail)?;
            let mut size = 0;
            while let Some(piece) = download.next().await.map_err(refused)? {
                size += piece.len() as u64;
                if size > LARGEST {
                    return Err(Error::invalid(format!("{url} has more than {LARGEST} bytes")));
                }
                file.write_all(&piece).await.map_err(fail)?;
            }
            file.flush().await.map_err(fail)?;
            Ok(Fetched { size, modified: download.modified(), name: download.name() })
        })
    }

    fn clone_repository<'a>(&'a self, address: &'a str, into: &'a Path) -> Later<'a, Result<(), Error>> {
        Box::pin(async move {
            let parsed: GitAddress = address.parse().map_err(of_git)?;
            let builder = &self.0.inner().builder;
            let home = builder.room.empty()?;
            let policy = GitPolicy { plain: true };
            let may = |ip| builder.downloader.may_connect(ip);
            strata_builder::clone(&parsed, into, home.root(), policy, may).await.map_err(of_git)
        })
    }

    fn alone(&self) -> MutexGuard<'_, ()> {
        self.0.inner().publishing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn mark_building(&self, diff_id: &DiffId, building: bool) {
        self.0.inner().builder.mark(diff_id, building);
    }

    fn tell_tagged(&self, id: &ImageId, name: &str) {
        let inner = self.0.inner();
        let labels =
            inner.config(id).ok().and_then(|config| config.config.clone()).and_then(|config| config.labels);
        inner.events.image("tag", &id.to_string(), name, &labels.unwrap_or_default());
    }
}

fn theirs(error: crate::Error) -> Error {
    use crate::Kind as Ours;
    let kind = match error.kind {
        Ours::NotFound | Ours::Unauthorized | Ours::MissingPart => Kind::NotFound,
        Ours::InvalidArgument | Ours::WrongDigest | Ours::OutOfRange => Kind::InvalidArgument,
        Ours::Forbidden => Kind::Forbidden,
        Ours::Unavailable => Kind::Unavailable,
        Ours::Unsupported => Kind::Unsupported,
        Ours::Cancelled => Kind::Cancelled,
        Ours::Conflict | Ours::NotModified | Ours::Internal => Kind::Internal,
    };
    Error::new(kind, error.message)
}

fn refused(error: DownloadError) -> Error {
    theirs(error.into())
}

fn of_git(error: GitError) -> Error {
    let kind = match error {
        GitError::Address { .. } => Kind::InvalidArgument,
        GitError::Forbidden { .. } => Kind::Forbidden,
        GitError::Lookup { .. } | GitError::Git { .. } => Kind::Unavailable,
    };
    Error::new(kind, error.to_string())
}
