//! The tar reader against other readers and writers of tars.

use std::{collections::BTreeMap, fs, io::Read, os::unix::fs::symlink, path::Path, process::Command};

use proptest::prelude::*;
use strata_forge::{Entry as Made, Format, Layer};
use strata_layer::{
    Entry, Kind, LayerIndex, LayerPath, LayerSet, Limits, Problem, ReadError, Sink, Stack, Union, read_layer,
};

use crate::stacks;

/// Keeps what passes, with its content.
#[derive(Default)]
struct Keep(Vec<(Entry, Vec<u8>)>);

impl Sink for Keep {
    type Error = std::io::Error;

    fn entry(&mut self, entry: &Entry, content: &mut dyn Read) -> Result<(), Self::Error> {
        let mut bytes = Vec::new();
        content.read_to_end(&mut bytes)?;
        self.0.push((entry.clone(), bytes));
        Ok(())
    }

    fn opaque(&mut self, _: &LayerPath) -> Result<(), Self::Error> {
        Ok(())
    }
}

/// Entries with their contents, by path.
type Kept = BTreeMap<Vec<u8>, (Entry, Vec<u8>)>;

fn keep(tar: &[u8]) -> (LayerIndex, Kept) {
    let mut sink = Keep::default();
    let index = read_layer(tar, &Limits::default(), &mut sink).expect("a valid layer");
    let entries =
        sink.0.into_iter().map(|(entry, content)| (entry.path.as_bytes().to_vec(), (entry, content)));
    (index, entries.collect())
}

/// A directory with files of many kinds, and a program's archive of it.
fn archive(program: &str, arguments: &[&str]) -> Option<Vec<u8>> {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let root = directory.path().join("root");
    populate(&root);
    let out = directory.path().join("out.tar");
    let status =
        Command::new(program).args(arguments).arg(&out).arg("-C").arg(&root).arg(".").status().ok()?;
    assert!(status.success(), "{program} {arguments:?}");
    Some(fs::read(&out).expect("an archive"))
}

fn populate(root: &Path) {
    let deep = root.join("deep").join("n".repeat(120)).join("m".repeat(130));
    fs::create_dir_all(&deep).expect("directories");
    fs::write(deep.join("file"), "deep").expect("a file");
    fs::write(root.join("large"), vec![7; 300_000]).expect("a file");
    fs::write(root.join("empty"), "").expect("a file");
    symlink("t".repeat(300), root.join("link")).expect("a symlink");
    fs::hard_link(root.join("large"), root.join("zlink")).expect("a hard link");
    let sparse = fs::File::create(root.join("sparse")).expect("a file");
    std::os::unix::fs::FileExt::write_all_at(&sparse, b"data", 1 << 20).expect("written");
    sparse.set_len(3 << 20).expect("a hole");
    let odd: &std::ffi::OsStr = std::os::unix::ffi::OsStrExt::from_bytes(b"latin-\xe9");
    fs::write(root.join(odd), "odd").expect("a file");
    let time = std::time::UNIX_EPOCH + std::time::Duration::new(1_000_000_000, 123_456_789);
    fs::File::options()
        .write(true)
        .open(root.join("empty"))
        .and_then(|file| file.set_modified(time))
        .expect("a time");
}

fn check(tar: &[u8], what: &str) {
    let (index, entries) = keep(tar);
    let deep = format!("deep/{}/{}/file", "n".repeat(120), "m".repeat(130));
    let content = |path: &[u8]| entries.get(path).map(|(_, content)| content.as_slice());
    assert_eq!(content(deep.as_bytes()), Some(&b"deep"[..]), "{what}");
    // Whichever of the two came first has the content.
    let first = [&b"large"[..], b"zlink"].into_iter().find(|name| entries[*name].0.kind == Kind::File);
    assert_eq!(first.and_then(content), Some(&vec![7; 300_000][..]), "{what}");
    assert_eq!(content(b"latin-\xe9"), Some(&b"odd"[..]), "{what}");
    assert_eq!(&*entries[&b"link"[..]].0.link, "t".repeat(300).as_bytes(), "{what}");
    let sparse = content(b"sparse").expect("listed");
    assert_eq!((sparse.len(), &sparse[1 << 20..][..4]), (3 << 20, &b"data"[..]), "{what}");
    assert!(sparse[..1 << 20].iter().chain(&sparse[(1 << 20) + 4..]).all(|byte| *byte == 0), "{what}");
    let mtime = entries[&b"empty"[..]].0.mtime;
    // Python goes by way of a floating-point number.
    assert!(mtime.seconds == 1_000_000_000 && matches!(mtime.nanos, 0 | 123_456_700..123_456_900), "{what}");
    let link = |name: &[u8]| index.get(&LayerPath::parse(name).expect("a path")).expect("listed");
    let (large, zlink) = (link(b"large"), link(b"zlink"));
    assert_eq!(
        (large.size(), zlink.size(), large.own_size() + zlink.own_size()),
        (300_000, 300_000, 300_000),
        "{what}"
    );
}

