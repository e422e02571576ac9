//! Little projects to begin with, which the server has in itself.

use std::collections::BTreeMap;

use rust_embed::RustEmbed;
use serde::Deserialize;
use strata_api::workshop::{InBoth, Template};

use crate::{
    docker::Failure,
    http::{Call, Response, json},
};

#[derive(RustEmbed)]
#[folder = "../../templates"]
struct Files;

/// A `template.toml`.
#[derive(Deserialize)]
struct Facts {
    order: i64,
    title: InBoth,
    about: InBoth,
    bases: Vec<String>,
    network: bool,
}

/// `GET /api/templates`.
pub async fn list((): (), _: Call) -> Result<Response, Failure> {
    Ok(json(&all().map_err(Failure::invalid)?))
}

/// The files of a template's context by their paths; nothing if there is no such template.
pub(super) fn files(name: &str) -> Option<Vec<(String, Vec<u8>)>> {
    let found = contexts().remove(name)?;
    let read = |(path, full): (String, String)| Some((path, Files::get(&full)?.data.into_owned()));
    Some(found.into_iter().filter_map(read).collect())
}

fn all() -> Result<Vec<Template>, String> {
    let mut found = Vec::new();
    for (name, context) in contexts() {
        let path = format!("{name}/template.toml");
        let text = Files::get(&path).ok_or_else(|| format!("{path} is missing"))?;
        let text = std::str::from_utf8(&text.data).map_err(|error| format!("{path}: {error}"))?;
        let facts: Facts = toml::from_str(text).map_err(|error| format!("{path}: {error}"))?;
        let Facts { order, title, about, bases, network } = facts;
        found.push((order, Template { name, title, about, bases, network, files: context.len() as u64 }));
    }
    found.sort_by(|(a, first), (b, second)| (a, &first.name).cmp(&(b, &second.name)));
    Ok(found.into_iter().map(|(_, template)| template).collect())
}

/// By template: the path of each file in its context, and among what is embedded.
fn contexts() -> BTreeMap<String, Vec<(String, String)>> {
    let mut contexts: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for full in Files::iter() {
        if let Some((name, path)) = full.split_once("/context/") {
            contexts.entry(name.to_owned()).or_default().push((path.to_owned(), full.clone().into_owned()));
        }
    }
    contexts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_is_whole() {
        let templates = all().expect("every template can be read");
        assert!(templates.len() >= 5, "{templates:?}");
        for template in &templates {
            let files = files(&template.name).expect("is there");
            assert_eq!(files.len() as u64, template.files, "{}", template.name);
            assert!(files.iter().any(|(path, _)| path == "Dockerfile"), "{}", template.name);
            assert!(!template.title.en.is_empty() && !template.title.zh.is_empty(), "{}", template.name);
        }
        assert!(files("nothing").is_none() && files("../x").is_none());
    }
}
