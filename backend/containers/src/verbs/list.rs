//! `docker ps`.

use jiff::Timestamp;
use strata_api::engine::{ContainerSummary, NetworkOfSummary, Port, PortMap, SummaryHostConfig};

use super::{create::snapshot_id, inspect::mount_points};
use crate::{
    Containers, Error, Filters, Kind,
    container::Container,
    containers::Inner,
    network,
    record::Record,
    request::{MountKind, parse_port},
    state::Status,
};

/// Which containers to list.
#[derive(Clone, Debug, Default)]
pub struct ListQuery {
    /// Also those that don't run.
    pub all: bool,
    /// Only so many of the newest, whether they run or not.
    pub limit: Option<usize>,
    /// Measure their writable layers.
    pub size: bool,
    /// Which.
    pub filters: Filters,
    /// The ids of the images that `ancestor` names, with those made from them; the engine looks them up.
    pub ancestors: Vec<String>,
}

const FILTERS: [&str; 15] = [
    "ancestor",
    "before",
    "exited",
    "expose",
    "health",
    "id",
    "is-task",
    "isolation",
    "label",
    "name",
    "network",
    "publish",
    "since",
    "status",
    "volume",
];

impl Containers {
    /// Lists containers, the one created last first. A row's `image` is the name that it was created with and `SizeRootFs`
    /// is without the image: the caller knows better.
    pub async fn list(&self, query: ListQuery) -> Result<Vec<ContainerSummary>, Error> {
        self.0.blocking(move |inner| inner.list(&query)).await
    }

    /// How many containers there are: running, paused and others.
    pub fn count(&self) -> (usize, usize, usize) {
        let mut counts = (0, 0, 0);
        for container in self.0.all() {
            match container.record().state.status {
                Status::Running | Status::Restarting => counts.0 += 1,
                Status::Paused => counts.1 += 1,
                _ => counts.2 += 1,
            }
        }
        counts
    }

    /// The containers of an image: their ids, and whether they have a process.
    pub fn of_image(&self, image: &str) -> Vec<(String, bool)> {
        let all = self.0.all();
        let of = all.iter().map(|one| one.snapshot()).filter(|record| record.image == image);
        of.map(|record| (record.id, record.state.status.is_up())).collect()
    }
}

impl Inner {
    fn list(&self, query: &ListQuery) -> Result<Vec<ContainerSummary>, Error> {
        let filters = &query.filters;
        filters.only(&FILTERS)?;
        for status in filters.get("status") {
            if !Status::ALL.iter().any(|known| known.as_str() == status) {
                return Err(Error::invalid(format!("Invalid filter 'status={status}'")));
            }
        }
        for health in filters.get("health") {
            if !matches!(health.as_str(), "starting" | "healthy" | "unhealthy" | "none") {
                return Err(Error::invalid(format!("Unrecognised filter value for health: {health}")));
            }
        }
        for key in ["publish", "expose"] {
            filters.get(key).iter().try_for_each(|port| check_port(key, port))?;
        }
        for code in filters.get("exited") {
            code.parse::<i32>()
                .map_err(|_| Error::invalid(format!("strconv.Atoi: parsing \"{code}\": invalid syntax")))?;
        }
        if let [value] = filters.get("is-task")
            && !matches!(value.as_str(), "1" | "true" | "0" | "false")
        {
            return Err(Error::invalid(format!("Invalid filter 'is-task=[{value}]'")));
        }
        let edge = |key: &str| {
            let found = filters.get(key).iter().map(|name| {
                self.find(name).map_err(|error| match error.kind {
                    Kind::NotFound => Error::not_found(format!("no such container {name}")),
                    _ => error,
                })
            });
            found.last().transpose()
        };
        let (before, since) = (edge("before")?, edge("since")?);
        let created = |container: &Container| container.record().created;
        let (before, since) = (before.map(|c| created(&c)), since.map(|c| created(&c)));
        let everything = query.all
            || query.limit.is_some()
            || before.is_some()
            || since.is_some()
            || !filters.get("status").is_empty()
            || !filters.get("exited").is_empty();
        let names = filters.patterns("name");
        let mut links = self.link_names();
        let now = Timestamp::now();
        let mut rows = Vec::new();
        for container in self.all() {
            if query.limit.is_some_and(|limit| rows.len() >= limit) {
                break;
            }
            let record = container.snapshot();
            let mut called = links.remove(&record.id).unwrap_or_default();
            called.push(format!("/{}", record.name));
            called.sort_unstable();
            let wanted = (everything || record.state.status.is_up())
                && before.is_none_or(|before| record.created < before)
                && since.is_none_or(|since| record.created > since)
                && (names.accept(&record.name) || names.accept(&format!("/{}", record.name)))
                && (filters.get("ancestor").is_empty() || query.ancestors.contains(&record.image))
                && passes(filters, &record);
            if wanted && (filters.get("network").is_empty() || self.is_on(&record, filters.get("network"))) {
                rows.push(self.summary(&record, called, query.size, now)?);
            }
        }
        Ok(rows)
    }

    fn is_on(&self, record: &Record, networks: &[String]) -> bool {
        networks.iter().any(|wanted| {
            let known = self.stores.networks.inspect(wanted).ok();
            let name = known.as_ref().map_or(wanted.as_str(), |network| network.name.as_str());
            record.endpoints.contains_key(name)
        })
    }

