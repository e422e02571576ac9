//! What is collected, and what is not.

mod support;

use std::collections::HashSet;

use proptest::prelude::*;
use strata_catalog::{Catalog as _, Child, NewManifest, RegistryPath, SqliteCatalog};
use strata_oci::{Digest, Tag};
use support::{blob, diff_id, digest, id, image, manifest, open};

fn demo() -> RegistryPath {
    "demo".parse().expect("a path")
}

#[test]
fn shared_layers_stay_until_the_last_image_goes() {
    let (_dir, catalog) = open();
    catalog.add_image(&image("one", &["base", "top"]), None).expect("adds");
    catalog.add_image(&image("two", &["base"]), None).expect("adds");
    assert_eq!(catalog.collect().expect("collects"), Default::default());

    let rehearsed = catalog.would_collect(&[id("one")]).expect("rehearses");
    let all = catalog.would_collect(&[id("one"), id("two")]).expect("rehearses");
    assert_eq!(all.layers.len(), 2);
    assert_eq!(catalog.images().expect("lists").len(), 2, "nothing changed");

    catalog.delete_image(&id("one")).expect("deletes");
    let garbage = catalog.collect().expect("collects");
    assert_eq!(garbage, rehearsed);
    assert_eq!(garbage.layers, [support::layer("top")]);
    let gone: HashSet<Digest> = garbage.blobs.iter().map(|blob| blob.digest.clone()).collect();
    assert_eq!(gone, ["top", "config of one", "manifest of one"].map(digest).into());
    assert_eq!(garbage.bytes(), 100 + 3 + 13 + 15);

    catalog.delete_image(&id("two")).expect("deletes");
    assert_eq!(catalog.collect().expect("collects").layers, [support::layer("base")]);
    let known = catalog.known().expect("reads");
    assert_eq!((known.blobs.len(), known.layers.len()), (0, 0));
}

#[test]
fn what_is_held_stays() {
    let (dir, catalog) = open();
    catalog.add_image(&image("one", &["base"]), None).expect("adds");
    let lease = catalog.lease("pull of two").expect("leases");
    let here = catalog.hold_layers(lease, &[diff_id("base"), diff_id("new")]).expect("holds");
    assert_eq!(here, [support::layer("base")]);
    let here = catalog.hold_blobs(lease, &[digest("config of one"), digest("new")]).expect("holds");
    assert_eq!(here, [blob("config of one")]);

    catalog.delete_image(&id("one")).expect("deletes");
    let garbage = catalog.collect().expect("collects");
    assert!(garbage.layers.is_empty());
    // The layer's blob stays with it; only the manifest was nobody's.
    assert_eq!(garbage.blobs, [blob("manifest of one")]);

    catalog.add_image(&image("two", &["base"]), Some(lease)).expect("adds");
    assert_eq!(catalog.collect().expect("collects").blobs, [blob("config of one")]);

    // A lease ends with its process.
    let lease = catalog.lease("pull that dies").expect("leases");
    catalog.hold_layers(lease, &[diff_id("base")]).expect("holds");
    catalog.delete_image(&id("two")).expect("deletes");
    drop(catalog);
    let catalog = SqliteCatalog::open(dir.path()).expect("opens");
    assert_eq!(catalog.collect().expect("collects").layers.len(), 1);
    catalog.release(lease).expect("nothing to release");
}

#[test]
fn the_registry_keeps_what_its_manifests_name() {
    let (_dir, catalog) = open();
    let latest = Tag::latest();
    let index = NewManifest {
        blob: blob("index"),
        children: vec![Child::Here(manifest("amd64", &[]).blob), Child::Elsewhere(digest("arm64"))],
    };
    catalog.registry_put(&demo(), &manifest("amd64", &["a", "b"]), None, None).expect("puts");
    catalog.registry_put(&demo(), &index, Some(&latest), None).expect("puts");
    assert_eq!(catalog.collect().expect("collects"), Default::default());

    assert_eq!(catalog.registry_tag(&demo(), &latest).expect("reads"), Some(blob("index")));
    assert_eq!(catalog.registry_tags(&demo()).expect("reads"), Some(vec![latest.clone()]));
    assert_eq!(catalog.registry_tags(&"other".parse().expect("a path")).expect("reads"), None);
    assert_eq!(catalog.registry_repositories().expect("reads"), [demo()]);
    let of = |name: &str| catalog.registry_blob(&demo(), &digest(name)).expect("reads");
    assert_eq!((of("a"), of("arm64"), of("elsewhere")), (Some(blob("a")), None, None));
    let amd64 = digest("manifest of amd64");
    assert!(catalog.registry_manifest(&demo(), &amd64).expect("reads").is_some());
    assert!(catalog.registry_manifest(&demo(), &digest("a")).expect("a blob, no manifest").is_none());
    assert!(catalog.registry_manifest(&"other".parse().expect("a path"), &amd64).expect("reads").is_none());

    // The child stays as long as the index names it.
    assert!(catalog.registry_remove(&demo(), &amd64).expect("removes"));
    assert_eq!(catalog.collect().expect("collects"), Default::default());
    assert!(catalog.registry_untag(&demo(), &latest).expect("untags"));
    assert_eq!(catalog.collect().expect("collects"), Default::default());
    assert!(catalog.registry_remove(&demo(), &digest("index")).expect("removes"));
    assert_eq!(catalog.collect().expect("collects").blobs.len(), 5);
    assert_eq!(catalog.registry_tags(&demo()).expect("reads"), None);
}

