//! What the forge writes, read back by tools that are not ours.

use std::{collections::BTreeMap, io::Read, process::Command};

use strata_forge::{
    Compression, Entry, Form, Format, Image, Kind, Large, Layer, Layout, Noise, SparseForm, Texture,
    compress, docker_archive, index_sample,
};
use strata_oci::{Digest, ImageConfig, Manifest, Parsed};

/// Type, mode, uid, gid, mtime, link, content.
type Facts = (u8, u32, u64, u64, u64, Vec<u8>, Vec<u8>);

/// The entries by path, as the `tar` crate reads them.
fn read(tar: &[u8]) -> BTreeMap<Vec<u8>, Facts> {
    let mut archive = tar::Archive::new(tar);
    let entries = archive.entries().expect("a tar");
    entries
        .map(|entry| {
            let mut entry = entry.expect("a valid entry");
            let mut content = Vec::new();
            entry.read_to_end(&mut content).expect("content");
            let header = entry.header();
            let link = entry.link_name_bytes().map(|l| l.into_owned()).unwrap_or_default();
            let facts = (
                header.entry_type().as_byte(),
                header.mode().expect("mode"),
                header.uid().expect("uid"),
                header.gid().expect("gid"),
                header.mtime().expect("mtime"),
                link,
                content,
            );
            (entry.path_bytes().into_owned(), facts)
        })
        .collect()
}

#[test]
fn every_kind_is_read_back() {
    let tar = Layer::new()
        .dir("d")
        .with(Entry::file("d/f", "content").mode(0o4711).owner(1000, 1001).mtime(12345))
        .symlink("d/s", "f")
        .hardlink("d/h", "d/f")
        .fifo("d/p")
        .char_device("d/c", 1, 3)
        .block_device("d/b", 8, 1)
        .whiteout("d/gone")
        .whiteout("top")
        .opaque("d")
        .tar();
    let entries = read(&tar);
    assert_eq!(entries.len(), 10);
    assert_eq!(entries[&b"d/f"[..]], (b'0', 0o4711, 1000, 1001, 12345, vec![], b"content".to_vec()));
    assert_eq!(entries[&b"d/s"[..]].5, b"f");
    assert_eq!(entries[&b"d/h"[..]].5, b"d/f");
    for path in ["d/", "d/p", "d/c", "d/b", "d/.wh.gone", ".wh.top", "d/.wh..wh..opq"] {
        assert!(entries.contains_key(path.as_bytes()), "{path}");
    }
}

#[test]
fn long_and_odd_names_survive_in_every_format() {
    let long = format!("{}/{}", "d".repeat(150), "n".repeat(90));
    let longer = "a-long-component/".repeat(20) + "文件";
    let raw = [b"bytes-\xff\xfe/".repeat(20), b"end".to_vec()].concat();
    for (path, format) in [
        (long.as_bytes(), Format::Auto),
        (long.as_bytes(), Format::Ustar),
        (long.as_bytes(), Format::Gnu),
        (longer.as_bytes(), Format::Auto),
        (longer.as_bytes(), Format::Pax),
        (&raw, Format::Auto),
        (b"\xff\xfe", Format::Auto),
    ] {
        let tar = Layer::new()
            .with(Entry::file(path, "x").format(format))
            .with(Entry::symlink("link", path).format(if format == Format::Ustar {
                Format::Auto
            } else {
                format
            }))
            .tar();
        let entries = read(&tar);
        assert!(entries.contains_key(path), "{format:?} {}", String::from_utf8_lossy(path));
        assert_eq!(entries[&b"link"[..]].5, path);
    }
}