    fn summary(
        &self,
        record: &Record,
        names: Vec<String>,
        size: bool,
        now: Timestamp,
    ) -> Result<ContainerSummary, Error> {
        let id = snapshot_id(&record.id)?;
        let size_rw = size.then(|| self.stores.snapshots.usage(&id).map_or(0, |usage| usage.bytes));
        let health = record.health.as_ref().map(|health| health.verdict.as_str());
        let running = record.state.status.has_process();
        let ports = if running { list_ports(&network::ports(record)) } else { Vec::new() };
        Ok(ContainerSummary {
            id: record.id.clone(),
            names,
            image: if record.config.image.is_empty() {
                record.image.clone()
            } else {
                record.config.image.clone()
            },
            image_id: record.image.clone(),
            command: command(&record.args()),
            created: record.created.as_second(),
            ports,
            size_rw,
            size_root_fs: size_rw,
            labels: record.labels(),
            state: record.state.status.as_str().to_owned(),
            status: record.state.in_words(now, health.filter(|_| running)),
            host_config: SummaryHostConfig { network_mode: record.host.network_mode.clone() },
            network_settings: NetworkOfSummary { networks: self.networks_of(record) },
            mounts: mount_points(&record.mounts),
        })
    }
}

/// The command in one line, as docker shows it: arguments with spaces in quotes.
fn command(args: &[String]) -> String {
    let Some((path, rest)) = args.split_first() else { return String::new() };
    let quoted = rest.iter().map(|arg| if arg.contains(' ') { format!("'{arg}'") } else { arg.clone() });
    std::iter::once(path.clone()).chain(quoted).collect::<Vec<_>>().join(" ")
}

fn passes(filters: &Filters, record: &Record) -> bool {
    let any = |key: &str, test: &dyn Fn(&str) -> bool| {
        let values = filters.get(key);
        values.is_empty() || values.iter().any(|value| test(value))
    };
    let health = record.health.as_ref().map_or("none", |health| health.verdict.as_str());
    let status = record.state.status;
    any("id", &|id| record.id.starts_with(id))
        && any("status", &|wanted| wanted == status.as_str())
        && any("health", &|wanted| wanted == health)
        && any("exited", &|code| status == Status::Exited && code.parse() == Ok(record.state.exit_code))
        && any("volume", &|wanted| {
            record.mounts.iter().any(|mount| {
                mount.destination == wanted || (mount.kind == MountKind::Volume && mount.name == wanted)
            })
        })
        && any("publish", &|wanted| has_port(record, wanted, true))
        && any("expose", &|wanted| has_port(record, wanted, false))
        && any("is-task", &|wanted| matches!(wanted, "0" | "false"))
        && any("isolation", &|wanted| matches!(wanted, "" | "default"))
        && filters.labels("label", &record.labels())
}

/// Refuses what is no port in dockerd's words.
fn check_port(key: &str, wanted: &str) -> Result<(), Error> {
    if wanted.contains(':') {
        return Err(Error::invalid(format!("filter for '{key}' should not contain ':': {wanted}")));
    }
    if parse_port(wanted).is_ok() {
        return Ok(());
    }
    let (range, protocol) = wanted.split_once('/').unwrap_or((wanted, "tcp"));
    let wrong = range.splitn(2, '-').find(|number| number.parse::<u16>().is_err());
    let why = match wrong {
        _ if range.is_empty() => "Empty string specified for ports.".to_owned(),
        Some(number) if number.parse::<u64>().is_ok() => {
            format!("strconv.ParseUint: parsing \"{number}\": value out of range")
        }
        Some(number) => format!("strconv.ParseUint: parsing \"{number}\": invalid syntax"),
        None if parse_port(range).is_ok() => format!("invalid proto: {protocol}"),
        None => format!("Invalid range specified for the Port: {range}"),
    };
    Err(Error::invalid(format!("error while looking up for {key} {wanted}: {why}")))
}

/// Whether a container that runs has a port of this range: one of the host if `published`, else one of its own.
fn has_port(record: &Record, wanted: &str, published: bool) -> bool {
    let Ok((range, protocol)) = parse_port(wanted) else { return false };
    let ports =
        if record.state.status.has_process() { list_ports(&network::ports(record)) } else { Vec::new() };
    ports.iter().any(|port| {
        let number = if published { port.public_port } else { Some(port.private_port) };
        port.kind == protocol && number.is_some_and(|number| range.contains(&number))
    })
}

fn list_ports(ports: &PortMap) -> Vec<Port> {
    let mut all = Vec::new();
    for (port, bindings) in ports {
        let Some((number, kind)) = port.split_once('/') else { continue };
        let private_port = number.parse().unwrap_or(0);
        let kind = kind.to_owned();
        match bindings {
            None => all.push(Port { private_port, kind, ..Port::default() }),
            Some(bindings) => all.extend(bindings.iter().map(|binding| Port {
                ip: binding.host_ip.clone(),
                private_port,
                public_port: binding.host_port.parse().ok(),
                kind: kind.clone(),
            })),
        }
    }
    all.sort_by(|a, b| (a.private_port, &a.kind, &a.ip).cmp(&(b.private_port, &b.kind, &b.ip)));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_in_one_line() {
        let of = |args: &[&str]| command(&args.iter().map(|arg| (*arg).to_owned()).collect::<Vec<_>>());
        assert_eq!(of(&["sh", "-c", "echo hi"]), "sh -c 'echo hi'");
        assert_eq!(of(&["true"]), "true");
        assert_eq!(of(&[]), "");
    }
}
