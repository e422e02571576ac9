//! Addresses of containers.
//!
//! ```text
//! container := "/container/" NAME [ "/beside/" NAME ] [ "/" tab ] [ "?" secondary ]
//! secondary := "view=list" | "shell=on"
//! tab       := "changes" [ "/" PATH ] | "reads" | "logs" | "mount" | "commit"
//! ```

use strata_api::path;

/// What a container's page shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Container {
    /// Its name, or an id.
    pub name: String,
    /// Another container that is shown beside it.
    pub beside: Option<String>,
    /// What is shown below the terminal.
    pub tab: Tab,
    /// The changed path that is shown; empty for none.
    pub path: Vec<u8>,
    /// Changes as a list, not as a tree.
    pub list: bool,
    /// A shell in the terminal, not the container's own process.
    pub shell: bool,
}

/// What is shown below the terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Tab {
    /// The changed files.
    #[default]
    Changes,
    /// What is read.
    Reads,
    /// The output.
    Logs,
    /// The mount.
    Mount,
    /// The form that makes an image of it.
    Commit,
}

impl Tab {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Changes, Self::Reads, Self::Logs, Self::Mount, Self::Commit];

    /// The word in the address.
    pub fn name(self) -> &'static str {
        match self {
            Self::Changes => "changes",
            Self::Reads => "reads",
            Self::Logs => "logs",
            Self::Mount => "mount",
            Self::Commit => "commit",
        }
    }
}

impl Container {
    /// The page of a container.
    pub fn of(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// Reads what follows `/container/`; nothing if it names no container. `get` gives a value of the query.
    pub(super) fn read<'a>(rest: &str, get: impl Fn(&str) -> Option<&'a str>) -> Option<Self> {
        let name = |text: &str| String::from_utf8(path::decode(text)).ok().filter(|name| !name.is_empty());
        let (first, mut rest) = rest.split_once('/').unwrap_or((rest, ""));
        let (list, shell) = (get("view") == Some("list"), get("shell") == Some("on"));
        let mut container = Self { list, shell, ..Self::of(&name(first)?) };
        if let Some(after) = rest.strip_prefix("beside/") {
            let (other, after) = after.split_once('/').unwrap_or((after, ""));
            container.beside = name(other);
            rest = after;
        }
        let (tab, at) = rest.split_once('/').unwrap_or((rest, ""));
        container.tab = Tab::ALL.into_iter().find(|one| one.name() == tab).unwrap_or_default();
        if container.tab == Tab::Changes {
            container.path = path::decode(at.trim_matches('/'));
        }
        Some(container)
    }

    /// The address.
    pub(super) fn print(&self) -> String {
        let mut text = format!("/container/{}", path::encode(self.name.as_bytes()));
        if let Some(other) = &self.beside {
            text.push_str("/beside/");
            text.push_str(&path::encode(other.as_bytes()));
        }
        if self.tab != Tab::Changes {
            text.push('/');
            text.push_str(self.tab.name());
        } else if !self.path.is_empty() {
            text.push_str("/changes/");
            text.push_str(&path::encode(&self.path));
        }
        let said = [(self.list, "view=list"), (self.shell, "shell=on")];
        let said: Vec<&str> = said.into_iter().filter_map(|(on, word)| on.then_some(word)).collect();
        if !said.is_empty() {
            text.push('?');
            text.push_str(&said.join("&"));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_what_it_reads() {
        let whole = Container {
            beside: Some("b.2".into()),
            path: b"etc/a b\xff/beside/x".to_vec(),
            list: true,
            shell: true,
            ..Container::of("web-1")
        };
        let logs = Container { tab: Tab::Logs, shell: true, ..Container::of("web") };
        for container in [whole, logs, Container::of("4bd2f1a90c33")] {
            let address = container.print();
            let (path, query) = address.split_once('?').unwrap_or((&address, ""));
            let rest = path.strip_prefix("/container/").expect("is one");
            let get = |name: &str| {
                query
                    .split('&')
                    .find_map(|pair| pair.split_once('=').filter(|pair| pair.0 == name))
                    .map(|pair| pair.1)
            };
            assert_eq!(Container::read(rest, get), Some(container), "{address}");
        }
    }

    #[test]
    fn what_is_unknown_is_the_default() {
        let read = |rest| Container::read(rest, |_| Some("nonsense"));
        assert_eq!(read(""), None);
        assert_eq!(read("web/"), Some(Container::of("web")));
        assert_eq!(read("web/beside/"), Some(Container::of("web")));
        assert_eq!(read("web/nonsense/x").map(|c| c.tab), Some(Tab::Changes));
    }
}