#[test]
fn repository_names_follow_the_grammar() {
    for name in ["demo", "team/app", "a.b/c-d"] {
        assert_eq!(name.parse::<RegistryPath>().expect(name).as_str(), name);
    }
    for name in ["", "Demo", "/a", "a//b", "a/", "..", "a:b", "a@b"] {
        assert!(name.parse::<RegistryPath>().is_err(), "{name}");
    }
}

#[derive(Clone, Debug)]
enum Step {
    Add(u8, Vec<u8>),
    Delete(u8),
    Put(u8, Vec<u8>),
    Remove(u8),
    Collect,
}

fn step() -> impl Strategy<Value = Step> {
    let layers = || prop::collection::vec(0..6_u8, 0..4);
    prop_oneof![
        (0..4_u8, layers()).prop_map(|(name, layers)| Step::Add(name, layers)),
        (0..4_u8).prop_map(Step::Delete),
        (0..4_u8, layers()).prop_map(|(name, layers)| Step::Put(name, layers)),
        (0..4_u8).prop_map(Step::Remove),
        Just(Step::Collect),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// After any history: images have all their layers and blobs, and after a last collection nothing else is there.
    #[test]
    fn everything_needed_is_there_and_nothing_else(steps in prop::collection::vec(step(), 0..20)) {
        let (_dir, catalog) = open();
        for step in steps {
            let texts = |layers: &[u8]| layers.iter().map(|layer| format!("layer {layer}")).collect::<Vec<_>>();
            let path: RegistryPath = "demo".parse().expect("a path");
            match step {
                Step::Add(name, layers) => {
                    let layers = texts(&layers);
                    let layers: Vec<&str> = layers.iter().map(String::as_str).collect();
                    // An image's layers follow from its id.
                    catalog.add_image(&image(&format!("app{name}-x{}", layers.join(".").replace(' ', "")), &layers), None)
                        .expect("adds");
                }
                Step::Delete(name) => {
                    let all = catalog.images().expect("lists");
                    if let Some(image) = all.get(usize::from(name)) {
                        catalog.delete_image(&image.id).expect("deletes");
                    }
                }
                Step::Put(name, layers) => {
                    let layers = texts(&layers);
                    let layers: Vec<&str> = layers.iter().map(String::as_str).collect();
                    catalog.registry_put(&path, &manifest(&name.to_string(), &layers), None, None).expect("puts");
                }
                Step::Remove(name) => {
                    catalog.registry_remove(&path, &digest(&format!("manifest of {name}"))).expect("removes");
                }
                Step::Collect => {
                    catalog.collect().expect("collects");
                }
            }
        }
        catalog.collect().expect("collects");
        let mut needed = HashSet::new();
        let mut layers = HashSet::new();
        for image in catalog.images().expect("lists") {
            needed.insert(image.id.0);
            needed.extend(image.manifests.iter().map(|blob| blob.digest.clone()));
            for layer in image.layers {
                prop_assert!(!layer.blobs.is_empty());
                needed.extend(layer.blobs.into_iter().map(|blob| blob.digest));
                layers.insert(layer.diff_id);
            }
        }
        let known = catalog.known().expect("reads");
        prop_assert_eq!(&known.layers, &layers);
        prop_assert!(known.blobs.is_superset(&needed));
        let path: RegistryPath = "demo".parse().expect("a path");
        for extra in known.blobs.difference(&needed) {
            prop_assert!(catalog.registry_blob(&path, extra).expect("reads").is_some());
        }
    }
}