#[test]
fn reads_what_gnu_tar_writes() {
    let formats = [
        &["--format=gnu"][..],
        &["--format=pax"],
        &["--format=gnu", "--sparse"],
        &["--format=pax", "--sparse", "--sparse-version=0.0"],
        &["--format=pax", "--sparse", "--sparse-version=0.1"],
        &["--format=pax", "--sparse", "--sparse-version=1.0"],
    ];
    for flags in formats {
        let arguments: Vec<&str> = flags.iter().copied().chain(["-cf"]).collect();
        if let Some(tar) = archive("tar", &arguments) {
            check(&tar, &format!("{flags:?}"));
        }
    }
}

#[test]
fn reads_what_bsdtar_and_python_write() {
    if let Some(tar) = archive("bsdtar", &["--format=pax", "-cf"]) {
        check(&tar, "bsdtar");
    }
    let script = "import sys, tarfile\n\
        form = getattr(tarfile, sys.argv[1])\n\
        with tarfile.open(sys.argv[2], 'w', format=form, errors='surrogateescape') as tar: tar.add(sys.argv[4], '.')";
    for form in ["GNU_FORMAT", "PAX_FORMAT"] {
        let directory = tempfile::tempdir().expect("a temporary directory");
        if let Some(tar) = python(script, form, directory.path()) {
            check(&tar, form);
        }
    }
}

fn python(script: &str, form: &str, directory: &Path) -> Option<Vec<u8>> {
    let (root, out) = (directory.join("root"), directory.join("out.tar"));
    populate(&root);
    let mut command = Command::new("python3");
    let status = command.arg("-c").arg(script).arg(form).arg(&out).arg("-C").arg(&root).status().ok()?;
    assert!(status.success(), "python {form}");
    Some(fs::read(&out).expect("an archive"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..Default::default() })]

    #[test]
    fn agrees_with_the_tar_crate(layers in stacks::stack(1, 20)) {
        // That reader takes sizes for content where docker does not.
        let ops: Vec<_> = layers[0].iter().filter(|op| !matches!(op.what, stacks::What::Claim { .. })).cloned().collect();
        let tar = stacks::tar(&ops);
        let mut ours = Keep::default();
        read_layer(&tar[..], &Limits::default(), &mut ours).expect("a valid layer");
        let mut ours = ours.0.iter().filter(|(entry, _)| !entry.implied && entry.kind != Kind::Whiteout);
        for entry in tar::Archive::new(&tar[..]).entries().expect("entries") {
            let mut entry = entry.expect("an entry");
            let path = entry.path_bytes().into_owned();
            if path.windows(4).any(|part| part == b".wh.") {
                continue;
            }
            let mut content = Vec::new();
            if entry.header().entry_type().is_file() {
                entry.read_to_end(&mut content).expect("content");
            }
            let (found, bytes) = ours.next().expect("as many entries");
            prop_assert_eq!(&found.path, &LayerPath::parse(&path).expect("a path"));
            prop_assert_eq!(u32::from(found.mode), entry.header().mode().expect("a mode"));
            prop_assert_eq!(bytes, &content);
            if !content.is_empty() {
                prop_assert_eq!(found.offset, entry.raw_file_position());
            }
        }
        prop_assert!(ours.next().is_none());
    }
}

