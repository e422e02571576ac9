//! CPU time of others, and medians.

use std::{collections::HashMap, fs, time::Duration};

/// CPU time that process `root` and its descendants have used, those that ended and were waited for included.
pub fn of_tree(root: u32) -> Duration {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    let mut used = HashMap::new();
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    for pid in processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok()) {
        if let Some(stat) = Stat::of(&pid.to_string()) {
            children.entry(stat.parent).or_default().push(pid);
            used.insert(pid, stat.own + stat.reaped);
        }
    }
    let mut left = vec![root];
    let mut sum = Duration::ZERO;
    while let Some(pid) = left.pop() {
        sum += used.get(&pid).copied().unwrap_or_default();
        left.extend(children.remove(&pid).unwrap_or_default());
    }
    sum
}

/// CPU time of this process's children that ended.
pub fn of_ended_children() -> Duration {
    Stat::of("self").map_or(Duration::ZERO, |stat| stat.reaped)
}

/// CPU time of this process.
pub fn own() -> Duration {
    Stat::of("self").map_or(Duration::ZERO, |stat| stat.own)
}

struct Stat {
    parent: u32,
    own: Duration,
    reaped: Duration,
}

impl Stat {
    /// `/proc/PID/stat`, see proc(5).
    fn of(pid: &str) -> Option<Self> {
        let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name in brackets may hold anything.
        let fields: Vec<&str> = text[text.rfind(')')? + 2..].split(' ').collect();
        let ticks = rustix::param::clock_ticks_per_second();
        let time = |first: usize| {
            let sum: u64 =
                fields.get(first..first + 2)?.iter().filter_map(|field| field.parse::<u64>().ok()).sum();
            Some(Duration::from_millis(sum * 1000 / ticks))
        };
        Some(Self { parent: fields.get(1)?.parse().ok()?, own: time(11)?, reaped: time(13)? })
    }
}

/// The middle one, or the mean of the two in the middle.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => values[n / 2],
        n => (values[n / 2 - 1] + values[n / 2]) / 2.0,
    }
}

/// The value that `share` of all are not above.
pub fn quantile(mut values: Vec<f64>, share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let at = (share * values.len() as f64).ceil() as usize;
    values.get(at.saturating_sub(1)).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn middles_and_ends() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(quantile((1..=100).map(f64::from).collect(), 0.99), 99.0);
        assert_eq!(quantile(vec![1.0], 1.0), 1.0);
    }

    #[test]
    fn this_process_uses_time() {
        let before = own();
        let mut sum = 0u64;
        while own() == before {
            sum = (0..1_000_000u64).fold(sum, |sum, n| sum.wrapping_mul(31) ^ n);
        }
        assert!(of_tree(std::process::id()) > before, "{sum}");
    }
}
