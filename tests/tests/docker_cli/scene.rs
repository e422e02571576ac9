//! The two engines, their registries and their images.

use serde_json::Value;
use std::sync::OnceLock;
use strata_tests::{
    Docker,
    duel::{Arena, Duel},
    fixture, skip_without,
};

/// What a scenario needs to know besides the engines.
pub(crate) struct Names {
    /// `127.0.0.1:PORT/` of the registry that is open to everybody.
    pub(crate) open: String,
    /// Likewise of the one that wants a login.
    pub(crate) closed: String,
}

impl Names {
    pub(crate) fn open(&self, name: &str) -> String {
        format!("{}{name}", self.open)
    }

    pub(crate) fn closed(&self, name: &str) -> String {
        format!("{}{name}", self.closed)
    }
}

pub(crate) fn arena() -> &'static Arena {
    static ARENA: OnceLock<Arena> = OnceLock::new();
    ARENA.get_or_init(|| {
        let arena = Arena::start();
        let images = [
            ("demo", fixture::demo().build()),
            ("demo:v1", fixture::demo().build()),
            ("demo:other", fixture::other().build()),
            ("decoy", fixture::other().build()),
            ("team/tool:1.0", fixture::small("tool").build()),
            ("moving", fixture::small("first").build()),
            ("box", fixture::busybox().build()),
        ];
        for (name, image) in &images {
            fixture::push(&arena.skopeo, image, &arena.open.name(name));
        }
        fixture::push(&arena.skopeo, &images[0].1, &arena.closed.name("private"));
        arena
    })
}

/// Runs a scenario with each client, starting with no images.
pub(crate) fn each(scenario: impl Fn(&Duel<'_>, &Names)) {
    if skip_without(&["dockerd", "docker-registry", "skopeo", "docker"]) {
        return;
    }
    let arena = arena();
    let names = Names { open: arena.open.name(""), closed: arena.closed.name("") };
    for (version, program) in Docker::installed() {
        eprintln!("docker {version}");
        scenario(&arena.scenario(&program), &names);
    }
}

/// [`each`] with `demo`, `demo:v1` (the same image), `decoy` (shares a layer) and `team/tool:1.0` in both engines.
pub(crate) fn with_images(scenario: impl Fn(&Duel<'_>, &Names)) {
    each(|duel, names| {
        for name in ["demo", "demo:v1", "decoy", "team/tool:1.0"] {
            duel.prepare(&["pull", "--quiet", &names.open(name)]);
        }
        scenario(duel, names);
    });
}

/// The id of an image, `sha256:…`.
pub(crate) fn id(duel: &Duel<'_>, name: &str) -> String {
    duel.clients().0.run(&["image", "inspect", "--format", "{{.Id}}", name]).ok().text().to_owned()
}

/// Errors without the part of a reference that is wrong, which Strata names and dockerd doesn't, and without what dockerd
/// says twice or adds on some ways only (`no such image: x: No such image: x:latest`).
pub(crate) fn unnamed(text: &str) -> String {
    let once = |line: &str| match line.split_once("no such image: ") {
        Some((before, rest)) => {
            let start = rest
                .find(": No such image")
                .or_else(|| rest.find(": invalid reference"))
                .map_or(0, |at| at + 2);
            format!("{before}{}", &rest[start..])
        }
        None => line.to_owned(),
    };
    let text = text.lines().map(once).collect::<Vec<_>>().join("\n");
    let text = match text.split_once("repository name (") {
        Some((before, rest)) => {
            let (_, after) = rest.split_once(") must be").unwrap_or(("", rest));
            format!("{before}repository name must be{after}")
        }
        None => text,
    };
    text.replace("No such image: sha256:", "No such image: ")
}

/// An inspection without what an engine says of itself: where its own files are, and when it stored the tag.
pub(crate) fn without_own(text: &str) -> String {
    let Ok(Value::Array(mut images)) = serde_json::from_str::<Value>(text) else { return text.to_owned() };
    for image in &mut images {
        let driver = &mut image["GraphDriver"];
        // Paths. dockerd also says where it would mount the image; Strata has no such place.
        if let Some(data) = driver["Data"].as_object_mut() {
            data.retain(|key, _| key == "LowerDir" || key == "UpperDir");
            data.values_mut().for_each(|value| *value = "a path".into());
        }
        if image["Metadata"]["LastTagTime"].is_string() {
            image["Metadata"]["LastTagTime"] = "a time".into();
        }
    }
    serde_json::to_string_pretty(&images).expect("JSON can be written")
}
