//! A container's figures from `GET /containers/{id}/stats`, as `docker stats` computes them.

use serde::Deserialize;

use crate::containers::or_default;

/// One answer.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Sample {
    #[serde(deserialize_with = "or_default")]
    cpu_stats: Cpu,
    #[serde(deserialize_with = "or_default")]
    precpu_stats: Cpu,
    #[serde(deserialize_with = "or_default")]
    memory_stats: Memory,
    #[serde(deserialize_with = "or_default")]
    pids_stats: Pids,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
struct Cpu {
    #[serde(deserialize_with = "or_default")]
    cpu_usage: CpuUsage,
    #[serde(deserialize_with = "or_default")]
    system_cpu_usage: u64,
    #[serde(deserialize_with = "or_default")]
    online_cpus: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
struct CpuUsage {
    total_usage: u64,
    #[serde(deserialize_with = "or_default")]
    percpu_usage: Vec<u64>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
struct Memory {
    usage: u64,
    limit: u64,
    #[serde(deserialize_with = "or_default")]
    stats: MemoryParts,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
struct MemoryParts {
    /// cgroup v1
    total_inactive_file: Option<u64>,
    /// cgroup v2
    inactive_file: Option<u64>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
struct Pids {
    current: u64,
}

/// What is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figures {
    /// Of one processor: 2.0 is two of them busy. Unknown until two samples are there.
    pub cpu: Option<f64>,
    /// Bytes in use, without what the kernel only caches.
    pub memory: u64,
    /// The most it may use.
    pub limit: u64,
    /// Processes and threads.
    pub pids: u64,
}

impl Sample {
    /// The figures, against an earlier sample or what the engine sent along.
    pub fn figures(&self, earlier: Option<&Self>) -> Figures {
        let before = earlier.map_or(&self.precpu_stats, |earlier| &earlier.cpu_stats);
        let memory = &self.memory_stats;
        let cached = memory.stats.total_inactive_file.or(memory.stats.inactive_file).unwrap_or(0);
        Figures {
            cpu: share(before, &self.cpu_stats),
            memory: if cached < memory.usage { memory.usage - cached } else { memory.usage },
            limit: memory.limit,
            pids: self.pids_stats.current,
        }
    }
}

fn share(before: &Cpu, now: &Cpu) -> Option<f64> {
    if before.system_cpu_usage == 0 {
        return None;
    }
    let spent = now.cpu_usage.total_usage.checked_sub(before.cpu_usage.total_usage)? as f64;
    let passed =
        now.system_cpu_usage.checked_sub(before.system_cpu_usage).filter(|passed| *passed > 0)? as f64;
    let processors = match now.online_cpus {
        0 => now.cpu_usage.percpu_usage.len().max(1) as u64,
        known => known,
    };
    Some(spent / passed * processors as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(total: u64, system: u64) -> Sample {
        let text = format!(
            r#"{{"cpu_stats":{{"cpu_usage":{{"total_usage":{total},"percpu_usage":null}},"system_cpu_usage":{system},
                "online_cpus":4}},"precpu_stats":{{"cpu_usage":{{"total_usage":0}},"system_cpu_usage":null}},
                "memory_stats":{{"usage":3000,"limit":9000,"stats":{{"inactive_file":1000}}}},
                "pids_stats":{{"current":2}},"networks":null}}"#
        );
        serde_json::from_str(&text).expect("reads")
    }

    #[test]
    fn shares_as_docker_stats() {
        let (first, second) = (sample(1_000, 10_000), sample(1_500, 11_000));
        assert_eq!(first.figures(None), Figures { cpu: None, memory: 2000, limit: 9000, pids: 2 });
        assert_eq!(second.figures(Some(&first)).cpu, Some(2.0));
        assert_eq!(first.figures(Some(&second)).cpu, None, "a clock that went back says nothing");
    }

    #[test]
    fn a_stopped_container_has_no_figures() {
        let empty: Sample = serde_json::from_str(r#"{"memory_stats":{},"cpu_stats":null}"#).expect("reads");
        assert_eq!(empty.figures(None), Figures::default());
    }
}
