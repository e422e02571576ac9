//! Archives that mean harm: refused with a clear error or contained, and the host is as it was.

mod support;

use std::{fs, path::PathBuf};

use strata_forge::{Entry, Kind, Layer};
use strata_layers::{IntakeError, Limits};
use support::{Facts, Store, tree_of};

/// A directory beside the store that no archive may touch.
struct Canary {
    at: PathBuf,
    before: std::collections::BTreeMap<Vec<u8>, Facts>,
}

impl Canary {
    fn beside(store: &Store) -> Self {
        let at = store.dir.path().join("canary");
        fs::create_dir(&at).expect("creates");
        fs::write(at.join("file"), "alive").expect("writes");
        fs::create_dir(at.join("dir")).expect("creates");
        Self { before: tree_of(&at), at }
    }

    fn is_alive(&self) -> bool {
        tree_of(&self.at) == self.before
    }
}

fn through(link: &str, target: &str) -> Layer {
    Layer::new()
        .symlink(link, target)
        .file(format!("{link}/file"), "overwritten")
        .file(format!("{link}/new"), "new")
}

#[test]
fn the_host_is_untouched() {
    let store = Store::new();
    let canary = Canary::beside(&store);
    let outside = canary.at.to_str().expect("text").to_owned();
    let file = format!("{outside}/file");
    // From <root>/tmp/<n>/fs up to the canary's parent.
    let up = "../../../../canary";
    let cases: Vec<(&str, Layer, Option<&str>)> = vec![
        ("parent", Layer::new().file(format!("{up}/file"), "x"), Some("\"..\"")),
        ("parent inside", Layer::new().dir("a").file(format!("a/../{up}/file"), "x"), Some("\"..\"")),
        ("parent alone", Layer::new().dir(".."), Some("\"..\"")),
        ("absolute", Layer::new().file(&file, "x"), None),
        ("through an absolute symlink", through("link", &outside), None),
        ("through a relative symlink", through("link", up), None),
        (
            "through two symlinks",
            Layer::new().symlink("a", "..").symlink("b", "a/../../../../canary").file("b/file", "x"),
            None,
        ),
        ("symlink at the end", Layer::new().symlink("f", &file).file("f", "x"), None),
        ("symlink then directory", Layer::new().symlink("d", &outside).dir("d").file("d/file", "x"), None),
        (
            "symlink then its mode",
            Layer::new().symlink("d", &file).with(Entry::dir("d").mode(0o777).owner(9, 9)),
            None,
        ),
        ("hard link outside", Layer::new().hardlink("h", &file).file("h", "x"), Some("not an earlier")),
        ("hard link up", Layer::new().hardlink("h", format!("{up}/file")), Some("\"..\"")),
        (
            "hard link through a symlink",
            Layer::new().symlink("l", &outside).hardlink("h", "l/file"),
            Some("not an earlier"),
        ),
        (
            "hard link to a symlink, then written",
            Layer::new().symlink("l", &file).hardlink("h", "l").file("h", "x"),
            None,
        ),
        ("whiteout of the parent", Layer::new().file(".wh...", ""), Some("not that of a whiteout")),
        ("whiteout of itself", Layer::new().file(".wh..", ""), Some("not that of a whiteout")),
        ("whiteout of nothing", Layer::new().file("a/.wh.", ""), Some("not that of a whiteout")),
        ("whiteout through a symlink", Layer::new().symlink("l", &outside).whiteout("l/file"), None),
        ("opaque through a symlink", Layer::new().symlink("l", &outside).opaque("l"), None),
        ("below a file", Layer::new().file("f", "").file("f/below", ""), Some("not a directory")),
        (
            "below a device",
            Layer::new().char_device("null", 1, 3).file("null/below", ""),
            Some("not a directory"),
        ),
        (
            "symlinks in a circle",
            Layer::new().symlink("a", "b").symlink("b", "a").file("a/x", ""),
            Some("symlinks"),
        ),
        ("root as a file", Layer::new().file("./", "x"), None),
        ("root as a symlink", Layer::new().symlink(".", &outside).file("file", "x"), Some("root")),
        (
            "a type of its own",
            Layer::new().with(Entry::new("x", Kind::Other(b'M', b"x".to_vec()))),
            Some("type"),
        ),
        ("a long name", Layer::new().file("n".repeat(256), ""), Some("256 bytes")),
        ("a deep path", Layer::new().file("d/".repeat(2100) + "f", ""), Some("4095")),
        ("a zero in a name", Layer::new().with(Entry::file("a", "").record("path", "a\0b")), None),
    ];
    for (name, layer, refused) in cases {
        match (store.stage(&layer.tar()), refused) {
            (Ok(staged), None) => {
                let taken =
                    store.layers.publish(&store.blobs, vec![staged], Vec::new()).expect(name).remove(0);
                assert!(canary.is_alive(), "{name}: after publishing");
                assert!(store.layers.remove(&taken.diff_id).expect(name), "{name}");
            }
            (Err(error), Some(message)) => {
                assert!(matches!(error, IntakeError::Archive(_)), "{name}: {error:?}");
                assert!(error.to_string().contains(message), "{name}: {error}");
            }
            // Refusing is never wrong for what may also be contained.
            (Err(error), None) => assert!(matches!(error, IntakeError::Archive(_)), "{name}: {error:?}"),
            (Ok(_), Some(message)) => panic!("{name} was taken in: expected {message:?}"),
        }
        assert!(canary.is_alive(), "{name}");
        store.assert_nothing_unfinished();
    }
}

