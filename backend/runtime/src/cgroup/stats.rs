//! What a container uses.

use std::collections::BTreeMap;

/// The counters of a container at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Processor time.
    pub cpu: Cpu,
    /// Memory.
    pub memory: Memory,
    /// Processes and threads.
    pub pids: Pids,
    /// Block devices.
    pub block: Vec<BlockDevice>,
    /// Network interfaces but the loopback, by name; none when it has the host's network.
    pub interfaces: BTreeMap<String, Interface>,
    /// Whether the counters come from cgroup version 2, which names those of the memory differently.
    pub unified: bool,
}

/// Processor time, in nanoseconds since the container was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cpu {
    /// Used.
    pub total: u64,
    /// Of that, in the kernel.
    pub kernel: u64,
    /// Of that, outside of it.
    pub user: u64,
    /// On each processor; empty with version 2.
    pub per_cpu: Vec<u64>,
    /// Periods in which a limit applied.
    pub periods: u64,
    /// Periods in which it was reached.
    pub throttled_periods: u64,
    /// How long it was held back.
    pub throttled: u64,
    /// What the whole machine has used or idled away, all processors together.
    pub system: u64,
    /// How many processors there are.
    pub online: u32,
}

/// Memory, in bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// In use, the page cache included.
    pub usage: u64,
    /// The most that was; 0 where it isn't counted.
    pub max_usage: u64,
    /// The limit; the machine's memory where there is none.
    pub limit: u64,
    /// How often the limit was hit (version 1).
    pub failures: u64,
    /// The kernel's detailed counters by their own names: `cache`, `rss`, `total_inactive_file` of version 1; `anon`, `file`, `inactive_file`
    /// of version 2.
    pub details: BTreeMap<String, u64>,
}

/// Processes and threads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pids {
    /// How many there are.
    pub current: u64,
    /// How many there may be; none: any number.
    pub limit: Option<u64>,
}

/// What went to and from a block device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BlockDevice {
    /// Its major number.
    pub major: u32,
    /// Its minor number.
    pub minor: u32,
    /// Bytes read.
    pub read_bytes: u64,
    /// Bytes written.
    pub written_bytes: u64,
    /// Reads.
    pub reads: u64,
    /// Writes.
    pub writes: u64,
}

/// What went over a network interface.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Interface {
    /// Bytes received.
    pub received_bytes: u64,
    /// Packets received.
    pub received_packets: u64,
    /// Packets that could not be received.
    pub receive_errors: u64,
    /// Packets that were dropped on their way in.
    pub receive_dropped: u64,
    /// Bytes sent.
    pub sent_bytes: u64,
    /// Packets sent.
    pub sent_packets: u64,
    /// Packets that could not be sent.
    pub send_errors: u64,
    /// Packets that were dropped on their way out.
    pub send_dropped: u64,
}
