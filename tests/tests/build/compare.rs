//! Images as facts that two engines can be compared by.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use rustix::fs::lgetxattr;
use serde_json::{Value, json};
use strata_tests::{
    Docker,
    walk::{self, Tree, walk},
};

use crate::scene::LONG_AGO;

/// What an image is.
pub(crate) struct Facts {
    /// The configs, without ids and times.
    about: Value,
    /// Its layers' directories, bottom first, without their roots.
    layers: Vec<(PathBuf, Tree)>,
}

/// Reads an image.
pub(crate) fn facts(client: &Docker, name: &str) -> Facts {
    let inspected = client.run(&["image", "inspect", name]).ok().json();
    let image = &inspected[0];
    let mut about = json!({});
    for config in ["Config", "ContainerConfig"] {
        let mut value = image[config].clone();
        if value["Image"].as_str().is_some_and(|id| !id.is_empty()) {
            value["Image"] = json!("an image");
        }
        if value["Hostname"].as_str().is_some_and(|name| !name.is_empty()) {
            value["Hostname"] = json!("a container");
        }
        about[config] = texts(value);
    }
    for field in ["Author", "Architecture", "Os", "Comment"] {
        about[field] = image[field].clone();
    }
    for field in ["Parent", "Container"] {
        about[field] = json!(image[field].as_str().is_some_and(|id| !id.is_empty()));
    }
    about["layers"] = json!(image["RootFS"]["Layers"].as_array().map_or(0, Vec::len));
    let history =
        client.run(&["history", "--no-trunc", "--format", "{{.ID}}|{{.CreatedBy}}|{{.Comment}}", name]).ok();
    about["history"] = history.lines().into_iter().map(|row| json!(normal(row))).collect();
    let driver = &image["GraphDriver"]["Data"];
    let lower = driver["LowerDir"].as_str().unwrap_or_default().split(':');
    let folders = driver["UpperDir"].as_str().into_iter().chain(lower).filter(|path| !path.is_empty());
    let mut folders: Vec<PathBuf> = folders.map(PathBuf::from).collect();
    folders.reverse();
    let layers = folders.into_iter().map(|folder| {
        let mut tree = walk(&folder);
        tree.remove(Path::new(""));
        (folder, tree)
    });
    Facts { about, layers: layers.collect() }
}

/// What differs, a text each.
pub(crate) fn differences(dockerd: &Facts, strata: &Facts) -> Vec<String> {
    let mut found = Vec::new();
    compare("", &dockerd.about, &strata.about, &mut found);
    let pairs = dockerd.layers.iter().zip(&strata.layers).enumerate();
    for (number, ((their_folder, theirs), (our_folder, ours))) in pairs {
        let lines = walk::differences(("dockerd", theirs), ("Strata", ours), |path, a, b| {
            let copied = |time: (i64, i64)| time.0 == LONG_AGO as i64;
            a.kind == b.kind
                && (a.mode, a.uid, a.gid) == (b.mode, b.uid, b.gid)
                && (a.size, &a.target, a.rdev, &a.content) == (b.size, &b.target, b.rdev, &b.content)
                && a.xattrs == b.xattrs
                // Whiteouts may share an inode.
                && (a.kind == 'c' || a.links == b.links)
                && (a.kind != 'f' || copied(a.mtime) == copied(b.mtime))
                && is_opaque(&their_folder.join(path)) == is_opaque(&our_folder.join(path))
        });
        found.extend(lines.into_iter().map(|line| format!("layer {number}: {line}")));
    }
    found
}

fn is_opaque(path: &Path) -> bool {
    lgetxattr(path, "trusted.overlay.opaque", &mut [0_u8; 8][..]).is_ok()
}

fn compare(path: &str, a: &Value, b: &Value, found: &mut Vec<String>) {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            let keys: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for key in keys {
                let of = |map: &serde_json::Map<String, Value>| map.get(key).cloned().unwrap_or(Value::Null);
                compare(&format!("{path}/{key}"), &of(a), &of(b), found);
            }
        }
        (a, b) if a != b => found.push(format!("{path}: dockerd {a}, Strata {b}")),
        _ => {}
    }
}

fn texts(value: Value) -> Value {
    match value {
        Value::String(text) => json!(normal(&text)),
        Value::Array(list) => list.into_iter().map(texts).collect(),
        Value::Object(map) => map.into_iter().map(|(key, value)| (key, texts(value))).collect(),
        other => other,
    }
}

/// A text without what is never the same: digests, ids by the order in which they come, how much was sent, and where a program's
/// messages were cut in pieces.
pub(crate) fn normal(text: &str) -> String {
    let text = text.replace("\u{1b}[0m\u{1b}[91m", "");
    // How the newer client begins.
    let text = match text.split_once("environment-variable.\n\n") {
        Some((_, rest)) => rest.to_owned(),
        None => text,
    };
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    let mut out = String::with_capacity(text.len());
    for line in
        text.split_inclusive('\n').filter(|line| !line.contains("Sending build context to Docker daemon"))
    {
        let mut rest = line;
        while let Some(at) = rest.find(|c: char| c.is_ascii_hexdigit()) {
            let (before, from) = rest.split_at(at);
            let inside_word = before.chars().next_back().is_some_and(|c| c.is_ascii_alphanumeric());
            let end =
                from.find(|c: char| !(c.is_ascii_digit() || ('a'..='f').contains(&c))).unwrap_or(from.len());
            let end = end.max(1);
            let ends_word = !from[end..].starts_with(|c: char| c.is_ascii_alphanumeric());
            out.push_str(before);
            let (word, after) = from.split_at(end);
            let kind = ["file:", "dir:", "multi:"].iter().any(|kind| out.ends_with(kind));
            match (inside_word || !ends_word, end) {
                (false, 64) if kind => out.push_str("CONTENT"),
                (false, 12 | 64) => {
                    let next = names.len();
                    let number = *names.entry(word.to_owned()).or_insert(next);
                    out.push_str(&format!("ID{number}"));
                }
                _ => out.push_str(word),
            }
            rest = after;
        }
        out.push_str(rest);
    }
    out
}

#[test]
fn ids_are_numbered() {
    let id = "0123456789ab";
    assert_eq!(normal(&format!(" ---> {id}\nabc {id} face\n")), " ---> ID0\nabc ID0 face\n");
    assert_eq!(normal(&format!("COPY file:{} in /x", "a".repeat(64))), "COPY file:CONTENT in /x");
}
