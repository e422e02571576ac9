//! Files that come from the person's machine: dropped or picked, made into a tar, sent.

use js_sys::Promise;
use leptos::{prelude::*, task::spawn_local};
use strata_api::{
    path,
    workshop::{GitSource, Listing},
};

use super::{
    module::{self, Given, TooMuch},
    state::Bench,
};
use crate::{
    figures::{Size, grouped},
    names,
    page::api::Failure,
    words::{Craft, Lang},
    workshop::tar::Tar,
};

/// The most that is taken at once; `frontend/js/editor/files.js` knows it too.
const MOST: u64 = 256 << 20;
const MOST_FILES: u64 = 10_000;

/// What is sent: an archive, as it is or made here.
pub async fn archive(promise: Promise, lang: Lang) -> Result<Option<Vec<u8>>, Failure> {
    let mut given = module::given(promise).await.map_err(|why| Failure::NotUnderstood(explain(why, lang)))?;
    if given.is_empty() {
        return Ok(None);
    }
    if let [one] = &mut given[..]
        && is_archive(&one.path)
    {
        return Ok(Some(std::mem::take(&mut one.bytes)));
    }
    let mut tar = Tar::default();
    for Given { path, bytes } in &given {
        // Browsers don't tell modes; what begins as a script is meant to run.
        let mode = if bytes.starts_with(b"#!") { 0o755 } else { 0o644 };
        tar.file(path, mode, bytes);
    }
    Ok(Some(tar.finish()))
}

fn is_archive(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    [".tar", ".tar.gz", ".tgz", ".tar.zst"].iter().any(|end| name.ends_with(end))
}

fn explain(why: TooMuch, lang: Lang) -> String {
    match why {
        TooMuch::Size(size) => {
            Craft::UploadTooLarge.with(lang, &[&Size::of(size).to_string(), &Size::of(MOST).to_string()])
        }
        TooMuch::Count(count) => Craft::UploadTooLarge.with(lang, &[&grouped(count), &grouped(MOST_FILES)]),
        TooMuch::Unreadable(message) => names::text(&message).into_owned(),
    }
}

impl Bench {
    /// Takes what was dropped on a directory of the context; empty for its root.
    pub fn take_dropped(self, event: &wasm_bindgen::JsValue, into: Vec<u8>) {
        // The module is there: the editor came with it. What was dropped can be read only while the event is handled.
        let Some(module) = module::loaded() else { return };
        if let Some(promise) = module::dropped(&module, event) {
            self.send_archive(promise, into);
        }
    }

    /// Asks for files or a folder, and takes them.
    pub fn take_picked(self, folder: bool, into: Vec<u8>) {
        let Some(module) = module::loaded() else { return };
        self.send_archive(module::picked(&module, folder), into);
    }

    fn send_archive(self, promise: Promise, into: Vec<u8>) {
        spawn_local(async move {
            let answer = self.send_given(promise, &into).await;
            let _ = self.uploading.try_set(None);
            let _ = self.refusal.try_set(answer.err());
        });
    }

    async fn send_given(self, promise: Promise, into: &[u8]) -> Result<(), Failure> {
        let Some(bytes) = archive(promise, self.lang()).await? else { return Ok(()) };
        let _ = self.uploading.try_set(Some(bytes.len() as u64));
        let route = self.route(&format!("/upload?path={}", path::encode(into)));
        let listing: Listing = self.client.upload("POST", &route, &bytes).await?;
        self.took(listing).await;
        Ok(())
    }

    /// Fetches a repository into the context.
    pub fn take_git(self, url: String) {
        spawn_local(async move {
            let _ = self.uploading.try_set(Some(0));
            let answer =
                self.client.post::<Listing>(&self.route("/git?path="), Some(&GitSource { url })).await;
            let _ = self.uploading.try_set(None);
            match answer {
                Ok(listing) => {
                    let _ = self.refusal.try_set(None);
                    self.took(listing).await;
                }
                Err(failure) => drop(self.refusal.try_set(Some(failure))),
            }
        });
    }

    /// The files are others now: open texts may be too.
    async fn took(self, listing: Listing) {
        self.take_listing(listing);
        self.reread().await;
    }
}
