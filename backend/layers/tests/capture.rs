//! What a container wrote → a layer → what GNU tar and our own reader make of it.

mod support;

use std::{
    collections::BTreeMap,
    fs,
    os::unix::{
        ffi::OsStrExt as _,
        fs::{FileExt as _, PermissionsExt as _, symlink},
    },
    path::{Path, PathBuf},
};

use rustix::fs::{CWD, FileType, Mode, XattrFlags, makedev, mknodat};
use strata_layer::{Kind, LayerIndex, LayerPath, Limits, read_layer};
use strata_layers::{Captured, Marks, Written, capture};
use support::{root, run, tree_of};

struct Dirs {
    dir: tempfile::TempDir,
    upper: PathBuf,
    lowers: Vec<PathBuf>,
}

impl Dirs {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let (upper, lower) = (dir.path().join("upper"), dir.path().join("lower"));
        for path in [&upper, &lower] {
            fs::create_dir(path).expect("creates");
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("chmods");
        }
        Self { dir, upper, lowers: vec![lower] }
    }

    fn lower(&self, name: &str) {
        put(&self.lowers[0], name, b"below");
    }

    fn capture_as(&self, upper: &Path, marks: Marks) -> (Captured, Vec<u8>) {
        let mut tar = Vec::new();
        let written = Written { upper, lowers: &self.lowers, marks };
        let captured = capture(&written, &mut tar).expect("captures");
        assert_eq!(captured.size, tar.len() as u64);
        assert_eq!(captured.diff_id.0, strata_oci::Digest::of(&tar));
        (captured, tar)
    }

    fn capture(&self) -> (Captured, Vec<u8>) {
        self.capture_as(&self.upper, Marks::Trusted)
    }
}

fn put(root: &Path, name: &str, content: &[u8]) {
    let at = root.join(name);
    fs::create_dir_all(at.parent().expect("is below")).expect("creates");
    fs::write(at, content).expect("writes");
}

fn whiteout(at: &Path) {
    mknodat(CWD, at, FileType::CharacterDevice, Mode::empty(), 0).expect("makes");
}

fn index(tar: &[u8]) -> LayerIndex {
    read_layer(&mut &*tar, &Limits::default(), &mut ()).expect("reads")
}

/// What a layer lists: kind and path, in the archive's order.
fn listing(tar: &[u8]) -> Vec<String> {
    index(tar)
        .entries()
        .skip(1)
        .map(|entry| {
            let opaque = if entry.is_opaque() { "!" } else { "" };
            format!("{}{opaque} {}", entry.kind().letter(), entry.path())
        })
        .collect()
}

