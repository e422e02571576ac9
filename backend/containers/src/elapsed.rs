//! Spans of time, in the words of `docker ps` and exactly.

use std::time::Duration;

/// `5 minutes`, `About an hour`, …
pub(crate) fn in_words(elapsed: Duration) -> String {
    let seconds = elapsed.as_secs();
    let (minutes, hours) = (seconds / 60, (elapsed.as_secs_f64() / 3600.0 + 0.5) as u64);
    match (seconds, minutes, hours) {
        (0, ..) => "Less than a second".into(),
        (1, ..) => "1 second".into(),
        (2..60, ..) => format!("{seconds} seconds"),
        (_, 1, _) => "About a minute".into(),
        (_, 2..60, _) => format!("{minutes} minutes"),
        (.., 0 | 1) => "About an hour".into(),
        (.., 2..48) => format!("{hours} hours"),
        (.., 48..336) => format!("{} days", hours / 24),
        (.., 336..1440) => format!("{} weeks", hours / 24 / 7),
        (.., 1440..17520) => format!("{} months", hours / 24 / 30),
        _ => format!("{} years", seconds / 3600 / 24 / 365),
    }
}

/// `300ms`, `1.5s`, `1m0s`, `2h0m0s`: as Go writes a duration.
pub(crate) fn exactly(span: Duration) -> String {
    let (seconds, nanos) = (span.as_secs(), span.subsec_nanos());
    let decimal = |whole: u64, fraction: u32, digits: usize| {
        let text = format!("{whole}.{fraction:0digits$}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    match (seconds, nanos) {
        (0, 0) => "0s".into(),
        (0, 1..1000) => format!("{nanos}ns"),
        (0, 1000..1_000_000) => format!("{}µs", decimal((nanos / 1000).into(), nanos % 1000, 3)),
        (0, _) => format!("{}ms", decimal((nanos / 1_000_000).into(), nanos % 1_000_000, 6)),
        (..60, _) => format!("{}s", decimal(seconds, nanos, 9)),
        (..3600, _) => format!("{}m{}s", seconds / 60, decimal(seconds % 60, nanos, 9)),
        _ => format!("{}h{}m{}s", seconds / 3600, seconds / 60 % 60, decimal(seconds % 60, nanos, 9)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_as_go_writes_them() {
        for (nanos, text) in [
            (0, "0s"),
            (7, "7ns"),
            (1_500, "1.5µs"),
            (300_000_000, "300ms"),
            (1_000_000_000, "1s"),
            (1_050_000_000, "1.05s"),
            (60_000_000_000, "1m0s"),
            (7_325_250_000_000, "2h2m5.25s"),
        ] {
            assert_eq!(exactly(Duration::from_nanos(nanos)), text);
        }
    }

    #[test]
    fn spans_are_rounded_as_docker_rounds_them() {
        let (minute, hour, day) = (60, 3600, 86400);
        let table = [
            (0, "Less than a second"),
            (1, "1 second"),
            (59, "59 seconds"),
            (minute, "About a minute"),
            (119, "About a minute"),
            (2 * minute, "2 minutes"),
            (59 * minute + 59, "59 minutes"),
            (hour, "About an hour"),
            (89 * minute, "About an hour"),
            (90 * minute, "2 hours"),
            (47 * hour, "47 hours"),
            (48 * hour, "2 days"),
            (13 * day, "13 days"),
            (14 * day, "2 weeks"),
            (60 * day, "2 months"),
            (729 * day, "24 months"),
            (730 * day, "2 years"),
        ];
        for (seconds, words) in table {
            assert_eq!(in_words(Duration::from_secs(seconds)), words, "{seconds}");
        }
    }
}