#[test]
fn a_deep_tree_does_not_take_all_descriptors() {
    let store = Store::new();
    // Down to the longest path, up to the top, and down again beside it.
    let deep = "d/".repeat(2000);
    let mut layer = Layer::new().file(format!("{deep}f"), "deep");
    for depth in [1, 40, 60, 1999] {
        layer = layer.file(format!("{}g{depth}", "d/".repeat(depth)), "beside");
    }
    let open = || fs::read_dir("/proc/self/fd").expect("lists").count();
    let before = open();
    let bytes = layer.tar();
    let staged = store.stage(&bytes).expect("takes it in");
    let taken = store.layers.publish(&store.blobs, vec![staged], Vec::new()).expect("publishes").remove(0);
    assert_eq!(taken.totals.files, 5);
    assert!(open() < before + 100);
    assert!(store.layers.remove(&taken.diff_id).expect("removes"));
    store.assert_nothing_unfinished();
}

#[test]
fn huge_counts_and_sizes_are_limited() {
    let archive = |change: fn(&mut strata_layer::Limits)| {
        let mut limits = Limits::default();
        change(&mut limits.archive);
        Store::with(limits)
    };
    let many = (0..300).fold(Layer::new(), |layer, number| layer.file(number.to_string(), ""));
    let sparse = Layer::new().sparse("s", 1 << 45, &[(0, b"x")], strata_forge::SparseForm::Pax);
    let cases = [
        (archive(|limits| limits.entries = 100), &many, "more than 100"),
        (archive(|limits| limits.names_total = 200), &many, "more than 200"),
        (archive(|_| {}), &sparse, "more than"),
    ];
    for (store, layer, message) in cases {
        let error = store.stage(&layer.tar()).expect_err(message);
        assert!(error.to_string().contains(message), "{error}");
        store.assert_empty();
    }
}

#[test]
fn entries_that_come_again_replace_as_in_docker() {
    let store = Store::new();
    let layer = Layer::new()
        .file("file over dir/gone", "x")
        .file("file over dir", "a file")
        .symlink("dir over symlink", "file over dir")
        .dir("dir over symlink")
        .file("dir over file", "x")
        .dir("dir over file")
        .dir("dir over dir")
        .file("dir over dir/stays", "x")
        .with(Entry::dir("dir over dir").mode(0o700).xattr("user.new", "1").mtime(3))
        .file("symlink over file", "x")
        .symlink("symlink over file", "elsewhere")
        .fifo("file over pipe")
        .file("file over pipe", "x")
        .file("linked", "first")
        .hardlink("link", "linked")
        .file("linked", "second");
    let facts = tree_of(&store.tree(&store.add(&layer).diff_id));
    let kind = |path: &str| facts[path.as_bytes()].mode & 0o170_000;
    assert_eq!((kind("file over dir"), facts.contains_key(&b"file over dir/gone"[..])), (0o100_000, false));
    assert_eq!(kind("dir over symlink"), 0o040_000);
    assert_eq!(kind("dir over file"), 0o040_000);
    assert!(facts.contains_key(&b"dir over dir/stays"[..]));
    let merged = &facts[&b"dir over dir"[..]];
    assert_eq!((merged.mode & 0o777, merged.mtime, merged.xattrs.len()), (0o700, (3, 0), 1));
    assert_eq!(kind("symlink over file"), 0o120_000);
    assert_eq!(kind("file over pipe"), 0o100_000);
    assert_ne!(facts[&b"linked"[..]].content, facts[&b"link"[..]].content);
}
