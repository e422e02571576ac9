//! What we make of an archive against what GNU tar makes of it, and the union of indexes against a real mount.

mod support;

use std::{
    collections::BTreeMap,
    fs,
    os::unix::{
        ffi::OsStrExt as _,
        fs::{MetadataExt as _, PermissionsExt as _, symlink},
    },
    path::{Path, PathBuf},
    sync::Arc,
};

use rustix::fs::{CWD, FileType, Mode, XattrFlags, makedev, mknodat};
use strata_forge::{Compression, Entry, Kind, Layer, SparseForm, compress};
use strata_layer::{LayerSet, Stack, Union};
use support::{Facts, Store, root, run, tree_of};

/// A tree with everything that a file system can hold.
fn odd_tree(at: &Path) {
    let path = |name: &str| at.join(name);
    let touch = |name: &str, nanos: u32| {
        let time = format!("2001-02-03T04:05:06.{nanos:09}Z");
        run("touch", &["-h", "-d", &time, path(name).to_str().expect("text")]);
    };
    let long = format!("{}/{}", "d".repeat(180), "e".repeat(180));
    fs::create_dir_all(path(&long)).expect("creates");
    fs::write(path(&format!("{long}/{}", "f".repeat(200))), "far away").expect("writes");
    fs::create_dir_all(path("bin")).expect("creates");
    fs::write(path("bin/su"), "setuid").expect("writes");
    fs::write(path("bin/ping"), "capable").expect("writes");
    // cap_net_raw=ep
    let capability = [1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    for (name, mode, owner) in [("bin/su", 0o6755, (0, 12)), ("bin/ping", 0o711, (1000, 1000))] {
        std::os::unix::fs::chown(path(name), Some(owner.0), Some(owner.1)).expect("chowns");
        fs::set_permissions(path(name), fs::Permissions::from_mode(mode)).expect("chmods");
    }
    rustix::fs::setxattr(path("bin/ping"), "security.capability", &capability, XattrFlags::empty())
        .expect("sets");
    rustix::fs::setxattr(path("bin/su"), "user.note", b"a\0b", XattrFlags::empty()).expect("sets");
    rustix::fs::setxattr(path("bin"), "trusted.note", b"t", XattrFlags::empty()).expect("sets");
    fs::hard_link(path("bin/su"), path("another name")).expect("links");
    symlink("../bin/su", path("bin/link")).expect("links");
    symlink("/nowhere/at/all", path("dangling")).expect("links");
    fs::hard_link(path("dangling"), path("hard to dangling")).expect("links");
    std::os::unix::fs::lchown(path("dangling"), Some(7), Some(8)).expect("chowns");
    fs::write(path("caf\u{e9} \u{4e2d}\u{6587} \n"), "utf-8").expect("writes");
    fs::write(at.join(std::ffi::OsStr::from_bytes(b"latin \xe9 \x80")), "not utf-8").expect("writes");
    mknodat(CWD, path("null"), FileType::CharacterDevice, Mode::from(0o666), makedev(1, 3)).expect("makes");
    mknodat(CWD, path("disk"), FileType::BlockDevice, Mode::from(0o660), makedev(259, 7)).expect("makes");
    mknodat(CWD, path("pipe"), FileType::Fifo, Mode::from(0o622), 0).expect("makes");
    fs::create_dir(path("shared")).expect("creates");
    fs::set_permissions(path("shared"), fs::Permissions::from_mode(0o2775)).expect("chmods");
    std::os::unix::fs::chown(path("shared"), None, Some(50)).expect("chowns");
    fs::write(path("shared/roots own"), "group 0 in a directory of group 50").expect("writes");
    std::os::unix::fs::chown(path("shared/roots own"), None, Some(0)).expect("chowns");
    fs::create_dir(path("shared/plain")).expect("creates");
    std::os::unix::fs::chown(path("shared/plain"), None, Some(0)).expect("chowns");
    fs::set_permissions(path("shared/plain"), fs::Permissions::from_mode(0o755)).expect("chmods");
    fs::create_dir(path("locked")).expect("creates");
    fs::write(path("locked/inside"), "mode 0").expect("writes");
    fs::set_permissions(path("locked/inside"), fs::Permissions::from_mode(0o000)).expect("chmods");
    fs::write(path("large"), vec![7; 3_000_000]).expect("writes");
    let sparse = fs::File::create(path("sparse")).expect("creates");
    std::os::unix::fs::FileExt::write_all_at(&sparse, b"middle", 5_000_000).expect("writes");
    sparse.set_len(20_000_000).expect("grows");
    fs::write(path("empty"), "").expect("writes");
    for (number, name) in
        ["large", "bin/link", "bin", "empty", "locked/inside", "shared/plain", "shared"].iter().enumerate()
    {
        touch(name, 1_000 * number as u32);
    }
    fs::set_permissions(path("locked"), fs::Permissions::from_mode(0o000)).expect("chmods");
    touch("locked", 999_999_999);
}

#[test]
fn a_tree_is_as_gnu_tar_extracts_it() {
    if !root("owners, devices, capabilities") {
        return;
    }
    let dir = tempfile::tempdir().expect("a directory");
    let source = dir.path().join("source");
    fs::create_dir(&source).expect("creates");
    odd_tree(&source);
    let text = |path: &PathBuf| path.to_str().expect("text").to_owned();
    let xattrs = ["--xattrs", "--xattrs-include=*"];
    for (format, options) in
        [("posix", &xattrs[..]), ("gnu", &[]), ("posix", &["--sparse"]), ("gnu", &["--sparse"])]
    {
        let (tar, extracted) = (dir.path().join("layer.tar"), dir.path().join("extracted"));
        let format = format!("--format={format}");
        let pack = ["-C", &text(&source), "-cf", &text(&tar), "--numeric-owner", &format];
        run("tar", &[&pack[..], options, &["."]].concat());
        fs::create_dir(&extracted).expect("creates");
        let unpack = ["-C", &text(&extracted), "-xf", &text(&tar), "-p", "--numeric-owner", "--same-owner"];
        run("tar", &[&unpack[..], &xattrs].concat());

        let store = Store::new();
        let taken = store.publish(&compress(&fs::read(&tar).expect("reads"), Compression::Gzip(1)));
        let tree = store.tree(&taken.diff_id);
        assert_same(&tree_of(&extracted), &tree_of(&tree), &format!("{format} {options:?}"));
        if options.contains(&"--sparse") {
            let blocks = fs::metadata(tree.join("sparse")).expect("is there").blocks();
            assert!(blocks * 512 < 1 << 20, "{format}: the sparse file takes {blocks} blocks");
        }
        fs::remove_dir_all(&extracted).expect("removes");
    }
}

fn assert_same(expected: &BTreeMap<Vec<u8>, Facts>, actual: &BTreeMap<Vec<u8>, Facts>, what: &str) {
    for (path, facts) in expected {
        let name = String::from_utf8_lossy(path);
        assert_eq!(actual.get(path), Some(facts), "{what}: {name}");
    }
    assert_eq!(expected.len(), actual.len(), "{what}");
}

/// Layers over which everything happens that can happen to a path.
fn stack() -> Vec<Layer> {
    let xattr = Entry::file("etc/caps", "x").xattr("user.a", "1");
    let bottom = Layer::new()
        .with(Entry::dir("./").mode(0o711))
        .dir("etc")
        .file("etc/passwd", "root")
        .file("etc/shadow", "secret")
        .with(xattr)
        .dir("opaque")
        .file("opaque/old", "old")
        .dir("opaque/sub")
        .file("opaque/sub/old", "old")
        .dir("replaced by file")
        .file("replaced by file/inside", "inside")
        .file("replaced by dir", "was a file")
        .symlink("link to dir", "etc")
        .file("usr/share/doc", "implied parents")
        .hardlink("usr/share/hard", "usr/share/doc")
        .dir("gone and back")
        .file("gone and back/before", "before")
        .dir("gone")
        .file("gone/deep/down", "x")
        .sparse("sparse", 1 << 20, &[(4096, b"here")], SparseForm::Gnu)
        .fifo("pipe");
    let middle = Layer::new()
        .with(Entry::file("etc/passwd", "root and others").mode(0o600).owner(3, 4))
        .whiteout("etc/shadow")
        .dir("opaque")
        .opaque("opaque")
        .file("opaque/new", "new")
        .file("replaced by file", "now a file")
        .dir("replaced by dir")
        .file("replaced by dir/inside", "inside")
        .dir("link to dir")
        .file("link to dir/passwd", "not etc's")
        .whiteout("gone and back")
        .dir("gone and back")
        .file("gone and back/after", "after")
        .whiteout("gone")
        .whiteout("never there")
        .with(Entry::dir("usr").mode(0o750))
        .dir("usr/share")
        .symlink("late", "etc/passwd");
    // Markers after what they are beside, an implied directory over a whiteout, and entries that come twice.
    let top = Layer::new()
        .file("replaced by dir/late", "marker follows")
        .with(Entry::file("replaced by dir/.wh..wh..opq", ""))
        .with(Entry::dir("etc").mode(0o700).mtime(5))
        .file("gone/again", "in an implied directory")
        .file("twice", "first")
        .file("twice", "second, longer")
        .file("thing", "a file")
        .dir("thing")
        .file("thing/inside", "inside")
        .whiteout("late")
        .file("late", "whiteout and file")
        .whiteout("opaque/new");
    vec![bottom, middle, top]
}

#[test]
fn a_mount_shows_what_the_union_of_the_indexes_says() {
    if !root("overlay mounts") {
        return;
    }
    let store = Store::new();
    let ids: Vec<_> = stack().iter().map(|layer| store.add(layer).diff_id).collect();
    let indexes = ids.iter().map(|id| Arc::new(store.layers.layer_index(id).expect("reads"))).collect();
    let stack = Stack::new(indexes);
    for count in 1..=ids.len() {
        let mount = Mount::of(&store, &ids[..count]);
        let merged = tree_of(&mount.at);
        let union = Union::of(&stack, &LayerSet::up_to(stack.len(), count - 1));
        let mut seen = 0;
        for (id, _) in union.nodes().iter().enumerate().filter(|(_, node)| !node.is_ghost()) {
            let entry = union.entry(id as u32);
            let path = union.path(id as u32);
            let what = format!("{path} of {count} layers");
            let facts = merged.get(path.as_bytes()).unwrap_or_else(|| panic!("{what} is not in the mount"));
            seen += 1;
            let implied = ids[..count].iter().any(|id| {
                let index = store.layers.layer_index(id).expect("reads");
                index.get(&path).is_some_and(|entry| entry.is_implied())
            });
            // A directory that some layer only implies has the metadata that the layer's tree gives it.
            if !implied && !path.is_root() {
                assert_eq!(facts.mode & 0o7777, u32::from(entry.mode()), "{what}");
                assert_eq!(facts.owner, (entry.uid(), entry.gid()), "{what}");
                let mtime = (entry.mtime().seconds, i64::from(entry.mtime().nanos));
                assert_eq!(facts.mtime, mtime, "{what}");
            }
            if entry.resolved_kind() == strata_layer::Kind::File {
                assert_eq!(facts.size, entry.size(), "{what}");
                let bytes =
                    fs::read(mount.at.join(std::ffi::OsStr::from_bytes(path.as_bytes()))).expect("reads");
                assert_eq!(xxhash_rust::xxh3::xxh3_128(&bytes), entry.hash(), "{what}");
            }
            if let Some(target) = entry.symlink() {
                assert_eq!(facts.content, format!("{:?}", std::ffi::OsStr::from_bytes(target)), "{what}");
            }
            let xattrs: BTreeMap<_, _> =
                facts.xattrs.iter().map(|(name, value)| (name.as_bytes(), &value[..])).collect();
            let expected: BTreeMap<_, _> = entry.xattrs().iter().map(|x| (&*x.name, &*x.value)).collect();
            assert_eq!(xattrs, expected, "{what}");
        }
        let shown = |path: &&Vec<u8>| {
            let path = strata_layer::LayerPath::parse(path).expect("a path");
            union.find(&path).is_some_and(|id| !union.node(id).is_ghost())
        };
        let extra: Vec<_> = merged.keys().filter(|path| !shown(path)).collect();
        assert_eq!(seen, merged.len(), "only in the mount of {count} layers: {extra:?}");
    }
}

/// An overlay of layers, taken down when dropped.
struct Mount {
    at: PathBuf,
    _dir: tempfile::TempDir,
}

impl Mount {
    fn of(store: &Store, bottom_first: &[strata_oci::DiffId]) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let (at, empty) = (dir.path().join("merged"), dir.path().join("empty"));
        fs::create_dir(&at).expect("creates");
        // Overlay wants two lowers.
        fs::create_dir(&empty).expect("creates");
        let mut lowers: Vec<String> =
            bottom_first.iter().rev().map(|id| store.tree(id).to_str().expect("text").into()).collect();
        lowers.push(empty.to_str().expect("text").into());
        let options = format!("lowerdir={}", lowers.join(":"));
        run("mount", &["-t", "overlay", "overlay", "-o", &options, at.to_str().expect("text")]);
        Self { at, _dir: dir }
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        run("umount", &[self.at.to_str().expect("text")]);
    }
}

