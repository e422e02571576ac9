//! `docker pull`: from a reference to an image in the store.
//!
//! resolve → choose a platform → hold what is here → take in what isn't, several layers at once → publish all
//! of it with one wait for the disk → record it → acknowledge. Until the record, nothing is visible.

mod layer;
mod report;
mod resolve;
mod store;

use strata_api::{
    progress::Message,
    theatre::{Deed, What},
};
use strata_catalog::{Catalog as _, Lease};
use strata_oci::{Digest, Platform, Reference, Repository, Tag};
use strata_registry::{Client, Login};
use tokio::sync::mpsc;

use self::{report::Report, resolve::Target};
use crate::{
    Engine, Error, Kind, memory,
    theatre::{Curtain, Play},
};

pub(crate) type Transfers = crate::transfer::Transfers<layer::Staged>;

/// Lines that may wait for a slow listener.
const BACKLOG: usize = 64;

/// What to pull.
#[derive(Clone, Debug, Default)]
pub struct PullRequest {
    /// A name, possibly with a tag or digest.
    pub image: String,
    /// A tag or digest, instead of one in `image`. With none in either place, all tags are pulled.
    pub tag: Option<String>,
    /// `os/architecture[/variant]`; the host's by default.
    pub platform: Option<String>,
    /// Shown to the registry instead of what docker's configuration says.
    pub login: Option<Login>,
}

impl Engine {
    /// Starts a pull; its messages are those of docker's stream, in order.
    ///
    /// A failure is the last message, with a code in its `error_detail`; if it is also the first, nothing was
    /// begun. Dropping the receiver cancels the pull, and layers that no other pull waits for.
    pub fn pull(&self, request: PullRequest) -> mpsc::Receiver<Message> {
        let curtain = self.inner().theatre.begin(Deed::Pull, &request.image);
        self.pull_in(request, curtain)
    }

    /// The same, in a play that was begun for it.
    pub(crate) fn pull_in(&self, request: PullRequest, curtain: Curtain) -> mpsc::Receiver<Message> {
        let (sender, receiver) = mpsc::channel(BACKLOG);
        let engine = self.clone();
        tokio::spawn(async move {
            let report = Report(sender.clone());
            let result = tokio::select! {
                result = engine.pull_all(&request, &report, &curtain) => {
                    curtain.end(&result);
                    result
                }
                () = sender.closed() => Ok(()),
            };
            if let Err(error) = result {
                tracing::info!(image = request.image, %error, "pull failed");
                report.failure(&error).await;
            }
        });
        receiver
    }

    async fn pull_all(&self, request: &PullRequest, report: &Report, curtain: &Curtain) -> Result<(), Error> {
        let references = wanted(request)?;
        let platform = match &request.platform {
            Some(text) if !text.is_empty() => {
                text.parse().map_err(|error| Error::chain(Kind::InvalidArgument, &error))?
            }
            _ => Platform::host(),
        };
        let client = |repository: &Repository| match &request.login {
            Some(login) => {
                curtain.client(&self.inner().registry).with_login(repository.domain(), login.clone())
            }
            None => curtain.client(&self.inner().registry),
        };
        let play = curtain.play();
        match references {
            Wanted::One(reference) => {
                play.call(&reference.familiar());
                let client = client(reference.repository());
                let newer = self.pull_one(&client, &reference, &platform, report, play).await?;
                report.status(newer, &reference.familiar()).await;
                if request.platform.is_some() {
                    self.warn_of_platform(&request.image, &reference, &platform, report).await?;
                }
            }
            Wanted::AllTags(repository) => {
                let client = client(&repository);
                let mut newer = false;
                for tag in client.tags(&repository).await? {
                    newer |=
                        self.pull_one(&client, &repository.with_tag(tag), &platform, report, play).await?;
                }
                report.status(newer, &repository.familiar()).await;
            }
        }
        Ok(())
    }

    /// Returns whether the name now means another image than before.
    async fn pull_one(
        &self,
        client: &Client,
        reference: &Reference,
        platform: &Platform,
        report: &Report,
        play: &Play,
    ) -> Result<bool, Error> {
        let target = self.resolve(client, reference, platform).await?;
        let id = match reference.digest() {
            Some(_) => reference.familiar(),
            None => reference.locator(),
        };
        report.line(Some(id), format!("Pulling from {}", reference.repository().path())).await;
        let lease = self.blocking(|inner| Ok(inner.catalog.lease("pull")?)).await?;
        let held = Held { engine: self, lease };
        play.layers(target.manifest.layers.iter().map(|layer| layer.digest.clone()));
        let told = Told { report, play };
        let newer = self.pull_target(client, reference, platform, &target, held.lease, &told).await?;
        report.line(None, format!("Digest: {}", target.digest())).await;
        let (name, repository) = (reference.familiar(), reference.repository().familiar());
        let id = target.image_id();
        self.blocking(move |inner| {
            let config = inner.config(&id)?;
            let labels = config.config.as_ref().and_then(|config| config.labels.clone()).unwrap_or_default();
            inner.events.image("pull", &name, &repository, &labels);
            Ok(newer)
        })
        .await
    }

