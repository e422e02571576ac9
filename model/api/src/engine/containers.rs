//! Containers: create, list, and the small bodies.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use strata_oci::ContainerConfig;

use super::{
    endpoints::{EndpointSettings, NetworkingConfig},
    host_config::HostConfig,
    mounts::MountPoint,
    null::wire,
};

wire! {
    /// `POST /containers/create`.
    pub struct CreateRequest {
        /// Limits, mounts, ports.
        pub host_config: HostConfig,
        /// Networks.
        pub networking_config: NetworkingConfig,
    }
    .. {
        /// What to run; its fields are beside the others.
        pub config: ContainerConfig,
    }
}

wire! {
    /// What was created.
    pub struct CreateResponse {
        /// Its id.
        pub id: String,
        /// What won't be as it was asked for.
        pub warnings: Vec<String>,
    }
}

wire! {
    /// A row of `GET /containers/json`.
    pub struct ContainerSummary {
        /// Its id.
        pub id: String,
        /// Its name, with a slash before.
        pub names: Vec<String>,
        /// The image as it was named; its id if that name is another image's now.
        pub image: String,
        /// The image's id.
        #[serde(rename = "ImageID")]
        pub image_id: String,
        /// The command in one line.
        pub command: String,
        /// Unix seconds.
        pub created: i64,
        /// Its ports.
        pub ports: Vec<Port>,
        /// Bytes of its writable layer, if asked for and not empty.
        #[serde(skip_serializing_if = "empty")]
        pub size_rw: Option<u64>,
        /// The same with its image.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub size_root_fs: Option<u64>,
        /// Labels.
        pub labels: BTreeMap<String, String>,
        /// `running`, …
        pub state: String,
        /// `Up 5 minutes`, …
        pub status: String,
        /// The part of its host config that is listed.
        pub host_config: SummaryHostConfig,
        /// Its networks.
        pub network_settings: NetworkOfSummary,
        /// Its mounts.
        pub mounts: Vec<MountPoint>,
    }
}

wire! {
    /// A port of a listed container.
    pub struct Port {
        /// Address on the host.
        #[serde(rename = "IP", skip_serializing_if = "String::is_empty")]
        pub ip: String,
        /// In the container.
        pub private_port: u16,
        /// On the host.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub public_port: Option<u16>,
        /// `tcp`, `udp`.
        #[serde(rename = "Type")]
        pub kind: String,
    }
}

wire! {
    /// The part of the host config that is listed.
    pub struct SummaryHostConfig {
        /// As [`HostConfig::network_mode`].
        #[serde(skip_serializing_if = "String::is_empty")]
        pub network_mode: String,
    }
}

wire! {
    /// Networks of a listed container.
    pub struct NetworkOfSummary {
        /// By name.
        pub networks: BTreeMap<String, EndpointSettings>,
    }
}

wire! {
    /// `POST /containers/{id}/wait`.
    pub struct WaitResponse {
        /// Why waiting failed.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub error: Option<WaitError>,
        /// The exit code.
        pub status_code: i64,
    }
}

wire! {
    /// Why waiting failed.
    pub struct WaitError {
        /// The reason.
        pub message: String,
    }
}

wire! {
    /// `GET /containers/{id}/top`.
    pub struct TopResponse {
        /// A row per process, a field per title.
        pub processes: Vec<Vec<String>>,
        /// Heads of the columns.
        pub titles: Vec<String>,
    }
}

wire! {
    /// A row of `GET /containers/{id}/changes`.
    pub struct Change {
        /// Where.
        pub path: String,
        /// 0 modified, 1 added, 2 deleted.
        pub kind: u8,
    }
}

wire! {
    /// `POST /containers/prune`.
    pub struct ContainersPruned {
        /// Ids of what was removed; `null` if nothing.
        pub containers_deleted: Option<Vec<String>>,
        /// Bytes freed.
        pub space_reclaimed: u64,
    }
}

