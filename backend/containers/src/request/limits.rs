//! Limits that make no sense are refused, those that the machine doesn't have are taken out with a warning.

use strata_api::engine::Resources;

use crate::Error;

/// The least memory that a container can have.
const LEAST_MEMORY: i64 = 6 << 20;

/// What of the machine matters to a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Machine {
    /// Processors.
    pub cpus: u32,
    /// Whether swap can be limited.
    pub swap_limit: bool,
    /// Whether it has cgroup v2.
    pub unified: bool,
    /// Whether limits can be set at all: an ordinary user's server has no cgroup of its own.
    pub limits: bool,
    /// Nodes of memory.
    pub nodes: u32,
    /// Whether shares of disk time can be given out.
    pub disk_weight: bool,
    /// Whether they can for one device.
    pub device_weight: bool,
}

/// Checks limits. `update` says that they change those of a container, which may have others.
pub(crate) fn validate_resources(
    limits: &mut Resources,
    machine: Machine,
    update: bool,
) -> Result<Vec<String>, Error> {
    let invalid = |message: &str| Err(Error::invalid(message));
    let mut warnings = if machine.limits { Vec::new() } else { discard(limits) };
    if limits.memory != 0 && limits.memory < LEAST_MEMORY {
        return invalid("Minimum memory limit allowed is 6MB");
    }
    if limits.memory > 0 && limits.memory_swap != -1 && !machine.swap_limit {
        warnings.push(
            "Your kernel does not support swap limit capabilities or the cgroup is not mounted. Memory limited without swap."
                .to_owned(),
        );
        limits.memory_swap = -1;
    }
    if limits.memory > 0 && limits.memory_swap > 0 && limits.memory_swap < limits.memory {
        return invalid("Minimum memoryswap limit should be larger than memory limit, see usage");
    }
    if limits.memory == 0 && limits.memory_swap > 0 && !update {
        return invalid("You should always set the Memory limit when using Memoryswap limit, see usage");
    }
    if let Some(given) = limits.memory_swappiness.filter(|given| !(-1..=100).contains(given)) {
        return Err(Error::invalid(format!(
            "Invalid value: {given}, valid memory swappiness range is 0-100"
        )));
    }
    if limits.memory_swappiness.is_some_and(|given| given >= 0) && machine.unified {
        limits.memory_swappiness = None;
    }
    if limits.memory_reservation > 0 && limits.memory_reservation < LEAST_MEMORY {
        return invalid("Minimum memory reservation allowed is 6MB");
    }
    if limits.memory > 0 && limits.memory_reservation > limits.memory {
        return invalid("Minimum memory limit can not be less than memory reservation limit, see usage");
    }
    if limits.kernel_memory > 0 {
        warnings.push(
            "Specifying a kernel memory limit is deprecated and will be removed in a future release."
                .to_owned(),
        );
        if limits.kernel_memory < LEAST_MEMORY {
            return invalid("Minimum kernel memory limit allowed is 6MB");
        }
    }
    if limits.oom_kill_disable == Some(true) && limits.memory == 0 {
        warnings.push("OOM killer is disabled for the container, but no memory limit is set, this can result in the system running out of resources.".to_owned());
    }
    if limits.nano_cpus > 0 && limits.cpu_period > 0 {
        return invalid("Conflicting options: Nano CPUs and CPU Period cannot both be set");
    }
    if limits.nano_cpus > 0 && limits.cpu_quota > 0 {
        return invalid("Conflicting options: Nano CPUs and CPU Quota cannot both be set");
    }
    let cpus = machine.cpus;
    if limits.nano_cpus < 0 || limits.nano_cpus > i64::from(cpus) * 1_000_000_000 {
        return Err(Error::invalid(format!(
            "Range of CPUs is from 0.01 to {cpus}.00, as there are only {cpus} CPUs available"
        )));
    }
    if limits.cpu_period != 0 && !(1000..=1_000_000).contains(&limits.cpu_period) {
        return invalid(
            "CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)",
        );
    }
    if limits.cpu_quota > 0 && limits.cpu_quota < 1000 {
        return invalid("CPU cfs quota can not be less than 1ms (i.e. 1000)");
    }
    cpuset(&limits.cpuset_cpus, cpus, "cpus", "CPUs")?;
    cpuset(&limits.cpuset_mems, machine.nodes, "mems", "memory nodes")?;
    if limits.blkio_weight > 0 && !machine.disk_weight {
        warnings.push(lacks("Block I/O weight", "Weight"));
        limits.blkio_weight = 0;
    }
    if limits.blkio_weight > 0 && !(10..=1000).contains(&limits.blkio_weight) {
        return invalid("Range of blkio weight is from 10 to 1000");
    }
    if limits.blkio_weight_device.as_ref().is_some_and(|list| !list.is_empty()) && !machine.device_weight {
        warnings.push(lacks("Block I/O weight_device", "Weight-device"));
        limits.blkio_weight_device = None;
    }
    if limits.io_maximum_bandwidth != 0 {
        return invalid("Invalid QoS settings: linux does not support configuration of maximum bandwidth");
    }
    if limits.io_maximum_iops != 0 {
        return invalid("Invalid QoS settings: linux does not support configuration of maximum IOPs");
    }
    Ok(warnings)
}

