//! Bodies of the Docker Engine API, spelled as dockerd spells them (API 1.41 to 1.47).
//!
//! Requests are read as Go reads them: a field that is absent or `null` has its zero value, unknown fields are ignored.
//! Where zero and `null` are told apart on the wire (`docker inspect` echoes them), the field is an `Option`. Where
//! versions differ the server adjusts the body; see `backend/server`.

mod containers;
mod endpoints;
mod events;
mod exec;
mod host_config;
mod images;
mod inspect;
mod mounts;
mod networks;
mod null;
mod stats;
mod update;
mod volumes;

pub use containers::{
    Change, ContainerSummary, ContainersPruned, CreateRequest, CreateResponse, NetworkOfSummary, PathStat,
    Port, SummaryHostConfig, TopResponse, WaitError, WaitResponse,
};
pub use endpoints::{EndpointIpamConfig, EndpointSettings, NetworkingConfig, PortBinding, PortMap};
pub use events::{Actor, Event};
pub use exec::{ExecCreateRequest, ExecCreateResponse, ExecInspect, ExecProcess, ExecStartRequest};
pub use host_config::{
    DeviceMapping, DeviceRequest, HostConfig, LogConfig, Resources, RestartPolicy, ThrottleDevice, Ulimit,
    WeightDevice,
};
pub use images::{
    DiskUsage, GraphDriver, HistoryItem, ImageInspect, ImageSummary, Metadata, PruneReport, Removed, RootFs,
};
pub use inspect::{Address, ContainerInspect, ContainerState, Health, HealthcheckResult, NetworkSettings};
pub use mounts::{BindOptions, DriverConfig, Mount, MountPoint, TmpfsOptions, VolumeOptions};
pub use networks::{
    Ipam, IpamConfig, Network, NetworkConnect, NetworkContainer, NetworkCreate, NetworkCreated,
    NetworkDisconnect, NetworkReference, NetworksPruned,
};
pub use stats::{
    BlkioEntry, BlkioStats, CpuStats, CpuUsage, MemoryStats, NetworkStats, PidsStats, Stats, Throttling,
};
pub use update::{UpdateRequest, UpdateResponse};
pub use volumes::{Volume, VolumeCreate, VolumeList, VolumeUsage, VolumesPruned};
