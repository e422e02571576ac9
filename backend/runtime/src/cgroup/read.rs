//! Reading the counters. Files that don't exist (a controller that isn't there) leave their numbers 0 or none.

use std::{collections::BTreeMap, fs, path::Path};

use super::{BlockDevice, Cgroups, Cpu, Interface, Memory, Pids, Stats};

/// Clock ticks per second, as `/proc` has them on every Linux of today.
const TICKS: u64 = 100;
const NANOSECONDS: u64 = 1_000_000_000;

/// Reads everything. Blocks, for about a millisecond.
pub(crate) fn read(cgroups: &Cgroups, pid: i32) -> Stats {
    let unified = cgroups.v1("memory").is_none();
    let mut cpu = if cgroups.v1("cpuacct").is_some() { cpu_v1(cgroups) } else { cpu_v2(cgroups) };
    (cpu.system, cpu.online) = machine(&text("/proc/stat"));
    let mut memory = if unified { memory_v2(cgroups) } else { memory_v1(cgroups) };
    let machine =
        flat(&text("/proc/meminfo").replace(':', "")).get("MemTotal").map_or(u64::MAX, |kib| kib << 10);
    memory.limit = memory.limit.min(machine);
    let pids = cgroups.v1("pids").or(cgroups.unified());
    let pids = pids.map_or_else(Pids::default, |at| Pids {
        current: number(at, "pids.current").unwrap_or(0),
        limit: number(at, "pids.max"),
    });
    let block = if cgroups.v1("blkio").is_some() { block_v1(cgroups) } else { block_v2(cgroups) };
    // In the host's namespace they are the host's.
    let namespace = |of: &str| fs::read_link(format!("/proc/{of}/ns/net")).ok();
    let own = namespace(&pid.to_string()) != namespace("self");
    let interfaces = if own { interfaces(&text(format!("/proc/{pid}/net/dev"))) } else { BTreeMap::new() };
    Stats { cpu, memory, pids, block, interfaces, unified }
}

/// Whether the processes are frozen.
pub(crate) fn frozen(cgroups: &Cgroups) -> bool {
    match cgroups.v1("freezer") {
        Some(at) => matches!(text(at.join("freezer.state")).trim(), "FROZEN" | "FREEZING"),
        None => cgroups.unified().is_some_and(|at| number(at, "cgroup.freeze") == Some(1)),
    }
}

fn cpu_v1(cgroups: &Cgroups) -> Cpu {
    let Some(at) = cgroups.v1("cpuacct") else { return Cpu::default() };
    let split = flat(&text(at.join("cpuacct.stat")));
    let ticks = |name: &str| split.get(name).copied().unwrap_or(0) * (NANOSECONDS / TICKS);
    let limits = cgroups.v1("cpu").map(|at| flat(&text(at.join("cpu.stat")))).unwrap_or_default();
    let limit = |name: &str| limits.get(name).copied().unwrap_or(0);
    Cpu {
        total: number(at, "cpuacct.usage").unwrap_or(0),
        kernel: ticks("system"),
        user: ticks("user"),
        per_cpu: text(at.join("cpuacct.usage_percpu"))
            .split_whitespace()
            .filter_map(|n| n.parse().ok())
            .collect(),
        periods: limit("nr_periods"),
        throttled_periods: limit("nr_throttled"),
        throttled: limit("throttled_time"),
        ..Cpu::default()
    }
}

fn cpu_v2(cgroups: &Cgroups) -> Cpu {
    let counters = cgroups.unified().map(|at| flat(&text(at.join("cpu.stat")))).unwrap_or_default();
    let count = |name: &str| counters.get(name).copied().unwrap_or(0);
    Cpu {
        total: count("usage_usec") * 1000,
        kernel: count("system_usec") * 1000,
        user: count("user_usec") * 1000,
        periods: count("nr_periods"),
        throttled_periods: count("nr_throttled"),
        throttled: count("throttled_usec") * 1000,
        ..Cpu::default()
    }
}

