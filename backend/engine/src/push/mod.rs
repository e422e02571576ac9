//! `docker push`: an image's blobs and manifest to a registry.
//!
//! What the registry sent is what a registry gets: blobs are kept as they came, so nothing is compressed again and the
//! digest stays the same. A layer that was made here gets its compressed blob at its first push and keeps it.

mod blob;
mod layers;
mod manifest;

use std::sync::Arc;

use strata_api::{progress::Message, theatre::Deed};
use strata_catalog::{Catalog as _, Image, RepoDigest, Tagged};
use strata_oci::{Platform, Reference, Repository, Tag};
use strata_registry::{Client, Login};
use tokio::sync::mpsc;

use crate::{
    Engine, Error, Kind,
    names::tag_name,
    progress,
    theatre::{Curtain, Play},
};

/// Lines that may wait for a slow listener.
const BACKLOG: usize = 64;

/// What to push.
#[derive(Clone, Debug, Default)]
pub struct PushRequest {
    /// A name, possibly with a tag.
    pub image: String,
    /// A tag, instead of one in `image`. With none in either place, all tags are pushed.
    pub tag: Option<String>,
    /// `os/architecture[/variant]` that the image must be for.
    pub platform: Option<String>,
    /// Shown to the registry instead of what docker's configuration says.
    pub login: Option<Login>,
}

impl Engine {
    /// Starts a push; its messages are those of docker's stream, in order.
    ///
    /// A failure is the last message. Dropping the receiver cancels it.
    pub fn push(&self, request: PushRequest) -> Result<mpsc::Receiver<Message>, Error> {
        let curtain = self.inner().theatre.begin(Deed::Push, &request.image);
        self.push_in(request, curtain)
    }

    /// The same, in a play that was begun for it.
    pub(crate) fn push_in(
        &self,
        request: PushRequest,
        curtain: Curtain,
    ) -> Result<mpsc::Receiver<Message>, Error> {
        let targeted = target(&request);
        curtain.end_if_failed(&targeted);
        let (repository, tag) = targeted?;
        let called = tag.as_ref().map(|tag| repository.with_tag(tag.clone()).familiar());
        curtain.play().call(&called.unwrap_or_else(|| repository.familiar()));
        let platform = match request.platform.as_deref().filter(|text| !text.is_empty()) {
            None => None,
            Some(text) => Some(text.parse().map_err(|error| Error::chain(Kind::InvalidArgument, &error))?),
        };
        let (sender, receiver) = mpsc::channel(BACKLOG);
        let engine = self.clone();
        tokio::spawn(async move {
            let client = match &request.login {
                Some(login) => {
                    curtain.client(&engine.inner().registry).with_login(repository.domain(), login.clone())
                }
                None => curtain.client(&engine.inner().registry),
            };
            let play = curtain.play().clone();
            let push =
                Push { engine: engine.clone(), client, repository, platform, sender: sender.clone(), play };
            let result = tokio::select! {
                result = push.run(tag) => {
                    curtain.end(&result);
                    result
                }
                () = sender.closed() => Ok(()),
            };
            if let Err(error) = result {
                tracing::info!(image = request.image, %error, "push failed");
                let _ = sender.send(progress::failure(&error)).await;
            }
        });
        Ok(receiver)
    }
}

/// A push that is under way.
pub(super) struct Push {
    pub(super) engine: Engine,
    pub(super) client: Client,
    pub(super) repository: Repository,
    platform: Option<Platform>,
    pub(super) sender: mpsc::Sender<Message>,
    play: Arc<Play>,
}

impl Push {
    pub(super) async fn say(&self, message: Message) {
        let _ = self.sender.send(message).await; // a listener that left cancels the push elsewhere
    }

    async fn run(&self, tag: Option<Tag>) -> Result<(), Error> {
        // Docker's words have the whole name here, `docker.io` and `library/` included.
        let whole = format!("{}/{}", self.repository.domain(), self.repository.path());
        self.say(progress::line(format!("The push refers to repository [{whole}]"))).await;
        let repository = self.repository.clone();
        let chosen = self.engine.blocking(move |inner| {
            let mut found: Vec<(Tagged, Image)> = Vec::new();
            for image in inner.catalog.images()? {
                let of_it = image.tags.iter().filter(|tagged| tagged.repository == repository);
                found.extend(of_it.map(|tagged| (tagged.clone(), image.clone())));
            }
            found.sort_by(|(a, _), (b, _)| a.cmp(b));
            if found.is_empty() {
                let name = repository.familiar();
                let message = format!("An image does not exist locally with the tag: {name}");
                return Err(Error::new(Kind::NotFound, message));
            }
            if let Some(tag) = tag {
                found.retain(|(tagged, _)| tagged.tag == tag);
                if found.is_empty() {
                    let name = repository.with_tag(tag).familiar();
                    return Err(Error::new(Kind::NotFound, format!("tag does not exist: {name}")));
                }
            }
            Ok(found)
        });
        for (tagged, image) in chosen.await? {
            self.one(&tagged, &image).await?;
        }
        Ok(())
    }

