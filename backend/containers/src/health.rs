//! Healthchecks: what is run when, and what follows from the results. Pure; who probes is elsewhere.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use strata_oci::HealthConfig;

/// Between two probes, and for one.
const INTERVAL: Duration = Duration::from_secs(30);
const START_INTERVAL: Duration = Duration::from_secs(5);
/// Failures in a row.
const RETRIES: u64 = 3;
/// Results that are remembered.
const REMEMBERED: usize = 5;
/// Bytes of output that are remembered.
pub(crate) const OUTPUT_LIMIT: usize = 4096;

/// What probes say about a container.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verdict {
    /// Not known yet.
    #[default]
    Starting,
    /// The last probe passed.
    Healthy,
    /// Too many failed in a row.
    Unhealthy,
}

impl Verdict {
    /// Docker's word for it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Healthy => "healthy",
            Self::Unhealthy => "unhealthy",
        }
    }
}

/// One probe.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Probe {
    /// RFC 3339 time.
    pub start: String,
    /// RFC 3339 time.
    pub end: String,
    /// 0 is healthy.
    pub code: i64,
    /// What it printed.
    pub output: String,
}

/// A container's health.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Health {
    /// The verdict.
    pub verdict: Verdict,
    /// Failures in a row.
    pub streak: u64,
    /// The last few probes, oldest first.
    pub log: Vec<Probe>,
}

/// A healthcheck with its defaults filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Check {
    /// What is run.
    pub command: Vec<String>,
    /// Between the end of a probe and the next.
    pub interval: Duration,
    /// The longest a probe may take.
    pub timeout: Duration,
    /// Failures are forgiven for so long after the start.
    pub start_period: Duration,
    /// Between probes in that time.
    pub start_interval: Duration,
    /// Failures in a row that make it unhealthy.
    pub retries: u64,
}

impl Check {
    /// The check of a config; `None` if there is none. `shell` runs `CMD-SHELL`.
    pub(crate) fn of(config: Option<&HealthConfig>, shell: Option<&[String]>) -> Option<Self> {
        let config = config?;
        let (kind, rest) = config.test.as_deref()?.split_first()?;
        let command = match kind.as_str() {
            "CMD" => rest.to_vec(),
            "CMD-SHELL" => {
                let default = ["/bin/sh".to_owned(), "-c".to_owned()];
                let shell = shell.filter(|shell| !shell.is_empty()).unwrap_or(&default);
                [shell, rest].concat()
            }
            _ => return None,
        };
        let time = |given: Option<i64>, default: Duration| match u64::try_from(given.unwrap_or(0)) {
            Ok(nanoseconds) if nanoseconds > 0 => Duration::from_nanos(nanoseconds),
            _ => default,
        };
        let retries = u64::try_from(config.retries.unwrap_or(0)).unwrap_or(0);
        (!command.is_empty()).then(|| Self {
            command,
            interval: time(config.interval, INTERVAL),
            timeout: time(config.timeout, INTERVAL),
            start_period: time(config.start_period, Duration::ZERO),
            start_interval: time(config.start_interval, START_INTERVAL),
            retries: if retries == 0 { RETRIES } else { retries },
        })
    }

    /// How long to wait before the next probe of a container that has run for `ran`.
    pub(crate) fn pause(&self, health: &Health, ran: Duration) -> Duration {
        if health.verdict == Verdict::Starting && ran < self.start_period {
            return self.start_interval.min(self.interval);
        }
        self.interval
    }
}

impl Health {
    /// Takes a result in; `ran` is how long the container ran when the probe began. Returns a changed verdict.
    pub(crate) fn take(&mut self, check: &Check, probe: Probe, ran: Duration) -> Option<Verdict> {
        let before = self.verdict;
        if probe.code == 0 {
            self.streak = 0;
            self.verdict = Verdict::Healthy;
        } else if before != Verdict::Starting || ran >= check.start_period {
            self.streak += 1;
            if self.streak >= check.retries {
                self.verdict = Verdict::Unhealthy;
            }
        }
        if self.log.len() >= REMEMBERED {
            self.log.remove(0);
        }
        self.log.push(probe);
        (self.verdict != before).then_some(self.verdict)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Option<Check> {
        let config: HealthConfig = serde_json::from_str(text).expect("valid");
        Check::of(Some(&config), None)
    }

    fn probe(code: i64) -> Probe {
        Probe { start: String::new(), end: String::new(), code, output: String::new() }
    }

    #[test]
    fn a_check_is_a_command_or_none() {
        assert_eq!(check(r#"{"Test":["NONE"]}"#), None);
        assert_eq!(check("{}"), None);
        assert_eq!(check(r#"{"Test":["CMD"]}"#), None);
        let plain = check(r#"{"Test":["CMD","true"],"Interval":1000000}"#).expect("a check");
        assert_eq!((plain.command, plain.interval), (vec!["true".to_owned()], Duration::from_millis(1)));
        assert_eq!((plain.timeout, plain.retries), (INTERVAL, 3));
        let shell = check(r#"{"Test":["CMD-SHELL","a && b"]}"#).expect("a check");
        assert_eq!(shell.command, ["/bin/sh", "-c", "a && b"]);
    }

    #[test]
    fn verdicts_follow_from_results() {
        let check = check(r#"{"Test":["CMD","x"],"Retries":2,"StartPeriod":10000000000}"#).expect("a check");
        let mut health = Health::default();
        let (early, late) = (Duration::from_secs(1), Duration::from_secs(11));
        assert_eq!(health.take(&check, probe(1), early), None);
        assert_eq!(health.streak, 0);
        assert_eq!(health.take(&check, probe(1), late), None);
        assert_eq!(health.take(&check, probe(1), late), Some(Verdict::Unhealthy));
        assert_eq!(health.take(&check, probe(0), late), Some(Verdict::Healthy));
        // Once healthy, the start is over.
        assert_eq!(health.take(&check, probe(1), early), None);
        assert_eq!(health.take(&check, probe(1), early), Some(Verdict::Unhealthy));
        assert_eq!(health.log.len(), 5);
    }
}
