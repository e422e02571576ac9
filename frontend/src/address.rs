//! The address bar as a value: every state of the page has an address, and every address has a state.
//!
//! ```text
//! place   := "/" [ "?q=" filter ]
//!          | "/containers" [ "?q=" filter ] | container (see `address/container.rs`)
//!          | registry | theatre (see `address/registry.rs`)
//!          | workshops | workshop (see `address/workshop.rs`)
//!          | "/sharing" [ "?image=" REF ]
//!          | "/image/" REF [ "/files/" PATH | "/layer/" N [ "/" PATH ] ] [ "?" secondary ]
//! REF     := a reference as docker takes it; a component that is "files" or "layer" has its first letter encoded
//! N       := 1 for the lowest layer
//! PATH    := bytes, percent-encoded
//! secondary := "source=registry" | "platform=" PLATFORM | "view=merged" | "upto=" N | "off=" N,N | "ghosts=off" | "hide=" letters of AMDU or "none"
//!          | "q=" filter | "tab=" text|hex|picture | "from=" N | "waste=on" | "sort=size" | "attributes=off"
//! ```
//!
//! What is at its default isn't printed, so that addresses stay short; what can't be read is left at its default.

mod container;
mod registry;
mod workshop;

use std::fmt::Write as _;

use strata_api::path;

pub use container::{Container, Tab as ContainerTab};
pub use registry::Registry;
pub use workshop::{Panel, Workshop};

/// Where the page is.
#[derive(Clone, Debug, PartialEq)]
pub enum Place {
    /// The list of images, with its filter.
    Images {
        /// Shows images whose name or id has it.
        filter: String,
    },
    /// The explorer.
    Image(Box<View>),
    /// The map of layers that images share.
    Sharing {
        /// The image that is looked at; empty for none.
        image: String,
    },
    /// The list of containers, with its filter.
    Containers {
        /// Shows containers whose name, image or id has it.
        filter: String,
    },
    /// A container.
    Container(Box<Container>),
    /// The list of workshops, with its filter.
    Workshops {
        /// Shows workshops whose name has it.
        filter: String,
    },
    /// A workshop.
    Workshop(Box<Workshop>),
    /// A registry.
    Registry(Box<Registry>),
    /// Pulls and pushes, request by request; one of them, or the last.
    Theatre {
        /// Which.
        id: Option<String>,
    },
    /// No page; the path as it came.
    Nowhere(String),
}

/// What the explorer shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct View {
    /// The image, as docker takes it.
    pub reference: String,
    /// The selected layer, 0 at the bottom.
    pub layer: Option<usize>,
    /// With a selected layer: the union all the same, not only what the layer did.
    pub merged: bool,
    /// The selected path; empty for none.
    pub path: Vec<u8>,
    /// Where the curtain stands: layers above are off.
    pub upto: Option<usize>,
    /// Sheets switched off one by one, ascending.
    pub off: Vec<usize>,
    /// Whether hidden and deleted versions are left out.
    pub no_ghosts: bool,
    /// Which changes are left out; `None` for what the view usually leaves out.
    pub hide: Option<Marks>,
    /// Shows paths that have it, or that match it as a glob.
    pub filter: String,
    /// How the file is shown; `None` for what suits it.
    pub tab: Option<Tab>,
    /// The layer whose version of the file is shown; `None` for what the tree shows.
    pub from: Option<usize>,
    /// Whether the list of wasted bytes is open.
    pub waste: bool,
    /// Directories' children by size, not by name.
    pub by_size: bool,
    /// Mode, owner and size columns folded away.
    pub no_attributes: bool,
    /// The dialog for surgery is open.
    pub surgery: bool,
    /// What the registry has under the reference, looked into without being pulled.
    pub remote: bool,
    /// The platform of that, if it isn't the one that a pull would take.
    pub platform: String,
}

/// A set of changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// `A`
    pub added: bool,
    /// `M`
    pub modified: bool,
    /// `D`
    pub deleted: bool,
    /// `U`
    pub unmodified: bool,
}

/// A way to show a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tab {
    /// Lines.
    Text,
    /// Bytes.
    Hex,
    /// A picture.
    Picture,
}

impl Tab {
    /// The word in the address.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Hex => "hex",
            Self::Picture => "picture",
        }
    }
}

impl Marks {
    fn print(self) -> String {
        let letters = [(self.added, 'A'), (self.modified, 'M'), (self.deleted, 'D'), (self.unmodified, 'U')];
        let text: String = letters.into_iter().filter_map(|(set, letter)| set.then_some(letter)).collect();
        if text.is_empty() { "none".into() } else { text }
    }

