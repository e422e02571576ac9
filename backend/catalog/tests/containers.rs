//! Containers and volumes, and what containers keep.

mod support;

use std::time::{Duration, SystemTime};

use strata_catalog::{Catalog as _, CatalogError, ContainerRecord, SqliteCatalog, VolumeRecord};
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
    catalog.add_container(&a).expect("adds");
    catalog.add_container(&b).expect("adds");
    assert!(catalog.update_container("a", "{}").expect("updates"));
    assert!(!catalog.update_container("c", "{}").expect("answers"));
    drop(catalog);
    let catalog = SqliteCatalog::open(dir.path()).expect("opens");
    let changed = ContainerRecord { body: "{}".into(), ..a };
    assert_eq!(catalog.containers().expect("lists"), [b, changed]);
    assert!(catalog.remove_container("a").expect("removes"));
    assert!(!catalog.remove_container("a").expect("answers"));
}

#[test]
fn a_name_belongs_to_one_container() {
    let (_dir, catalog) = open();
    catalog.add_container(&container("a", "web", None)).expect("adds");
    catalog.add_container(&container("b", "db", None)).expect("adds");
    let taken = |result: Result<_, CatalogError>| match result {
        Err(CatalogError::NameTaken { name, holder }) => (name, holder),
        other => panic!("{other:?}"),
    };
    let wanted = ("web".to_owned(), "a".to_owned());
    assert_eq!(taken(catalog.add_container(&container("c", "web", None)).map(|()| true)), wanted);
    assert_eq!(taken(catalog.rename_container("b", "web")), wanted);
    assert!(catalog.rename_container("a", "www").expect("renames"));
    assert!(catalog.rename_container("b", "web").expect("free now"));
    assert!(!catalog.rename_container("c", "x").expect("answers"));
}

#[test]
fn a_container_keeps_config_and_layers_of_its_image() {
    let (_dir, catalog) = open();
    catalog.add_image(&image("one", &["base", "top"]), None).expect("adds");
    catalog.add_container(&container("a", "web", Some("one"))).expect("adds");
    catalog.delete_image(&id("one")).expect("deletes");
    let garbage = catalog.collect().expect("collects");
    assert!(garbage.layers.is_empty());
    assert_eq!(garbage.blobs, [support::blob("manifest of one")]);

    catalog.remove_container("a").expect("removes");
    let garbage = catalog.collect().expect("collects");
    assert_eq!((garbage.layers.len(), garbage.blobs.len()), (2, 3));
    let gone = catalog.add_container(&container("b", "db", Some("one")));
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