fn memory_v1(cgroups: &Cgroups) -> Memory {
    let Some(at) = cgroups.v1("memory") else { return Memory::default() };
    let count = |name: &str| number(at, name).unwrap_or(0);
    Memory {
        usage: count("memory.usage_in_bytes"),
        max_usage: count("memory.max_usage_in_bytes"),
        limit: number(at, "memory.limit_in_bytes").unwrap_or(u64::MAX),
        failures: count("memory.failcnt"),
        details: flat(&text(at.join("memory.stat"))),
    }
}

fn memory_v2(cgroups: &Cgroups) -> Memory {
    let Some(at) = cgroups.unified() else { return Memory::default() };
    Memory {
        usage: number(at, "memory.current").unwrap_or(0),
        max_usage: number(at, "memory.peak").unwrap_or(0),
        limit: number(at, "memory.max").unwrap_or(u64::MAX),
        failures: 0,
        details: flat(&text(at.join("memory.stat"))),
    }
}

/// Lines of `8:0 Read 4096`.
fn block_v1(cgroups: &Cgroups) -> Vec<BlockDevice> {
    let Some(at) = cgroups.v1("blkio") else { return Vec::new() };
    let mut devices = BTreeMap::new();
    for (file, is_bytes) in [("blkio.throttle.io_service_bytes", true), ("blkio.throttle.io_serviced", false)]
    {
        // With the _recursive files, a container that makes groups of its own is counted whole.
        let recursive = at.join(format!("{file}_recursive"));
        let content = if recursive.exists() { text(recursive) } else { text(at.join(file)) };
        for line in content.lines() {
            let mut parts = line.split(' ');
            let (Some(name), Some(what), Some(Ok(count))) =
                (parts.next(), parts.next(), parts.next().map(str::parse))
            else {
                continue;
            };
            let Some(device) = device(&mut devices, name) else { continue };
            match (what, is_bytes) {
                ("Read", true) => device.read_bytes = count,
                ("Write", true) => device.written_bytes = count,
                ("Read", false) => device.reads = count,
                ("Write", false) => device.writes = count,
                _ => (),
            }
        }
    }
    devices.into_values().collect()
}

/// Lines of `8:0 rbytes=4096 wbytes=0 rios=1 wios=0`.
fn block_v2(cgroups: &Cgroups) -> Vec<BlockDevice> {
    let Some(at) = cgroups.unified() else { return Vec::new() };
    let mut devices = BTreeMap::new();
    for line in text(at.join("io.stat")).lines() {
        let mut parts = line.split(' ');
        let Some(device) = parts.next().and_then(|name| device(&mut devices, name)) else { continue };
        for (name, count) in parts.filter_map(|part| part.split_once('=')) {
            let count = count.parse().unwrap_or(0);
            match name {
                "rbytes" => device.read_bytes = count,
                "wbytes" => device.written_bytes = count,
                "rios" => device.reads = count,
                "wios" => device.writes = count,
                _ => (),
            }
        }
    }
    devices.into_values().collect()
}

fn device<'a>(devices: &'a mut BTreeMap<(u32, u32), BlockDevice>, name: &str) -> Option<&'a mut BlockDevice> {
    let (major, minor) = name.split_once(':')?;
    let (major, minor) = (major.parse().ok()?, minor.parse().ok()?);
    Some(devices.entry((major, minor)).or_insert_with(|| BlockDevice {
        major,
        minor,
        ..BlockDevice::default()
    }))
}

/// Of `/proc/stat`: the time of all processors in nanoseconds, and their number.
fn machine(stat: &str) -> (u64, u32) {
    let mut lines = stat.lines();
    // user, nice, system, idle, iowait, irq, softirq, steal: guest times are part of user's.
    let total = lines.next().unwrap_or_default().split_whitespace().skip(1).take(8);
    let ticks: u64 = total.filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    let online = lines.take_while(|line| line.starts_with("cpu")).count();
    (ticks * (NANOSECONDS / TICKS), u32::try_from(online).unwrap_or(u32::MAX))
}