#[test]
fn gnu_tar_reads_sparse_files_attributes_and_times() {
    let parts: Vec<(u64, Vec<u8>)> = (0..30u64).map(|n| (n * 8192, vec![b'a' + n as u8 % 26; 512])).collect();
    let parts: Vec<(u64, &[u8])> = parts.iter().map(|(at, bytes)| (*at, bytes.as_slice())).collect();
    let tar = Layer::new()
        .sparse("gnu", 1 << 20, &parts, SparseForm::Gnu)
        .sparse("pax", 1 << 20, &parts, SparseForm::Pax)
        .with(Entry::file("attr", "x").xattr("user.note", "a note").mtime_nanos(1_600_000_000, 123_000_000))
        .with(Entry::file("huge-owner", "x").owner(3_000_000_000, 7).format(Format::Gnu))
        .tar();
    let dir = tempfile::tempdir().expect("temporary directory");
    let path = dir.path().join("t.tar");
    std::fs::write(&path, &tar).expect("written");
    let tar = |args: &[&str]| {
        let output = Command::new("tar")
            .args(args)
            .arg("-f")
            .arg(&path)
            .current_dir(dir.path())
            .output()
            .expect("tar runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    };
    let listing = tar(&["-tv", "--xattrs", "--full-time", "--numeric-owner", "--utc"]);
    for part in ["1048576", "-rw-r--r--* ", "2020-09-13 12:26:40.123", "3000000000/7"] {
        assert!(listing.contains(part), "{part} in\n{listing}");
    }
    tar(&["-x", "--no-same-owner", "gnu", "pax"]);
    let mut wanted = vec![0; 1 << 20];
    parts.iter().for_each(|(at, bytes)| wanted[*at as usize..][..bytes.len()].copy_from_slice(bytes));
    for name in ["gnu", "pax"] {
        assert_eq!(std::fs::read(dir.path().join(name)).expect("unpacked"), wanted, "{name}");
    }
}

#[test]
fn images_agree_with_themselves() {
    for (form, compression) in [
        (Form::Docker, Compression::Gzip(9)),
        (Form::Oci, Compression::Gzip(1)),
        (Form::Oci, Compression::Zstd(3)),
        (Form::Oci, Compression::None),
    ] {
        let image = Image::new()
            .layer("ADD a /", Layer::new().file("a", "1"))
            .row("ENV X=y")
            .layer("RUN rm a", Layer::new().whiteout("a"))
            .config(|config| config.env = Some(vec!["X=y".into()]))
            .form(form)
            .compression(compression);
        let built = image.build();
        let parsed = Parsed::from_bytes(&built.manifest.media_type, &built.manifest.bytes).expect("valid");
        let Parsed::Manifest(manifest) = parsed else { panic!("an image manifest") };
        let config: ImageConfig = serde_json::from_slice(&built.config.bytes).expect("valid");
        assert_eq!(config.rows().iter().map(|row| row.1).collect::<Vec<_>>(), [Some(0), None, Some(1)]);
        for (i, layer) in built.layers.iter().enumerate() {
            assert_eq!(manifest.layers[i], layer.blob.descriptor());
            assert_eq!(config.rootfs.diff_ids[i].0, Digest::of(&layer.tar));
            assert!(manifest.layers[i].media_type.layer_compression().is_some());
        }
        // Streaming to disk gives the same blobs as building in memory.
        let dir = tempfile::tempdir().expect("temporary directory");
        let streamed = image.write_layout(dir.path(), "t").expect("written");
        assert_eq!(streamed.digest, built.manifest.digest);
        let layout = Layout::open(dir.path()).expect("a layout");
        for blob in built.blobs() {
            assert_eq!(std::fs::read(layout.blob(&blob.digest)).expect("stored"), blob.bytes);
        }
        assert_eq!(layout.manifests().len(), 1);
    }
}

#[test]
fn a_docker_archive_names_its_parts() {
    let image = Image::new().layer("ADD a /", Layer::new().file("a", "1")).form(Form::Docker).build();
    let mut bytes = Vec::new();
    docker_archive(&[(&image, &["a:1", "a:2"]), (&image, &["b:1"])], &mut bytes).expect("written");
    let entries = read(&bytes);
    let manifest: serde_json::Value =
        serde_json::from_slice(&entries[&b"manifest.json"[..]].6).expect("JSON");
    assert_eq!(manifest[0]["RepoTags"][1], "a:2");
    let layer = manifest[1]["Layers"][0].as_str().expect("a path");
    assert_eq!(entries[layer.as_bytes()].6, image.layers[0].tar);
}

#[test]
fn joined_members_decompress_to_the_whole() {
    let joined = [compress(b"one ", Compression::Gzip(6)), compress(b"two", Compression::Gzip(6))].concat();
    let mut text = String::new();
    flate2::read::MultiGzDecoder::new(joined.as_slice()).read_to_string(&mut text).expect("gzip");
    assert_eq!(text, "one two");
    assert_eq!(Noise::bytes(7, Texture::Text, 4096), Noise::bytes(7, Texture::Text, 4096));
}

#[test]
fn other_type_flags_and_raw_bytes_are_written_as_given() {
    let tar = Layer::new()
        .with(Entry::new("odd", Kind::Other(b'9', b"x".to_vec())))
        .raw([7; 512])
        .unterminated()
        .tar();
    assert_eq!(tar.len(), 3 * 512);
    assert_eq!((tar[156], tar[1024]), (b'9', 7));
}

#[test]
fn large_images_have_the_layers_they_promise() {
    for (large, layers) in Large::ALL.into_iter().zip([1, 9, 9, 1, 125]) {
        assert_eq!(large.image().layer_count(), layers, "{}", large.name());
    }
    let dir = tempfile::tempdir().expect("temporary directory");
    let stored = Large::ManyLayers.image().write_layout(dir.path(), "many").expect("written");
    let bytes =
        std::fs::read(Layout::open(dir.path()).expect("a layout").blob(&stored.digest)).expect("stored");
    let manifest: Manifest = serde_json::from_slice(&bytes).expect("valid");
    assert_eq!(manifest.layers.len(), 125);
    let mut sample = Vec::new();
    index_sample(1, 1_000, &mut sample).expect("written");
    assert_eq!(read(&sample).values().filter(|facts| facts.0 == b'0').count(), 1_000);
}
