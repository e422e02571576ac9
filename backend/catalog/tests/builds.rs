//! What builds leave in the catalog.

mod support;

use std::time::SystemTime;

use strata_catalog::{BuildRecord, BuildStep, Built, Catalog, ContainerRecord, Durability, NewImage};
use support::{id, image, open, tagged};

fn step(key: &str, parent: &str, made: &str, workshop: Option<&str>) -> BuildStep {
    BuildStep {
        key: key.into(),
        image: id(made),
        parent: Some(id(parent)),
        workshop: workshop.map(Into::into),
        alive: true,
        body: format!("{key} made {made}"),
    }
}

fn made(name: &str, parent: &str, layers: &[&str]) -> NewImage {
    NewImage {
        parent: Some(id(parent)),
        tag: None,
        repo_digest: None,
        manifests: Vec::new(),
        ..image(name, layers)
    }
}

#[test]
fn images_know_what_they_were_made_from_and_steps_what_they_made() {
    let (_dir, catalog) = open();
    catalog.add_image(&image("base", &["a"]), None).expect("adds");
    let built = Built {
        images: vec![made("one", "base", &["a", "b"]), made("two", "one", &["a", "b"])],
        steps: vec![step("k1", "base", "one", None), step("k2", "one", "two", Some("w"))],
        containers: Vec::new(),
        tags: vec![(tagged("name:latest"), id("two"))],
    };
    catalog.add_built(&built).expect("adds");
    assert_eq!(catalog.image(&id("two")).expect("reads").expect("there").parent, Some(id("one")));
    assert_eq!(catalog.resolve("name:latest").expect("resolves"), id("two"));
    assert_eq!(catalog.children(&id("base")).expect("lists"), [id("one")]);
    assert_eq!(catalog.step("k1").expect("looks").expect("found").image, id("one"));
    let keys = |workshop: Option<&str>, bases: &[_]| {
        let steps = catalog.steps(workshop, bases, 10).expect("lists");
        steps.into_iter().map(|step| (step.key, step.alive)).collect::<Vec<_>>()
    };
    let both = [("k2".to_owned(), true), ("k1".to_owned(), true)];
    assert_eq!(keys(None, &[id("base")]), both);
    assert_eq!(keys(Some("w"), &[]), both[..1]);
    assert!(keys(None, &[id("other")]).is_empty());
    // A step is good for nothing without its image.
    catalog.delete_image(&id("two")).expect("deletes");
    assert_eq!(catalog.step("k2").expect("looks"), None);
    assert_eq!(keys(Some("w"), &[]), [("k2".to_owned(), false)]);
    assert_eq!(catalog.forget_steps(false).expect("forgets"), 1);
    assert_eq!(catalog.forget_steps(true).expect("forgets"), 1);
}

#[test]
fn a_container_gets_its_image_when_that_has_a_record() {
    let (_dir, catalog) = open();
    let container = ContainerRecord {
        id: "c".into(),
        name: "n".into(),
        image: None,
        created: SystemTime::UNIX_EPOCH,
        body: String::new(),
    };
    catalog.add_container(&container, Durability::Machine).expect("adds");
    let gone = ("gone".to_owned(), id("one"));
    let built = Built {
        images: vec![made("one", "base", &["a"])],
        steps: Vec::new(),
        containers: vec![("c".into(), id("one")), gone],
        tags: Vec::new(),
    };
    catalog.add_built(&built).expect("adds");
    assert_eq!(catalog.containers().expect("lists")[0].image, Some(id("one")));
    // From now on its layers are kept without the image.
    catalog.delete_image(&id("one")).expect("deletes");
    assert!(catalog.collect().expect("collects").layers.is_empty());
}

#[test]
fn builds_are_kept_until_they_are_forgotten() {
    let (_dir, catalog) = open();
    let build = |id: &str, workshop: Option<&str>, body: &str| BuildRecord {
        id: id.into(),
        workshop: workshop.map(Into::into),
        body: body.into(),
    };
    catalog.put_build(&build("1", Some("w"), "runs")).expect("adds");
    catalog.put_build(&build("2", None, "runs")).expect("adds");
    catalog.put_build(&build("1", Some("w"), "done")).expect("changes");
    assert_eq!(catalog.build("1").expect("reads"), Some(build("1", Some("w"), "done")));
    let ids = |workshop| {
        let builds = catalog.builds(workshop, 9).expect("lists");
        builds.into_iter().map(|build| build.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(None), ["2", "1"]);
    assert_eq!(ids(Some("w")), ["1"]);
    assert_eq!(ids(Some("")), ["2"]);
    assert!(catalog.remove_build("1").expect("forgets"));
    assert!(!catalog.remove_build("1").expect("answers"));
}
