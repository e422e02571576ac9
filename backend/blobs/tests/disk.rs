//! The disk store keeps its promises: whole or absent, and nothing left behind.

use std::{
    fs,
    io::{ErrorKind, Read as _, Write as _},
    path::Path,
};

use strata_blobs::{BlobError, BlobStore, BlobWriter as _, DiskBlobs, StagedBlob as _};
use strata_oci::{Digest, VerifyError};

fn store(dir: &Path) -> DiskBlobs {
    DiskBlobs::open(&dir.join("blobs")).expect("a fresh store opens")
}

fn temporaries(dir: &Path) -> usize {
    fs::read_dir(dir.join("blobs/tmp")).expect("the store made it").count()
}

fn sha512(bytes: &[u8]) -> Digest {
    let mut hasher = strata_oci::Hasher::new(strata_oci::Algorithm::Sha512);
    hasher.update(bytes);
    hasher.finish()
}

#[test]
fn keeps_what_was_written() {
    let dir = tempfile::tempdir().expect("a directory");
    let blobs = store(dir.path());
    for digest in [Digest::of(b"hello"), sha512(b"hello")] {
        assert!(!blobs.contains(&digest).expect("readable"));
        assert!(matches!(blobs.open(&digest), Err(BlobError::NotFound(missing)) if missing == digest));
        for _ in 0..2 {
            let mut writer = blobs.ingest(&digest, None).expect("starts");
            writer.write_all(b"hel").and_then(|()| writer.write_all(b"lo")).expect("writes");
            writer.commit().expect("commits, also a second time");
        }
        assert_eq!(blobs.size(&digest).expect("readable"), Some(5));
        let mut text = String::new();
        blobs.open(&digest).expect("opens").read_to_string(&mut text).expect("reads");
        assert_eq!(text, "hello");
    }
    assert_eq!(blobs.list().expect("lists").len(), 2);
    assert!(blobs.remove(&Digest::of(b"hello")).expect("removes"));
    assert!(!blobs.remove(&Digest::of(b"hello")).expect("nothing to remove"));
    assert_eq!(temporaries(dir.path()), 0);
}

#[test]
fn refuses_other_bytes_and_leaves_nothing() {
    let dir = tempfile::tempdir().expect("a directory");
    let blobs = store(dir.path());
    let digest = Digest::of(b"hello");

    let mut writer = blobs.ingest(&digest, Some(5)).expect("starts");
    let error = writer.write_all(b"hello!").expect_err("one too many");
    assert_eq!(error.kind(), ErrorKind::InvalidData);
    let inner = error.downcast::<VerifyError>().expect("typed");
    assert!(matches!(inner, VerifyError::Size { actual: 6, expected: 5, .. }));
    drop(writer);

    for (bytes, size) in [(&b"hell"[..], Some(5)), (b"jello", Some(5)), (b"hell", None)] {
        let error =
            blobs.ingest(&digest, size).and_then(|writer| writer.with(bytes)).expect("writes").commit();
        assert!(matches!(error, Err(BlobError::Verify(_))), "{bytes:?}");
        let error =
            blobs.ingest(&digest, size).and_then(|writer| writer.with(bytes)).expect("writes").stage();
        assert!(matches!(error, Err(BlobError::Verify(_))), "{bytes:?}");
    }
    assert!(!blobs.contains(&digest).expect("readable"));
    assert_eq!(temporaries(dir.path()), 0);
}

#[test]
fn stages_many_and_publishes_them_together() {
    let dir = tempfile::tempdir().expect("a directory");
    let blobs = store(dir.path());
    let texts: Vec<String> = (0..20).map(|number| format!("blob {number}")).collect();
    let digest = |text: &String| Digest::of(text.as_bytes());
    let mut staged: Vec<_> =
        texts.iter().map(|text| blobs.stage(&digest(text), text.as_bytes()).expect("stages")).collect();
    assert!(blobs.list().expect("lists").is_empty());
    drop(staged.pop());
    blobs.flush().expect("flushes");
    for blob in staged {
        assert_eq!(
            blob.size(),
            texts.iter().find(|text| digest(text) == *blob.digest()).expect("ours").len() as u64
        );
        blob.publish().expect("publishes");
    }
    blobs.settle().expect("settles");
    assert_eq!(blobs.list().expect("lists").len(), 19);
    assert_eq!(temporaries(dir.path()), 0);
}

