//! Manifests of images and indexes of manifests: docker schema 2 and OCI.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{Descriptor, MediaType, Platform};

/// The manifest of one image: a config and its layers, bottom first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// Always 2.
    pub schema_version: u32,
    /// Absent in some OCI manifests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<MediaType>,
    /// For artifacts: their type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// The image config.
    pub config: Descriptor,
    /// The layers, bottom first.
    pub layers: Vec<Descriptor>,
    /// What this refers to (signatures, attestations).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Descriptor>,
    /// Free-form notes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

/// An index (manifest list): one manifest per platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Index {
    /// Always 2.
    pub schema_version: u32,
    /// Absent in some OCI indexes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<MediaType>,
    /// The manifests.
    pub manifests: Vec<Descriptor>,
    /// Free-form notes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

/// What a manifest request returned.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "there is one per pull, and every user takes it apart at once")]
pub enum Parsed {
    /// One image.
    Manifest(Manifest),
    /// Several, by platform.
    Index(Index),
}

/// Why bytes are not a manifest we can use.
#[derive(Debug, Error)]
pub enum ManifestError {
    /// Not JSON, or not of the right shape.
    #[error("manifest is not valid JSON of its kind")]
    Json(#[from] serde_json::Error),
    /// Docker schema 1.
    #[error(
        "manifest has docker schema version 1, which is no longer supported: push the image again with a current tool"
    )]
    Schema1,
    /// Another schema version.
    #[error("manifest has schema version {0}: expected 2")]
    Version(u64),
    /// The type in the header or body is neither a manifest nor an index.
    #[error(
        "unsupported manifest media type {0:?}: expected an image manifest or index, OCI or docker schema 2"
    )]
    MediaType(String),
    /// A document that is both manifest and index (CVE-2021-41190).
    #[error("manifest has both \"manifests\" and \"layers\": refused as ambiguous")]
    Ambiguous,
    /// More layers than can be mounted.
    #[error("manifest has {0} layers: at most {MAX_LAYERS} are supported")]
    TooManyLayers(usize),
}

/// The kernel's limit for overlay lowers is 500; every engine stops far below.
const MAX_LAYERS: usize = 500;

impl Parsed {
    /// Reads a manifest or index of the type that `media_type` (the response's `Content-Type`) and the body agree on.
    ///
    /// An empty or generic `media_type` (`application/json`, `text/plain`) leaves the decision to the body.
    pub fn from_bytes(media_type: &str, bytes: &[u8]) -> Result<Self, ManifestError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Probe {
            #[serde(default)]
            schema_version: u64,
            media_type: Option<MediaType>,
            manifests: Option<serde::de::IgnoredAny>,
            layers: Option<serde::de::IgnoredAny>,
        }
        let probe: Probe = serde_json::from_slice(bytes)?;
        match probe.schema_version {
            2 => {}
            1 => return Err(ManifestError::Schema1),
            other => return Err(ManifestError::Version(other)),
        }
        if probe.manifests.is_some() && probe.layers.is_some() {
            return Err(ManifestError::Ambiguous);
        }
        let header = MediaType::from(media_type.split(';').next().unwrap_or_default().trim());
        let generic =
            matches!(header.0.as_str(), "" | "application/json" | "text/plain" | "application/octet-stream");
        let declared = if generic { probe.media_type } else { Some(header) };
        let is_index = match declared {
            Some(kind) if kind.is_index() => true,
            Some(kind) if kind.is_manifest() => false,
            Some(kind) => return Err(ManifestError::MediaType(kind.0)),
            None => probe.manifests.is_some(),
        };
        if is_index {
            return Ok(Self::Index(serde_json::from_slice(bytes)?));
        }
        let manifest: Manifest = serde_json::from_slice(bytes)?;
        if manifest.layers.len() > MAX_LAYERS {
            return Err(ManifestError::TooManyLayers(manifest.layers.len()));
        }
        Ok(Self::Manifest(manifest))
    }
}