/// The problem that a layer is refused for, with the name of the entry.
fn refusal(layer: Layer) -> (Problem, String) {
    match read_layer(&layer.tar()[..], &Limits::default(), &mut ()) {
        Err(ReadError::Refused(refusal)) => {
            let path = refusal.path.as_deref().map(|path| String::from_utf8_lossy(path).into_owned());
            (refusal.problem, path.unwrap_or_default())
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn hostile_layers_are_refused_by_name() {
    let cases = [
        (Layer::new().file("a/../../etc/passwd", ""), "a component \"..\"", "a/../../etc/passwd"),
        (Layer::new().file("a".repeat(256), ""), "256 bytes", ""),
        (Layer::new().file("f", "").file("f/g", ""), "f is not a directory", "f/g"),
        (Layer::new().hardlink("l", "../etc/passwd"), "a component \"..\"", "l"),
        (Layer::new().hardlink("l", "missing"), "missing is not an earlier file", "l"),
        (Layer::new().dir("d").hardlink("l", "d"), "is a Directory", "l"),
        (Layer::new().file("a", "").hardlink("a", "a"), "not an earlier file", "a"),
        (Layer::new().file("d/a", "").hardlink("d", "d/a"), "not an earlier file", "d"),
        (Layer::new().symlink("l", "l").file("l/f", ""), "too many symlinks", "l/f"),
        (Layer::new().symlink("l", ""), "not a path", "l"),
        (Layer::new().symlink("l", "x".repeat(4096)), "not a path", "l"),
        (Layer::new().file(".wh.", ""), "not that of a whiteout", ".wh."),
        (Layer::new().file("d/.wh...", ""), "not that of a whiteout", "d/.wh..."),
        (Layer::new().file(".wh.d/f", ""), "not that of a whiteout", ".wh.d/f"),
        (Layer::new().symlink(".", "x"), "root is not a directory", "."),
    ];
    for (layer, message, name) in cases {
        let (problem, path) = refusal(layer);
        assert!(problem.to_string().contains(message), "{problem} {path}");
        assert!(name.is_empty() || path == name, "{problem} {path}");
    }
}

#[test]
fn limits_are_kept() {
    let small = Limits {
        entries: 3,
        unpacked: 10,
        xattrs_per_entry: 20,
        xattrs_total: 30,
        names_total: 1000,
        header: 300,
    };
    let big = "x".repeat(11);
    let cases = [
        (Layer::new().dir("a/b/c"), "3 entries"),
        (Layer::new().file("f", &big), "10 bytes of files"),
        (
            Layer::new().with(Made::file("f", "").xattr("user.a", [1; 20])),
            "20 bytes of extended attributes in an entry",
        ),
        (
            Layer::new()
                .with(Made::file("f", "").xattr("user.a", [1; 12]))
                .with(Made::file("g", "").xattr("user.a", [1; 13])),
            "30 bytes of extended attributes",
        ),
        (
            Layer::new().with(Made::file("f", "").xattr("user.a", [1; 400])),
            "300 bytes in an extension header",
        ),
    ];
    for (layer, message) in cases {
        let error = read_layer(&layer.tar()[..], &small, &mut ()).expect_err(message).to_string();
        assert!(error.contains(message), "{error}");
    }
}

/// A few bytes of archive must not ask for unbounded work.
#[test]
fn detours_and_shared_attributes_are_bounded() {
    let limits = Limits { entries: 2000, xattrs_total: 1000, ..Limits::default() };
    let winding = (0..3).fold(Layer::new().dir("a").symlink("l", "a/../".repeat(400)), |layer, n| {
        layer.file(format!("l/{n}"), "")
    });
    let growing = (0..40).fold(Layer::new().file("f", ""), |layer, n: u8| {
        let link = Made::hardlink(format!("l{n}"), "f");
        layer.with(link.xattr(&format!("user.{n}"), [1; 20]))
    });
    for (layer, message) in [(winding, "steps through symlinks"), (growing, "bytes of extended attributes")] {
        let error = read_layer(&layer.tar()[..], &limits, &mut ()).expect_err(message).to_string();
        assert!(error.contains(message), "{error}");
    }
}

#[test]
fn a_layer_may_take_its_time_to_say_what_it_means() {
    let tar = Layer::new()
        .symlink("bin", "usr/bin")
        .file("bin/sh", "shell")
        .symlink("up", "../../bin")
        .file("up/env", "env")
        .file("dir/a", "replaced")
        .file("keep", "first")
        .hardlink("link", "keep")
        .file("keep", "second")
        .file("dir", "now a file")
        .with(Made::dir("late").mode(0o700))
        .whiteout("late")
        .whiteout("early")
        .file("early/x", "")
        .opaque("opaque")
        .file("opaque/x", "")
        .tar();
    let (index, entries) = keep(&tar);
    let get = |path: &str| index.get(&LayerPath::parse(path.as_bytes()).expect("a path"));
    assert_eq!(get("usr/bin/sh").map(|entry| entry.size()), Some(5));
    assert_eq!(get("usr/bin/env").map(|entry| entry.size()), Some(3));
    assert!(entries.contains_key(&b"usr/bin/env"[..]));
    assert!(get("dir/a").is_none());
    assert_eq!(get("dir").map(|entry| entry.kind()), Some(Kind::File));
    let link = get("link").expect("listed");
    assert_eq!((link.kind(), link.size(), link.own_size()), (Kind::File, 5, 5));
    assert_eq!(get("keep").map(|entry| entry.size()), Some(6));
    for path in ["late", "early"] {
        let entry = get(path).expect("listed");
        assert!(entry.is_opaque() && entry.hides_below(), "{path}");
    }
    assert_eq!(get("late").map(|entry| entry.mode()), Some(0o700));
    let opaque = get("opaque").expect("listed");
    assert!(opaque.is_opaque() && opaque.is_implied() && !opaque.hides_below());
    assert_eq!(index.totals().claimed, 8 + 5 + 6 + 5 + 3 + 10);
}

#[test]
fn every_kind_and_attribute_comes_through() {
    let tar = Layer::new()
        .with(Made::dir("./").mode(0o711))
        .char_device("dev/null", 1, 3)
        .block_device("dev/sda", 8, 0)
        .fifo("pipe")
        .with(Made::file("old", "").mtime_nanos(-2, 500_000_000).mode(0o4755).owner(1_000_000, 3_000_000_000))
        .with(Made::file("cap", "x").xattr("security.capability", b"\0\x01\n=\xff").xattr("user.a", b""))
        .with(Made::file("gnu", "").format(Format::Gnu).mtime(-1).owner(2_097_152, 0))
        .tar();
    let (index, _) = keep(&tar);
    let get = |path: &str| index.get(&LayerPath::parse(path.as_bytes()).expect("a path")).expect("listed");
    assert_eq!((get("").mode(), get("").is_implied()), (0o711, false));
    assert_eq!(get("dev/null").device().map(|device| (device.major, device.minor)), Some((1, 3)));
    assert_eq!(get("dev/sda").kind(), Kind::BlockDevice);
    assert!(get("dev").is_implied());
    let old = get("old");
    assert_eq!((old.mode(), old.uid(), old.gid()), (0o4755, 1_000_000, 3_000_000_000));
    assert_eq!((old.mtime().seconds, old.mtime().nanos), (-2, 500_000_000));
    let xattrs: Vec<_> = get("cap").xattrs().iter().map(|xattr| (&*xattr.name, &*xattr.value)).collect();
    assert_eq!(xattrs, [(&b"security.capability"[..], &b"\0\x01\n=\xff"[..]), (b"user.a", b"")]);
    assert_eq!((get("gnu").mtime().seconds, get("gnu").uid()), (-1, 2_097_152));
}

#[test]
fn the_end_is_where_docker_sees_it() {
    let whole = Layer::new().file("a", "content").unterminated().tar();
    let read = |tar: &[u8]| read_layer(tar, &Limits::default(), &mut ()).map(|index| index.len());
    assert_eq!(read(&[]).expect("an empty layer"), 1);
    assert_eq!(read(&[0; 1024]).expect("an empty layer"), 1);
    assert_eq!(read(&[0; 512]).expect("an empty layer"), 1);
    assert_eq!(read(&whole).expect("no end marker"), 2);
    assert_eq!(read(&whole[..512 + 7]).expect("no padding"), 2);
    assert!(read(&whole[..512 + 6]).is_err());
    assert!(read(&whole[..100]).is_err());
    assert_eq!(read(&[&whole[..], &[0; 1024], b"anything"].concat()).expect("bytes after the end"), 2);
    assert!(read(&[&[0; 512], &whole[..]].concat()).is_err());
    let mut bad = whole.clone();
    bad[0] = b'b';
    assert!(read(&bad).expect_err("a wrong checksum").to_string().contains("checksum"));
}

#[test]
fn overlays_own_whiteout_is_a_whiteout() {
    let below = Layer::new().dir("d").file("d/gone", "1").file("d/null", "2").tar();
    let above = Layer::new().char_device("d/gone", 0, 0).char_device("d/null", 1, 3).tar();
    let (index, kept) = keep(&above);
    assert_eq!(kept[b"d/gone".as_slice()].0.kind, Kind::Whiteout);
    assert_eq!(kept[b"d/null".as_slice()].0.kind, Kind::CharDevice);
    let kinds: Vec<_> = index.entries().map(|entry| (entry.path().to_string(), entry.kind())).collect();
    assert!(kinds.contains(&("d/gone".to_owned(), Kind::Whiteout)), "{kinds:?}");
    let stack = Stack::new(stacks::indexes(&[below, above]));
    let union = Union::of(&stack, &LayerSet::all(2));
    let find = |path: &str| union.find(&LayerPath::parse(path.as_bytes()).expect("a path"));
    let ghost = |path| find(path).is_none_or(|id| union.node(id).is_ghost());
    assert!(ghost("d/gone") && !ghost("d/null"));
}