#[test]
fn whiteouts_share_an_inode_and_opaque_is_overlays_own_mark() {
    if !root("trusted attributes") {
        return;
    }
    let store = Store::new();
    let many = (0..300)
        .fold(Layer::new().dir("d").opaque("d"), |layer, n| layer.whiteout(format!("d{}/{n}", n % 7)));
    let tree = store.tree(&store.add(&many).diff_id);
    let facts = tree_of(&tree);
    let whiteouts: Vec<_> = facts.values().filter(|facts| facts.mode & 0o170_000 == 0o020_000).collect();
    assert_eq!(whiteouts.len(), 300);
    assert!(whiteouts.iter().all(|facts| facts.device == 0 && facts.links == 300));
    assert_eq!(
        facts[&b"d"[..]].xattrs,
        BTreeMap::from([("trusted.overlay.opaque".to_owned(), b"y".to_vec())])
    );
}

#[test]
fn an_archive_cannot_speak_to_overlay() {
    let store = Store::new();
    let mut file = Entry::new("f", Kind::File(b"x".to_vec())).xattr("user.kept", "1");
    for name in [
        "trusted.overlay.redirect",
        "trusted.overlay.metacopy",
        "user.overlay.whiteout",
        "user.overlay.opaque",
    ] {
        file = file.xattr(name, "y");
    }
    let dir = Entry::dir("d").xattr("trusted.overlay.opaque", "y").xattr("user.overlay.opaque", "x");
    let facts = tree_of(&store.tree(&store.add(&Layer::new().with(file).with(dir)).diff_id));
    assert_eq!(facts[&b"f"[..]].xattrs, BTreeMap::from([("user.kept".to_owned(), b"1".to_vec())]));
    assert_eq!(facts[&b"d"[..]].xattrs, BTreeMap::new());
}