#[test]
fn a_layer_is_what_gnu_tar_reads() {
    if !root("owners, devices") {
        return;
    }
    let dirs = Dirs::new();
    let at = |name: &str| dirs.upper.join(name);
    put(&dirs.upper, "etc/passwd", b"root");
    put(&dirs.upper, &format!("{}/{}", "long".repeat(40), "name".repeat(50)), b"far");
    fs::write(dirs.upper.join(std::ffi::OsStr::from_bytes(b"latin \xe9")), "bytes").expect("writes");
    fs::hard_link(at("etc/passwd"), at("etc/a link")).expect("links");
    fs::hard_link(at("etc/passwd"), at("z")).expect("links");
    symlink("../etc/passwd", at("etc/link")).expect("links");
    symlink("x".repeat(300), at("far link")).expect("links");
    mknodat(CWD, at("null"), FileType::CharacterDevice, Mode::from(0o666), makedev(1, 3)).expect("makes");
    mknodat(CWD, at("pipe"), FileType::Fifo, Mode::from(0o622), 0).expect("makes");
    std::os::unix::fs::chown(at("etc/passwd"), Some(1000), Some(3_000_000)).expect("chowns");
    fs::set_permissions(at("etc/passwd"), fs::Permissions::from_mode(0o4755)).expect("chmods");
    fs::set_permissions(at("etc"), fs::Permissions::from_mode(0o1700)).expect("chmods");
    rustix::fs::setxattr(at("etc/passwd"), "user.note", b"a\0b", XattrFlags::empty()).expect("sets");
    rustix::fs::setxattr(at("etc"), "trusted.note", b"", XattrFlags::empty()).expect("sets");
    rustix::fs::setxattr(at("etc"), "trusted.overlay.origin", b"x", XattrFlags::empty()).expect("sets");
    rustix::fs::setxattr(at("etc"), "user.overlay.opaque", b"y", XattrFlags::empty()).expect("sets");
    run("touch", &["-h", "-d", "1969-12-31T23:59:58.25Z", at("etc/link").to_str().expect("text")]);
    let sparse = fs::File::create(at("sparse")).expect("creates");
    sparse.write_all_at(&[7; 5000], 3_000_000).expect("writes");
    sparse.set_len(50_000_000).expect("grows");
    let empty = fs::File::create(at("hole")).expect("creates");
    empty.set_len(1_000_000).expect("grows");
    let _socket = std::os::unix::net::UnixListener::bind(at("socket")).expect("binds");

    let (captured, tar) = dirs.capture();
    assert!(tar.len() < 40_000, "holes are not stored: {}", tar.len());
    assert_eq!(captured.left_out, []);
    let file = dirs.dir.path().join("layer.tar");
    fs::write(&file, &tar).expect("writes");
    let extracted = dirs.dir.path().join("extracted");
    fs::create_dir(&extracted).expect("creates");
    let text = |path: &Path| path.to_str().expect("text").to_owned();
    let options = ["-p", "--numeric-owner", "--same-owner", "--xattrs", "--xattrs-include=*"];
    run("tar", &[&["-C", &text(&extracted), "-xf", &text(&file)], &options[..]].concat());
    drop(_socket);
    fs::remove_file(at("socket")).expect("removes");
    let (mut expected, mut actual) = (tree_of(&dirs.upper), tree_of(&extracted));
    for tree in [&mut expected, &mut actual] {
        // The root is not in the layer, and overlay's attributes aren't.
        tree.remove(&b""[..]);
        for facts in tree.values_mut() {
            facts.xattrs.retain(|name, _| !name.contains("overlay"));
        }
    }
    assert_eq!(actual, expected);
    let blocks =
        |path: PathBuf| std::os::unix::fs::MetadataExt::blocks(&fs::metadata(path).expect("is there"));
    assert!(blocks(extracted.join("sparse")) < 100);
    let index = index(&tar);
    assert_eq!(index.totals().bytes, 4 + 3 + 5 + 50_000_000 + 1_000_000);

    // The same content elsewhere, laid out otherwise on the disk, is the same layer.
    let copy = dirs.dir.path().join("copy");
    run("cp", &["-a", "--sparse=always", &text(&dirs.upper), &text(&copy)]);
    assert_eq!(dirs.capture_as(&copy, Marks::Trusted).0, dirs.capture().0);
}

#[test]
fn deletions_are_whiteouts_of_what_is_below() {
    if !root("whiteouts") {
        return;
    }
    let dirs = Dirs::new();
    for name in ["etc/gone", "etc/kept", "dir/a", "dir/sub/b", "sock", ".wh.below"] {
        dirs.lower(name);
    }
    let at = |name: &str| dirs.upper.join(name);
    fs::create_dir(at("etc")).expect("creates");
    whiteout(&at("etc/gone"));
    whiteout(&at("etc/never was"));
    put(&dirs.upper, "dir/sub/new", b"n");
    rustix::fs::setxattr(at("dir"), "trusted.overlay.opaque", b"y", XattrFlags::empty()).expect("sets");
    rustix::fs::setxattr(at("dir/sub"), "trusted.overlay.opaque", b"y", XattrFlags::empty()).expect("sets");
    // What a container says by user.* is no mark.
    fs::create_dir(at("plain")).expect("creates");
    rustix::fs::setxattr(at("plain"), "user.overlay.opaque", b"y", XattrFlags::empty()).expect("sets");
    let _socket = std::os::unix::net::UnixListener::bind(at("sock")).expect("binds");
    put(&dirs.upper, ".wh.forged", b"");
    put(&dirs.upper, "etc/.wh..wh..opq", b"");
    let (captured, tar) = dirs.capture();
    assert_eq!(
        listing(&tar),
        ["d! dir", "d dir/sub", "- dir/sub/new", "d etc", "w etc/gone", "d plain", "w sock"]
    );
    assert_eq!(index(&tar).get(&LayerPath::parse(b"plain").expect("a path")).expect("there").xattrs(), []);
    let left_out: Vec<_> = captured.left_out.iter().map(ToString::to_string).collect();
    assert_eq!(left_out, [".wh.forged", "etc/.wh..wh..opq"]);
}

