//! `POST /build` with bollard.

use std::collections::HashMap;

use bollard::{
    body_full, body_try_stream,
    errors::Error,
    models::BuildInfo,
    query_parameters::{
        BuildImageOptions, BuildImageOptionsBuilder, PruneBuildOptionsBuilder, RemoveImageOptions,
    },
};
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use strata_forge::Layer;

use crate::scene::{Engine, both, filter};

const DOCKERFILE: &str =
    "FROM box AS one\nARG WORD=none\nCOPY f /f\nRUN cat /f; echo $WORD\nFROM one AS two\nRUN echo two\n";

fn context(dockerfile: &str) -> Vec<u8> {
    Layer::tar(&Layer::new().file("Dockerfile", dockerfile).file("f", "from the context\n"))
}

/// Builds; what was told until the end, and how it ended.
async fn build(
    engine: &Engine,
    options: BuildImageOptions,
    context: Vec<u8>,
) -> (Vec<BuildInfo>, Option<Error>) {
    // Many small pieces, as a program that makes its archive meanwhile sends them.
    let pieces: Vec<_> = context.chunks(700).map(Bytes::copy_from_slice).map(Ok).collect();
    let mut told = Vec::new();
    let stream = engine.docker.build_image(options, None, Some(body_try_stream(stream::iter(pieces))));
    let mut stream = std::pin::pin!(stream);
    while let Some(piece) = stream.next().await {
        match piece {
            Ok(piece) => told.push(piece),
            Err(error) => return (told, Some(error)),
        }
    }
    (told, None)
}

fn printed(told: &[BuildInfo]) -> String {
    told.iter().filter_map(|told| told.stream.as_deref()).collect()
}

#[test]
fn an_image_is_built_with_arguments_and_labels_up_to_a_stage() {
    both(async |engine, tale| {
        let options = BuildImageOptionsBuilder::default()
            .t("sdk-built:1")
            .dockerfile("Dockerfile")
            .target("one")
            .nocache(true)
            .rm(true)
            .networkmode("none")
            .buildargs(&HashMap::from([("WORD", "given")]))
            .labels(&HashMap::from([("by", "sdk")]))
            .build();
        let (told, failed) = build(engine, options, context(DOCKERFILE)).await;
        assert!(failed.is_none(), "{failed:?}");
        let text = printed(&told);
        assert!(
            text.contains("from the context") && text.contains("given") && !text.contains("echo two"),
            "{text}"
        );
        tale.say("printed", &text);
        let ids: Vec<_> = told.iter().filter_map(|told| told.aux.as_ref()?.id.clone()).collect();
        let seen = engine.docker.inspect_image("sdk-built:1").await.expect("it is there");
        assert_eq!(seen.id.as_ref(), ids.last());
        let config = seen.config.expect("it has one");
        tale.tell("config", &(config.labels, config.env, config.cmd));
        engine
            .docker
            .remove_image("sdk-built:1", None::<RemoveImageOptions>, None)
            .await
            .expect("it can be removed");
    });
}

#[test]
fn what_is_wrong_with_a_build_is_told() {
    both(async |engine, tale| {
        let plain = || BuildImageOptionsBuilder::default().networkmode("none").rm(true).forcerm(true);
        for (what, dockerfile) in [
            ("a step fails", "FROM box\nRUN echo before; exit 7\n"),
            ("no such file", "FROM box\nCOPY none /\n"),
            ("no such instruction", "FROM box\nRUNN x\n"),
            ("empty", ""),
        ] {
            let (told, failed) = build(engine, plain().build(), context(dockerfile)).await;
            tale.say(what, &printed(&told));
            tale.refused(what, Err::<(), _>(failed.expect("it fails")));
        }
        let (_, failed) = build(engine, plain().dockerfile("Nowhere").build(), context(DOCKERFILE)).await;
        tale.refused("no Dockerfile", Err::<(), _>(failed.expect("it fails")));
        let (_, failed) = build(engine, plain().target("none").build(), context(DOCKERFILE)).await;
        tale.refused("no such stage", Err::<(), _>(failed.expect("it fails")));
        // A mistake of the client, which dockerd takes for its own.
        let (_, failed) = build(engine, plain().t("UPPER").build(), context(DOCKERFILE)).await;
        assert!(failed.is_some_and(|error| error.to_string().contains("must be lowercase")));
    });
}

#[test]
fn a_quiet_build_tells_the_id() {
    both(async |engine, tale| {
        let options = BuildImageOptionsBuilder::default().q(true).t("sdk-quiet").networkmode("none").build();
        let body = body_full(context("FROM box\nLABEL quiet=1\n").into());
        let told: Vec<_> = engine
            .docker
            .build_image(options, None, Some(body))
            .try_collect()
            .await
            .expect("it can be built");
        tale.say("printed", &printed(&told));
        engine
            .docker
            .remove_image("sdk-quiet", None::<RemoveImageOptions>, None)
            .await
            .expect("it can be removed");
        let options = PruneBuildOptionsBuilder::default().filters(&filter("until", &["24h"])).build();
        engine.docker.prune_build(Some(options)).await.expect("the cache can be pruned");
    });
}