#[test]
fn a_default_acl_is_not_inherited_inside_the_archive() {
    if !root("owners") {
        return;
    }
    // user::rwx user:5:rwx group::r-x mask::rwx other::---
    let entry = |tag: u16, perm: u16, id: u32| {
        [&tag.to_le_bytes()[..], &perm.to_le_bytes(), &id.to_le_bytes()].concat()
    };
    let none = u32::MAX;
    let acl = [
        2_u32.to_le_bytes().to_vec(),
        entry(1, 7, none),
        entry(2, 7, 5),
        entry(4, 5, none),
        entry(16, 7, none),
        entry(32, 0, none),
    ]
    .concat();
    let layer = Layer::new()
        .with(Entry::dir("d").xattr("system.posix_acl_default", &acl).mtime(9))
        .file("d/f", "x")
        .dir("d/sub");
    let store = Store::new();
    let facts = tree_of(&store.tree(&store.add(&layer).diff_id));
    assert_eq!(facts[&b"d"[..]].xattrs.get("system.posix_acl_default"), Some(&acl));
    assert_eq!(facts[&b"d"[..]].mtime, (9, 0));
    for path in [&b"d/f"[..], b"d/sub"] {
        assert!(facts[path].xattrs.is_empty());
    }
    assert_eq!((facts[&b"d/f"[..]].mode & 0o777, facts[&b"d/sub"[..]].mode & 0o777), (0o644, 0o755));
}