/// The header `X-Docker-Container-Path-Stat`, in base64.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PathStat {
    /// Its last part.
    pub name: String,
    /// Bytes.
    pub size: i64,
    /// Go's file mode: permissions in the low nine bits, the type in the high ones.
    pub mode: u32,
    /// RFC 3339 time.
    pub mtime: String,
    /// Where a symbolic link leads, in the container.
    pub link_target: String,
}

/// Whether nothing was written, or nobody asked.
fn empty(bytes: &Option<u64>) -> bool {
    bytes.unwrap_or(0) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `docker run -it -p 8080:80 -v data:/data --memory 64m busybox sh` of CLI 28.2 sends, shortened.
    const CLI: &str = r#"{"Hostname":"","AttachStdin":true,"Tty":true,"OpenStdin":true,"StdinOnce":true,"Env":null,
        "Cmd":["sh"],"Image":"busybox","Volumes":{},"WorkingDir":"","Entrypoint":null,"OnBuild":null,"Labels":{},
        "ExposedPorts":{"80/tcp":{}},"HostConfig":{"Binds":["data:/data"],"ContainerIDFile":"","LogConfig":{"Type":"",
        "Config":{}},"NetworkMode":"default","PortBindings":{"80/tcp":[{"HostIp":"","HostPort":"8080"}],"81/tcp":null},
        "RestartPolicy":{"Name":"no","MaximumRetryCount":0},"AutoRemove":false,"VolumesFrom":null,"ConsoleSize":[24,80],
        "CapAdd":null,"Dns":[],"IpcMode":"","Memory":67108864,"BlkioDeviceReadIOps":[],"Devices":[],"PidsLimit":0,
        "Ulimits":null,"MaskedPaths":null,"Unknown":{"a":1}},"NetworkingConfig":{"EndpointsConfig":{"default":null}}}"#;

    #[test]
    fn a_create_request_is_read_as_the_cli_sends_it() {
        let request: CreateRequest = serde_json::from_str(CLI).expect("valid");
        assert_eq!(request.config.cmd.as_deref(), Some(&["sh".to_owned()][..]));
        assert!(request.config.tty && request.config.stdin_once);
        let host = &request.host_config;
        assert_eq!((host.resources.memory, host.resources.pids_limit), (64 << 20, Some(0)));
        assert_eq!(host.console_size, [24, 80]);
        let ports = host.port_bindings.as_ref().expect("given");
        assert_eq!(ports["80/tcp"].as_ref().expect("bound")[0].host_port, "8080");
        assert_eq!(ports["81/tcp"], None);
        assert_eq!(host.masked_paths, None);
        assert_eq!(host.dns.as_deref(), Some(&[][..]));
        let text = serde_json::to_string(&request).expect("serialises");
        assert_eq!(serde_json::from_str::<CreateRequest>(&text).expect("valid"), request);
    }

    #[test]
    fn null_is_nothing_given() {
        let text =
            r#"{"Image":null,"Env":null,"HostConfig":null,"NetworkingConfig":{"EndpointsConfig":null}}"#;
        let request: CreateRequest = serde_json::from_str(text).expect("valid");
        assert_eq!(request, CreateRequest::default());
        let text = r#"{"Memory":null,"Binds":null,"RestartPolicy":null,"NetworkMode":null,"Init":null}"#;
        assert_eq!(serde_json::from_str::<HostConfig>(text).expect("valid"), HostConfig::default());
    }

    #[test]
    fn a_host_config_is_printed_in_dockerds_order() {
        let text = serde_json::to_string(&HostConfig::default()).expect("serialises");
        let starts = [
            r#"{"Binds":null,"ContainerIDFile":"","LogConfig":{"Type":"","Config":null},"#,
            r#""ConsoleSize":[0,0],"Isolation":"","CpuShares":0,"Memory":0,"NanoCpus":0,"#,
            r#""IOMaximumIOps":0,"IOMaximumBandwidth":0,"MaskedPaths":null,"ReadonlyPaths":null}"#,
        ];
        for part in starts {
            assert!(text.contains(part), "{part} in {text}");
        }
    }
}
