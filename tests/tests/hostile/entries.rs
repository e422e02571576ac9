//! Whiteouts, devices, duplicates, names and numbers.

use crate::scene::{
    Fate::{Contained, Either, Refused},
    *,
};
use strata_forge::{Entry, Format, Layer};

#[test]
fn whiteout_tricks() {
    let absolute = range().outside.display().to_string();
    let out = || Layer::new().symlink("out", &absolute);
    let cases = vec![
        (
            "wh-through-symlink",
            image([out().file("out/.wh.canary", "").file("out/.wh..wh..opq", "")]),
            Either,
        ),
        ("wh-of-parent", image([Layer::new().dir("a").file("a/.wh...", "")]), Refused("whiteout")),
        ("wh-of-self", image([Layer::new().dir("a").file("a/.wh..", "")]), Refused("whiteout")),
        ("wh-of-nothing", image([Layer::new().file(".wh.", "")]), Refused("whiteout")),
        ("wh-up", image([Layer::new().file("../.wh.canary", "")]), Refused("..")),
        ("wh-as-symlink", image([Layer::new().symlink(".wh.x", &absolute).file("x", "y")]), Either),
        ("wh-as-directory", image([Layer::new().dir(".wh.x").file(".wh.x/inside", "y")]), Either),
        ("opaque-as-symlink", image([Layer::new().dir("d").symlink("d/.wh..wh..opq", &absolute)]), Either),
        (
            "opaque-root",
            image([Layer::new().file("a", "x"), Layer::new().file(".wh..wh..opq", "").file("b", "x")]),
            Contained,
        ),
        (
            "opaque-file",
            image([Layer::new().file("f", "x").file("f/.wh..wh..opq", "")]),
            Refused("not a directory"),
        ),
        (
            "aufs",
            image([Layer::new().file(".wh..wh.aufs", "").dir(".wh..wh.plnk").file(".wh..wh.plnk/1.2", "")]),
            Either,
        ),
        (
            "wh-then-file",
            image([Layer::new().file("x", "a"), Layer::new().whiteout("x").file("x", "b")]),
            Contained,
        ),
        (
            "file-then-wh",
            image([Layer::new().file("x", "a"), Layer::new().file("x", "b").whiteout("x")]),
            Contained,
        ),
        (
            "overlay-whiteout",
            image([Layer::new().file("x", "a"), Layer::new().char_device("x", 0, 0)]),
            Either,
        ),
        (
            "overlay-xattrs",
            image([Layer::new().with(
                Entry::dir("d")
                    .xattr("trusted.overlay.redirect", &absolute)
                    .xattr("trusted.overlay.opaque", "y")
                    .xattr("trusted.overlay.metacopy", "")
                    .xattr("user.overlay.redirect", &absolute)
                    .xattr("trusted.overlay.origin", "x"),
            )]),
            Either,
        ),
    ];
    all(cases);
}

#[test]
fn devices_and_duplicates() {
    let many = |count: usize| (0..count).fold(Layer::new(), |layer, n| layer.file("same", n.to_string()));
    let flip = Layer::new()
        .dir("x")
        .file("x/y", "1")
        .file("x", "2")
        .dir("x")
        .file("x/y", "3")
        .symlink("x", "/")
        .fifo("x");
    let cases = vec![
        (
            "devices",
            image([Layer::new()
                .block_device("sda", 8, 0)
                .char_device("mem", 1, 1)
                .char_device("kmsg", 1, 11)]),
            Contained,
        ),
        ("device-numbers", image([Layer::new().char_device("c", 4095, 1_048_575)]), Either),
        ("duplicates", image([many(200)]), Contained),
        ("kinds-in-turn", image([flip]), Contained),
        ("file-as-parent", image([Layer::new().file("a", "x").file("a/b", "y")]), Refused("not a directory")),
        (
            "device-as-parent",
            image([Layer::new().char_device("a", 1, 3).file("a/b", "y")]),
            Refused("not a directory"),
        ),
        ("same-layer-twice", image([many(2), many(2)]), Contained),
        ("setuid", image([Layer::new().with(Entry::file("su", "#!").mode(0o7777).owner(0, 0))]), Contained),
    ];
    all(cases);
}

#[test]
fn names_and_numbers() {
    let path = |bytes: &[u8]| Layer::new().with(Entry::file("x", "x").record("path", bytes));
    let record =
        |key: &str, value: &str| image([Layer::new().with(Entry::file("x", "x").record(key, value))]);
    let long = "a".repeat(300);
    let deep = "d/".repeat(2000);
    let deeper = "d/".repeat(5000);
    let cases = vec![
        ("nul", image([path(b"a\0b")]), Refused("")),
        ("long-component", image([Layer::new().file(&long, "x")]), Refused("255")),
        ("deep", image([Layer::new().file(format!("{deep}x"), "x")]), Either),
        ("deeper", image([Layer::new().file(format!("{deeper}x"), "x")]), Refused("4095")),
        (
            "controls",
            image([Layer::new()
                .file(b"\x1b[2J\x07\r\n", "x")
                .file("a\u{202e}b", "x")
                .file(b"\xff\xfe", "x")]),
            Contained,
        ),
        ("owner-too-large", record("uid", "99999999999"), Refused("")),
        ("owner-negative", record("gid", "-1"), Refused("")),
        ("size-negative", record("size", "-1"), Refused("")),
        ("size-not-a-number", record("size", "1e3"), Refused("")),
        ("size-larger-than-archive", record("size", "1099511627776"), Refused("")),
        ("time-absurd", record("mtime", "99999999999999999999.9"), Either),
        (
            "time-negative",
            image([Layer::new().with(Entry::file("x", "x").mtime(-5).format(Format::Pax))]),
            Contained,
        ),
        (
            "xattr-huge",
            image([Layer::new().with(Entry::file("x", "x").xattr("user.a", vec![1; 500_000]))]),
            Refused(""),
        ),
        ("xattr-no-name", record("SCHILY.xattr.", "x"), Either),
        ("xattr-odd-namespace", record("SCHILY.xattr.nonsense.x", "x"), Either),
        ("pax-huge", record("comment", &"c".repeat(3 << 20)), Refused("")),
    ];
    all(cases);
}
