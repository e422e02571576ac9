//! Trees of a container that means harm: copied out, copied in, never left.

mod support;

use std::{
    fs,
    io::Read,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink},
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering},
};

use strata_forge::{Entry, Layer};
use strata_layer::{LayerPath, Limits, read_layer};
use strata_layers::{ArchiveError, ExtractOptions, Located, archive, extract, locate, open_inside};
use support::{run, tree_of};

/// A root, and beside it what nobody may reach.
struct Container {
    dir: tempfile::TempDir,
    root: PathBuf,
}

impl Container {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let root = dir.path().join("root");
        fs::create_dir_all(root.join("etc")).expect("creates");
        fs::write(root.join("etc/passwd"), "the container's").expect("writes");
        fs::create_dir(dir.path().join("secret")).expect("creates");
        fs::write(dir.path().join("secret/key"), "the host's").expect("writes");
        Self { dir, root }
    }

    fn link(&self, name: &str, target: &str) {
        symlink(target, self.root.join(name)).expect("links");
    }

    fn locate(&self, path: &str) -> Result<Located, ArchiveError> {
        locate(&self.root, path.as_bytes())
    }

    /// The names and contents of an archive of a path.
    fn read(&self, path: &str, shown: &str) -> Result<Vec<(String, String)>, ArchiveError> {
        let mut tar = Vec::new();
        archive(&self.root, path.as_bytes(), shown.as_bytes(), &mut tar)?;
        let mut seen = Seen(Vec::new());
        read_layer(&mut &tar[..], &Limits::default(), &mut seen).expect("reads");
        Ok(seen.0)
    }

    fn write(&self, path: &str, layer: &Layer) -> Result<(), ArchiveError> {
        self.write_with(path, layer, &ExtractOptions::default())
    }

    fn write_with(&self, path: &str, layer: &Layer, options: &ExtractOptions) -> Result<(), ArchiveError> {
        extract(&self.root, path.as_bytes(), &layer.tar()[..], options)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.root.join(name)).expect("reads")
    }

    fn host_is_untouched(&self) {
        assert_eq!(fs::read_to_string(self.dir.path().join("secret/key")).expect("reads"), "the host's");
        assert_eq!(fs::read_dir(self.dir.path().join("secret")).expect("lists").count(), 1);
        assert_eq!(fs::read_dir(self.dir.path()).expect("lists").count(), 2);
    }
}

struct Seen(Vec<(String, String)>);

impl strata_layer::Sink for Seen {
    type Error = std::io::Error;

    fn entry(&mut self, entry: &strata_layer::Entry, content: &mut dyn Read) -> Result<(), std::io::Error> {
        let mut text = String::new();
        content.read_to_string(&mut text)?;
        if !entry.implied {
            let link = String::from_utf8_lossy(&entry.link);
            self.0.push((format!("{} {}", entry.kind.letter(), entry.path), format!("{text}{link}")));
        }
        Ok(())
    }

    fn opaque(&mut self, _: &LayerPath) -> Result<(), std::io::Error> {
        Ok(())
    }
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
}

#[test]
fn paths_are_located_as_the_container_sees_them() {
    let container = Container::new();
    container.link("abs", "/etc");
    container.link("up", "../../../../etc/passwd");
    container.link("dead", "/nowhere/x");
    container.link("host", &container.dir.path().join("secret").display().to_string());
    container.link("a", "b");
    container.link("b", "a");
    let found = container.locate("/abs/passwd").expect("is there");
    assert_eq!((found.path.to_string(), found.size, found.target), ("etc/passwd".into(), 15, None));
    let target = |path: &str| {
        let target = container.locate(path).expect("is there").target.expect("a symlink");
        String::from_utf8(target).expect("text")
    };
    assert_eq!(
        (target("abs"), target("up"), target("dead")),
        ("/etc".into(), "/etc/passwd".into(), "/nowhere/x".into())
    );
    assert_eq!(container.locate("abs/.").expect("is there").path.to_string(), "etc");
    assert!(container.locate("/").expect("is there").path.is_root());
    assert!(container.locate("/../..").expect("is there").path.is_root());
    for (path, wrong) in
        [("host/key", "no file"), ("x", "no file"), ("etc/passwd/x", "not a dir"), ("a/", "lead nowhere")]
    {
        let error = container.locate(path).expect_err(path).to_string();
        assert!(error.contains(wrong), "{path}: {error}");
    }
    assert_eq!(
        container.locate("etc/passwd/").expect_err("a file").to_string(),
        "etc/passwd/ is not a directory"
    );
}