#[test]
fn the_root_is_in_the_layer_if_it_changed() {
    if !root("owners") {
        return;
    }
    let dirs = Dirs::new();
    put(&dirs.upper, "f", b"");
    let (_, tar) = dirs.capture();
    assert!(index(&tar).entry(0).is_implied());
    fs::set_permissions(&dirs.upper, fs::Permissions::from_mode(0o1777)).expect("chmods");
    let (captured, tar) = dirs.capture();
    assert_eq!((index(&tar).entry(0).mode(), captured.entries), (0o1777, 2));
}

#[test]
fn marks_of_fuse_and_of_user_namespaces_are_read() {
    let dirs = Dirs::new();
    for name in ["etc/gone", "dir/a", "over/x"] {
        dirs.lower(name);
    }
    let at = |name: &str| dirs.upper.join(name);
    put(&dirs.upper, "etc/.wh.gone", b"");
    put(&dirs.upper, "dir/.wh..wh..opq", b"");
    fs::create_dir(at("over")).expect("creates");
    rustix::fs::setxattr(at("over"), "user.fuseoverlayfs.opaque", b"y", XattrFlags::empty()).expect("sets");
    let (_, tar) = dirs.capture_as(&dirs.upper, Marks::Fuse);
    assert_eq!(listing(&tar), ["d! dir", "d etc", "w etc/gone", "d! over"]);

    let dirs = Dirs::new();
    dirs.lower("dir/a");
    dirs.lower("f");
    fs::create_dir(dirs.upper.join("dir")).expect("creates");
    rustix::fs::setxattr(dirs.upper.join("dir"), "user.overlay.opaque", b"y", XattrFlags::empty())
        .expect("sets");
    put(&dirs.upper, "f", b"");
    rustix::fs::setxattr(dirs.upper.join("f"), "user.overlay.whiteout", b"y", XattrFlags::empty())
        .expect("sets");
    let (_, tar) = dirs.capture_as(&dirs.upper, Marks::User);
    assert_eq!(listing(&tar), ["d! dir", "w f"]);
}

#[test]
fn a_copy_is_compared() {
    let dirs = Dirs::new();
    for name in ["etc/gone", "etc/kept", "same", "dir/a", "kind/x"] {
        dirs.lower(name);
    }
    run("cp", &["-a", &format!("{}/.", dirs.lowers[0].display()), dirs.upper.to_str().expect("text")]);
    fs::remove_file(dirs.upper.join("etc/gone")).expect("removes");
    fs::remove_dir_all(dirs.upper.join("kind")).expect("removes");
    put(&dirs.upper, "kind", b"a file");
    put(&dirs.upper, "dir/new", b"n");
    let (_, tar) = dirs.capture_as(&dirs.upper, Marks::Copy);
    assert_eq!(listing(&tar), ["d dir", "- dir/new", "d etc", "w etc/gone", "- kind"]);
}

#[test]
fn a_name_left_out_does_not_take_the_file_with_it() {
    let dirs = Dirs::new();
    put(&dirs.upper, ".wh.a", b"1");
    fs::hard_link(dirs.upper.join(".wh.a"), dirs.upper.join("b")).expect("links");
    let (captured, tar) = dirs.capture();
    assert_eq!(listing(&tar), ["- b"]);
    assert_eq!(captured.left_out.len(), 1);
    let kinds: BTreeMap<_, _> =
        index(&tar).entries().map(|entry| (entry.path().to_string(), entry.kind())).collect();
    assert_eq!(kinds["b"], Kind::File);
}
