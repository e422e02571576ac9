//! Values as Go's `fmt` prints them: dockerd writes its history with it, and a cache is keyed by that text.

use std::fmt::Write as _;

use strata_oci::HealthConfig;

use crate::expand::go_quote;

/// `%q` of a list: `["a" "b"]`.
pub fn quoted_list(list: &[String]) -> String {
    let quoted: Vec<String> = list.iter().map(|word| go_quote(word)).collect();
    format!("[{}]", quoted.join(" "))
}

/// `%v` of a list: `[a b]`.
pub fn plain_list(list: &[String]) -> String {
    format!("[{}]", list.join(" "))
}

/// `%q` of a `*container.HealthConfig`: durations are texts, and the number of retries is taken for a character.
pub fn health(health: &HealthConfig) -> String {
    let times = [health.interval, health.timeout, health.start_period];
    // dockerd 20.10 has no interval for the start.
    let times = times
        .into_iter()
        .map(Option::unwrap_or_default)
        .chain(health.start_interval.filter(|time| *time != 0));
    let times: Vec<String> = times.map(|time| format!("{:?}", duration(time))).collect();
    let retries =
        u32::try_from(health.retries.unwrap_or(0)).ok().and_then(char::from_u32).unwrap_or('\u{fffd}');
    let test = quoted_list(health.test.as_deref().unwrap_or_default());
    format!("&{{{test} {} {}}}", times.join(" "), character(retries))
}

/// `%q` of a rune.
fn character(c: char) -> String {
    let text = match c {
        '\'' => "\\'".to_owned(),
        '"' => "\"".to_owned(),
        c => {
            let quoted = go_quote(&c.to_string());
            quoted.trim_start_matches('"').trim_end_matches('"').to_owned()
        }
    };
    format!("'{text}'")
}

/// `time.Duration.String()` of nanoseconds: `1m30s`, `1.5s`, `500ms`, `0s`.
pub fn duration(nanoseconds: i64) -> String {
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let nanoseconds = nanoseconds.unsigned_abs();
    const SECOND: u64 = 1_000_000_000;
    if nanoseconds == 0 {
        return "0s".into();
    }
    if nanoseconds < SECOND {
        let (unit, size) = match nanoseconds {
            ..1_000 => ("ns", 1),
            1_000..1_000_000 => ("µs", 1_000),
            _ => ("ms", 1_000_000),
        };
        return format!("{sign}{}{unit}", fraction(nanoseconds, size));
    }
    let mut text = sign.to_owned();
    let (hours, minutes) = (nanoseconds / (3600 * SECOND), nanoseconds / (60 * SECOND) % 60);
    // Writing into a string doesn't fail.
    if hours > 0 {
        let _ = write!(text, "{hours}h");
    }
    if hours > 0 || minutes > 0 {
        let _ = write!(text, "{minutes}m");
    }
    let _ = write!(text, "{}s", fraction(nanoseconds % (60 * SECOND), SECOND));
    text
}

/// `number / unit` without needless zeros.
fn fraction(number: u64, unit: u64) -> String {
    let digits = unit.ilog10() as usize;
    if digits == 0 || number.is_multiple_of(unit) {
        return (number / unit).to_string();
    }
    let rest = format!("{:0digits$}", number % unit);
    format!("{}.{}", number / unit, rest.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_gos() {
        let cases = [
            (0, "0s"),
            (1, "1ns"),
            (1_500, "1.5µs"),
            (500_000_000, "500ms"),
            (1_500_000_000, "1.5s"),
            (90_000_000_000, "1m30s"),
            (3_600_000_000_000, "1h0m0s"),
            (-5_000_000_000, "-5s"),
        ];
        for (nanoseconds, text) in cases {
            assert_eq!(duration(nanoseconds), text);
        }
    }

    #[test]
    fn a_healthcheck_is_as_dockerd_writes_it() {
        let check = HealthConfig {
            test: Some(vec!["CMD-SHELL".into(), "true".into()]),
            interval: Some(5_000_000_000),
            timeout: Some(3_000_000_000),
            retries: Some(2),
            ..HealthConfig::default()
        };
        assert_eq!(health(&check), r#"&{["CMD-SHELL" "true"] "5s" "3s" "0s" '\x02'}"#);
        let retries = |retries| health(&HealthConfig { retries: Some(retries), ..HealthConfig::default() });
        assert_eq!(retries(0), r#"&{[] "0s" "0s" "0s" '\x00'}"#);
        assert!(retries(39).ends_with(r"'\''}"));
        assert!(retries(34).ends_with("'\"'}"));
    }
}
