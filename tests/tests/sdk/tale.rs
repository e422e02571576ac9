//! What happened in a scenario, in a form that can be compared.

use std::fmt::Debug;

use bollard::errors::Error;
use serde::Serialize;
use serde_json::Value;

/// Numbers and texts that are an engine's own.
const OWN: [&str; 36] = [
    "Pid",
    "PID",
    "Size",
    "SizeRw",
    "SizeRootFs",
    "VirtualSize",
    "SharedSize",
    "SpaceReclaimed",
    "time",
    "timeNano",
    "LogPath",
    "ResolvConfPath",
    "HostnamePath",
    "HostsPath",
    "Mountpoint",
    "SandboxKey",
    "MacAddress",
    "IPAddress",
    "Gateway",
    "Subnet",
    "Data",
    "IPAddr",
    "Driver",
    "Path",
    "AppArmorProfile",
    "Hostname",
    "LastTagTime",
    "ProcessLabel",
    "IPv4Address",
    "size",
    "mtime",
    "Runtimes",
    "SecurityOptions",
    "MaskedPaths",
    "SandboxID",
    "com.docker.network.bridge.name",
];

/// The steps of a scenario and what came of each.
pub(crate) struct Tale {
    domain: String,
    lines: Vec<String>,
}

impl Tale {
    /// An empty one; `domain` is that of the engine's registry.
    pub(crate) fn new(domain: String) -> Self {
        Self { domain, lines: Vec::new() }
    }

    /// Tells a value, as far as it doesn't depend on the engine or the hour.
    pub(crate) fn tell(&mut self, what: &str, value: &impl Serialize) {
        let value = serde_json::to_value(value).expect("it can be written as JSON");
        let mut lines = Vec::new();
        settle("", &value, &mut lines);
        lines.sort();
        let lines: Vec<_> = lines.iter().map(|line| format!("{what}{}", self.plain(line))).collect();
        self.lines.extend(lines);
    }

    /// Tells a text.
    pub(crate) fn say(&mut self, what: &str, text: &str) {
        self.lines.push(format!("{what}: {}", self.plain(text)));
    }

    /// Tells how the server refused something. Panics when it didn't, or when the answer wasn't understood.
    #[track_caller]
    pub(crate) fn refused<T: Debug>(&mut self, what: &str, result: Result<T, Error>) {
        match result {
            Err(Error::DockerResponseServerError { status_code, message }) => {
                // Strata names the wrong part of a reference; dockerd says some things twice.
                let once = message
                    .rsplit_once("No such image: ")
                    .map_or(message.clone(), |(_, name)| format!("no {name}"));
                let unnamed = once.replace(" (UPPER)", "");
                self.say(what, &format!("{status_code} {}", unnamed.trim_end()));
            }
            Err(Error::DockerStreamError { error }) => self.say(what, &error),
            other => panic!("{what}: the server should have refused it, but {other:?}"),
        }
    }

    /// The lines in which two tellings differ, dockerd's first.
    pub(crate) fn differences(dockerd: &Self, strata: &Self) -> Vec<String> {
        let without = |a: &Self, b: &Self, mark: &str| {
            let lone = a.lines.iter().filter(|line| !b.lines.contains(line));
            lone.map(|line| format!("{mark} {line}")).collect::<Vec<_>>()
        };
        let mut found = without(dockerd, strata, "dockerd");
        found.extend(without(strata, dockerd, "Strata "));
        if found.is_empty() && dockerd.lines != strata.lines {
            found.push(format!("the order differs:\n{:#?}\n{:#?}", dockerd.lines, strata.lines));
        }
        found
    }

    fn plain(&self, text: &str) -> String {
        let text = text.replace(&self.domain, "REGISTRY/");
        let mut plain = String::new();
        let mut run = String::new();
        let end = |run: &mut String, plain: &mut String| {
            match run.len() {
                12 | 64 if run.bytes().any(|b| b.is_ascii_digit()) => plain.push_str("ID"),
                _ => plain.push_str(run),
            }
            run.clear();
        };
        for letter in text.chars() {
            if letter.is_ascii_digit() || ('a'..='f').contains(&letter) {
                run.push(letter);
            } else {
                end(&mut run, &mut plain);
                plain.push(letter);
            }
        }
        end(&mut run, &mut plain);
        plain
    }
}

/// Writes a line for every leaf; a null is as good as an absent one.
fn settle(path: &str, value: &Value, lines: &mut Vec<String>) {
    match value {
        Value::Null => {}
        Value::Object(map) => {
            for (key, value) in map {
                let own = OWN.contains(&key.as_str()) && !matches!(value, Value::Null);
                match own {
                    // Whether there is one is nobody's own.
                    true => {
                        lines.push(format!("{path}/{key}: {}", if is_empty(value) { "none" } else { "some" }))
                    }
                    false => settle(&format!("{path}/{key}"), value, lines),
                }
            }
        }
        Value::Array(list) => {
            let mut list: Vec<&Value> = list.iter().collect();
            // Mounts are in no order.
            list.sort_by_key(|one| one["Destination"].as_str());
            lines.push(format!("{path}: {} of them", list.len()));
            for (number, value) in list.iter().enumerate() {
                settle(&format!("{path}/{number}"), value, lines);
            }
        }
        Value::String(text) if is_time(text) => lines.push(format!("{path}: a time")),
        Value::Number(number)
            if number.as_i64().is_some_and(|n| (1_600_000_000..4_000_000_000).contains(&n)) =>
        {
            lines.push(format!("{path}: a time"));
        }
        Value::String(text) if text.contains("/data/volumes/") => {
            let below = text.rsplit("/data/").next().unwrap_or_default();
            lines.push(format!("{path}: \"{below}\""));
        }
        leaf => lines.push(format!("{path}: {leaf}")),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
    }
}

/// RFC 3339 of a time that isn't zero.
fn is_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 20
        && bytes[4] == b'-'
        && bytes[10] == b'T'
        && bytes[13] == b':'
        && !text.starts_with("0001")
}