impl Index {
    /// The entry that serves `wanted` best; attestations and nested indexes are never chosen over images.
    pub fn choose(&self, wanted: &Platform) -> Option<&Descriptor> {
        let score = |entry: &Descriptor| match &entry.platform {
            Some(platform) => platform.serves(wanted),
            // An entry without a platform is all that a hand-made index has.
            None if self.manifests.len() == 1 => Some(1),
            None => None,
        };
        // `max_by_key` takes the last of equals; registries list the preferred one first.
        self.manifests
            .iter()
            .rev()
            .filter_map(|entry| Some((score(entry)?, entry)))
            .max_by_key(|x| x.0)
            .map(|x| x.1)
    }

    /// The platforms on offer, for error messages; attestations (`unknown/unknown`) left out.
    pub fn platforms(&self) -> impl Iterator<Item = &Platform> {
        self.manifests.iter().filter_map(|entry| entry.platform.as_ref()).filter(|p| p.os != "unknown")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Digest;

    fn manifest(layers: usize) -> String {
        let d = |kind: &str| format!(r#"{{"mediaType":"{kind}","digest":"{}","size":1}}"#, Digest::of(b""));
        let layers = vec![d(MediaType::DOCKER_LAYER); layers].join(",");
        format!(r#"{{"schemaVersion":2,"config":{},"layers":[{layers}]}}"#, d(MediaType::OCI_CONFIG))
    }

    #[test]
    fn header_and_body_decide_the_kind() {
        let body = manifest(1);
        for header in [
            "",
            "application/json",
            MediaType::OCI_MANIFEST,
            "application/vnd.oci.image.manifest.v1+json; charset=utf-8",
        ] {
            let parsed = Parsed::from_bytes(header, body.as_bytes()).expect(header);
            assert!(matches!(parsed, Parsed::Manifest(_)));
        }
        assert!(Parsed::from_bytes(MediaType::OCI_INDEX, body.as_bytes()).is_err());
        assert!(matches!(Parsed::from_bytes("text/html", body.as_bytes()), Err(ManifestError::MediaType(_))));
    }

    #[test]
    fn refuses_what_cannot_be_used() {
        let cases: [(&str, String); 5] = [
            ("schema version 1,", r#"{"schemaVersion":1}"#.into()),
            ("schema version 7", r#"{"schemaVersion":7}"#.into()),
            ("ambiguous", r#"{"schemaVersion":2,"manifests":[],"layers":[]}"#.into()),
            ("10000 layers", manifest(10_000)),
            ("not valid JSON", "<html>".into()),
        ];
        for (part, body) in cases {
            let error = Parsed::from_bytes("", body.as_bytes()).expect_err(part).to_string();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn an_index_is_chosen_from_by_platform() {
        let entry = |n: u8, platform: Option<Platform>| Descriptor {
            platform,
            ..Descriptor::new(MediaType::OCI_MANIFEST, Digest::of(&[n]), 1)
        };
        let index = Index {
            schema_version: 2,
            media_type: None,
            manifests: vec![
                entry(0, Some(Platform::new("unknown", "unknown", None))),
                entry(1, Some(Platform::new("linux", "arm", Some("v6")))),
                entry(2, Some(Platform::new("linux", "arm", Some("v7")))),
                entry(3, Some(Platform::new("linux", "amd64", None))),
                entry(4, Some(Platform::new("linux", "amd64", None))),
            ],
            annotations: BTreeMap::new(),
        };
        let chosen = |p: &str| index.choose(&p.parse().expect(p)).map(|d| d.digest.clone());
        assert_eq!(chosen("linux/amd64"), Some(Digest::of(&[3])));
        assert_eq!(chosen("linux/arm/v7"), Some(Digest::of(&[2])));
        assert_eq!(chosen("linux/arm"), Some(Digest::of(&[2])));
        assert_eq!(chosen("linux/s390x"), None);
        assert_eq!(index.platforms().count(), 4);
    }
}
