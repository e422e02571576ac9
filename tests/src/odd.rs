//! An image with everything odd that a layer can hold and that the peers take too.

use strata_forge::{Entry, Form, Format, Image, Kind, Layer, Noise, SparseForm, Texture};

/// `security.capability` as the kernel wants it: version 2, effective, permitted `cap_net_raw`.
const NET_RAW: [u8; 20] = [1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/// Three layers: one makes everything, the second changes kinds and metadata, the third deletes.
///
/// Left out is what a peer refuses or treats otherwise: times before 1970 (dockerd clamps them), hard links to files of a
/// lower layer (dockerd fails), a whiteout of a path of its own layer (dockerd fails), GNU tar's old sparse format (both
/// refuse its type), empty values of extended attributes (both drop them).
pub fn odd() -> Image {
    Image::new()
        .layer("COPY everything /", everything())
        .row("ENV ODD=1")
        .layer("RUN change", changed())
        .layer("RUN delete", deleted())
        .form(Form::Oci)
}

fn everything() -> Layer {
    let mut layer = Layer::new();
    let mut put = |entry: Entry| layer.push(entry);

    // Modes, owners, times.
    put(Entry::dir("modes").mode(0o751).owner(12, 34).mtime(1_000_000_000));
    for mode in [0o000, 0o400, 0o644, 0o777, 0o1644, 0o2755, 0o4755, 0o6711, 0o7777] {
        put(Entry::file(format!("modes/file-{mode:04o}"), "x").mode(mode));
        put(Entry::dir(format!("modes/dir-{mode:04o}")).mode(mode));
    }
    put(Entry::dir("owners"));
    for (uid, gid) in
        [(0, 5), (65_534, 65_534), (100_000, 200_000), (2_097_152, 2_097_152), (4_294_967_294, 7)]
    {
        put(Entry::file(format!("owners/{uid}-{gid}"), "x").owner(uid, gid));
        put(Entry::symlink(format!("owners/link-{uid}"), "x").owner(uid, gid));
    }
    put(Entry::file("owners/named", "x").owner(3, 4).owner_names("nosuchuser", "nosuchgroup"));
    put(Entry::dir("times").mtime(86_400));
    for time in [0, 1, 1_234_567_890, 2_147_483_648, 4_102_444_800] {
        put(Entry::file(format!("times/{time}"), "x").mtime(time));
        put(Entry::dir(format!("times/dir-{time}")).mtime(time));
        put(Entry::symlink(format!("times/link-{time}"), "x").mtime(time));
    }
    put(Entry::file("times/fraction", "x").mtime_nanos(1_500_000_000, 123_456_789));

    // Extended attributes.
    put(Entry::dir("xattrs").xattr("user.on-a-directory", "yes").mtime(5_000));
    put(Entry::file("xattrs/capable", "x").mode(0o755).xattr("security.capability", NET_RAW));
    put(Entry::file("xattrs/bytes", "x").xattr("user.bytes", [0, 255, b'\n', b'=', 0]));
    put(Entry::file("xattrs/owned", "x")
        .owner(1000, 1000)
        .mode(0o4755)
        .xattr("security.capability", NET_RAW));
    put(Entry::file("xattrs/trusted", "x")
        .xattr("trusted.kept", "by root")
        .xattr("user.long", vec![b'v'; 3000]));

    // Links.
    put(Entry::dir("links"));
    put(Entry::file("links/one", "shared").mode(0o640).owner(7, 8).xattr("user.shared", "1").mtime(77));
    put(Entry::hardlink("links/two", "links/one").mode(0o640).owner(7, 8).mtime(77));
    put(Entry::hardlink("links/three", "./links/two").mode(0o640).owner(7, 8).mtime(77));
    put(Entry::symlink("links/absolute", "/etc/../links/one"));
    put(Entry::symlink("links/up", "../../../../links/one"));
    put(Entry::symlink("links/dangling", "no/such/file"));
    put(Entry::symlink("links/long", format!("{}end", "a/".repeat(500))));
    put(Entry::symlink("links/odd", b"caf\xe9 \n \xff"));
    put(Entry::hardlink("links/second-symlink", "links/absolute"));

    // Devices and pipes.
    put(Entry::dir("devices"));
    put(Entry::new("devices/null", Kind::CharDevice(1, 3)).mode(0o666));
    put(Entry::new("devices/loop", Kind::BlockDevice(7, 1)).mode(0o660).owner(0, 6));
    put(Entry::new("devices/large", Kind::CharDevice(511, 1_000)).mode(0o600).mtime(99));
    put(Entry::new("devices/pipe", Kind::Fifo).mode(0o622).owner(9, 9).mtime(98));
    put(Entry::hardlink("devices/pipe2", "devices/pipe").mode(0o622).owner(9, 9).mtime(98));

    // Names.
    put(Entry::dir("names"));
    let names: [&[u8]; 12] = [
        b"names/with space",
        b"names/new\nline",
        b"names/caf\xc3\xa9",
        b"names/latin\xe9",
        b"names/\xff\xfe",
        b"names/colon:comma,",
        b"names/back\\slash",
        b"names/'quote\"",
        b"names/\x01\x1b[31m",
        b"names/-rf",
        b"names/.hidden",
        "names/\u{202e}txt.exe".as_bytes(),
    ];
    for name in names {
        put(Entry::file(name, name));
    }
    put(Entry::file(format!("names/{}", "n".repeat(255)), "255"));
    let deep = format!("names/{}", "directory-of-a-deep-path/".repeat(20));
    put(Entry::file(format!("{deep}pax"), "deep").format(Format::Pax));
    put(Entry::file(format!("{deep}gnu"), "deep").format(Format::Gnu));
    put(Entry::file("./names/dotted", "x"));
    put(Entry::file("names//doubled", "x"));

    // Contents.
    put(Entry::dir("contents"));
    put(Entry::file("contents/empty", ""));
    for size in [1, 511, 512, 513, 4096, 70_000] {
        put(Entry::file(format!("contents/{size}"), Noise::bytes(size as u64, Texture::Text, size)));
    }
    put(Entry::file("contents/large", Noise::bytes(42, Texture::Binary, 3 << 20)));
    let parts = [(8_192, b"middle".to_vec()), (1 << 20, vec![b'e'; 10_000])];
    put(Entry::new(
        "contents/sparse",
        Kind::Sparse { size: (1 << 20) + 20_000, parts: parts.to_vec(), form: SparseForm::Pax },
    ));

    // Parents that no entry names.
    put(Entry::file("implied/by/a/file", "x"));

    // What the next layers work on.
    for dir in [
        "was-dir",
        "was-dir/sub",
        "cleared",
        "opaque",
        "opaque/sub",
        "emptied",
        "merged",
        "merged/sub",
        "gone",
        "gone/sub",
    ] {
        put(Entry::dir(dir).mtime(1_111));
    }
    for file in [
        "cleared/old",
        "was-dir/sub/file",
        "was-file",
        "opaque/old",
        "opaque/sub/old",
        "emptied/old",
        "merged/kept",
        "merged/replaced",
        "merged/deleted",
        "merged/sub/kept",
        "gone/file",
        "gone/sub/file",
        "same",
        "chmodded",
        "chowned",
        "touched",
        "regrown",
    ] {
        put(Entry::file(file, file));
    }
    put(Entry::symlink("was-link", "merged"));
    put(Entry::file("pair-a", "pair").mtime(3));
    put(Entry::hardlink("pair-b", "pair-a").mtime(3));
    layer
}

fn changed() -> Layer {
    let mut layer = Layer::new();
    let mut put = |entry: Entry| layer.push(entry);
    put(Entry::file("was-dir", "a file now"));
    put(Entry::dir("was-file").mode(0o700));
    put(Entry::file("was-file/inside", "x"));
    put(Entry::dir("was-link"));
    put(Entry::file("was-link/inside", "not in merged"));
    put(Entry::dir("merged").mode(0o711).owner(1, 1).mtime(2_222));
    put(Entry::file("merged/replaced", "new content").mode(0o600));
    put(Entry::file("merged/added", "x"));
    put(Entry::file("same", "same"));
    put(Entry::file("chmodded", "chmodded").mode(0o755));
    put(Entry::file("chowned", "chowned").owner(33, 33));
    put(Entry::file("touched", "touched").mtime(4_444));
    put(Entry::dir("modes").mode(0o755));
    put(Entry::file("pair-b", "alone now").mtime(6));
    put(Entry::file("implied/by/another", "x"));
    let layer = layer.with(Entry::dir("cleared").mode(0o700).owner(5, 5).mtime(7_777)).opaque("cleared");
    let layer = layer
        .with(Entry::file("cleared/new", "x"))
        .opaque("opaque")
        .whiteout("regrown")
        .whiteout("never-was");
    layer.with(Entry::file("opaque/new", "x")).whiteout("merged/deleted").opaque("emptied")
}

fn deleted() -> Layer {
    let layer = Layer::new()
        .whiteout("gone")
        .whiteout("merged/sub/kept")
        .whiteout("devices/null")
        .whiteout("links/one");
    layer.with(Entry::file("regrown", "again")).dir("gone2").whiteout("names/\u{202e}txt.exe")
}
