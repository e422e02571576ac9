//! What `--log-opt` asks for: how much of a log is kept, and what stands before each line of it.

use std::{collections::BTreeMap, path::PathBuf};

use regex::Regex;
use strata_api::engine::LogConfig;
use strata_runtime::LogOptions;

use crate::{Error, Kind, record::Record, short_id, sizes};

/// How a container's output is logged at `path`; `None` for not at all.
///
/// # Errors
/// Options that make no sense, which dockerd also notices only at the start.
pub(crate) fn options(record: &Record, path: PathBuf) -> Result<Option<LogOptions>, Error> {
    let config = &record.host.log_config;
    if config.kind == "none" {
        return Ok(None);
    }
    let mut options = LogOptions::new(path);
    if let Some(size) = option(config, "max-size") {
        options.max_size = match sizes::parse(size) {
            None => return Err(refused(format!("invalid size: '{size}'"))),
            Some(0) => return Err(refused("max-size must be a positive number")),
            some => some,
        };
    }
    let files = option(config, "max-file");
    if let Some(files) = files {
        let count = files.parse::<i64>();
        let count = count.map_err(|_| refused(format!("strconv.Atoi: parsing {files:?}: invalid syntax")))?;
        let count = u32::try_from(count).ok().filter(|count| *count > 0);
        options.max_files = count.ok_or_else(|| refused("max-file cannot be less than 1"))?;
    }
    if let Some(text) = option(config, "compress") {
        let compress = match text {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => true,
            "0" | "f" | "F" | "false" | "FALSE" | "False" => false,
            _ => return Err(refused(format!("strconv.ParseBool: parsing {text:?}: invalid syntax"))),
        };
        let rotated = options.max_size.is_some() && files.is_some_and(|files| files != "1");
        if compress && !rotated && config.kind != "local" {
            let why = "compress cannot be true when max-file is less than 2 or max-size is not set";
            return Err(refused(why));
        }
    }
    details(record).map_err(|error| refused(error.to_string()))?;
    Ok(Some(options))
}

fn refused(why: impl std::fmt::Display) -> Error {
    Error::new(Kind::Internal, format!("failed to initialize logging driver: {why}"))
}

/// What stands before each line with `docker logs --details`: `key=value` pairs with commas between them, in the order of their keys and encoded as a query is; empty if there is
/// nothing to add. Only the driver `json-file` keeps any.
///
/// # Errors
/// An expression of `labels-regex` or `env-regex` that is none.
pub(crate) fn details(record: &Record) -> Result<String, regex::Error> {
    let labels = record.config.labels.iter().flatten().map(|(key, value)| (key.as_str(), value.as_str()));
    let env = record.config.env.iter().flatten().filter_map(|pair| pair.split_once('='));
    let config = &record.host.log_config;
    if !matches!(config.kind.as_str(), "" | "json-file") {
        return Ok(String::new());
    }
    let mut all = BTreeMap::new();
    all.extend(chosen(config, "labels", labels)?);
    all.extend(chosen(config, "env", env)?);
    let tag = option(config, "tag").map(|template| tag(template, record));
    let tag = tag.as_deref().filter(|tag| !tag.is_empty());
    all.extend(tag.map(|tag| ("tag", tag)));
    let pairs: Vec<String> =
        all.into_iter().map(|(key, value)| format!("{}={}", encoded(key), encoded(value))).collect();
    Ok(pairs.join(","))
}

/// What an option is given, if it is.
pub(crate) fn option<'a>(config: &'a LogConfig, name: &str) -> Option<&'a str> {
    config.config.as_ref()?.get(name).map(String::as_str)
}

/// Those that `NAME` lists or `NAME-regex` matches.
fn chosen<'a>(
    config: &LogConfig,
    name: &str,
    from: impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<Vec<(&'a str, &'a str)>, regex::Error> {
    let listed = option(config, name).unwrap_or_default();
    let pattern = option(config, &format!("{name}-regex")).filter(|pattern| !pattern.is_empty());
    let pattern = pattern.map(Regex::new).transpose()?;
    let wanted = |key: &str| {
        listed.split(',').any(|name| name == key) || pattern.as_ref().is_some_and(|it| it.is_match(key))
    };
    Ok(from.filter(|(key, _)| wanted(key)).collect())
}

/// A tag's template with what it names filled in.
fn tag(template: &str, record: &Record) -> String {
    let name = record.name.trim_start_matches('/');
    let image_id = record.image.as_str();
    [
        ("{{.ID}}", short_id(&record.id)),
        ("{{.FullID}}", &record.id),
        ("{{.Name}}", name),
        ("{{.ImageID}}", short_id(image_id.trim_start_matches("sha256:"))),
        ("{{.ImageFullID}}", image_id),
        ("{{.ImageName}}", &record.config.image),
        ("{{.DaemonName}}", "docker"),
    ]
    .iter()
    .fold(template.to_owned(), |text, (field, value)| text.replace(field, value))
}

/// As Go's `url.QueryEscape` does it.
fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            _ => out += &format!("%{byte:02X}"),
        }
        out
    })
}
