//! `docker update`.

use strata_api::engine::{HostConfig, Resources, UpdateRequest, UpdateResponse};

use crate::{
    Containers, Error, Kind,
    containers::to_the_end,
    request::{validate_resources, validate_restart_policy},
    spec,
    state::Status,
};

impl Containers {
    /// Changes limits and restart policy of a container, also while it runs. What is zero in the request stays.
    pub async fn update(&self, name: &str, mut wanted: UpdateRequest) -> Result<UpdateResponse, Error> {
        let warnings = validate_resources(&mut wanted.resources, self.0.machine, true)?;
        validate_restart_policy(&wanted.restart_policy)?;
        let container = self.0.find(name)?;
        let this = self.clone();
        to_the_end(async move {
            let _alone = container.work.lock().await;
            let refuse = |error: Error| error.about(format!("Cannot update container {}", container.id));
            let before = container.snapshot();
            if matches!(before.state.status, Status::Removing | Status::Dead) {
                return Err(refuse(Error::conflict(
                    "container is marked for removal and cannot be \"update\"",
                )));
            }
            let mut host = before.host.clone();
            apply(&mut host, &wanted).map_err(refuse)?;
            if before.state.status.has_process() {
                let none = |path: &str| Err(Error::invalid(path));
                // Devices aren't among what can change.
                let mut limits = wanted.resources.clone();
                limits.blkio_weight_device = None;
                limits.pids_limit = host.resources.pids_limit;
                limits.memory_swap = if wanted.resources.memory > 0 || wanted.resources.memory_swap != 0 {
                    host.resources.memory_swap
                } else {
                    0
                };
                let resources = spec::resources(&limits, &none)?;
                let value = serde_json::to_value(&resources)
                    .map_err(|error| Error::new(Kind::Internal, error.to_string()))?;
                let updated = this.0.stores.supervisor.update(&container.runtime_id(), value).await;
                updated.map_err(|error| refuse(Error::internal("runtime", &error)))?;
            }
            let record = this
                .0
                .change(&container, |record| {
                    record.host = host;
                    record.clone()
                })
                .await?;
            this.0.tell(&record, "update", &[]);
            Ok(UpdateResponse { warnings: Some(warnings).filter(|warnings| !warnings.is_empty()) })
        })
        .await
    }
}

/// Takes what is given over.
fn apply(host: &mut HostConfig, wanted: &UpdateRequest) -> Result<(), Error> {
    let limits = &wanted.resources;
    if host.auto_remove && !matches!(wanted.restart_policy.name.as_str(), "" | "no") {
        return Err(Error::invalid(
            "Restart policy cannot be updated because AutoRemove is enabled for the container",
        ));
    }
    let own = &mut host.resources;
    for (name, own_other, other) in
        [("CPU Period", own.cpu_period, limits.cpu_period), ("CPU Quota", own.cpu_quota, limits.cpu_quota)]
    {
        if limits.nano_cpus > 0 && own_other > 0 {
            return Err(Error::conflict(format!(
                "Conflicting options: Nano CPUs cannot be updated as {name} has already been set"
            )));
        }
        if other > 0 && own.nano_cpus > 0 {
            return Err(Error::conflict(format!(
                "Conflicting options: {name} cannot be updated as NanoCPUs has already been set"
            )));
        }
    }
    memory(own, limits)?;
    let set = |own: &mut i64, given: i64| {
        if given != 0 {
            *own = given;
        }
    };
    set(&mut own.cpu_shares, limits.cpu_shares);
    set(&mut own.nano_cpus, limits.nano_cpus);
    set(&mut own.cpu_period, limits.cpu_period);
    set(&mut own.cpu_quota, limits.cpu_quota);
    set(&mut own.cpu_realtime_period, limits.cpu_realtime_period);
    set(&mut own.cpu_realtime_runtime, limits.cpu_realtime_runtime);
    set(&mut own.memory_reservation, limits.memory_reservation);
    if limits.blkio_weight != 0 {
        own.blkio_weight = limits.blkio_weight;
    }
    for (own, given) in
        [(&mut own.cpuset_cpus, &limits.cpuset_cpus), (&mut own.cpuset_mems, &limits.cpuset_mems)]
    {
        if !given.is_empty() {
            own.clone_from(given);
        }
    }
    if let Some(limit) = limits.pids_limit {
        // Whatever is below means none, too.
        own.pids_limit = Some(limit.max(0));
    }
    if !wanted.restart_policy.name.is_empty() {
        host.restart_policy = wanted.restart_policy.clone();
    }
    Ok(())
}

fn memory(own: &mut Resources, limits: &Resources) -> Result<(), Error> {
    if limits.memory != 0 {
        // A new limit above the old limit of memory and swap needs that one raised too.
        if limits.memory > own.memory_swap && limits.memory_swap == 0 {
            return Err(Error::conflict(
                "Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time",
            ));
        }
        own.memory = limits.memory;
    }
    if limits.memory_swap != 0 {
        own.memory_swap = limits.memory_swap;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn update(host: &str, wanted: &str) -> Result<HostConfig, String> {
        let mut host: HostConfig = serde_json::from_str(host).expect("valid");
        let wanted: UpdateRequest = serde_json::from_str(wanted).expect("valid");
        apply(&mut host, &wanted).map_err(|error| error.message).map(|()| host)
    }

    #[test]
    fn what_is_zero_stays() {
        let host = update(
            r#"{"Memory":8,"MemorySwap":16,"CpuShares":5,"PidsLimit":7}"#,
            r#"{"Memory":10,"CpusetCpus":"0","RestartPolicy":{"Name":"always"}}"#,
        )
        .expect("makes sense");
        let limits = &host.resources;
        assert_eq!((limits.memory, limits.memory_swap, limits.cpu_shares), (10, 16, 5));
        assert_eq!((limits.cpuset_cpus.as_str(), limits.pids_limit), ("0", Some(7)));
        assert_eq!(host.restart_policy.name, "always");
        let error = update(r#"{"Memory":8,"MemorySwap":16}"#, r#"{"Memory":20}"#).expect_err("too much");
        assert!(error.starts_with("Memory limit should be smaller than already set memoryswap"));
        assert!(update(r#"{"NanoCpus":8}"#, r#"{"CpuQuota":2000}"#).is_err());
        assert!(update(r#"{"AutoRemove":true}"#, r#"{"RestartPolicy":{"Name":"always"}}"#).is_err());
    }
}