    fn read(text: &str) -> Self {
        let has = |letter| text != "none" && text.contains(letter);
        Self { added: has('A'), modified: has('M'), deleted: has('D'), unmodified: has('U') }
    }
}

impl View {
    /// The explorer of an image, nothing selected.
    pub fn of(reference: &str) -> Self {
        Self { reference: reference.to_owned(), ..Self::default() }
    }

    /// The explorer of what a registry has under a reference, not pulled.
    pub fn outside(reference: &str) -> Self {
        Self { remote: true, ..Self::of(reference) }
    }

    /// The same image's explorer, nothing selected.
    pub fn image(&self) -> Self {
        Self { remote: self.remote, platform: self.platform.clone(), ..Self::of(&self.reference) }
    }

    /// Whether the tree shows only what the selected layer did.
    pub fn only_layer(&self) -> Option<usize> {
        if self.merged { None } else { self.layer }
    }

    /// The changes that are left out: by themselves, a layer's own view leaves out what it didn't touch.
    pub fn hidden_marks(&self) -> Marks {
        self.hide.unwrap_or(Marks { unmodified: self.only_layer().is_some(), ..Marks::default() })
    }

    /// Leaves out these changes; what the view usually leaves out needs no word in the address.
    pub fn leave_out(&mut self, marks: Marks) {
        self.hide = None;
        if self.hidden_marks() != marks {
            self.hide = Some(marks);
        }
    }

    /// Whether sheet `position` is in the union.
    pub fn is_on(&self, position: usize) -> bool {
        self.upto.is_none_or(|upto| position <= upto) && self.off.binary_search(&position).is_err()
    }
}

impl Place {
    /// Reads a URL's path and query, both as the browser has them (encoded; the query with or without its `?`).
    pub fn read(pathname: &str, search: &str) -> Self {
        let query = Query::read(search);
        if pathname == "/" {
            return Self::Images { filter: query.text("q").unwrap_or_default() };
        }
        let nowhere = || Self::Nowhere(String::from_utf8_lossy(&path::decode(pathname)).into_owned());
        if matches!(pathname, "/sharing" | "/sharing/") {
            return Self::Sharing { image: query.text("image").unwrap_or_default() };
        }
        if matches!(pathname, "/containers" | "/containers/") {
            return Self::Containers { filter: query.text("q").unwrap_or_default() };
        }
        if let Some(rest) = pathname.strip_prefix("/container/") {
            return Container::read(rest, |name| query.get(name))
                .map_or_else(nowhere, |container| Self::Container(Box::new(container)));
        }
        if matches!(pathname, "/workshop" | "/workshop/") {
            return Self::Workshops { filter: query.text("q").unwrap_or_default() };
        }
        if let Some(rest) = pathname.strip_prefix("/workshop/") {
            return Workshop::read(rest, |name| query.get(name))
                .map_or_else(nowhere, |workshop| Self::Workshop(Box::new(workshop)));
        }
        if let Some(rest) =
            pathname.strip_prefix("/registry").filter(|rest| matches!(rest.bytes().next(), None | Some(b'/')))
        {
            return registry::read(rest, query.text("q").unwrap_or_default()).unwrap_or_else(nowhere);
        }
        let Some(rest) = pathname.strip_prefix("/image/") else { return nowhere() };
        let (reference, layer, path) = split(rest);
        let Ok(reference) = String::from_utf8(path::decode(reference)) else { return nowhere() };
        if reference.is_empty() {
            return nowhere();
        }
        let mut off: Vec<usize> = query.get("off").unwrap_or("").split(',').filter_map(position).collect();
        off.sort_unstable();
        off.dedup();
        Self::Image(Box::new(View {
            reference,
            layer,
            merged: layer.is_some() && query.get("view") == Some("merged"),
            path,
            upto: query.get("upto").and_then(position),
            off,
            no_ghosts: query.get("ghosts") == Some("off"),
            hide: query.get("hide").map(Marks::read),
            filter: query.text("q").unwrap_or_default(),
            tab: [Tab::Text, Tab::Hex, Tab::Picture]
                .into_iter()
                .find(|tab| query.get("tab") == Some(tab.name())),
            from: query.get("from").and_then(position),
            waste: query.get("waste") == Some("on"),
            by_size: query.get("sort") == Some("size"),
            no_attributes: query.get("attributes") == Some("off"),
            surgery: query.get("surgery") == Some("on"),
            remote: query.get("source") == Some("registry"),
            platform: query.text("platform").unwrap_or_default(),
        }))
    }

