//! Images and their names.

mod support;

use strata_catalog::{Catalog as _, CatalogError, ResolveError, SqliteCatalog};
use support::{diff_id, digest, id, image, layer, open, pinned, tagged};

#[test]
fn an_image_comes_back_as_it_was_added_and_survives_a_restart() {
    let (dir, catalog) = open();
    let new = image("app", &["base", "top", "base"]);
    assert_eq!(catalog.add_image(&new, None).expect("adds"), None);
    drop(catalog);
    let catalog = SqliteCatalog::open(dir.path()).expect("opens again");
    let found = catalog.image(&id("app")).expect("reads").expect("is there");
    assert_eq!(found.layers, new.layers);
    assert_eq!(found.created, new.created);
    assert_eq!(found.tags, [tagged("app:latest")]);
    assert_eq!(found.repo_digests, [pinned("app")]);
    assert_eq!(found.manifests, [new.manifests[0].blob.clone()]);
    assert_eq!(found.unpacked(), 300);
    assert!(found.last_tagged >= Some(found.added));
    assert_eq!(catalog.images().expect("lists"), [found]);
    assert_eq!(catalog.layer(&diff_id("top")).expect("reads"), Some(layer("top")));
    assert_eq!(catalog.layer_of_blob(&digest("top")).expect("reads"), Some(layer("top")));
    assert_eq!(catalog.known().expect("reads").layers.len(), 2);
    assert_eq!(catalog.known().expect("reads").blobs.len(), 4);
}

#[test]
fn adding_again_adds_what_is_new() {
    let (_dir, catalog) = open();
    let mut new = image("app", &["base"]);
    catalog.add_image(&new, None).expect("adds");
    new.layers[0].blobs = vec![support::blob("base as zstd")];
    new.manifests = vec![support::manifest("other app", &["base as zstd"])];
    new.tag = Some(tagged("app:2"));
    catalog.add_image(&new, None).expect("adds again");
    let found = catalog.image(&id("app")).expect("reads").expect("is there");
    assert_eq!(found.layers[0].blobs, [support::blob("base"), support::blob("base as zstd")]);
    assert_eq!(found.manifests.len(), 2);
    assert_eq!(found.tags, [tagged("app:2"), tagged("app:latest")]);
}

#[test]
fn a_tag_moves_and_leaves_the_old_image() {
    let (_dir, catalog) = open();
    catalog.add_image(&image("one", &["a"]), None).expect("adds");
    let mut two = image("two", &["b"]);
    two.tag = Some(tagged("one:latest"));
    assert_eq!(catalog.add_image(&two, None).expect("adds"), Some(id("one")));
    assert_eq!(catalog.add_image(&two, None).expect("adds"), None);
    assert!(catalog.image(&id("one")).expect("reads").expect("dangling").tags.is_empty());

    assert_eq!(catalog.tag(&tagged("three:x"), &id("one")).expect("tags"), None);
    assert_eq!(catalog.tag(&tagged("one:latest"), &id("one")).expect("tags"), Some(id("two")));
    let name = tagged("three:x");
    let found = catalog.tagged(&name.repository, &name.tag).expect("reads");
    assert_eq!(found, Some((id("one"), name.clone())));
    assert_eq!(catalog.untag(&name.repository, &name.tag).expect("untags"), Some(id("one")));
    assert_eq!(catalog.untag(&name.repository, &name.tag).expect("untags"), None);
    let nobody = catalog.tag(&name, &id("nobody"));
    assert!(matches!(nobody, Err(CatalogError::NoSuchImage(missing)) if missing == id("nobody")));
}

#[test]
fn pinned_names_come_and_go() {
    let (_dir, catalog) = open();
    catalog.add_image(&image("one", &["a"]), None).expect("adds");
    assert_eq!(catalog.pinned(&pinned("one")).expect("reads"), Some(id("one")));
    catalog.pin(&pinned("other"), &id("one")).expect("pins");
    assert_eq!(catalog.unpin(&pinned("one")).expect("unpins"), Some(id("one")));
    assert_eq!(catalog.unpin(&pinned("one")).expect("unpins"), None);
    assert!(catalog.pin(&pinned("other"), &id("nobody")).is_err());
}

#[test]
fn names_resolve_as_in_docker() {
    let (_dir, catalog) = open();
    let mut new = image("app", &["a"]);
    new.tag = Some(tagged("host:5000/app:1"));
    catalog.add_image(&new, None).expect("adds");
    // An image whose name is a prefix of the other's id: the name wins.
    let full = id("app").0.hex().to_owned();
    let mut named = image("named", &["a"]);
    named.tag = Some(tagged(&format!("{}:latest", &full[..6])));
    catalog.add_image(&named, None).expect("adds");

    let pin = pinned("app").digest;
    let cases = [
        ("host:5000/app:1", "app"),
        (&format!("app@{pin}"), "app"),
        (&format!("app:any@{pin}"), "app"),
        (&id("app").to_string(), "app"),
        (&full, "app"),
        (&full[..12], "app"),
        (&format!("sha256:{}", &full[..12]), "app"),
        (&full[..6], "named"),
    ];
    for (name, expected) in cases {
        assert_eq!(catalog.resolve(name).expect(name), id(expected), "{name}");
    }
    for name in
        ["host:5000/app", "app", "", "sha256:", "Nonsense!", "*", "ffffffffffff", &digest("none").to_string()]
    {
        assert!(matches!(catalog.resolve(name), Err(ResolveError::NotFound(what)) if what == name), "{name}");
    }
}

#[test]
fn a_prefix_of_two_ids_is_refused() {
    let (_dir, catalog) = open();
    // Among seventeen ids two start with the same digit.
    for number in 0..17 {
        catalog.add_image(&image(&format!("app{number}"), &["a"]), None).expect("adds");
    }
    let ambiguous = "0123456789abcdef".chars().filter(|digit| {
        matches!(catalog.resolve(&digit.to_string()), Err(ResolveError::Ambiguous { count, .. }) if count > 1)
    });
    assert!(ambiguous.count() > 0);
}

#[test]
fn deleting_takes_the_names_along() {
    let (_dir, catalog) = open();
    catalog.add_image(&image("app", &["a"]), None).expect("adds");
    assert!(catalog.delete_image(&id("app")).expect("deletes"));
    assert!(!catalog.delete_image(&id("app")).expect("nothing to delete"));
    assert!(catalog.resolve("app").is_err());
    assert_eq!(catalog.pinned(&pinned("app")).expect("reads"), None);
    assert_eq!(catalog.layers().expect("lists").len(), 1, "until collected");
}