#[test]
fn what_is_copied_out_is_the_containers() {
    let container = Container::new();
    let secret = container.dir.path().join("secret");
    container.link("etc/abs", &secret.join("key").display().to_string());
    container.link("etc/up", "../../secret/key");
    container.link("dir", &secret.display().to_string());
    container.link("fd", "/proc/self/fd/3");
    container.link("cwd", "/proc/self/cwd/secret");
    let files = container.read("/etc", "etc").expect("reads");
    let link = secret.join("key").display().to_string();
    let expected = [
        ("d etc", ""),
        ("l etc/abs", &*link),
        ("- etc/passwd", "the container's"),
        ("l etc/up", "../../secret/key"),
    ];
    assert_eq!(files, pairs(&expected));
    let names = |path: &str, shown: &str| {
        container.read(path, shown).expect("reads").into_iter().map(|(name, _)| name).collect::<Vec<_>>()
    };
    assert_eq!(names("etc/passwd", "renamed"), ["- renamed"]);
    assert_eq!(names("dir", "dir"), ["l dir"]);
    assert_eq!(names("/", ""), ["l cwd", "l dir", "d etc", "l etc/abs", "- etc/passwd", "l etc/up", "l fd"]);
    for path in ["dir/key", "dir/", "etc/up/", "../secret/key", "fd/", "cwd/key"] {
        assert!(container.read(path, "x").is_err(), "{path}");
    }
}

#[test]
fn single_files_are_opened_as_the_container_would() {
    let container = Container::new();
    container.link("abs", "/etc/passwd");
    container.link("host", &container.dir.path().join("secret/key").display().to_string());
    run("mkfifo", &[container.root.join("pipe").to_str().expect("text")]);
    let read = |path: &str| -> Result<String, ArchiveError> {
        let mut text = String::new();
        open_inside(&container.root, path.as_bytes())?.read_to_string(&mut text).expect("reads");
        Ok(text)
    };
    assert_eq!(read("abs").expect("reads"), "the container's");
    assert_eq!(read("../etc/./passwd").expect("reads"), "the container's");
    assert!(matches!(read("host"), Err(ArchiveError::NotFound(_))));
    for path in ["pipe", "etc", "/"] {
        assert!(matches!(read(path), Err(ArchiveError::NotFile(_))), "{path}");
    }
}

#[test]
fn the_links_of_procfs_are_not_followed() {
    let container = Container::new();
    fs::create_dir(container.root.join("proc")).expect("creates");
    let mounted = std::process::Command::new("mount")
        .args(["-t", "proc", "proc"])
        .arg(container.root.join("proc"))
        .status()
        .is_ok_and(|status| status.success());
    if !mounted {
        eprintln!("LEFT OUT: cannot mount proc");
        return;
    }
    container.link("host", "/proc/1/root");
    container.link("self", "/proc/self/root");
    let found: Vec<_> =
        ["proc/1/root/etc/passwd", "host/etc/passwd", "self/etc/", "proc/self/cwd/", "proc/self/fd/0/"]
            .map(|path| container.locate(path).is_err())
            .into();
    let into = container.write("host/tmp", &Layer::new().file("strata-escaped", "x"));
    run("umount", &[container.root.join("proc").to_str().expect("text")]);
    assert_eq!(found, [true; 5]);
    assert!(into.is_err(), "{into:?}");
    assert!(!fs::exists("/tmp/strata-escaped").expect("looks"));
}

#[test]
fn what_is_copied_in_stays_inside() {
    let container = Container::new();
    let secret = container.dir.path().join("secret");
    container.link("host", &secret.display().to_string());
    container.link("up", "../secret");
    container.link("loop", "loop");
    let file = Layer::new().file("key", "mine");
    for path in ["host", "up", "loop", "etc/passwd", "nowhere"] {
        assert!(container.write(path, &file).is_err(), "{path}");
    }
    // Symlinks in the container, at the end and on the way.
    container.link("etc/key", &secret.join("key").display().to_string());
    container.write("etc", &file).expect("replaces the symlink");
    assert_eq!(container.text("etc/key"), "mine");
    container.write("/", &Layer::new().file("up/key", "mine")).expect_err("leads to nothing in there");
    // Symlinks in the archive.
    let planted = Layer::new().symlink("s", secret.display().to_string()).file("s/key", "mine");
    let _ = container.write("/", &planted);
    let dots = Layer::new().with(Entry::file("../secret/key", "mine"));
    assert!(matches!(container.write("etc", &dots), Err(ArchiveError::Refused(_))));
    let stolen = Layer::new().hardlink("stolen", "../../secret/key");
    assert!(container.write("etc", &stolen).is_err());
    // `..` of the destination stays inside, as in a chroot.
    container.write("../../etc", &Layer::new().file("below", "1")).expect("extracts");
    assert_eq!(container.text("etc/below"), "1");
    container.host_is_untouched();
}

