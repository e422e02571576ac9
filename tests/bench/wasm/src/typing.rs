//! What the page does at a keystroke in a Dockerfile.

use std::collections::BTreeMap;

use strata_dockerfile::{
    Dockerfile,
    context::{Entry, Kind, Listing},
    forecast::{BaseImage, Cache, Record, Request, forecast},
    ignore::Ignore,
    key::StepKey,
    lint::{Options, lint},
};
use strata_oci::{ContainerConfig, Digest, ImageId};
use wasm_bindgen::prelude::*;

/// A context of a thousand files, and two thousand steps that were done.
#[wasm_bindgen]
pub struct Typing {
    bases: BTreeMap<String, BaseImage>,
    context: Listing,
    cache: Cache,
}

#[wasm_bindgen]
impl Typing {
    /// All that is there before somebody types.
    #[wasm_bindgen(constructor)]
    #[allow(clippy::new_without_default, reason = "it is made in JavaScript")]
    pub fn new() -> Self {
        let image = ImageId(Digest::of(b"base"));
        let file = |path: String| Entry {
            kind: Kind::File,
            mode: 0o644,
            owner: (0, 0),
            size: 100,
            content: Digest::of(path.as_bytes()).to_string(),
            path,
        };
        let sources = (0..900).map(|n| file(format!("src{}/part{n}.c", n % 60)));
        let headers = (0..100).map(|n| file(format!("include/part{n}.h")));
        let record = |n: i64| Record {
            key: StepKey::from(format!("{n:064x}")),
            parent: Some(image.clone()),
            step: n as usize % 200,
            workshop: Some("w".into()),
            instruction: format!("/bin/sh -c echo {n}"),
            args: Vec::new(),
            files: None,
            image: ImageId(Digest::of(&n.to_be_bytes())),
            alive: true,
            bytes: 10,
            milliseconds: 10,
            at: -n,
        };
        let config = Box::new(ContainerConfig::default());
        let base = BaseImage::Here { image: image.clone(), config };
        Self {
            bases: BTreeMap::from([("debian:12".to_owned(), base)]),
            context: Listing::new(sources.chain(headers).collect(), &Ignore::default()),
            cache: Cache::new((0..2000).map(record).collect(), false),
        }
    }

    /// Parses, lints and forecasts; gives how much there is to show.
    pub fn keystroke(&self, text: &str) -> usize {
        let file = Dockerfile::parse(text);
        let found = lint(&file, text, &Options::default());
        let request =
            Request { workshop: Some("w".into()), platform: "linux/amd64".into(), ..Request::default() };
        let forecast = forecast(&file, &request, &self.bases, &self.context, &self.cache);
        file.diagnostics.len() + found.len() + forecast.steps.len()
    }
}
