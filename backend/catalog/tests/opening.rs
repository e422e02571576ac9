//! Opening: one process at a time, and nothing that is not ours or not whole is touched.

mod support;

use std::fs;

use rusqlite::Connection;
use strata_catalog::{Catalog as _, OpenError, SqliteCatalog};
use support::{image, open};

#[test]
fn a_second_process_is_refused_and_told_who() {
    let (dir, catalog) = open();
    let refused = SqliteCatalog::open(dir.path()).expect_err("in use");
    let own = std::process::id();
    assert!(matches!(refused, OpenError::InUse { pid: Some(pid), .. } if pid == own), "{refused}");
    assert!(refused.to_string().contains("in use by another server (process "));
    drop(catalog);
    SqliteCatalog::open(dir.path()).expect("free again");
}

/// Puts a file at a path.
type Prepare = fn(&std::path::Path);

#[test]
fn what_is_not_a_whole_catalog_of_ours_is_left_as_it_is() {
    let cases: [(&str, Prepare); 4] = [
        ("is damaged", |path| {
            fs::write(path, "not a database, but long enough to look at".repeat(100)).expect("writes")
        }),
        ("of another program", |path| {
            let other = Connection::open(path).expect("opens");
            other.execute_batch("CREATE TABLE theirs (a)").expect("creates");
        }),
        ("knows up to ", |path| {
            let newer = Connection::open(path).expect("opens");
            newer
                .execute_batch(
                    "CREATE TABLE new (a); PRAGMA application_id = 0x53747261; PRAGMA user_version = 99",
                )
                .expect("creates");
        }),
        ("is damaged", |path| {
            drop(SqliteCatalog::open(path.parent().expect("a directory")).expect("opens"));
            let mut bytes = fs::read(path).expect("reads");
            // Past the first page, which has the schema.
            bytes[4096..].fill(0xff);
            fs::write(path, bytes).expect("writes");
        }),
    ];
    for (message, prepare) in cases {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("catalog.db");
        prepare(&path);
        let before = fs::read(&path).expect("reads");
        let error = SqliteCatalog::open(dir.path()).expect_err(message).to_string();
        assert!(error.contains(message), "{error}");
        assert!(fs::read(&path).expect("reads") == before, "{message}: the file changed");
    }
}

#[test]
fn an_empty_file_becomes_a_catalog() {
    let dir = tempfile::tempdir().expect("a directory");
    fs::write(dir.path().join("catalog.db"), "").expect("writes");
    let catalog = SqliteCatalog::open(dir.path()).expect("a kill right after creation leaves this");
    catalog.add_image(&image("app", &["a"]), None).expect("adds");
}

#[test]
fn a_catalog_from_before_containers_gets_their_tables() {
    let (dir, catalog) = open();
    catalog.add_image(&image("one", &["base"]), None).expect("adds");
    drop(catalog);
    let old = Connection::open(dir.path().join("catalog.db")).expect("opens");
    old.execute_batch(
        "DROP TABLE container_layers; DROP TABLE containers; DROP TABLE volumes;
         DROP TABLE build_steps; DROP TABLE builds; DROP INDEX images_by_parent; ALTER TABLE images DROP COLUMN parent;
         DROP TABLE registry_blobs; DROP TABLE manifest_subjects; PRAGMA user_version = 1",
    )
    .expect("goes back");
    drop(old);
    let catalog = SqliteCatalog::open(dir.path()).expect("migrates");
    assert_eq!(catalog.images().expect("lists").len(), 1);
    assert!(catalog.containers().expect("lists").is_empty());
    assert!(catalog.volumes().expect("lists").is_empty());
    assert!(catalog.builds(None, 1).expect("lists").is_empty());
}
