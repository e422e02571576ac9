//! Limits in the runtime's terms.

use strata_api::engine as api;

use super::types::{BlockIo, Cpu, Memory, Pids, RateOf, Resources, WeightOf};
use crate::{Error, Kind};

/// Processes of a container that doesn't say how many it needs: enough for servers, too few for a fork bomb.
pub(crate) const PIDS_LIMIT: i64 = 512;
/// The period in which a share of CPUs is counted, microseconds.
const PERIOD: i64 = 100_000;

/// Finds the numbers of a block device.
pub(crate) type FindDevice<'a> = &'a dyn Fn(&str) -> Result<(i64, i64), Error>;

/// The runtime's limits without device rules. `device` finds the numbers of a block device.
pub(crate) fn resources(limits: &api::Resources, device: FindDevice<'_>) -> Result<Resources, Error> {
    if limits.cpu_shares < 0 {
        return Err(Error::new(Kind::Internal, "shares: invalid argument"));
    }
    Ok(Resources {
        devices: Vec::new(),
        memory: memory(limits),
        cpu: cpu(limits),
        pids: Some(Pids { limit: pids(limits) }),
        block_io: block_io(limits, device)?,
    })
}

/// How many processes there may be; -1 for any number.
pub(crate) fn pids(limits: &api::Resources) -> i64 {
    match limits.pids_limit {
        None | Some(0) => PIDS_LIMIT,
        Some(limit) if limit < 0 => -1,
        Some(limit) => limit,
    }
}

fn memory(limits: &api::Resources) -> Option<Memory> {
    let memory = Memory {
        limit: positive(limits.memory),
        reservation: positive(limits.memory_reservation),
        swap: Some(limits.memory_swap).filter(|swap| *swap != 0),
        swappiness: limits.memory_swappiness.filter(|swappiness| *swappiness >= 0),
        disable_oom_killer: limits.oom_kill_disable.filter(|disable| *disable),
    };
    (memory != Memory::default()).then_some(memory)
}

fn cpu(limits: &api::Resources) -> Option<Cpu> {
    let mut cpu = Cpu {
        shares: Some(limits.cpu_shares).filter(|shares| *shares > 0),
        quota: Some(limits.cpu_quota).filter(|quota| *quota != 0),
        period: positive(limits.cpu_period),
        realtime_runtime: positive(limits.cpu_realtime_runtime),
        realtime_period: positive(limits.cpu_realtime_period),
        cpus: limits.cpuset_cpus.clone(),
        mems: limits.cpuset_mems.clone(),
    };
    if limits.nano_cpus > 0 {
        cpu.period = Some(PERIOD);
        cpu.quota = Some(limits.nano_cpus * PERIOD / 1_000_000_000);
    }
    (cpu != Cpu::default()).then_some(cpu)
}

fn block_io(limits: &api::Resources, device: FindDevice<'_>) -> Result<Option<BlockIo>, Error> {
    let rates = |list: &Option<Vec<api::ThrottleDevice>>| -> Result<Vec<RateOf>, Error> {
        let rate = |given: &api::ThrottleDevice| {
            let (major, minor) = device(&given.path)?;
            Ok(RateOf { major, minor, rate: given.rate })
        };
        list.iter().flatten().map(rate).collect()
    };
    let weight = |given: &api::WeightDevice| {
        let (major, minor) = device(&given.path)?;
        Ok(WeightOf { major, minor, weight: given.weight })
    };
    let block = BlockIo {
        weight: Some(limits.blkio_weight).filter(|weight| *weight > 0),
        weight_device: limits
            .blkio_weight_device
            .iter()
            .flatten()
            .map(weight)
            .collect::<Result<_, Error>>()?,
        throttle_read_bps_device: rates(&limits.blkio_device_read_bps)?,
        throttle_write_bps_device: rates(&limits.blkio_device_write_bps)?,
        throttle_read_iops_device: rates(&limits.blkio_device_read_iops)?,
        throttle_write_iops_device: rates(&limits.blkio_device_write_iops)?,
    };
    Ok((block != BlockIo::default()).then_some(block))
}

fn positive(number: i64) -> Option<i64> {
    Some(number).filter(|number| *number > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> serde_json::Value {
        let limits: api::Resources = serde_json::from_str(text).expect("valid");
        let device = |path: &str| if path == "/dev/sda" { Ok((8, 0)) } else { Err(Error::invalid(path)) };
        serde_json::to_value(resources(&limits, &device).expect("known devices")).expect("serialises")
    }

    #[test]
    fn limits_are_translated_as_docker_does() {
        use serde_json::json;
        assert_eq!(of("{}"), json!({"pids": {"limit": 512}}));
        assert_eq!(of(r#"{"PidsLimit":-1}"#), json!({"pids": {"limit": -1}}));
        assert_eq!(of(r#"{"PidsLimit":7}"#), json!({"pids": {"limit": 7}}));
        assert_eq!(
            of(r#"{"Memory":8388608,"MemorySwap":-1,"OomKillDisable":false}"#)["memory"],
            json!({"limit": 8388608, "swap": -1})
        );
        assert_eq!(of(r#"{"NanoCpus":1500000000}"#)["cpu"], json!({"quota": 150000, "period": 100000}));
        assert_eq!(of(r#"{"CpuShares":1,"CpusetCpus":"0"}"#)["cpu"], json!({"shares": 1, "cpus": "0"}));
        assert_eq!(
            of(r#"{"BlkioDeviceReadIOps":[{"Path":"/dev/sda","Rate":9}]}"#)["blockIO"],
            json!({"throttleReadIOPSDevice": [{"major": 8, "minor": 0, "rate": 9}]})
        );
    }
}
