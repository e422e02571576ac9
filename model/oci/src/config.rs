//! The image config: what to run, how the layers came about, and which they are.
//!
//! The raw bytes are what an image id is computed from, so they are kept elsewhere and never made from these
//! types for an image that came from outside. Fields follow the OCI image configuration with docker's additions.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

use crate::DiffId;

/// An image config, read leniently: unknown fields are ignored, `null` is the default.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ImageConfig {
    /// RFC 3339 time of creation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// Who is responsible.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// CPU architecture, Go's name.
    #[serde(default, deserialize_with = "null_default")]
    pub architecture: String,
    /// Operating system.
    #[serde(default, deserialize_with = "null_default")]
    pub os: String,
    /// CPU variant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// Windows build number.
    #[serde(default, rename = "os.version", skip_serializing_if = "Option::is_none")]
    pub os_version: Option<String>,
    /// What a container starts with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<ContainerConfig>,
    /// The layers, bottom first.
    pub rootfs: RootFs,
    /// How they came about, oldest first, with rows that made no layer.
    #[serde(default, deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<HistoryEntry>,
    /// The comment of the last commit (docker).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The container that a commit was made from (docker).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// The config of that container (docker).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container_config: Option<ContainerConfig>,
    /// The engine that made the image (docker).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub docker_version: Option<String>,
}

/// `rootfs` of a config.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RootFs {
    /// Always `layers`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Digests of the uncompressed layers, bottom first.
    #[serde(default, deserialize_with = "null_default")]
    pub diff_ids: Vec<DiffId>,
}

/// One row of an image's history.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// RFC 3339 time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// The instruction or command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by: Option<String>,
    /// Who made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// A note, for example of `docker commit -m`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Whether this row made no layer.
    #[serde(default, deserialize_with = "null_default", skip_serializing_if = "std::ops::Not::not")]
    pub empty_layer: bool,
}

/// What a container of the image starts with; docker's spelling of the fields.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ContainerConfig {
    /// Host name.
    #[serde(deserialize_with = "null_default")]
    pub hostname: String,
    /// Domain name.
    #[serde(deserialize_with = "null_default")]
    pub domainname: String,
    /// `user[:group]`.
    #[serde(deserialize_with = "null_default")]
    pub user: String,
    /// Attach standard input.
    #[serde(deserialize_with = "null_default")]
    pub attach_stdin: bool,
    /// Attach standard output.
    #[serde(deserialize_with = "null_default")]
    pub attach_stdout: bool,
    /// Attach standard error.
    #[serde(deserialize_with = "null_default")]
    pub attach_stderr: bool,
    /// `port/protocol` → nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exposed_ports: Option<BTreeMap<String, Empty>>,
    /// Allocate a terminal.
    #[serde(deserialize_with = "null_default")]
    pub tty: bool,
    /// Keep standard input open.
    #[serde(deserialize_with = "null_default")]
    pub open_stdin: bool,
    /// Close standard input after the first client leaves.
    #[serde(deserialize_with = "null_default")]
    pub stdin_once: bool,
    /// `NAME=value`.
    pub env: Option<Vec<String>>,
    /// Arguments, or the whole command without an entrypoint.
    #[serde(deserialize_with = "string_or_list")]
    pub cmd: Option<Vec<String>>,
    /// How health is probed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub healthcheck: Option<HealthConfig>,
    /// Whether `cmd` is one string for Windows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub args_escaped: Option<bool>,
    /// The image that a commit was made from.
    #[serde(deserialize_with = "null_default")]
    pub image: String,
    /// Mount points.
    pub volumes: Option<BTreeMap<String, Empty>>,
    /// Directory that commands start in.
    #[serde(deserialize_with = "null_default")]
    pub working_dir: String,
    /// Command that always runs.
    #[serde(deserialize_with = "string_or_list")]
    pub entrypoint: Option<Vec<String>>,
    /// Whether a container has no network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_disabled: Option<bool>,
    /// MAC address of a container.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mac_address: Option<String>,
    /// Triggers for images built from this one.
    pub on_build: Option<Vec<String>>,
    /// Labels.
    pub labels: Option<BTreeMap<String, String>>,
    /// Signal that stops a container.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_signal: Option<String>,
    /// Seconds before it is killed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_timeout: Option<i64>,
    /// Shell of shell-form instructions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shell: Option<Vec<String>>,
}