/// Of `/proc/<pid>/net/dev`.
fn interfaces(dev: &str) -> BTreeMap<String, Interface> {
    let lines = dev.lines().filter_map(|line| line.split_once(':'));
    let parsed = lines.filter_map(|(name, counters)| {
        let counters: Vec<u64> = counters.split_whitespace().filter_map(|count| count.parse().ok()).collect();
        let [
            rx_bytes,
            rx_packets,
            rx_errors,
            rx_dropped,
            _,
            _,
            _,
            _,
            tx_bytes,
            tx_packets,
            tx_errors,
            tx_dropped,
            ..,
        ] = counters[..]
        else {
            return None;
        };
        let interface = Interface {
            received_bytes: rx_bytes,
            received_packets: rx_packets,
            receive_errors: rx_errors,
            receive_dropped: rx_dropped,
            sent_bytes: tx_bytes,
            sent_packets: tx_packets,
            send_errors: tx_errors,
            send_dropped: tx_dropped,
        };
        Some((name.trim().to_owned(), interface))
    });
    parsed.filter(|(name, _)| name != "lo").collect()
}

/// Lines of `name number`.
fn flat(text: &str) -> BTreeMap<String, u64> {
    let lines = text.lines().map(|line| line.split_whitespace());
    lines.filter_map(|mut words| Some((words.next()?.to_owned(), words.next()?.parse().ok()?))).collect()
}

/// A file with one number; none if it says `max` or isn't there.
fn number(directory: &Path, file: &str) -> Option<u64> {
    text(directory.join(file)).trim().parse().ok()
}

fn text(path: impl AsRef<Path>) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{frozen, interfaces, machine, read};
    use crate::cgroup::{BlockDevice, Cgroups, kills};

    #[test]
    fn reads_version_two() {
        let directory = tempfile::tempdir().expect("a directory");
        let files = [
            (
                "cpu.stat",
                "usage_usec 1500\nuser_usec 1000\nsystem_usec 500\nnr_periods 3\nnr_throttled 2\nthrottled_usec 7\n",
            ),
            ("memory.current", "4096\n"),
            ("memory.peak", "8192\n"),
            ("memory.max", "65536\n"),
            ("memory.stat", "anon 1024\ninactive_file 512\n"),
            ("memory.events", "low 0\noom 2\noom_kill 1\n"),
            ("pids.current", "2\n"),
            ("pids.max", "max\n"),
            ("io.stat", "8:0 rbytes=10 wbytes=20 rios=1 wios=2 dbytes=0 dios=0\n"),
            ("cgroup.freeze", "1\n"),
        ];
        for (name, text) in files {
            fs::write(directory.path().join(name), text).expect("written");
        }
        let cgroups = Cgroups::unified_at(directory.path());
        let stats = read(&cgroups, 0);
        assert!(stats.unified);
        assert_eq!((stats.cpu.total, stats.cpu.user, stats.cpu.kernel), (1_500_000, 1_000_000, 500_000));
        assert_eq!((stats.cpu.periods, stats.cpu.throttled_periods, stats.cpu.throttled), (3, 2, 7_000));
        assert_eq!((stats.memory.usage, stats.memory.max_usage, stats.memory.limit), (4096, 8192, 65536));
        assert_eq!(stats.memory.details["inactive_file"], 512);
        assert_eq!((stats.pids.current, stats.pids.limit), (2, None));
        let device =
            BlockDevice { major: 8, minor: 0, read_bytes: 10, written_bytes: 20, reads: 1, writes: 2 };
        assert_eq!(stats.block, [device]);
        assert!(frozen(&cgroups));
        assert_eq!(kills(&cgroups), 1);
    }

    #[test]
    fn reads_the_machine() {
        let stat = "cpu  1 2 3 4 5 6 7 8 100 100\ncpu0 1 1\ncpu1 1 1\nintr 5\n";
        assert_eq!(machine(stat), (360_000_000, 2), "guest time is not counted twice");
        let dev = "Inter-| Receive |\n face |bytes\n    lo: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n  eth0: 10 1 2 3 0 0 0 0 20 4 5 6 0 0 0 0\n";
        let found = interfaces(dev);
        assert_eq!(found.keys().collect::<Vec<_>>(), ["eth0"]);
        let eth0 = found["eth0"];
        assert_eq!(
            (eth0.received_bytes, eth0.receive_errors, eth0.sent_bytes, eth0.send_dropped),
            (10, 2, 20, 6)
        );
    }
}
