//! Images: in, out, named, listed, removed.

use bollard::{
    body_full, body_try_stream,
    query_parameters::{
        CreateImageOptionsBuilder, ImportImageOptionsBuilder, ListImagesOptionsBuilder,
        PruneImagesOptionsBuilder, PushImageOptionsBuilder, RemoveImageOptions, RemoveImageOptionsBuilder,
        SearchImagesOptionsBuilder, TagImageOptionsBuilder,
    },
};
use bytes::Bytes;
use futures_util::{TryStreamExt, stream};
use serde_json::json;
use strata_forge::Layer;

use crate::{
    scene::{Engine, both, bytes, filter},
    tale::Tale,
};

/// What a client keeps on the screen of a pull or push, in any order.
fn settled(mut lines: Vec<String>) -> Vec<String> {
    let passing = [
        "Downloading",
        "Extracting",
        "Waiting",
        "Pushing",
        "Preparing",
        "Verifying Checksum",
        "Download complete",
    ];
    lines.retain(|line| !passing.iter().any(|word| line.contains(word)));
    lines.sort();
    lines.dedup();
    lines
}

async fn pull(engine: &Engine, name: &str) -> Vec<String> {
    let options = CreateImageOptionsBuilder::default().from_image(&engine.remote(name)).tag("latest").build();
    let told: Vec<_> =
        engine.docker.create_image(Some(options), None, None).try_collect().await.expect("it can be pulled");
    let line = |id: Option<String>, status: Option<String>| {
        format!("{}: {}", id.unwrap_or_default(), status.unwrap_or_default())
    };
    settled(told.into_iter().map(|told| line(told.id, told.status)).collect())
}

async fn remove(engine: &Engine, tale: &mut Tale, name: &str) {
    let options = RemoveImageOptionsBuilder::default().force(true).build();
    let gone = engine.docker.remove_image(name, Some(options), None).await.expect("it can be removed");
    tale.tell("removed", &gone);
}

#[test]
fn an_image_is_pulled_looked_at_and_removed() {
    both(async |engine, tale| {
        let (docker, name) = (&engine.docker, engine.remote("demo"));
        tale.tell("first pull", &pull(engine, "demo").await);
        tale.tell("second pull", &pull(engine, "demo").await);
        tale.tell("inspect", &docker.inspect_image(&name).await.expect("it is there"));
        tale.tell("history", &docker.image_history(&name).await.expect("it is there"));
        for (what, filters) in [
            ("by reference", filter("reference", &[&name])),
            ("by label", filter("label", &["org.example.kind=demo"])),
            ("before itself", filter("before", &[&name])),
        ] {
            let options =
                ListImagesOptionsBuilder::default().all(true).digests(true).filters(&filters).build();
            tale.tell(what, &docker.list_images(Some(options)).await.expect("they can be listed"));
        }
        let seen = docker.inspect_registry_image(&name, None).await.expect("the registry has it");
        tale.tell("registry", &seen);
        remove(engine, tale, &name).await;
        tale.refused("inspect", docker.inspect_image(&name).await);
        tale.refused("history", docker.image_history(&name).await);
        tale.refused("remove", docker.remove_image(&name, None::<RemoveImageOptions>, None).await);
        let options =
            CreateImageOptionsBuilder::default().from_image(&engine.remote("none")).tag("latest").build();
        let refused = docker.create_image(Some(options), None, None).try_collect::<Vec<_>>().await;
        tale.refused("pull of nothing", refused);
    });
}

#[test]
fn an_image_is_tagged_and_pushed() {
    both(async |engine, tale| {
        let (docker, to) = (&engine.docker, engine.remote("pushed"));
        let options = TagImageOptionsBuilder::default().repo(&to).tag("v1").build();
        docker.tag_image("box", Some(options)).await.expect("it can be tagged");
        let options = TagImageOptionsBuilder::default().repo("UPPER").tag("v1").build();
        docker.tag_image("box", Some(options)).await.expect_err("names are in lower case");
        let options = TagImageOptionsBuilder::default().repo("some").tag("v1").build();
        tale.refused("tag of nothing", docker.tag_image("nothing", Some(options)).await);
        let options = PushImageOptionsBuilder::default().tag("v1").build();
        let told: Vec<_> =
            docker.push_image(&to, Some(options), None).try_collect().await.expect("it can be pushed");
        let said = told.into_iter().filter_map(|told| told.status);
        // How much a manifest weighs follows from the compression.
        let plain = |line: String| line.split(" size: ").next().unwrap_or_default().to_owned();
        let said = settled(said.map(plain).collect());
        assert!(said.iter().any(|line| line.starts_with("v1: digest: sha256:")), "{said:?}");
        let options = PushImageOptionsBuilder::default().tag("none").build();
        let refused = docker.push_image(&to, Some(options), None).try_collect::<Vec<_>>().await;
        tale.refused("push of nothing", refused);
        engine.create("user-of-box", json!({})).await;
        let id = docker.inspect_image("box").await.expect("it is there").id.unwrap_or_default();
        tale.refused(
            "remove",
            docker.remove_image(&id, None::<RemoveImageOptions>, None).await.map_err(unnamed),
        );
        engine.remove(&["user-of-box"]).await;
        let gone = docker.remove_image(&format!("{to}:v1"), None::<RemoveImageOptions>, None).await;
        tale.tell("untagged", &gone.expect("it can be untagged").len().min(1));
    });
}

