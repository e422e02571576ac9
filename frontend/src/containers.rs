//! Containers as the engine lists them: what of the engine's bodies the page needs, and how it is shown.

use serde::{Deserialize, Deserializer};

/// A row of `GET /containers/json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Summary {
    /// 64 hex digits.
    pub id: String,
    /// Names, each with docker's slash.
    #[serde(deserialize_with = "or_default")]
    pub names: Vec<String>,
    /// The image as it was given.
    pub image: String,
    /// `sha256:…`.
    #[serde(rename = "ImageID")]
    pub image_id: String,
    /// What runs.
    pub command: String,
    /// Unix seconds.
    pub created: i64,
    /// Ports of the image and published ones.
    #[serde(deserialize_with = "or_default")]
    pub ports: Vec<Port>,
    /// `running`, …
    pub state: State,
    /// `Up 3 minutes`, `Exited (0) …`.
    pub status: String,
}

/// A port of a container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Port {
    /// The address it is published at.
    #[serde(rename = "IP", deserialize_with = "or_default")]
    pub ip: String,
    /// In the container.
    pub private_port: u16,
    /// On the engine's machine; 0 if not published.
    #[serde(deserialize_with = "or_default")]
    pub public_port: u16,
    /// `tcp`, `udp`, `sctp`.
    #[serde(rename = "Type")]
    pub kind: String,
}

/// Where a container is in its life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Made, not started.
    #[default]
    Created,
    /// Its process runs.
    Running,
    /// Its processes are frozen.
    Paused,
    /// It ended and is about to be started again.
    Restarting,
    /// It is being removed.
    Removing,
    /// Its process ended.
    Exited,
    /// It can't be started nor removed as usual.
    Dead,
}

/// Something that can be done to a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Deed {
    /// `docker start`
    Start,
    /// `docker stop`
    Stop,
    /// `docker kill`
    Kill,
    /// `docker restart`
    Restart,
    /// `docker pause`
    Pause,
    /// `docker unpause`
    Unpause,
}

/// An image as a container was given it, as docker's list shows it: of an id its first twelve digits.
pub fn image(given: &str) -> &str {
    match given.strip_prefix("sha256:") {
        Some(hex) if hex.len() == 64 => &hex[..12],
        _ => given,
    }
}

impl Deed {
    /// The word in the route, in tests and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Kill => "kill",
            Self::Restart => "restart",
            Self::Pause => "pause",
            Self::Unpause => "unpause",
        }
    }
}

impl State {
    /// The engine's word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Restarting => "restarting",
            Self::Removing => "removing",
            Self::Exited => "exited",
            Self::Dead => "dead",
        }
    }

    /// Its sign: colour is never the only one.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Running => "●",
            Self::Paused => "▮▮",
            Self::Restarting => "↻",
            Self::Created => "○",
            Self::Exited | Self::Removing => "■",
            Self::Dead => "✕",
        }
    }

    /// Whether its process exists.
    pub fn is_live(self) -> bool {
        matches!(self, Self::Running | Self::Paused | Self::Restarting)
    }

    /// What can be done in it, the usual first.
    pub fn deeds(self) -> &'static [Deed] {
        match self {
            Self::Created | Self::Exited => &[Deed::Start],
            Self::Running => &[Deed::Stop, Deed::Restart, Deed::Pause, Deed::Kill],
            Self::Paused => &[Deed::Unpause, Deed::Stop],
            Self::Restarting => &[Deed::Stop],
            Self::Removing | Self::Dead => &[],
        }
    }
}

impl Summary {
    /// Its first name, without the slash; its short id if it has none.
    pub fn name(&self) -> &str {
        match self.names.first() {
            Some(name) => name.trim_start_matches('/'),
            None => self.short(),
        }
    }

    /// Twelve digits of its id.
    pub fn short(&self) -> &str {
        self.id.get(..12).unwrap_or(&self.id)
    }