#[test]
fn a_start_removes_what_was_left_and_a_sweep_what_is_unknown() {
    let dir = tempfile::tempdir().expect("a directory");
    let blobs = store(dir.path());
    let (kept, unknown) = (Digest::of(b"kept"), Digest::of(b"unknown"));
    blobs.put(&kept, b"kept").expect("stores");
    blobs.put(&unknown, b"unknown").expect("stores");
    std::mem::forget(blobs.stage(&Digest::of(b"x"), b"x").expect("stages"));
    fs::write(dir.path().join("blobs/sha256/README"), "not a blob").expect("writes");
    assert_eq!(temporaries(dir.path()), 1);

    let blobs = store(dir.path());
    assert_eq!(temporaries(dir.path()), 0);
    let swept = blobs.sweep(&|digest| *digest == kept).expect("sweeps");
    assert_eq!((swept.blobs, swept.bytes), (1, 7));
    assert_eq!(blobs.list().expect("lists"), [(kept, 4)]);
    assert!(dir.path().join("blobs/sha256/README").exists());
}

#[test]
fn a_damaged_blob_is_healed_by_storing_it_again() {
    let dir = tempfile::tempdir().expect("a directory");
    let blobs = store(dir.path());
    let digest = Digest::of(b"right");
    blobs.put(&digest, b"right").expect("stores");
    fs::write(blobs.path(&digest), b"wrong").expect("writes");
    blobs.put(&digest, b"right").expect("stores again");
    assert_eq!(blobs.read(&digest, 5).expect("reads"), b"right");
    assert!(blobs.read(&digest, 4).is_err());
}

#[test]
fn many_threads_store_the_same_blob() {
    let dir = tempfile::tempdir().expect("a directory");
    let blobs = store(dir.path());
    let bytes = vec![7; 1 << 20];
    let digest = Digest::of(&bytes);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| blobs.put(&digest, &bytes).expect("stores"));
        }
    });
    assert_eq!(blobs.list().expect("lists"), [(digest, 1 << 20)]);
    assert_eq!(temporaries(dir.path()), 0);
}

#[test]
fn an_upload_is_taken_up_by_another_process() {
    let dir = tempfile::tempdir().expect("a directory");
    let blobs = DiskBlobs::open(dir.path()).expect("opens");
    let mut upload = blobs.begin_upload("one").expect("begins");
    upload.write_all(b"hel").expect("writes");
    upload.keep();
    let blobs = DiskBlobs::open(dir.path()).expect("opens again");
    assert_eq!(
        blobs.uploads().expect("lists").into_iter().map(|u| (u.0, u.1)).collect::<Vec<_>>(),
        [("one".into(), 3)]
    );
    assert!(blobs.resume_upload("other").expect("looks").is_none());
    let mut upload = blobs.resume_upload("one").expect("opens").expect("is there");
    assert_eq!(upload.length(), 3);
    upload.write_all(b"lo").expect("writes");
    let digest = Digest::of(b"hello");
    let staged = upload.stage(Some(&digest)).expect("the right bytes");
    blobs.flush().expect("flushes");
    staged.publish().expect("publishes");
    assert_eq!(blobs.read(&digest, 10).expect("reads"), b"hello");
    assert!(blobs.uploads().expect("lists").is_empty());
}

#[test]
fn an_upload_is_checked_whatever_the_algorithm_and_gone_when_wrong() {
    let dir = tempfile::tempdir().expect("a directory");
    let blobs = DiskBlobs::open(dir.path()).expect("opens");
    let staged = |text: &[u8], expected: Option<&Digest>| {
        let mut upload = blobs.begin().expect("begins");
        upload.write_all(text).expect("writes");
        upload.stage(expected)
    };
    let long = sha512(b"hello");
    assert_eq!(*staged(b"hello", None).expect("any").digest(), Digest::of(b"hello"));
    assert_eq!(*staged(b"hello", Some(&long)).expect("sha512").digest(), long);
    assert!(matches!(staged(b"hellO", Some(&long)), Err(BlobError::Verify(_))));
    assert!(matches!(staged(b"hellO", Some(&Digest::of(b"hello"))), Err(BlobError::Verify(_))));
    assert_eq!(std::fs::read_dir(dir.path().join("tmp")).expect("is there").count(), 0);
}
