//! Devices that a container may use.

use super::types::DeviceRule;
use crate::Error;

/// What every container may do with devices: make nodes, and use the harmless ones.
pub(crate) fn default_rules() -> Vec<DeviceRule> {
    let allow = |major, minor, access: &str| DeviceRule {
        allow: true,
        kind: Some('c'),
        major: Some(major),
        minor,
        access: access.into(),
    };
    let mut rules = vec![DeviceRule { allow: false, access: "rwm".into(), ..DeviceRule::default() }];
    // null, zero, full, random, urandom; tty, console, ptmx; the slaves of pseudoterminals.
    for (major, minor) in [(1, 3), (1, 5), (1, 7), (1, 8), (1, 9), (5, 0), (5, 1), (5, 2)] {
        rules.push(allow(major, Some(minor), "rwm"));
    }
    rules.push(allow(136, None, "rwm"));
    rules
}

/// The one rule of a privileged container.
pub(crate) fn all_rules() -> Vec<DeviceRule> {
    vec![DeviceRule { allow: true, access: "rwm".into(), ..DeviceRule::default() }]
}

/// Reads a `--device-cgroup-rule`: `c 1:3 rwm`, `a *:* rwm`.
pub(crate) fn parse_rule(text: &str) -> Result<DeviceRule, Error> {
    let wrong = || Error::invalid(format!("invalid device cgroup rule format: '{text}'"));
    let [kind, numbers, access] = text.split_whitespace().collect::<Vec<_>>()[..] else {
        return Err(wrong());
    };
    let (major, minor) = numbers.split_once(':').ok_or_else(wrong)?;
    let number = |text: &str| match text {
        "*" => Ok(None),
        digits => digits.parse::<u32>().map(|number| Some(i64::from(number))).map_err(|_| wrong()),
    };
    let is_access = !access.is_empty() && access.len() <= 3 && access.chars().all(|c| "rwm".contains(c));
    let kind = match kind {
        "a" | "b" | "c" => kind.chars().next(),
        _ => return Err(wrong()),
    };
    if !is_access {
        return Err(wrong());
    }
    Ok(DeviceRule { allow: true, kind, major: number(major)?, minor: number(minor)?, access: access.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_read() {
        let rule = parse_rule("c 1:* rm").expect("valid");
        assert_eq!(
            (rule.kind, rule.major, rule.minor, rule.access.as_str()),
            (Some('c'), Some(1), None, "rm")
        );
        for wrong in ["", "x 1:3 r", "c 1 r", "c 1:3 x", "c 1:3", "c a:3 r", "c 1:3 rwmr"] {
            assert!(parse_rule(wrong).is_err(), "{wrong}");
        }
    }
}
