//! A context that is still an archive agrees with its files, whatever is asked and copied.

use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::Path,
};

use super::*;
use crate::{Context, ContextRoom, UnpackLimits, context::Origin};

/// An archive: paths, with a slash at the end for directories, modes and contents; `->` makes a symlink.
fn archive(members: &[(&str, u32, &str)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (number, (path, mode, content)) in members.iter().enumerate() {
        let mut header = tar::Header::new_gnu();
        header.set_mode(*mode);
        header.set_mtime(1_600_000_000 + number as u64);
        header.set_size(0);
        if let Some(target) = content.strip_prefix("->") {
            header.set_entry_type(tar::EntryType::Symlink);
            tar.append_link(&mut header, path, target).expect("appends");
        } else if path.ends_with('/') {
            header.set_entry_type(tar::EntryType::Directory);
            tar.append_data(&mut header, path, &[][..]).expect("appends");
        } else {
            header.set_size(content.len() as u64);
            tar.append_data(&mut header, path, content.as_bytes()).expect("appends");
        }
    }
    tar.into_inner().expect("ends")
}

const MEMBERS: [(&str, u32, &str); 14] = [
    (".dockerignore", 0o644, "*.log\nsrc\n!src/keep\n"),
    ("Dockerfile", 0o644, "FROM scratch\n"),
    ("a.txt", 0o600, "a"),
    ("b.txt", 0o4755, "b"),
    ("b-c", 0o644, ""),
    ("b/", 0o2770, ""),
    ("b/x", 0o444, "x"),
    ("b/deep/", 0o700, ""),
    ("b/deep/y.log", 0o644, "kept: not at the top"),
    ("b/link", 0o777, "->deep"),
    ("in", 0o777, "->b"),
    ("out", 0o777, "->../../etc/passwd"),
    ("src/", 0o755, ""),
    ("src/keep", 0o640, "kept"),
];

fn received(room: &ContextRoom, more: &[(&str, u32, &str)]) -> Context {
    let tar = archive(&[&MEMBERS[..], more].concat());
    let mut context = room.receive(&tar[..], UnpackLimits::default()).expect("receives");
    context.leave_out().expect("leaves out");
    context
}

/// What is in a tree, as text.
fn tree(root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("lists") {
            let path = entry.expect("lists").path();
            let meta = fs::symlink_metadata(&path).expect("is there");
            let content = if meta.is_dir() {
                folders.push(path.clone());
                String::new()
            } else if meta.is_symlink() {
                fs::read_link(&path).expect("is a link").display().to_string()
            } else {
                fs::read_to_string(&path).expect("reads")
            };
            let name = path.strip_prefix(root).expect("is below").display().to_string();
            let (mode, time) = (meta.permissions().mode(), meta.mtime());
            found.push(format!("{name} {mode:o} {}:{} {time} {content}", meta.uid(), meta.gid()));
        }
    }
    found.sort();
    found
}

#[test]
fn they_list_the_same() {
    let dir = tempfile::tempdir().expect("a directory");
    let room = ContextRoom::open(&dir.path().join("room")).expect("opens");
    let (packed, mut files) = (received(&room, &[]), received(&room, &[]));
    assert!(packed.is_packed());
    assert_eq!(fs::read_dir(dir.path().join("room")).expect("lists").count(), 0, "no file is made");
    files.lay_out().expect("unpacks");
    assert!(!files.is_packed());
    assert_eq!(packed.size().expect("counts"), files.size().expect("counts"));
    let list = |context: &Context| listing(&context.origin()).expect("lists").entries().to_vec();
    assert_eq!(list(&packed), list(&files));
    assert!(list(&packed).iter().any(|entry| entry.path == "src/keep"));
}

#[test]
fn they_find_and_copy_the_same() {
    let dir = tempfile::tempdir().expect("a directory");
    let room = ContextRoom::open(&dir.path().join("room")).expect("opens");
    let (packed, mut files) = (received(&room, &[]), received(&room, &[]));
    files.lay_out().expect("unpacks");
    let Origin::Packed(archive) = packed.origin() else { panic!("it is an archive") };
    let owned = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
    let ways = [
        Placing { owner: Some(owned), ..Placing::default() },
        Placing { owner: Some(owned), mode: Some(0o640), unpack: true },
    ];
    let mut number = 0;
    for source in [
        ".",
        "/",
        "a.txt",
        "./b",
        "b/",
        "/b/x",
        "b/deep/",
        "b*",
        "*.txt",
        "b/*",
        "none",
        "none*",
        "a.txt/x",
        "../a.txt",
        "src",
        "in",
        "in/x",
        "b/../a.txt",
        "out",
        "x.log",
        "b/link",
        "b/link/y.log",
    ] {
        let theirs = gather(files.root(), source, true);
        let ours = match gather_packed(&archive, source) {
            // Only the files tell: then they are asked.
            Ok(None) => continue,
            Ok(Some(found)) => Ok(found),
            Err(error) => Err(error),
        };
        let told = |found: &Result<Vec<Found>, crate::Error>| match found {
            Err(error) => vec![error.to_string()],
            Ok(found) => found
                .iter()
                .map(|found| {
                    let path = String::from_utf8_lossy(&found.path);
                    format!("{path} {} {}", String::from_utf8_lossy(&found.place), found.directory)
                })
                .collect(),
        };
        assert_eq!(told(&ours), told(&theirs), "{source}");
        let (Ok(ours), Ok(theirs)) = (ours, theirs) else { continue };
        assert_eq!(
            entries(&ours, false).expect("lists"),
            entries(&theirs, false).expect("lists"),
            "{source}"
        );
        for way in &ways {
            let copied = [ours.clone(), theirs.clone()].map(|found| {
                number += 1;
                let root = dir.path().join(number.to_string());
                fs::create_dir_all(root.join("to/there")).expect("creates");
                for found in &found {
                    place(found, &root, b"/to/there/", way).expect(source);
                }
                // What leads there is as old as the copy.
                tree(&root.join("to/there"))
            });
            assert_eq!(copied[0], copied[1], "{source}");
        }
    }
}

#[test]
fn what_a_list_cannot_say_is_unpacked() {
    let dir = tempfile::tempdir().expect("a directory");
    let room = ContextRoom::open(&dir.path().join("room")).expect("opens");
    for odd in [("a.txt", 0o644, "again"), ("new/file", 0o644, "in an implied directory")] {
        let context = received(&room, &[odd]);
        assert!(!context.is_packed(), "{odd:?}");
        assert_eq!(fs::read_to_string(context.root().join(odd.0)).expect("reads"), odd.2);
    }
    let mut tar = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Char);
    header.set_device_major(1).expect("fits");
    header.set_size(0);
    tar.append_data(&mut header, "device", &[][..]).expect("appends");
    let tar = tar.into_inner().expect("ends");
    let error = room.receive(&tar[..], UnpackLimits::default()).expect_err("devices are refused");
    assert!(error.to_string().contains("devices are not accepted here"), "{error}");
}
