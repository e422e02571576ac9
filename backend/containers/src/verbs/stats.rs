//! `docker stats`.

use strata_api::engine::{
    BlkioEntry, BlkioStats, CpuStats, CpuUsage, MemoryStats, NetworkStats, PidsStats, Stats, Throttling,
};
use strata_runtime::{BlockDevice, SupervisorError, Time};

use super::inspect::go_time;
use crate::{Containers, Error, request::ContainerMode};

impl Containers {
    /// One reading of a container's counters; `before` is the last one, for rates. One that doesn't run uses nothing.
    pub async fn stats(&self, name: &str, before: Option<&Stats>) -> Result<Stats, Error> {
        let container = self.0.find(name)?;
        let record = container.snapshot();
        let reading = match self.0.stores.supervisor.stats(&container.runtime_id()).await {
            Ok(reading) => reading,
            Err(SupervisorError::NotRunning(_) | SupervisorError::NotFound(_)) => {
                return Ok(Stats {
                    read: go_time(None),
                    preread: go_time(None),
                    name: format!("/{}", record.name),
                    id: record.id,
                    ..Stats::default()
                });
            }
            Err(error) => return Err(Error::internal("cannot read its counters", &error)),
        };
        let own_network = matches!(ContainerMode::of(&record.host.network_mode), ContainerMode::Other(_));
        let mut stats = translate(reading, own_network);
        stats.name = format!("/{}", record.name);
        stats.id = record.id;
        stats.preread = before.map_or_else(|| go_time(None), |before| before.read.clone());
        stats.precpu_stats = before.map(|before| before.cpu_stats.clone()).unwrap_or_default();
        Ok(stats)
    }
}

fn translate(reading: strata_runtime::Stats, own_network: bool) -> Stats {
    let (cpu, memory) = (reading.cpu, reading.memory);
    let interface = |counts: strata_runtime::Interface| NetworkStats {
        rx_bytes: counts.received_bytes,
        rx_packets: counts.received_packets,
        rx_errors: counts.receive_errors,
        rx_dropped: counts.receive_dropped,
        tx_bytes: counts.sent_bytes,
        tx_packets: counts.sent_packets,
        tx_errors: counts.send_errors,
        tx_dropped: counts.send_dropped,
    };
    let networks = reading.interfaces.into_iter().map(|(name, counts)| (name, interface(counts))).collect();
    Stats {
        read: Time::now().to_string(),
        pids_stats: PidsStats { current: Some(reading.pids.current), limit: reading.pids.limit },
        blkio_stats: blkio(&reading.block),
        cpu_stats: CpuStats {
            cpu_usage: CpuUsage {
                total_usage: cpu.total,
                percpu_usage: Some(cpu.per_cpu).filter(|all| !all.is_empty()),
                usage_in_kernelmode: cpu.kernel,
                usage_in_usermode: cpu.user,
            },
            system_cpu_usage: Some(cpu.system),
            online_cpus: Some(cpu.online),
            throttling_data: Throttling {
                periods: cpu.periods,
                throttled_periods: cpu.throttled_periods,
                throttled_time: cpu.throttled,
            },
        },
        memory_stats: MemoryStats {
            usage: Some(memory.usage),
            max_usage: (!reading.unified).then_some(memory.max_usage),
            stats: memory.details,
            failcnt: (!reading.unified).then_some(memory.failures),
            limit: Some(memory.limit),
        },
        networks: own_network.then_some(networks),
        ..Stats::default()
    }
}

fn blkio(devices: &[BlockDevice]) -> BlkioStats {
    let entry = |device: &BlockDevice, op: &str, value| BlkioEntry {
        major: u64::from(device.major),
        minor: u64::from(device.minor),
        op: op.to_owned(),
        value,
    };
    let rows = |read: fn(&BlockDevice) -> u64, written: fn(&BlockDevice) -> u64| {
        let both = |device| [entry(device, "Read", read(device)), entry(device, "Write", written(device))];
        Some(devices.iter().flat_map(both).collect::<Vec<_>>())
    };
    let none = || Some(Vec::new());
    BlkioStats {
        io_service_bytes_recursive: rows(|device| device.read_bytes, |device| device.written_bytes),
        io_serviced_recursive: rows(|device| device.reads, |device| device.writes),
        io_queue_recursive: none(),
        io_service_time_recursive: none(),
        io_wait_time_recursive: none(),
        io_merged_recursive: none(),
        io_time_recursive: none(),
        sectors_recursive: none(),
    }
}