    /// The address: what [`Place::read`] reads back.
    pub fn print(&self) -> String {
        match self {
            Self::Images { filter } => print_list("/", filter),
            Self::Sharing { image } if image.is_empty() => "/sharing".into(),
            Self::Sharing { image } => format!("/sharing?image={}", path::encode(image.as_bytes())),
            Self::Containers { filter } => print_list("/containers", filter),
            Self::Container(container) => container.print(),
            Self::Workshops { filter } => print_list("/workshop", filter),
            Self::Workshop(workshop) => workshop.print(),
            Self::Registry(place) => place.print(),
            Self::Theatre { id } => registry::print_theatre(id.as_deref()),
            Self::Image(view) => print_view(view),
            Self::Nowhere(text) => text.clone(),
        }
    }
}

fn print_list(at: &str, filter: &str) -> String {
    match filter {
        "" => at.into(),
        filter => format!("{at}?q={}", path::encode(filter.as_bytes())),
    }
}

/// `REF`, `N` and `PATH` of an address after `/image/`.
fn split(rest: &str) -> (&str, Option<usize>, Vec<u8>) {
    let mut at = 0;
    for segment in rest.split('/') {
        let after = rest.get(at + segment.len() + 1..).unwrap_or("");
        let before = rest[..at].trim_end_matches('/');
        match segment {
            "files" if at > 0 => return (before, None, clean(after)),
            "layer" if at > 0 => {
                let (number, path) = after.split_once('/').unwrap_or((after, ""));
                if let Some(layer) = position(number) {
                    return (before, Some(layer), clean(path));
                }
            }
            _ => {}
        }
        at += segment.len() + 1;
    }
    (rest.trim_end_matches('/'), None, Vec::new())
}

fn clean(encoded: &str) -> Vec<u8> {
    path::decode(encoded.trim_matches('/'))
}

fn position(number: &str) -> Option<usize> {
    number.parse::<usize>().ok()?.checked_sub(1)
}

fn print_view(view: &View) -> String {
    let mut text = format!("/image/{}", encode_reference(&view.reference));
    if let Some(layer) = view.layer {
        push(&mut text, format_args!("/layer/{}", layer + 1));
        if !view.path.is_empty() {
            push(&mut text, format_args!("/{}", path::encode(&view.path)));
        }
    } else if !view.path.is_empty() {
        push(&mut text, format_args!("/files/{}", path::encode(&view.path)));
    }
    let mut secondary: Vec<String> = Vec::new();
    let mut say = |wanted: bool, name: &str, value: &str| {
        if wanted {
            secondary.push(format!("{name}={value}"));
        }
    };
    let numbers = |list: &[usize]| list.iter().map(|n| (n + 1).to_string()).collect::<Vec<_>>().join(",");
    say(view.remote, "source", "registry");
    say(!view.platform.is_empty(), "platform", &path::encode(view.platform.as_bytes()));
    say(view.layer.is_some() && view.merged, "view", "merged");
    say(view.upto.is_some(), "upto", &numbers(view.upto.as_slice()));
    say(!view.off.is_empty(), "off", &numbers(&view.off));
    say(view.no_ghosts, "ghosts", "off");
    say(view.hide.is_some(), "hide", &view.hide.unwrap_or_default().print());
    say(!view.filter.is_empty(), "q", &path::encode(view.filter.as_bytes()));
    say(view.tab.is_some(), "tab", view.tab.map_or("", Tab::name));
    say(view.from.is_some(), "from", &numbers(view.from.as_slice()));
    say(view.waste, "waste", "on");
    say(view.by_size, "sort", "size");
    say(view.no_attributes, "attributes", "off");
    say(view.surgery, "surgery", "on");
    if !secondary.is_empty() {
        push(&mut text, format_args!("?{}", secondary.join("&")));
    }
    text
}

fn push(text: &mut String, more: std::fmt::Arguments<'_>) {
    text.write_fmt(more).expect("a String takes every write");
}

/// Keeps `:` and `@` readable; a component that would end the reference gets its first letter encoded.
fn encode_reference(reference: &str) -> String {
    let component = |component: &str| match component {
        "files" => "%66iles".to_owned(),
        "layer" => "%6Cayer".to_owned(),
        other => path::encode(other.as_bytes()).replace("%3A", ":").replace("%40", "@"),
    };
    reference.split('/').map(component).collect::<Vec<_>>().join("/")
}

struct Query<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Query<'a> {
    fn read(search: &'a str) -> Self {
        let pairs = search.trim_start_matches('?').split('&').filter(|pair| !pair.is_empty());
        Self(pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))).collect())
    }

    fn get(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(key, _)| *key == name).map(|(_, value)| *value)
    }

    fn text(&self, name: &str) -> Option<String> {
        let decoded = path::decode(&self.get(name)?.replace('+', " "));
        Some(String::from_utf8_lossy(&decoded).into_owned())
    }
}

#[cfg(test)]
mod tests;