    /// Whether `handle`, a name, an id or the beginning of one, means it.
    pub fn is(&self, handle: &str) -> bool {
        self.names.iter().any(|name| name.trim_start_matches('/') == handle)
            || handle.len() >= 4 && self.id.starts_with(handle)
    }

    /// What its status says beyond its state: `Up 3 minutes`, `(137) 2 hours ago`.
    pub fn since(&self) -> &str {
        let status = self.status.strip_suffix(" (Paused)").unwrap_or(&self.status);
        ["Exited ", "Created", "Dead", "Removal In Progress"]
            .iter()
            .find_map(|state| status.strip_prefix(state))
            .unwrap_or(status)
    }

    /// Its published ports, each once, however many addresses it is published at; then the others.
    pub fn ports(&self) -> Vec<Port> {
        let mut ports: Vec<Port> = Vec::new();
        for port in &self.ports {
            let key = |port: &Port| (port.public_port, port.private_port, port.kind.clone());
            if !ports.iter().any(|known| key(known) == key(port)) {
                ports.push(port.clone());
            }
        }
        ports.sort_by_key(|port| (port.public_port == 0, port.private_port, port.public_port));
        ports
    }
}

/// The containers that `typed` looks for: a part of a name or image, or the beginning of an id.
pub fn find(all: &[Summary], typed: &str) -> Vec<Summary> {
    let typed = typed.trim().to_lowercase();
    let found = |one: &&Summary| {
        one.name().to_lowercase().contains(&typed)
            || one.image.to_lowercase().contains(&typed)
            || one.id.starts_with(&typed)
    };
    all.iter().filter(found).cloned().collect()
}

/// Go's `null` is an absent value.
pub(crate) fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = r#"[{"Id":"4bd2f1","Names":["/web","/alias"],"Image":"demo:latest","ImageID":"sha256:ab",
        "Command":"sh -c 'httpd -f'","Created":1700000000,"State":"running","Status":"Up 3 minutes",
        "Ports":[{"PrivatePort":443,"Type":"tcp"},{"IP":"0.0.0.0","PrivatePort":80,"PublicPort":8080,"Type":"tcp"},
                 {"IP":"::","PrivatePort":80,"PublicPort":8080,"Type":"tcp"}],
        "SizeRw":1,"Labels":null,"Mounts":[]},
        {"Id":"0123456789abcdef","Names":null,"Ports":null,"State":"exited"}]"#;

    #[test]
    fn reads_what_the_engine_lists() {
        let list: Vec<Summary> = serde_json::from_str(LIST).expect("reads");
        assert_eq!((list[0].name(), list[0].state), ("web", State::Running));
        assert_eq!((list[1].name(), list[1].state), ("0123456789ab", State::Exited));
        let ports: Vec<_> = list[0].ports().iter().map(|p| (p.public_port, p.private_port)).collect();
        assert_eq!(ports, [(8080, 80), (0, 443)]);
        assert!(list[0].is("alias") && list[0].is("4bd2") && !list[0].is("4b") && !list[0].is("we"));
        let found = |typed| find(&list, typed).len();
        assert_eq!(["", "WEB", "demo", "4bd", "0123", "none"].map(found), [2, 1, 1, 1, 1, 0]);
    }

    #[test]
    fn the_state_is_said_once() {
        let since = |status: &str| Summary { status: status.into(), ..Summary::default() }.since().to_owned();
        let cases = [
            ("Up 3 minutes", "Up 3 minutes"),
            ("Up 2 hours (Paused)", "Up 2 hours"),
            ("Up 5 seconds (healthy)", "Up 5 seconds (healthy)"),
            ("Exited (137) 2 hours ago", "(137) 2 hours ago"),
            ("Created", ""),
        ];
        for (status, rest) in cases {
            assert_eq!(since(status), rest);
        }
    }

    #[test]
    fn deeds_fit_the_state() {
        assert!(State::Exited.deeds().contains(&Deed::Start));
        assert!(!State::Running.deeds().contains(&Deed::Start));
        assert!(State::Paused.deeds().contains(&Deed::Unpause));
        assert!(State::Removing.deeds().is_empty());
    }
}
