//! Archives of docker before 1.10: a directory for each layer, `<id>/VERSION`, `json` and `layer.tar`, and `repositories`,
//! which says what the topmost ones are called.
//!
//! The config of such an image is made of the topmost layer's `json` in the very bytes that dockerd makes of it, so that the
//! image gets the same id.

use std::collections::{BTreeMap, HashSet};

use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::{
    found::{Image, tagged},
    members::{LayerMember, Members, invalid},
};
use crate::Error;

/// More layers than any docker could stack.
const DEEPEST: usize = 500;
/// What the old format has and a config doesn't.
const DROPPED: [&str; 6] = ["id", "parent", "Size", "parent_id", "layer_id", "throwaway"];

#[derive(Deserialize)]
struct Old {
    #[serde(default)]
    parent: Option<String>,
    #[serde(default)]
    created: Option<String>,
    #[serde(default)]
    author: Option<String>,
    #[serde(default)]
    comment: Option<String>,
    #[serde(default)]
    container_config: Option<Command>,
    #[serde(default)]
    throwaway: bool,
}

#[derive(Deserialize)]
struct Command {
    #[serde(rename = "Cmd", default)]
    cmd: Option<Vec<String>>,
}

/// The images that `repositories` names; without it those that no other has as its parent.
pub(super) fn find(members: &Members<'_>) -> Result<Vec<Image>, Error> {
    let mut tops: BTreeMap<String, Vec<strata_catalog::Tagged>> = BTreeMap::new();
    if members.has("repositories") {
        let named: BTreeMap<String, BTreeMap<String, String>> =
            serde_json::from_slice(members.small("repositories")?)
                .map_err(|error| invalid(format!("repositories in the archive can't be read: {error}")))?;
        for (repository, tags) in &named {
            for (tag, id) in tags {
                tops.entry(id.clone()).or_default().push(tagged(&format!("{repository}:{tag}"))?);
            }
        }
    } else {
        let all = members.folders_with("VERSION");
        let parents: HashSet<String> = all
            .iter()
            .map(|id| Ok(read(members, id)?.0.parent))
            .collect::<Result<Vec<_>, Error>>()?
            .into_iter()
            .flatten()
            .collect();
        tops.extend(all.into_iter().filter(|id| !parents.contains(id)).map(|id| (id, Vec::new())));
    }
    tops.into_iter().map(|(id, tags)| image(members, &id, tags)).collect()
}

fn read<'a>(members: &'a Members<'_>, id: &str) -> Result<(Old, &'a [u8]), Error> {
    let path = format!("{id}/json");
    let bytes = members.small(&path)?;
    let old = serde_json::from_slice(bytes)
        .map_err(|error| invalid(format!("{path} in the archive can't be read: {error}")))?;
    Ok((old, bytes))
}

fn image(members: &Members<'_>, top: &str, tags: Vec<strata_catalog::Tagged>) -> Result<Image, Error> {
    let mut layers: Vec<LayerMember> = Vec::new();
    let mut history: Vec<String> = Vec::new();
    let mut next = Some(top.to_owned());
    let mut seen = HashSet::new();
    while let Some(id) = next {
        if !seen.insert(id.clone()) || seen.len() > DEEPEST {
            return Err(invalid(format!("{id}/json in the archive: its parents have no end")));
        }
        let (old, _) = read(members, &id)?;
        layers.push(members.layer(&format!("{id}/layer.tar"))?.clone());
        history.push(row(&old)?);
        next = old.parent.filter(|parent| !parent.is_empty());
    }
    layers.reverse();
    history.reverse();
    let config = config(members.small(&format!("{top}/json"))?, &layers, &history)
        .map_err(|error| invalid(format!("{top}/json in the archive can't be read: {error}")))?;
    Image::new(&format!("{top}/json"), config.as_bytes(), layers, tags)
}

/// A history row as Go writes it: fields in the order of its struct, empty ones left out.
fn row(old: &Old) -> Result<String, Error> {
    let mut fields = Vec::new();
    let mut add = |key: &str, value: Value| fields.push(format!("\"{key}\":{}", go(&value.to_string())));
    add("created", old.created.clone().unwrap_or_else(|| "0001-01-01T00:00:00Z".into()).into());
    let command = old.container_config.as_ref().and_then(|config| config.cmd.as_ref());
    let command = command.map(|cmd| cmd.join(" ")).unwrap_or_default();
    for (key, text) in [
        ("author", old.author.clone().unwrap_or_default()),
        ("created_by", command),
        ("comment", old.comment.clone().unwrap_or_default()),
    ] {
        if !text.is_empty() {
            add(key, text.into());
        }
    }
    if old.throwaway {
        add("empty_layer", true.into());
    }
    Ok(format!("{{{}}}", fields.join(",")))
}

/// The config: what `json` says but for [`DROPPED`], with keys in order as Go sorts them.
fn config(json: &[u8], layers: &[LayerMember], history: &[String]) -> Result<String, serde_json::Error> {
    let mut fields: BTreeMap<String, Box<RawValue>> = serde_json::from_slice(json)?;
    fields.retain(|key, _| !DROPPED.contains(&key.as_str()));
    let diff_ids: Vec<String> = layers.iter().map(|layer| format!("\"{}\"", layer.diff_id)).collect();
    let rootfs = format!("{{\"type\":\"layers\",\"diff_ids\":[{}]}}", diff_ids.join(","));
    fields.insert("rootfs".into(), RawValue::from_string(rootfs)?);
    fields.insert("history".into(), RawValue::from_string(format!("[{}]", history.join(",")))?);
    let mut text = Vec::new();
    for (key, value) in &fields {
        text.push(format!("{}:{}", go(&Value::from(key.as_str()).to_string()), go(&compact(value.get()))));
    }
    Ok(format!("{{{}}}", text.join(",")))
}

/// JSON with what Go escapes in strings besides what must be.
fn go(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => out += &format!("\\u{:04x}", c as u32),
            c => out.push(c),
        }
    }
    out
}

/// JSON without the white space between its tokens.
fn compact(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let (mut inside, mut escaped) = (false, false);
    for c in json.chars() {
        if inside {
            out.push(c);
            inside = escaped || c != '"';
            escaped = !escaped && c == '\\';
        } else if !c.is_ascii_whitespace() {
            inside = c == '"';
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_as_go_writes_it() {
        assert_eq!(
            compact("{ \"a b\" : [ 1,\n2 ], \"c\\\" d\": \" \" }"),
            "{\"a b\":[1,2],\"c\\\" d\":\" \"}"
        );
        assert_eq!(go("\"a && b > c\""), "\"a \\u0026\\u0026 b \\u003e c\"");
        let json = br#"{"id":"x","created":"2014-01-01T00:00:00Z","config":{"Cmd":["sh", "-c"]},"Size":7,"os":"linux"}"#;
        let text = config(json, &[], &["{\"created\":\"2014-01-01T00:00:00Z\"}".to_owned()]).expect("reads");
        assert_eq!(
            text,
            "{\"config\":{\"Cmd\":[\"sh\",\"-c\"]},\"created\":\"2014-01-01T00:00:00Z\",\
             \"history\":[{\"created\":\"2014-01-01T00:00:00Z\"}],\"os\":\"linux\",\
             \"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]}}"
        );
    }
}