    /// A single image is pulled whatever it runs on; who asked for something else is told.
    async fn warn_of_platform(
        &self,
        image: &str,
        reference: &Reference,
        wanted: &Platform,
        report: &Report,
    ) -> Result<(), Error> {
        let name = reference.to_string();
        let actual = self.blocking(move |inner| {
            let config = inner.config(&inner.find(&name)?.id)?;
            Ok(Platform::new(&config.os, &config.architecture, config.variant.as_deref()))
        });
        let actual = actual.await?;
        if actual.serves(wanted).is_none() {
            let text = format!(
                "WARNING: image with reference {image} was found but does not match the specified platform: \
                 wanted {wanted}, actual: {actual}"
            );
            report.line(None, text).await;
        }
        Ok(())
    }

    /// Returns whether the name now means another image than before.
    async fn pull_target(
        &self,
        client: &Client,
        reference: &Reference,
        platform: &Platform,
        target: &Target,
        lease: Lease,
        told: &Told<'_>,
    ) -> Result<bool, Error> {
        if let Some(newer) = self.name_if_here(reference, target, lease).await? {
            told.play.spare(What::UpToDate);
            return Ok(newer);
        }
        let (here, named) = self.is_here(reference, target).await?;
        // Whoever has the image is not told of its layers: only the manifest is news.
        let quiet = Report::unheard();
        let told = &Told { report: if here { &quiet } else { told.report }, play: told.play };
        let config = resolve::config(client, reference.repository(), target, platform).await?;
        let layers = self.take_in(client, reference.repository(), target, &config, lease, told).await?;
        let stored = self.store(reference, target, config, layers, lease).await;
        // Only fails when the runtime ends, and then there is nothing to give back.
        let _ = tokio::task::spawn_blocking(memory::give_back).await;
        stored.map(|()| !named)
    }
}

/// Who hears of a pull.
pub(crate) struct Told<'a> {
    report: &'a Report,
    play: &'a Play,
}

/// Gives a lease back when the pull ends in any way; after success it is given back already.
struct Held<'a> {
    engine: &'a Engine,
    lease: Lease,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let (inner, lease) = (self.engine.inner().clone(), self.lease);
        // Fails only if the runtime is shutting down; leases end with the process.
        tokio::task::spawn_blocking(move || {
            if let Err(error) = inner.catalog.release(lease) {
                tracing::warn!(%error, "cannot give a lease back; it ends with the process");
            }
        });
    }
}

enum Wanted {
    One(Reference),
    AllTags(Repository),
}

/// What the two parameters of `images/create` mean together.
fn wanted(request: &PullRequest) -> Result<Wanted, Error> {
    let image = &request.image;
    let reference: Reference = image.parse()?;
    let repository = reference.repository();
    match request.tag.as_deref().filter(|tag| !tag.is_empty()) {
        Some(digest) if digest.contains(':') => {
            let digest: Digest =
                digest.parse().map_err(|error| Error::chain(Kind::InvalidArgument, &error))?;
            Ok(Wanted::One(repository.with_digest(digest)))
        }
        Some(tag) => Ok(Wanted::One(repository.with_tag(tag.parse::<Tag>()?))),
        None if image.parse::<Repository>().is_ok() => Ok(Wanted::AllTags(repository.clone())),
        None => Ok(Wanted::One(reference)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn image_and_tag_are_joined_as_docker_joins_them() {
        let digest = Digest::of(b"").to_string();
        let joined = |image: &str, tag: Option<&str>| {
            let request = PullRequest { image: image.into(), tag: tag.map(Into::into), ..Default::default() };
            wanted(&request).map(|wanted| match wanted {
                Wanted::One(reference) => reference.familiar(),
                Wanted::AllTags(repository) => format!("all of {}", repository.familiar()),
            })
        };
        let cases = [
            ("a", Some("1"), "a:1".to_owned()),
            ("a:1", None, "a:1".to_owned()),
            ("a:1", Some(""), "a:1".to_owned()),
            ("a", None, "all of a".to_owned()),
            ("h:5000/a", None, "all of h:5000/a".to_owned()),
            ("a", Some(digest.as_str()), format!("a@{digest}")),
        ];
        for (image, tag, expected) in cases {
            assert_eq!(joined(image, tag).expect(image), expected);
        }
        assert_eq!(joined("A", None).expect_err("upper case").kind, Kind::InvalidArgument);
        assert_eq!(joined("a", Some("sha256:12")).expect_err("short").kind, Kind::InvalidArgument);
    }
}
