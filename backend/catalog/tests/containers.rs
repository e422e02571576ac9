//! Containers and volumes, and what containers keep.

mod support;

use std::time::{Duration, SystemTime};

use strata_catalog::{Catalog as _, CatalogError, ContainerRecord, Durability, SqliteCatalog, VolumeRecord};
use support::{id, image, open};

fn container(key: &str, name: &str, image: Option<&str>) -> ContainerRecord {
    ContainerRecord {
        id: key.into(),
        name: name.into(),
        image: image.map(id),
        created: SystemTime::UNIX_EPOCH + Duration::from_nanos(1_700_000_000_123_456_789),
        body: format!("{{\"of\":\"{key}\"}}"),
    }
}

#[test]
fn containers_come_back_as_they_were_kept() {
    let (dir, catalog) = open();
    catalog.add_image(&image("one", &["base"]), None).expect("adds");
    let (a, b) = (container("a", "web", Some("one")), container("b", "db", None));
    catalog.add_container(&a, Durability::Machine).expect("adds");
    catalog.add_container(&b, Durability::Machine).expect("adds");
    assert!(catalog.update_container("a", "{}", Durability::Machine).expect("updates"));
    assert!(!catalog.update_container("c", "{}", Durability::Machine).expect("answers"));
    drop(catalog);
    let catalog = SqliteCatalog::open(dir.path()).expect("opens");
    let changed = ContainerRecord { body: "{}".into(), ..a };
    assert_eq!(catalog.containers().expect("lists"), [b, changed]);
    assert!(catalog.remove_container("a", Durability::Machine).expect("removes"));
    assert!(!catalog.remove_container("a", Durability::Machine).expect("answers"));
}

/// What a kill leaves is what the kernel has: a copy of the files while the catalog is open.
#[test]
fn what_need_not_survive_the_machine_survives_the_process() {
    let (dir, catalog) = open();
    let (a, b) = (container("a", "web", None), container("b", "db", None));
    catalog.add_container(&a, Durability::Process).expect("adds");
    catalog.add_container(&b, Durability::Machine).expect("adds");
    catalog.add_container(&container("c", "gone", None), Durability::Process).expect("adds");
    catalog.update_container("b", "{}", Durability::Process).expect("updates");
    catalog.remove_container("c", Durability::Process).expect("removes");
    let copy = tempfile::tempdir().expect("a directory");
    for entry in std::fs::read_dir(dir.path()).expect("lists") {
        let entry = entry.expect("lists");
        std::fs::copy(entry.path(), copy.path().join(entry.file_name())).expect("copies");
    }
    let after = SqliteCatalog::open(copy.path()).expect("opens");
    assert_eq!(after.containers().expect("lists"), [ContainerRecord { body: "{}".into(), ..b }, a]);
}

#[test]
fn a_name_belongs_to_one_container() {
    let (_dir, catalog) = open();
    catalog.add_container(&container("a", "web", None), Durability::Machine).expect("adds");
    catalog.add_container(&container("b", "db", None), Durability::Machine).expect("adds");
    let taken = |result: Result<_, CatalogError>| match result {
        Err(CatalogError::NameTaken { name, holder }) => (name, holder),
        other => panic!("{other:?}"),
    };
    let wanted = ("web".to_owned(), "a".to_owned());
    assert_eq!(
        taken(catalog.add_container(&container("c", "web", None), Durability::Machine).map(|()| true)),
        wanted
    );
    assert_eq!(taken(catalog.rename_container("b", "web")), wanted);
    assert!(catalog.rename_container("a", "www").expect("renames"));
    assert!(catalog.rename_container("b", "web").expect("free now"));
    assert!(!catalog.rename_container("c", "x").expect("answers"));
}

#[test]
fn a_container_keeps_config_and_layers_of_its_image() {
    let (_dir, catalog) = open();
    catalog.add_image(&image("one", &["base", "top"]), None).expect("adds");
    catalog.add_container(&container("a", "web", Some("one")), Durability::Machine).expect("adds");
    catalog.delete_image(&id("one")).expect("deletes");
    let garbage = catalog.collect().expect("collects");
    assert!(garbage.layers.is_empty());
    assert_eq!(garbage.blobs, [support::blob("manifest of one")]);

    catalog.remove_container("a", Durability::Machine).expect("removes");
    let garbage = catalog.collect().expect("collects");
    assert_eq!((garbage.layers.len(), garbage.blobs.len()), (2, 3));
    let gone = catalog.add_container(&container("b", "db", Some("one")), Durability::Machine);
    assert!(matches!(gone, Err(CatalogError::NoSuchImage(_))));
    assert!(catalog.containers().expect("lists").is_empty());
}

#[test]
fn volumes_are_kept_by_name() {
    let (_dir, catalog) = open();
    let volume = |name: &str, anonymous| VolumeRecord {
        name: name.into(),
        anonymous,
        created: SystemTime::UNIX_EPOCH + Duration::from_secs(7),
        body: "{}".into(),
    };
    assert!(catalog.add_volume(&volume("b", false)).expect("adds"));
    assert!(catalog.add_volume(&volume("a", true)).expect("adds"));
    assert!(!catalog.add_volume(&volume("a", false)).expect("answers"));
    assert_eq!(catalog.volumes().expect("lists"), [volume("a", true), volume("b", false)]);
    assert_eq!(catalog.volume("a").expect("reads"), Some(volume("a", true)));
    assert!(catalog.remove_volume("a").expect("removes"));
    assert_eq!(catalog.volume("a").expect("reads"), None);
}