/// Takes out what nothing would enforce, and says so in dockerd's words.
fn discard(limits: &mut Resources) -> Vec<String> {
    let mut warnings = Vec::new();
    if std::mem::take(&mut limits.memory) != 0 {
        warnings.push(lacks("memory limit capabilities", "Limitation"));
    }
    if std::mem::take(&mut limits.memory_swap) != 0 && warnings.is_empty() {
        warnings.push(lacks("swap limit capabilities", "Limitation"));
    }
    if std::mem::take(&mut limits.memory_reservation) != 0 {
        warnings.push(lacks("memory soft limit capabilities", "Limitation"));
    }
    let quota = std::mem::take(&mut limits.cpu_period) | std::mem::take(&mut limits.cpu_quota);
    if std::mem::take(&mut limits.nano_cpus) | quota != 0 {
        warnings.push(lacks("CPU CFS scheduler", "CPU quota"));
    }
    if std::mem::take(&mut limits.cpu_shares) != 0 {
        warnings.push(lacks("CPU shares", "Shares"));
    }
    let memories = std::mem::take(&mut limits.cpuset_mems);
    if !(std::mem::take(&mut limits.cpuset_cpus) + &memories).is_empty() {
        warnings.push(lacks("cpuset", "Cpuset"));
    }
    if limits.pids_limit.take().is_some_and(|limit| limit > 0) {
        warnings.push(lacks("pids limit capabilities", "PIDs limit"));
    }
    if std::mem::take(&mut limits.blkio_weight) != 0 {
        warnings.push(lacks("Block I/O weight", "Weight"));
    }
    warnings
}

/// What dockerd says of a limit that the machine doesn't have.
fn lacks(what: &str, gone: &str) -> String {
    format!("Your kernel does not support {what} or the cgroup is not mounted. {gone} discarded.")
}

/// Refuses a list that names more than `count` of `what`.
fn cpuset(text: &str, count: u32, field: &str, what: &str) -> Result<(), Error> {
    for part in text.split(',').filter(|part| !part.is_empty()) {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let range = first.parse::<u32>().ok().zip(last.parse::<u32>().ok());
        let Some((_, last)) = range.filter(|(first, last)| first <= last) else {
            return Err(Error::invalid(format!(
                "Invalid value {text} for cpuset {field}: invalid format: {text}"
            )));
        };
        if last >= count {
            let available = if count > 1 { format!("0-{}", count - 1) } else { "0".to_owned() };
            return Err(Error::invalid(format!(
                "Requested {what} are not available - requested {text}, available: {available}"
            )));
        }
    }
    Ok(())
}
