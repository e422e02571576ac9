//! Addresses of a workshop.
//!
//! ```text
//! workshops := "/workshop" [ "?q=" filter ] [ "#dockerfile=" shared ]
//! workshop  := "/workshop/" ID [ "/file/" PATH ] [ "?" secondary ]
//! secondary := "panel=" stages|builds|settings | "build=" BUILD | "step=" N | "since=" BUILD
//! ```
//!
//! `ID` and `BUILD` are made of letters and digits. With a build and a step the panel shows the step; with a build alone,
//! what it was.

use std::fmt::Write as _;

use strata_api::path;

/// What a workshop's page shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Workshop {
    /// Its id.
    pub id: String,
    /// The file in the editor; `None` for the Dockerfile.
    pub file: Option<Vec<u8>>,
    /// The panel beside the editor.
    pub panel: Panel,
    /// The build that is looked at; `None` for the newest.
    pub build: Option<String>,
    /// The step of it, from 1.
    pub step: Option<usize>,
    /// The build that it is compared with; `None` for the one before.
    pub since: Option<String>,
}

/// A panel beside the editor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Panel {
    /// The context's files.
    #[default]
    Context,
    /// The stage graph.
    Stages,
    /// Builds that were, and what changed between them; with a step, time travel.
    Builds,
    /// Arguments, target, names.
    Settings,
}

impl Panel {
    /// Every panel, in order.
    pub const ALL: [Self; 4] = [Self::Context, Self::Settings, Self::Stages, Self::Builds];

    /// The word in the address.
    pub fn name(self) -> &'static str {
        match self {
            Self::Context => "context",
            Self::Stages => "stages",
            Self::Builds => "builds",
            Self::Settings => "settings",
        }
    }
}

impl Workshop {
    /// The page of a workshop, nothing chosen.
    pub fn of(id: &str) -> Self {
        Self { id: id.to_owned(), ..Self::default() }
    }

    /// Reads what comes after `/workshop/`; `get` gives a value of the query.
    pub(super) fn read<'a>(rest: &str, get: impl Fn(&str) -> Option<&'a str>) -> Option<Self> {
        let (id, rest) = rest.split_once('/').unwrap_or((rest, ""));
        let file = match rest {
            "" => None,
            rest => Some(path::decode(rest.strip_prefix("file/")?.trim_matches('/'))),
        };
        Some(Self {
            id: name(id)?,
            file: file.filter(|file| !file.is_empty()),
            panel: Panel::ALL
                .into_iter()
                .find(|panel| get("panel") == Some(panel.name()))
                .unwrap_or_default(),
            build: get("build").and_then(name),
            step: get("step").and_then(|step| step.parse().ok()).filter(|step| *step > 0),
            since: get("since").and_then(name),
        })
    }

    pub(super) fn print(&self) -> String {
        let mut text = format!("/workshop/{}", self.id);
        if let Some(file) = &self.file {
            write!(text, "/file/{}", path::encode(file)).expect("a String takes every write");
        }
        let panel = (self.panel != Panel::default()).then(|| self.panel.name().to_owned());
        let step = self.step.map(|step| step.to_string());
        let pairs =
            [("panel", panel), ("build", self.build.clone()), ("step", step), ("since", self.since.clone())];
        let said: Vec<String> =
            pairs.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", value?))).collect();
        if !said.is_empty() {
            write!(text, "?{}", said.join("&")).expect("a String takes every write");
        }
        text
    }
}

/// An id as the server makes them.
fn name(text: &str) -> Option<String> {
    let fits = (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    fits.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::Place;
    use super::*;

    fn read(address: &str) -> Place {
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        Place::read(path, query)
    }

    #[test]
    fn prints_what_it_reads() {
        let full = Workshop {
            id: "abc123".into(),
            file: Some(b"src/a b\xff?#".to_vec()),
            panel: Panel::Builds,
            build: Some("b2".into()),
            step: Some(3),
            since: Some("b1".into()),
        };
        for workshop in [full, Workshop::of("abc123")] {
            let place = Place::Workshop(Box::new(workshop));
            assert_eq!(read(&place.print()), place, "{}", place.print());
        }
        for filter in ["", "a b&c"] {
            let place = Place::Workshops { filter: filter.into() };
            assert_eq!(read(&place.print()), place);
        }
    }

    #[test]
    fn nonsense_is_nowhere_or_default() {
        for address in ["/workshop/a%2Fb", "/workshop/../x", "/workshop/a/fil/x"] {
            assert_eq!(
                read(address),
                Place::Nowhere(String::from_utf8_lossy(&path::decode(address)).into_owned())
            );
        }
        assert_eq!(
            read("/workshop/a/file/?panel=x&build=a/b&step=0&since="),
            Place::Workshop(Box::new(Workshop::of("a")))
        );
    }
}
