//! `docker commit --change`: single Dockerfile instructions that change a config.

use std::collections::BTreeMap;

use strata_oci::{ContainerConfig, Empty, HealthConfig};

use super::words::words;
use crate::{Error, Kind};

/// Applies instructions, in order.
pub(crate) fn apply(config: &mut ContainerConfig, changes: &[String]) -> Result<(), Error> {
    for line in
        changes.iter().flat_map(|change| change.lines()).map(str::trim).filter(|line| !line.is_empty())
    {
        instruction(config, line).map_err(|why| Error::new(Kind::InvalidArgument, why))?;
    }
    Ok(())
}

fn instruction(config: &mut ContainerConfig, line: &str) -> Result<(), String> {
    let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let (name, rest) = (name.to_ascii_uppercase(), rest.trim());
    if rest.is_empty() && name != "CMD" && name != "ENTRYPOINT" {
        return Err(format!("{name} requires at least one argument"));
    }
    let env = config.env.clone().unwrap_or_default();
    let lookup = |wanted: &str| {
        let pair = env.iter().find_map(|pair| pair.split_once('=').filter(|(name, _)| *name == wanted));
        pair.map(|(_, value)| value.to_owned())
    };
    let split = || words(rest, &lookup);
    let one = || match &split()?[..] {
        [word] => Ok(word.clone()),
        _ => Err(format!("{name} requires exactly one argument")),
    };
    match name.as_str() {
        "CMD" => config.cmd = command(config, rest),
        "ENTRYPOINT" => config.entrypoint = command(config, rest),
        "ENV" => {
            for (key, value) in pairs(&name, rest, split()?)? {
                set(config.env.get_or_insert_default(), &key, &value);
            }
        }
        "LABEL" => {
            let labels = config.labels.get_or_insert_with(BTreeMap::new);
            labels.extend(pairs(&name, rest, split()?)?);
        }
        "EXPOSE" => {
            for word in split()? {
                let ports = config.exposed_ports.get_or_insert_with(BTreeMap::new);
                ports.extend(exposed(&word)?.into_iter().map(|port| (port, Empty {})));
            }
        }
        "VOLUME" => {
            let volumes = config.volumes.get_or_insert_with(BTreeMap::new);
            let list = match json_list(rest) {
                Some(list) => list,
                None => split()?,
            };
            volumes.extend(list.into_iter().map(|path| (path, Empty {})));
        }
        "USER" => config.user = one()?,
        "STOPSIGNAL" => config.stop_signal = Some(one()?),
        "WORKDIR" => config.working_dir = directory(&config.working_dir, &one()?),
        "ONBUILD" => config.on_build.get_or_insert_default().push(rest.to_owned()),
        "HEALTHCHECK" => config.healthcheck = Some(healthcheck(rest)?),
        _ => return Err(format!("{} is not a valid change command", name.to_ascii_lowercase())),
    }
    Ok(())
}

/// The exec form is a JSON array of strings; anything else is run by a shell.
fn command(config: &ContainerConfig, rest: &str) -> Option<Vec<String>> {
    if rest.is_empty() {
        return None;
    }
    Some(json_list(rest).unwrap_or_else(|| {
        let shell = config.shell.clone().unwrap_or_else(|| vec!["/bin/sh".into(), "-c".into()]);
        shell.into_iter().chain([rest.to_owned()]).collect()
    }))
}

fn json_list(rest: &str) -> Option<Vec<String>> {
    rest.starts_with('[').then(|| serde_json::from_str(rest).ok()).flatten()
}

/// `A=b C=d`, or the old form `A the rest`.
fn pairs(name: &str, rest: &str, words: Vec<String>) -> Result<Vec<(String, String)>, String> {
    let first = words.first().map(String::as_str).unwrap_or_default();
    if !first.contains('=') {
        let value = rest.split_once(char::is_whitespace).map(|(_, value)| value.trim().to_owned());
        let value = value.ok_or_else(|| format!("{name} must have two arguments"))?;
        return Ok(vec![(first.to_owned(), value)]);
    }
    let pair = |word: &String| match word.split_once('=') {
        Some(("", _)) => Err(format!("{name} names can not be blank")),
        Some((key, value)) => Ok((key.to_owned(), value.to_owned())),
        None => Err(format!("Syntax error - can't find = in {word:?}. Must be of the form: name=value")),
    };
    words.iter().map(pair).collect()
}

fn set(env: &mut Vec<String>, key: &str, value: &str) {
    let pair = format!("{key}={value}");
    match env.iter_mut().find(|old| old.split('=').next() == Some(key)) {
        Some(old) => *old = pair,
        None => env.push(pair),
    }
}

/// `80`, `80/udp`, `8000-8010/tcp`.
fn exposed(word: &str) -> Result<Vec<String>, String> {
    let wrong = || format!("Invalid containerPort: {word}");
    let (ports, protocol) = word.split_once('/').unwrap_or((word, "tcp"));
    let protocol = protocol.to_ascii_lowercase();
    if !["tcp", "udp", "sctp"].contains(&protocol.as_str()) {
        return Err(format!("Invalid proto: {protocol}"));
    }
    let (low, high) = ports.split_once('-').unwrap_or((ports, ports));
    let (low, high): (u16, u16) = (low.parse().map_err(|_| wrong())?, high.parse().map_err(|_| wrong())?);
    if low == 0 || low > high {
        return Err(wrong());
    }
    Ok((low..=high).map(|port| format!("{port}/{protocol}")).collect())
}

