//! Paths and links that lead outside.

use crate::scene::{
    Fate::{Contained, Either, Refused},
    *,
};
use std::path::Path;
use strata_forge::{Entry, Layer};

fn up(path: &Path) -> String {
    format!("{}{}", "../".repeat(30), path.strip_prefix("/").expect("it is absolute").display())
}

#[test]
fn paths_that_lead_outside() {
    let outside = &range().outside;
    let absolute = outside.display().to_string();
    let canary = format!("{absolute}/canary");
    let link = |target: &str| Layer::new().symlink("out", target);
    let up = up(outside);
    let cases = vec![
        ("dot-dot", image([Layer::new().file("../evil", "x")]), Refused("..")),
        ("dot-dot-deep", image([Layer::new().dir("a").file("a/../../../../evil", "x")]), Refused("..")),
        ("dot-dot-inside", image([Layer::new().dir("a").file("a/../b", "x")]), Either),
        ("dot-dot-to-canary", image([Layer::new().file(format!("{up}/canary"), "evil")]), Refused("..")),
        ("absolute", image([Layer::new().file("/evil", "x").file(&canary, "evil")]), Contained),
        (
            "through-symlink",
            image([link(&absolute).file("out/canary", "evil").file("out/evil", "x")]),
            Either,
        ),
        ("through-relative-symlink", image([link(&up).file("out/canary", "evil")]), Either),
        (
            "through-chain",
            image([link("b").symlink("b", "c").symlink("c", &absolute).file("out/canary", "evil")]),
            Either,
        ),
        (
            "through-loop",
            image([Layer::new().symlink("a", "b").symlink("b", "a").file("a/x", "x")]),
            Refused("symlink"),
        ),
        ("through-dot-symlink", image([Layer::new().symlink("here", ".").file("here/x", "x")]), Either),
        ("through-root-symlink", image([link("/").file("out/evil", "x")]), Either),
        ("through-proc", image([link("/proc/self/cwd").file("out/evil", "x")]), Either),
        ("over-symlink", image([link(&canary).file("out", "evil")]), Contained),
        (
            "dir-over-symlink",
            image([link(&absolute)
                .with(Entry::dir("out").mode(0o777).owner(1, 1))
                .file("out/canary", "evil")]),
            Contained,
        ),
        (
            "symlink-over-dir",
            image([Layer::new()
                .dir("out")
                .file("out/a", "x")
                .symlink("out", &absolute)
                .file("out/canary", "evil")]),
            Either,
        ),
        ("fifo-over-symlink", image([link(&canary).fifo("out")]), Contained),
        (
            "symlink-of-lower-layer",
            image([link(&absolute), Layer::new().file("out/canary", "evil")]),
            Contained,
        ),
        (
            "symlink-as-root",
            image([Layer::new().with(Entry::symlink(".", &absolute)).file("canary", "evil")]),
            Either,
        ),
        ("empty-name", image([Layer::new().with(Entry::file("", "x"))]), Either),
        ("root-as-file", image([Layer::new().with(Entry::file("./", "x"))]), Either),
    ];
    all(cases);
}

#[test]
fn hard_links_that_lead_outside() {
    let outside = &range().outside;
    let canary = format!("{}/canary", outside.display());
    let absolute = outside.display().to_string();
    let cases = vec![
        ("link-absolute", image([Layer::new().hardlink("stolen", &canary)]), Refused("hard link")),
        (
            "link-up",
            image([Layer::new().hardlink("stolen", format!("{}/canary", up(outside)))]),
            Refused(".."),
        ),
        (
            "link-passwd",
            image([Layer::new().hardlink("stolen", "/etc/passwd").file("stolen", "evil")]),
            Refused("hard link"),
        ),
        (
            "link-through-symlink",
            image([Layer::new().symlink("out", &absolute).hardlink("stolen", "out/canary")]),
            Refused(""),
        ),
        (
            "link-to-symlink",
            image([Layer::new().symlink("out", &canary).hardlink("copy", "out").file("copy", "evil")]),
            Contained,
        ),
        ("link-to-nothing", image([Layer::new().hardlink("stolen", "nothing")]), Refused("hard link")),
        ("link-to-itself", image([Layer::new().hardlink("me", "me")]), Refused("hard link")),
        ("link-to-directory", image([Layer::new().dir("d").hardlink("d2", "d")]), Refused("hard link")),
        ("link-to-later", image([Layer::new().hardlink("a", "b").file("b", "x")]), Refused("hard link")),
        ("link-to-whiteout", image([Layer::new().whiteout("a").hardlink("b", "a")]), Refused("hard link")),
        (
            "link-to-lower-layer",
            image([Layer::new().file("a", "x"), Layer::new().hardlink("b", "a")]),
            Refused("hard link"),
        ),
    ];
    all(cases);
}