    async fn one(&self, tagged: &Tagged, image: &Image) -> Result<(), Error> {
        let (held, platform) = (image.clone(), self.platform.clone());
        let lease = self.engine.blocking(move |inner| {
            if let Some(platform) = &platform {
                inner.check_platform(&held, platform)?;
            }
            let lease = inner.catalog.lease("push")?;
            let done = inner.hold(&held, lease);
            if done.is_err() {
                inner.catalog.release(lease)?;
            }
            done.map(|()| lease)
        });
        let lease = lease.await?;
        let pushed = self.held(tagged, image).await;
        self.engine.blocking(move |inner| Ok(inner.catalog.release(lease)?)).await?;
        pushed
    }

    /// Pushes an image that is held.
    async fn held(&self, tagged: &Tagged, image: &Image) -> Result<(), Error> {
        let known = |image: &Image| {
            image
                .layers
                .iter()
                .filter_map(|layer| Some(layer.blobs.first()?.digest.clone()))
                .collect::<Vec<_>>()
        };
        self.play.layers(known(image));
        let image = self.push_layers(image).await?;
        self.play.layers(known(&image));
        let manifest = {
            let image = image.clone();
            self.engine.blocking(move |inner| inner.manifest_to_push(&image)).await?
        };
        self.push_config(&manifest.config).await?;
        let reference = self.repository.with_tag(tagged.tag.clone());
        let sent =
            self.client.push_manifest(&reference, &manifest.blob.media_type, manifest.bytes.clone().into());
        sent.await?;
        let (digest, size) = (manifest.blob.digest.clone(), manifest.blob.size);
        let tag = tagged.tag.to_string();
        self.say(progress::line(format!("{tag}: digest: {digest} size: {size}"))).await;
        let aux = serde_json::json!({ "Tag": tag, "Digest": digest.to_string(), "Size": size });
        self.say(Message { aux: Some(aux), progress_detail: Some(Default::default()), ..Message::default() })
            .await;
        let (name, tagged) = (RepoDigest { repository: self.repository.clone(), digest }, tagged.clone());
        self.engine
            .blocking(move |inner| {
                inner.record_pushed(&image, manifest, name)?;
                let repository = tagged.repository.familiar();
                inner.events.image("push", &tag_name(&tagged), &repository, &inner.labels(&image)?);
                Ok(())
            })
            .await
    }
}

/// What the two parameters mean together.
fn target(request: &PushRequest) -> Result<(Repository, Option<Tag>), Error> {
    let reference: Reference = request.image.parse()?;
    if reference.digest().is_some() {
        return Err(Error::new(Kind::InvalidArgument, "cannot push a digest reference"));
    }
    let tag = match request.tag.as_deref().filter(|tag| !tag.is_empty()) {
        Some(tag) => Some(tag.parse()?),
        None if request.image.parse::<Repository>().is_ok() => None,
        None => reference.tag().cloned(),
    };
    Ok((reference.repository().clone(), tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_may_stand_in_either_place() {
        let of = |image: &str, tag: Option<&str>| {
            let request =
                PushRequest { image: image.into(), tag: tag.map(Into::into), ..PushRequest::default() };
            let (repository, tag) = target(&request)?;
            Ok::<_, Error>(format!(
                "{} {}",
                repository.familiar(),
                tag.map_or("all".into(), |t| t.to_string())
            ))
        };
        assert_eq!(of("h:5000/a", None).expect("all"), "h:5000/a all");
        assert_eq!(of("h:5000/a", Some("1")).expect("one"), "h:5000/a 1");
        assert_eq!(of("a:2", None).expect("one"), "a 2");
        assert_eq!(of("a:2", Some("")).expect("one"), "a 2");
        let digest = strata_oci::Digest::of(b"");
        assert_eq!(of(&format!("a@{digest}"), None).expect_err("digest").kind, Kind::InvalidArgument);
    }
}