fn directory(now: &str, new: &str) -> String {
    let joined = if new.starts_with('/') { new.to_owned() } else { format!("{now}/{new}") };
    let mut parts: Vec<&str> = Vec::new();
    for part in joined.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

fn healthcheck(rest: &str) -> Result<HealthConfig, String> {
    let mut health = HealthConfig::default();
    let mut rest = rest;
    while let Some(flag) = rest.strip_prefix("--") {
        let (flag, after) = flag.split_once(char::is_whitespace).unwrap_or((flag, ""));
        let (name, value) = flag.split_once('=').ok_or_else(|| format!("Missing a value on flag: {flag}"))?;
        match name {
            "interval" => health.interval = Some(duration(value)?),
            "timeout" => health.timeout = Some(duration(value)?),
            "start-period" => health.start_period = Some(duration(value)?),
            "start-interval" => health.start_interval = Some(duration(value)?),
            "retries" => {
                let count = value.parse().map_err(|_| format!("--retries: {value:?} is not a number"))?;
                health.retries = Some(count);
            }
            _ => return Err(format!("Unknown flag: {name}")),
        }
        rest = after.trim_start();
    }
    let (kind, command) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    health.test = Some(match kind.to_ascii_uppercase().as_str() {
        "NONE" if command.is_empty() => vec!["NONE".into()],
        "NONE" => return Err("HEALTHCHECK NONE takes no arguments".into()),
        "CMD" if command.trim().is_empty() => return Err("Missing command after HEALTHCHECK CMD".into()),
        "CMD" => match json_list(command.trim()) {
            Some(list) => std::iter::once("CMD".to_owned()).chain(list).collect(),
            None => vec!["CMD-SHELL".into(), command.trim().to_owned()],
        },
        _ => return Err(format!("Unknown type {kind:?} in HEALTHCHECK (try CMD)")),
    });
    Ok(health)
}

/// Go's `1m30s`, in nanoseconds.
fn duration(text: &str) -> Result<i64, String> {
    let wrong = || format!("invalid duration {text:?}: expected one like 30s, 1m30s or 500ms");
    let (mut total, mut rest) = (0_f64, text);
    if rest.is_empty() {
        return Err(wrong());
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(wrong)?;
        let number: f64 = rest[..digits].parse().map_err(|_| wrong())?;
        let end = rest[digits..].find(|c: char| c.is_ascii_digit()).map_or(rest.len(), |at| digits + at);
        let unit = match &rest[digits..end] {
            "ns" => 1.0,
            "us" | "µs" => 1e3,
            "ms" => 1e6,
            "s" => 1e9,
            "m" => 60e9,
            "h" => 3600e9,
            _ => return Err(wrong()),
        };
        total += number * unit;
        rest = &rest[end..];
    }
    Ok(total as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(changes: &[&str]) -> Result<ContainerConfig, Error> {
        let mut config = ContainerConfig { env: Some(vec!["PATH=/bin".into()]), ..Default::default() };
        let changes: Vec<String> = changes.iter().map(|change| (*change).to_owned()).collect();
        apply(&mut config, &changes).map(|()| config)
    }

    fn list(words: &[&str]) -> Option<Vec<String>> {
        Some(words.iter().map(|word| (*word).to_owned()).collect())
    }

    #[test]
    fn instructions_change_the_config() {
        let config = changed(&[
            "CMD [\"a\", \"b c\"]",
            "entrypoint run $it",
            "ENV A=1 B=\"2 3\"",
            "ENV PATH=$PATH:/x",
            "ENV OLD the old form",
            "LABEL k=v",
            "EXPOSE 80 81/udp 90-91",
            "VOLUME /data /more",
            "USER nobody",
            "WORKDIR /srv",
            "WORKDIR app/../www",
            "STOPSIGNAL SIGINT",
            "ONBUILD RUN make",
            "HEALTHCHECK --interval=1m30s --retries=2 CMD curl localhost",
        ])
        .expect("all are right");
        assert_eq!(config.cmd, list(&["a", "b c"]));
        assert_eq!(config.entrypoint, list(&["/bin/sh", "-c", "run $it"]));
        assert_eq!(config.env, list(&["PATH=/bin:/x", "A=1", "B=2 3", "OLD=the old form"]));
        let ports: Vec<String> = config.exposed_ports.expect("some").into_keys().collect();
        assert_eq!(ports, ["80/tcp", "81/udp", "90/tcp", "91/tcp"]);
        assert_eq!(config.volumes.expect("some").into_keys().collect::<Vec<_>>(), ["/data", "/more"]);
        assert_eq!((config.user.as_str(), config.working_dir.as_str()), ("nobody", "/srv/www"));
        assert_eq!(config.labels.expect("some")["k"], "v");
        let health = config.healthcheck.expect("some");
        assert_eq!((health.interval, health.retries), (Some(90_000_000_000), Some(2)));
        assert_eq!(health.test, list(&["CMD-SHELL", "curl localhost"]));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let cases = [
            ("RUN make", "run is not a valid change command"),
            ("ENV", "ENV requires at least one argument"),
            ("ENV A", "ENV must have two arguments"),
            ("EXPOSE x", "Invalid containerPort: x"),
            ("EXPOSE 1/icmp", "Invalid proto: icmp"),
            ("LABEL =v", "LABEL names can not be blank"),
            ("HEALTHCHECK --interval=soon CMD a", "invalid duration \"soon\""),
        ];
        for (change, expected) in cases {
            let error = changed(&[change]).expect_err(change);
            assert!(error.message.contains(expected), "{change}: {error}");
            assert_eq!(error.kind, Kind::InvalidArgument);
        }
    }
}