/// The refusal without the name of a container that some other test has of the same image.
fn unnamed(error: bollard::errors::Error) -> bollard::errors::Error {
    use bollard::errors::Error::DockerResponseServerError;
    match error {
        DockerResponseServerError { status_code, message } => {
            let message = message.split(" (").next().unwrap_or_default().to_owned();
            DockerResponseServerError { status_code, message }
        }
        other => other,
    }
}

#[test]
fn archives_go_out_and_in() {
    both(async |engine, tale| {
        let docker = &engine.docker;
        pull(engine, "demo").await;
        let options = TagImageOptionsBuilder::default().repo("saved").tag("1").build();
        docker.tag_image(&engine.remote("demo"), Some(options)).await.expect("it can be tagged");
        remove(engine, tale, &engine.remote("demo")).await;
        let id = docker.inspect_image("saved:1").await.expect("it is there").id;
        let archive = bytes(docker.export_image("saved:1")).await;
        let several = bytes(docker.export_images(&["saved:1", "box"])).await;
        assert!(several.len() > archive.len());
        tale.refused("export of nothing", docker.export_image("nothing").try_collect::<Vec<_>>().await);
        remove(engine, tale, "saved:1").await;
        // In pieces, as from a file.
        let pieces: Vec<_> = archive.chunks(60_000).map(Bytes::copy_from_slice).map(Ok).collect();
        let options = ImportImageOptionsBuilder::default().build();
        let told: Vec<_> = docker
            .import_image(options, body_try_stream(stream::iter(pieces)), None)
            .try_collect()
            .await
            .expect("it can be loaded");
        let said: Vec<_> = told.iter().filter_map(|told| told.stream.clone()).collect();
        tale.tell("loaded", &said);
        assert_eq!(docker.inspect_image("saved:1").await.expect("it is back").id, id);
        remove(engine, tale, "saved:1").await;
        let options = ImportImageOptionsBuilder::default().quiet(true).build();
        let broken = docker.import_image(options, body_full(Bytes::from_static(b"no archive")), None);
        broken.try_collect::<Vec<_>>().await.expect_err("that is no archive");
    });
}

#[test]
fn a_file_system_becomes_an_image() {
    both(async |engine, tale| {
        let docker = &engine.docker;
        let options = CreateImageOptionsBuilder::default()
            .from_src("-")
            .repo("imported")
            .tag("1")
            .message("by hand")
            .changes(vec!["ENV A=b".into(), "LABEL prune=me".into()])
            .build();
        let tar = Layer::tar(&Layer::new().file("f", "content"));
        let told: Vec<_> = docker
            .create_image(Some(options), Some(body_full(tar.into())), None)
            .try_collect()
            .await
            .expect("it can be imported");
        assert!(told.iter().any(|told| told.status.as_deref().is_some_and(|s| s.starts_with("sha256:"))));
        let seen = docker.inspect_image("imported:1").await.expect("it is there");
        tale.tell("inspect", &seen);
        let mut filters = filter("dangling", &["false"]);
        filters.extend(filter("label", &["prune=me"]));
        let pruned =
            docker.prune_images(Some(PruneImagesOptionsBuilder::default().filters(&filters).build())).await;
        tale.tell("pruned", &pruned.expect("they can be pruned"));
        let wrong = PruneImagesOptionsBuilder::default().filters(&filter("dangling", &["perhaps"])).build();
        tale.refused("a wrong filter", docker.prune_images(Some(wrong)).await);
        let term = engine.remote("term");
        let search = SearchImagesOptionsBuilder::default().term(&term).limit(5).build();
        let found = docker.search_images(search).await;
        assert!(found.is_err(), "this registry has no search: {found:?}");
        let search = SearchImagesOptionsBuilder::default().term("x").limit(500).build();
        tale.refused("search", docker.search_images(search).await);
    });
}
