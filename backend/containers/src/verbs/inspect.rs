//! `docker inspect` of a container.

use std::collections::BTreeMap;

use jiff::Timestamp;
use strata_api::engine::{
    ContainerInspect, ContainerState, GraphDriver, Health, HealthcheckResult, HostConfig, MountPoint,
    NetworkSettings,
};

use super::create::snapshot_id;
use crate::{
    Containers, Error,
    containers::Inner,
    network,
    record::Record,
    request::{MountKind, MountPlan, container_of},
    state::Status,
};

impl Containers {
    /// Everything about a container. With `size`, what its writable layer takes; `SizeRootFs` is without the image, which
    /// the caller adds.
    pub async fn inspect(&self, name: &str, size: bool) -> Result<ContainerInspect, Error> {
        let container = self.0.find(name)?;
        let record = container.snapshot();
        let log_path = match record.host.log_config.kind.as_str() {
            "none" => String::new(),
            _ => self.0.stores.supervisor.log_path(&container.runtime_id()).display().to_string(),
        };
        let exec_ids: Vec<String> = {
            let execs = self.0.execs();
            let running = execs.iter().filter(|(_, exec)| {
                exec.container.as_str() == record.id
                    && matches!(exec.progress, super::exec::Progress::Running { .. })
            });
            running.map(|(id, _)| id.clone()).collect()
        };
        self.0
            .blocking(move |inner| {
                let id = snapshot_id(&record.id)?;
                let size_rw = size.then(|| inner.stores.snapshots.usage(&id).map_or(0, |usage| usage.bytes));
                let args = record.args();
                let (path, args) = args
                    .split_first()
                    .map_or_else(Default::default, |(path, args)| (path.clone(), args.to_vec()));
                let owner = container_of(&record.host.network_mode).unwrap_or(&record.id);
                let started = record.state.started.is_some();
                let file = |name: &str| match started {
                    true => inner.folder(owner).join(name).display().to_string(),
                    false => String::new(),
                };
                Ok(ContainerInspect {
                    id: record.id.clone(),
                    created: record.created.to_string(),
                    path,
                    args,
                    state: state(&record),
                    image: record.image.clone(),
                    resolv_conf_path: file("resolv.conf"),
                    hostname_path: file("hostname"),
                    hosts_path: file("hosts"),
                    log_path: if started { log_path } else { String::new() },
                    name: format!("/{}", record.name),
                    restart_count: record.restarts,
                    driver: "overlay2".into(),
                    platform: "linux".into(),
                    mount_label: String::new(),
                    process_label: String::new(),
                    app_armor_profile: String::new(),
                    exec_ids: Some(exec_ids).filter(|ids| !ids.is_empty()),
                    host_config: HostConfig { links: inner.link_texts(&record), ..record.host.clone() },
                    graph_driver: inner.graph_driver(&record)?,
                    size_rw,
                    size_root_fs: size_rw,
                    mounts: mount_points(&record.mounts),
                    config: record.config.clone(),
                    network_settings: inner.network_settings(&record),
                })
            })
            .await
    }
}

impl Inner {
    fn graph_driver(&self, record: &Record) -> Result<GraphDriver, Error> {
        let plan = self.stores.snapshots.plan(&snapshot_id(&record.id)?);
        let plan = plan.map_err(|error| {
            match self.find(&record.id).is_ok_and(|it| it.record().state.status != Status::Removing) {
                true => Error::internal("cannot read its file system's plan", &error),
                // It was removed meanwhile.
                false => Error::no_such_container(&record.id),
            }
        })?;
        let lowers: Vec<&str> = plan.lowers.iter().rev().map(String::as_str).collect();
        let data = [
            ("LowerDir", lowers.join(":")),
            ("MergedDir", plan.merged),
            ("UpperDir", plan.upper),
            ("WorkDir", plan.work),
        ];
        let data = data.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        Ok(GraphDriver { data, name: "overlay2".into() })
    }