/// `{}`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Empty {}

/// `HEALTHCHECK`, times in nanoseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct HealthConfig {
    /// `NONE`, or `CMD …`, or `CMD-SHELL …`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test: Option<Vec<String>>,
    /// Between two probes.
    #[serde(skip_serializing_if = "inherited")]
    pub interval: Option<i64>,
    /// For one probe.
    #[serde(skip_serializing_if = "inherited")]
    pub timeout: Option<i64>,
    /// Failures forgiven after the start.
    #[serde(skip_serializing_if = "inherited")]
    pub start_period: Option<i64>,
    /// Between probes in that time.
    #[serde(skip_serializing_if = "inherited")]
    pub start_interval: Option<i64>,
    /// Failures in a row that make it unhealthy.
    #[serde(skip_serializing_if = "inherited")]
    pub retries: Option<i64>,
}

/// Zero is what isn't given: as the image has it, or the default.
fn inherited(number: &Option<i64>) -> bool {
    number.unwrap_or(0) == 0
}

impl ImageConfig {
    /// Pairs every history row with the layer it made: an index into `rootfs.diff_ids`, `None` for an empty row.
    ///
    /// Configs lie: layers that no row accounts for get a row without text after the others, and rows that claim a
    /// layer which isn't there count as empty.
    pub fn rows(&self) -> Vec<(HistoryEntry, Option<usize>)> {
        let layers = self.rootfs.diff_ids.len();
        let mut next = 0;
        let mut rows: Vec<_> = Vec::with_capacity(self.history.len().max(layers));
        for entry in &self.history {
            let layer = (!entry.empty_layer && next < layers).then(|| {
                next += 1;
                next - 1
            });
            rows.push((entry.clone(), layer));
        }
        rows.extend((next..layers).map(|layer| (HistoryEntry::default(), Some(layer))));
        rows
    }
}

fn null_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

fn string_or_list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Form {
        Many(Vec<String>),
        One(String),
    }
    Ok(Option::<Form>::deserialize(deserializer)?.map(|form| match form {
        Form::Many(list) => list,
        Form::One(text) => vec![text],
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Digest;

    fn config(layers: usize, empty: &[bool]) -> ImageConfig {
        ImageConfig {
            rootfs: RootFs {
                kind: "layers".into(),
                diff_ids: (0..layers).map(|i| DiffId(Digest::of(&[i as u8]))).collect(),
            },
            history: empty.iter().map(|e| HistoryEntry { empty_layer: *e, ..Default::default() }).collect(),
            ..Default::default()
        }
    }

    #[test]
    fn rows_pair_history_with_layers() {
        let layers =
            |layers, empty: &[bool]| config(layers, empty).rows().iter().map(|r| r.1).collect::<Vec<_>>();
        assert_eq!(layers(2, &[false, true, false]), [Some(0), None, Some(1)]);
        assert_eq!(layers(2, &[]), [Some(0), Some(1)]);
        assert_eq!(layers(2, &[true, false]), [None, Some(0), Some(1)]);
        assert_eq!(layers(1, &[false, false]), [Some(0), None]);
    }

    #[test]
    fn reads_docker_configs_with_nulls() {
        let text = r#"{"architecture":"amd64","os":"linux","config":{"Env":null,"Cmd":"sh","Hostname":null,
            "ExposedPorts":{"80/tcp":{}},"Volumes":null,"Labels":null},"rootfs":{"type":"layers","diff_ids":null},
            "history":null,"moby.buildkit.buildinfo.v1":"x"}"#;
        let config: ImageConfig = serde_json::from_str(text).expect("valid");
        let inner = config.config.expect("present");
        assert_eq!(inner.cmd, Some(vec!["sh".to_owned()]));
        assert!(inner.exposed_ports.expect("present").contains_key("80/tcp"));
    }
}
