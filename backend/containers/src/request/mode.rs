//! Modes of namespaces: `host`, `container:…` and the like.

/// A mode that may name another container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ContainerMode<'a> {
    /// The host's namespace.
    Host,
    /// That of the container with this name or id.
    Container(&'a str),
    /// Anything else, as it was written.
    Other(&'a str),
}

impl<'a> ContainerMode<'a> {
    /// Reads a mode.
    pub(crate) fn of(text: &'a str) -> Self {
        match text.split_once(':') {
            Some(("container", name)) => Self::Container(name),
            _ if text == "host" => Self::Host,
            _ => Self::Other(text),
        }
    }
}

/// The container that a mode names.
pub(crate) fn container_of(mode: &str) -> Option<&str> {
    match ContainerMode::of(mode) {
        ContainerMode::Container(name) => Some(name),
        _ => None,
    }
}