#[test]
fn directories_merge_and_all_else_is_replaced() {
    let container = Container::new();
    fs::create_dir_all(container.root.join("d/sub")).expect("creates");
    fs::write(container.root.join("d/kept"), "kept").expect("writes");
    fs::write(container.root.join("f"), "old").expect("writes");
    let layer = Layer::new()
        .with(Entry::dir("d").mode(0o2711).mtime(5))
        .with(Entry::file("d/new", "new").mode(0o4750).mtime(7).xattr("user.note", "1"))
        .hardlink("d/same", "d/new")
        .file("f", "new");
    container.write("/", &layer).expect("extracts");
    let at = |name: &str| fs::symlink_metadata(container.root.join(name)).expect("is there");
    assert_eq!(
        (container.text("d/kept"), container.text("d/new"), container.text("f")),
        ("kept".into(), "new".into(), "new".into())
    );
    assert_eq!((at("d").permissions().mode() & 0o7777, at("d").mtime()), (0o2711, 5));
    assert_eq!(
        (at("d/new").permissions().mode() & 0o7777, at("d/new").mtime(), at("d/new").nlink()),
        (0o4750, 7, 2)
    );
    assert_eq!(tree_of(&container.root)[&b"d/new"[..]].xattrs["user.note"], b"1");

    let keep = ExtractOptions { keep_kinds: true, ..ExtractOptions::default() };
    let over =
        container.write_with("/", &Layer::new().file("d", "x"), &keep).expect_err("a directory is there");
    assert_eq!(over.to_string(), "cannot overwrite directory \"d\" with non-directory");
    let over = container.write_with("/", &Layer::new().dir("f"), &keep).expect_err("a file is there");
    assert_eq!(over.to_string(), "cannot overwrite non-directory \"f\" with directory");
    container.write("/", &Layer::new().file("d", "x").dir("f")).expect("replaces");
    assert!(at("d").is_file() && at("f").is_dir());
    let marked = container.write("/", &Layer::new().whiteout("etc")).expect_err("a mark");
    assert!(matches!(marked, ArchiveError::Mark(_)), "{marked}");
    assert!(at("etc").is_dir());
}

#[test]
fn owners_can_be_said() {
    if !support::root("owners") {
        return;
    }
    let container = Container::new();
    let options = ExtractOptions { owner: Some((7, 8)), ..ExtractOptions::default() };
    let layer = Layer::new().with(Entry::file("a/f", "x").owner(1, 2)).symlink("l", "f");
    container.write_with("/", &layer, &options).expect("extracts");
    for name in ["a", "a/f", "l"] {
        let found = fs::symlink_metadata(container.root.join(name)).expect("is there");
        assert_eq!((found.uid(), found.gid()), (7, 8), "{name}");
    }
}

/// A program in the container swaps a directory with a symlink to the host's while we work in it.
#[test]
fn a_race_does_not_lead_out() {
    let container = Container::new();
    let (root, done) = (container.root.clone(), AtomicBool::new(false));
    fs::create_dir(root.join("real")).expect("creates");
    symlink(container.dir.path().join("secret"), root.join("trap")).expect("links");
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                let swap = rustix::fs::RenameFlags::EXCHANGE;
                let _ = rustix::fs::renameat_with(
                    rustix::fs::CWD,
                    root.join("real"),
                    rustix::fs::CWD,
                    root.join("trap"),
                    swap,
                );
            }
        });
        let layer = Layer::new().dir("real").file("real/key", "mine").file("real/x", "x");
        for _ in 0..300 {
            let _ = container.write("/", &layer);
            let _ = container.write("real", &Layer::new().file("key", "mine"));
            for path in ["real/key", "real/", "/"] {
                let out = container.read(path, "x").unwrap_or_default();
                assert!(out.iter().all(|(_, text)| text != "the host's"), "{path}: {out:?}");
            }
            if !root.join("real").exists() && !root.join("trap").exists() {
                fs::create_dir(root.join("real")).expect("creates");
            }
        }
        done.store(true, Ordering::Relaxed);
    });
    container.host_is_untouched();
}