    pub(super) fn network_settings(&self, record: &Record) -> NetworkSettings {
        let mut settings = NetworkSettings {
            ports: if record.state.status.has_process() {
                network::ports(record)
            } else {
                Default::default()
            },
            networks: self.networks_of(record),
            ..NetworkSettings::default()
        };
        if record.state.status.has_process() {
            settings.sandbox_id.clone_from(&record.id);
            settings.sandbox_key = format!("/proc/{}/ns/net", record.state.pid);
        }
        if let Some(bridge) = settings.networks.get("bridge").cloned() {
            settings.endpoint_id = bridge.endpoint_id;
            settings.gateway = bridge.gateway;
            settings.global_ipv6_address = bridge.global_ipv6_address;
            settings.global_ipv6_prefix_len = bridge.global_ipv6_prefix_len;
            settings.ip_address = bridge.ip_address;
            settings.ip_prefix_len = bridge.ip_prefix_len;
            settings.ipv6_gateway = bridge.ipv6_gateway;
            settings.mac_address = bridge.mac_address;
        }
        settings
    }

    /// Its networks, by name.
    pub(super) fn networks_of(
        &self,
        record: &Record,
    ) -> BTreeMap<String, strata_api::engine::EndpointSettings> {
        let describe = |(name, wanted): (&String, &strata_api::engine::EndpointSettings)| {
            let endpoint = record.attached.iter().find(|endpoint| endpoint.network_name == *name);
            let mut seen = network::describe(wanted, endpoint);
            if seen.network_id.is_empty()
                && let Ok(network) = self.stores.networks.inspect(name)
                && record.state.started.is_some()
            {
                seen.network_id = network.id;
            }
            if endpoint.is_some() && self.stores.networks.inspect(name).is_ok_and(|net| net.resolves_names())
            {
                seen.dns_names = Some(vec![record.name.clone(), crate::ids::short(&record.id).to_owned()]);
            }
            (name.clone(), seen)
        };
        record.endpoints.iter().map(describe).collect()
    }
}

/// A time that may never have been, as Go writes it.
pub(super) fn go_time(time: Option<Timestamp>) -> String {
    time.map_or_else(|| "0001-01-01T00:00:00Z".to_owned(), |time| time.to_string())
}

fn state(record: &Record) -> ContainerState {
    let state = &record.state;
    let health = record.health.as_ref().map(|health| Health {
        status: health.verdict.as_str().to_owned(),
        failing_streak: health.streak,
        log: health
            .log
            .iter()
            .map(|probe| HealthcheckResult {
                start: probe.start.clone(),
                end: probe.end.clone(),
                exit_code: probe.code,
                output: probe.output.clone(),
            })
            .collect(),
    });
    ContainerState {
        status: state.status.as_str().to_owned(),
        running: state.status.is_up(),
        paused: state.status == Status::Paused,
        restarting: state.status == Status::Restarting,
        oom_killed: state.oom_killed,
        dead: state.status == Status::Dead,
        pid: i64::from(state.pid),
        exit_code: i64::from(state.exit_code),
        error: state.error.clone(),
        started_at: go_time(state.started),
        finished_at: go_time(state.finished),
        health,
    }
}

/// Mounts as clients see them; those of `--tmpfs` aren't among them.
pub(super) fn mount_points(plans: &[MountPlan]) -> Vec<MountPoint> {
    let point = |plan: &MountPlan| MountPoint {
        kind: match plan.kind {
            MountKind::Bind => "bind".into(),
            MountKind::Volume => "volume".into(),
            MountKind::Tmpfs => "tmpfs".into(),
        },
        name: plan.name.clone(),
        source: plan.source.clone(),
        destination: plan.destination.clone(),
        driver: if plan.kind == MountKind::Volume { "local".into() } else { String::new() },
        mode: plan.mode.clone(),
        writable: plan.writable,
        propagation: plan.propagation.clone(),
    };
    plans.iter().map(point).collect()
}
